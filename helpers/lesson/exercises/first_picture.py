"""Grades the exercises in notebook 00, First picture."""

from helpers.lesson.grading import grade


def grade_three_pictures(answer, like):
    """`answer`: a list of three different PIL pictures of the size of the picture `like`."""
    grade(
        answer,
        right=lambda a: len(a) == 3 and a[0].size == like.size and len({p.tobytes() for p in a}) == 3,
        hints=[
            (lambda a: len(a) == 1, "That is one picture: hand a list to `seeds`."),
            (lambda a: len(a) == 3, "Two of the pictures are the same: give three different seeds."),
        ],
    )


def grade_unet_calls(answer, steps, num_inference_steps):
    """`answer`: how many entries the callback's list `steps` has."""
    grade(
        answer,
        right=len(steps),
        hints=[
            (num_inference_steps, "So many steps were asked for. Count the list."),
            (lambda a: not isinstance(a, int), "A whole number is wanted: the length of a list."),
        ],
    )


def grade_compression(answer):
    """`answer`: how many numbers of a picture one number of the latents stands for."""
    grade(
        answer,
        right=lambda a: abs(a - 48) < 1e-6,
        hints=[
            (lambda a: abs(a - 64) < 1e-6, "64 counts places only: a pixel has 3 numbers, a latent has 4."),
            (lambda a: abs(a * 48 - 1) < 1e-6, "Upside down: divide the pixels by the latents."),
        ],
    )
