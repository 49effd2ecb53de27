"""Clips: showing them, and measuring whether they hold together and whether the planet in them turns.

A clip is a list of PIL pictures, its frames, one after the other.
"""

import io

import numpy as np
from IPython.display import display
from PIL import Image

from helpers.errors import InputError, check_alt
from helpers.models import ROOT
from helpers.plotting import Shown, film_strip, grid

DRAWN = ROOT / "models" / "pocket-clips" / "drawn.webp"
SHIFTS = np.arange(-45, 46, 1.5)  # degrees a frame that `likeness` tries
TILTS = range(-20, 21, 10)  # degrees that it lets the planet's axis lean
LATITUDES, LONGITUDES = np.radians(np.arange(-30, 31, 5)), np.arange(-60, 61, 1.5)  # what it looks at
CENTRE, RADIUS = 0.5, 0.363  # of a giant planet, as parts of the picture's side


def load_drawn():
    """Four clips drawn by code, as those of the training were (128 × 128 pixels, 8 frames): giant planets,
    a red rocky one, an ocean, an ice and a lava planet."""
    pages, frames = Image.open(DRAWN), []
    for i in range(pages.n_frames):
        pages.seek(i)
        page, side = pages.convert("RGB"), pages.height
        frames.append([page.crop((x, 0, x + side, side)) for x in range(0, page.width, side)])
    return [list(clip) for clip in zip(*frames)]


def show_clips(clips, titles, alt, columns=4, frames_per_second=6, side=192):
    """Play clips of equally many frames together, over and over, each under its title.

    Paper shows the first frame only: let `film_clip` stand beside it.
    """
    check_alt(alt)
    if len({len(clip) for clip in clips}) != 1 or len(clips[0]) < 2:
        raise InputError("Clips that play together need equally many frames, at least two.")
    pages = []
    for pictures in zip(*clips):
        page = grid(pictures, titles, columns)
        width = min(columns, len(clips)) * side
        pages.append(page.resize((width, page.height * width // page.width), Image.LANCZOS))
    packed = io.BytesIO()
    pages[0].save(packed, "WEBP", save_all=True, append_images=pages[1:], loop=0, quality=75, method=4,
                  duration=round(1000 / frames_per_second))  # fmt: skip
    display(Shown(packed.getvalue(), "webp", pages[0].width, alt))


def film_clip(clips, labels, alt):
    """Show clips as film strips: a row each, a column a frame."""
    film_strip(clips, labels, [f"frame {i + 1}" for i in range(len(clips[0]))], alt)


def change(clip):
    """How much a clip changes from one frame to the next: mean absolute difference, 0 to 255."""
    frames = np.stack([np.asarray(frame, np.float32) for frame in clip])
    return float(np.abs(np.diff(frames, axis=0)).mean())


def likeness(clip):
    """How alike each frame is to the one before it, turned by each of SHIFTS degrees: correlations, -1 to 1.

    For clips of giant planets without rings, in the middle of the picture: the ball's middle latitudes are
    unrolled into a map, what is smooth in it (the light) is taken away, and each map is laid over the next,
    shifted in longitude. The axis may lean: the best of TILTS counts. A planet that turns by s degrees a
    frame has its largest value at s; a clip that stands still at 0, where it is 1.
    """
    frames = np.stack([np.asarray(frame, np.float32) for frame in clip])
    moving = np.abs(SHIFTS) > 4
    found = [_correlations(_unrolled(frames, np.radians(tilt))) for tilt in TILTS]
    return max(found, key=lambda each: each[moving].max())


def turn(clip):
    """(degrees a frame that the planet turns, to the right; how sure that is, as a correlation up to 1)."""
    return top(likeness(clip))


def top(found):
    """Where correlations, one for each of SHIFTS, are largest, in degrees, and the largest of them."""
    best = int(np.clip(np.argmax(found), 1, len(found) - 2))
    before, middle, after = found[best - 1 : best + 2]
    bend = before - 2 * middle + after
    offset = 0.5 * (before - after) / bend if bend < 0 else 0.0  # the top of the parabola through the three
    return float(SHIFTS[best] + offset * (SHIFTS[1] - SHIFTS[0])), float(np.max(found))


def _unrolled(frames, tilt):
    """Frames (F, H, W, 3) of a giant planet -> maps (F, latitudes, longitudes, 3) without what is smooth."""
    side = frames.shape[1]
    longitude, latitude = np.meshgrid(np.radians(LONGITUDES), LATITUDES)
    across, down = np.cos(latitude) * np.sin(longitude), np.sin(latitude)
    x = CENTRE + RADIUS * (across * np.cos(tilt) - down * np.sin(tilt))
    y = CENTRE + RADIUS * (across * np.sin(tilt) + down * np.cos(tilt))
    maps = frames[:, (y * side).astype(int), (x * side).astype(int)]
    window = np.hanning(41)
    smooth = np.apply_along_axis(lambda row: np.convolve(row, window, "same"), 2, maps)
    return maps - smooth / np.convolve(np.ones(maps.shape[2]), window, "same")[:, None]


def _correlations(maps):
    found = []
    for shift in np.round(SHIFTS / 1.5).astype(int):
        first, second = maps[:-1], maps[1:]
        if shift >= 0:
            first, second = first[:, :, : maps.shape[2] - shift], second[:, :, shift:]
        else:
            first, second = first[:, :, -shift:], second[:, :, :shift]
        scale = np.sqrt((first**2).sum() * (second**2).sum())
        found.append((first * second).sum() / max(scale, 1e-9))
    return np.array(found)
