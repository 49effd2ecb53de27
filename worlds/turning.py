"""Turning planets: videos of Pocket Planets' space views in which only the planet turns.

Light, rings, moons and stars stay where they are. What was seen in the middle moves to the right, as on Earth
seen from space with the north pole up.
"""

import copy

import numpy as np

from worlds import planets as world
from worlds.paintbox import SIZE, Canvas
from worlds.space import moons, space, space_planet
from worlds.styles import finished

FRAMES, STEP = 8, 10  # frames in a video; degrees that the planet turns from one to the next


def sample_scene(rng):
    """A plain space view, never one of the held-out combinations; half of the nebulae are left out."""
    scene = world.sample_scene(rng, view="space", style="plain")
    if rng.random() < 0.5:
        scene["background"] = "deep space"
    return scene


def render(scene, rng, frames=FRAMES, step=STEP):
    """Paint a video of a scene, uint8 (frames, 128, 128, 3); the planet turns by `step` degrees a frame."""
    back, planet, video = space(scene["background"], rng, scale=2), space_planet(scene, rng), []
    for frame in range(frames):
        canvas, chance = Canvas(back.pixels, back.scale), copy.deepcopy(rng)  # each frame has the same chance
        planet.paint(canvas, chance, turn=np.radians(step * frame))
        moons(canvas, scene["moons"], planet, np.random.default_rng(chance.integers(2**31)))
        video.append(finished(canvas, "plain", rng, SIZE))
    return np.stack(video)


def draw(seed):
    """(video, scene) of a seed: uint8 (FRAMES, 128, 128, 3) and the scene's attributes."""
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng)
    return render(scene, rng), scene


def giant(kind, colour=None):
    """The scene of a giant planet alone in deep space."""
    scene = {
        "view": "space",
        "style": "plain",
        "kind": kind,
        "size": "giant",
        "rings": "no rings",
        "moons": "no moons",
        "background": "deep space",
    }
    return scene | {"colour": colour} if colour else scene
