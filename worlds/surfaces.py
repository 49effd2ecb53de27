"""The surfaces of Pocket Planets' kinds of planets.

Each is a function (normals, light, colour, coarse, fine, rng) -> (colours, lines, shading, glow). `normals`
are the unit vectors of each pixel, three arrays (h, w), in the planet's own frame, its axis along y, so that
it can turn under its light; `light` is where that comes from. `coarse`, 1 or more, makes details fewer and
larger: a small planet's are no finer than a large one's. `colours` (h, w, 3) are not lit yet; `lines`,
`fine` radii wide, and `shading`, 0–1, are what a sketch shows in their place; `glow` is (colours, share) of
what shines by itself, or None. Colours are told apart on a projector and by colour-blind readers.
"""

import numpy as np

from worlds.paintbox import dot, look_up, mix, noise, ramp, rgb, scattered

COLOURS = {
    "red": rgb(208, 48, 44),
    "orange": rgb(240, 132, 36),
    "yellow": rgb(242, 212, 72),
    "green": rgb(66, 176, 82),
    "blue": rgb(52, 112, 230),
    "purple": rgb(142, 72, 206),
    "pink": rgb(244, 138, 190),
    "grey": rgb(152, 152, 158),
}


def ball_noise(rng, cells, octaves=2):
    """Smooth noise for the surface of a ball, a function of its normals; `cells` bumps across."""
    texture = noise(rng, cells, octaves, points=40, axes=3)
    return lambda normals: look_up(texture, *normals)


def angle_to(normals, centre):
    """The angle between unit vectors and another one, in radians."""
    return np.arccos(np.clip(dot(normals, centre), -1, 1))


def stroke(away, fine):
    """A pencil line, 0–1, where `away` is near 0: `fine` wide on each side."""
    return ramp(np.abs(away), fine, 0.4 * fine)


def far_from(normals, field, level=0.0):
    """How far each place is from the line where the field has this level, in radii of the planet; about."""
    value = field(normals)
    slopes = [(field([n + s for n, s in zip(normals, step)]) - value) / 0.02 for step in 0.02 * np.eye(3)]
    outward = dot(slopes, normals)
    steep = np.sqrt(np.maximum(dot(slopes, slopes) - outward**2, 0))
    return np.abs(value - level) / (steep + 0.4)


def rocky(normals, light, colour, coarse, fine, rng):
    """Light and dark plains, and craters with a shaded bowl and a bright rim, all round the planet."""

    def place():
        east, south = rng.uniform(-np.pi, np.pi), np.arcsin(rng.uniform(-0.9, 0.9))  # radians from the middle
        centre = np.cos(south) * np.sin(east), np.sin(south), np.cos(south) * np.cos(east)
        return centre, coarse * rng.uniform(0.20, 0.36)

    def apart(one, other):
        return angle_to(one[0], other[0]) > 1.15 * (one[1] + other[1])

    plains = ball_noise(rng, round(4 / coarse))
    pixels = mix(colour * 0.74, np.minimum(colour * 1.1 + 0.04, 1), ramp(plains(normals), -0.7, 0.7))
    lines = shading = 0.0
    for centre, wide in scattered(iter(place, None), round(11 / coarse**2), apart):
        if centre[2] >= -0.5:  # not behind the planet
            away = angle_to(normals, centre) / wide
            toward = np.clip(dot([n - c for n, c in zip(normals, centre)], light) / wide, -1, 1)
            bowl = ramp(away, 1.02, 0.88) * (0.30 + 0.20 * toward)
            rim = np.exp(-(((away - 1.08) / (0.16 * coarse)) ** 2)) * (0.16 - 0.16 * toward)
            pixels = pixels * (1 - bowl)[..., None] + rim[..., None]
            lines = np.maximum(lines, ramp(np.abs(away - 1) * wide, 1.2 * fine, 0.4 * fine))
            shading = np.maximum(shading, 0.9 * ramp(away, 1, 0.8))
    return np.clip(pixels, 0, 1), lines, shading, None


def gas(normals, light, colour, coarse, fine, rng):
    """Soft bands along the latitudes, and a storm that is seen from every side."""
    swirl, wide, start = ball_noise(rng, 3), rng.uniform(8, 10) / coarse, rng.uniform(0, 6)
    first, height = rng.uniform(-0.5, 0.5), rng.uniform(0.2, 0.45) * rng.choice([-1, 1])
    longitude, latitude = np.arctan2(normals[0], normals[2]), np.arcsin(np.clip(normals[1], -1, 1))
    bands = np.sin((latitude + 0.10 * swirl(normals)) * wide + start)
    pixels = mix(colour * 0.66, np.minimum(colour * 0.62 + 0.42, 1), ramp(bands, -0.8, 0.8))
    lines = ramp(np.abs(bands), 9 * fine, 3 * fine)
    for storm in (first, first - 2.1, first + 2.1):
        apart = (longitude - storm + np.pi) % (2 * np.pi) - np.pi
        away = np.hypot(apart * np.cos(height) / 0.34, (latitude - height) / 0.19) / coarse
        pixels = mix(pixels, colour * 0.5, 0.8 * ramp(np.abs(away - 1), 0.32, 0))
        pixels = mix(pixels, np.minimum(colour * 0.3 + 0.66, 1), ramp(away, 1, 0.8))
        lines = np.where(away < 1.15, ramp(np.abs(away - 1), 5 * fine, 2 * fine), lines)
    return pixels, lines, 0.0, None


def ocean(normals, light, colour, coarse, fine, rng):
    """Green and sandy continents with smooth coasts, white clouds and poles, and a glint on the sea."""
    height, weather = ball_noise(rng, round(4 / coarse)), ball_noise(rng, round(4 / coarse))
    land = height(normals) - 0.04
    dry = ramp(land, -0.05, 0.05)
    ground = mix(rgb(58, 166, 72), rgb(206, 178, 104), ramp(land, 0.22, 0.5))
    sea = mix(rgb(24, 84, 196), rgb(52, 150, 226), ramp(land, -0.45, -0.02))
    half = np.array(light) + (0, 0, 1)
    glint = np.clip(dot(normals, half / np.linalg.norm(half)), 0, 1) ** 40
    pixels = mix(mix(sea, rgb(255, 255, 255), 0.75 * glint), ground, dry)
    white = np.maximum(ramp(weather(normals), 0.42, 0.62), ramp(np.abs(normals[1]), 0.82, 0.90))
    lines = ramp(white, 0.5, 0) * stroke(far_from(normals, height, 0.04), fine)
    return mix(pixels, rgb(252, 254, 255), 0.95 * white), lines, 0.8 * (1 - dry) * (1 - white), None


def ice(normals, light, colour, coarse, fine, rng):
    """White plains under blue cracks."""
    snow, field = ball_noise(rng, 3), ball_noise(rng, round(5 / coarse), 1)
    pixels = mix(rgb(176, 214, 238), rgb(250, 253, 255), ramp(snow(normals), -0.6, 0.5))
    away = far_from(normals, field) / coarse
    pixels = mix(pixels, rgb(52, 120, 200), 0.9 * ramp(away, 0.085, 0.045))
    return pixels, stroke(away - 0.06, fine), 0.0, None


def lava(normals, light, colour, coarse, fine, rng):
    """Dark crust with few wide cracks that glow by themselves."""
    crust, field = ball_noise(rng, round(4 / coarse)), ball_noise(rng, round(4 / coarse), 1)
    pixels = mix(rgb(74, 36, 36), rgb(128, 62, 48), ramp(crust(normals), -0.7, 0.7))
    away = far_from(normals, field) / coarse
    wide, narrow = ramp(away, 0.20, 0.09), ramp(away, 0.11, 0.05)
    glow = mix(rgb(228, 66, 20), rgb(255, 196, 64), narrow), np.maximum(0.75 * wide, narrow)
    return pixels, stroke(away - 0.13, fine), 1.5 * ramp(away, 0.11, 0.15), glow


def eyeball(normals, light, colour, coarse, fine, rng):
    """Ice around one open sea, where the star stands in the zenith: for eyeball.py."""
    nearer, waves, grain = rng.uniform(0.9, 1.5), ball_noise(rng, 6), ball_noise(rng, 3)
    sea, deep = 0.66, 0.3  # radii, in radians seen from the planet's centre
    centre = np.array(light) + (0, 0, nearer)  # nearer to us than the star's zenith, to be seen whole
    away = angle_to(normals, centre / np.linalg.norm(centre)) + 0.05 * waves(normals)
    wet, dark = ramp(away, sea + 0.035, sea - 0.035), ramp(away, deep + 0.035, deep - 0.035)
    shore = 0.7 * ramp(np.abs(away - sea), 0.075, 0.025)
    pixels = mix(rgb(214, 222, 232), rgb(252, 252, 255), ramp(grain(normals), -0.7, 0.7))
    pixels = mix(mix(pixels, 0.95 * colour, wet), 0.16 * colour, np.maximum(shore, dark))
    lines = np.maximum(stroke(away - sea, fine), stroke(away - deep, fine))
    return pixels, lines, np.maximum(0.6 * wet, 1.5 * ramp(away, deep + 0.03, deep - 0.03)), None


# (surface, colour of the air where that is not the planet's); training draws the first five at random
KINDS = {
    "rocky planet": (rocky, None),
    "gas giant": (gas, None),
    "ocean planet": (ocean, rgb(130, 190, 255)),
    "ice planet": (ice, rgb(190, 225, 255)),
    "lava planet": (lava, rgb(255, 120, 50)),
    "eyeball planet": (eyeball, None),
}
