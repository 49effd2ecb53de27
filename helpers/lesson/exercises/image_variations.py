"""Grades the exercises in notebook 09, Image variations."""

import torch

from helpers.lesson.grading import close, factors, grade


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
            (num_inference_steps, "Those are all steps: strength says which share of them is run."),
            (
                lambda a: abs(a - num_inference_steps * (1 - strength)) < 1,
                "So many steps are skipped. How many are left?",
            ),
        ],
        otherwise="Strength is the share of the steps that is run: how much is that here?",
    )


def grade_noised(answer, clean, noise, scheduler, num_inference_steps, strength):
    """`answer`: the latents `clean` (B, C, h, w) with `noise`, at the level where `strength` enters."""
    scheduler.set_timesteps(num_inference_steps)
    run = int(num_inference_steps * strength)

    def mixed(t, power):
        alpha = scheduler.alphas_cumprod[t]
        return alpha**power * clean + (1 - alpha) ** power * noise

    entry, from_the_end = scheduler.timesteps[-run], scheduler.timesteps[run]
    alpha = scheduler.alphas_cumprod[entry]

    def any_level(a):
        of_clean, of_noise = factors(a, clean, noise)
        return of_noise > 0 and abs(of_clean**2 + of_noise**2 - 1) < 0.01

    grade(
        answer,
        right=mixed(entry, 0.5),
        hints=[
            (mixed(entry, 1), "The shares are square roots: of alpha, and of 1 - alpha."),
            (mixed(from_the_end, 0.5), "That index is the number of steps to run; skip the others."),
            (clean + noise, "A picture with all of the noise on top: weigh the two by alpha."),
            (clean, "There is no noise in it yet."),
            (noise, "That is noise alone: at this strength some of the picture is left."),
            (
                mixed(scheduler.timesteps[-run - 1], 0.5),
                "One timestep too noisy: indices begin at 0, so which comes after the skipped ones?",
            ),
            (
                mixed(scheduler.timesteps[1 - run], 0.5),
                "One timestep too late: indices begin at 0, so which comes after the skipped ones?",
            ),
            (
                (1 - alpha) ** 0.5 * clean + alpha**0.5 * noise,
                "The two factors are exchanged: alpha bar belongs to the picture.",
            ),
            (
                any_level,
                "Mixed rightly, but at another level: how many timesteps are skipped at this strength?",
            ),
            (
                lambda a: factors(a, clean, noise) is not None,
                "A mixture of the two, but with other factors: which does alpha bar give them?",
            ),
        ],
        otherwise="Only `clean` and `noise` belong in it: how did section 2 mix them?",
    )


def grade_blend(answer, painted, known, noise, mask, scheduler, t_next):
    """`answer`: the latents (B, C, h, w) at t_next, new where `mask` is 1 and known where it is 0."""
    kept = scheduler.add_noise(known, noise, torch.as_tensor(t_next).reshape(1))
    chosen = mask.detach().float().cpu()

    def mask_of(latents):
        return chosen * latents.detach().float().cpu()

    def rest_of(latents):
        return (1 - chosen) * latents.detach().float().cpu()

    grade(
        answer,
        right=(1 - mask) * kept + mask * painted,
        hints=[
            (mask * kept + (1 - mask) * painted, "The mask is the wrong way round: 1 means paint, 0 keep."),
            ((1 - mask) * known + mask * painted, "The known part is clean there: noise it to t_next first."),
            (kept + painted, "Both everywhere: let the mask choose between the two."),
            ((kept + painted) / 2, "Both everywhere: let the mask choose between the two."),
            (painted, "That is new everywhere: where the mask is 0 the known picture should stay."),
            (kept, "That keeps everything: where the mask is 1 the new latents should stand."),
            (mask * painted, "The other part is empty: what belongs where the mask is 0?"),
            ((1 - mask) * kept, "The other part is empty: what belongs where the mask is 1?"),
            (
                lambda a: close(mask_of(a), mask_of(painted), atol=1e-3),
                "The painted part is right. What should stand in the kept one, at the level of t_next?",
            ),
            (
                lambda a: close(rest_of(a), rest_of(kept), atol=1e-3),
                "The kept part is right. What should stand where the mask is 1?",
            ),
        ],
        otherwise="Neither part is right: which latents stand where the mask is 1, and which where it is 0?",
    )
