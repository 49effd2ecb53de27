"""Grades the exercises in notebook 01, Noise schedules."""

from helpers.lesson.grading import close, grade, tensor


def grade_cosine_noise(answer, x0, noise, t, schedules):
    """`answer`: x_t (3, H, W) of the picture `x0` under the cosine schedule of `schedules`."""

    def noised(alpha):
        return alpha**0.5 * x0 + (1 - alpha) ** 0.5 * noise

    alpha = schedules["cosine"][t]
    grade(
        answer,
        right=noised(alpha),
        hints=[
            (
                lambda a: any(close(a, noised(each[t]), atol=1e-3) for each in schedules.values()),
                "That is another schedule: take the one called cosine.",
            ),
            (alpha * x0 + (1 - alpha) * noise, "The factors are the square roots of the shares."),
            (noised(alpha) - alpha**0.5 * x0, "That is the noise alone: the picture is missing."),
            ((1 - alpha) ** 0.5 * x0 + alpha**0.5 * noise, "Swapped: alpha bar belongs to the picture."),
            (alpha**0.5 * x0 - (1 - alpha) ** 0.5 * noise, "The noise is added, not subtracted."),
        ],
    )


def grade_balance(answer, alphas_cumprod):
    """`answer`: the first timestep (int) at which the signal-to-noise ratio is below 1."""
    right = int((alphas_cumprod >= 0.5).sum())
    steps = len(alphas_cumprod)
    grade(
        answer,
        right=right,
        hints=[
            (lambda a: abs(a - steps // 2) <= 1, "That is the middle of the timesteps, not of the variance."),
            (lambda a: a == right - 1, "There the picture is still as strong as the noise: one further."),
            (lambda a: a == right + 1, "One too far: timesteps are counted from 0, as `alphas_cumprod` is."),
            (lambda a: a == steps - right, "So many timesteps lie on the noisy side: count the other ones."),
            (
                lambda a: a == int((alphas_cumprod**0.5 >= 0.5).sum()),
                "That asks where the factor is a half. Shares of variance are meant, without a root.",
            ),
        ],
    )


def grade_known_noise(answer, x_t, x0, alpha):
    """`answer`: the noise (3, H, W) that made `x_t` of the picture `x0`; `alpha` is alpha bar at t."""
    grade(
        answer,
        right=(x_t - alpha**0.5 * x0) / (1 - alpha) ** 0.5,
        hints=[
            ((alpha**0.5 * x0 - x_t) / (1 - alpha) ** 0.5, "Upside down: subtract the picture from x_t."),
            (x_t - x0, "The picture was shrunk on the way: subtract the shrunk one."),
            (x_t - alpha**0.5 * x0, "Nearly: the noise was shrunk as well, so divide by its factor."),
            ((x_t - alpha * x0) / (1 - alpha), "The factors are the square roots of the shares."),
            ((x_t - (1 - alpha) ** 0.5 * x0) / alpha**0.5, "Swapped: alpha bar belongs to the picture."),
        ],
    )


def grade_zero_snr(answer, alphas_cumprod):
    """`answer`: alpha bar (T,), rescaled to end at 0 and begin as before; 2305.08891, algorithm 1."""
    factor = alphas_cumprod**0.5
    shifted = factor - factor[-1]
    stretched = shifted * factor[0] / shifted[0]
    plain = alphas_cumprod - alphas_cumprod[-1]
    grade(
        answer,
        right=lambda a: close(a, stretched**2, atol=1e-4),
        hints=[
            (stretched, "Those are the factors: square them to get alpha bar."),
            (
                lambda a: close(a, shifted**2, atol=1e-4),
                "It ends at 0; now stretch it to begin as before.",
            ),
            (
                lambda a: (
                    close(a, plain, atol=1e-4) or close(a, plain * alphas_cumprod[0] / plain[0], atol=1e-4)
                ),
                "That shifts alpha bar itself: take its square root first.",
            ),
            (
                lambda a: close(a[:-1], alphas_cumprod[:-1]) and a[-1] == 0,
                "Only the last value changed: that makes a sudden jump. Shift and stretch them all.",
            ),
        ],
        wants=tensor(factor.shape),
    )
