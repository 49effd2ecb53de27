"""Stamp the repository's web address, which stands in pyproject.toml alone, into every notebook.

Two places of a notebook hold it: the Colab badge in the first cell, and the set-up cell, which clones the
repository on Colab. Both templates are here; tests/test_project.py holds the notebooks to them.
"""

import re
import sys
import tomllib
from pathlib import Path

import nbformat

from helpers.machine.disk import write_whole

ROOT = Path(__file__).parent.parent
BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)")

SETUP_CELL = """\
# On Colab this fetches the notebooks and their model; elsewhere it only makes `helpers` importable.
import os, subprocess, sys

if "google.colab" in sys.modules and not os.path.isdir("../helpers"):
    if not os.path.isdir("{name}"):
        address = "{address}"
        subprocess.run(["git", "clone", "--depth", "1", address], check=True)
    os.chdir("{name}/notebooks")
sys.path.insert(0, os.path.abspath(".."))"""


def repository():
    """The repository's web address, without a trailing slash."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].rstrip("/").removesuffix(".git")


def badge(notebook_name):
    """The badge line of a notebook, in Markdown; `notebook_name` is its file name."""
    colab = repository().replace("https://github.com/", "https://colab.research.google.com/github/")
    return f"[![Open in Colab](../images/colab-badge.svg)]({colab}/blob/main/notebooks/{notebook_name})"


def setup_cell():
    """The source of the set-up cell, the first code cell of every notebook."""
    return SETUP_CELL.format(address=repository(), name=repository().rsplit("/", 1)[1])


def stamp(path):
    """Write badge and set-up cell into the notebook at `path`, adding them where they are missing."""
    notebook = nbformat.read(path, as_version=4)
    first = notebook.cells[0]
    if first.cell_type != "markdown":
        raise ValueError(f"{path.name}: the first cell must be Markdown, with the title.")
    if BADGE.search(first.source):
        first.source = BADGE.sub(badge(path.name), first.source, count=1)
    else:
        title, _, rest = first.source.partition("\n")
        first.source = f"{title}\n\n{badge(path.name)}\n\n{rest.strip()}".strip()
    setups = [c for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    if setups:
        setups[0].source = setup_cell()
    else:
        code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
        new = nbformat.v4.new_code_cell(setup_cell(), metadata={"tags": ["setup"]})
        notebook.cells.insert(min(code, default=len(notebook.cells)), new)
    write_whole(path, lambda new: nbformat.write(notebook, new))


def main(paths):
    for path in [Path(p) for p in paths] or sorted((ROOT / "notebooks").glob("*.ipynb")):
        stamp(path)
        print(f"{path.name}: {repository()}")


if __name__ == "__main__":
    main(sys.argv[1:])
