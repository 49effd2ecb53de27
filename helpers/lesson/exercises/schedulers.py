"""Grades the exercises in notebook 06, Schedulers."""

from helpers.lesson.grading import grade, some_numbers


def grade_budget(answer, heun, pndm, budget):
    """`answer`: (steps for `heun`, steps for `pndm`), the most that cost at most `budget` U-Net calls."""

    def calls(scheduler, steps):
        scheduler.set_timesteps(steps)
        return len(scheduler.timesteps)

    def too_many(scheduler, steps):
        return steps > budget or calls(scheduler, steps) > budget

    right = tuple(max(n for n in range(1, budget + 1) if calls(each, n) <= budget) for each in (heun, pndm))
    grade(
        answer,
        right=right,
        hints=[
            (lambda a: tuple(a) == right[::-1], "The other way round: Heun first."),
            (lambda a: any(n != int(n) for n in a), "Steps are whole numbers: round down."),
            (
                lambda a: too_many(heun, a[0]),
                f"So many steps of Heun call the U-Net more than {budget} times.",
            ),
            (lambda a: a[0] < right[0], "Heun can do more: its last step needs one call, not two."),
            (
                lambda a: too_many(pndm, a[1]),
                "PNDM visits its second timestep twice: one call more than steps.",
            ),
            (lambda a: a[1] < right[1], "PNDM can do more: it makes just one call more than steps."),
        ],
        wants=some_numbers("a pair of whole numbers, (Heun, PNDM)", 2),
    )


def grade_trailing(answer, num_train_timesteps, num_inference_steps):
    """`answer`: the list of "trailing" timesteps, whole numbers from high to low."""
    part = num_train_timesteps // num_inference_steps
    right = [num_train_timesteps - 1 - i * part for i in range(num_inference_steps)]
    grade(
        answer,
        right=lambda a: a == right,
        hints=[
            (
                lambda a: [t - 1 for t in a] == right,
                "Timesteps are numbered from 0, so the last one is 1 less than their number.",
            ),
            (
                lambda a: a[::-1] == right,
                "These are the ones; but we walk from noise to picture, so the largest comes first.",
            ),
            (lambda a: any(t != int(t) for t in a), "Timesteps are whole numbers: how long is each part?"),
            (
                lambda a: min(a) < 0,
                "Timesteps begin at 0: the last of the first part is the largest number in it.",
            ),
            (
                lambda a: max(a) == right[0] and min(a) == 0,
                "That goes from the last to the very first: the first part should give its *last* timestep.",
            ),
            (
                lambda a: min(a) <= 1,
                "That is leading, each part's first timestep. Trailing takes each part's last.",
            ),
            (lambda a: len(a) != num_inference_steps, f"There should be {num_inference_steps} of them."),
        ],
        wants=some_numbers(f"a list of {num_inference_steps} whole numbers", num_inference_steps),
        otherwise=f"Each part has {part} timesteps, and the first one begins at 0: where does each end?",
    )


def grade_trend_step(answer, latents, noise_pred, noise_pred_before, sigma_before, sigma, sigma_next):
    """`answer`: the latents (B, C, h, w) after a step from `sigma` to `sigma_next` along the trend of slopes.

    Adams and Bashforth's method of second order, for steps of unequal length: LMS with two predictions.
    """
    step, step_before = sigma_next - sigma, sigma - sigma_before
    change = step / step_before * (noise_pred - noise_pred_before)
    grade(
        answer,
        right=latents + step * (noise_pred + change / 2),
        hints=[
            (latents + step * noise_pred, "That is Euler's step: the trend is missing."),
            (
                latents + step * (noise_pred + change),
                "That is the slope at the end of the step. The mean lies in the middle.",
            ),
            (
                latents + step * (noise_pred + noise_pred_before) / 2,
                "That looks back: the mean of the last step, not of the next.",
            ),
            (
                latents + step * (noise_pred + (noise_pred - noise_pred_before) / 2),
                "The two steps are not equally long: multiply the change by their ratio.",
            ),
            (latents - step * (noise_pred + change / 2), "The wrong way: the noise should become less."),
            (noise_pred + change / 2, "That is the mean slope: now make the step with it."),
            (
                latents + step * (noise_pred - change / 2),
                "The trend goes on, it doesn't turn back: which sign has the change?",
            ),
            (
                latents + step_before * (noise_pred + change / 2),
                "The slope is right, but that is the length of the step before.",
            ),
            (
                latents + step * (noise_pred + (noise_pred - noise_pred_before) / step_before / 2),
                "That is half of the change over one σ: how long is the step that is to come?",
            ),
        ],
        otherwise="Begin with the change of the slope per unit of σ: how much is that in half a step?",
    )
