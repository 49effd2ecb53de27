"""Decks: each is paged through in a browser without a network; the rule that makes slides of cells."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.show.sliders import NOTE
from tests.browser import CHROMIUM_FLAGS, chromium
from tools.slides import build
from tools.slides.rule import blocks, chunks, first_sentence, slides_of, speaker_notes, without_alt

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
OPENED = [ROOT / "notebooks" / name for name in ("00_first_picture.ipynb", "01_noise_schedules.ipynb")]
ON_SLIDE = """() => {
    const slide = Reveal.getCurrentSlide(), edge = slide.getBoundingClientRect(), wrong = [];
    const scale = edge.width / 1280, shown = e => e.getClientRects().length && !e.closest('aside');
    for (const e of slide.querySelectorAll('.frame *')) {
        if (!shown(e) || e.closest('svg') || e.closest('mjx-assistive-mml') || e.tagName == 'SOURCE') continue;
        const box = e.getBoundingClientRect();
        if (box.right > edge.right + 1 || box.bottom > edge.top + 720 * scale + 1 || box.left < edge.left - 1)
            wrong.push(`${e.tagName} leaves the slide: ${e.textContent.slice(0, 60)}`);
        const figure = e.closest('.fitted');
        const size = parseFloat(getComputedStyle(e).fontSize) * (figure ? figure.dataset.scale : 1);
        const own = [...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim());
        if (own && size < 23.9) wrong.push(`${size} pixels: ${e.textContent.slice(0, 60)}`);
        if (e.tagName == 'IMG' && !(e.naturalWidth && box.width > 20)) wrong.push(`no picture: ${e.alt}`);
    }
    const raw = slide.innerText.match(/\\$\\$?[^$]*\\\\[a-z]+[^$]*\\$/);
    if (raw) wrong.push(`not rendered: ${raw[0]}`);
    if (slide.querySelector('[data-mjx-error], mjx-merror')) wrong.push('a formula with an error');
    if (!slide.innerText.trim() && !slide.querySelector('img')) wrong.push('an empty slide');
    return wrong;
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
    executable = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def opened(browser, deck):
    """A page with the deck, the network off, and the addresses that it asked for outside of its folder."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page, outside = context.new_page(), []
    page.on("request", lambda request: request.url.startswith(("file:", "data:", "blob:", "about:"))
            or outside.append(request.url))  # fmt: skip
    page.goto(deck.as_uri())
    page.wait_for_selector("body[data-ready]", timeout=60_000)
    return page, outside


def paged(page, pictures=None):
    """What is wrong on each slide, from the first to the last, as a speaker pages with the space bar."""
    wrong, number = {}, 0
    while True:
        where = page.evaluate("JSON.stringify(Reveal.getIndices())")
        if found := page.evaluate(ON_SLIDE):
            wrong[number] = found
        if pictures:
            page.screenshot(path=pictures / f"{number:03d}.png")
        page.keyboard.press("Space")
        if page.evaluate("JSON.stringify(Reveal.getIndices())") == where:
            return number + 1, wrong
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


def test_s_opens_the_speakers_notes(decks, browser):
    page, outside = opened(browser, build.build(OPENED[0], decks))
    page.keyboard.press("Space")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    page.keyboard.press("Space")
    popup.value.wait_for_timeout(1500)
    seen = page.evaluate("Reveal.getSlideNotes() || ''")
    assert notes.inner_text().strip() or not seen.strip()
    assert outside == []
