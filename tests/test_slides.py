"""Decks: each is paged through in a browser without a network; the rule that makes slides of cells."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageDraw

from helpers.show import page as pages
from helpers.show.losses import curve
from helpers.show.playground_views import NOTE as PLAYGROUND
from helpers.show.sliders import NOTE
from tests.browser import chromium_browser
from tools.slides import build
from tools.slides.code import CODE_LINES, chunks, narrowed, without_alt
from tools.slides.drawings import larger_letters
from tools.slides.rule import slides_of, speaker_notes
from tools.slides.sizes import HEIGHT, pieces_of_figure, shown_size
from tools.slides.text import beginning, blocks, shown_text

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
OPENED = [ROOT / "notebooks" / name for name in ("00_first_picture.ipynb", "01_noise_schedules.ipynb")]
ON_SLIDE = """(index) => {
    const frames = document.querySelectorAll('.frame');
    const slide = index === null ? Reveal.getCurrentSlide() : frames[index].parentElement;
    const edge = slide.getBoundingClientRect(), wrong = [];
    const scale = edge.width / 1280, shown = e => e.getClientRects().length && !e.closest('aside');
    for (const e of slide.querySelectorAll('.frame *')) {
        if (!shown(e) || e.closest('svg, mjx-assistive-mml')) continue;
        const box = e.getBoundingClientRect();
        if (e.closest('.chart')) continue;
        if (box.right > edge.right + 1 || box.bottom > edge.top + 720 * scale + 1 || box.left < edge.left - 1)
            wrong.push(`${e.tagName} leaves the slide: ${e.textContent.slice(0, 60)}`);
        const figure = e.closest('.fitted');
        const size = parseFloat(getComputedStyle(e).fontSize) * +(figure?.dataset.scale ?? 1);
        const own = [...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim());
        if (own && size < 23.9) wrong.push(`${size} pixels: ${e.textContent.slice(0, 60)}`);
        if (e.tagName == 'IMG' && !(e.naturalWidth && box.width > 20)) wrong.push(`no picture: ${e.alt}`);
    }
    for (const chart of slide.querySelectorAll('.chart > .fitted')) {
        const picture = chart.querySelector('img, svg'), scale = +chart.dataset.scale;
        const [box, drawn] = [chart.parentElement.getBoundingClientRect(), picture.getBoundingClientRect()];
        if (!(drawn.width > 600)) wrong.push(`no chart: ${picture.alt}`);
        if (drawn.left < edge.left - 13 || drawn.right > edge.right + 13 || box.bottom > edge.bottom + 1)
            wrong.push(`a chart leaves the slide: ${picture.alt}`);
        const fills = picture.offsetHeight > 540 || picture.tagName == 'svg' || picture.src.includes('svg');
        if (18 * scale < 21.9 && !fills) wrong.push(`labels of ${18 * scale}: ${picture.alt}`);
    }
    const reach = e => {
        const range = document.createRange();
        range.selectNodeContents(e);
        return range.getBoundingClientRect();
    };
    for (const label of slide.querySelectorAll('.fitted th[scope=col] + th[scope=col]')) {
        if (reach(label.previousElementSibling).right > reach(label).left - 6)
            wrong.push(`two labels run together: ${label.textContent}`);
    }
    const raw = slide.innerText.match(/\\$\\$?[^$]*\\\\[a-z]+[^$]*\\$/);
    if (raw) wrong.push(`not rendered: ${raw[0]}`);
    if (slide.querySelector('[data-mjx-error], mjx-merror')) wrong.push('a formula with an error');
    const content = slide.querySelector('.frame').cloneNode(true);
    content.querySelectorAll('aside, h1, h2, h3, .running').forEach(e => e.remove());
    if (!content.textContent.trim() && !content.querySelector('img, svg')) wrong.push('an empty slide');
    return wrong;
}"""


DRAWN = {"parts", "diffusion_process", "architecture", "clip", "unet", "loop", "negative_prompt", "training"}
LETTERS = """() => {
    const texts = [...document.querySelectorAll('text')], boxes = texts.map(e => e.getBoundingClientRect());
    const sizes = texts.map(e => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a), wrong = [];
    const both = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 6;
    boxes.forEach((box, i) => {
        if (box.left < 4 || box.right > 1276) wrong.push(`leaves the drawing: ${texts[i].textContent}`);
        boxes.slice(0, i).forEach((other, j) => both(box, other)
            && wrong.push(`${texts[i].textContent} runs into ${texts[j].textContent}`));
    });
    return [sizes, wrong];
}"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """A folder for decks with what they share; skips where that can't be fetched."""
    folder = tmp_path_factory.mktemp("decks")
    try:
        build.assets(folder, ROOT / "out" / "npm")
    except RuntimeError as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium_browser() as browser:
        yield browser


def opened(browser, deck):
    """A page with the deck, the network off, and the addresses that it asked for outside of its folder."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page, outside = context.new_page(), []
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("file:", "data:", "blob:", "about:")) or outside.append(request.url)
        ),
    )
    page.goto(deck.as_uri())
    page.wait_for_selector("body[data-ready]", timeout=60_000)
    return page, outside


def paged(page, pictures=None):
    """What is wrong on each slide, from the first to the last, as a speaker pages with the space bar."""
    wrong, number = {}, 0
    while True:
        where = page.evaluate("JSON.stringify(Reveal.getIndices())")
        if found := page.evaluate(ON_SLIDE, None):
            wrong[number] = found
        if pictures:
            page.screenshot(path=pictures / f"{number:03d}.png")
        page.keyboard.press("Space")
        if page.evaluate("JSON.stringify(Reveal.getIndices())") == where:
            return page.evaluate("Reveal.getTotalSlides()"), wrong
        number += 1


@pytest.mark.parametrize("path", OPENED, ids=lambda path: path.stem)
def test_a_deck_is_paged_through_without_a_network(path, decks, browser, tmp_path):
    deck = build.build(path, decks)
    page, outside = opened(browser, deck)
    count, wrong = paged(page, tmp_path)
    assert not wrong and count == len(slides_of(nbformat.read(path, as_version=4))) > 20
    assert outside == []
    if "$" in path.read_text(encoding="utf-8"):
        assert page.locator(".frame mjx-container").count() > 0
    assert page.locator("aside.notes").count() > 10


def test_a_lecturer_may_open_any_deck_and_no_slide_is_cut_off_or_too_small_to_read(decks, browser):
    wrong = {}
    for path in (path for path in NOTEBOOKS if path not in OPENED):  # these are paged through
        page = all_slides(browser, path, decks)
        found = page.evaluate(f"[...document.querySelectorAll('.frame')].flatMap((_, i) => ({ON_SLIDE})(i))")
        wrong |= {path.stem: found} if found else {}
        page.context.close()
    assert not wrong


def all_slides(browser, path, decks):
    """A page with all slides of a notebook's deck at once, one below the other, and to be seen."""
    page, _ = opened(browser, build.build(path, decks))
    page.evaluate("document.body.classList.add('measuring')")
    page.add_style_tag(content="body.measuring .reveal .slides section {visibility: visible !important}")
    return page


@pytest.mark.parametrize("path", [*NOTEBOOKS, None], ids=lambda path: path.stem if path else "index")
def test_a_screen_reader_finds_its_way_through_a_deck(path, decks, browser):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    if path:
        page = all_slides(browser, path, decks)
    else:
        build.index(decks, [build.build(OPENED[0], decks)])
        page = browser.new_page()
        page.goto((decks / "index.html").as_uri())
    found = axe.Axe().run(page, options={"resultTypes": ["violations"], "preload": False})
    page.context.close()
    assert not [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found.response["violations"]]


def test_the_letters_of_a_drawing_are_read_from_the_last_row_and_none_runs_into_another(browser):
    drawings = [file for file in sorted((ROOT / "images").glob("*.svg")) if file.stem in DRAWN]
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    for file in drawings:
        data = base64.b64encode(file.read_bytes()).decode()
        larger = larger_letters(f'<img src="data:image/svg+xml;base64,{data}">')
        svg = base64.b64decode(re.search(r'base64,([^"]+)', larger)[1]).decode()
        page.set_content(svg.replace("<svg ", "<svg width='1280' style='position: absolute; left: 0' ", 1))
        page.evaluate("document.fonts.ready")
        sizes, wrong = page.evaluate(LETTERS)
        assert min(sizes) >= 19.5 and not wrong, (file.name, min(sizes), wrong)
    page.close()


def test_s_opens_the_speakers_notes(decks, browser):
    page, outside = opened(browser, build.build(OPENED[0], decks))
    page.keyboard.press("Space")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    page.keyboard.press("Space")
    said = "document.querySelector('.speaker-controls-notes .value')?.innerText.includes('In the notebook')"
    popup.value.wait_for_function(said, timeout=30_000)
    assert outside == []


def notebook(*cells):
    return new_notebook(cells=list(cells))


def printing(source, text, **metadata):
    return new_code_cell(source, metadata=metadata, outputs=[new_output("stream", name="stdout", text=text)])


def texts(slide):
    return [source for _, source, _, _ in slide.items]


def test_a_heading_begins_a_slide_and_a_long_text_leaves_its_first_sentences():
    long = "It is short. " + "Then it goes on for a while, as texts do. " * 6
    first, second = slides_of(notebook(new_markdown_cell("# Title"), new_markdown_cell(f"## One\n\n{long}")))
    assert texts(first) == ["# Title"]
    assert texts(second)[1].startswith("It is short. Then it goes on") and len(texts(second)[1]) <= 160
    assert long.strip() in speaker_notes(second)


def test_answers_and_solutions_are_for_the_speaker():
    folded = "<details>\n<summary>Solution</summary>\n\n```python\nanswer = 12\n```\n</details>"
    exercise = printing("answer = ...", "Not answered yet\n", tags=["exercise"])
    deck = slides_of(
        notebook(new_markdown_cell("## Exercise 1: x\n\nHow many?"), exercise, new_markdown_cell(folded))
    )
    assert texts(deck[-1]) == ["## Exercise 1: x", "How many?", "answer = ..."]
    assert "**Solution.**" in speaker_notes(deck[-1]) and "answer = 12" in speaker_notes(deck[-1])


def test_code_and_its_result_share_a_slide_and_the_notes_say_where_it_is():
    deck = slides_of(notebook(new_markdown_cell("## One"), printing("print(1)", "1\n")))
    assert texts(deck[0]) == ["## One", "print(1)", "1"] and "[1]" in speaker_notes(deck[0])


def test_what_is_too_high_is_split():
    code = "\n".join(f"x{i} = {i}" for i in range(22))
    items = "\n".join(f"- item {i}" for i in range(40))
    deck = slides_of(notebook(new_markdown_cell("## One\n\n" + items), new_code_cell(code)))
    assert len(deck) >= 5 and all(slide.height <= HEIGHT for slide in deck)
    shown = "\n".join(text for slide in deck for text in texts(slide))
    assert all(f"x{i} = {i}" in shown for i in range(22)) and all(f"item {i}" in shown for i in range(40))


@pytest.mark.parametrize(
    "kind, kinds",
    [
        ("slide", ["slide", "slide"]),
        ("subslide", ["slide", "subslide"]),
        ("skip", ["slide"]),
        ("notes", ["slide"]),
        ("fragment", ["slide"]),
        ("-", ["slide"]),
    ],
)
def test_metadata_overrides_the_rule(kind, kinds):
    marked = new_markdown_cell("Marked.", metadata={"slideshow": {"slide_type": kind}})
    deck = slides_of(notebook(new_markdown_cell("## One"), marked))
    assert [slide.kind for slide in deck] == kinds
    on_slides = any("Marked." in text for slide in deck for text in texts(slide))
    assert on_slides == (kind not in ("skip", "notes"))
    assert ("Marked." in speaker_notes(deck[0])) == (kind == "notes")
    assert any(item[3] for item in deck[-1].items) == (kind == "fragment")


def test_a_slider_is_a_remark_for_the_speaker():
    live = new_code_cell("slide()", outputs=[new_output("execute_result", data={"text/plain": NOTE})])
    (deck,) = slides_of(notebook(new_markdown_cell("## One"), live))
    assert texts(deck) == ["## One"] and "slider" in speaker_notes(deck)


def test_a_heading_in_the_middle_of_a_cell_begins_a_slide_too():
    text = "**What to notice.** It grows.\n\n## Two\n\nWhy?\n\n## References\n\n- A book"
    first, second, third = slides_of(
        notebook(new_markdown_cell("## One"), new_markdown_cell(text), printing("print(1)", "1\n" * 18))
    )
    assert texts(first) == ["## One", "**What to notice.** It grows."]
    assert texts(second) == ["## Two", "Why?", "print(1)"] and "A book" in speaker_notes(second)
    assert texts(third)[0] == "<p class='running'>Two</p>"


def test_what_a_guess_is_asked_about_appears_one_key_later():
    asked = new_markdown_cell("## One\n\n**Predict first.** " + "What will it print, and why? " * 9)
    (slide,) = slides_of(notebook(asked, printing("print(1)", "1\n")))
    assert [item.fragment for item in slide.items] == [False, False, False, True]
    assert texts(slide)[1].count("?") == 9  # the whole question


def test_a_remark_without_room_is_for_the_notes_and_one_that_leads_to_code_is_not():
    result = printing("print(1)", "1\n" * 15)
    remark = new_markdown_cell("That was one, " * 20 + "often.")
    for following, on_slide in ((new_markdown_cell("## Two"), False), (printing("2", "2"), True)):
        deck = slides_of(notebook(new_markdown_cell("## One"), result, remark, following))
        assert any("That was one" in text for slide in deck for text in texts(slide)) == on_slide
        assert "That was one" in "".join(map(speaker_notes, deck)) or on_slide


def figure(html, source="draw()\n" * 6):
    return new_code_cell(source, outputs=[new_output("display_data", data={"text/html": html})])


def picture(width, height):
    box = f"<svg viewBox='0 0 {width} {height}'></svg>".replace("'", '"')
    data = base64.b64encode(box.encode()).decode()
    return f'<img alt="A curve &amp; a dot" src="data:image/svg+xml;base64,{data}" width="{width}">'


def test_a_high_chart_has_a_slide_alone_and_its_alt_text_is_for_the_speaker():
    deck = slides_of(notebook(new_markdown_cell("## One\n\nWords."), figure(picture(1040, 700))))
    assert [item.kind for item in deck[-1].items] == ["figure"]
    assert "**The figure.** A curve & a dot" in speaker_notes(deck[-1])


def test_few_lines_leave_the_slide_to_their_figure_and_many_are_read_in_the_notebook():
    chart = picture(1040, 480)
    deck = slides_of(notebook(new_markdown_cell("## One"), figure(chart, "draw(1)")))
    assert "draw(1)" not in texts(deck[-1]) and "draw(1)" in speaker_notes(deck[-1])
    deck = slides_of(notebook(new_markdown_cell("## One"), printing("step()\n" * 30, "done")))
    assert texts(deck[0]) == ["## One", "*The code: cell [1] of the notebook.*", "done"]


def test_a_chart_that_is_too_high_to_be_read_is_followed_by_its_parts_and_cuts_no_letter():
    chart, rows = Image.new("RGB", (2080, 1440), "white"), range(20, 1440, 177)
    for top in rows:
        ImageDraw.Draw(chart).text((50, top), "a caption " * 20, fill="black", font_size=60)
    file = io.BytesIO()
    chart.save(file, "WEBP", lossless=True)
    data = base64.b64encode(file.getvalue()).decode()
    html = f'<img alt="A table" src="data:image/webp;base64,{data}" width="1040">'
    shown = new_output("display_data", data={"text/html": html}, metadata={"chart": []})
    deck = slides_of(notebook(new_markdown_cell("## One"), new_code_cell("draw()", outputs=[shown])))
    whole, upper, lower = (item.outputs[0] for slide in deck for item in slide.items if item.outputs)
    assert whole == shown
    heights = [shown_size(part.data["text/html"])[1] for part in (upper, lower)]
    assert all(1280 / 1040 * height < HEIGHT for height in heights) and sum(heights) > 720
    edges = 2 * heights[0], 1440 - 2 * heights[1]
    assert not any(top < edge < top + 70 for top in rows for edge in edges)
    assert "The lower part" in speaker_notes(deck[-1])


def test_a_training_is_its_curve_and_its_pictures():
    bar = '<p><progress value="1"></progress> 0 s left</p>'
    loss, strip = curve([2, 1], 4), 2 * f"<figure>{picture(128, 128)}</figure>"
    for after, wanted in ((strip, [loss, strip]), ("", [loss])):
        html = f'<div class="training">{bar}{loss}{after}</div>'
        pieces = pieces_of_figure(new_output("display_data", data={"text/html": html}))
        assert [piece.data["text/html"] for piece in pieces] == wanted
    assert shown_size(loss) == (680, 190)


def test_sentences_end_where_they_end():
    assert beginning("Ho et al. say so. Next.", 0) == "Ho et al. say so."
    assert beginning("**What to notice.** It grows. Much.", 0) == "**What to notice.** It grows."
    assert beginning("See [a. B](x.y). Next.", 0) == "See [a. B](x.y)."
    assert beginning("Lin 1991, *One. Two*, a book. Next.", 0) == "Lin 1991, *One. Two*, a book."
    assert beginning("One. Two. And a third one.", 10) == "One. Two."
    assert beginning("One. The reason: a long one.", 20) == "One."


def test_a_long_item_of_a_list_keeps_its_number_and_the_sentence_that_its_label_is_for():
    rest = " And so on, for quite a while, as such items do." * 4
    shown = shown_text(blocks(f"1. **The size.** It differs.{rest}\n2. Two is short.\n3. It is long.{rest}"))
    assert shown == "1. **The size.** It differs.\n2. Two is short.\n3. It is long."
    assert shown_text(blocks(f"- Two ways: one and two.{rest}")) == "- Two ways: one and two."


def test_words_that_lead_to_a_formula_stand_before_it():
    text = "One. " + "Two is long. " * 20 + "They differ by this:\n\n$$\nx\n$$"
    assert shown_text(blocks(text), 0) == "One.\n\nThey differ by this:\n\n$$\nx\n$$"


def test_code_is_shown_without_alt_texts_and_cut_before_a_statement():
    assert without_alt('f(x,\n  alt="a, (b) "\n      "c", width=3)') == "f(x, width=3)"
    assert all(not piece.startswith(" ") for piece in chunks("for i in x:\n    pass\n" * 30))
    methods = "class A:\n" + "    def f(self):\n        one()\n        two()\n" * 8
    assert all(piece.startswith(("class", "    def")) for piece in chunks(methods))
    assert chunks("x\n" * CODE_LINES) == ["\n".join("x" * CODE_LINES)]
    assert [kind for kind, _ in blocks("a\n\n$$\nx\n$$\n\n- b")] == ["paragraph", "math", "list"]


def test_code_goes_on_with_a_whole_statement():
    loop = "a = 1\nb = 2\nc = 3\nd = 4\nfor x in y:\n" + "    for z in x:\n        go(z)\n" * 8
    first, second = chunks(loop)
    assert first.endswith("d = 4") and second.startswith("for x in y:")
    function = "def f(x):\n" + "    x = g(x)\n" * 20 + "    return x"
    assert all(piece.count("\n") >= 3 for piece in chunks(function))
    two = "def f(x):\n    return g(\n        x)\n\ndef h(x):\n" + "    x = g(x)\n" * 15 + "    return x"
    assert chunks(two)[1].startswith("def h")


def test_a_title_and_one_sentence_are_no_slide():
    lead = new_markdown_cell("## One\n\nHere it is, in a drawing:")
    (drawn,) = slides_of(notebook(lead, figure(picture(1040, 480), "show_chart(x, alt='y')")))
    assert texts(drawn)[0] == "## One" and drawn.items[-1].kind == "figure"
    (high,) = slides_of(notebook(lead, figure(picture(1040, 490), "show_chart(x, alt='y')")))
    assert [item.kind for item in high.items] == ["markdown", "figure"]
    assert "Here it is, in a drawing:" in speaker_notes(high)  # said, where there is no room to show it
    code, result = slides_of(notebook(lead, figure(picture(1040, 480), "draw()\n" * 6)))
    assert [item.kind for item in code.items] == ["markdown", "markdown", "code"]
    assert [item.kind for item in result.items] == ["markdown", "figure"]


def test_words_that_lead_to_a_slider_are_for_the_speaker():
    live = new_code_cell("slide()", outputs=[new_output("execute_result", data={"text/plain": NOTE})])
    for result in (printing("1", "1\n" * 19), printing("1", "1")):  # the words stand alone, or below a result
        cells = new_markdown_cell("## One"), result, new_markdown_cell("Now drag it."), live
        deck = slides_of(notebook(*cells))
        assert not any("drag" in text for slide in deck for text in texts(slide))
        assert "Now drag it." in speaker_notes(deck[-1]) and "slider" in speaker_notes(deck[-1])


def test_the_playground_is_live_and_its_still_picture_no_slide():
    still = new_output("execute_result", data={"text/plain": PLAYGROUND, "text/html": picture(900, 900)})
    live = new_code_cell("Playground(MODEL)", outputs=[still])
    (deck,) = slides_of(notebook(new_markdown_cell("## One\n\nPaint, by hand."), live))
    assert texts(deck) == ["## One", "Paint, by hand."] and "the playground" in speaker_notes(deck)


def test_what_comes_after_a_remark_and_leads_to_code_goes_with_the_code():
    result, code = printing("1", "1\n" * 12), new_code_cell("x = 1\n" * 8)
    both = new_markdown_cell("**What to notice.** It is one.\n\nIs it always? Count again.")
    noticed, counted = slides_of(notebook(new_markdown_cell("## One"), result, both, code))
    assert texts(noticed)[-1] == "**What to notice.** It is one."
    assert texts(counted)[1] == "Is it always? Count again." and counted.items[2].kind == "code"


def test_a_strip_of_many_rows_has_two_slides_and_its_headings_twice():
    html = pages.strip_markup([[Image.new("RGB", (128, 128))] * 3] * 7, "abcdefg", "xyz", "alt")
    pieces = pieces_of_figure(new_output("display_data", data={"text/html": html}))
    parts = [piece.data["text/html"] for piece in pieces]
    assert [part.count('scope="row"') for part in parts] == [4, 3]
    assert [part.count('scope="col"') for part in parts] == [3, 3]


def test_pictures_in_a_table_use_the_slide(decks, browser, tmp_path, monkeypatch):
    """A grid gets other columns, a high strip stands in halves, a long label goes on below."""
    shown = []
    monkeypatch.setattr(pages, "display", shown.append)
    colour = [Image.new("RGB", (128, 128), (28 * i, 0, 0)) for i in range(9)]
    pages.show_grid(colour, list("123456789"), "alt", columns=3)
    pages.film_strip([[each] * 2 for each in colour[:5]], list("12345"), ["a", "b"], "alt")
    label = "a label of so many words that it takes a third of a slide"
    pages.film_strip([colour[:4]] * 2, [label, "b"], list("1234"), "alt")
    cells = [figure(each._repr_html_(), "draw()") for each in shown]
    path = tmp_path / "00_tables.ipynb"
    nbformat.write(notebook(new_markdown_cell("# Tables"), *cells), path)
    page, _ = opened(browser, build.build(path, decks))
    page.evaluate("document.body.classList.add('measuring')")
    found = page.evaluate("""[...document.querySelectorAll('.fitted')].map(e => [
        [...e.querySelectorAll('img')].map(i => i.offsetWidth),
        [...e.querySelectorAll('img')].map(i => i.alt[0])])""")
    page.context.close()
    (grid, in_grid), (strip, in_strip), (labelled, _) = found
    assert min(grid) > 180 and in_grid == list("123456789")
    assert min(strip) > 150 and in_strip == list("1122334455")
    assert min(labelled) > 200


def test_a_printed_table_that_is_too_wide_moves_its_columns_together():
    table = "a      b      c\n" + "1" + " " * 50 + "2" + " " * 50 + "3\n"
    assert narrowed("a b\n1 2") == "a b\n1 2"
    wide = "name" + " " * 60 + "share" + " " * 20 + "count\nred " + " " * 62 + "0.1" + " " * 22 + "10\n"
    assert narrowed(wide * 2).split("\n")[0] == "name  share  count" and narrowed(table) != table


def test_links_lead_to_other_decks_and_into_the_repository():
    text = "[n](04_predicting_noise.ipynb#x) [g](../docs/glossary.md#latent) [w](https://a.b/c.ipynb)"
    assert build.relinked(text) == (
        "[n](04_predicting_noise.html) [g](../../docs/glossary.md#latent) [w](https://a.b/c.ipynb)"
    )


def test_without_npm_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(
        RuntimeError, match=r"^Slides, notebooks for paper and the site need npm once.*Node\.js[^.]*\.?[^.]*$"
    ):
        build.vendor(tmp_path / "empty")


def npm_that(does, monkeypatch, folder):
    """A command in npm's place: it writes half of what is wanted, `does` something, and writes the rest."""
    npm = folder / "npm"
    npm.write_text(
        f"#!/bin/sh\nset -e\nmkdir node_modules\ntouch node_modules/half\n{does}\ntouch node_modules/whole\n"
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


needs_a_shell = pytest.mark.skipif(os.name == "nt", reason="a shell script stands for npm")


@needs_a_shell
def test_several_that_fetch_at_once_get_one_whole_folder_and_later_ones_fetch_nothing(tmp_path, monkeypatch):
    npm_that("sleep 0.5", monkeypatch, tmp_path)
    with ThreadPoolExecutor(4) as pool:
        modules = set(pool.map(build.vendor, [tmp_path / "cache"] * 4))
    npm_that("exit 1", monkeypatch, tmp_path)
    [folder] = modules | {build.vendor(tmp_path / "cache")}
    assert sorted(os.listdir(folder)) == ["half", "whole"]
    assert os.listdir(tmp_path / "cache") == [folder.parent.name]


@needs_a_shell
@pytest.mark.parametrize("ends", ["kill -9 $PPID", "echo no network >&2; exit 1"], ids=["killed", "failed"])
def test_after_half_a_fetch_the_whole_is_fetched(ends, tmp_path, monkeypatch):
    npm_that(ends, monkeypatch, tmp_path)
    code = "import pathlib, sys; from tools.slides import build; build.vendor(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, tmp_path / "cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and ("kill" in ends or "no network" in done.stderr)
    npm_that("", monkeypatch, tmp_path)
    assert (build.vendor(tmp_path / "cache") / "whole").is_file()


@needs_a_shell
def test_another_lock_is_fetched_anew(tmp_path, monkeypatch):
    npm_that("", monkeypatch, tmp_path)
    before = build.vendor(tmp_path / "cache")
    shutil.copy(build.HERE / "package.json", tmp_path)
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(build, "HERE", tmp_path)
    assert build.vendor(tmp_path / "cache") != before


def test_the_lock_names_versions_and_no_host():
    lock = (ROOT / "tools" / "slides" / "package-lock.json").read_text(encoding="utf-8")
    wanted = json.loads((ROOT / "tools" / "slides" / "package.json").read_text("utf-8"))["dependencies"]
    packages = json.loads(lock)["packages"]
    assert "://" not in lock
    assert all(packages[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_becomes_a_deck(path):
    deck = slides_of(nbformat.read(path, as_version=4))
    assert 20 < len(deck) < 90 and all(slide.items for slide in deck)
