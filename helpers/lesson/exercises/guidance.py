"""Grades the exercises in notebook 07, Guidance."""

import torch

from helpers.lesson.grading import close, function, grade, number, tensor
from helpers.seeding import generator

HIDDEN_SCALE = 3.5


def guided_by_somebody(noise_uncond, noise_cond):
    """A guided prediction whose scale is for the reader to find."""
    return noise_uncond + HIDDEN_SCALE * (noise_cond - noise_uncond)


def grade_found_scale(answer, noise_uncond, noise_cond, guided):
    """`answer`: the scale that made `guided` of the two predictions, a number or a tensor of one."""
    off = HIDDEN_SCALE - 1
    longer = (guided.norm() / noise_cond.norm()).item()

    def near(wanted):
        return lambda a: abs(a - wanted) < 0.01

    grade(
        answer,
        right=near(HIDDEN_SCALE),
        hints=[
            (near(off), "That is the paper's weight: ours counts from the empty prompt's prediction."),
            (near(1 / HIDDEN_SCALE), "Upside down: the long difference over the short one."),
            (near(longer), "That compares the predictions' lengths: compare the differences'."),
            (
                near(-HIDDEN_SCALE),
                "The sign is the wrong way round: both differences begin at `noise_uncond`.",
            ),
            (near(-off), "That begins at the prompt's prediction: begin both differences at `noise_uncond`."),
        ],
        wants=number("one number: take the `.norm()` of each difference"),
        otherwise="How many times as far from `noise_uncond` does `guided` lie as `noise_cond` does?",
    )


def grade_falling_guidance(answer, start):
    """`answer`: a function (noise_uncond, noise_cond, t); its scale falls from `start` at 1000 to 1 at 0."""
    noise_uncond, noise_cond = torch.randn(2, 1, 4, 2, 2, generator=generator(0))
    prompt_says = noise_cond - noise_uncond

    def gives(wanted, begin=noise_uncond, towards=prompt_says):
        def fits(a):
            times = (0, 250, 500, 1000)
            found = [a(noise_uncond.clone(), noise_cond.clone(), torch.tensor(t)) for t in times]
            expected = [begin + wanted(t / 1000) * towards for t in times]
            return all(close(f, each, rtol=0, atol=0.01) for f, each in zip(found, expected))

        return fits

    def falling(u):
        return 1 + (start - 1) * u

    nothing = torch.zeros_like(noise_cond)

    grade(
        answer,
        right=gives(falling),
        hints=[
            (gives(lambda u: start * u), "At t = 0 that ends with the empty prompt: let it end at 1."),
            (gives(lambda u: start - (start - 1) * u), "That rises: t = 1000 is the beginning, pure noise."),
            (gives(lambda u: start), "That scale is the same at all timesteps: use t."),
            (gives(lambda u: 1 + start * u), "At t = 1000 that is one too many."),
            (gives(lambda u: (start - 1) * u), "The slope is right, but it ends at 0: let it end at 1."),
            (gives(lambda u: falling(1000 * u)), "That scale is in the thousands: t itself runs up to 1000."),
            (
                gives(falling, begin=noise_cond),
                "The scale is right, but begin at the empty prompt's prediction.",
            ),
            (
                gives(falling, towards=-prompt_says),
                "The scale is right, but that leads away from the prompt: which difference is it?",
            ),
            (
                gives(falling, begin=nothing, towards=noise_cond),
                "The scale is right, but it enlarges the prompt's prediction: use the empty one's, too.",
            ),
            (
                gives(falling, begin=nothing),
                "The scale is right, but that is the difference alone: from where does it begin?",
            ),
            (
                gives(falling, towards=noise_cond),
                "The scale is right, but only the difference of the two predictions is to be scaled.",
            ),
        ],
        wants=function("a function: its name, without brackets", gives=tensor(noise_cond.shape)),
        otherwise="Check both ends: which scale does your function take at t = 1000, and which at t = 0?",
    )


def grade_good_enough(answer, scales):
    """`answer`: the smallest of the measured scales whose interval reaches up to the best rate."""
    best = max(scales, key=lambda each: each["all_right"]["value"])
    top = best["all_right"]["value"]
    reach = [each["guidance_scale"] for each in scales if each["all_right"]["high"] >= top]
    known = [each["guidance_scale"] for each in scales]
    grade(
        answer,
        right=lambda a: abs(a - min(reach)) < 1e-6,
        hints=[
            (
                lambda a: all(abs(a - scale) > 1e-6 for scale in known),
                "That scale was not measured: take one of the list.",
            ),
            (
                lambda a: abs(a - best["guidance_scale"]) < 1e-6,
                "That is the best itself: is there a smaller one that could be as good?",
            ),
            (lambda a: a < min(reach), "Too small: its interval ends below the best rate."),
            (lambda a: True, "It reaches the best rate, but a smaller one does too: order them by scale."),
        ],
        wants=number("a number: one of the measured scales"),
    )
