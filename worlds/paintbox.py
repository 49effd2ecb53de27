"""The paint box of Pocket Planets: a canvas, shapes as signed distances, smooth noise, and three styles.

A shape is an array of signed distances in pixels, negative inside, as in Inigo Quilez' articles on distance
functions (https://iquilezles.org/articles/distfunctions2d/). Its edge is anti-aliased by blending over one
pixel, its outline is where the distance is near 0, and its relief comes from the distance's slope.
"""

import numpy as np
from PIL import Image, ImageFilter

SIZE = 128
Y, X = (np.mgrid[0:SIZE, 0:SIZE] + 0.5).astype(np.float32)
PAPER = np.array([0.97, 0.955, 0.92], np.float32)


def rgb(r, g, b):
    """A colour from 0–255 numbers, as floats in 0–1."""
    return np.array([r, g, b], np.float32) / 255


# Shapes: signed distance in pixels for every pixel, shape (SIZE, SIZE)


def disc(x, y, radius):
    return np.hypot(X - x, Y - y) - radius


def ellipse(x, y, rx, ry):
    """Exact on the axes and close to it elsewhere."""
    return (np.hypot((X - x) / rx, (Y - y) / ry) - 1) * min(rx, ry)


def box(x, y, half_width, half_height, corner=0.0):
    dx = np.abs(X - x) - half_width + corner
    dy = np.abs(Y - y) - half_height + corner
    return np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - corner


def capsule(x0, y0, x1, y1, radius):
    """A line from one point to another, with round ends."""
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((X - x0) * dx + (Y - y0) * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
    return np.hypot(X - x0 - along * dx, Y - y0 - along * dy) - radius


def convex(*corners):
    """A convex polygon, corners clockwise on the screen."""
    distance = np.full((SIZE, SIZE), -np.inf, np.float32)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
        length = np.hypot(x1 - x0, y1 - y0)
        distance = np.maximum(distance, ((X - x0) * (y1 - y0) - (Y - y0) * (x1 - x0)) / length)
    return distance


def below(heights):
    """Everything under a skyline: `heights` gives the y of the line for each column, shape (SIZE,)."""
    slope = np.hypot(1, np.gradient(heights))
    return ((heights - Y) / slope).astype(np.float32)


def cover(distance, softness=0.5):
    """How much of each pixel a shape covers, 0–1."""
    return np.clip(0.5 - distance / (2 * softness), 0, 1)


def noise(rng, cells, octaves=2, size=SIZE, stretch=1):
    """Smooth noise with mean near 0 and values mostly in −1…1, shape (size, size); `cells` bumps across."""
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        n = cells * 2**octave
        grid = rng.uniform(-1, 1, (n + 3, max(n // stretch, 1) + 3)).astype(np.float32)
        grown = Image.fromarray(grid).resize(
            (size + 2 * size // n, size + 2 * size // n), Image.Resampling.BICUBIC
        )
        total += np.asarray(grown)[size // n : size // n + size, size // n : size // n + size] / 1.7**octave
    return total


class Canvas:
    """Pixels in 0–1, shape (SIZE, SIZE, 3), and the pencil lines that the sketch style draws over them."""

    def __init__(self, background):
        self.pixels = np.empty((SIZE, SIZE, 3), np.float32)
        self.pixels[:] = background
        self.lines = np.zeros((SIZE, SIZE), np.float32)

    def blend(self, colour, alpha):
        """Paint `colour` (3,) or (SIZE, SIZE, 3) where `alpha` (SIZE, SIZE) says how much."""
        self.pixels += alpha[..., None] * (colour - self.pixels)

    def fill(self, shape, colour, relief=0.0, light=(-0.6, -0.8), within=None, outline=True):
        """Fill a shape; `relief` rounds its edges as seen under a light that comes from direction (x, y)."""
        alpha = cover(shape)
        if within is not None:
            alpha = alpha * cover(within)
        if relief:
            dy, dx = np.gradient(np.maximum(shape, -6.0))
            brightness = 1 + relief * (dx * light[0] + dy * light[1])
            colour = np.clip(colour * brightness[..., None], 0, 1)
        self.blend(colour, alpha)
        self.lines *= 1 - alpha
        if outline:
            self.lines = np.maximum(
                self.lines, cover(np.abs(shape) - 0.75, 0.7) * (1 if within is None else cover(within))
            )

    def glow(self, x, y, radius, colour, strength=1.0):
        """Light that fades away from a disc."""
        fade = np.exp(-np.maximum(np.hypot(X - x, Y - y) - radius, 0) / (0.55 * radius))
        self.pixels += (strength * fade)[..., None] * colour * (1 - self.pixels)


# Styles: from a canvas to a finished picture, floats in 0–1


def plain(canvas, rng):
    return canvas.pixels


def blur(pixels, radius):
    picture = Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255


def watercolour(canvas, rng):
    """Light washes on paper: lifted darks, strong colours, soft edges with pigment gathered along them."""
    pixels = blur(canvas.pixels, 0.8)
    light = pixels**0.7
    grey = light.mean(-1, keepdims=True)
    wash = 0.16 + 0.84 * np.clip(grey + 1.5 * (light - grey), 0, 1)
    wash[..., 2] += 0.10 * (1 - grey[..., 0])
    pooled = np.abs(wash - blur(wash, 2)).mean(-1, keepdims=True)
    wash = wash - 1.1 * pooled + 0.09 * noise(rng, 5)[..., None]
    frame = box(SIZE / 2, SIZE / 2, 60, 60, 8) + 2.2 * noise(rng, 9)
    painted = cover(frame, 1.5)[..., None]
    return PAPER + painted * (np.clip(wash, 0, 1) * PAPER - PAPER)


def sketch(canvas, rng):
    """Pencil on paper: clean lines, a little tone that follows the light, and a slight tremor of the hand."""
    tone = blur(canvas.pixels, 0.8) @ np.array([0.3, 0.59, 0.11], np.float32)
    shaded = PAPER * (0.50 + 0.50 * np.clip(tone, 0, 1) ** 0.6)[..., None]
    pencil = 0.86 * np.clip(canvas.lines * (0.9 + 0.25 * noise(rng, 8)), 0, 1)
    return shaded * (1 - pencil[..., None]) + pencil[..., None] * rgb(52, 52, 60)


STYLES = {"plain": plain, "watercolour": watercolour, "sketch": sketch}
