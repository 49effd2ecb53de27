"""Exercises that check themselves: right answers are praised, usual mistakes get a hint, nothing ever stops.

A blank is an ellipsis: `answer = ...`. Until the dots are replaced the check says what to do. The exercises'
own checks follow below, notebook by notebook, so that no notebook shows its answers beside the question.
"""

import torch

from helpers.seeding import generator


def check(answer, right, hints=()):
    """Print what can be said of an exercise's answer, and never raise.

    `right` is the expected value, or a function of the answer that returns True for a right one. `hints` are
    pairs of a usual wrong answer (a value, or a function as before) and the sentence that helps with it; the
    first that fits is printed.
    """
    if answer is ...:
        print("Not answered yet: replace the dots, then run this cell again.")
    elif _fits(answer, right):
        print("Right!")
    else:
        other = "Compare shapes and signs with the text above."
        print("Not yet.", next((hint for wrong, hint in hints if _fits(answer, wrong)), other))


def _fits(answer, expected):
    """Whether an answer is the expected value, or passes the expected test; an odd one simply doesn't."""
    try:
        if callable(expected):
            return bool(expected(answer))
        if isinstance(expected, torch.Tensor):
            same_shape = answer.shape == expected.shape
            tolerance = 0.01 * expected.float().std().item()  # numbers may have been rounded on the way
            return same_shape and torch.allclose(answer.float(), expected.float(), atol=tolerance)
        return type(answer) is type(expected) and answer == expected
    except Exception:
        return False


# Notebook 00


def check_three_pictures(answer, like):
    """`answer`: a list of three different PIL pictures of the size of the picture `like`."""
    check(
        answer,
        right=lambda a: len(a) == 3 and a[0].size == like.size and len({p.tobytes() for p in a}) == 3,
        hints=[
            (lambda a: len(a) == 1, "That is one picture: hand a list to `seeds`."),
            (lambda a: len(a) == 3, "Two of the pictures are the same: give three different seeds."),
        ],
    )


def check_unet_calls(answer, steps, num_inference_steps):
    """`answer`: how many entries the callback's list `steps` has."""
    check(
        answer,
        right=len(steps),
        hints=[
            (num_inference_steps, "So many steps were asked for. Count the list."),
            (lambda a: not isinstance(a, int), "A whole number is wanted: the length of a list."),
        ],
    )


def check_compression(answer):
    """`answer`: how many numbers of a picture one number of the latents stands for."""
    check(
        answer,
        right=lambda a: abs(a - 48) < 1e-6,
        hints=[
            (lambda a: abs(a - 64) < 1e-6, "64 counts places only: a pixel has 3 numbers, a latent has 4."),
            (lambda a: abs(a * 48 - 1) < 1e-6, "Upside down: divide the pixels by the latents."),
        ],
    )


# Notebook 05


def check_guidance(answer, noise_uncond, noise_cond, guidance_scale):
    """`answer`: the guided prediction, of the shape of the two predictions (B, C, h, w)."""
    prompt_says = noise_cond - noise_uncond
    check(
        answer,
        right=noise_uncond + guidance_scale * prompt_says,
        hints=[
            (noise_cond + guidance_scale * prompt_says,
             "That begins at the prompt's prediction, as in the paper; ours begins at the empty one's."),
            (noise_uncond - guidance_scale * prompt_says, "The wrong way round: away from the prompt."),
            (guidance_scale * noise_cond,
             "That only enlarges the prediction: compare it with the empty one's."),
        ],
    )  # fmt: skip


def check_ddim_step(answer, scheduler, noise_pred, t, t_prev, latents):
    """`answer`: the latents (B, C, h, w) after one DDIM step from t to t_prev, by `scheduler`."""
    alpha, alpha_prev = scheduler.alphas_cumprod[[t, t_prev]].tolist()
    x0 = (latents - (1 - alpha) ** 0.5 * noise_pred) / alpha**0.5
    check(
        answer,
        right=scheduler.step(noise_pred, t, latents).prev_sample,
        hints=[
            (x0, f"That is the predicted x0: mix noise back in, at the level of {t_prev}."),
            (alpha_prev * x0 + (1 - alpha_prev) * noise_pred,
             "The shares are square roots: of alpha, and of 1 - alpha."),
            (latents - noise_pred, "The latents are a mix of picture and noise: find x0 first."),
        ],
    )  # fmt: skip


def check_wider_noise(answer, unet):
    """`answer`: noise from seed 3 for a picture one and a half times as wide as the U-Net was trained on."""
    channels, size = unet.config.in_channels, unet.config.sample_size
    wanted = torch.randn((1, channels, size, size * 3 // 2), generator=generator(3))
    check(
        answer,
        right=lambda a: a.shape == wanted.shape and torch.allclose(a.float().cpu(), wanted, atol=1e-2),
        hints=[
            (lambda a: a.shape[-2] > a.shape[-1], "That is taller: height comes before width."),
            (lambda a: a.shape[1] != channels, f"Latents have {channels} channels, not three colours."),
            (lambda a: a.shape == wanted.shape, "The shape is right; draw the numbers with generator(3)."),
        ],
    )
