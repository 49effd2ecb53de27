"""Exercises that grade themselves: right answers are praised, usual mistakes get a hint, nothing ever stops.

A blank is an ellipsis: `answer = ...`. Until the dots are replaced the grade says what to do. The exercises'
own grading lies in helpers/lesson/exercises/, a module for each notebook: no answer stands beside its
question.
"""

import torch


def grade(answer, right, hints=()):
    """Print what can be said of an exercise's answer, and never raise.

    `right` is the expected value, or a function of the answer that returns True for a right one. `hints` are
    pairs of a usual wrong answer (a value, or a function as before) and the sentence that helps with it; the
    first that fits is printed.
    """
    if answer is ...:
        print("Not answered yet: replace the dots, then run this cell again.")
    elif _fits(answer, right):
        print("Right!")
    else:
        other = "Compare shapes and signs with the text above."
        print("Not yet.", next((hint for wrong, hint in hints if _fits(answer, wrong)), other))


def _fits(answer, expected):
    """Whether an answer is the expected value, or passes the expected test; an odd one simply doesn't."""
    try:
        if callable(expected):
            return bool(expected(answer))
        if isinstance(expected, torch.Tensor):
            same_shape = answer.shape == expected.shape
            tolerance = 0.01 * expected.float().std().item()  # numbers may have been rounded on the way
            return same_shape and torch.allclose(answer.float(), expected.float(), atol=tolerance)
        return type(answer) is type(expected) and answer == expected
    except Exception:
        return False
