"""The three styles of Pocket Planets: from a canvas to a finished picture, floats in 0–1."""

import numpy as np
from scipy.ndimage import gaussian_filter

from worlds.paintbox import SIZE, box, mix, noise, ramp, rgb

PAPER = np.array([0.985, 0.975, 0.945], np.float32)


def blur(canvas, pixels, radius):
    """Pixels (h, w, ...) of a canvas, blurred; `radius` is a standard deviation in units."""
    return gaussian_filter(pixels, radius * canvas.scale, mode="nearest", truncate=2.5, axes=(0, 1))


def watercolour(canvas, rng):
    """Transparent washes on white paper: light and bright, darker where pigment gathers at their edges."""
    pixels = np.clip(blur(canvas, canvas.pixels, 0.5), 0, 1)
    grey = pixels.mean(-1, keepdims=True)
    wash = 0.20 + 0.80 * np.clip(grey + 1.35 * (pixels - grey), 0, 1) ** 0.62  # strong colours, lifted darks
    wash[..., 2] += 0.10 * (1 - grey[..., 0])  # darks lean to blue, as thin ink does
    wash -= 0.55 * np.maximum(blur(canvas, wash, 2.2) - wash, 0)  # pigment at the darker side of an edge
    wash += (0.05 * noise(rng, 6, 3, len(wash)))[..., None]  # granulation
    wash = mix(wash, rgb(70, 66, 110), 0.42 * canvas.lines)
    frame = box(SIZE / 2, SIZE / 2, 61.5, 61.5, 7).distance(canvas.X, canvas.Y)
    frame += 1.4 * noise(rng, 7, points=len(wash))
    painted = canvas.cover(frame, 1.2)
    rim = 0.10 * np.exp(-((frame / 1.6) ** 2))
    return mix(PAPER, np.clip(wash, 0, 1) * PAPER, painted) - (painted * rim)[..., None]


def sketch(canvas, rng):
    """Pencil on white paper: firm outlines, and hatching where it is dark."""
    tone = blur(canvas, canvas.pixels, 0.7) @ np.array([0.3, 0.59, 0.11], np.float32)
    dark = np.maximum(ramp(1 - np.clip(tone, 0, 1) ** 0.6, 0.15, 0.80), canvas.shading)
    # Strokes repeat every eight units, the side of a latent, so that an autoencoder can carry them
    hatching = dark * (0.22 + 0.38 * (0.5 + 0.5 * np.cos((canvas.X + canvas.Y) * (2 * np.pi / 8))))
    grain = 0.94 + 0.12 * noise(rng, 8, points=len(tone))
    pencil = np.maximum(0.72 * hatching, 0.92 * canvas.lines * grain)
    return mix(PAPER, rgb(58, 58, 66), np.clip(pencil, 0, 1))


STYLES = {"plain": lambda canvas, rng: canvas.pixels, "watercolour": watercolour, "sketch": sketch}


def finished(canvas, style, rng, size):
    """The canvas in a style, averaged down to `size` pixels a side: uint8 (size, size, 3)."""
    pixels = np.clip(STYLES[style](canvas, rng), 0, 1)
    step = len(pixels) // size
    return (pixels.reshape(size, step, size, step, 3).mean((1, 3)) * 255).round().astype(np.uint8)
