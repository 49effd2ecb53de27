"""The look of all figures: widths, colours, the font, and what happens to signs that no font has.

Colours come in two sets. NOISE, SIGNAL, PREDICTION and GUIDANCE mean one thing each in all notebooks.
CATEGORIES tell things apart that have no such meaning: schedulers, models, kinds of pictures. Within a set,
colours differ for every kind of colour vision, and all of them are dark enough for text on PAPER; tests hold
them to it.
"""

import contextlib
import functools
import logging
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

WIDE, MEDIUM, NARROW = WIDTHS = (
    1040,
    680,
    336,
)  # pixels: a notebook's column beside JupyterLab's side bar, and parts
HEIGHT = 420  # pixels, of a chart
BORDER = 16  # pixels of paper around a chart
SHARPNESS = 2  # stored pixels for one on the page
LABEL, TITLE, SMALLEST = 18, 22, 16  # pixels, of text
DOTS = 100  # of a page's pixels, an inch
POINTS = 72 / DOTS  # in a pixel

NOISE = "#B25314"
SIGNAL = "#0847D7"
PREDICTION = "#174C3B"
GUIDANCE = "#861788"
CATEGORIES = ("#01768F", "#822B08", "#9A02EE", "#102E83", "#3A0924")
INK = "#1F2430"
MUTED = "#646A76"  # what is only there to compare with: chance, axes, other lines
PAPER = "#F9F4EA"  # warm: white would glare in a dark theme
GRID = "#E3DCCD"

# A fallback font without a bold cut is drawn in the cut that it has; in notebooks Matplotlib would say so.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

FONTS = Path(__file__).parent / "fonts"
FAMILY = "Inter"
# Families with Chinese, Japanese and Korean signs that systems bring along: Linux, macOS, Windows.
EASTERN = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "PingFang SC", "Hiragino Sans GB", "Arial Unicode MS", "Microsoft YaHei",
    "Yu Gothic", "Malgun Gothic",
)  # fmt: skip


def luminance(colour):
    """The relative luminance of "#RRGGBB", from 0 to 1, as WCAG 2.2 defines it for contrast."""
    channels = [each / 255 for each in bytes.fromhex(colour[1:])]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))


@functools.cache
def families():
    """The font families of all figures, the bundled one first; the next ones lend it the signs it lacks."""
    for file in sorted(FONTS.glob("*.otf")):
        font_manager.fontManager.addfont(file)
    # An Eastern font without a bold face lends its plain one: nothing that a reader needs to be told.
    logging.getLogger(font_manager.__name__).addFilter(
        lambda record: "Failed to find font weight" not in record.getMessage()
    )
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return [name for name in (FAMILY, "DejaVu Sans", *EASTERN) if name in known]


def font_file(bold=False, family=None):
    """The file of a family that `families` names, of the first one by default."""
    weight = "bold" if bold else "normal"
    wanted = font_manager.FontProperties(family=family or families()[0], weight=weight)
    return font_manager.findfont(wanted)


@functools.cache
def _signs(family):
    return frozenset(FT2Font(font_file(family=family)).get_charmap())


def drawable(text, family=None):
    """Whether this family, or without one any font of this machine, has every sign of `text`."""
    among = [family] if family else families()
    return all(sign.isspace() or any(ord(sign) in _signs(each) for each in among) for sign in text)


@contextlib.contextmanager
def styled():
    """A block in which Matplotlib makes figures of this look; sizes of text are in pixels on the page."""
    points = 72 / 100  # a figure has 100 dots an inch
    style = {
        "font.family": families(),
        "font.size": LABEL * points,
        "axes.titlesize": TITLE * points,
        "axes.labelsize": LABEL * points,
        "xtick.labelsize": SMALLEST * points,
        "ytick.labelsize": SMALLEST * points,
        "legend.fontsize": SMALLEST * points,
        "mathtext.fontset": "dejavusans",
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 12,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 1,
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "lines.linewidth": 2.5,
        "lines.markersize": 7,
        "lines.solid_capstyle": "round",
        "axes.prop_cycle": matplotlib.cycler(color=CATEGORIES),
        "figure.constrained_layout.w_pad": 0.06,  # inches, around each of a figure's axes
        "figure.constrained_layout.h_pad": 0.06,
    }
    with matplotlib.rc_context(style):
        yield
