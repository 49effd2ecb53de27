"""Figures: pictures, grids, film strips and curves, each with a text for those who can't see it.

Every figure is drawn on light paper of its own, so that it reads the same in a light and a dark theme, and
leaves the cell as one HTML image whose `alt` text JupyterLab, the site and the slides keep; where no image
can be shown, the text stands for it. Pictures are stored as WebP, drawings as PNG: notebooks stay small.
"""

import base64
import html
import io
import textwrap
from pathlib import Path

import matplotlib
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from helpers.errors import InputError, check_alt
from helpers.show.charts import described

# Okabe & Ito's colours, which colour-blind readers can tell apart. Each means one thing in all notebooks.
NOISE = "#D55E00"
SIGNAL = "#0072B2"
PREDICTION = "#009E73"
GUIDANCE = "#CC79A7"
INK = "#1F2430"
PAPER = "#FFFFFF"

IMAGES = Path(__file__).resolve().parents[2] / "images"
WIDTH = 1040  # pixels that a notebook cell has beside JupyterLab's side bar, and a projector shows
LARGEST_CELL = 256
GAP = 8
FONT_SIZE = 16  # pixels; 12 points on a screen


class Shown:
    """A picture on its way to the cell's output: HTML for browsers, the alt text everywhere else."""

    def __init__(self, data, kind, width, alt):
        self.data, self.kind, self.width, self.alt = data, kind, width, alt

    def __repr__(self):
        return self.alt

    def _repr_html_(self):
        source = f"data:image/{self.kind};base64,{base64.b64encode(self.data).decode()}"
        return (
            f'<img alt="{html.escape(self.alt)}" src="{source}" width="{self.width}" '
            'style="max-width: 100%; height: auto">'
        )


def show(picture, alt):
    """Show one PIL picture, small ones enlarged to 256 pixels or more; `alt` says what is to be seen."""
    check_alt(alt)
    factor = max(1, -(-LARGEST_CELL // max(picture.size)))
    _display_picture(_resized(picture, picture.width * factor, picture.height * factor), alt)


def show_diagram(name, alt):
    """Show images/NAME.svg, one of the series' own drawings."""
    check_alt(alt)
    file = IMAGES / f"{name}.svg"
    if not file.is_file():
        raise InputError(f"There is no drawing images/{name}.svg: look into images/ for the names.")
    display(Shown(file.read_bytes(), "svg+xml", WIDTH, alt))


def show_grid(pictures, titles, alt, columns=4):
    """Show pictures row by row, each under its title; `titles` is a list of as many strings."""
    check_alt(alt)
    _display_picture(grid(pictures, titles, columns), alt)


def grid(pictures, titles, columns=4):
    """Pictures row by row, each under its title, as one PIL picture."""
    if len(pictures) != len(titles):
        raise InputError(f"{len(pictures)} pictures have {len(titles)} titles: give each picture one title.")
    columns = min(columns, len(pictures))
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    return _table(rows, titles, columns, per_row_titles=True)


def film_strip(rows, row_labels, column_labels, alt):
    """Show rows of pictures, such as the same step of several runs one below the other.

    `rows` is a list of equally long lists of PIL pictures; a label stands beside each row and above each
    column.
    """
    check_alt(alt)
    if len(rows) != len(row_labels) or any(len(row) != len(column_labels) for row in rows):
        raise InputError("A film strip needs a label for each row, and in each a picture for each column.")
    _display_picture(_table(rows, column_labels, len(column_labels), row_labels), alt)


def latent_pictures(latents):
    """The channels of one latent (C, h, w) as C grey PIL pictures: -3 is black, 0 mid-grey, 3 white."""
    grey = ((latents.float().cpu() / 6 + 0.5).clamp(0, 1) * 255).round().byte().numpy()
    return [Image.fromarray(channel).convert("RGB") for channel in grey]


def drawing(xlabel, ylabel, title, width=8, height=4.5):
    """An empty, styled matplotlib figure and its axes, in inches (100 dots each); end with `show_drawing`."""
    style = {
        "font.size": 13,
        "axes.titlesize": 15,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "lines.linewidth": 2.5,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width, height), dpi=100, layout="constrained", facecolor=PAPER)
        axes = figure.add_subplot(xlabel=xlabel, ylabel=ylabel, title=title)
    return figure, axes


def show_drawing(figure, alt):
    """Show a matplotlib figure as one PNG with its alt text; the output's metadata say what it shows."""
    check_alt(alt)
    raw = io.BytesIO()
    figure.savefig(raw, format="png")
    drawn = Image.open(raw).convert("RGB")
    packed = io.BytesIO()
    drawn.quantize(128).save(packed, "PNG", optimize=True)  # flat colours: nothing visible is lost
    display(Shown(packed.getvalue(), "png", drawn.width, alt), metadata={"chart": described(figure)})


def curves(lines, xlabel, ylabel, title, alt):
    """Show curves, each named beside its last point: `lines` is {name: (x values, y values, colour)}."""
    figure, axes = drawing(xlabel, ylabel, title)
    for name, (x, y, colour) in lines.items():
        axes.plot(x, y, color=colour, linewidth=2.5)
        axes.annotate(
            name,
            (x[-1], y[-1]),
            (6, 0),
            textcoords="offset points",
            color=colour,
            fontsize=13,
            fontweight="bold",
            va="center",
            annotation_clip=False,
        )
    show_drawing(figure, alt)


def _display_picture(picture, alt):
    packed = io.BytesIO()
    picture.convert("RGB").save(packed, "WEBP", quality=88, method=6)
    display(Shown(packed.getvalue(), "webp", picture.width, alt))


def _resized(picture, width, height):
    """Very small pictures keep their visible squares: there each number is to be seen."""
    smooth = max(picture.size) >= 64
    return picture.convert("RGB").resize((width, height), Image.LANCZOS if smooth else Image.NEAREST)


def _table(rows, titles, columns, row_labels=(), per_row_titles=False):
    """One picture of rows of pictures with titles above them, either above every row or only at the top."""
    font_file = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"
    font = ImageFont.truetype(font_file, FONT_SIZE)
    labels = ["\n".join(textwrap.wrap(label, 14)) for label in row_labels]
    canvas = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left = max((canvas.textbbox((0, 0), label, font)[2] + GAP for label in labels), default=0)

    cell = min(LARGEST_CELL, (WIDTH - left - GAP) // columns - GAP)
    heights = [max(cell * picture.height // picture.width for picture in row) for row in rows]
    wrapped = ["\n".join(_wrap(title, cell, font)) for title in titles]
    line = FONT_SIZE * 5 // 4
    chunks = [wrapped[i : i + columns] for i in range(0, len(wrapped), columns)]
    heads = [max(0 if not t else line * (t.count("\n") + 1) + GAP // 2 for t in chunk) for chunk in chunks]
    if not per_row_titles:
        heads += [0] * (len(rows) - 1)

    size = (left + columns * (cell + GAP) + GAP, sum(heads) + sum(heights) + GAP * (len(rows) + 1))
    table = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(table)
    y = GAP
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            x = GAP + left + j * (cell + GAP)
            if heads[i]:
                bottom = (x, y + heads[i] - GAP // 2)
                pen.multiline_text(bottom, chunks[i][j], INK, font, anchor="ld", spacing=line - FONT_SIZE)
            table.paste(_resized(picture, cell, cell * picture.height // picture.width), (x, y + heads[i]))
        y += heads[i]
        if labels:
            pen.multiline_text((GAP, y + heights[i] // 2), labels[i], INK, font, anchor="lm")
        y += heights[i] + GAP
    return table


def _wrap(text, width, font):
    """A title in at most three lines of the given width in pixels; what doesn't fit ends in an ellipsis."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2] + " …"]
    return [_fitted(line, width, font) for line in lines]


def _fitted(line, width, font):
    while font.getlength(line) > width and len(line) > 2:
        line = line.rstrip(" …")[:-1] + "…"
    return line
