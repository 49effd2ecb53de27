"""Exercises answered in their notebook's own kernel, right after their cell ran: rightly, wrongly and oddly.

So an answer has everything that a reader's has, and one run of a notebook serves for both: its outputs are
compared, and its exercises are tried. conftest.py does it.
"""

import json

from tools.exercises import BLANK

# Runs in the notebook's kernel: what no exercise may accept, or fail on; and a right answer's other forms.
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
ODD_COUNT = 34  # each gets one line


def wrong_answers(path):
    """For each exercise of the notebook at `path` its typical wrong answers: {answer: words of its hint}."""
    listed = path.parent.parent / "tests" / "wrong_answers" / f"{path.stem}.json"
    return json.loads(listed.read_text(encoding="utf-8"))


def faults(said, source, solution, wrong):
    """What is amiss with an exercise, a sentence each; `said(code)` is what the kernel prints for it."""

    def answered(answer):
        return said(source.replace(BLANK, answer))

    def in_a_loop(answers):
        before, after = source.split(BLANK)
        loop = f"{before}for answer in {answers}:\n    " + after.strip().replace("\n", "\n    ")
        return said(ODD + loop).splitlines()

    for answer, hint in wrong.items():
        words = answered(answer)
        if not words.startswith("Not yet.") or hint not in words:
            yield f"The wrong answer {answer!r} gets {words!r}, without the hint {hint!r}."
    odd = in_a_loop("odd_answers()")
    if len(odd) != ODD_COUNT or not odd[0].startswith("Not answered yet: your answer is None"):
        yield f"{ODD_COUNT} odd answers, the first of them None, get {odd}."
    if accepted := [line for line in odd[1:] if not line.startswith("Not yet. ")]:
        yield f"Odd answers get {accepted}."
    if (words := answered(solution).strip()) != "Right!":
        yield f"The published solution gets {words!r}."
    if set(forms := in_a_loop("other_forms(answer)")) != {"Right!"}:
        yield f"Other forms of the right answer get {forms}."
