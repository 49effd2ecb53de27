"""Grades the exercises in notebook 01, Noise schedules."""

from helpers.lesson.grading import close, factors, grade, tensor


def grade_cosine_noise(answer, x0, noise, t, schedules):
    """`answer`: x_t (3, H, W) of the picture `x0` under the cosine schedule of `schedules`."""

    def noised(alpha):
        return alpha**0.5 * x0 + (1 - alpha) ** 0.5 * noise

    alpha = schedules["cosine"][t]

    def factor_right(place, wanted):
        return lambda a: abs(factors(a, x0, noise)[place] - wanted**0.5) < 0.01

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
            (alpha**0.5 * x0, "That is the shrunk picture alone: the noise is missing."),
            (
                lambda a: any(close(a, noised(each), atol=1e-3) for each in schedules["cosine"]),
                f"Mixed rightly, but for another timestep: wanted is {t}.",
            ),
            (factor_right(0, alpha), "The picture has its right factor; the noise needs another."),
            (factor_right(1, 1 - alpha), "The noise has its right factor; the picture needs another."),
            (
                lambda a: factors(a, x0, noise) is not None,
                "A mixture of the two, but with other factors: each is a square root of a share.",
            ),
        ],
        otherwise="That is no mixture of `x0` and `noise`: which two factors does section 3 give them?",
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
            (lambda a: not 0 <= a < steps, f"Timesteps run from 0 to {steps - 1}."),
            (lambda a: a != int(a), "That is no timestep: a whole number is wanted, a place in the list."),
            (
                lambda a: a < right,
                "Too early: there the SNR is still above 1, so there is more picture than noise.",
            ),
            (lambda a: a > right, "Too late: there the SNR is below 1, but it was so at timesteps before."),
        ],
    )


def grade_known_noise(answer, x_t, x0, alpha):
    """`answer`: the noise (3, H, W) that made `x_t` of the picture `x0`; `alpha` is alpha bar at t."""

    def still_holds_picture(a):
        of_mixture, of_picture = factors(a, x_t, x0)
        return abs(of_picture + alpha**0.5 * of_mixture) > 0.01 * abs(of_mixture)

    grade(
        answer,
        right=(x_t - alpha**0.5 * x0) / (1 - alpha) ** 0.5,
        hints=[
            ((alpha**0.5 * x0 - x_t) / (1 - alpha) ** 0.5, "Upside down: subtract the picture from x_t."),
            (x_t - x0, "The picture was shrunk on the way: subtract the shrunk one."),
            (x_t - alpha**0.5 * x0, "Nearly: the noise was shrunk as well, so divide by its factor."),
            ((x_t - alpha * x0) / (1 - alpha), "The factors are the square roots of the shares."),
            ((x_t - (1 - alpha) ** 0.5 * x0) / alpha**0.5, "Swapped: alpha bar belongs to the picture."),
            (x_t, "That is the whole mixture: take the picture out of it."),
            (still_holds_picture, "Some of the picture is still in it: with which factor was it mixed in?"),
            (
                lambda a: factors(a, x_t, x0) is not None,
                "The picture is out, but the noise has the wrong size: which factor did the mixing give it?",
            ),
        ],
        otherwise="That is another noise: this one has to be computed from the mixture and the picture.",
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
            (shifted, "Those are the factors, and they end at 0: they don't begin as before yet."),
            (
                lambda a: close(a, shifted**2, atol=1e-4),
                "It ends at 0; now stretch it to begin as before.",
            ),
            (
                lambda a: close(a, (shifted / shifted[0]) ** 2, atol=1e-4),
                "It ends at 0, but begins at 1: the first value should be the old one.",
            ),
            (
                lambda a: close(a, alphas_cumprod),
                "That is the schedule as it was: shift its square roots so that the last is 0.",
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
        otherwise="One of the four steps is different: root, shift, stretch, square, in this order.",
    )
