"""Pictures and titles glued into one picture: for files, such as the README's, and for moving pictures."""

import functools

from PIL import Image, ImageDraw, ImageFont

from helpers.errors import InputError, as_list, as_text, check_whole
from helpers.show.page import GAP, LARGEST_CELL, check_shown
from helpers.show.style import INK, LABEL, PAPER, WIDE, drawable, families, font_file

MOST_COLUMNS = 64  # of 8 pixels


def grid(pictures, titles, columns=4):
    """Pictures row by row, each under its title, as one PIL picture at most 1040 pixels wide.

    There are at most 64 columns. Raises InputError for what can't be put together.
    """
    pictures, titles = as_list(pictures, "pictures"), as_list(titles, "titles")
    columns = check_whole(columns, "The number of columns")
    if not pictures or len(pictures) != len(titles):
        raise InputError(f"{len(pictures)} pictures have {len(titles)} titles: give each picture one title.")
    check_shown(*pictures)
    return glued(pictures, [as_text(title, "A title") for title in titles], columns)


def glued(pictures, titles, columns):
    """`grid` of what is already checked."""
    columns = min(columns, len(pictures), MOST_COLUMNS)
    cell = min(LARGEST_CELL, (WIDE - GAP) // columns - GAP)
    wrapped = [wrap(title, cell) for title in titles]
    line = LABEL * 5 // 4
    places, y = [], GAP
    for i in range(0, len(pictures), columns):
        lines = max(len(title) for title in wrapped[i : i + columns])
        y += lines * line + (GAP // 2 if lines else 0)
        places += [(GAP + j * (cell + GAP), y) for j in range(len(pictures[i : i + columns]))]
        y += max(max(1, cell * each.height // each.width) for each in pictures[i : i + columns]) + GAP
    sheet = Image.new("RGB", (GAP + columns * (cell + GAP), y), PAPER)
    for picture, lines, (left, top) in zip(pictures, wrapped, places):
        sheet.paste(resized(picture, cell), (left, top))
        for number, words in enumerate(reversed(lines)):
            write(sheet, (left, top - GAP // 2 - 4 - number * line), words)
    return sheet


def resized(picture, width):
    """A PIL picture, `width` pixels wide; very small ones keep their squares, one for each number."""
    way = Image.LANCZOS if max(picture.size) >= 64 else Image.NEAREST
    return picture.convert("RGB").resize((width, max(1, picture.height * width // picture.width)), way)


def write(sheet, place, words, size=LABEL, colour=INK, anchor="ls", bold=False):
    """Write a line into a picture, with its baseline at `place`, in the font of all figures."""
    ImageDraw.Draw(sheet).text(place, words, colour, typeface(words, size, bold), anchor=anchor)


def typeface(words, size=LABEL, bold=False):
    """The first font that has every sign of `words`. Raises InputError if none has."""
    for family in families():
        if drawable(words, family):
            return _face(family, size, bold)
    raise InputError(
        f"No font of this machine has all signs of “{words}”: use other words inside this picture."
    )


@functools.cache
def _face(family, size, bold):
    return ImageFont.truetype(font_file(bold, family), size)


def wrap(text, width, size=LABEL):
    """A title as at most three lines of the given width in pixels; what doesn't fit ends in an ellipsis."""
    if not text.strip():
        return []
    measure, lines = typeface(text, size).getlength, [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or measure(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2] + " …"]
    return [_fitted(line, width, measure) for line in lines]


def _fitted(line, width, measure):
    while measure(line) > width and len(line) > 2:
        line = line.rstrip(" …")[:-1] + "…"
    return line
