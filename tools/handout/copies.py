"""Copies of the notebooks: for learners, without outputs and solutions, and with every exercise solved."""

import copy
import re

import nbformat

from tools.exercises import BLANK, is_exercise
from tools.stamp_badges import GLOSSARY, TOP

SOLUTION = re.compile(
    r"<details>\s*<summary>Solution</summary>.*?```python\n(.*?)```.*?</details>", re.DOTALL
)
NOTES = "*Your notes on this exercise:*"


def exercises(notebook):
    """{index of an exercise's cell: its published solution}, in order.

    Raises ValueError where an exercise has not just one blank, or no folded solution in the cell after it.
    """
    found = {}
    for i, cell in enumerate(notebook.cells):
        if is_exercise(cell):
            solution = i + 1 < len(notebook.cells) and SOLUTION.search(notebook.cells[i + 1].source)
            if cell.source.count(BLANK) != 1 or not solution:
                raise ValueError(f"Cell {i}: an exercise has one `{BLANK}`, and a folded solution follows.")
            found[i] = solution.group(1)
    return found


def _unrun(cell):
    cell.outputs, cell.execution_count = [], None


def without_badge(notebook):
    """A copy without the badge, which opens the lesson itself."""
    notebook = copy.deepcopy(notebook)
    notebook.cells[0].source = TOP.sub(GLOSSARY, notebook.cells[0].source, count=1)
    return notebook


def for_learners(notebook):
    """A copy without outputs and without the exercises' solutions; other folded answers stay."""
    solved, notebook = exercises(notebook), without_badge(notebook)
    for i in solved:
        notebook.cells[i + 1].source = SOLUTION.sub(NOTES, notebook.cells[i + 1].source)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _unrun(cell)
    return notebook


def with_solutions(notebook):
    """A copy with every exercise answered by its folded solution; the outputs of all other cells stay."""
    solved, notebook = exercises(notebook), without_badge(notebook)
    for i, solution in solved.items():
        cell = notebook.cells[i]
        cell.source = cell.source.replace(BLANK, solution.rstrip())
        _unrun(cell)
    return notebook


def write(paths, folder):
    """Write both copies of each notebook of `paths` into `folder`; returns how many notebooks those were."""
    for name, made in (("learners", for_learners), ("solutions", with_solutions)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in paths:
            try:
                notebook = made(nbformat.read(path, as_version=4))
            except ValueError as error:
                raise ValueError(f"{path.name}: {error}") from error
            nbformat.write(notebook, folder / name / path.name)
    return len(paths)
