"""Measuring whether a video holds together, and whether the planet in it turns.

A video is a list of PIL pictures, its frames, one after the other.
"""

import numpy as np

from helpers.errors import InputError, check_array, check_pictures
from worlds import space

SHIFTS = np.arange(-45, 46, 1.5)  # degrees a frame that `likeness` tries
TILTS = range(-20, 21, 10)  # degrees that it lets the planet's axis lean
LATITUDES, LONGITUDES = np.radians(np.arange(-30, 31, 5)), np.arange(-60, 61, 1.5)  # what it looks at
# Of a giant planet, on average, as parts of the picture's side
CENTRE, RADIUS = 0.5, sum(space.SIZES["giant"][1:]) / 2 / space.SIZE


def change(video):
    """How much a video changes from one frame to the next: mean absolute difference, 0 to 255."""
    frames = _frames(video)
    return float(np.abs(np.diff(frames, axis=0)).mean())


def likeness(video):
    """How alike each frame is to the one before it, turned by each of SHIFTS degrees: correlations, -1 to 1.

    For videos of giant planets without rings, in the middle of the picture: the ball's middle latitudes are
    unrolled into a map, what is smooth in it (the light) is taken away, and each map is laid over the next,
    shifted in longitude. The axis may lean: the best of TILTS counts. A planet that turns by s degrees a
    frame has its largest value at s; a video that stands still at 0, where it is 1.
    """
    frames = _frames(video)
    if frames.shape[1] != frames.shape[2]:
        raise InputError("The ruler is made for square frames: `read_video` makes them.")
    moving = np.abs(SHIFTS) > 4
    found = [_correlations(_unrolled(frames, np.radians(tilt))) for tilt in TILTS]
    return max(found, key=lambda each: each[moving].max())


def turn(video):
    """(degrees a frame that the planet turns, to the right; how sure that is, as a correlation up to 1)."""
    return top(likeness(video))


def top(found):
    """Where correlations, one for each of SHIFTS, are largest, in degrees, and the largest of them."""
    found = check_array(found, "Correlations", str(len(SHIFTS)))
    best = int(np.clip(np.argmax(found), 1, len(found) - 2))
    before, middle, after = found[best - 1 : best + 2]
    bend = before - 2 * middle + after
    offset = 0.5 * (before - after) / bend if bend < 0 else 0.0  # the top of the parabola through the three
    return float(SHIFTS[best] + offset * (SHIFTS[1] - SHIFTS[0])), float(np.max(found))


def _frames(video):
    """The frames as an array (F, H, W, 3). Raise InputError unless they are two RGB pictures or more."""
    pictures = check_pictures(video)
    if len(pictures) < 2:
        raise InputError("A video has two frames or more, and here is one: give the others, too.")
    return np.stack([np.asarray(frame, np.float32) for frame in pictures])


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
