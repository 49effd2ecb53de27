"""Grades the exercises of notebook 12, Proteins."""

import numpy as np

from helpers.lesson.grading import array, function, grade, number, within
from helpers.proteins.backbones import angle_between

near = within(0.01)


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
            (
                gives(np.abs((a - b) % 360 - 180)),
                "That counts from the opposite side: equal angles get 180, so where should a turn begin?",
            ),
            (gives(np.abs(a - b) % 180), "180 degrees is half a turn, not a whole one."),
            (gives(np.abs(np.abs(a) - np.abs(b))), "60 and -45 are not 15 apart: keep the signs."),
            (one_by_one, "Right for two numbers, but ours are arrays: np.minimum in place of min."),
        ],
        wants=function("a function: `lambda a, b: ...`, or the name of one", gives=array()),
        otherwise="Try your function with 170 and -170, where 20 should come out, and with 30 and 10.",
    )


def grade_arrow(answer):
    """`answer`: a function of arrays, sine and cosine of angles times any length; the angles in degrees."""
    angles = np.array([10.0, 100.0, 170.0, -170.0, -100.0, -35.0])
    length = np.array([1.4, 0.9, 2.0, 1.1, 1.6, 0.7])
    sine, cosine = length * np.sin(np.radians(angles)), length * np.cos(np.radians(angles))

    def gives(wanted):
        return lambda f: np.allclose(f(sine.copy(), cosine.copy()), wanted, atol=1e-2)

    grade(
        answer,
        right=gives(angles),
        hints=[
            (gives(np.radians(angles)), "Those are radians: np.degrees turns them into degrees."),
            (gives(np.degrees(np.arctan(sine / cosine))), "Half of the circle is lost: try np.arctan2."),
            (gives(np.arctan(sine / cosine)), "Half of the circle is lost: try np.arctan2, then np.degrees."),
            (gives(np.degrees(np.arctan2(cosine, sine))), "arctan2 takes the sine first, then the cosine."),
            (
                gives(np.arctan2(cosine, sine)),
                "arctan2 takes the sine first, then the cosine, and gives radians.",
            ),
            (
                gives(np.degrees(np.arctan(cosine / sine))),
                "The cosine is on top: and arctan2 needs no quotient.",
            ),
            (gives(angles + 180), "That is half a turn off: arctan2 already gives -180 to 180."),
            (gives(angles % 360), "Right angles, but from 0 to 360: what is above 180 lies below 0."),
            (
                gives(np.degrees(np.arcsin(sine.clip(-1, 1)))),
                "An arrow of any length has a direction: arctan2.",
            ),
            (
                gives(np.degrees(np.arccos(cosine.clip(-1, 1)))),
                "The sign of the sine is lost: try np.arctan2.",
            ),
        ],
        wants=function("a function: `lambda sine, cosine: ...`, or the name of one", gives=array()),
        otherwise="Try your function with sine 1 and cosine 0, where 90 should come out, and with -1 and 0.",
    )


def grade_neighbours(answer, carbons):
    """`answer`: the mean distance of neighbours among positions (n, 3), in ångström."""
    steps = np.diff(carbons, axis=0)
    distances = np.linalg.norm(steps, axis=1)
    further = np.linalg.norm(carbons[2:] - carbons[:-2], axis=1)

    grade(
        answer,
        right=near(distances.mean()),
        hints=[
            (near((distances**2).mean()), "That is the mean square: take the root of each first."),
            (near(np.linalg.norm(steps)), "That is one length for all: along which axis should `norm` work?"),
            (near(distances.sum()), "That is the way along the whole chain: take the mean."),
            (near(further.mean()), "That skips one bead: which two positions are neighbours?"),
            (near(np.linalg.norm(carbons[-1] - carbons[0])), "That is from the first to the last bead."),
            (near(np.abs(steps).mean()), "Those are steps along x, y and z: Pythagoras joins them."),
            (
                near(np.linalg.norm(carbons, axis=1).mean()),
                "That is from the first atom: take differences first.",
            ),
            (
                near(np.linalg.norm(steps, axis=0).mean()),
                "That joins all beads of one axis: which axis has x, y and z?",
            ),
            (
                lambda a: abs(a - steps.mean()) < 1e-3,
                "Steps back and forth cancel: take the length of each first.",
            ),
            (
                near((distances**2).mean() ** 0.5),
                "That is the root of the mean square: take each root first.",
            ),
        ],
        wants=number(),
        otherwise="An arrow leads from each position to the next: how long is it, on average?",
    )
