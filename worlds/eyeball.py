"""A kind of planet that the pocket model never saw, for notebook 10 to teach it: the eyeball planet.

Ice all over, but for one open sea where the star stands in the zenith, for ever: such a planet always turns
the same face to its star (Pierrehumbert 2011, The Astrophysical Journal Letters 726, L8). It stands in the
same scenes as the five known kinds: with their sizes, rings, moons, backgrounds and styles.

    python -m worlds.eyeball                 # a contact sheet of 24 pictures, out/eyeball.png
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from worlds import planets as world
from worlds import scenery

WORD = "eyeball"
KIND = f"{WORD} planet"
SEA, DEEP = 0.66, 0.3  # radii of the sea and of its dark middle, in radians seen from the planet's centre


def eyeball(normals, colour, rng, light):
    """The surface of an eyeball planet, as scenery.KINDS wants it: (128, 128, 3) for normals and a colour."""
    nx, ny, nz = normals
    centre = light + (0, 0, rng.uniform(0.9, 1.5))  # nearer to us than the star's zenith, to be seen whole
    centre /= np.linalg.norm(centre)
    away = np.arccos(np.clip(nx * centre[0] + ny * centre[1] + nz * centre[2], -1, 1))
    away = away + 0.05 * scenery.wrapped(scenery.noise(rng, 6), nx, ny)
    grain = np.clip(0.6 + 0.6 * scenery.wrapped(scenery.noise(rng, 3), nx, ny), 0, 1)
    surface = scenery.mix(scenery.rgb(214, 222, 232), scenery.rgb(252, 252, 255), grain)
    surface = scenery.mix(surface, 0.95 * colour, np.clip((SEA - away) * 14, 0, 1))
    shore = np.clip(1.5 - np.abs(away - SEA) * 20, 0, 1)
    return scenery.mix(surface, 0.16 * colour, np.maximum(0.7 * shore, np.clip((DEEP - away) * 14, 0, 1)))


scenery.KINDS[KIND] = eyeball, None  # among the painters, not among the kinds that training draws at random


def sample_scene(rng):
    """A random scene with an eyeball planet, all else as in training; sketches have no colour."""
    scene = world.sample_scene(rng)
    while scene["view"] != "space" or scene["kind"] != "gas giant":
        scene = world.sample_scene(rng)
    return scene | {"kind": KIND}


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


def main():
    parser = argparse.ArgumentParser(description="Paint a contact sheet of the new kind of planet.")
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--out", type=Path, default=Path("out/eyeball.png"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    pictures, captions, _ = zip(*(draw(seed) for seed in range(args.seed, args.seed + args.count)))
    world.captioned(pictures, captions, columns=8).save(args.out)
    print(f"{args.count} pictures in {args.out}")


if __name__ == "__main__":
    main()
