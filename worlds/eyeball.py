"""A kind of planet that the pocket model never saw, for notebook 10 to teach it: the eyeball planet.

Ice all over, but for one open sea where the star stands in the zenith, for ever: such a planet always turns
the same face to its star (Pierrehumbert 2011, The Astrophysical Journal Letters 726, L8). It stands in the
same scenes as the five known kinds: with their sizes, rings, moons, backgrounds and styles.

    python -m worlds.eyeball                 # a contact sheet of 24 pictures, out/eyeball.png
"""

import numpy as np
from PIL import Image

from worlds import planets as world
from worlds.sheet import main

WORD = "eyeball"
KIND = f"{WORD} planet"


def sample_scene(rng):
    """A random scene with an eyeball planet, all else as in training; sketches have no colour."""
    return world.sample_scene(rng, kind="gas giant") | {"kind": KIND}


def caption(scene, rng, detail="any"):
    """The scene in words, in as many wordings as training's, but always with the new word."""
    while WORD not in (words := world.caption(scene, rng, detail)):
        pass
    return words


def draw(seed):
    """(picture, caption, scene) of a seed, the picture as a PIL image of 128 × 128 pixels."""
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng)
    return Image.fromarray(world.render(scene, rng)), caption(scene, rng), scene


if __name__ == "__main__":
    main(draw, "eyeball", 24)
