"""Showing videos: players in which they run together.

A video is a list of PIL pictures, its frames, one after the other.
"""

import io

from IPython.display import display
from PIL import Image

from helpers.errors import InputError, check_alt
from helpers.models import ROOT
from helpers.show.plotting import Shown, grid

DRAWN = ROOT / "models" / "pocket-video" / "drawn.webp"


def load_drawn():
    """Four videos drawn by code, as those of the training were (128 × 128 pixels, 8 frames): giant planets,
    a red rocky one, an ocean, an ice and a lava planet."""
    pages, frames = Image.open(DRAWN), []
    for i in range(pages.n_frames):
        pages.seek(i)
        page, side = pages.convert("RGB"), pages.height
        frames.append([page.crop((x, 0, x + side, side)) for x in range(0, page.width, side)])
    return [list(video) for video in zip(*frames)]


def show_videos(videos, titles, alt, columns=4, frames_per_second=6):
    """Play videos of equally many frames together, over and over, each under its title.

    Paper shows the first frame only: let `film_strip` stand beside it.
    """
    check_alt(alt)
    if len({len(video) for video in videos}) != 1 or len(videos[0]) < 2:
        raise InputError("Videos that play together need equally many frames, at least two.")
    pages = [grid(pictures, titles, columns) for pictures in zip(*videos)]
    packed = io.BytesIO()
    pages[0].save(
        packed,
        "WEBP",
        save_all=True,
        append_images=pages[1:],
        loop=0,
        quality=75,
        method=4,
        duration=round(1000 / frames_per_second),
    )
    display(Shown(packed.getvalue(), "webp", pages[0].width, alt))
