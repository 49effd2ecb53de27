"""Grades the exercises in notebook 02, Latent space."""

import torch

from helpers.lesson.grading import close, grade, number, tensor


def grade_sixteen_channels(answer):
    """`answer`: how many times fewer numbers 16 channels at 8 x smaller sides are than pixels."""
    grade(
        answer,
        right=lambda a: abs(a - 12) < 1e-6,
        hints=[
            (lambda a: abs(a - 48) < 1e-6, "That is with 4 channels."),
            (
                lambda a: abs(a - 3) < 1e-6,
                "There are 4 times as many channels as in our latents, not 16 times.",
            ),
            (lambda a: abs(a - 192) < 1e-6, "More channels save less, not more: divide."),
            (lambda a: abs(a - 64) < 1e-6, "64 counts the places; now count the numbers in each of them."),
            (lambda a: abs(a - 4) < 1e-6, "64 / 16 forgets that a pixel has three numbers."),
            (lambda a: abs(a * 12 - 1) < 1e-6, "Upside down: divide the pixels by the latents."),
        ],
        wants=number(),
    )


def grade_mirrored(answer, latents):
    """`answer`: the latents (B, C, h, w), left and right exchanged."""
    grade(
        answer,
        right=latents.flip(-1),
        hints=[
            (latents.flip(-2), "That stands on its head: the last axis runs from left to right."),
            (latents.flip(1), "That exchanges the channels: left and right are the last axis."),
            (-latents, "A minus sign makes a negative of sorts: exchange the places, not the signs."),
            (latents, "That is the same as before."),
        ],
    )


def grade_channel_factors(answer, latents):
    """`answer`: one over the standard deviation of each channel of latents (B, C, h, w); C numbers."""
    stds = latents.std((0, 2, 3))

    def is_close(a, expected):
        return close(a.flatten(), expected, rtol=0.01)

    grade(
        answer,
        right=lambda a: is_close(a, 1 / stds),
        hints=[
            (lambda a: is_close(a, stds), "Those are the standard deviations: one over them."),
            (lambda a: is_close(a, 1 / stds**2), "One over the variance: take the root."),
            (
                lambda a: is_close(a / a.mean(), (1 / stds) / (1 / stds).mean()),
                "All of them are off by one and the same factor: take the raw latents, before scaling.",
            ),
            (lambda a: a.numel() == 1, "One number for all: leave out axis 1."),
            (lambda a: a.numel() > len(stds), "Too many numbers: take the std over axes 0, 2 and 3."),
        ],
        wants=tensor(stds.shape),
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
            (lambda a: is_close(a, wanted / 127), "That is between -1 and 1: times 5 again."),
            (lambda a: close(a, clamped, atol=1e-5), "Nothing is rounded yet."),
            (
                lambda a: is_close(a, clamped),
                "That is finer than a byte: 5 is to become 127, so divide by 5 first.",
            ),
            (
                lambda a: is_close(a, spread.floor() / 127 * 5) or is_close(a, spread.trunc() / 127 * 5),
                "That cuts the fraction off: round to the nearest whole number.",
            ),
            (
                lambda a: is_close(a, latents.float().round()),
                "That leaves a handful of values: spread them over -127 … 127 first.",
            ),
        ],
        wants=tensor(latents.shape),
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
            (lambda a: a.shape == shape, "The shape is right, but not the least squares."),
        ],
        wants=tensor(shape, advice=", which is the `.solution` that `lstsq` returns"),
    )
