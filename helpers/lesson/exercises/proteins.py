"""Grades the exercise on angles in notebook 12, Beyond pictures."""

import numpy as np

from helpers.lesson.grading import array, function, grade
from helpers.proteins.backbones import angle_between


def grade_angle_between(answer):
    """`answer`: a function of two angles, arrays in degrees; how far apart they are, 0 to 180."""
    a = np.array([10.0, 170.0, -170.0, 179.0, -90.0, 60.0, 0.0])
    b = np.array([30.0, -170.0, 170.0, -179.0, 90.0, -45.0, 0.0])

    def gives(wanted):
        def fits(f):
            found = f(a.copy(), b.copy())
            return found.shape == a.shape and np.allclose(found, wanted, atol=1e-3)

        return fits

    def one_by_one(f):
        return np.allclose([f(*pair) for pair in zip(a.tolist(), b.tolist())], angle_between(a, b), atol=1e-3)

    grade(
        answer,
        right=gives(angle_between(a, b)),
        hints=[
            (gives(np.abs(a - b)), "From 170 to -170 that says 340, but there is a shorter way round."),
            (gives((a - b) % 360), "Between 0 and 360 now: where it is above 180, the other way is shorter."),
            (gives((a - b + 180) % 360 - 180), "Nearly: how far, not in which direction. Drop the sign."),
            (gives((b - a + 180) % 360 - 180), "Nearly: how far, not in which direction. Drop the sign."),
            (gives(360 - np.abs(a - b)), "From 10 to 30 that says 340: it takes the long way round."),
            (gives(np.abs((a - b) % 360 - 180)), "That counts from the opposite side: add 180 before the %."),
            (gives(np.abs(a - b) % 180), "180 degrees is half a turn, not a whole one."),
            (gives(np.abs(np.abs(a) - np.abs(b))), "60 and -45 are not 15 apart: keep the signs."),
            (one_by_one, "Right for two numbers, but ours are arrays: np.minimum in place of min."),
        ],
        wants=function("a function: `lambda a, b: ...`, or the name of one", gives=array()),
    )
