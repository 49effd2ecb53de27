"""The exercises' checks take a right answer in every form, and say what was given and what was wanted."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given
from PIL import Image
from test_inputs import ANYTHING, few

from helpers.lesson import grading
from helpers.lesson.exercises.first_picture import grade_three_pictures
from helpers.lesson.exercises.guidance import grade_falling_guidance, grade_good_enough
from helpers.lesson.grading import described, factors, function, grade, tensor
from tests.answers import wrong_answers
from tools.handout.copies import exercises

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9]*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_has_three_exercises_and_each_has_wrong_answers(path):
    """That solutions pass, and mistakes get their hint, is tried where the notebook runs: conftest.py."""
    listed = wrong_answers(path)
    assert len(exercises(nbformat.read(path, as_version=4))) == len(listed) >= 3 and all(listed)


def test_grading_never_raises(capsys):
    for answer in (False, "text", 3, [], object()):
        grade(answer, right=lambda a: a.shape[7] == 1, hints=[(lambda a: 1 / 0, "never")])
    assert capsys.readouterr().out.count("Not yet.") == 5


KINDS = {
    "number": (grading.number(), 0.123),
    "whole number": (grading.whole_number(), 17),
    "some numbers": (grading.some_numbers("two numbers", 2), [0.123, 4.5]),
    "tensor": (grading.tensor((2, 3)), torch.full((2, 3), 0.123)),
    "array": (grading.array(), np.full((2, 3), 0.123)),
    "text": (grading.text(), "a sentence that nobody writes"),
    "names": (grading.names("two names", 2), ["one", "two"]),
    "pictures": (grading.pictures("a picture", 1, (8, 8)), lambda pictures: False),
    "function": (grading.function("a number", grading.number()), lambda value: False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_any_answer_gets_one_line_and_a_wrong_one_is_never_right(kind, capsys):
    wants, right = KINDS[kind]

    @few
    @given(ANYTHING)
    def tried(answer):
        grade(answer, right, wants=wants)
        line, *more = capsys.readouterr().out.splitlines()
        assert line.startswith(("Not yet. ", "Not answered yet: ")) and not more

    tried()


def test_an_array_can_be_what_is_right(capsys):
    for answer in (np.full((2, 3), 0.123), torch.full((2, 3), 0.123), [[0.123] * 3] * 2):
        grade(answer, KINDS["array"][1], wants=grading.array())
    assert capsys.readouterr().out == "Right!\n" * 3


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


def test_where_no_hint_fits_the_exercises_own_next_step_is_said(capsys):
    for answer in (3, "three", 17):
        grade(answer, right=17, hints=[(4, "never")], otherwise="Count again.")
    said = capsys.readouterr().out.splitlines()
    assert said == ["Not yet. Count again.", "Not yet. Yours is a str; wanted a whole number.", "Right!"]


def test_a_mixture_tells_its_factors():
    clean, noise, other = torch.randn(3, 1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert factors(0.3 * clean - 2 * noise, clean, noise) == pytest.approx([0.3, -2])
    assert factors((0.3 * clean - 2 * noise).half(), clean, noise) == pytest.approx([0.3, -2], abs=0.01)
    assert factors(0 * clean, clean, noise) == [0, 0]
    for no_mixture in (other, clean + 0.1 * other, clean[..., :4]):
        assert factors(no_mixture, clean, noise) is None


def test_a_scale_without_the_empty_prompts_prediction_is_not_guidance(capsys):
    grade_falling_guidance(lambda u, c, t: (1 + 8 * t / 1000) * c, start=9)
    grade_falling_guidance(lambda u, c, t: u + (1 + 8 * t / 1000) * (c - u), start=9)
    said = capsys.readouterr().out.splitlines()
    assert "use the empty one's, too" in said[0] and said[1] == "Right!"


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
