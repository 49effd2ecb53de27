"""Showing videos: players in which they run together.

A video is a list of PIL pictures, its frames, one after the other.
"""

import io

from IPython.display import display
from PIL import Image

from helpers.errors import InputError, as_list, as_text, check_alt, check_whole
from helpers.models import ROOT
from helpers.show.motion import check_speed
from helpers.show.page import Shown, check_shown
from helpers.show.paper import glued

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
    videos = [as_list(video, "each of the videos") for video in as_list(videos, "videos")]
    check_shown(*(picture for video in videos for picture in video))
    titles = [as_text(title, "A title") for title in as_list(titles, "titles")]
    columns, speed = check_whole(columns, "The number of columns"), check_speed(frames_per_second)
    if len(videos) != len(titles):
        raise InputError(f"{len(videos)} videos have {len(titles)} titles: give each video one title.")
    if len({len(video) for video in videos}) != 1 or len(videos[0]) < 2:
        raise InputError("Videos that play together need equally many frames, at least two.")
    pages = [glued(pictures, titles, columns) for pictures in zip(*videos)]
    packed = io.BytesIO()
    pages[0].save(
        packed,
        "WEBP",
        save_all=True,
        append_images=pages[1:],
        loop=0,
        quality=75,
        method=4,
        duration=round(1000 / speed),
    )
    display(Shown(packed.getvalue(), "webp", pages[0].width, alt))
