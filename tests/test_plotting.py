"""Figures: pictures as HTML with an alt text each, charts of one style, readable by everybody."""

import base64
import html
import io
import itertools
import re
import warnings

import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from matplotlib import font_manager
from matplotlib.text import Text
from PIL import Image

from conftest import picture_difference, take_pictures
from helpers.errors import InputError
from helpers.show import charting, diagrams, page, paper, style
from helpers.show.plotting import (
    CATEGORIES,
    GUIDANCE,
    INK,
    MUTED,
    NOISE,
    PAPER,
    PREDICTION,
    SIGNAL,
    chart,
    colour_map,
    curves,
    dumbbells,
    film_strip,
    grid,
    interval,
    label_lines,
    latent_colours,
    latent_pictures,
    panels,
    show,
    show_chart,
    show_diagram,
    show_grid,
    small_multiples,
)
from tests.browser import chromium_browser

ALT = 'A planet, "red" & <round>'
SHARE = (0.4, 0.3, 0.5)
EACH_KIND = {
    "show": lambda alt: show(picture(), alt),
    "show_grid": lambda alt: show_grid([picture()] * 2, ["one", "two"], alt),
    "film_strip": lambda alt: film_strip([[picture()] * 2], ["x"], ["1", "2"], alt),
    "curves": lambda alt: curves({"noise": ([0, 1], [0, 1], NOISE)}, "x", "y", "title", alt),
    "show_chart": lambda alt: show_chart(chart("x", "y", "title")[0], alt),
    "dumbbells": lambda alt: dumbbells({"a": (SHARE, SHARE)}, ("old", "new"), (INK, NOISE), "x", "y", alt),
    "small_multiples": lambda alt: small_multiples({"a": ([0, 1], [0, 1], NOISE)}, "x", "y", "title", alt),
    "show_diagram": lambda alt: show_diagram("loop", alt),
}


@pytest.fixture
def shown(monkeypatch):
    """What the figure functions hand to the notebook."""
    outputs = []
    for module in (charting, diagrams, page):
        monkeypatch.setattr(module, "display", lambda output, **metadata: outputs.append(output))
    return outputs


def picture(colour="navy", size=(128, 128)):
    return Image.new("RGB", size, colour)


def images(output):
    """The pictures in an output, as (PIL picture, width on the page, alt text)."""
    found = []
    for tag in re.findall(r"<img [^>]*>", output._repr_html_()):
        data = re.search(r'src="data:image/(?:png|webp);base64,([^"]+)"', tag)[1]
        alt, width = re.search(r'alt="([^"]*)"', tag)[1], re.search(r'width="(\d+)"', tag)[1]
        found.append(
            (Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), int(width), html.unescape(alt))
        )
    return found


@pytest.mark.parametrize("kind", EACH_KIND)
def test_every_figure_says_what_is_to_be_seen_and_each_of_its_pictures_has_an_alt_text(kind, shown):
    assert EACH_KIND[kind](ALT) is None
    [output] = shown
    markup = output._repr_html_()
    assert html.escape(ALT) in markup
    assert all(re.search(r'alt="[^"]*\w', tag) for tag in re.findall(r"<img[^>]*>", markup))
    data, metadata = DisplayFormatter().format(output)
    assert set(data) == {"text/html", "text/plain"} and data["text/plain"] == ALT and metadata == {}


@pytest.mark.parametrize("kind", EACH_KIND)
@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_figure_without_an_alt_text_is_refused(kind, alt, shown):
    with pytest.raises(InputError, match="A figure needs an alt text"):
        EACH_KIND[kind](alt)
    assert shown == []


# Pictures on the page


def test_several_pictures_for_show_are_sent_to_the_grid(shown):
    with pytest.raises(InputError, match="show takes one picture, not 2: .* show_grid"):
        show([picture()] * 2, ALT)
    with pytest.raises(InputError, match="not a ndarray of shape .*: .* Image.fromarray of an array"):
        show(np.zeros((8, 8, 3), np.uint8), ALT)
    with pytest.raises(InputError, match="pictures is a list, not an Image: put square brackets"):
        show_grid(picture(), ["one"], ALT)


def test_a_pocket_picture_is_shown_large_enough_to_be_seen_and_a_large_one_as_it_is(shown):
    show(picture("navy"), "navy")
    show(picture(size=(512, 512)), "navy")
    [(small, width, _)], [(large, large_width, _)] = map(images, shown)
    assert width == 256 and small.getpixel((100, 100)) == pytest.approx((0, 0, 128), abs=4)
    assert large_width == large.width == 512


def test_sixteen_latents_show_as_sharp_squares(shown):
    checks = Image.fromarray(np.indices((16, 16)).sum(0).astype("uint8") % 2 * 255)
    show_grid([checks], ["a chessboard"], "a chessboard")
    pixels = np.asarray(images(shown[0])[0][0].convert("L"))
    assert set(np.unique(pixels)) == {0, 255} and pixels.shape[0] % 16 == 0


def test_a_grid_keeps_the_pictures_in_reading_order_each_under_its_title(shown):
    colours = ["red", "lime", "blue", "white", "black", "yellow"]
    show_grid([picture(colour) for colour in colours], colours, "six colours", columns=3)
    rows = re.findall(r"<tr.*?</tr>", shown[0]._repr_html_())
    assert [re.findall(r"<div[^>]*>(\w+)</div><img", row) for row in rows] == [colours[:3], colours[3:]]
    for (seen, _, alt), colour in zip(images(shown[0]), colours, strict=True):
        assert alt.startswith(colour) and np.allclose(
            seen.getpixel((9, 9)), picture(colour).getpixel((9, 9)), atol=6
        )


COLUMNS = [(4, 4, 4), (8, 4, 4), (9, 5, 3), (10, 5, 5), (6, 4, 3), (5, 4, 5), (8, 8, 4), (9, 9, 3),
           (12, 6, 6), (7, 4, 4), (1, 4, 1)]  # fmt: skip


@pytest.mark.parametrize("count, wanted, columns", COLUMNS)
def test_no_place_in_a_grid_stays_empty_where_that_can_be(count, wanted, columns, shown):
    show_grid([picture()] * count, ["x"] * count, "alt", columns=wanted)
    first, *_ = re.findall(r"<tr.*?</tr>", shown[0]._repr_html_())
    assert first.count("<img") == columns


@pytest.mark.parametrize("count", [1, 5, 6, 8, 12])
@pytest.mark.parametrize("side", [16, 128, 200])
@pytest.mark.parametrize("label", ["", "a row"])
def test_a_row_has_at_most_six_pictures_never_smaller_than_they_are_and_fits_the_page(
    count, side, label, shown
):
    film_strip(
        [[picture(size=(side, side))] * count] * 2, [label] * 2, [str(i) for i in range(count)], "two rows"
    )
    markup = shown[0]._repr_html_()
    per_row = max(row.count("<img") for row in re.findall(r"<tr.*?</tr>", markup))
    widths = {width for _, width, _ in images(shown[0])}
    assert per_row <= 6 and min(widths) >= side and len(images(shown[0])) == 2 * count
    assert per_row * (max(widths) + page.GAP) + (page.ROW_LABEL if label else 0) <= style.WIDE


def test_a_long_strip_goes_on_below_under_its_own_labels(shown):
    film_strip([[picture()] * 8], ["guess"], [f"t = {t}" for t in range(8)], "eight guesses")
    markup = shown[0]._repr_html_()
    assert re.findall(r'scope="col"[^>]*>([^<]*)', markup) == [f"t = {t}" for t in range(8)]
    assert re.findall(r'scope="row"[^>]*>([^<]*)', markup) == ["guess", "guess"]
    assert [alt for _, _, alt in images(shown[0])] == [f"guess, t = {t}" for t in range(8)]


def test_captions_are_text_in_the_colour_of_the_theme_in_any_script(shown):
    show_grid([picture()] * 2, ["火星上的宇航员 🚀", "a <b> & c"], "two")
    film_strip([[picture()]], ["火"], ["🚀"], "one")
    for output, words in zip(shown, (["火星上的宇航员 🚀", "a &lt;b&gt; &amp; c"], [">火<", ">🚀<"])):
        markup = output._repr_html_()
        assert all(word in markup for word in words)
        assert not re.search(r"(?<![-\w])color:|background:(?! none)", markup)


def test_without_styles_the_pictures_still_stand_in_their_rows(shown):
    show_grid([picture()] * 6, list("abcdef"), "six", columns=3)
    bare = re.sub(r' style="[^"]*"', "", shown[0]._repr_html_())
    assert [row.count("<img") for row in re.findall(r"<tr.*?</tr>", bare)] == [3, 3]
    assert all(re.search(r'width="\d+"', tag) for tag in re.findall(r"<img[^>]*>", bare))


def test_the_comparison_of_notebooks_sees_each_picture_of_a_grid(shown):
    for last in ("navy", "navy", "red"):
        show_grid([picture(), picture(last)], ["one", "two"], "two")
    outputs = [[{"output_type": "display_data", "data": {"text/html": each._repr_html_()}}] for each in shown]
    (text, committed), (same_text, same), (other_text, other) = map(take_pictures, outputs)
    bare = [
        [each[0] if isinstance(each, tuple) else each for each in found] for found in (committed, same, other)
    ]
    assert text == same_text == other_text and len(bare[0]) == 2
    assert [picture_difference(*pair) for pair in zip(bare[1], bare[0])] == [None, None]
    assert picture_difference(bare[2][0], bare[0][0]) is None and picture_difference(bare[2][1], bare[0][1])


def test_labels_and_pictures_must_be_equally_many(shown):
    with pytest.raises(InputError, match="2 pictures have 1 titles"):
        show_grid([picture()] * 2, ["one"], "alt")
    with pytest.raises(InputError, match="0 pictures have 0 titles"):
        show_grid([], [], "alt")
    with pytest.raises(InputError, match="a label for each row"):
        film_strip([[picture()] * 2], ["row"], ["only one"], "alt")
    with pytest.raises(InputError, match="2 pictures have 1 titles"):
        grid([picture()] * 2, ["one"])


def test_figures_stay_small_enough_for_a_notebook(shown):
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype="uint8")).resize(
        (128, 128), Image.BICUBIC
    )
    show_grid([smooth] * 8, [f"seed {i}" for i in range(8)], "eight pictures")
    film_strip([[smooth] * 8] * 2, ["a", "b"], list("12345678"), "sixteen pictures")
    curves({"noise": (range(1000), np.sin(np.arange(1000) / 99), NOISE)}, "t", "x", "title", "a wave")
    sizes = [len(output._repr_html_()) for output in shown]
    assert [size < limit for size, limit in zip(sizes, (150_000, 300_000, 60_000), strict=True)] == [
        True
    ] * 3, sizes


# Pictures glued into one


def test_a_glued_grid_has_its_titles_in_its_columns_and_shortens_long_ones():
    bare = grid([picture()] * 2, ["", ""])
    titled = grid([picture()] * 2, ["a very long title " * 12, "x" * 200])
    assert titled.width == bare.width <= style.WIDE and titled.height > bare.height
    ink = np.asarray(titled.convert("L")).astype(int)[: titled.height - bare.height] < 128
    middle = bare.width // 2
    assert ink.any() and not ink[:, -page.GAP :].any() and not ink[:, middle - 2 : middle + 2].any()


def test_glued_words_that_no_font_has_are_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(paper, "families", lambda: [style.FAMILY, "DejaVu Sans"])
    with pytest.raises(InputError, match="No font of this machine has all signs of “火星”"):
        grid([picture()], ["火星"])


# Charts


@pytest.mark.parametrize("width", style.WIDTHS)
def test_a_chart_is_stored_twice_as_sharp_as_it_is_shown(width, shown):
    show_chart(chart("x", "y", "title", width=width)[0], "a chart")
    [(seen, on_page, _)] = images(shown[0])
    assert on_page == width and seen.size == (2 * width, 2 * style.HEIGHT)
    assert seen.getpixel((1, 1)) == pytest.approx(tuple(bytes.fromhex(PAPER[1:])), abs=2)


def test_a_chart_has_one_of_three_widths():
    with pytest.raises(InputError, match="1040, 680, 336 pixels wide, and not 500"):
        chart("x", "y", "title", width=500)


def test_every_text_of_a_chart_has_the_bundled_font_in_a_readable_size(shown):
    figure, axes = chart("x", "y", "title")
    axes.annotate("added later, and small", (0.5, 0.5), fontsize=6)
    show_chart(figure, "a chart")
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    assert {style.font_file(family=text.get_fontfamily()[0]) for text in texts} == {style.font_file()}
    assert style.font_file().endswith("Inter-Regular.otf") and style.font_file(bold=True).endswith(
        "Inter-Bold.otf"
    )
    assert min(text.get_fontsize() for text in texts) * 100 / 72 == pytest.approx(style.SMALLEST)


def test_the_font_has_the_signs_of_the_notebooks_its_licence_and_a_small_size():
    assert style.drawable("ᾱ_t x̂₀ √(σ² + 1) ≈ −3 × 10 → ½ “Fréchet” … Å η", style.FAMILY)
    files = {file.name: file.stat().st_size for file in style.FONTS.iterdir()}
    assert "OFL.txt" in files and sum(files.values()) < 600_000
    assert "SIL OPEN FONT LICENSE" in (style.FONTS / "OFL.txt").read_text(encoding="utf-8")


def test_a_font_without_a_bold_face_writes_no_warning_under_a_figure(caplog):
    style.families()
    font_manager.findfont(font_manager.FontProperties(family="cmex10", weight="bold"))
    assert not caplog.records


def test_text_that_no_font_has_is_written_below_the_chart_and_never_as_empty_boxes(shown, monkeypatch):
    monkeypatch.setattr(style, "EASTERN", ())
    style.families.cache_clear()
    try:
        figure, axes = chart("火星上的宇航员", r"$\bar\alpha_t$", "an astronaut 🚀")
        axes.plot([0, 1], [0, 1], label="宇航员")
        axes.annotate("火星上的宇航员", (0.5, 0.5))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            label_lines(axes)
            show_chart(figure, "a chart")
    finally:
        style.families.cache_clear()
    below = re.search(r"<figcaption[^>]*>(.*?)</figcaption>", shown[0]._repr_html_())[1].split("<br>")
    assert sorted(words.partition("] ")[2] for words in below) == sorted(
        ["火星上的宇航员", "an astronaut 🚀", "宇航员"]
    )
    drawn = {text.get_text() for text in figure.findobj(Text)}
    assert {words.partition("] ")[0] + "]" for words in below} <= drawn and not {
        "宇航员",
        "火星上的宇航员",
    } & drawn


def test_names_stand_beside_their_lines_in_their_colour_and_apart():
    figure, axes = chart("x", "y", "title")
    for i, name in enumerate(("one", "two", "three", "_hidden")):
        axes.plot([0, 1], [0, 0.5 + 0.001 * i], color=CATEGORIES[i], label=name)
    label_lines(axes, at={"three": 0.5})
    figure.draw_without_rendering()
    names = {text.get_text(): text for text in axes.texts}
    assert set(names) == {"one", "two", "three"}
    assert [names[name].get_color() for name in ("one", "two", "three")] == list(CATEGORIES[:3])
    boxes = [names[name].get_window_extent() for name in ("one", "two")]
    assert (
        not boxes[0].overlaps(boxes[1]) and min(box.x0 for box in boxes) > axes.transData.transform((1, 0))[0]
    )
    assert names["three"].get_window_extent().x1 < boxes[0].x0


@pytest.mark.parametrize(
    "places, moved", [([0, 10], [0, 10]), ([4, 4], [2, 6]), ([0, 1, 20], [-1.5, 2.5, 20]), ([], [])]
)
def test_names_are_moved_as_little_as_needed(places, moved):
    assert charting.spread(places, 4) == pytest.approx(moved)


def test_names_stay_above_the_axis():
    assert charting.spread([0, 1, 2], 4, lowest=3) == pytest.approx([3, 7, 11])


def test_grid_lines_lie_behind_and_an_interval_spans_its_ends():
    figure, axes = chart("x", "y", "title")
    interval(axes, [1, 2], [0.1, 0.2], [0.5, 0.6], SIGNAL)
    interval(axes, 3, 0.1, 0.5, SIGNAL, across=True)
    upright, lying = (each.get_segments() for each in axes.collections)
    assert np.allclose(upright, [[(1, 0.1), (1, 0.5)], [(2, 0.2), (2, 0.6)]])
    assert np.allclose(lying, [[(0.1, 3), (0.5, 3)]]) and axes.get_axisbelow() is True


def test_panels_are_as_many_as_asked_for():
    figure, found = panels(5, "title", columns=3)
    assert len(found) == len(figure.axes) == 5


# Colours


MACHADO = {  # Machado, Oliveira, Fernandes 2009, table 1, severity 1: what a dichromat sees, in linear RGB
    "all cones": np.eye(3),
    "no red cones": [(0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                       (-0.003882, -0.048116, 1.051998)],
    "no green cones": [(0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                       (-0.011820, 0.042940, 0.968881)],
    "no blue cones": [(1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                       (0.004733, 0.691367, 0.303900)],
}  # fmt: skip
OKLAB = (  # Ottosson 2020: linear RGB to cones, their cube roots to lightness and two hues
    [(0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
     (0.0883024619, 0.2817188376, 0.6299787005)],
    [(0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
     (0.0259040371, 0.7827717662, -0.8086757660)],
)  # fmt: skip


def linear(colour):
    channels = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(colour, paper):
    low, high = sorted(linear(each) @ (0.2126, 0.7152, 0.0722) for each in (colour, paper))
    return (high + 0.05) / (low + 0.05)


def seen(colour, eyes):
    light = np.clip(np.array(MACHADO[eyes]) @ linear(colour), 0, 1)
    return np.array(OKLAB[1]) @ np.cbrt(np.array(OKLAB[0]) @ light)


@pytest.mark.parametrize("colour", [NOISE, SIGNAL, PREDICTION, GUIDANCE, INK, MUTED, *CATEGORIES])
def test_every_colour_is_dark_enough_for_text(colour):
    assert contrast(colour, PAPER) >= 4.5  # WCAG 2.2, 1.4.3
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("eyes", MACHADO)
@pytest.mark.parametrize(
    "colours, apart", [((NOISE, SIGNAL, PREDICTION, GUIDANCE, INK), 0.1), (CATEGORIES, 0.14)]
)
def test_colours_of_a_set_differ_for_every_kind_of_eyes(colours, apart, eyes):
    gaps = {
        pair: np.linalg.norm(seen(pair[0], eyes) - seen(pair[1], eyes))
        for pair in itertools.combinations(colours, 2)
    }
    assert min(gaps.values()) >= apart, min(gaps, key=gaps.get)


def test_the_measure_of_colours_knows_what_dichromats_confuse():
    red, green = "#C04000", "#607000"
    assert np.linalg.norm(seen(red, "no green cones") - seen(green, "no green cones")) < 0.1
    assert np.linalg.norm(seen(red, "all cones") - seen(green, "all cones")) > 0.15


def test_no_category_looks_like_a_colour_with_a_meaning():
    for category, meaning in itertools.product(CATEGORIES, (NOISE, SIGNAL, PREDICTION, GUIDANCE)):
        assert np.linalg.norm(seen(category, "all cones") - seen(meaning, "all cones")) > 0.06


# Latents


def test_the_channels_of_a_latent_become_grey_pictures():
    latents = torch.zeros(4, 16, 16)
    latents[0], latents[1] = -9, 9
    pictures = latent_pictures(latents)
    assert [each.getpixel((0, 0))[0] for each in pictures] == [0, 255, 128, 128]
    assert all(each.size == (16, 16) for each in pictures)


def test_latents_that_are_a_linear_mix_of_colours_get_these_colours_back():
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (3, 8, 8, 3), generator=rng)
    pictures = [Image.fromarray(each.byte().numpy()) for each in pixels]
    colours = pixels.float().movedim(-1, 1) / 255
    latents = torch.einsum("dc,bchw->bdhw", torch.randn(4, 3, generator=rng), colours) + 0.3
    weights = colour_map(latents, pictures)
    assert weights.shape == (5, 3)
    assert np.abs(np.asarray(latent_colours(latents[1], weights)).astype(int) - pixels[1].numpy()).max() <= 1


def test_the_map_to_colours_is_closer_to_the_picture_than_one_channel_is():
    from helpers.denoising import encode_picture
    from helpers.lesson.examples import load_renders
    from helpers.models import load_components

    vae, pictures = load_components(device="cpu").vae, [each.picture for each in load_renders()][:32]
    latents = encode_picture(vae, pictures)
    weights = colour_map(latents[:24], pictures[:24])
    errors, greys = [], []
    for latent, each in zip(latents[24:], pictures[24:]):
        small = np.asarray(each.resize((16, 16), Image.BOX)).astype(float)
        errors.append(np.abs(np.asarray(latent_colours(latent, weights)) - small).mean())
        greys.append(min(np.abs(np.asarray(grey) - small).mean() for grey in latent_pictures(latent)))
    assert np.mean(errors) < 0.6 * np.mean(greys)


def test_on_a_narrow_page_a_strips_rows_keep_their_words_whole():
    rows = [[Image.new("RGB", (128, 128))] * 4]
    strip = page.strip_markup(rows, ["a red gas giant with rings"], ["a", "b", "c", "d"], "Four pictures.")
    with chromium_browser() as browser:
        narrow = browser.new_page(viewport={"width": 500, "height": 800})
        narrow.set_content(strip)
        label = narrow.locator("th[scope=row]").bounding_box()
    assert label["width"] >= page.ROW_LABEL
