"""Grades the exercises in notebook 04, Predicting noise."""

import math

import torch

from helpers.attention import level_size
from helpers.lesson.grading import close, factors, grade, tensor, whole_number


def grade_true_noise(answer, latents, x0, alpha):
    """`answer`: the noise (B, C, h, w) in `latents`, made of the clean `x0` with alpha bar `alpha`."""
    rest = latents - alpha**0.5 * x0
    noise = rest / (1 - alpha) ** 0.5

    def still_holds_picture(a):
        of_latents, of_picture = factors(a, latents, x0)
        return abs(of_picture + alpha**0.5 * of_latents) > 0.01 * abs(of_latents)

    def guessed(a):
        true = noise.detach().float().cpu().flatten()
        return torch.cosine_similarity(a.flatten(), true, dim=0) > 0.5

    grade(
        answer,
        right=noise,
        hints=[
            (latents - x0, "The picture was shrunk before the noise came: which factor stands before x0?"),
            (rest, "That is the noise as it was mixed in: undo its own factor, too."),
            (rest / (1 - alpha), "Nearly: the factor of the noise is a square root."),
            ((latents - alpha * x0) / (1 - alpha), "Both factors are square roots."),
            (x0, "That is the picture: the noise is what the mixture has besides it."),
            (latents, "That is the whole mixture: take the picture out of it."),
            (-noise, "The sign is the wrong way round: take the picture out of the mixture."),
            (
                still_holds_picture,
                "Some of the picture is still in it: how much of x0 does section 1 mix into x_t?",
            ),
            (
                lambda a: factors(a, latents, x0) is not None,
                "The picture is out, but the noise has the wrong size: which factor did the mixing give it?",
            ),
            (
                guessed,
                "That is a guess at the noise, such as the U-Net makes: from x_300 and x0 you can compute it "
                "exactly, so begin with the formula of section 1.",
            ),
        ],
        otherwise="x_300 and x0 are all you need: solve the mixing formula of section 1 for the noise.",
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

    def one_token(a):
        return any(like(weights.float()[..., place].mean(0).unflatten(0, size))(a) for place in places)

    def one_head(a):
        return any(like(head.unflatten(0, size))(a) for head in heads)

    grade(
        answer,
        right=like(wanted),
        hints=[
            (like(heads.mean(0)), "The numbers are right; now fold them into rows and columns."),
            (like(heads.unflatten(1, size)), "That is a map for each head: take their mean."),
            (like(heads.sum(0).unflatten(0, size)), "Average the heads; don't add them."),
            (like(wanted / len(places)), "Average the heads, but add up the tokens."),
            (like(wanted.T), "Rows and columns have changed places: each row of the picture comes whole."),
            (one_token, "That is one token of the words: add up all that `places` names."),
            (one_head, "That is one head alone: take the mean of all of them."),
            (like(heads), "The tokens are added up; now average over the heads, which are the first axis."),
            (lambda a: a.shape[-1] == weights.shape[-1], "These are all tokens: pick those of the word."),
        ],
        wants=tensor(wanted.shape),
        otherwise="The shape is right, the numbers aren't: go through tokens, heads and places one by one, "
        "and look at the shape after each.",
    )


def grade_first_convolution(answer, unet):
    """`answer`: the multiply-adds of the U-Net's first convolution, for latents of the trained size."""
    convolution, side = unet.conv_in, unet.config.sample_size
    height, width = convolution.kernel_size
    filters, channels, places = convolution.out_channels, convolution.in_channels, side * side
    one_place = channels * height * width
    right = filters * one_place * places
    grade(
        answer,
        right=right,
        hints=[
            (2 * right, "In our count a multiply-add is one, not two."),
            (filters * one_place, "That is the work for one place: how many are there?"),
            (
                filters * (one_place + 1),
                "Those are the layer's parameters, biases included: at how many places is each weight used?",
            ),
            (
                filters * (one_place + 1) * places,
                "Adding a bias takes no multiplication: leave the biases out.",
            ),
            (one_place * places, "That is one filter's work: how many channels come out?"),
            (filters * channels * places, "A filter looks at more than one place: how large is it?"),
            (filters * height * width * places, "A filter looks at every channel that comes in."),
            (
                filters * channels * width,
                "That is one row of each filter, used once: how many rows has a filter, and at how many "
                "places does it work?",
            ),
            (
                filters * channels * width * places,
                "That is one row of each filter: how many has it?",
            ),
            (filters * channels, "A filter looks at more than one place, and works at more than one."),
            (filters * one_place * side, "That is one row of places: how many has the whole picture?"),
            (
                lambda a: a > right and math.isqrt(a // filters // one_place) ** 2 * filters * one_place == a,
                "That is a larger picture: how many places a side have the latents that the U-Net gets?",
            ),
        ],
        wants=whole_number(),
        otherwise="Begin small: how many weights has one filter, for all channels that come in?",
    )
