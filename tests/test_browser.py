"""In a real browser: JupyterLab opens a notebook, runs it, shows its pictures, and its slider moves.

Screenshots stay in out/browser.
"""

import shutil
from pathlib import Path

import nbformat
import pytest

from helpers.show.sliders import NOTE
from tests.browser import (
    REQUIRED,
    SHOTS,
    chromium,
    error_texts,
    jupyterlab_page,
    pictures,
    prompts,
    run_all,
    save,
)

ROOT = Path(__file__).parent.parent
SCHEDULES = ROOT / "notebooks" / "01_noise_schedules.ipynb"
FIRST = ROOT / "notebooks" / "00_first_picture.ipynb"


@pytest.mark.parametrize(("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_missing_chromium_is_a_failure_where_it_is_required(required, outcome, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda *_: None)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setenv(REQUIRED, required)
    with pytest.raises(outcome, match="playwright install chromium"):
        chromium()


def test_notebook_00_runs_in_jupyterlab(tmp_path):
    committed = nbformat.read(FIRST, as_version=4)
    code = [c for c in committed.cells if c.cell_type == "code"]
    with jupyterlab_page(FIRST, tmp_path) as page:
        run_all(page)
        page.screenshot(path=SHOTS / "notebook.png")
        assert error_texts(page) == []
        open_cells = [i for i, cell in enumerate(code, 1) if "setup" not in cell.metadata.get("tags", [])]
        assert prompts(page) == [f"[{i}]:" for i in open_cells]
        seen = pictures(page)
    assert all(p["natural"] > 0 and p["width"] > 0 for p in seen), seen
    assert all(p["alt"] for p in seen), seen
    shown = [str(output.get("data", {})) for cell in code for output in cell.outputs]
    painted = sum(data.count('src="data:image/') for data in shown)
    live = sum(NOTE in data for data in shown)  # a slider has its picture only where it can be moved
    assert painted > 0 and sum(p["output"] for p in seen) == painted + live


def test_a_failing_cell_is_seen(tmp_path):
    # The pause lets the second cell be waiting when the first fails: a cell that comes later is run.
    cells = [
        nbformat.v4.new_code_cell(source) for source in ("import time; time.sleep(2); 1 / 0", "'never run'")
    ]
    (tmp_path / "source").mkdir()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    failing = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(failing, tmp_path / "source" / "failing.ipynb")
    with jupyterlab_page(tmp_path / "source" / "failing.ipynb", tmp_path) as page:
        run_all(page)
        assert "ZeroDivisionError" in "".join(error_texts(page))
        assert prompts(page) == ["[1]:", "[ ]:"]


def test_looking_at_a_notebook_changes_no_byte_of_it(tmp_path):
    with jupyterlab_page(FIRST, tmp_path, as_committed=True) as page:
        assert page.locator(".jp-Toolbar").count() > 0
        page.wait_for_timeout(2000)
        save(page)
        page.wait_for_timeout(2000)
    assert (tmp_path / "served" / "notebooks" / FIRST.name).read_bytes() == FIRST.read_bytes()


def test_dragging_the_slider_of_notebook_01_changes_its_picture(tmp_path):
    with jupyterlab_page(SCHEDULES, tmp_path) as page:
        run_all(page)
        assert error_texts(page) == []
        handle, picture = page.locator(".noUi-handle").first, page.locator(".widget-html img").first
        handle.scroll_into_view_if_needed()
        handle.focus()
        assert handle.evaluate("h => getComputedStyle(h).outlineStyle") == "solid"
        name, first = handle.get_attribute("aria-label"), handle.get_attribute("aria-valuetext")
        shown = page.locator(".widget-slider .widget-readout").first
        assert name and handle.get_attribute("role") == "slider"
        assert first == shown.inner_text()
        before, said = picture.get_attribute("src"), picture.get_attribute("alt")
        box = handle.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + 200, box["y"] + box["height"] / 2, steps=8)
        page.mouse.up()
        changed = "before => document.querySelector('.widget-html img').src != before"
        page.wait_for_function(changed, arg=before)
        page.screenshot(path=SHOTS / "slider.png")
        assert picture.get_attribute("alt") != said
        assert handle.get_attribute("aria-valuetext") == shown.inner_text() != first
        handle.focus()
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(500)
        assert handle.get_attribute("aria-valuetext") == shown.inner_text()
        label = page.locator(".widget-slider .widget-readout").first.bounding_box()
        output = page.locator(".jp-OutputArea-output:has(.noUi-handle)").first.bounding_box()
        assert label["x"] + label["width"] <= output["x"] + output["width"]  # the value is in sight
