"""Pocket Planets: the small world that the pocket model knows, as captioned pictures drawn from a seed.

    python -m worlds.planets                # a contact sheet of 48 pictures, out/planets.png
    python -m worlds.planets --held-out      # of the combinations that training never shows

A *scene* is a dict of attributes. `sample_scene` makes one up, `caption` says it in words as people would,
`render` paints it. The same seed gives the same picture (numpy keeps its random streams from one version to
the next, if it can). Captions are made in captions.py; space.py and land.py paint the two views on the canvas
of paintbox.py, surfaces.py what is on planets and figures.py who stands on the land; styles.py finishes them.
"""

import numpy as np
from PIL import Image

from worlds.captions import WORDS as WORDS  # for everyone who asks the world, as SIZE is
from worlds.captions import caption
from worlds.land import surface_view
from worlds.paintbox import SIZE as SIZE  # the pictures' side
from worlds.sheet import main
from worlds.space import BROKEN_RINGS, MOONS, MORE_MOONS, space_view
from worlds.styles import finished
from worlds.surfaces import COLOURS

ATTRIBUTES = {
    "view": ("space", "surface"),
    "style": ("plain", "watercolour", "sketch"),
    "kind": ("rocky planet", "gas giant", "ocean planet", "ice planet", "lava planet"),
    "colour": tuple(COLOURS),
    "size": ("small", "medium", "giant"),
    "rings": ("no rings", "rings"),
    "moons": MOONS,
    "background": ("deep space", "purple nebula", "blue nebula", "orange nebula"),
    "place": ("mars", "moon", "icy planet", "jungle planet"),
    "time": ("day", "night"),
    "sky": ("sun", "ringed planet", "empty sky"),
    "figure": ("astronaut", "robot", "alien", "rocket", "nobody"),
}

# What else a judge of pictures has to see: faults that a model may paint and the world does not have.
JUDGED = ATTRIBUTES | {
    "rings": (*ATTRIBUTES["rings"], BROKEN_RINGS),
    "moons": (*MOONS, MORE_MOONS),
}

# Combinations that training never sees, to measure whether the model composes what it knows apart.
HELD_OUT = (
    {"kind": "gas giant", "colour": "purple"},
    {"kind": "rocky planet", "colour": "blue"},
    {"kind": "ocean planet", "background": "orange nebula"},
    {"kind": "lava planet", "moons": "two moons"},
    {"figure": "robot", "place": "jungle planet"},
    {"figure": "alien", "place": "icy planet"},
    {"figure": "rocket", "place": "mars", "time": "night"},
)


def is_held_out(scene):
    """Whether the scene holds a combination of attributes that training never sees."""
    return any(combination.items() <= scene.items() for combination in HELD_OUT)


def sample_scene(rng, held_out=False, **wanted):
    """A random scene with the attributes that are wanted.

    Training's never hold a held-out combination; those with `held_out=True` always do, with None some do.
    """
    while True:
        scene = _any_scene(rng)
        if held_out in (None, is_held_out(scene)) and wanted.items() <= scene.items():
            return scene


def _any_scene(rng):
    """A random scene, held out or not."""

    def pick(name, *weights):
        return ATTRIBUTES[name][rng.choice(len(weights), p=weights)]

    def even(name):
        return ATTRIBUTES[name][rng.integers(len(ATTRIBUTES[name]))]

    scene = {"view": even("view"), "style": pick("style", 0.64, 0.18, 0.18)}
    coloured = scene["style"] != "sketch"
    if scene["view"] == "space":
        scene["kind"] = even("kind")
        if scene["kind"] in ("rocky planet", "gas giant") and coloured:
            scene["colour"] = even("colour")
        scene |= {
            "size": even("size"),
            "rings": pick("rings", 0.6, 0.4),
            "moons": pick("moons", 0.4, 0.2, 0.2, 0.2),
        }
        if coloured:
            scene["background"] = pick("background", 0.4, 0.2, 0.2, 0.2)
    else:
        scene |= {"place": even("place"), "time": pick("time", 0.6, 0.4)}
        scene["sky"] = pick("sky", 0.4, 0.35, 0.25) if scene["time"] == "day" else pick("sky", 0, 0.5, 0.5)
        scene["figure"] = pick("figure", 0.26, 0.22, 0.22, 0.16, 0.14)
    return scene


def encode(scene, attributes=ATTRIBUTES):
    """The scene as small integers, shape (len(attributes),), −1 where an attribute does not apply."""
    return np.array(
        [values.index(scene[name]) if name in scene else -1 for name, values in attributes.items()], np.int8
    )


def encode_judged(scene):
    """The scene, one with faults, too, as the judge should see it, shape (len(JUDGED),)."""
    return encode(scene, JUDGED)


def decode(row, attributes=ATTRIBUTES):
    """The scene of such integers."""
    return {name: values[i] for (name, values), i in zip(attributes.items(), row) if i >= 0}


def render(scene, rng, size=SIZE):
    """Paint a scene: uint8, shape (size, size, 3). What it leaves open (where, light, pose) `rng` decides."""
    return paint(scene, rng, size)[0]


def paint(scene, rng, size=SIZE):
    """(picture, discs): the scene as in `render`, and its planets and moons as (what, x, y, radius) in units.

    It is painted twice as large and scaled down; `size` is a multiple of 128. The same scene and the same
    numbers give the same picture at every size.
    """
    if size % SIZE or size < SIZE:
        raise ValueError(f"A picture's size is a multiple of {SIZE}, not {size}.")
    canvas = (space_view if scene["view"] == "space" else surface_view)(scene, rng, scale=2 * size // SIZE)
    return finished(canvas, scene["style"], rng, size), canvas.discs


def draw_faulty(seed):
    """(picture, scene) of a space view with broken rings, too many moons, or both, as the scene says."""
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng, held_out=None, view="space")
    faults = ({"rings": BROKEN_RINGS}, {"moons": MORE_MOONS}, {"rings": BROKEN_RINGS, "moons": MORE_MOONS})
    scene |= faults[rng.integers(3)]
    return render(scene, rng), scene


def draw(seed, held_out=False):
    """(picture, caption, scene) of a seed, the picture as a PIL image."""
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng, held_out)
    return Image.fromarray(render(scene, rng)), caption(scene, rng), scene


if __name__ == "__main__":
    main(draw, "planets", 48, held_out="the combinations that training never shows")
