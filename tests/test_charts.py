"""Charts are compared by what they show: another drawing passes, another curve or label does not."""

import matplotlib
import numpy as np
import pytest

from helpers.show.charts import described
from helpers.show.plotting import NOISE, PREDICTION, SIGNAL
from helpers.show.plotting import chart as new_chart
from tests.charts import chart_difference

LAST_BIT = 1e-6
TICKS = {"ticks": [0.5, 1.0], "labels": ["half", "one"]}


def chart(
    names=("noise", "signal"),
    power=2.0,
    shift=0.0,
    scale=1.0,
    colour=SIGNAL,
    ticks=TICKS,
    bar=0.4,
    square=0.2,
    points=50,
    title="A title",
    legend="one",
    extra=False,
    xlabel="time",
    dpi=100,
    **style,
):
    """What a chart with a bit of everything shows."""
    with matplotlib.rc_context(style):
        figure, axes = new_chart(xlabel, "share", title)
        x = np.linspace(0, scale, 200)
        for name, y, shade in zip(names, (x**power + shift, 1 - x), (NOISE, colour)):
            axes.plot(x, y, color=shade, label=legend)
            axes.annotate(name, (x[-1], y[-1]), (6, 0), textcoords="offset points", annotation_clip=False)
        axes.fill_between(x, x**power, x, color=PREDICTION, alpha=0.3)
        axes.bar([0.2, 0.5], [bar, 0.3], width=0.1)
        axes.scatter(np.linspace(0, 1, points), np.linspace(0, 1, points) ** 3)
        pixels = np.zeros((8, 8))
        pixels[2:4, 3:5] = square
        axes.imshow(pixels, extent=(0.6, 0.9, 0.6, 0.9), vmin=0, vmax=1, aspect="auto")
        axes.set(xlim=(-0.05, 1.05 * scale), ylim=(-0.1, 1.1), title=title)
        axes.set_xticks(**ticks)
        axes.legend(loc="upper left")
        if extra:
            axes.axhline(0.5, color=NOISE)
        figure.set_dpi(dpi)
        return described(figure)


SAME = {
    "the same": {},
    "last bits": {"shift": LAST_BIT, "bar": 0.4 + LAST_BIT},
    "letters of another version": {"text.hinting": "no_hinting"},
    "another font": {"font.family": ["DejaVu Serif"]},
    "wider letters, so another layout": {"font.family": ["DejaVu Sans Mono"], "axes.titlepad": 9},
    "another resolution": {"dpi": 200},
}
OTHER = {
    "a wrong curve": {"power": 2.2},
    "a shifted curve": {"shift": 0.02},
    "swapped labels": {"names": ("signal", "noise")},
    "another label": {"names": ("noise", "signals")},
    "another colour": {"colour": PREDICTION},
    "another scale": {"scale": 1.1},
    "swapped tick labels": {"ticks": {"ticks": [0.5, 1.0], "labels": ["one", "half"]}},
    "another bar": {"bar": 0.43},
    "another picture": {"square": 0.9},
    "fewer points": {"points": 40},
    "another title": {"title": "A Title"},
    "another word in the legend": {"legend": "two"},
    "another axis": {"xlabel": "steps"},
    "a line more": {"extra": True},
}


@pytest.fixture(scope="module")
def committed():
    return chart()


@pytest.mark.parametrize("name", SAME)
def test_the_same_chart_drawn_otherwise_passes(name, committed):
    assert chart_difference(chart(**SAME[name]), committed) is None


@pytest.mark.parametrize("name", OTHER)
def test_another_chart_is_told_from_the_committed_one(name, committed):
    other = chart(**OTHER[name])
    assert chart_difference(other, committed) and chart_difference(committed, other)


def test_the_difference_is_said_in_words(committed):
    swapped = chart_difference(chart(names=("signal", "noise")), committed)
    assert "'signal' where the committed one has text" in swapped and swapped.endswith("'noise'")
    assert f"curve {NOISE.lower()}" in chart_difference(chart(shift=0.05), committed)
