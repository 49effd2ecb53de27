"""What a chart shows, in words and numbers, so that two drawings of it can be compared.

Another version of matplotlib, another font or another resolution moves every pixel of a chart a little. Its
curves, bars, labels and axes stay. They are kept with the picture, in the metadata of the cell's output: the
tests compare them, and a change of a chart is read in git.
"""

import numpy as np
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.image import AxesImage
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator
from PIL import Image

POINTS = 60  # of a curve: enough that no other curve goes through them all
IMAGE = (32, 16)  # pixels of a small copy


def described(figure):
    """A figure -> a list of [what, numbers], two strings for each axis, curve, shape, picture and text.

    The numbers are x and y of its points by turns, as shares of the axes' width and height: 0 0 is the lower
    left corner and 1 1 the upper right one. For an axis they are the values at its two ends, and at the marks
    that its author chose; for a picture red, green and blue, in 0–1, of a small copy.
    """
    figure.draw_without_rendering()  # then each text has its place
    found = []
    for axes in figure.axes:
        found += [_axis("x", axes.xaxis), _axis("y", axes.yaxis)] if axes.axison else []
        frame = {axes.patch, axes.xaxis, axes.yaxis, *axes.spines.values()}
        for artist in axes.get_children():
            if artist not in frame and artist.get_visible():
                found += _artist(artist, axes.transAxes.inverted())
    for artist in [*figure.texts, *figure.legends]:
        found += _artist(artist, figure.transFigure.inverted())
    return found


def _axis(name, axis):
    words = f"{name} axis {axis.get_label_text()!r} {axis.get_scale()}"
    numbers = [*axis.get_view_interval()]
    if isinstance(axis.get_major_locator(), FixedLocator):  # marks that the chart's author chose
        words += f" {[label.get_text() for label in axis.get_ticklabels()]}"
        numbers += [*axis.get_ticklocs()]
    return [words, " ".join(f"{number:.6g}" for number in numbers)]


def _artist(artist, to_shares):
    """[[what, numbers]] of one artist, or of each text of a legend; [] of an empty text."""
    if isinstance(artist, Legend):
        return [[f"legend {text.get_text()!r}", ""] for text in artist.get_texts()]
    if isinstance(artist, Text):
        place = artist.get_transform().transform([artist.get_unitless_position()])
        words = f"text {to_hex(artist.get_color())} {artist.get_text()!r}"
        return [[words, _numbers(to_shares.transform(place))]] if artist.get_text() else []
    if isinstance(artist, Line2D):
        style = f"{to_hex(artist.get_color())} {artist.get_linestyle()} {artist.get_marker()}"
        points = artist.get_transform().transform(artist.get_xydata())
        return [[f"curve {style}", _numbers(to_shares.transform(points))]]
    if isinstance(artist, Patch):
        points = artist.get_transform().transform(artist.get_path().vertices)
        return [
            [
                f"{type(artist).__name__} {to_hex(artist.get_facecolor())}",
                _numbers(to_shares.transform(points)),
            ]
        ]
    if isinstance(artist, AxesImage) or np.ndim(artist.get_array()) == 2:
        return [
            [f"picture of {artist.get_array().shape}", _small(artist.to_rgba(artist.get_array(), bytes=True))]
        ]
    if isinstance(artist, Collection):
        return [_collection(artist, to_shares)]
    return [[type(artist).__name__, ""]]


def _collection(artist, to_shares):
    """Of many shapes each direction is sorted: which of them lies in front is a matter of the last bits."""
    colours = [*artist.get_facecolor()[:1], *artist.get_edgecolor()[:1]]
    words = f"{type(artist).__name__} {' '.join(map(to_hex, colours))}"
    if len(artist.get_offsets()) > 1:
        points = artist.get_offset_transform().transform(artist.get_offsets())
    else:
        points = artist.get_transform().transform(np.vstack([path.vertices for path in artist.get_paths()]))
    points = to_shares.transform(points)
    return [words, _numbers(np.sort(points, axis=0) if len(artist.get_paths()) > POINTS else points)]


def _numbers(points):
    """Points (n, 2) -> at most 60 of them, evenly taken, as text."""
    chosen = points[np.linspace(0, len(points) - 1, min(len(points), POINTS)).round().astype(int)]
    return " ".join(f"{number:.3f}" for number in np.clip(chosen, -1, 2).ravel())


def _small(pixels):
    size = [min(new, old) for new, old in zip(IMAGE, pixels.shape[1::-1])]
    copy = Image.fromarray(pixels).convert("RGB").resize(size, Image.Resampling.BOX)
    return " ".join(f"{number:.2f}" for number in np.asarray(copy).ravel() / 255)
