"""Figures: one HTML image with an alt text each, small in bytes, and readable."""

import base64
import html
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.errors import InputError
from helpers.show import plotting
from helpers.show.plotting import (
    GUIDANCE,
    NOISE,
    PAPER,
    PREDICTION,
    SIGNAL,
    curves,
    film_strip,
    latent_pictures,
    show,
    show_drawing,
    show_grid,
)


@pytest.fixture
def shown(monkeypatch):
    """What the figure functions hand to the notebook."""
    outputs = []
    monkeypatch.setattr(plotting, "display", lambda output, **metadata: outputs.append(output))
    return outputs


def picture(colour="navy", size=(128, 128)):
    return Image.new("RGB", size, colour)


def decoded(output):
    [source] = re.findall(r'src="data:image/(?:png|webp);base64,([^"]+)"', output._repr_html_())
    return Image.open(io.BytesIO(base64.b64decode(source))).convert("RGB")


def draw_each_kind(alt):
    yield lambda: show(picture(), alt)
    yield lambda: show_grid([picture()] * 2, ["one", "two"], alt)
    yield lambda: film_strip([[picture()] * 2], ["x"], ["1", "2"], alt)
    yield lambda: curves({"noise": ([0, 1], [0, 1], NOISE)}, "x", "y", "title", alt)
    yield lambda: show_drawing(plotting.drawing("x", "y", "title")[0], alt)


@pytest.mark.parametrize("kind", range(5))
def test_every_figure_is_one_image_whose_alt_text_is_also_its_plain_text(kind, shown):
    alt = 'A planet, "red" & <round>'
    assert list(draw_each_kind(alt))[kind]() is None
    [output] = shown
    markup = output._repr_html_()
    assert markup.count("<img") == 1
    assert html.unescape(re.search(r'alt="([^"]*)"', markup)[1]) == alt
    assert repr(output) == alt


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_figure_without_an_alt_text_is_refused(kind, alt, shown):
    with pytest.raises(InputError, match="A figure needs an alt text"):
        list(draw_each_kind(alt))[kind]()
    assert shown == []


def test_a_notebook_gets_html_and_plain_text_and_nothing_else(monkeypatch):
    from IPython.core.formatters import DisplayFormatter

    output = plotting.Shown(b"bytes", "png", 10, "a red planet")
    data, metadata = DisplayFormatter().format(output)
    assert set(data) == {"text/html", "text/plain"} and data["text/plain"] == "a red planet"
    assert metadata == {}


def test_a_pocket_picture_is_shown_large_enough_to_be_seen(shown):
    show(picture("navy"), "navy")
    assert decoded(shown[0]).size == (256, 256)
    assert decoded(shown[0]).getpixel((100, 100)) == pytest.approx((0, 0, 128), abs=4)


def test_a_large_picture_is_not_enlarged(shown):
    show(picture(size=(512, 512)), "navy")
    assert decoded(shown[0]).size == (512, 512)


def test_sixteen_latents_show_as_sharp_squares(shown):
    checks = Image.fromarray(np.indices((16, 16)).sum(0).astype("uint8") % 2 * 255)
    show(checks, "a chessboard")
    image = np.asarray(decoded(shown[0]).convert("L")).astype(int)
    assert image.shape == (256, 256)
    centres = image[8::16, 8::16]
    assert ((centres < 20) | (centres > 235)).all()


def test_a_grid_keeps_the_pictures_in_reading_order(shown):
    colours = ["red", "lime", "blue", "white", "black"]
    show_grid([picture(colour) for colour in colours], colours, "five colours", columns=3)
    grid = np.asarray(decoded(shown[0])).astype(int)
    red, lime, blue = (
        np.argwhere(np.abs(grid - colour).sum(2) < 30).mean(0)
        for colour in [(254, 0, 0), (0, 255, 1), (0, 0, 254)]
    )
    black = np.argwhere(grid.sum(2) == 0).mean(0)
    assert red[1] < lime[1] < blue[1] and red[0] == pytest.approx(blue[0], abs=2)
    assert black[0] > red[0] + 200 and black[1] == pytest.approx(lime[1], abs=3)


def test_figures_lie_on_light_paper_for_dark_and_light_themes(shown):
    show_grid([picture()], ["mars"], "mars")
    curves({"noise": ([0, 1], [0, 1], NOISE)}, "x", "y", "title", "a line")
    for output in shown:
        assert decoded(output).getpixel((0, 0)) == pytest.approx((255, 255, 255), abs=3)
    assert PAPER == "#FFFFFF"


def test_titles_change_the_figure_and_long_ones_stay_inside_their_column(shown):
    show_grid([picture()] * 2, ["", ""], "no titles")
    show_grid([picture()] * 2, ["a very long title " * 12, "x" * 200], "long titles")
    bare, titled = map(decoded, shown)
    assert titled.width == bare.width and titled.height > bare.height
    ink = np.asarray(titled.convert("L")).astype(int)[: titled.height - bare.height] < 128
    assert ink.any() and not ink[:, -plotting.GAP :].any()
    middle = bare.width // 2
    assert not ink[:, middle - 2 : middle + 2].any()


def test_a_film_strip_fits_a_notebook_cell(shown):
    film_strip(
        [[picture()] * 8] * 2, ["latents x_t", "predicted x_0"], [f"t = {t}" for t in range(8)], "two rows"
    )
    assert decoded(shown[0]).width <= plotting.WIDTH


def test_labels_and_pictures_must_be_equally_many(shown):
    with pytest.raises(InputError, match="2 pictures have 1 titles"):
        show_grid([picture()] * 2, ["one"], "alt")
    with pytest.raises(InputError, match="a label for each row"):
        film_strip([[picture()] * 2], ["row"], ["only one"], "alt")


def test_noisy_pictures_stay_small_enough_for_a_notebook(shown):
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype="uint8")).resize(
        (128, 128), Image.BICUBIC
    )
    show_grid([smooth] * 8, [f"seed {i}" for i in range(8)], "eight pictures")
    film_strip([[smooth] * 8] * 2, ["a", "b"], list("12345678"), "sixteen pictures")
    curves({"noise": (range(1000), np.sin(np.arange(1000) / 99), NOISE)}, "t", "x", "title", "a wave")
    assert [
        len(output.data) < limit for output, limit in zip(shown, (250_000, 160_000, 40_000), strict=True)
    ] == [True] * 3


def test_the_channels_of_a_latent_become_grey_pictures():
    latents = torch.zeros(4, 16, 16)
    latents[0], latents[1] = -9, 9
    pictures = latent_pictures(latents)
    assert [each.getpixel((0, 0))[0] for each in pictures] == [0, 255, 128, 128]
    assert all(each.size == (16, 16) for each in pictures)


def test_the_colours_are_readable_on_paper_and_differ_in_lightness_or_hue():
    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    colours = (NOISE, SIGNAL, PREDICTION, GUIDANCE)
    assert len(set(colours)) == 4
    for colour in colours:
        assert 1.05 / (luminance(colour) + 0.05) >= 3.0  # WCAG 2.1, 1.4.11, for graphics and large text
