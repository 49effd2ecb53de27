"""Draw images/trappist-1e-stand-in.png, an ocean world in a red dwarf's light.

    python -m tools.drawings.trappist

It stands in, where there is no network, for NASA/JPL-Caltech's artist's impression of TRAPPIST-1e (cut from
PIA22093).
Nothing of that picture is in it: everything here is smooth noise on a ball. It takes about half a minute.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from worlds.paintbox import mix, ramp

OUT = Path(__file__).parents[2] / "images" / "trappist-1e-stand-in.png"
SIZE = 1024
RADIUS = 0.36 * SIZE
LIGHT = np.array([-0.74, -0.34, 0.58]) / np.linalg.norm([-0.74, -0.34, 0.58])  # from the upper left, in front
SEED = 22093
TURN = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]  # no direction shows in the noise


def rgb(r, g, b):
    return np.array([r, g, b]) / 255


def lattice_noise(points, rng):
    """Perlin's gradient noise in about -1…1 at points (N, 3): random slopes on a 32³ lattice."""
    slopes = rng.normal(size=(32, 32, 32, 3))
    slopes /= np.linalg.norm(slopes, axis=-1, keepdims=True)
    corner = np.floor(points).astype(int)
    inside = points - corner
    share = inside**3 * (inside * (inside * 6 - 15) + 10)  # Perlin 2002, "Improving Noise"
    total = 0
    for offset in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(offset, share, 1 - share), axis=-1)
        total = total + weight * (slopes[tuple((corner + offset).T % 32)] * (inside - offset)).sum(-1)
    return 1.6 * total


def fractal(points, octaves, seed):
    """Octaves of noise, each twice as fine, a little more than half as strong, and turned."""
    rng = np.random.default_rng(seed)
    total = 0
    for octave in range(octaves):
        total = total + 0.54**octave * lattice_noise(points * 2**octave + 7.3 * octave, rng)
        points = points @ TURN
    return total


def warped(points, octaves, strength, seed):
    """Noise whose places are pushed about by other noise: coasts and cloud bands instead of blobs."""
    push = np.stack([fractal(points, 3, seed + axis) for axis in (1, 2, 3)], axis=-1)
    return fractal(points + strength * push, octaves, seed)


def surface(normal):
    """For unit vectors (N, 3) the colours (N, 3) of ground and sea, and how much each shines (N,)."""
    height = warped(normal * 1.7 + 3.1, 9, 0.40, SEED)
    detail = fractal(normal * 14, 4, SEED + 10)
    sea = mix(rgb(6, 36, 74), rgb(28, 106, 150), ramp(height, -0.5, 0.06))  # deep to shallow
    land = mix(rgb(150, 124, 88), rgb(96, 118, 70), ramp(detail, -0.25, 0.3))
    land = mix(land, rgb(192, 168, 136), ramp(height + 0.3 * detail, 0.25, 0.7))
    coast = ramp(height, 0.03, 0.07)
    colour = mix(sea, land, coast)
    cold = np.abs(normal[:, 1]) + 0.10 * height + 0.07 * detail  # caps of ice at the poles
    cold = np.maximum(cold, 0.62 - 0.55 * (normal @ LIGHT) + 0.12 * height)  # and far from the star
    ice = ramp(cold, 0.80, 0.90)
    colour = mix(colour, mix(rgb(188, 212, 226), rgb(244, 249, 252), ramp(detail, -0.4, 0.4)), ice)
    return colour, (1 - coast) * (1 - ice)


def clouds(normal):
    """How much cloud (N,) hides of the surface: bands drawn out along the wind, with whirls in them."""
    bands = normal * np.array([1.7, 2.7, 1.7])
    cover = warped(bands + 11.0, 9, 0.60, SEED + 20) + 0.25 * fractal(normal * 2.2, 3, SEED + 30)
    wisps = 0.75 + 0.5 * fractal(normal * 9 * np.array([1, 2.2, 1]), 5, SEED + 40)
    return 0.94 * np.clip(ramp(cover, -0.02, 0.66) * wisps, 0, 1)


def planet(x, y):
    """Colours (N, 3) of the lit ball at places (N,) on it, from -1 to 1."""
    normal = np.stack([x, y, np.sqrt(np.maximum(1 - x * x - y * y, 0))], axis=-1)
    colour, water = surface(normal)
    cover = clouds(normal)
    shadow = clouds(normal + 0.018 * LIGHT)  # a cloud's shadow falls a little away from the star
    colour = colour * (1 - 0.45 * shadow * (1 - cover))[..., None]
    colour = mix(colour, rgb(252, 250, 247), cover)

    day = normal @ LIGHT
    lit = ramp(day, -0.16, 0.95) ** 0.85
    tint = mix(rgb(255, 150, 92), rgb(255, 247, 236), ramp(day, -0.08, 0.42))  # a long, red evening
    half = LIGHT + [0, 0, 1]
    half = half / np.linalg.norm(half)
    glint = 0.55 * water * (1 - cover) * np.clip(normal @ half, 0, 1) ** 55
    colour = colour * (0.030 + 1.16 * lit[..., None]) * tint + glint[..., None] * rgb(255, 238, 214)

    rim = (1 - normal[:, 2]) ** 3.2 * ramp(day, -0.25, 0.5)  # air, seen edge on
    return mix(colour, rgb(128, 186, 238), 0.80 * rim)


def sky(x, y, rng):
    """Stars, and the air's glow around the ball; x and y (H, W) in radii from the ball's centre."""
    pixels = np.zeros((*x.shape, 3)) + rgb(5, 6, 12)
    for _ in range(230):
        place, bright = rng.uniform(7, SIZE - 7, 2), rng.uniform(0.1, 1) ** 3
        left, top = place.astype(int) - 6
        patch = np.s_[top : top + 13, left : left + 13]
        away = np.hypot(*(np.mgrid[patch] + 0.5 - place[::-1, None, None]))
        colour = mix(rgb(255, 214, 178), rgb(200, 220, 255), rng.uniform(0, 1, (1, 1)))
        pixels[patch] += bright * np.exp(-((away / 1.25) ** 2))[..., None] * colour
    distance = np.hypot(x, y)
    toward = (x * LIGHT[0] + y * LIGHT[1]) / np.maximum(distance, 1e-6)
    glow = 0.75 * np.exp(-np.maximum(distance - 1, 0) * 34) * ramp(toward, -0.35, 0.9)
    return pixels + glow[..., None] * rgb(104, 168, 232) * (1 - pixels)


def draw():
    """The whole picture, uint8, shape (SIZE, SIZE, 3)."""
    y, x = (np.mgrid[0:SIZE, 0:SIZE] + 0.5 - SIZE / 2) / RADIUS
    pixels = sky(x, y, np.random.default_rng(SEED))
    distance = np.hypot(x, y)
    on_ball = distance < 1 + 1 / RADIUS
    shrink = np.minimum(1, 0.9999 / distance[on_ball])
    ball = planet(x[on_ball] * shrink, y[on_ball] * shrink)
    edge = np.clip((1 - distance[on_ball]) * RADIUS + 0.5, 0, 1)  # one soft pixel
    pixels[on_ball] = mix(pixels[on_ball], ball, edge)
    return (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)


def main():
    Image.fromarray(draw()).save(OUT, optimize=True)
    print(f"images/{OUT.name}: {OUT.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
