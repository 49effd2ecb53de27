"""Marks on pictures and words: the loupe, the heat map, and a sentence as coloured chips."""

import html

import numpy as np
from IPython.display import display
from matplotlib.colors import LinearSegmentedColormap, to_hex
from PIL import Image, ImageDraw

from helpers.errors import (
    MOST_PIXELS,
    InputError,
    as_list,
    as_text,
    check_alt,
    check_array,
    check_number,
    check_whole,
)
from helpers.show.page import CELL, WORDS, Page, check_shown, table
from helpers.show.style import GUIDANCE, INK, PAPER, luminance

# From paper over amber to purple: the lightness falls all the way, so that it reads without colours too.
HEAT = LinearSegmentedColormap.from_list("heat", [PAPER, "#F0B95B", "#C2572B", GUIDANCE, "#3B0A45"])


def loupe(picture, box, side=256):
    """The picture with a frame around `box` (left, top, right, bottom), and what is in the box, enlarged.

    Two PIL pictures, `side` pixels wide: rows for a `film_strip` that compares an original with its copy.
    """
    check_shown(picture)
    box = tuple(check_whole(edge, "Each edge of the box", 0) for edge in as_list(box, "the box"))
    if len(box) != 4:
        raise InputError(f"A box is (left, top, right, bottom), not {len(box)} numbers.")
    side, (left, top, right, bottom) = check_whole(side, "The side", most=MOST_PIXELS), box
    if not (0 <= left < right <= picture.width and 0 <= top < bottom <= picture.height):
        raise InputError(f"The box {box} doesn't lie in a picture of {picture.size} pixels: move it into it.")
    scale = side / picture.width
    framed = picture.convert("RGB").resize((side, max(1, round(picture.height * scale))), Image.LANCZOS)
    pen, edges = ImageDraw.Draw(framed), [round(edge * scale) for edge in box]
    for grow, colour in ((3, INK), (2, PAPER), (1, PAPER), (0, INK)):
        right, bottom = max(edges[2] - 1, edges[0]), max(edges[3] - 1, edges[1])
        pen.rectangle((edges[0] - grow, edges[1] - grow, right + grow, bottom + grow), outline=colour)
    part = picture.convert("RGB").crop(box)
    return framed, part.resize((side, max(1, round(part.height * side / part.width))), Image.NEAREST)


def worst_spot(picture, copy, side):
    """The square of `side` pixels in which a copy differs most: a box (left, top, right, bottom) for `loupe`.

    By the squared error, summed over the square. Both are PIL pictures of one size, at least `side` wide and
    high; raises InputError for others.
    """
    check_shown(picture, copy)
    side = check_whole(side, "The side")
    if picture.size != copy.size or not side <= min(picture.size):
        raise InputError(
            f"A square of {side} pixels is looked for in pictures of {picture.size} and {copy.size} pixels: "
            "take two of one size, and a square that fits into them."
        )
    pixels = [np.asarray(each.convert("RGB"), dtype=np.float64) for each in (picture, copy)]
    errors = ((pixels[0] - pixels[1]) ** 2).sum(-1)
    sums = np.lib.stride_tricks.sliding_window_view(errors, (side, side)).sum((2, 3))
    top, left = (int(place) for place in np.unravel_index(sums.argmax(), sums.shape))
    return left, top, left + side, top + side


def heat(picture, values, largest):
    """The picture in grey, tinted by a map of any size: clear at 0, dark purple at `largest` and above.

    Give all maps that are compared one `largest`, and say it in a caption.
    """
    check_shown(picture)
    values = check_array(values, "The map", "height, width")
    largest = check_number(largest, "The largest value", above=0)
    shares = np.clip(np.asarray(values, dtype=np.float32) / largest, 0, 1)
    tall = Image.fromarray(shares).resize(picture.size, Image.BICUBIC)
    shares = np.clip(np.asarray(tall), 0, 1)[..., None]
    grey = np.asarray(picture.convert("L"), dtype=np.float32)[..., None] / 255
    tint = HEAT(shares[..., 0])[..., :3]
    mixed = grey * (1 - 0.85 * shares**0.5) + tint * 0.85 * shares**0.5
    return Image.fromarray((np.clip(mixed, 0, 1) * 255).round().astype("uint8"))


def show_chips(words, values, alt, largest=None):
    """Show a sentence as chips, one a token, the darker the larger its value, which stands below it.

    `values` are numbers from 0 up, such as the attention of one place to each token. `largest`, by default
    the largest of them, has the darkest colour.
    """
    check_alt(alt)
    words = [as_text(word, "A word") for word in as_list(words, "words")]
    values = [check_number(value, "Each value", least=0) for value in as_list(values, "values")]
    if not words or len(words) != len(values):
        raise InputError(f"{len(words)} words have {len(values)} values: give each word one, from 0 up.")
    largest = check_number(max(values) if largest is None else largest, "The largest value", least=0)
    largest = largest or max(values) or 1
    chips = "".join(_chip(word, min(value / largest, 1)) for word, value in zip(words, values))
    numbers = "".join(
        f'<td style="{CELL}; {WORDS}; text-align: center">{_short(value)}</td>' for value in values
    )
    display(Page(table([chips, numbers], alt), alt))


def _short(value):
    """Two digits; what is next to nothing is said so, without an exponent."""
    return "≈ 0" if 0 < value < 0.001 else f"{value:.2g}"


def _chip(word, share):
    colour = to_hex(HEAT(0.05 + 0.95 * share))
    ink = "#000000" if luminance(colour) > 0.18 else "#FFFFFF"  # 0.18: both have the same contrast, 4.6
    style = f"background: {colour}; color: {ink}; padding: 4px 10px; border-radius: 12px"
    chip = f'<span style="{style}; display: inline-block">{html.escape(word)}</span>'
    return f'<td style="{CELL}; {WORDS}; text-align: center">{chip}</td>'
