"""Figures whose letters are too small for the last row of a room: drawings, and charts that are high."""

import base64
import functools
import html
import io
import re
from pathlib import Path

import numpy as np
from nbformat.v4 import new_output
from PIL import Image, ImageFont

FONT = Path(__file__).parent.parent.parent / "helpers" / "show" / "fonts" / "Inter-Regular.otf"
WIDE, CHART = 1040, 1280  # the width of a drawing or a chart in a notebook, and on a slide, which it fills
LETTERS = 20 * WIDE / CHART  # in a drawing: 20 pixels on a slide
MARGIN = 20  # left and right in a drawing
LARGEST_PART = 0.66  # of a high chart's height, which is what a slide holds of it at its whole width
QUIET = 0.1  # where a high chart may be cut: within so much of its height


def larger_letters(figure):
    """An HTML figure whose drawings, if it has any, have letters that are read from afar.

    A line that would then leave its drawing becomes only as large as there is room.
    """

    def enlarged(found):
        svg = base64.b64decode(found[2]).decode()
        return found[1] + base64.b64encode(_enlarged(svg).encode()).decode() if "<text" in svg else found[0]

    return re.sub(r'(src="data:image/svg\+xml;base64,)([^"]+)', enlarged, figure)


def _enlarged(svg):
    """A drawing with no letters smaller than LETTERS, but in a line that has no room."""
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])

    def resized(tag, size):
        return re.sub(r'font-size="[\d.]+"', f'font-size="{size:.4g}"', tag)

    def line(found):
        tag, content = found[1], found[2]
        size = re.search(r'font-size="([\d.]+)"', tag)
        if size and float(size[1]) < LETTERS:
            words = html.unescape(re.sub(r"<[^>]*>", "", content))
            x = float((re.search(r' x="([\d.]+)"', tag) or [0, 0])[1])
            anchor = (re.search(r'text-anchor="(\w+)"', tag) or [0, "start"])[1]
            right, left = width - MARGIN - x, x - MARGIN
            room = {"start": right, "end": left, "middle": 2 * min(left, right)}[anchor]
            tag = resized(tag, max(float(size[1]), min(LETTERS, room / max(_width(words), 1e-9))))
        content = re.sub(
            r"<tspan\b[^>]*font-size=\"([\d.]+)\"[^>]*>",
            lambda index: resized(index[0], max(LETTERS, float(index[1]))),
            content,
        )
        return tag + content

    svg = re.sub(
        r"<g\b[^>]*font-size=\"([\d.]+)\"[^>]*>",
        lambda group: resized(group[0], max(LETTERS, float(group[1]))),
        svg,
    )
    return re.sub(r"(<text\b[^>]*>)(.*?)(?=</text>)", line, svg, flags=re.DOTALL)


@functools.cache
def _font():
    return ImageFont.truetype(FONT, 100)


def _width(words):
    """How wide words are in letters of size 1."""
    return _font().getlength(words) / 100


def upper_and_lower(output):
    """The upper and the lower part of a chart that is too high to be read on one slide, as two outputs.

    They share what lies in the middle, and no letter is cut.
    """
    source = output.data["text/html"]
    image = re.search(r"<img[^>]*data:image/webp;base64,([^\"]+)\"[^>]*>", source)
    picture = Image.open(io.BytesIO(base64.b64decode(image[1]))).convert("RGB")
    letters = np.abs(np.diff(np.asarray(picture.convert("L"), float), axis=1)).sum(1)
    band = picture.height // 40
    around = np.convolve(letters, np.ones(band), "same")  # how much is drawn in the lines near each line
    span = round(QUIET * picture.height)

    def quiet(first):
        return first + int(around[first : first + span].argmin())

    end = quiet(round(LARGEST_PART * picture.height) - span)
    start = quiet(picture.height - round(LARGEST_PART * picture.height))
    parts = [
        ("upper", picture.crop((0, 0, picture.width, end))),
        ("lower", picture.crop((0, start, picture.width, picture.height))),
    ]
    return [_part(output, source, image, name, part) for name, part in parts]


def _part(output, source, image, name, picture):
    file = io.BytesIO()
    picture.save(file, "WEBP", lossless=True)
    data = base64.b64encode(file.getvalue()).decode()
    tag = re.sub(r'alt="[^"]*"', f'alt="The {name} part of the last figure, larger"', image[0])
    tag = tag.replace(image[1], data)
    return new_output(
        "display_data", data={"text/html": source.replace(image[0], tag)}, metadata=output.metadata
    )
