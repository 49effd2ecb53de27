"""Films, loupes, heat maps, chips, and the charts that draw an idea."""

import base64
import io
import re

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from lettering import lines, overflowing
from matplotlib.text import Text
from PIL import Image

from helpers.errors import InputError
from helpers.show import marks, motion
from helpers.show.ideas import draw_fields, draw_hill, draw_lever
from helpers.show.marks import HEAT, heat, loupe, show_chips, worst_spot
from helpers.show.motion import film, film_pages, show_film
from helpers.show.plotting import IMAGES
from helpers.show.style import GUIDANCE, NOISE, PREDICTION, WIDE, luminance
from tools.drawings.letters import STYLE, with_letters

# A badge's letters are stretched to fit
DRAWINGS = sorted(path for path in IMAGES.glob("*.svg") if "badge" not in path.stem)


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    for module in (marks, motion):
        monkeypatch.setattr(module, "display", lambda output, **metadata: outputs.append(output))
    return outputs


def squares(*colours):
    return [Image.new("RGB", (128, 128), colour) for colour in colours]


def words(figure):
    return {text.get_text(): text for text in figure.findobj(Text) if text.get_text()}


def arrows(axes, colour):
    """The tips of all arrows of one colour."""
    drawn = [text for text in axes.texts if getattr(text, "arrow_patch", None)]
    return [text.xy for text in drawn if text.arrowprops["color"] == colour]


# Films


def test_a_film_plays_its_rows_side_by_side_and_rests_on_the_last_moment(shown):
    data = film(
        [squares("red", "lime", "blue"), squares("black", "black", "white")], ["a", "b"], ["1", "2", "3"]
    )
    show_film(data, "three moments")
    embedded = re.search(r"data:image/webp;base64,([^\"]+)", shown[0]._repr_html_())[1]
    opened, seen, times = Image.open(io.BytesIO(base64.b64decode(embedded))), [], []
    for i in range(opened.n_frames):
        opened.seek(i)
        opened.load()
        times.append(opened.info["duration"])
        page = opened.convert("RGB")
        seen.append([page.getpixel((page.width * x // 4, page.height // 2)) for x in (1, 3)])
    assert opened.info["loop"] == 0 and times == [125, 125, 1500]
    expected = [[(255, 0, 0), (0,) * 3], [(0, 255, 0), (0,) * 3], [(0, 0, 255), (255,) * 3]]
    assert np.abs(np.array(seen) - expected).max() < 12 and repr(shown[0]) == "three moments"


def test_the_moments_of_a_film_are_pictures_of_one_size_with_their_captions():
    first, second = film_pages([squares("red", "red")], ["a"], ["t = 900", "t = 20"])
    assert first.size == second.size and first.tobytes() != second.tobytes()
    assert first.crop((0, 0, first.width, 200)).tobytes() == second.crop((0, 0, second.width, 200)).tobytes()


@pytest.mark.parametrize(
    "rows, titles, captions", [(2, 1, 1), (2, 2, 2), (3, 1, 2), (301, 1, 301), (0, 1, 0)]
)
def test_a_film_that_does_not_fit_together_is_refused(rows, titles, captions):
    with pytest.raises(InputError, match=f"A film needs .* {captions} captions and {titles} titles"):
        film([squares("red") * rows], ["x"] * titles, ["y"] * captions)


def test_a_film_without_an_alt_text_is_refused(shown):
    with pytest.raises(InputError, match="A figure needs an alt text"):
        show_film(film([squares("red", "lime")], ["a"], ["1", "2"]), "")
    assert shown == []


# Marks


def test_a_loupe_frames_a_part_and_shows_its_pixels_as_squares():
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 255, (128, 128, 3), dtype="uint8"))
    framed, part = loupe(picture, (32, 16, 64, 48))
    assert framed.size == part.size == (256, 256)
    assert part.resize((32, 32), Image.BOX).tobytes() == picture.crop((32, 16, 64, 48)).tobytes()
    plain = picture.resize((256, 256), Image.LANCZOS)
    changed = np.argwhere(np.any(np.asarray(framed) != np.asarray(plain), axis=2))
    assert changed.min(0) == pytest.approx((32, 64), abs=4) and changed.max(0) == pytest.approx(
        (96, 128), abs=4
    )


def test_the_worst_spot_is_where_a_copy_differs_most():
    picture = Image.new("RGB", (64, 48), "grey")
    copy = picture.copy()
    copy.paste((0, 0, 0), (40, 10, 48, 18))  # the most
    copy.paste((120, 120, 120), (4, 30, 20, 46))  # more of the picture, but hardly different
    assert worst_spot(picture, copy, 8) == (40, 10, 48, 18)
    assert worst_spot(copy, picture, 8) == (40, 10, 48, 18)
    left, top, right, bottom = worst_spot(picture, copy, 16)
    assert (
        left <= 40 and top <= 10 and right >= 48 and bottom >= 18 and (right - left, bottom - top) == (16, 16)
    )
    for other, side in ((picture.resize((48, 48)), 8), (copy, 49)):
        with pytest.raises(InputError, match="a square that fits"):
            worst_spot(picture, other, side)
    with pytest.raises(InputError, match="The side must be a whole number from 1 up, not 0"):
        worst_spot(picture, copy, 0)


@pytest.mark.parametrize("box", [(0, 0, 129, 9), (9, 0, 8, 9), (9, 9, 9, 20)])
def test_a_loupe_outside_of_its_picture_is_refused(box):
    with pytest.raises(InputError, match="doesn't lie in a picture of"):
        loupe(squares("red")[0], box)


def test_a_heat_map_leaves_grey_where_it_is_zero_and_has_one_scale_for_all():
    [picture] = squares("#808080")
    values = np.zeros((16, 16))
    values[:, 8:] = 0.5
    half, full = (np.asarray(heat(picture, values, largest)).astype(int) for largest in (1.0, 0.5))
    assert np.abs(half[:, :40] - 128).max() <= 2 and np.abs(full[:, :40] - 128).max() <= 2
    assert full[:, -40:].mean() < half[:, -40:].mean() - 20


def test_a_chip_of_next_to_nothing_has_no_exponent_under_it(shown):
    show_chips(["an", "mars", "end"], [0, 5.6e-5, 0.0017], "a sentence")
    assert re.findall(r"center\">([^<]+)</td>", shown[0]._repr_html_()) == ["0", "≈ 0", "0.0017"]


def test_chips_are_darker_the_larger_their_value_and_always_readable(shown):
    show_chips(["an", "<b>", "mars"], [0.02, 0.4, 0.1], "a sentence")
    markup = shown[0]._repr_html_()
    colours = re.findall(r"background: (#\w+); color: (#\w+)", markup)
    order = np.argsort([-luminance(colour) for colour, _ in colours])
    assert list(order) == [0, 2, 1]
    assert "&lt;b&gt;" in markup and re.findall(r">(0\.\d+)</td>", markup) == ["0.02", "0.4", "0.1"]
    for share in np.linspace(0, 1, 50):
        colour, ink = re.search(r"background: (#\w+); color: (#\w+)", marks._chip("x", share)).groups()
        low, high = sorted((luminance(colour), luminance(ink)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, share


def test_the_scale_of_heat_falls_in_lightness_all_the_way():
    lightness = HEAT(np.linspace(0, 1, 30))[:, :3] @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) < 0).all()


@pytest.mark.parametrize(
    "names, values", [(["a"], [0.1, 0.2]), ([], []), (["a"], [-0.1]), (["a"], [float("nan")])]
)
def test_chips_need_a_value_from_zero_up_for_each_word(names, values, shown):
    with pytest.raises(
        InputError, match="give each word one, from 0 up|Each value must be a number from 0 up"
    ):
        show_chips(names, values, "alt")


# Ideas


@pytest.mark.parametrize("w", [0, 1, 5, -2])
def test_the_lever_ends_where_guidance_does(w):
    [axes] = draw_lever((1, 0.5), (1.5, 1), w, "title").axes
    assert arrows(axes, GUIDANCE) == [pytest.approx((1 + 0.5 * w, 0.5 + 0.5 * w))]
    assert arrows(axes, PREDICTION) == [pytest.approx((1.5, 1))]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < min(0, 1 + 0.5 * w) and right > 1.5 and bottom < 0 and top > 1
    assert f"guided, w = {w}" in words(axes.figure)


def test_charts_of_a_slider_keep_their_limits():
    for w in (1, 9):
        [axes] = draw_lever((1, 0), (1, 1), w, "title", limits=(-1, 3, -1, 10)).axes
        assert (*axes.get_xlim(), *axes.get_ylim()) == (-1, 3, -1, 10)


def test_the_hill_goes_up_to_where_the_steps_begin_and_counts_them():
    levels = np.sqrt(1 - np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2))
    [axes] = draw_hill(levels, {"strength 0.5": [451, 251, 51]}, "title").axes
    assert arrows(axes, NOISE) == [pytest.approx((451 - 999, levels[451]))]
    assert "strength 0.5: 3 steps" in words(axes.figure)
    [dots] = [line for line in axes.lines if line.get_color() == PREDICTION]
    assert dots.get_xdata() == pytest.approx([548, 748, 948])


def test_fields_draw_arrows_the_way_they_point_and_all_particles():
    particles = np.array([(1.0, 1.0), (-1.0, 0.5)])
    figure = draw_fields(
        {"to the middle": (lambda x: -x, particles), "away": (lambda x: 5 * x, particles)}, "title"
    )
    for axes, sign in zip(figure.axes, (-1, 1)):
        quiver, *_ = axes.collections
        inward = (quiver.get_offsets() * np.stack([quiver.U, quiver.V], axis=1)).sum(1)
        assert (sign * inward >= 0).all() and (sign * inward).max() > 0
        assert any(np.allclose(line.get_xydata(), particles) for line in axes.lines)


# Drawings


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_brings_the_letters_that_it_uses(path):
    drawing = path.read_text(encoding="utf-8")
    fonts = re.findall(r"data:font/woff;base64,([A-Za-z0-9+/=]+)", drawing)
    assert len(fonts) == 2, "run python -m tools.drawings.letters"
    used = {sign for words in re.findall(r">([^<]+)<", STYLE.sub("", drawing)) for sign in words}
    for font in fonts:
        has = set(TTFont(io.BytesIO(base64.b64decode(font))).getBestCmap())
        assert not {sign for sign in used if not sign.isspace() and ord(sign) not in has}
    again = with_letters(drawing)
    assert again == with_letters(again)


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_the_letters_of_a_drawing_have_sixteen_pixels_and_stay_in_their_boxes(path):
    drawing = path.read_text(encoding="utf-8")
    wide = float(re.search(r'viewBox="0 0 ([\d.]+) ', drawing)[1])
    for words, sizes, _ in lines(drawing):
        assert min(sizes) * WIDE / wide >= 16, words  # `show_diagram` shows it WIDE pixels wide
    assert not list(overflowing(drawing))


def test_small_letters_and_too_long_lines_are_found():
    box = '<rect x="10" y="10" width="80" height="40" stroke-width="2"/>'
    small = '<text y="30" font-size="20"><tspan>x</tspan><tspan font-size="12">t</tspan></text>'
    scaled = '<g font-size="30" transform="translate(9 9) scale(0.5)"><text x="2" y="40">a</text></g>'
    long = '<text x="50" y="35" text-anchor="middle">more than fits</text>'
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 99" font-size="17">{}</svg>'
    found = lines(drawing.format(small + scaled + long))
    assert [line.sizes for line in found] == [[20, 12], [15], [17]]
    assert found[1].place[0] == 10 and found[1].place[2] == 29
    assert list(overflowing(drawing.format(box + long))) == ["more than fits"]
    assert not list(overflowing(drawing.format(box + long.replace("more than fits", "fits"))))


@pytest.mark.parametrize("name", ["denoising", "walk"])
def test_a_film_in_images_has_its_still_and_a_small_size(name):
    film, still = IMAGES / f"{name}.webp", IMAGES / f"{name}.png"
    with Image.open(film) as opened, Image.open(still) as picture:
        assert opened.n_frames >= 20 and opened.size == picture.size
    assert film.stat().st_size < 700_000
