"""Grades the exercises in notebook 09, Image variations."""

import torch

from helpers.lesson.grading import grade


def grade_steps_run(answer, num_inference_steps, strength):
    """`answer`: how many steps image-to-image runs, a whole number."""
    run = int(num_inference_steps * strength)
    grade(
        answer,
        right=run,
        hints=[
            (num_inference_steps - run, "So many steps are skipped. How many are left?"),
            (lambda a: a == num_inference_steps * strength, "Half a step can't be run: what does int() do?"),
            (run + 1, "That is rounded up: int() cuts off what stands behind the point."),
        ],
    )


def grade_noised(answer, clean, noise, scheduler, num_inference_steps, strength):
    """`answer`: the latents `clean` (B, C, h, w) with `noise`, at the level where `strength` enters."""
    scheduler.set_timesteps(num_inference_steps)
    run = int(num_inference_steps * strength)

    def mixed(t, power):
        alpha = scheduler.alphas_cumprod[t]
        return alpha**power * clean + (1 - alpha) ** power * noise

    entry, from_the_end = scheduler.timesteps[-run], scheduler.timesteps[run]
    grade(
        answer,
        right=mixed(entry, 0.5),
        hints=[
            (mixed(entry, 1), "The shares are square roots: of alpha, and of 1 - alpha."),
            (mixed(from_the_end, 0.5), "That index is the number of steps to run; skip the others."),
            (clean + noise, "A picture with all of the noise on top: weigh the two by alpha."),
            (clean, "There is no noise in it yet."),
        ],
    )


def grade_blend(answer, painted, known, noise, mask, scheduler, t_next):
    """`answer`: the latents (B, C, h, w) at t_next, new where `mask` is 1 and known where it is 0."""
    kept = scheduler.add_noise(known, noise, torch.as_tensor(t_next).reshape(1))
    grade(
        answer,
        right=(1 - mask) * kept + mask * painted,
        hints=[
            (mask * kept + (1 - mask) * painted, "The mask is the wrong way round: 1 means paint, 0 keep."),
            ((1 - mask) * known + mask * painted, "The known part is clean there: noise it to t_next first."),
            (kept + painted, "Both everywhere: let the mask choose between the two."),
        ],
    )
