"""A learner's first minute, in a real browser: JupyterLab opens notebook 00, runs it, shows its pictures."""

from pathlib import Path

import nbformat

from tests.browser import error_texts, jupyterlab_page, pictures, prompts, run_all

ROOT = Path(__file__).parent.parent
FIRST = ROOT / "notebooks" / "00_first_picture.ipynb"


def test_notebook_00_runs_in_jupyterlab(tmp_path):
    committed = nbformat.read(FIRST, as_version=4)
    code = [c for c in committed.cells if c.cell_type == "code"]
    with jupyterlab_page(FIRST, tmp_path) as page:
        run_all(page)
        page.screenshot(path=tmp_path / "notebook.png")
        assert error_texts(page) == []
        assert prompts(page) == [f"[{i}]:" for i in range(1, len(code) + 1)]
        seen = pictures(page)
    assert all(p["natural"] > 0 and p["width"] > 0 for p in seen), seen
    assert all(p["alt"] for p in seen), seen
    painted = sum(str(o.get("data", {})).count("src=\"data:image/") for c in code for o in c.outputs)
    assert painted > 0 and sum(p["output"] for p in seen) == painted
