"""Charts: one style for all, on warm paper, twice as sharp as the page, with names on the lines.

figure, axes = chart("timestep t", "standard deviation", "The finding, as a title")
axes.plot(timesteps, stds, color=SIGNAL, label="with the factor")
label_lines(axes)
show_chart(figure, alt="What is to be seen.")
"""

import html
import io
import re
import warnings

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from helpers.errors import (
    MOST_PIXELS,
    InputError,
    as_text,
    as_whole,
    check_alt,
    check_array,
    check_flag,
    check_number,
    check_text,
    check_whole,
    quoted,
    shown,
)
from helpers.show.charts import described
from helpers.show.given import (
    as_dict,
    as_tuple,
    check_axes,
    check_colour,
    check_figure,
    check_lines,
    check_together,
    clear_formula_error,
)
from helpers.show.page import WORDS, Page, image
from helpers.show.style import (
    BORDER,
    DOTS,
    HEIGHT,
    INK,
    LABEL,
    MUTED,
    PAPER,
    POINTS,
    SHARPNESS,
    SMALLEST,
    TITLE,
    WIDE,
    WIDTHS,
    drawable,
    families,
    styled,
)

LEAST, MOST_PANELS = 120, 64  # pixels of height; small axes in one chart
ROUND = "max-width: 100%; height: auto; border-radius: 12px"


def chart(xlabel, ylabel, title, width=WIDE, height=HEIGHT):
    """An empty chart and its axes; `width` is 1040, 680 or 336 pixels. Fill it, and end with `show_chart`."""
    if as_whole(width) not in WIDTHS:
        listed = ", ".join(map(str, WIDTHS))
        raise InputError(f"A chart is {listed} pixels wide, and not {shown(width)}: take one of these.")
    width, height = as_whole(width), check_number(height, "The height", least=LEAST, most=MOST_PIXELS)
    xlabel, ylabel, title = (as_text(each, "A label") for each in (xlabel, ylabel, title))
    with styled():
        figure = Figure(
            figsize=(width / DOTS, height / DOTS), dpi=DOTS, layout="constrained", facecolor=PAPER
        )
        left, bottom = BORDER / width, BORDER / height
        figure.get_layout_engine().set(rect=(left, bottom, 1 - 2 * left, 1 - 2 * bottom))
        axes = figure.add_subplot(xlabel=xlabel, ylabel=ylabel)
        axes.set_title(title)
    return figure, axes


def panels(count, title, columns=3, height=HEIGHT, width=WIDE, **shared):
    """A chart of `count` small axes under one title, and the list of them; `shared` goes to `subplots`."""
    count = check_whole(count, "The number of panels", most=MOST_PANELS)
    columns = min(check_whole(columns, "The number of columns"), count)
    title, (figure, axes) = as_text(title, "A title"), chart("", "", "", width, height)
    axes.remove()
    width = as_whole(width)
    with styled():
        found = list(figure.subplots(-(-count // columns), columns, squeeze=False, **shared).flat)
        for each in found[count:]:
            each.remove()
        if title:
            figure.suptitle(title, x=BORDER / width, ha="left", fontsize=TITLE * POINTS, fontweight="bold")
    return figure, found[:count]


def show_chart(figure, alt):
    """Show a Matplotlib figure as one picture with its alt text; the output's metadata say what it shows.

    Text that no font of this machine can draw is numbered in the chart and written below it, where the
    browser draws it.
    """
    check_alt(alt)
    check_figure(figure)
    notes, packed = _fit_texts(figure), io.BytesIO()
    drawn = _drawn(figure).quantize(128, dither=Image.Dither.NONE).convert("RGB")
    drawn.save(packed, "WEBP", lossless=True, method=2)  # flat colours: nothing visible is lost
    picture = image(packed.getvalue(), "webp", drawn.width // SHARPNESS, alt, ROUND)
    if notes:
        lines = "<br>".join(f"[{i}] {html.escape(text)}" for i, text in enumerate(notes, 1))
        caption = f'<figcaption style="{WORDS}">{lines}</figcaption>'
        picture = f'<figure style="margin: 0">{picture}{caption}</figure>'
    display(Page(picture, alt), metadata={"chart": described(figure)})


def chart_picture(figure):
    """A Matplotlib figure as a PIL picture, twice as sharp as on the page: for sliders and films."""
    check_figure(figure)
    _fit_texts(figure)
    return _drawn(figure)


def _drawn(figure):
    raw = io.BytesIO()
    with clear_formula_error():
        figure.savefig(raw, format="png", dpi=DOTS * SHARPNESS)
    return Image.open(raw).convert("RGB")


def label_lines(axes, at=None, gap=8):
    """Write the name of each labelled line of the axes beside it, in its colour: instead of a legend.

    The names stand at the lines' right ends, moved apart where they would touch; `at` is {name: x} for those
    that stand above their line, at x. Call it last, when the limits of the axes are set.
    """
    check_axes(axes)
    places = as_dict({} if at is None else at, "at", "{name: x}", or_empty=True)
    at = {name: check_number(x, "Each place of a name") for name, x in places.items()}
    gap, ends = check_number(gap, "The gap", least=0), []
    with warnings.catch_warnings(), clear_formula_error():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # `show_chart` sees to it
        axes.figure.draw_without_rendering()
    for line in axes.get_lines():
        name, x, y = line.get_label(), *map(np.asarray, line.get_data(orig=False))
        if name.startswith("_") or not len(x):
            continue
        style = dict(color=line.get_color(), fontsize=LABEL * POINTS, weight="bold", annotation_clip=False)
        if name in at:
            near = np.abs(x.astype(float) - at[name]).argmin()
            axes.annotate(
                name, (x[near], y[near]), (0, gap * POINTS), textcoords="offset points", ha="center", **style
            )
            continue
        last = x.astype(float).argmax() if not axes.xaxis_inverted() else x.astype(float).argmin()
        ends.append(
            [axes.transData.transform((float(x[last]), float(y[last])))[1], name, (x[last], y[last]), style]
        )
    ends.sort(key=lambda end: end[0])
    heights = spread([end[0] for end in ends], 1.25 * LABEL)
    for height, (true, name, tip, style) in zip(heights, ends):
        offset = gap * POINTS, (height - true) * POINTS
        axes.annotate(name, tip, offset, textcoords="offset points", va="center", **style)


def spread(places, apart, lowest=-np.inf):
    """The sorted `places`, moved as little as needed to lie `apart` from each other and from `lowest` up."""
    groups = []  # [middle, how many]: neighbours that touch become one group around their mean
    for place in places:
        groups.append([place, 1])
        while len(groups) > 1 and groups[-1][0] - groups[-2][0] < apart * (groups[-1][1] + groups[-2][1]) / 2:
            (a, n), (b, m) = groups[-2:]
            groups[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    moved = [middle + apart * (i - (n - 1) / 2) for middle, n in groups for i in range(n)]
    return [max(place, lowest + apart * i) for i, place in enumerate(moved)]


def interval(axes, at, low, high, colour, across=False):
    """Draw intervals, one way for all charts: a bar through each point, from `low` to `high`.

    `across` for bars that lie along the x axis; `at` is then their height.
    """
    check_axes(axes)
    check_together(at=at, low=low, high=high)
    check_colour(colour)
    draw = axes.hlines if check_flag(across, "across") else axes.vlines
    draw(at, low, high, color=colour, linewidth=5, alpha=0.35, zorder=1.5)


def curves(lines, xlabel, ylabel, title, alt):
    """Show curves, each named beside its last point: `lines` is {name: (x values, y values, colour)}."""
    check_alt(alt)
    check_lines(lines)
    figure, axes = chart(xlabel, ylabel, title)
    for name, (x, y, colour) in lines.items():
        axes.plot(x, y, color=colour, label=name or "_")
    label_lines(axes)
    show_chart(figure, alt)


def dumbbells(rows, names, colours, xlabel, title, alt):
    """Show before and after: `rows` is {name: ((value, low, high), (value, low, high))}, a line for each.

    `names` and `colours` are those of before and after; a thin line joins the two.
    """
    check_alt(alt)
    form = "{name: ((value, low, high), (value, low, high))}"
    for name, both in as_dict(rows, "rows", form).items():
        check_array(both, f"Before and after of {quoted(name)}", "2, 3")
    names, colours = as_tuple(names, "names", "before, after"), as_tuple(colours, "colours", "before, after")
    for colour in colours:
        check_colour(colour)
    figure, axes = chart(xlabel, "", title, height=max(240, 150 + 52 * len(rows)))
    for y, (before, after) in enumerate(rows.values()):
        axes.plot([before[0], after[0]], [y, y], color=MUTED, linewidth=1.5, zorder=1)
        for (value, low, high), colour in zip((before, after), colours):
            interval(axes, y, low, high, colour, across=True)
            axes.plot(value, y, "o", color=colour, markersize=9)
    ends = sorted(zip(next(iter(rows.values())), names, colours), key=lambda end: end[0][0])
    for ((value, *_), name, colour), side in zip(ends, ("right", "left")):
        axes.annotate(name, (value, -0.32), color=colour, weight="bold", ha=side, fontsize=LABEL * POINTS)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.5, -0.75)
    axes.grid(axis="y", visible=False)
    show_chart(figure, alt)


def small_multiples(lines, xlabel, ylabel, title, alt, columns=4, **limits):
    """Show each line in a panel of its own, the others pale behind it: `lines` is {name: (x, y, colour)}.

    `limits` goes to the `set` of all axes: scales, limits, ticks.
    """
    check_alt(alt)
    check_lines(lines)
    rows = -(-len(lines) // min(check_whole(columns, "The number of columns"), len(lines)))
    figure, found = panels(len(lines), title, columns, 60 + 250 * rows, sharex=True, sharey=True)
    for axes, (name, (x, y, colour)) in zip(found, lines.items()):
        for other in lines.values():
            axes.plot(*other[:2], color=MUTED, linewidth=1, alpha=0.35)
        axes.plot(x, y, color=colour)
        axes.set_title(name, loc="left", color=colour, fontsize=LABEL * POINTS, weight="bold")
        axes.set(**limits)
        axes.minorticks_off()  # a small panel has no room for them
    figure.supxlabel(as_text(xlabel, "A label"), fontsize=LABEL * POINTS)
    figure.supylabel(as_text(ylabel, "A label"), fontsize=LABEL * POINTS)
    show_chart(figure, alt)


def _fit_texts(figure):
    """Give every text of a figure the font and at least the smallest size; number those no font can draw."""
    notes = []
    for text in figure.findobj(Text):
        text.set_fontfamily(families())
        if text.get_color() == "black":  # Matplotlib's own, of text that was added later
            text.set_color(INK)
        text.set_fontsize(max(text.get_fontsize(), SMALLEST * POINTS))
        words = check_text(text.get_text(), "A text of this chart")
        if not drawable(re.sub(r"\$[^$]*\$", "", words)):
            notes += [words] if words not in notes else []
            text.set_text(f"[{notes.index(words) + 1}]")
    return notes
