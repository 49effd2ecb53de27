"""How often pictures show what their prompts ask for: the evaluation's prompts, and rates with intervals."""

from typing import NamedTuple

import numpy as np

from helpers.errors import InputError, check_flag, check_whole, shown
from helpers.judge import marks
from helpers.lesson import metrics
from worlds import planets as world
from worlds.seeds import SEEN

SEEDS = (0, 1, 2)  # of the evaluation: each draws other scenes and other noise


class Prompts(NamedTuple):
    rows: np.ndarray  # int8 (n, judged attributes): the scenes
    captions: list[str]
    seeds: list[int]  # of noise and renders
    group: np.ndarray  # which evaluation seed


def prompts(count, held_out=False, among=SEEN):
    """Scenes and their full captions, the same number for each evaluation seed, from a range of seeds."""
    held_out = check_flag(held_out, "held_out")
    count = check_whole(count, "The number of prompts", len(SEEDS))
    if not isinstance(among, range) or len(among) <= 1_000_000 * (len(SEEDS) - 1) + count // len(SEEDS):
        raise InputError(f"Seeds are drawn from a range of worlds.seeds, such as SEEN, not {shown(among)}.")
    rows, captions, seeds, group = [], [], [], []
    for seed in SEEDS:
        for i in range(count // len(SEEDS)):
            rng = np.random.default_rng((among.start, seed, i))
            scene = world.sample_scene(rng, held_out)
            rows.append(world.encode_judged(scene))
            captions.append(world.caption(scene, rng, detail="full"))
            seeds.append(among[seed * 1_000_000 + i])
            group.append(seed)
    return Prompts(np.stack(rows), captions, seeds, np.array(group))


def marked(classes, rows):
    """(right, applies), bool (n, attributes): the judge's `marks`, as numbers."""
    applies, right = rows >= 0, np.zeros(rows.shape, bool)
    for i, (seen, row) in enumerate(zip(classes, rows)):
        right[i, applies[i]] = marks(world.decode(seen, world.JUDGED), world.decode(row, world.JUDGED))
    return right, applies


def attribute_rates(classes, rows, group=None):
    """Rates, with 95 % intervals, at which pictures show what the scenes ask for.

    `mean` is over all attributes that apply, "all_right" counts pictures in which none of them is wrong.
    """
    right, applies = marked(classes, rows)
    column = {name: i for i, name in enumerate(world.JUDGED)}
    each = {name: metrics.rate(right[applies[:, i], i]) for name, i in column.items()}
    bound = right[:, column["kind"]] & applies[:, column["colour"]]
    result = {
        "mean": metrics.mean_rate(right, applies),
        "all_right": metrics.rate((right | ~applies).all(1)),
        "each": {name: value for name, value in each.items() if value},
        "count": {
            moons: metrics.rate(right[rows[:, column["moons"]] == i, column["moons"]])
            for i, moons in enumerate(world.ATTRIBUTES["moons"])
        },
        "binding": metrics.rate(right[bound, column["colour"]]),  # the colour, where the kind is right
    }
    if group is not None:
        result["mean_by_seed"] = [float(right[group == s].sum() / applies[group == s].sum()) for s in SEEDS]
    return result
