"""Every exercise accepts its published solution, and answers typical mistakes with the hint that helps.

The notebook's own cells run first, in one kernel, so that an answer has everything that a reader's has.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from helpers.lesson.grading import grade

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
BLANK = "answer = ..."

# For each notebook a list with an object for each exercise: wrong answers, and a word of the hint for each.
WRONG_ANSWERS = Path(__file__).parent / "wrong_answers"


def exercises(notebook):
    """(index of the exercise's cell, its published solution), in order."""
    found = []
    for i, cell in enumerate(notebook.cells):
        if "exercise" in cell.metadata.get("tags", []):
            fold = notebook.cells[i + 1].source
            solution = re.search(r"<details>.*?```python\n(.*?)```.*?</details>", fold, re.DOTALL)
            assert cell.source.count(BLANK) == 1 and solution, f"cell {i}: one blank, one folded solution"
            found.append((i, solution.group(1)))
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_solutions_are_accepted_and_mistakes_get_their_hint(path):
    notebook = nbformat.read(path, as_version=4)
    tasks = dict(exercises(notebook))
    listed = json.loads((WRONG_ANSWERS / f"{path.stem}.json").read_text(encoding="utf-8"))
    assert len(tasks) >= 3 and len(listed) == len(tasks) and all(listed)
    wrong = dict(zip(tasks, listed))
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}})

    def said(index, answer):
        cell = notebook.cells[index]
        source, cell.source = cell.source, cell.source.replace(BLANK, answer)
        client.execute_cell(cell, index)
        cell.source = source
        return "".join(output.text for output in cell.outputs if output.output_type == "stream")

    with client.setup_kernel():
        for i, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            if i not in tasks:
                client.execute_cell(cell, i)
                continue
            assert said(i, BLANK).startswith("Not answered yet")
            for answer, hint in wrong[i].items():
                assert said(i, answer).startswith("Not yet.") and hint in said(i, answer), answer
            assert said(i, tasks[i]).strip() == "Right!", tasks[i]


def test_grading_never_raises(capsys):
    for answer in (None, "text", 3, [], object()):
        grade(answer, right=lambda a: a.shape[7] == 1, hints=[(lambda a: 1 / 0, "never")])
    assert capsys.readouterr().out.count("Not yet.") == 5


def test_a_number_is_not_taken_for_true(capsys):
    grade(True, right=1)
    assert "Not yet" in capsys.readouterr().out
