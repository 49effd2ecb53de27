"""The paint box: a canvas of any size, shapes as signed distances, and smooth noise.

A picture is 128 units wide, whatever its size in pixels, so that a scene can be painted small for training
and large to look at. A shape is a box that holds it, for speed, and a function of the distance to its edge,
negative inside, as in Inigo Quilez' articles (https://iquilezles.org/articles/distfunctions2d/).
"""

from collections import namedtuple
from functools import cache

import numpy as np
from scipy.interpolate import BSpline
from scipy.ndimage import map_coordinates

SIZE = 128  # units across a picture


def rgb(r, g, b):
    """A colour from 0–255 numbers, as floats in 0–1."""
    return np.array([r, g, b], np.float32) / 255


def mix(first, second, share):
    """`first` where `share` (h, w) is 0, `second` where it is 1; colours are (3,) or (h, w, 3)."""
    return first + share[..., None] * (second - first)


def ramp(values, start, end):
    """0 below `start`, 1 above `end`, and smooth between."""
    t = np.clip((values - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def dot(first, second):
    """The dot product of two vectors, each a few numbers or arrays of one shape."""
    return sum(a * b for a, b in zip(first, second))


def scattered(candidates, count, apart):
    """A list of the first `count` candidates, from an iterator, that are `apart` from all those before."""
    chosen = []
    while len(chosen) < count and (one := next(candidates, None)):
        if all(apart(one, other) for other in chosen):
            chosen.append(one)
    return chosen


# (left, top, right, bottom), and a function of arrays X and Y; all in units, y pointing down
Shape = namedtuple("Shape", ["box", "distance"])


def disc(x, y, radius):
    """A disc around (x, y)."""
    return ellipse(x, y, radius, radius)


def ellipse(x, y, rx, ry):
    """An ellipse around (x, y); the distance is exact for a disc, and near the edge of any other."""

    def distance(X, Y):
        across, down = (X - x) / rx, (Y - y) / ry
        reach = np.hypot(across, down)
        return reach * (reach - 1) / np.maximum(np.hypot(across / rx, down / ry), 1e-6)

    return Shape((x - rx, y - ry, x + rx, y + ry), distance)


def box(x, y, half_width, half_height, corner=0.0):
    """A rectangle around (x, y), its corners rounded with the radius `corner`."""

    def distance(X, Y):
        dx, dy = np.abs(X - x) - half_width + corner, np.abs(Y - y) - half_height + corner
        return np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - corner

    return Shape((x - half_width, y - half_height, x + half_width, y + half_height), distance)


def capsule(x0, y0, x1, y1, half):
    """A line from (x0, y0) to (x1, y1), `half` wide on each side, with round ends."""
    dx, dy = x1 - x0, y1 - y0

    def distance(X, Y):
        along = np.clip(((X - x0) * dx + (Y - y0) * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
        return np.hypot(X - x0 - along * dx, Y - y0 - along * dy) - half

    return Shape((min(x0, x1) - half, min(y0, y1) - half, max(x0, x1) + half, max(y0, y1) + half), distance)


def polygon(*corners):
    """A convex polygon, its corners (x, y) clockwise as they are seen."""

    def distance(X, Y):
        far = -np.inf
        for (a, b), (c, d) in zip(corners, corners[1:] + corners[:1]):
            far = np.maximum(far, ((X - a) * (d - b) - (Y - b) * (c - a)) / np.hypot(c - a, d - b))
        return far

    return Shape((*np.min(corners, 0), *np.max(corners, 0)), distance)


def hills(rng, level, height, cells, octaves=2, steepness=0.5):
    """All that lies below a smooth skyline, which rises up to `height` above `level` in `cells` bumps."""
    line = noise(rng, cells, octaves, axes=1)

    def distance(X, Y):
        share = np.clip(0.5 + steepness * np.interp(X[0], np.linspace(0, SIZE, SIZE), line), 0, 1)
        top = level - height * share
        return (top - Y) / np.hypot(1, np.gradient(top, X[0]))

    return Shape((0, 0, SIZE, SIZE), distance)


def moved(shape, x, y, scale):
    """A shape drawn around (0, 0), at (x, y) and `scale` times as large."""
    box = [start + scale * edge for start, edge in zip((x, y, x, y), shape.box)]
    return Shape(box, lambda X, Y: scale * shape.distance((X - x) / scale, (Y - y) / scale))


def both(first, second):
    """The part of the first shape that lies in the second."""
    return Shape(first.box, lambda X, Y: np.maximum(first.distance(X, Y), second.distance(X, Y)))


@cache
def splines(cells, points):
    """(points, cells + 3): how much each of a row's random numbers counts at each point; cubic B-splines."""
    weights = BSpline.design_matrix(np.linspace(0, cells, points), np.arange(-3, cells + 4), k=3)
    return weights.toarray().astype(np.float32)


def noise(rng, cells, octaves=2, points=SIZE, axes=2):
    """Smooth noise with mean near 0, values mostly in −1…1, shape (points,) * axes; `cells` bumps across."""
    total = 0
    for octave in range(octaves):
        n = cells * 2**octave
        waves = rng.uniform(-1, 1, (n + 3,) * axes).astype(np.float32)
        for _ in range(axes):
            waves = np.tensordot(waves, splines(n, points), (0, 1))
        total = total + waves * (1.9 / 1.9**octave)
    return total


def look_up(texture, *coordinates):
    """The values of a texture, (n,) * axes, at coordinates from −1 to 1, one array for each axis."""
    where = [np.clip(c * 0.5 + 0.5, 0, 1) * (len(texture) - 1) for c in coordinates]
    return map_coordinates(texture, where, order=1, output=np.float32)


@cache
def grid(scale):
    """X and Y of every pixel's middle, in units, for `scale` pixels a unit."""
    middle = ((np.arange(SIZE * scale) + 0.5) / scale).astype(np.float32)
    return np.meshgrid(middle, middle)


class Canvas:
    """A picture in the making: `scale` pixels a unit.

    `pixels` (h, w, 3) are colours in 0–1. `lines` and `shading` (h, w), 0–1, are for the sketch: pencil
    lines, and what it hatches whatever its colour. `discs` has (what, x, y, radius) of each planet and moon.
    """

    def __init__(self, background, scale):
        self.scale, (self.X, self.Y) = scale, grid(scale)
        self.pixels = np.full((*self.X.shape, 3), background, np.float32)
        self.lines, self.shading = np.zeros((2, *self.X.shape), np.float32)
        self.discs = []

    def window(self, shape):
        """(slices, X, Y) of the part of the canvas that holds a shape and two units around it."""
        edges = (np.array(shape.box) + (-2, -2, 3, 3)) * self.scale
        left, top, right, bottom = np.clip(edges, 0, SIZE * self.scale).astype(int)
        window = slice(top, bottom), slice(left, right)
        return window, self.X[window], self.Y[window]

    def cover(self, distance, softness=0.0):
        """How much of each pixel a shape covers, 0–1; the edge is one pixel wide, or `softness` units."""
        return np.clip(0.5 - distance / max(softness, 1 / self.scale), 0, 1)

    def blend(self, colour, share, window=...):
        """Paint `colour`, (3,) or (h, w, 3), where `share` (h, w) says how much."""
        self.pixels[window] = mix(self.pixels[window], colour, share)

    def fill(self, shape, colour, relief=0.0, light=(-0.6, -0.8), within=1.0, outline=True, softness=0.0):
        """Fill a shape with a colour, (3,) or one for each pixel of the shape's window, (h, w, 3).

        `relief` rounds its edges, as seen under a light that comes from direction (x, y); `within`, 0–1 for
        each pixel of the window, leaves parts of it out; `softness`, in units, blurs its edge.
        """
        window, X, Y = self.window(shape)
        distance = shape.distance(X, Y)
        alpha = self.cover(distance, softness) * within
        if relief and min(X.shape) > 1:
            dy, dx = np.gradient(np.maximum(distance, -7.0), 1 / self.scale)
            colour = np.clip(colour * (1 + relief * dot((dx, dy), light))[..., None], 0, 1)
        self.blend(colour, alpha, window)
        stroke = self.cover(np.abs(distance) - 1.1, 0.9) * within * outline
        self.lines[window] = np.maximum(self.lines[window] * (1 - alpha), stroke)
        self.shading[window] *= 1 - alpha

    def glow(self, x, y, radius, colour, strength, reach, far, light=None):
        """Light around a disc, up to `far` from its middle: weaker by a factor of e every `reach` units."""
        window, X, Y = self.window(disc(x, y, far))
        share = strength * np.exp(-np.maximum(np.hypot(X - x, Y - y) - radius, 0) / reach)
        if light is not None:  # stronger on the side that this comes from, a direction (x, y)
            share = share * np.clip(0.55 + 0.45 * (dot((X - x, Y - y), light) / radius), 0.15, 1)
        self.pixels[window] += share[..., None] * colour * (1 - self.pixels[window])
