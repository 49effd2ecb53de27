"""Grades the exercises in notebook 02, Latent space."""

import torch

from helpers.lesson.grading import close, grade, number, tensor


def grade_sixteen_channels(answer):
    """`answer`: how many times fewer numbers 16 channels at 8 x smaller sides are than pixels."""
    grade(
        answer,
        right=lambda a: abs(a - 12) < 1e-6,
        hints=[
            (lambda a: abs(a - 48) < 1e-6, "That is with 4 channels: what changes with 16?"),
            (
                lambda a: abs(a - 3) < 1e-6,
                "There are 4 times as many channels as in our latents, not 16 times.",
            ),
            (
                lambda a: abs(a - 192) < 1e-6,
                "Too many: with more channels there are more numbers to keep, so less is saved.",
            ),
            (lambda a: abs(a - 64) < 1e-6, "64 counts the places; now count the numbers in each of them."),
            (lambda a: abs(a - 4) < 1e-6, "64 / 16 forgets that a pixel has three numbers."),
            (lambda a: abs(a * 12 - 1) < 1e-6, "Upside down: divide the pixels by the latents."),
            (lambda a: abs(a - 1.5) < 1e-6, "That is along one side only: a picture has two."),
        ],
        wants=number(),
        otherwise="Take 8 × 8 pixels, one place of the latents: how many numbers are they, before and after?",
    )


def grade_mirrored(answer, latents):
    """`answer`: the latents (B, C, h, w), left and right exchanged."""
    grade(
        answer,
        right=latents.flip(-1),
        hints=[
            (
                latents.flip(-2),
                "That stands on its head: the rows changed places. What runs from left to right?",
            ),
            (latents.flip(-2, -1), "That is mirrored and stands on its head: turn one axis round, not two."),
            (
                latents.flip(1),
                "That exchanges the channels, so the colours: which axis runs from left to right?",
            ),
            (latents.mT, "Rows became columns: `flip` turns one axis round and leaves the others."),
            (-latents, "A minus sign makes a negative of sorts: exchange the places, not the signs."),
            (latents, "That is the same as before: which axis runs from left to right?"),
        ],
        otherwise="The numbers should be the same in other places: turn one axis of x0 round.",
    )


def grade_channel_factors(answer, latents):
    """`answer`: one over the standard deviation of each channel of latents (B, C, h, w); C numbers."""
    stds = latents.std((0, 2, 3))
    pictures, channels, *places = latents.shape

    def shaped(*shape):
        return lambda a: list(a.shape) == list(shape)

    def is_close(a, expected):
        return close(a.flatten(), expected, rtol=0.01)

    grade(
        answer,
        right=lambda a: is_close(a, 1 / stds),
        hints=[
            (lambda a: is_close(a, stds), "Those are the standard deviations: one over them."),
            (
                lambda a: is_close(a, stds**2),
                "Those are the variances: take their roots, then one over them.",
            ),
            (lambda a: is_close(a, 1 / stds**2), "One over the variance: take the root."),
            (
                lambda a: is_close(a / a.mean(), (1 / stds) / (1 / stds).mean()),
                "All of them are off by one and the same factor: take the raw latents, before scaling.",
            ),
            (
                lambda a: a.numel() == 1,
                "That is one number for all channels together: which axis should stay?",
            ),
            (
                shaped(pictures, *places),
                "The channels are gone, and pictures and places are left: it should be the other way round.",
            ),
            (
                shaped(channels, *places),
                "There is still a number for each place: those should be summed up too.",
            ),
            (
                shaped(pictures, channels),
                "There is still a number for each picture: sum up the pictures too.",
            ),
            (
                lambda a: a.numel() > len(stds),
                "Too many numbers: one for each channel is wanted, so which axes should be summed up?",
            ),
        ],
        wants=tensor(stds.shape),
        otherwise="Four numbers, but others: from `raw_latents`, one over each channel's standard deviation.",
    )


def grade_bytes(answer, latents):
    """`answer`: the latents (B, C, h, w), clamped to -5 … 5 and rounded to the 255 steps of a byte."""
    clamped = latents.float().clamp(-5, 5)
    spread = clamped / 5 * 127
    wanted = spread.round()

    def is_close(a, expected):
        return close(a, expected, atol=1e-2)

    grade(
        answer,
        right=lambda a: is_close(a, wanted / 127 * 5),
        hints=[
            (lambda a: is_close(a, wanted), "Those are the whole numbers: go back to -5 … 5."),
            (
                lambda a: close(a, clamped / 5, atol=1e-5) or close(a, latents.float() / 5, atol=1e-5),
                "Nothing is rounded yet: over which whole numbers should it be spread?",
            ),
            (lambda a: is_close(a, wanted / 127), "That is between -1 and 1: times 5 again."),
            (
                lambda a: close(a, clamped, atol=1e-5),
                "Nothing is rounded yet: over which whole numbers should it be spread?",
            ),
            (
                lambda a: is_close(a, clamped) or is_close(a, latents.float()),
                "That is finer than a byte: 5 is to become 127, so divide by 5 first.",
            ),
            (
                lambda a: is_close(a, spread.floor() / 127 * 5) or is_close(a, spread.trunc() / 127 * 5),
                "That cuts the fraction off: round to the nearest whole number.",
            ),
            (
                lambda a: is_close(a, latents.float().round()) or is_close(a, clamped.round()),
                "That leaves a handful of values: spread them over -127 … 127 first.",
            ),
            (
                lambda a: is_close(a, (latents.float() / 5 * 127).round() / 127 * 5),
                "Nearly: some numbers lie beyond 5, so a byte has no step left for them. Clamp first.",
            ),
            (
                lambda a: a.abs().max() > 5.1 and a.abs().max() <= 128 and (a == a.round()).all(),
                "Those are whole numbers, but others: is 5 spread to 127? And go back at the end.",
            ),
            (
                lambda a: a.abs().max() > 5.1,
                "The result should lie between -5 and 5: what was spread has to go back.",
            ),
        ],
        wants=tensor(latents.shape),
        otherwise="One of the four steps is different: clamp, spread, round, go back, in this order.",
    )


def grade_preview(answer, inputs, colours):
    """`answer`: the matrix (C + 1, 3) with which `inputs` (n, C + 1) come nearest to `colours` (n, 3)."""

    def error(matrix):
        return ((inputs @ matrix.to(inputs) - colours) ** 2).mean().item()

    shape = (inputs.shape[1], colours.shape[1])
    least = error(torch.linalg.lstsq(inputs, colours).solution)
    grade(
        answer,
        right=lambda a: a.shape == shape and error(a) <= 1.01 * least,
        hints=[
            (lambda a: a.shape == shape[::-1], "That matrix lies on its side: inputs first, colours second."),
            (lambda a: a.shape[0] == shape[0] - 1, "Keep the constant: the last column of `inputs` is 1."),
            (
                lambda a: a.shape == shape,
                "The shape is right, but another matrix has a smaller squared error: let `lstsq` find it.",
            ),
        ],
        wants=tensor(shape, advice=", which is the `.solution` that `lstsq` returns"),
    )
