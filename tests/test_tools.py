"""The tools that write notebooks: executing, normalising, stamping the repository's address."""

import os
import platform
import runpy

import nbformat
import pytest
import traitlets.config
from ipykernel.ipkernel import IPythonKernel
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.show.sliders import NOTE
from tools import execute_notebooks, stamp_badges


@pytest.fixture
def environment(monkeypatch):
    for name, value in execute_notebooks.KERNEL_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_a_committed_slider_is_a_line_of_text():
    """Without its kernel a widget is an error message in JupyterLab, and a page of base64 elsewhere."""
    data = {execute_notebooks.WIDGET: {"model_id": "1"}, "text/plain": "VBox(children=(...))"}
    cell = new_code_cell("slide()", outputs=[new_output("execute_result", data=data)])
    execute_notebooks.normalise(new_notebook(cells=[cell]))
    assert cell.outputs[0].data == {"text/plain": NOTE}


def test_executing_twice_gives_the_same_file(tmp_path, environment):
    path = tmp_path / "twice.ipynb"
    cells = [new_markdown_cell("# Title"), new_code_cell("x = 6"), new_code_cell("print('x =', x)\nx * 7")]
    cells[1].metadata = {"execution": {"iopub.status.idle": "now"}, "scrolled": True, "tags": ["setup"]}
    for cell in cells:
        del cell["id"]
    old = new_notebook(cells=cells, metadata={"widgets": {"state": {}}, "colab": {}}, nbformat_minor=4)
    nbformat.write(old, path)
    assert execute_notebooks.execute(path) == []
    once = path.read_text()
    notebook = nbformat.read(path, as_version=4)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.cells[1].metadata == {"tags": ["setup"]}
    assert len({c.id for c in notebook.cells}) == 3
    assert [c.execution_count for c in notebook.cells[1:]] == [1, 2]
    assert [o.get("text") or o.data["text/plain"] for o in notebook.cells[2].outputs] == ["x = 6\n", "42"]
    execute_notebooks.execute(path)
    assert path.read_text() == once


def test_a_failing_cell_leaves_the_file_alone(tmp_path, environment):
    path = tmp_path / "failing.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_text()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute_notebooks.execute(path)
    assert path.read_text() == before


def test_what_goes_to_stderr_is_complained_about():
    warning = new_output("stream", name="stderr", text="UserWarning: old name\n")
    notebook = new_notebook(cells=[new_code_cell("f()", outputs=[warning])])
    (sentence,) = execute_notebooks.complaints(notebook)
    assert "cell 0" in sentence and "old name" in sentence


def test_stamping_adds_what_is_missing_and_mends_what_is_old(tmp_path):
    path = tmp_path / "05_loop.ipynb"
    text, code = new_markdown_cell("# The loop\n\n20 minutes"), new_code_cell("1 + 1")
    nbformat.write(new_notebook(cells=[text, code, new_markdown_cell("## What to remember")]), path)
    stamp_badges.stamp(path)
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[0].source == f"# The loop\n\n{stamp_badges.top(path.name)}\n\n20 minutes"
    assert [c.source for c in notebook.cells[1:]] == [
        stamp_badges.setup_cell(),
        "1 + 1",
        f"## What to remember\n\n{stamp_badges.LEAVE}",
    ]
    assert notebook.cells[1].metadata == stamp_badges.SETUP_METADATA
    stamped = path.read_text()
    notebook.cells[0].source = notebook.cells[0].source.replace("github.com", "old.example")
    notebook.cells[0].source = notebook.cells[0].source.replace(f" · {stamp_badges.GLOSSARY}", "")
    notebook.cells[1].source = "# an older set-up cell"
    notebook.cells[-1].source = "## What to remember\n\n**When you leave:** shut it down.\n"
    nbformat.write(notebook, path)
    stamp_badges.stamp(path)
    assert path.read_text() == stamped


def lab_config(monkeypatch):
    """The names in tools/lab_config.py, as JupyterLab reads it where it has a workspace."""
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", os.devnull)
    file = execute_notebooks.ROOT / "tools" / "lab_config.py"
    return runpy.run_path(str(file), {"get_config": traitlets.config.Config})


LESSONS = sorted((execute_notebooks.ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore:Overriding existing pre_save_hook")
@pytest.mark.parametrize("folder", ["notebooks", "work"])
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_save_in_jupyter_changes_no_byte_of_a_lesson(path, folder, tmp_path, monkeypatch):
    """What JupyterLab does: read through the contents API, take the kernel's language, save."""
    server = pytest.importorskip("jupyter_server.services.contents.filemanager")
    (tmp_path / folder).mkdir()
    copy = tmp_path / folder / path.name
    copy.write_bytes(path.read_bytes())
    config = lab_config(monkeypatch)["c"]
    manager = server.FileContentsManager(root_dir=str(tmp_path), config=config)
    name = f"{folder}/{path.name}"
    model = manager.get(name, content=True)
    kernels_language = {**IPythonKernel.language_info, "version": "3.13.9"}
    model["content"]["metadata"]["language_info"] = kernels_language
    manager.save({"type": "notebook", "format": "json", "content": model["content"]}, name)
    assert copy.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_the_committed_metadata_is_what_jupyterlab_takes_from_the_kernel():
    committed = {**execute_notebooks.METADATA["language_info"], "version": platform.python_version()}
    assert committed == IPythonKernel.language_info


def test_a_notebook_of_the_learners_own_keeps_its_metadata(monkeypatch):
    keep = lab_config(monkeypatch)["keep_metadata"]
    own = {"type": "notebook", "content": {"metadata": {"language_info": {"name": "julia"}}}}
    keep(own, path="mine.ipynb")
    assert own["content"]["metadata"] == {"language_info": {"name": "julia"}}
