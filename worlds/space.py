"""The space views of Pocket Planets: stars and nebulae, planets with rings, moons.

No detail is thinner than three units: an autoencoder that makes pictures eight times smaller loses those.
"""

from math import dist

import numpy as np

from worlds.paintbox import SIZE, Canvas, Shape, disc, dot, look_up, mix, noise, ramp, rgb, scattered
from worlds.surfaces import COLOURS, KINDS

# How far a planet's middle may lie from the picture's, its smallest and its largest radius
SIZES = {"small": (16, 17.5, 19.5), "medium": (9, 27, 30), "giant": (3, 41, 45)}
NEBULAE = {
    "purple nebula": (rgb(42, 20, 78), rgb(150, 56, 190), rgb(244, 130, 205)),
    "blue nebula": (rgb(10, 30, 84), rgb(30, 104, 204), rgb(110, 215, 235)),
    "orange nebula": (rgb(70, 28, 24), rgb(205, 92, 34), rgb(252, 196, 92)),
}
MOONS = ("no moons", "one moon", "two moons", "three moons")
MORE_MOONS, BROKEN_RINGS = "four or more moons", "broken rings"  # faults, drawn for the judge alone
RING, RING_EDGE = rgb(226, 238, 248), rgb(64, 74, 104)


def stars(canvas, rng, count, lowest=SIZE):
    """Soft stars with a halo, well apart from each other, down to y = `lowest`."""
    places = rng.uniform(5, (SIZE - 5, lowest), (20 * count, 2)).tolist()
    for x, y in scattered(iter(places), count, lambda one, other: dist(one, other) > 18):
        window, X, Y = canvas.window(disc(x, y, 7))
        near = (X - x) ** 2 + (Y - y) ** 2
        bright = np.exp(-near / (2 * 1.35**2)) + 0.22 * np.exp(-near / (2 * 3.2**2))
        canvas.blend(rgb(255, 250, 236), np.minimum(rng.uniform(0.75, 1) * bright, 1), window)


def space(background, rng, scale):
    """Deep space, or a nebula: warped noise with bright cores and dark lanes; and stars."""
    canvas = Canvas(rgb(13, 17, 43), scale)
    if background in NEBULAE:
        dark, cloud, core = NEBULAE[background]
        u, v = canvas.X / (SIZE / 2) - 1, canvas.Y / (SIZE / 2) - 1
        u, v = [along + look_up(0.22 * noise(rng, 2, 1), u, v) for along in (u, v)]  # warped
        density = 0.55 + 0.5 * look_up(noise(rng, 2, 3), v, u)
        lanes = ramp(np.abs(look_up(noise(rng, 2, 1), v, u)), 0.0, 0.20)
        canvas.blend(dark, ramp(density, 0.0, 0.45))
        canvas.blend(cloud, ramp(density, 0.18, 0.85) * (0.35 + 0.65 * lanes))
        canvas.blend(core, 0.9 * ramp(density, 0.66, 1.3) * lanes)
    stars(canvas, rng, 8)
    return canvas


class Planet:
    """A scene's planet: x, y and radius in units; `light`, a unit vector, points to its star, z to us."""

    def __init__(self, scene, x, y, radius, light, rng):
        self.surface, air = KINDS[scene["kind"]]
        self.colour = np.clip(COLOURS[scene.get("colour", "grey")] * rng.uniform(0.95, 1.05), 0, 1)
        self.air = np.minimum(self.colour * 0.7 + 0.25, 1) if air is None else air
        self.x, self.y, self.radius, self.rings, self.light = x, y, radius, scene["rings"], light
        self.tilt, self.lean = rng.uniform(-0.3, 0.3), rng.uniform(-0.38, 0.38)
        # The rings' width from us over their length: those of a small planet are seen from higher up
        self.squeeze = rng.uniform(0.26, 0.36) * (1.35 if radius < 25 else 1)

    def paint(self, canvas, rng, turn=0.0):
        """Paint the planet turned to the right by `turn` radians; the same `rng` paints the same surface."""
        x, y, radius = self.x, self.y, self.radius
        canvas.discs.append(("planet", x, y, radius))
        ball = disc(x, y, radius)
        window, X, Y = canvas.window(ball)
        pixels, lines, shading = self.look((X - x) / radius, (Y - y) / radius, rng, turn)
        if self.rings != "no rings":
            ring, across, front, back = self.ring(canvas, rng)
            canvas.fill(ring, back, within=canvas.cover(across))
        canvas.glow(x, y, radius, self.air, 0.6, 0.08 * radius + 1.2, 1.6 * radius, self.light)
        canvas.fill(ball, pixels)
        inside = canvas.cover(ball.distance(X, Y) + 1)
        canvas.lines[window] = np.maximum(canvas.lines[window], 0.75 * inside * lines)
        canvas.shading[window] = np.maximum(canvas.shading[window], inside * shading)
        if self.rings != "no rings":
            canvas.fill(ring, front, within=canvas.cover(-across))

    def look(self, x, y, rng, turn):
        """(colours, lines, shading) of the lit ball; `x` and `y` are in radii from its middle."""
        inside = 1 / np.maximum(1, np.hypot(x, y))
        x, y = x * inside, y * inside
        z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
        own, light = self.own(x, y, z, turn), self.own(*self.light, turn)
        coarse, fine = max(1, 28 / self.radius), 1.5 / self.radius
        pixels, lines, shading, glow = self.surface(own, light, self.colour, coarse, fine, rng)
        lit = dot((x, y, z), self.light)
        pixels = pixels * (0.24 + 0.82 * ramp(lit, -0.35, 0.95))[..., None]
        if glow:
            pixels = mix(pixels, glow[0], glow[1] * (0.80 + 0.20 * ramp(lit, -0.4, 0.6)))
        haze = (0.55 * (1 - z) ** 3)[..., None] * self.air
        return np.clip(pixels + haze * (1 - pixels), 0, 1), lines, shading

    def own(self, x, y, z, turn):
        """A vector of the picture's frame in the planet's own."""
        x, y = x * np.cos(self.tilt) + y * np.sin(self.tilt), y * np.cos(self.tilt) - x * np.sin(self.tilt)
        return x * np.cos(turn) - z * np.sin(turn), y, z * np.cos(turn) + x * np.sin(turn)

    def flat(self, x, y):
        """Along the rings, and across them as if seen from above, in units from the planet's middle."""
        cos, sin = np.cos(self.lean), np.sin(self.lean)
        x, y = x - self.x, y - self.y
        return x * cos + y * sin, (y * cos - x * sin) / self.squeeze

    def ring(self, canvas, rng):
        """(shape, distance across, colours of the half in front, of the half behind with its shadow)."""
        half = max(6.0, 0.20 * self.radius)
        middle = 1.22 * self.radius + 3 + half
        ring = disc(self.x, self.y, middle + half)
        _, X, Y = canvas.window(ring)
        u, v = self.flat(X, Y)
        reach = np.hypot(u, v)
        # How many units of the ring are one of the picture
        slope = np.maximum(np.hypot(u, v / self.squeeze) / np.maximum(reach, 1), 1)
        distance = (np.abs(reach - middle) - half) / slope
        for _ in range(rng.integers(2, 5) if self.rings == BROKEN_RINGS else 0):
            bite, wide = rng.uniform(-0.5, np.pi + 0.5), rng.uniform(0.25, 0.6) * self.radius
            away = np.hypot(u - middle * np.cos(bite), v - middle * np.sin(bite))
            distance = np.maximum(distance, wide - away)
        reach = (reach - middle) / half
        edge = ramp((1 - np.abs(reach)) * half / slope, 1.6, 0.5)
        pixels = mix(RING, RING * 0.70, ramp(np.cos(reach * 1.5 * np.pi), 0.3, 1.0) * (half > 7))
        behind = -u * (self.light[0] * np.cos(self.lean) + self.light[1] * np.sin(self.lean)) > 0
        aside = np.abs(u + np.sign(self.light[0]) * 0.55 * self.radius)
        shade = 0.55 * ramp(aside, 0.75 * self.radius, 0.45 * self.radius) * behind
        front, back = (mix(p, RING_EDGE, edge) for p in (pixels, pixels * (1 - shade)[..., None]))
        return Shape(ring.box, lambda X, Y: distance), v, front, back


def moons(canvas, moons, planet, rng):
    """Pale moons that touch neither the planet nor its rings nor each other nor the edge."""
    count, apart = (rng.integers(4, 8), 22) if moons == MORE_MOONS else (MOONS.index(moons), 32)

    def places():
        for attempt in range(1000):
            x, y, r = *rng.uniform(13.5, SIZE - 13.5, 2), rng.uniform(9, 10.5)
            clear = np.hypot(x - planet.x, y - planet.y) > planet.radius + r + 4
            if planet.rings != "no rings" and attempt < 700:
                clear &= np.hypot(*planet.flat(x, y)) > 1.62 * planet.radius + 17 + r
            if clear:
                yield x, y, r

    for x, y, r in scattered(places(), count, lambda one, other: dist(one[:2], other[:2]) > apart):
        moon(canvas, x, y, r, planet.light, rng)


def moon(canvas, x, y, r, light, rng):
    """One moon with a large and a small spot."""
    ball = disc(x, y, r)
    _, X, Y = canvas.window(ball)
    nx, ny = (X - x) / r, (Y - y) / r
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, 1))
    grey = 0.42 + 0.60 * ramp(dot((nx, ny, nz), light), -0.35, 0.9)
    for size in (0.42, 0.26):
        a, b = rng.uniform(-0.5, 0.5, 2)
        grey = grey * (1 - 0.14 * ramp(np.hypot(nx - a, ny - b), size, 0.6 * size))
    canvas.discs.append(("moon", x, y, r))
    canvas.glow(x, y, r, rgb(120, 120, 140), 0.18, reach=0.25 * r, far=2.25 * r)
    canvas.fill(ball, np.clip(grey[..., None] * rgb(240, 238, 228), 0, 1))


def space_view(scene, rng, scale):
    """The canvas of a space view, `scale` pixels a unit; a sketch is on white."""
    canvas = Canvas(1.0, scale) if scene["style"] == "sketch" else space(scene["background"], rng, scale)
    planet = space_planet(scene, rng)
    planet.paint(canvas, rng)
    moons(canvas, scene["moons"], planet, rng)
    return canvas


def space_planet(scene, rng):
    """The planet of a space view, lit from the upper left or right."""
    light = np.array([0.70 * rng.choice([-1, 1]), -0.44, 0.64])
    light /= np.linalg.norm(light)
    room, smallest, largest = SIZES[scene["size"]]
    x, y = SIZE / 2 + rng.uniform(-room, room, 2)
    return Planet(scene, x, y, rng.uniform(smallest, largest), light, rng)
