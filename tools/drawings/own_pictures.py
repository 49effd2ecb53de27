"""Draw images/own-pictures/, the small folder that stands for a reader's own in notebook 10: zebra planets.

python -m tools.drawings.own_pictures
"""

from pathlib import Path

import numpy as np
from PIL import Image

OUT = Path(__file__).parents[2] / "images" / "own-pictures"
COUNT, SIDE, FINER = 12, 128, 4
SEED = 10


def zebra_planet(rng):
    """A ball with wavy black and white stripes before stars, lit from one side."""
    side = SIDE * FINER
    y, x = np.mgrid[:side, :side] / side - 0.5
    radius, tilt, phase = rng.uniform(0.24, 0.36), rng.uniform(-0.6, 0.6), rng.uniform(0, 6)
    x, y = (x - rng.uniform(-0.06, 0.06)) / radius, (y - rng.uniform(-0.06, 0.06)) / radius
    inside = x**2 + y**2 < 1
    z = np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))
    along, across = np.cos(tilt) * x + np.sin(tilt) * y, np.cos(tilt) * y - np.sin(tilt) * x
    wave = np.sin(9 * np.arcsin(np.clip(across, -1, 1)) + 0.8 * np.sin(3 * along + phase) + phase)
    stripes = np.clip(0.5 + 4 * wave, 0.06, 0.97)
    light = np.clip(rng.choice([-0.6, 0.6]) * x - 0.4 * y + 0.7 * z, 0.2, 1)
    picture = np.full((side, side, 3), (8, 9, 20), float)
    for _ in range(14):
        u, v = rng.integers(0, side - 2 * FINER, 2)
        picture[u : u + FINER, v : v + FINER] = rng.uniform(140, 255)
    picture[inside] = 255 * (stripes * light)[inside, None]
    whole = Image.fromarray(picture.astype(np.uint8))
    return whole.resize((SIDE, SIDE), Image.Resampling.BOX)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    for number in range(1, COUNT + 1):
        zebra_planet(rng).save(OUT / f"a-zebra-planet-in-deep-space-{number:02}.png", optimize=True)


if __name__ == "__main__":
    main()
