"""How high things are on a slide of 1280 × 720 pixels, and what is too high in pieces."""

import base64
import io
import re

from nbformat.v4 import new_output
from PIL import Image

from tools.slides.code import CODE_LINES, chunks, code_lines
from tools.slides.drawings import CHART, WIDE, larger_letters, upper_and_lower
from tools.slides.text import blocks, items_of_list, plain

# As deck.css sets it: of 720 pixels a frame leaves 680, and each thing has a gap below it, the last one too.
HEIGHT = 692
TEXT_CHARACTERS, ITEM_CHARACTERS = 84, 80  # in a line of 28 pixels
TEXT_LINE, CODE_LINE, GAP, HEADING, RUNNING = 38, 31, 12, 48, 45
CODE_BORDER = 20  # above and below code together
BELOW_TITLE = HEIGHT - HEADING - GAP
SLIDE = 720
BORDER = 6  # what is empty above and below a chart is left out
LEGIBLE = 11 / 9  # makes labels of 22 pixels of a chart's 18
TOO_SMALL = 10 / 9  # labels of less than 20 pixels
MOST_ROWS = 5  # of pictures that are still to be seen on one slide


def wrapped(text, characters):
    return sum(max(1, -(-len(line) // characters)) for line in text.split("\n"))


def text_height(markdown):
    height = 0
    for kind, text in blocks(markdown):
        if kind == "heading":
            height += HEADING * wrapped(plain(text), 58)
        elif kind == "list":
            height += sum(
                TEXT_LINE * wrapped(" ".join(plain(i).split()), ITEM_CHARACTERS) + 6
                for i in items_of_list(text)
            )
        elif kind == "table":
            head, _, *rows = plain(text).split("\n")
            height += sum(33 * wrapped(row, 72) + 9 for row in (head, *rows))
        elif kind == "math":
            height += 60 + 56 * (1 + text.count("\\\\"))
        elif kind == "fence":
            height += CODE_LINE * code_lines(text)
        elif "<img" in text or "![" in text:
            height += 300
        else:
            height += TEXT_LINE * wrapped(" ".join(plain(text).split()), TEXT_CHARACTERS)
        height += GAP
    return height


def code_height(source):
    return CODE_LINE * code_lines(source) + CODE_BORDER + GAP


def output_height(output):
    if output.output_type == "stream":
        return code_height(output.text.strip("\n"))
    if output.output_type == "error":
        return code_height(f"{output.ename}: {output.evalue}"[:400])
    data = output.data
    if "text/html" in data:
        return figure_height(data["text/html"])
    return 400 if any(kind.startswith("image/") for kind in data) else code_height(data.get("text/plain", ""))


def shown_size(image):
    """(width, height) of an <img> with its picture inside, as it is shown in a notebook."""
    width = float((re.search(r'\bwidth="?(\d+)', image) or [0, 0])[1])
    kind, data = re.search(r'src="data:image/([\w+]+);base64,([^"]+)"', image).groups()
    content = base64.b64decode(data)
    if kind == "svg+xml":
        box = re.search(rb'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', content)
        own = (float(box[1]), float(box[2])) if box else (1040, 420)
    else:
        own = Image.open(io.BytesIO(content)).size
    width = width or own[0]
    return width, width * own[1] / own[0]


def figure_height(html):
    """The height at which an HTML figure is readable: a chart as wide as the slide, pictures as they are."""
    images = re.findall(r"<img[^>]*data:image[^>]*>", html)
    if "<audio" in html:
        return 116
    if "<table" in html and images:
        height = 0
        for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL):
            sizes = [shown_size(i) for i in re.findall(r"<img[^>]*data:image[^>]*>", row)]
            labelled = "<div" in row or not sizes
            height += max((size[1] for size in sizes), default=0) + (64 if labelled else 0) + 8
        return min(1.1 * height, BELOW_TITLE)  # the pictures take what is left
    if drawn := re.search(r'<svg[^>]* viewBox="0 0 (\d+) (\d+)"', html):
        width, height = map(int, drawn.groups())
    elif images:
        width, height = shown_size(images[0])
    else:
        return 65 * html.count("<tr") + GAP if "<table" in html else 200
    return (height - 2 * BORDER) * min(CHART / width, LEGIBLE) + GAP


def pieces_of_figure(output):
    """A figure that is too much for a slide, in pieces, each of them an output.

    A training is its curve, and what it painted on its way, without the bar. A strip of pictures that is too
    high becomes one for each of its rows of headings, or two of half its rows. A chart that is too high to be
    read is followed by its upper and its lower part. The letters of a drawing are made larger.
    """
    html = output.get("data", {}).get("text/html", "")
    if "chart" in output.get("metadata", {}) and "data:image/webp" in html:
        width, height = shown_size(re.search(r"<img[^>]*>", html)[0])
        if width >= WIDE and (SLIDE - 2 * BORDER) / (height - 2 * BORDER) < TOO_SMALL:
            return [output, *upper_and_lower(output)]
    if 'class="training"' in html:
        parts = re.findall(r"<figure.*</figure>|<img[^>]*>", html, re.DOTALL)
        return [_shown(larger_letters(part)) for part in parts]
    if "data:image/svg+xml" in html:
        return [_shown(larger_letters(html))]
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    starts = [i for i, row in enumerate(rows) if 'scope="col"' in row]
    if not starts or starts[0] or html.count("<table") > 1 or figure_height(html) < BELOW_TITLE:
        return [output]
    if len(starts) == 1 and len(rows) - 1 <= MOST_ROWS:
        return [output]
    head, tail = html[: html.index("<tr")], html[html.rindex("</tr>") + len("</tr>") :]
    groups = [rows[start:end] for start, end in zip(starts, [*starts[1:], None])]
    if len(starts) == 1:
        half = len(rows) // 2 + 1
        groups = [rows[:half], [rows[0], *rows[half:]]]
    return [_shown(head + "".join(group) + tail) for group in groups]


def _shown(html):
    return new_output("display_data", data={"text/html": html})


def pieces_of_text(text):
    """A text that is higher than a slide, in pieces: lists and tables are cut between two lines."""
    if text_height(text) <= BELOW_TITLE:
        return [text]
    pieces = [""]
    for kind, block in blocks(text):
        table = kind == "table"
        units = (
            items_of_list(block) if kind == "list" else
            block.split("\n")[2:] if table else chunks(block, CODE_LINES - 2) if kind == "fence" else [block]
        )  # fmt: skip
        head = "\n".join(block.split("\n")[:2])
        for i, unit in enumerate(units):
            joint = "\n" if i and kind in ("list", "table") else "\n\n"
            unit = f"{head}\n{unit}" if table and not i else unit
            if pieces[-1] and text_height(pieces[-1] + joint + unit) > BELOW_TITLE:
                said, _, lead = pieces[-1].rpartition("\n\n")
                if lead.endswith(":") and said and not i:  # what leads to it goes with it
                    pieces[-1], unit = said, f"{lead}\n\n{unit}"
                pieces.append(f"{head}\n{unit}" if table and i else unit)
            else:
                pieces[-1] += joint + unit
    return [piece.strip() for piece in pieces if piece.strip()]
