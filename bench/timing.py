"""Times as ratios: what is compared takes turns, so that a busy minute slows both sides alike."""

import statistics
import time
from typing import NamedTuple


class Spread(NamedTuple):
    """The middle of several figures, and the quartiles around it."""

    median: float
    low: float
    high: float


def spread(figures):
    """The `Spread` of at least one figure."""
    figures = list(figures)
    if len(figures) == 1:
        return Spread(figures[0], figures[0], figures[0])
    low, median, high = statistics.quantiles(figures, n=4, method="inclusive")
    return Spread(median, low, high)


def once(function):
    """The seconds that one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def take_turns(functions, rounds, warm_up=1):
    """{name: the seconds of each round} of {name: a function without arguments}.

    In each round every function is called once, in the other order every second time, after `warm_up` rounds
    that don't count.
    """
    seconds = {name: [] for name in functions}
    for number in range(-warm_up, rounds):
        names = list(functions) if number % 2 else list(reversed(functions))
        for name in names:
            taken = once(functions[name])
            if number >= 0:
                seconds[name].append(taken)
    return seconds


def ratio(seconds, name, to):
    """The `Spread` over the rounds of how many times as long `name` takes as `to`."""
    return spread(one / other for one, other in zip(seconds[name], seconds[to], strict=True))
