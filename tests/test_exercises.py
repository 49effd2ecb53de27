"""Every exercise accepts its published solution, and answers typical mistakes with the hint that helps.

The notebook's own cells run first, in one kernel, so that an answer has everything that a reader's has.
"""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from PIL import Image

from helpers.lesson.exercises.first_picture import grade_three_pictures
from helpers.lesson.exercises.guidance import grade_falling_guidance, grade_good_enough
from helpers.lesson.grading import described, function, grade, tensor

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9]*.ipynb"))
BLANK = "answer = ..."

# For each notebook a list with an object for each exercise: wrong answers, and a word of the hint for each.
WRONG_ANSWERS = Path(__file__).parent / "wrong_answers"

# Runs in each notebook's kernel: what no exercise may accept, or fail on; and a right answer's other forms.
ODD = """
import numpy, torch
from PIL import Image

def odd_answers():
    def fails(*arguments):
        return undefined_name
    picture = Image.effect_noise((32, 32), 50)
    return [
        None, "text", "", b"17", True, numpy.True_, [], [1], ["a"] * 8, [None, None], {}, {17}, object(), int,
        1 + 2j, float("nan"), float("inf"), -10**400, numpy.array("17"), numpy.zeros((2, 0)),
        torch.full((3, 32, 32), torch.nan), torch.ones(3, 32, 32) > 0,
        torch.zeros(0), torch.zeros(1, 4, 8, 8), picture, [picture],
        [Image.effect_noise((128, 128), 50) for _ in range(3)],
        [Image.effect_noise((128, 128), 50) for _ in range(8)], ["one", "two", "three"],
        fails, lambda: 0, lambda *arguments: None, lambda *arguments: "text", lambda *arguments: 7,
    ]

def other_forms(answer):
    if isinstance(answer, torch.Tensor) and answer.numel() > 1:
        return [answer.numpy(), answer.double(), answer.tolist(), torch.nn.Parameter(answer)]
    if isinstance(answer, (int, float, torch.Tensor)):
        value = answer.item() if isinstance(answer, torch.Tensor) else answer
        forms = [numpy.float64(value), numpy.array(value), numpy.array([value]), torch.tensor(value).double()]
        whole = [float(value), numpy.int64(value), torch.tensor(value)]
        return forms + whole if value == int(value) else forms
    if isinstance(answer, (list, tuple)) and isinstance(answer[0], (int, float)):
        return [list(answer), tuple(answer), numpy.array(answer), torch.tensor(answer).double()]
    return [tuple(answer)] if isinstance(answer, list) else [answer]
"""


def in_a_loop(source, answers):
    """An exercise's cell with a loop over answers in place of its blank."""
    before, after = source.split(BLANK)
    return f"{before}for answer in {answers}:\n    " + after.strip().replace("\n", "\n    ")


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

    def said(index, answer=BLANK, changed=None):
        cell = notebook.cells[index]
        source, cell.source = cell.source, changed or cell.source.replace(BLANK, answer)
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
            source = notebook.cells[i].source
            odd = said(i, changed=ODD + in_a_loop(source, "odd_answers()")).splitlines()
            assert odd[0].startswith("Not answered yet: your answer is None")
            assert all(line.startswith("Not yet. ") for line in odd[1:]), odd
            assert len(odd) == 34
            assert said(i, tasks[i]).strip() == "Right!", tasks[i]
            forms = said(i, changed=in_a_loop(source, "other_forms(answer)")).splitlines()
            assert forms and set(forms) == {"Right!"}, forms


def test_grading_never_raises(capsys):
    for answer in (False, "text", 3, [], object()):
        grade(answer, right=lambda a: a.shape[7] == 1, hints=[(lambda a: 1 / 0, "never")])
    assert capsys.readouterr().out.count("Not yet.") == 5


def test_a_number_is_not_taken_for_true(capsys):
    grade(True, right=1)
    assert capsys.readouterr().out == "Not yet. Yours is True; wanted a whole number.\n"


@pytest.mark.parametrize(
    "answer", [17, 17.0, np.floor(25 * 0.7), np.int64(17), torch.tensor(17), np.array(17)]
)
def test_a_number_of_any_type_is_a_number(answer, capsys):
    grade(answer, right=17)
    assert capsys.readouterr().out == "Right!\n"


@pytest.mark.parametrize(
    "answer, words",
    [
        ("red", "a str"),
        (True, "True"),
        (17, "the number 17"),
        ([1, 2], "a list of length 2, each an int"),
        (torch.zeros(2, 3), "a tensor of shape (2, 3)"),
        (np.full((3, 2, 2), np.nan), "an array of shape (3, 2, 2) that holds NaN or infinity"),
        (Image.new("RGB", (8, 4)), "a picture of 8 × 4 pixels"),
        (print, "a function"),
        (int, "the class int"),
    ],
)
def test_an_answer_of_another_kind_hears_what_was_given_and_what_was_wanted(answer, words, capsys):
    assert described(answer) == words
    grade(answer, right=torch.randn(3, 2, 2))
    assert capsys.readouterr().out == f"Not yet. Yours is {words}; wanted a tensor of shape (3, 2, 2).\n"


def test_an_array_and_lists_serve_as_a_tensor(capsys):
    right = torch.arange(6.0).reshape(2, 3)
    for answer in (right, right.numpy(), right.tolist(), list(right), right.double().numpy()):
        grade(answer, right)
    assert capsys.readouterr().out == "Right!\n" * 5


def test_an_error_in_a_learners_function_is_shown(capsys):
    def guided(noise_uncond, noise_cond, t):
        return noise_uncond + scale * noise_cond  # noqa: F821

    grade_falling_guidance(guided, start=9)
    said = capsys.readouterr().out
    assert "NameError: name 'scale' is not defined" in said
    assert "of your cell: return noise_uncond + scale * noise_cond" in said and said.count("\n") == 1


def test_what_a_learners_function_gives_is_described(capsys):
    grade_falling_guidance(lambda u, c, t: 1 + 8 * t / 1000, start=9)
    said = capsys.readouterr().out
    assert "Your function gives a tensor of shape (); wanted a tensor of shape (1, 4, 2, 2)." in said
    grade(print, right=lambda f: f("") == 1, wants=function("a function", gives=tensor((1,))))
    assert "Your function gives None" in capsys.readouterr().out


def test_pictures_of_something_else_do_not_pass(capsys):
    like = Image.new("RGB", (128, 128))
    noise = [Image.effect_noise((128, 128), 40 + i).convert("RGB") for i in range(3)]
    for answer, hint in (
        (noise, "no lava planets"),
        (noise[:2], "a list of length 2, each an Image; wanted a list of three pictures of 128 × 128 pixels"),
        (["a", "b", "c"], "a list of length 3, each a str; wanted a list of three pictures"),
        (noise[:1] * 3, "are the same"),
        (noise[0], "Yours is a picture of 128 × 128 pixels"),
    ):
        grade_three_pictures(answer, like)
        assert hint in capsys.readouterr().out


def test_none_reaches_no_best_rate(capsys):
    scales = [{"guidance_scale": w, "all_right": {"value": w / 9, "high": w / 8}} for w in (3.0, 5.0, 8.0)]
    for answer in (None, "8", torch.tensor(torch.nan)):
        grade_good_enough(answer, scales)
    said = capsys.readouterr().out
    assert said.startswith("Not answered yet: your answer is None") and "best rate" not in said
