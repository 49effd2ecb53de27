"""The lines of text in an SVG: how large their letters are, and where they lie."""

import re
from typing import NamedTuple
from xml.etree import ElementTree

from PIL import ImageFont

from helpers.show.style import font_file

SVG = "{http://www.w3.org/2000/svg}"


class Line(NamedTuple):
    """A line of text: its words, its sizes, left, right and baseline; None where it is turned or scaled."""

    words: str
    sizes: list
    place: tuple | None


def lines(drawing):
    """All lines of an SVG, in its own units."""
    return list(_lines(ElementTree.fromstring(drawing), 16.0, False, "start", 0.0, 0.0, 1.0))


def _lines(element, size, bold, anchor, x, y, scale):
    size, bold, anchor = _style(element, size, bold, anchor)
    transform = element.get("transform", "")
    for kind, numbers in re.findall(r"(\w+)\(([^)]*)\)", transform):
        numbers = [float(number) for number in re.split(r"[ ,]+", numbers.strip())]
        if kind == "translate":
            x, y = x + scale * numbers[0], y + scale * numbers[1]
        elif kind == "scale":
            scale *= min(map(abs, numbers))
    if element.tag == f"{SVG}text":
        runs = list(_runs(element, size, bold))
        wide = scale * sum(_width(words, each, heavy) for words, each, heavy in runs)
        left = x + scale * float(element.get("x", 0)) - {"start": 0, "middle": 0.5, "end": 1}[anchor] * wide
        place = left, left + wide, y + scale * float(element.get("y", 0))
        sizes = [scale * each for words, each, _ in runs if words.strip()]
        turned = "rotate" in transform
        yield Line("".join(words for words, _, _ in runs), sizes, None if turned else place)
    for child in element:
        if element.tag != f"{SVG}text":
            yield from _lines(child, size, bold, anchor, x, y, scale)


def _style(element, size, bold, anchor):
    weight = element.get("font-weight")
    return (
        float(element.get("font-size", size)),
        bold if weight is None else weight == "bold",
        element.get("text-anchor", anchor),
    )


def _runs(element, size, bold):
    """(words, size, whether bold) of each piece of a line."""
    yield element.text or "", size, bold
    for child in element:
        yield from _runs(child, *_style(child, size, bold, None)[:2])
        yield child.tail or "", size, bold


def _width(words, size, bold):
    return ImageFont.truetype(font_file(bold), 100).getlength(words) / 100 * size


def overflowing(drawing, margin=6):
    """The words of lines that come nearer than `margin` to the side of the smallest frame around them.

    A frame is the drawing itself, or a rectangle with a line of two or more around it.
    """
    tree = ElementTree.fromstring(drawing)
    boxes = [tuple(float(number) for number in tree.get("viewBox").split())]
    for each in tree.iter(f"{SVG}rect"):
        if float(each.get("stroke-width", 0)) >= 2:
            boxes += [tuple(float(each.get(name, 0)) for name in ("x", "y", "width", "height"))]
    for words, sizes, place in lines(drawing):
        if not place:
            continue
        left, right, y = place
        middle, size = (left + right) / 2, max(sizes)
        around = [
            box for box in boxes if box[0] <= middle <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]
        ]
        x, top, width, height = min(around, key=lambda box: box[2] * box[3])
        if left < x + margin or right > x + width - margin or y - size < top or y > top + height - 4:
            yield words
