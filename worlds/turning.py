"""Turning planets: videos of Pocket Planets' space views in which only the planet turns.

A video is a scene of planets.py, drawn by the same paint box (paintbox.py, scenery.py); but its surface is
drawn once, on a map of longitude and latitude, and each frame looks it up a little farther round. Light,
rings, moons and stars stay where they are. What was seen in the middle moves to the right, as on Earth seen
from space with the north pole up.
"""

import numpy as np

from worlds import planets as world
from worlds.paintbox import SIZE, Canvas, cover, disc, noise, rgb
from worlds.scenery import COLOURS, KINDS, RADII, atmosphere, ball, mix, moons, ring_system, space, sphere

FRAMES, STEP = 8, 10  # frames in a video; degrees that the planet turns from one to the next
SIDE = 384  # of a map: 360° of longitude; the poles take its middle half
SEAM = 1.75  # the longitude, in radians, where the map's ends meet: never seen in the first 170° of turning


def sample_scene(rng):
    """A plain space view, never one of the held-out combinations; half of the nebulae are left out."""
    while True:
        scene = world.sample_scene(rng)
        if scene["view"] == "space" and scene["style"] == "plain":
            break
    if rng.random() < 0.5:
        scene["background"] = "deep space"
    return scene


def map_of(rng, cells, octaves=2, stretch=1):
    """Smooth noise for a whole planet, (SIDE / 2, SIDE); `cells` bumps from pole to pole."""
    return noise(rng, 2 * cells, octaves, SIDE, stretch)[: SIDE // 2]


def look_up(chart, longitude, latitude):
    """The map's values at these places, in radians, between its pixels linearly."""
    u = (longitude - SEAM) % (2 * np.pi) / (2 * np.pi) * (SIDE - 1)
    v = (latitude / np.pi + 0.5) * (SIDE // 2 - 1)
    left, top = np.clip(u.astype(int), 0, SIDE - 2), np.clip(v.astype(int), 0, SIDE // 2 - 2)
    right, low = (u - left)[..., None], (v - top)[..., None]
    around = chart.reshape(*chart.shape[:2], -1)
    upper = around[top, left] * (1 - right) + around[top, left + 1] * right
    lower = around[top + 1, left] * (1 - right) + around[top + 1, left + 1] * right
    return (upper * (1 - low) + lower * low).reshape(longitude.shape + chart.shape[2:])


# Each kind draws its map and returns surface(longitude, latitude, normals, light) -> colours (SIZE, SIZE, 3)


def rocky(rng, colour):
    ground, craters = map_of(rng, 4), []
    for _ in range(rng.integers(12, 17)):
        latitude, longitude = np.arcsin(rng.uniform(-0.85, 0.85)), rng.uniform(-np.pi, np.pi)
        craters.append((longitude, latitude, rng.uniform(0.17, 0.34)))

    def surface(longitude, latitude, normals, light):
        shade = np.clip(0.5 + 0.6 * look_up(ground, longitude, latitude), 0, 1)
        pixels = mix(colour * 0.72, np.minimum(colour * 1.12, 1), shade)
        where = np.cos(latitude), np.sin(latitude)
        for far, high, angle in craters:
            cosine = where[1] * np.sin(high) + where[0] * np.cos(high) * np.cos(longitude - far)
            away = np.arccos(np.clip(cosine, -1, 1)) / angle
            if away.min() > 1.5:
                continue
            dx, dy = np.sin(longitude - far) * where[0] / angle, (latitude - high) / angle
            slope = dx * light[0] + dy * light[1]
            pixels = pixels * (1 - np.clip((1.08 - away) * 6, 0, 1) * (0.30 + 0.22 * slope))[..., None]
            rim = np.exp(-(((away - 1.12) / 0.14) ** 2)) * (0.22 + 0.2 * slope)
            pixels = np.clip(pixels + np.maximum(rim, 0)[..., None], 0, 1)
        return pixels

    return surface


def gas(rng, colour):
    swirls, wide, start = map_of(rng, 4), rng.uniform(7.5, 10), rng.uniform(0, 6)
    first = rng.uniform(-1.0, 0.5)
    spots = [(first - 2.1 * i, rng.uniform(-0.5, 0.5)) for i in range(3)]  # one is always in sight

    def surface(longitude, latitude, normals, light):
        bands = np.sin((latitude + 0.14 * look_up(swirls, longitude, latitude)) * wide + start)
        dark, bright = colour * 0.62, np.minimum(colour * 0.6 + 0.45, 1)
        pixels = mix(dark, bright, np.clip(0.5 + 0.75 * bands, 0, 1))
        for far, high in spots:
            apart = (longitude - far + np.pi) % (2 * np.pi) - np.pi
            spot = np.hypot(apart / 0.28, (latitude - high) / 0.15)
            pixels = mix(pixels, np.minimum(colour * 0.35 + 0.6, 1), np.clip((1.1 - spot) * 4, 0, 1) * 0.8)
        return pixels

    return surface


def ocean(rng, colour):
    land, clouds = map_of(rng, 5), map_of(rng, 8, stretch=3)

    def surface(longitude, latitude, normals, light):
        dry = np.clip(look_up(land, longitude, latitude) * 7 - 1.2, 0, 1)
        ground = mix(rgb(60, 165, 75), rgb(190, 165, 95), np.clip(dry * 1.5 - 0.8, 0, 1))
        cloudy = np.clip(look_up(clouds, longitude, latitude) * 4 - 1.7, 0, 1)
        poles = np.clip((np.abs(np.sin(latitude)) - 0.84) * 14, 0, 1)
        pixels = mix(rgb(25, 90, 200), ground, dry)
        return mix(pixels, rgb(255, 255, 255), np.maximum(0.95 * cloudy, poles))

    return surface


def cracks(field, longitude, latitude, width):
    """Lines where smooth noise crosses zero, 0–1, about `width` pixels wide."""
    seen = look_up(field, longitude, latitude)
    dy, dx = np.gradient(seen)
    return np.clip(width + 0.5 - np.abs(seen) / (np.hypot(dx, dy) + 0.012), 0, 1)


def ice(rng, colour):
    snow, field = map_of(rng, 3), map_of(rng, 5, 1)

    def surface(longitude, latitude, normals, light):
        bright = np.clip(0.6 + 0.6 * look_up(snow, longitude, latitude), 0, 1)
        pixels = mix(rgb(190, 222, 240), rgb(250, 253, 255), bright)
        return mix(pixels, rgb(60, 125, 195), 0.9 * cracks(field, longitude, latitude, 1.3))

    return surface


def lava(rng, colour):
    crust, field = map_of(rng, 5), map_of(rng, 5, 1)

    def surface(longitude, latitude, normals, light):
        dark = np.clip(0.5 + 0.6 * look_up(crust, longitude, latitude), 0, 1)
        return mix(rgb(82, 38, 34), rgb(125, 58, 44), dark)

    surface.glow = lambda longitude, latitude: cracks(field, longitude, latitude, 1.6)
    return surface


SURFACES = {"rocky planet": rocky, "gas giant": gas, "ocean planet": ocean, "ice planet": ice,
            "lava planet": lava}  # fmt: skip


def render(scene, rng, frames=FRAMES, step=STEP):
    """Paint a video of a scene, uint8 (frames, 128, 128, 3); the planet turns by `step` degrees a frame."""
    back = space(scene["background"], rng)
    light = np.array([0.72 * rng.choice([-1, 1]), -0.42, 0.62])
    light /= np.linalg.norm(light)
    radius = rng.uniform(*RADII[scene["size"]])
    room = {"small": 16, "medium": 10, "giant": 3}[scene["size"]]
    x, y = SIZE / 2 + rng.uniform(-room, room, 2)
    kind, colour = scene["kind"], COLOURS[scene.get("colour") or "grey"] * rng.uniform(0.94, 1.06)
    air = np.minimum(colour * 0.7 + 0.25, 1) if KINDS[kind][1] is None else KINDS[kind][1]
    tilt, lean, squeeze = rng.uniform(-0.35, 0.35), rng.uniform(-0.4, 0.4), rng.uniform(0.24, 0.36)
    surface = SURFACES[kind](rng, colour)

    atmosphere(back, air, x, y, radius, light)
    ring_shape, ring_colour, v = ring_system(x, y, radius, lean, squeeze)
    if scene["rings"] == "rings":
        back.fill(ring_shape, ring_colour, within=v)

    normals = nx, ny, nz = sphere(x, y, radius)
    latitude = np.arcsin(np.clip(ny * np.cos(tilt) - nx * np.sin(tilt), -1, 1))
    longitude = np.arctan2(nx * np.cos(tilt) + ny * np.sin(tilt), nz)
    count, moons_seed = int("no one two three".split().index(scene["moons"].split()[0])), rng.integers(2**31)
    video = []
    for frame in range(frames):
        canvas, here = Canvas(0), longitude - np.radians(step * frame)
        canvas.pixels[:] = back.pixels
        shadow = 0.3 if kind == "lava planet" else 0.16
        ball(canvas, x, y, radius, surface(here, latitude, normals, light), normals, light, shadow)
        if kind == "lava planet":
            canvas.blend(rgb(255, 150, 40), cover(disc(x, y, radius - 0.5)) * surface.glow(here, latitude))
        if scene["rings"] == "rings":
            canvas.fill(ring_shape, ring_colour, within=-v)
        moons(canvas, count, x, y, radius, light, np.random.default_rng(moons_seed))
        video.append((np.clip(canvas.pixels, 0, 1) * 255).round().astype(np.uint8))
    return np.stack(video)


def draw(seed, frames=FRAMES, step=STEP):
    """(video, scene) of a seed: uint8 (frames, 128, 128, 3) and the scene's attributes."""
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng)
    return render(scene, rng, frames, step), scene


def giant(kind, colour=None):
    """The scene of a giant planet alone in deep space."""
    scene = {"view": "space", "style": "plain", "kind": kind, "size": "giant", "rings": "no rings",
             "moons": "no moons", "background": "deep space"}  # fmt: skip
    return scene | {"colour": colour} if colour else scene
