"""Checks of the exercise about sound in notebook 12, Beyond pictures."""

import math

from helpers.lesson.grading import grade, number


def grade_cents(answer, heard, asked):
    """`answer`: how many cents the frequency `heard` lies above `asked`, both in Hz."""
    octaves = math.log2(heard / asked)

    def near(wanted):
        return lambda a: abs(a - wanted) < 0.02 * abs(wanted)

    grade(
        answer,
        right=near(1200 * octaves),
        hints=[
            (near(-1200 * octaves), "The sign is the wrong way round: too high is positive."),
            (near(heard - asked), "Those are Hz: ears and cents count ratios, not differences."),
            (near(12 * octaves), "Those are semitones: a cent is a hundredth of one."),
            (near(octaves), "Those are octaves, of 12 semitones of 100 cents each."),
            (near(1200 * math.log(heard / asked)), "An octave is a factor of 2: take math.log2."),
            (near(1200 * math.log10(heard / asked)), "An octave is a factor of 2: take math.log2."),
            (near(100 * (heard / asked - 1)), "Those are per cent: a semitone has 5.9 of them."),
        ],
        wants=number(),
    )
