"""Charts compared by what they show: the axes, curves, shapes and texts of helpers/show/charts.py."""

import numpy as np

BOUND = 0.01  # of a chart's width or height, for points; of an axis's span, for its two ends
PICTURE_BOUND = 0.03  # of the way from black to white
TEXT_BOUND = 0.04  # of a chart's width or height, for texts: they move with the size of the letters


def chart_difference(fresh, committed):
    """Why two described charts count as different: one sentence, or None if they show the same."""
    for (words, new), (wanted, old) in zip(fresh, committed):
        if words != wanted:
            return f"a chart has {words} where the committed one has {wanted}"
        if (gap := _gap(words, new, old)) > 1:
            return f"a chart's {words} is not where the committed one's is, by {gap:.1f} times the bound"
    if len(fresh) != len(committed):
        return f"a chart has {len(fresh)} axes, curves, shapes and texts instead of {len(committed)}"
    return None


def _gap(words, fresh, committed):
    """The largest distance between two lists of numbers, in bounds."""
    new, old = (np.nan_to_num(np.array(numbers.split(), float), nan=-9) for numbers in (fresh, committed))
    if new.shape != old.shape:
        return np.inf
    bound = {"text": TEXT_BOUND, "picture": PICTURE_BOUND}.get(words.split()[0], BOUND)
    span = np.ptp(old) if words.startswith(("x axis ", "y axis ")) else 1.0
    return np.abs(new - old).max(initial=0) / (bound * span)
