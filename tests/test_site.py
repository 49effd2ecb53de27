"""The site, read as a reader does: in a browser without a network, on a desk and a phone, light and dark."""

import re
from pathlib import Path

import pytest

from tests.browser import chromium_browser
from tools.site import build, links
from tools.slides import build as slides
from tools.stamp_badges import badge, repository

ROOT = Path(__file__).parent.parent
# The site of these tests has three of the notebooks: formulas, a slider's place, folded answers; sounds; one
# that is no lesson. `make site` builds all and checks every link, in the workflow for Pages too.
NOTEBOOKS = [ROOT / "notebooks" / f"{name}.ipynb" for name in ("07_guidance", "14_sound", "playground")]
GUIDANCE, SOUND = "notebooks/07_guidance.html", "notebooks/14_sound.html"
PAGES = [
    "index.html",
    GUIDANCE,
    "docs/glossary.html",
    "docs/instructor/README.html",
    "slides.html",
    "slides/index.html",
    "search.html",
]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 812}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder with the site of three notebooks and one deck; skips where Sphinx or npm are missing."""
    pytest.importorskip("myst_nb", reason='the site needs Sphinx: pip install ".[site]"')
    decks = tmp_path_factory.mktemp("decks")
    try:
        slides.assets(decks, ROOT / "out" / "npm")
    except RuntimeError as error:
        pytest.skip(str(error))
    slides.index(decks, [slides.build(NOTEBOOKS[0], decks)])
    folder = tmp_path_factory.mktemp("site") / "site"
    build.build(folder, NOTEBOOKS, decks)
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def opened(browser, site):
    """A function that opens a page of the site, with the network off; in the end nothing may have failed."""
    contexts, wrong = [], []

    def open_page(name, viewport=DESK, colours="light"):
        context = browser.new_context(viewport=viewport, color_scheme=colours, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:", "blob:")) or wrong.append(request.url),
        )
        page.on("requestfailed", lambda request: wrong.append(f"{request.url}: {request.failure}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{site.as_uri()}/{name}", timeout=120_000)
        page.wait_for_function("!window.MathJax || MathJax.startup.promise?.then(() => true)", timeout=60_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


# ---------------------------------------------------------------------------------------------- what is there


def test_every_link_and_anchor_leads_somewhere(site):
    other_decks = re.compile(r"slides/\w+\.html: \d\d_\w+\.html")  # which are not built here
    assert [line for line in links.broken(site) if not other_decks.fullmatch(line)] == []


def test_pages_stand_in_the_order_of_the_series_under_their_titles(opened):
    page = opened("index.html")
    assert page.title() == "Diffusion and Denoising"
    entries = page.locator(".bd-sidebar-primary nav a").all_inner_texts()
    lessons = [entry for entry in entries if re.match(r"\d\d · ", entry) or entry == "Playground"]
    assert lessons == ["07 · Guidance", "14 · Sound", "Playground"]
    assert {"Glossary", "Slides", "For instructors"} <= set(entries)
    assert page.locator("h1:visible").count() == 1


def test_a_click_leads_from_notebook_to_notebook_and_to_the_deck(opened):
    page = opened("index.html")
    page.locator(".bd-article").get_by_role("link", name="Guidance", exact=True).click()
    assert page.locator("h1:visible").inner_text().startswith("07 · Guidance")
    page.locator(".prev-next-footer").get_by_role("link", name=re.compile("14 · Sound")).click()
    assert page.locator("h1:visible").inner_text().startswith("14 · Sound")
    page.locator(".bd-sidebar-primary").get_by_role("link", name="Slides", exact=True).click()
    page.locator(".bd-article").get_by_role("link", name="07 · Guidance").click()
    page.wait_for_selector("body[data-ready]", timeout=60_000)


def test_what_is_no_page_leads_to_the_repository_and_notebooks_open_in_colab(site):
    front = links.Page(site / "index.html")
    assert f"{repository()}/blob/main/LICENSE" in front.links
    assert f"{repository()}/tree/main/training" in front.links
    colab = re.search(r"\((https://colab[^)]*)\)$", badge(NOTEBOOKS[0].name))[1]
    assert links.Page(site / GUIDANCE).links.count(colab) >= 2  # the badge, and the theme's button


# ----------------------------------------------------------------------------------------------- how it reads


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(colours, opened, site):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    options = {"resultTypes": ["violations"], "preload": False}  # nothing can be fetched from a file's page
    if (
        colours == "dark"
    ):  # all other rules have been seen to in the light, and all pages have the same colours
        options["runOnly"], names = ["color-contrast", "link-in-text-block"], PAGES
    else:
        every = (
            path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts
        )
        names = [name for name in every if not re.match(r"slides/\d", name)]  # decks: test_slides.py
    assert set(PAGES) <= set(names)
    wrong = {}
    for name in names:
        page = opened(name, colours=colours)
        assert (
            page.evaluate("document.documentElement.dataset.theme") == colours or name == "slides/index.html"
        )
        page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")  # colours fade over
        found = axe.Axe().run(page, options=options).response["violations"]
        wrong |= {f"{name}: {rule['id']}": rule["nodes"][0]["html"][:200] for rule in found}
        page.context.close()
    assert not wrong


@pytest.mark.parametrize("name", [*PAGES[:-1], SOUND])
def test_on_a_phone_nothing_is_wider_than_the_page(name, opened):
    page = opened(name, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    beyond = page.evaluate("""() => {
        const scrolls = e => e && (getComputedStyle(e).overflowX != 'visible' || scrolls(e.parentElement));
        const shown = e => e.checkVisibility({visibilityProperty: true});
        const wide = e => shown(e) && e.getBoundingClientRect().right > 376;
        const all = [...document.querySelectorAll('main *')];
        return all.filter(e => wide(e) && !scrolls(e.parentElement)).map(e => e.outerHTML.slice(0, 99));
    }""")
    assert not beyond
    rows = page.locator("th[scope=row]").evaluate_all("labels => labels.map(label => label.offsetWidth)")
    assert min(rows, default=90) >= 90  # words, not a letter a line


def test_formulas_are_rendered(opened):
    page = opened(GUIDANCE)
    formulas = page.locator("mjx-container").count()
    assert formulas > 5 and formulas == page.locator(".math").count()
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert not re.search(r"\$[^$\n]*\\[a-z]+[^$\n]*\$", page.locator("main").inner_text())


def test_pictures_show_and_say_what_they_are(opened):
    page = opened(GUIDANCE)
    pictures = page.evaluate("""() => [...document.querySelectorAll('main img')].map(
        i => ({alt: i.alt, natural: i.naturalWidth, right: i.getBoundingClientRect().right}))""")
    assert len(pictures) > 20
    assert all(picture["alt"] and picture["natural"] for picture in pictures)
    assert max(picture["right"] for picture in pictures) <= DESK["width"]


def test_a_folded_answer_opens_and_a_sliders_place_says_what_it_is(opened):
    page = opened(GUIDANCE)
    folded = page.locator("main section > details").first
    text = folded.locator("p").first
    assert not text.is_visible()
    folded.locator("summary").click()
    assert text.is_visible()
    assert page.locator(".cell_output p", has_text="A live slider: run the notebook").first.is_visible()
    assert page.get_by_text("sys.path.insert").is_visible() is False  # the set-up is folded


def test_sounds_and_films_play_from_the_page_alone(opened):
    page = opened(SOUND)
    seconds = page.evaluate("""() => Promise.all([...document.querySelectorAll('audio')].map(
        sound => new Promise(done => {
            sound.onloadedmetadata = () => done(sound.duration);
            sound.onerror = () => done(0);
            sound.load();
        })))""")
    assert len(seconds) >= 3 and min(seconds) > 0.5
    film = opened("index.html").locator("main picture img").first
    assert film.evaluate("async i => { await i.decode(); return i.naturalWidth; }") > 300


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_captions_and_charts_are_readable_in_both_themes(colours, opened):
    page = opened(GUIDANCE, colours=colours)
    caption, behind, filters = page.evaluate("""() => {
        const words = [...document.querySelectorAll('figure :is(th, td > div)')].find(e => e.innerText);
        const paper = e => getComputedStyle(e).backgroundColor;
        const opaque = e => paper(e).endsWith(', 0)') ? opaque(e.parentElement) : paper(e);
        const images = [...document.querySelectorAll('.cell_output img')];
        return [getComputedStyle(words).color, opaque(words), images.map(i => getComputedStyle(i).filter)];
    }""")
    assert contrast(caption, behind) >= 4.5
    assert set(filters) == {"none"}  # colours with a meaning stay what they are


def contrast(one, other):
    def light(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_the_search_finds_guidance_without_a_server(opened):
    page = opened("search.html?q=guidance")
    page.wait_for_selector("#search-results li a", timeout=30_000)
    titles = page.locator("#search-results li > a").all_inner_texts()
    assert any("Guidance" in title for title in titles)


# ---------------------------------------------------------------------------------------- what holds it right


def test_dead_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="b.html#there">1</a><a href="b.html#not">2</a><a href="c.html">3</a>'
        '<a href="#here">4</a><img src="no.png"><a href="https://a.b/c d">5</a><a href="https://a.b/c">6</a>'
        '<a href="/x">7</a><a href="../a.html">8</a>'
    )
    (tmp_path / "b.html").write_text('<h1 id="there">B</h1>')
    found = [line.removeprefix("a.html: ") for line in links.broken(tmp_path)]
    assert found == ["b.html#not", "c.html", "no.png", "https://a.b/c d", "/x", "../a.html"]


def test_a_warning_stops_the_build(tmp_path, site, monkeypatch):
    def broken(notebook):
        notebook.cells[0].source += "\n\n[nowhere](no_such_file.ipynb)"
        return notebook

    monkeypatch.setattr(build, "for_readers", broken)
    with pytest.raises(RuntimeError, match="playground.ipynb.*no_such_file"):
        build.build(tmp_path / "site", [ROOT / "notebooks" / "playground.ipynb"], site / "slides")


def test_without_decks_one_sentence_says_what_to_do(tmp_path):
    with pytest.raises(
        RuntimeError, match=r"^The site needs the decks: build them first, with `make slides`\.$"
    ):
        build.build(tmp_path / "site", decks=tmp_path)
