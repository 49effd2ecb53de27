"""Grades the exercises of notebook 14, Sound."""

import math

import torch

from helpers.lesson.grading import close, function, grade, number, tensor, within

near = within(0.02)


def grade_cents(answer, heard, asked):
    """`answer`: how many cents the frequency `heard` lies above `asked`, both in Hz."""
    octaves = math.log2(heard / asked)

    grade(
        answer,
        right=near(1200 * octaves),
        hints=[
            (
                within(0.005)(1200 * (heard / asked - 1)),
                "Cents don't share an octave's Hz evenly: each is the same ratio.",
            ),
            (near(-1200 * octaves), "The sign is the wrong way round: too high is positive."),
            (near(heard - asked), "Those are Hz: ears and cents count ratios, not differences."),
            (near(12 * octaves), "Those are semitones: a cent is a hundredth of one."),
            (near(octaves), "Those are octaves, of 12 semitones of 100 cents each."),
            (near(1200 * math.log(heard / asked)), "An octave is a factor of 2: take math.log2."),
            (near(1200 * math.log10(heard / asked)), "An octave is a factor of 2: take math.log2."),
            (near(100 * (heard / asked - 1)), "Those are per cent: a semitone has 5.9 of them."),
            (near(heard / asked), "That is the ratio: how many octaves is it?"),
            (near(100 * octaves), "An octave has 12 semitones of 100 cents each."),
        ],
        wants=number(),
        otherwise="Which power of 2 is the ratio of the two? That is how many octaves it is.",
    )


def grade_spacing(answer, rate, window):
    """`answer`: how many Hz lie between neighbouring frequencies of a transform of `window` samples."""

    grade(
        answer,
        right=within(0.03)(rate / window),  # "about 16" is right
        hints=[
            (near(window / rate), "Those are the seconds that a window lasts: the spacing is one over it."),
            (near(rate / 2 / window), "Half the rate is shared among half as many frequencies."),
            (near(rate / 2), "That is the highest frequency."),
            (near(window // 2 + 1), "That is how many frequencies there are."),
            (near(rate), "That is the rate: how long does a window last?"),
            (near(window), "That is the number of samples: how long do they last?"),
            (
                near(rate / (window // 2)),
                "The frequencies run up to half the rate, so divide that, not all of it.",
            ),
        ],
        wants=number(),
        otherwise="What fits once into the window, how many Hz is that? And what fits twice?",
    )


def grade_sound_from_v(answer):
    """`answer`: a function of x_t, v and ᾱ, tensors; the clean sound that v points to."""
    seeded = torch.Generator().manual_seed(0)
    x_t, v = (torch.randn(2, 4, 8, 4, generator=seeded) for _ in range(2))
    alpha = torch.tensor(0.3)
    signal, noise = alpha**0.5, (1 - alpha) ** 0.5

    def gives(wanted):
        return lambda f: close(f(x_t.clone(), v.clone(), alpha.clone()), wanted, atol=1e-4)

    grade(
        answer,
        right=gives(signal * x_t - noise * v),
        hints=[
            (gives(signal * x_t + noise * v), "The sign: v is noise minus sound."),
            (gives(noise * x_t + signal * v), "That is the noise that v points to, not the sound."),
            (gives((x_t - noise * v) / signal), "That would be right for noise: v is a mixture."),
            (gives(alpha * x_t - (1 - alpha) * v), "Take the roots of ᾱ and 1 - ᾱ."),
            (gives(noise * x_t - signal * v), "The two factors are swapped."),
            (gives(noise * v - signal * x_t), "The sign: that is the sound upside down."),
            (gives(x_t - v), "Each of the two needs its factor: which ones let the noise cancel?"),
            (gives(x_t - noise * v), "Nearly: `x_t` needs a factor too."),
            (gives(signal * x_t - v), "Nearly: `v` needs a factor too."),
        ],
        wants=function(
            "a function: `lambda x_t, v, alpha: ...`, or the name of one", gives=tensor(x_t.shape)
        ),
        otherwise="Put both formulas in for `x_t` and `v`: does the noise cancel, and is one sound left?",
    )
