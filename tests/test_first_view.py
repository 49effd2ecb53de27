"""What a newcomer sees and does after `make lab`, in a real browser: the first view, and working copies.

JupyterLab is started as the Makefile starts it, in a fresh copy of the repository, with nobody's settings.
Screenshots stay in out/browser.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.browser import chromium_browser, jupyterlab_server, save, wait_until_idle
from tools import work

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "out" / "browser"
FIRST = "00_first_picture.ipynb"
LETTERS = 85  # of prose in a line
# The letters in each line of the prose that is in sight, as the browser breaks it.
LINES = """() => {
    const blocks = '.jp-MarkdownOutput > :is(p, ul, ol, blockquote)';
    return [...document.querySelectorAll(blocks)].flatMap(block => {
        const lines = [], range = document.createRange();
        const walk = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
        let left = Infinity;
        while (walk.nextNode()) {
            const node = walk.currentNode;
            if (node.parentElement.closest('mjx-container')) continue;
            for (let i = 0; i < node.length; i++) {
                range.setStart(node, i);
                range.setEnd(node, i + 1);
                const box = range.getBoundingClientRect();
                if (!box.width) continue;
                if (box.left < left) lines.push(0);
                lines[lines.length - 1] += 1;
                left = box.left;
            }
        }
        return lines;
    });
}"""
# What is wider than its place and would need to be scrolled sideways.
CUT = """() => [...document.querySelectorAll('.jp-Notebook :is(.cm-scroller, .jp-OutputArea-output)')]
    .filter(part => part.scrollWidth > part.clientWidth + 1)
    .map(part => [part.className, part.scrollWidth, part.clientWidth, part.innerText.slice(0, 60)])"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A fresh copy of the repository as far as `make lab` uses it."""
    root = tmp_path_factory.mktemp("fresh") / "house"
    leave = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in ("helpers", "images", "models", "notebooks", "tools", "worlds"):
        shutil.copytree(ROOT / name, root / name, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", root)
    subprocess.run([sys.executable, "-m", "tools.work"], cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture(scope="module")
def newcomer(house, tmp_path_factory):
    """The first notebook's copy in a newcomer's browser, at 1280 × 720."""
    folder = tmp_path_factory.mktemp("lab")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with chromium_browser() as browser, jupyterlab_server(house, folder, root=house) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(address, timeout=120_000)  # as it is printed, where no browser opens by itself
        wait_until_idle(page, 240)
        page.locator(".jp-MarkdownOutput h1").wait_for()
        yield page


def look(page, width, height, name):
    """The window at this size; its screenshot is kept."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(1000)
    page.screenshot(path=SHOTS / f"first-view-{name}.png")


def walk(page):
    """Scroll to the notebook's end and back, so that every cell has been in sight."""
    cells = page.locator(".jp-Notebook .jp-Cell")
    for i in range(cells.count()):
        cells.nth(i).scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    cells.first.scroll_into_view_if_needed()


def test_the_printed_address_leads_to_the_first_notebook(newcomer):
    assert newcomer.url.endswith(f"/lab/tree/work/{FIRST}")


def test_the_set_up_cell_is_folded_and_says_what_is_in_it(newcomer):
    look(newcomer, 1280, 720, "1280")
    cell = newcomer.locator(".jp-CodeCell").first
    assert re.match(r"# @title Set-up: .*code", cell.locator(".jp-PlaceholderText").inner_text())
    assert not cell.locator(".cm-editor").is_visible()
    assert newcomer.locator(".jp-InputPlaceholder").count() == 1


def test_the_contents_are_open(newcomer):
    contents = newcomer.locator("#table-of-contents")
    assert contents.is_visible() and "You will" in contents.inner_text()


def test_nothing_pops_up(newcomer):
    newcomer.wait_for_timeout(3000)
    assert newcomer.locator(".jp-Dialog, .Toastify__toast").count() == 0


@pytest.mark.parametrize(
    "width, height, name", [(1280, 720, "1280"), (853, 480, "150-percent"), (1920, 1080, "1920")]
)
def test_lines_are_short_and_nothing_is_scrolled_sideways(newcomer, width, height, name):
    """853 × 480 is what a window of 1280 × 720 holds at a zoom of 150 %."""
    look(newcomer, width, height, name)
    walk(newcomer)
    lines = newcomer.evaluate(LINES)
    assert len(lines) > 50 and max(lines) <= LETTERS
    assert newcomer.locator(".jp-Notebook .cm-scroller").count() > 10
    assert newcomer.evaluate(CUT) == []


def test_in_the_dark_theme(newcomer):
    newcomer.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    look(newcomer, 1280, 720, "dark")
    assert newcomer.locator(".jp-CodeCell .jp-PlaceholderText").first.is_visible()


def test_what_is_written_is_saved_counted_reset_and_kept(newcomer, house):
    """Words are typed and saved; `make progress` reads the file; `make reset` keeps it and renews it."""
    cell = newcomer.locator(".jp-CodeCell .cm-content").nth(1)
    cell.click()
    newcomer.keyboard.press("Control+End")
    newcomer.keyboard.type("\n# my own words")
    save(newcomer)
    copy = house / "work" / FIRST
    for _ in range(100):
        if "# my own words" in copy.read_text(encoding="utf-8"):
            break
        newcomer.wait_for_timeout(100)
    saved = nbformat.read(copy, as_version=4)
    assert [c.source for c in saved.cells if "# my own words" in c.source]
    assert "00 First picture" in "\n".join(work.progress(house / "work", house))
    said = "\n".join(work.reset(["00"], house))
    kept = house / re.search(r"kept in (work/\S+\.ipynb)", said).group(1)
    assert kept.read_text(encoding="utf-8").count("# my own words") == 1
    assert copy.read_bytes() == (house / "notebooks" / FIRST).read_bytes()
    assert "Reload Notebook from Disk" in said
