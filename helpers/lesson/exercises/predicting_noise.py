"""Grades the exercises in notebook 04, Predicting noise."""

from helpers.attention import level_size
from helpers.lesson.grading import close, grade, tensor, whole_number


def grade_true_noise(answer, latents, x0, alpha):
    """`answer`: the noise (B, C, h, w) in `latents`, made of the clean `x0` with alpha bar `alpha`."""
    rest = latents - alpha**0.5 * x0
    grade(
        answer,
        right=rest / (1 - alpha) ** 0.5,
        hints=[
            (latents - x0, "The picture was shrunk before the noise came: which factor stands before x0?"),
            (rest, "That is the noise as it was mixed in: undo its own factor, too."),
            (rest / (1 - alpha), "Nearly: the factor of the noise is a square root."),
            ((latents - alpha * x0) / (1 - alpha), "Both factors are square roots."),
        ],
    )


def grade_word_map(answer, weights, places, latents):
    """`answer`: one picture's map (h, w) of a word, from one layer's `weights` (heads, places, tokens).

    `places` are the positions of the word's tokens, `latents` (B, C, H, W) those that were recorded.
    """
    heads = weights.float()[..., places].sum(-1)
    size = level_size(weights.shape[1], *latents.shape[-2:])
    wanted = heads.mean(0).unflatten(0, size)

    def like(other):
        return lambda a: close(a, other, rtol=0.02, atol=1e-6)

    grade(
        answer,
        right=like(wanted),
        hints=[
            (like(heads.mean(0)), "The numbers are right; now fold them into rows and columns."),
            (like(heads.unflatten(1, size)), "That is a map for each head: take their mean."),
            (like(heads.sum(0).unflatten(0, size)), "Average the heads; don't add them."),
            (like(wanted / len(places)), "Average the heads, but add up the tokens."),
            (lambda a: a.shape[-1] == weights.shape[-1], "These are all tokens: pick those of the word."),
        ],
        wants=tensor(wanted.shape),
    )


def grade_first_convolution(answer, unet):
    """`answer`: the multiply-adds of the U-Net's first convolution, for latents of the trained size."""
    convolution, side = unet.conv_in, unet.config.sample_size
    height, width = convolution.kernel_size
    filters, places = convolution.out_channels, side * side
    one_place = convolution.in_channels * height * width
    grade(
        answer,
        right=lambda a: a == filters * one_place * places,
        hints=[
            (lambda a: a == 2 * filters * one_place * places, "In our count a multiply-add is one, not two."),
            (lambda a: a == filters * one_place, "That is the work for one place: how many are there?"),
            (lambda a: a == one_place * places, "That is one filter's work: how many channels come out?"),
            (
                lambda a: a == filters * convolution.in_channels * places,
                "A filter looks at more than one place: how large is it?",
            ),
        ],
        wants=whole_number(),
    )
