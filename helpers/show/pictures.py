"""Pictures from files: opened as the model takes them, and TRAPPIST-1e."""

import io
import math
import os
import warnings
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from PIL import Image, ImageOps, UnidentifiedImageError

from helpers.errors import InputError, check_flag, check_size, shown
from helpers.show.plotting import IMAGES

# TRAPPIST-1e alone, cut from NASA/JPL-Caltech's PIA22093, which shows all seven planets; public domain.
TRAPPIST_1E = "https://upload.wikimedia.org/wikipedia/commons/3/38/TRAPPIST-1e_artist_impression_2018.png"
STAND_IN = IMAGES / "trappist-1e-stand-in.png"  # drawn by tools/drawings/trappist.py


def open_picture(path_or_picture, size, background="white"):
    """An RGB picture of a size that the model takes, from a file or from any PIL picture.

    `size` is a side in pixels, or (width, height). What sticks out is cut off on both sides alike; what is
    transparent shows `background`; what the camera turned is turned back; 16-bit grey keeps its greys. Raises
    InputError for a file that is missing or no picture, and for a size that can't work.
    """
    width, height = _sides(size)
    picture = path_or_picture if isinstance(path_or_picture, Image.Image) else _read(path_or_picture)
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        picture = _eight_bits(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        try:
            behind = Image.new("RGBA", picture.size, background)
        except (ValueError, TypeError) as error:
            colour = shown(background)
            raise InputError(f'{colour} is no colour that Pillow knows: take one such as "white".') from error
        picture = Image.alpha_composite(behind, picture)
    return ImageOps.fit(picture.convert("RGB"), (width, height), Image.Resampling.LANCZOS)


def load_trappist(size, online=False):
    """TRAPPIST-1e as a picture that fits the model, and a line that says which picture it is.

    With `online`, NASA's artist's impression is fetched; without, or where that fails, it is our stand-in.
    """
    failed = ""
    if check_flag(online, "online"):
        request = Request(TRAPPIST_1E, headers={"User-Agent": "diffusion-and-denoising notebooks"})
        try:
            with urlopen(request, timeout=10) as answer:
                fetched = Image.open(io.BytesIO(answer.read()))
            return open_picture(fetched, size, "black"), "Artist's impression, NASA/JPL-Caltech (PIA22093)."
        except (OSError, HTTPException) as error:  # no network, no such page, no picture
            failed = f"NASA's picture could not be fetched ({type(error).__name__}), so: "
    return open_picture(STAND_IN, size), f"{failed}A stand-in for NASA's picture, drawn by this project."


def _sides(size):
    """(width, height) of a side in pixels, or of both in a tuple, a list, an array."""
    both = isinstance(size, list | tuple) or getattr(size, "ndim", 0) == 1
    if both and len(size) != 2:
        raise InputError(f"A size is a side in pixels, or (width, height), not {len(size)} numbers.")
    width, height = size if both else (size, size)
    height, width = check_size(height, width, 8)
    return width, height


def _read(path):
    if isinstance(path, bytes):  # the picture itself, as urlopen(...).read() gives it
        path = io.BytesIO(path)
    if not isinstance(path, str | Path) and not hasattr(path, "read"):
        raise InputError(
            f"A picture can't be opened from {shown(path)}: give a file's name or a PIL picture."
        )
    name = _name(path)
    if isinstance(path, str | Path) and os.path.isdir(path):
        raise InputError(f"The picture {name} is a folder: give the name of a file in it.")
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            with Image.open(path) as picture:
                picture.load()
                return picture
    except FileNotFoundError:
        advice = "look for a slip in its name; a web address has to be downloaded first"
    except PermissionError:
        advice = "you may not read it: change its permissions, or copy it"
    except UnidentifiedImageError:
        advice = "it is no picture that Pillow knows: save it as PNG or JPEG"
    except Image.DecompressionBombError:
        side = math.isqrt(2 * Image.MAX_IMAGE_PIXELS) // 1000 * 1000
        advice = f"it has too many pixels: make it smaller in a viewer, {side} x {side} at most"
    except Exception as error:  # of a broken file: each format has its own
        advice = f"{type(error).__name__}: open it in a viewer, and save it anew as PNG"
    raise InputError(f"The picture {name} can't be opened ({advice}).")


def _name(path):
    """A file as a message names it: a long path by its end, what is no file by what it is."""
    if not isinstance(path, str | Path):
        return "in memory"
    text = str(path)
    short = text if len(text) < 200 else f"…{text[-80:]}"
    return short if short.isprintable() else ascii(short)


def _eight_bits(picture):
    """Grey pictures of 16 bits: Pillow's own conversion would cut all but the darkest greys off at white."""
    if picture.mode == "F":
        raise InputError("A picture of floating-point numbers has no known white: make it 0 to 255 first.")
    brightest = picture.getextrema()[1]
    if brightest <= 255 and picture.mode == "I":
        return picture.convert("L")
    return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
