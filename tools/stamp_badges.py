"""Stamp into every notebook what is the same in all of them.

Two places hold the repository's web address, which stands in pyproject.toml alone: the Colab badge in the
first cell, and the set-up cell, which clones the repository where a notebook stands alone. Beside the badge
is a link to the glossary, and the last cell ends with how to give the memory back. The templates are here;
tests/test_project.py holds the notebooks to them. JupyterLab folds the set-up cell down to its first line,
Colab to that line's title.
"""

import re
import sys
import tomllib
from pathlib import Path

import nbformat

from helpers.machine.disk import write_whole

ROOT = Path(__file__).parent.parent
TOP = re.compile(r"^\[!\[Open in Colab\].*$", re.MULTILINE)  # the badge, and what stands beside it
GLOSSARY = "[Glossary](../docs/glossary.md)"  # leads there from notebooks/ and from work/, and on the site
END = re.compile(r"\n*^\*\*When you leave:\*\*.*$", re.MULTILINE)
LEAVE = "**When you leave:** *Kernel → Shut Down Kernel* gives this notebook's memory back."

SETUP_CELL = """\
# @title Set-up: finds or fetches the project's code, installs what is missing
import os, re, shutil, subprocess, sys
from pathlib import Path

try:  # VS Code names the notebook's file
    here = Path(globals().get("__vsc_ipynb_file__", "here")).absolute().parent
except FileNotFoundError:
    raise RuntimeError("The kernel's folder is gone: restart the kernel, then run this cell again.") from None
clone, address = here / "{name}", "{address}"
elsewhere = f"open this notebook in the folder notebooks/ or work/ of a whole copy of {{address}}."
marks = {marks}
places = here, *here.parents, clone
root = next((p for p in places if all((p / mark).exists() for mark in marks)), None)
part = next((p for p in places if any((p / mark).exists() for mark in marks[:2])), clone)
if not root and part.exists():
    cure = "rename or delete it, then run this cell again." if part == clone else elsewhere
    raise RuntimeError(f"{{part}} is only a part of the project: {{cure}}")
if not root and not shutil.which("git"):
    raise RuntimeError(f"git is missing: install it (https://git-scm.com) and restart, or {{elsewhere}}")
if not root:
    print("Fetching", address, "...", flush=True)
    half = clone.with_suffix(".part")
    shutil.rmtree(half, ignore_errors=True)  # what an interrupted attempt left
    slow = "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"  # a minute without data ends it
    git = subprocess.run(["git", *slow, "clone", "--quiet", "--depth", "1", address, half],
                         stderr=subprocess.PIPE, errors="replace",  # in English, and no password is asked for
                         env=os.environ | {{"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}})
    if git.returncode:
        shutil.rmtree(half, ignore_errors=True)
        said = [line[7:] for line in git.stderr.splitlines() if line.startswith(("fatal: ", "error: "))]
        cures = {{"No space|quota|unable to write": "Free 200 MB on this disk, then run this cell again",
                 "ermission denied|Read-only": "Copy this notebook into a folder of your own",
                 "": "Check the network (on Kaggle, turn on Internet in the notebook's settings)"}}
        cure = next(cure for words, cure in cures.items() if re.search(words, git.stderr))
        raise RuntimeError(f"Fetching failed ({{(said or [git.returncode])[0]}}). {{cure}}, or {{elsewhere}}")
    root = half.rename(clone)
os.chdir(here if here.parent == root else root / "notebooks")
sys.path.insert(0, str(root))
import helpers.lesson.packages

helpers.lesson.packages.install_missing()"""
SETUP_METADATA = {"tags": ["setup"], "cellView": "form", "jupyter": {"source_hidden": True}}
LAST = "worlds/turning.py"  # what git writes last
MARKS = (
    "helpers/lesson/packages.py",
    LAST,
    "pyproject.toml",
    "notebooks",
)  # the first two: this project's alone


def repository():
    """The repository's web address, without a trailing slash."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].rstrip("/").removesuffix(".git")


def badge(notebook_name):
    """The badge line of a notebook, in Markdown; `notebook_name` is its file name."""
    colab = repository().replace("https://github.com/", "https://colab.research.google.com/github/")
    return f"[![Open in Colab](../images/colab-badge.svg)]({colab}/blob/main/notebooks/{notebook_name})"


def top(notebook_name):
    """The line under a notebook's title: its badge, and the link to the glossary."""
    return f"{badge(notebook_name)} · {GLOSSARY}"


def setup_cell():
    """The source of the set-up cell, the first code cell of every notebook."""
    marks = ", ".join(f'"{mark}"' for mark in MARKS)
    return SETUP_CELL.format(address=repository(), name=repository().rsplit("/", 1)[1], marks=marks)


def stamp(path):
    """Write the fixed lines and the set-up cell into the notebook at `path`, or mend them.

    Raises ValueError where the first or the last cell isn't Markdown.
    """
    notebook = nbformat.read(path, as_version=4)
    first, last = notebook.cells[0], notebook.cells[-1]
    if {first.cell_type, last.cell_type} != {"markdown"}:
        raise ValueError(f"{path.name}: the first cell, with the title, and the last must be Markdown.")
    if TOP.search(first.source):
        first.source = TOP.sub(top(path.name), first.source, count=1)
    else:
        title, _, rest = first.source.partition("\n")
        first.source = f"{title}\n\n{top(path.name)}\n\n{rest.strip()}".strip()
    last.source = f"{END.sub('', last.source).rstrip()}\n\n{LEAVE}"
    setups = [c for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    if not setups:
        code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
        setups = [nbformat.v4.new_code_cell()]
        notebook.cells.insert(min(code, default=len(notebook.cells)), *setups)
    setups[0].source = setup_cell()
    setups[0].metadata = nbformat.from_dict(SETUP_METADATA)
    write_whole(path, lambda new: nbformat.write(notebook, new))


def main(paths):
    for path in [Path(p) for p in paths] or sorted((ROOT / "notebooks").glob("*.ipynb")):
        stamp(path)
        print(f"{path.name}: {repository()}")


if __name__ == "__main__":
    main(sys.argv[1:])
