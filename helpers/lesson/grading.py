"""Exercises that grade themselves: right answers are praised, usual mistakes get a hint, nothing ever stops.

A blank is an ellipsis: `answer = ...`. Until the dots are replaced the grade says what to do. The exercises'
own grading lies in helpers/lesson/exercises/, a module for each notebook: no answer stands beside its
question.

An answer is first taken as the kind of thing that is wanted (`number`, `tensor`, `pictures`, ...), whatever
type holds it: 17, 17.0, np.int64(17) and tensor(17) are one number. An answer of another kind is told so.
"""

import math
import numbers as kinds_of_numbers
import traceback
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image


class Kind(NamedTuple):
    """A kind of answer."""

    words: str  # what is wanted: "Yours is a str; wanted ..."
    take: Callable  # answer -> the form in which it is graded; raises for an answer of another kind
    fits: Callable = lambda value: True  # whether what was taken has the wanted shape or length
    otherwise: str = "Compare it with the text above."  # where nothing better is known


class _Complaint(Exception):
    """What there is to say of a learner's function, in a sentence."""


def grade(answer, right, hints=(), wants=None, otherwise=None):
    """Print what can be said of an exercise's answer, and never raise.

    `right` is the expected value, or a function of the answer that returns True for a right one. `hints` are
    pairs of a usual wrong answer (a value, or a function as before) and the sentence that helps with it; the
    first that fits is printed. `wants` is the `Kind` of the answer; by default that of `right`. `otherwise`
    is the sentence for an answer of this kind that no hint knows: what to try next.
    """
    wants = wants or _kind_of(right)
    if answer is ...:
        print("Not answered yet: replace the dots, then run this cell again.")
        return
    if answer is None:
        print("Not answered yet: your answer is None. Give it a value, then run this cell again.")
        return
    other_kind = f"Yours is {described(answer)}; wanted {wants.words}."
    try:
        value = wants.take(answer)
    except Exception:
        print("Not yet.", other_kind)
        return
    complaints = []

    def fits(expected):
        try:
            return _equals(value, expected)
        except _Complaint as complaint:
            complaints.append(str(complaint))
        except Exception:
            pass
        return False

    if fits(right):
        print("Right!")
        return
    hint = next((hint for wrong, hint in hints if fits(wrong)), None)
    unknown = otherwise or wants.otherwise
    known = complaints[0] if complaints else unknown if wants.fits(value) else other_kind
    print("Not yet.", hint or known)


def within(share):
    """near(wanted) is a condition: an answer differs from `wanted` by less than this share of it."""

    def near(wanted):
        return lambda answer: abs(answer - wanted) < share * abs(wanted)

    return near


def close(value, expected, rtol=1e-5, atol=1e-8):
    """Whether two tensors have one shape and nearly the same numbers, wherever they lie."""
    value, expected = value.detach().float().cpu(), expected.detach().float().cpu()
    return value.shape == expected.shape and torch.allclose(value, expected, rtol=rtol, atol=atol)


def factors(value, *parts):
    """The factors with which tensors, `parts`, add up to `value`. None where no factors do.

    So a hint can tell a mixture with a wrong factor from something else: half a per cent may be missing.
    """
    columns = torch.stack([part.detach().double().cpu().flatten() for part in parts], dim=1)
    wanted = value.detach().double().cpu().flatten()
    if len(wanted) != len(columns):
        return None
    found = torch.linalg.lstsq(columns, wanted).solution
    missing = (columns @ found - wanted).norm()
    return found.tolist() if missing <= 0.005 * wanted.norm() else None


def number(words="a number"):
    """One finite number of any type."""
    return Kind(words, _as_number)


def whole_number(words="a whole number"):
    """One number, without a fraction."""
    return Kind(words, _as_number, fits=lambda value: isinstance(value, int))


def some_numbers(words, count):
    """So many numbers, as a list, a tuple, an array or a tensor; graded as a list."""

    def take(answer):
        return [_as_number(each) for each in _entries(answer)]

    return Kind(words, take, fits=lambda value: len(value) == count)


def tensor(shape, advice=""):
    """A tensor of finite numbers; an array and nested lists will do. Graded in float32, on the CPU.

    The hints see tensors of other shapes too. `advice` ends the sentence on what is wanted.
    """
    shape = tuple(shape)
    otherwise = "The shape is right; compare signs and factors with the text above."
    words = f"a tensor of shape {shape}{advice}"
    return Kind(words, _as_tensor, lambda value: tuple(value.shape) == shape, otherwise)


def array(words="an array of numbers"):
    """Numbers of any shape, graded as a tensor."""
    return Kind(words, _as_tensor)


def text(words="text"):
    return Kind(words, lambda answer: _only(answer, str))


def names(words, count):
    """A list of so many entries, graded as a list."""
    return Kind(words, _entries, fits=lambda value: len(value) == count)


def pictures(words, count, size):
    """So many PIL pictures of one size, (width, height) in pixels; graded as a list."""

    def take(answer):
        return [_only(each, Image.Image) for each in _only(answer, list | tuple)]

    def fits(value):
        return len(value) == count and all(each.size == size for each in value)

    return Kind(words, take, fits)


def function(words, gives):
    """A function whose results are of the kind `gives`. An error in it is shown, with its line."""

    def take(answer):
        if not callable(answer):
            raise TypeError

        def watched(*arguments):
            try:
                given = answer(*arguments)
            except Exception as error:
                raise _Complaint(_raised(error, answer)) from error
            try:
                value = gives.take(given)
                fits = gives.fits(value)
            except Exception:
                fits = False
            if not fits:
                raise _Complaint(f"Your function gives {described(given)}; wanted {gives.words}.")
            return value

        return watched

    return Kind(words, take)


def described(answer):
    """What an answer is, in a few words: "a tensor of shape (3, 32, 32)"."""
    if answer is None or isinstance(answer, bool | np.bool_):
        return str(answer)
    if isinstance(answer, kinds_of_numbers.Number):
        shown = str(answer) if not isinstance(answer, int) or abs(answer) < 10**20 else "a very large one"
        return f"the number {shown}"
    if isinstance(answer, Image.Image):
        return f"a picture of {answer.width} × {answer.height} pixels"
    if isinstance(answer, torch.Tensor | np.ndarray):
        name = "a tensor" if isinstance(answer, torch.Tensor) else "an array"
        return f"{name} of shape {tuple(answer.shape)}{_oddity(answer)}"
    if isinstance(answer, list | tuple):
        inside = {type(each).__name__ for each in answer}
        of_one_type = f", each {_with_article(inside.pop())}" if len(inside) == 1 else ""
        return f"a {type(answer).__name__} of length {len(answer)}{of_one_type}"
    if isinstance(answer, type):
        return f"the class {answer.__name__}"
    if callable(answer):
        return "a function"
    return _with_article(type(answer).__name__)


def _with_article(name):
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"


def _oddity(answer):
    """What can keep a tensor or an array from being numbers."""
    try:
        values = torch.as_tensor(answer)
        if values.dtype == torch.bool:
            return " that holds True and False"
        if values.is_complex():
            return " that holds complex numbers"
        return "" if values.isfinite().all() else " that holds NaN or infinity"
    except Exception:
        return " that holds no numbers"


def _equals(value, expected):
    """Whether a value is the expected one, or passes the expected test."""
    if isinstance(expected, torch.Tensor | np.ndarray):
        expected = torch.as_tensor(expected)
        tolerance = 0.01 * expected.float().std().item()  # numbers may have been rounded on the way
        return close(value, expected, atol=tolerance)
    if callable(expected):
        return bool(expected(value))
    if isinstance(expected, tuple):
        return list(value) == list(expected)
    return bool(value == expected)


def _kind_of(right):
    if isinstance(right, torch.Tensor):
        return tensor(right.shape)
    if isinstance(right, int):
        return whole_number()
    if isinstance(right, float):
        return number()
    return Kind("something else", lambda answer: answer)


def _only(answer, types):
    if not isinstance(answer, types):
        raise TypeError
    return answer


def _entries(answer):
    if isinstance(answer, torch.Tensor):
        answer = answer.detach().cpu().numpy()
    return list(_only(answer, list | tuple | range | np.ndarray))


def _as_number(answer):
    """The number that anything of one number holds: an int where it is whole, otherwise a float."""
    if isinstance(answer, torch.Tensor | np.ndarray | np.generic):
        answer = answer.item()  # raises where there are more
    if isinstance(answer, bool) or not isinstance(answer, kinds_of_numbers.Real):
        raise TypeError
    if isinstance(answer, int):
        return answer
    answer = float(answer)
    if not math.isfinite(answer):
        raise ValueError
    return int(answer) if answer.is_integer() else answer


def _as_tensor(answer):
    if isinstance(answer, list | tuple):
        return torch.stack([_as_tensor(each) for each in answer])
    if isinstance(answer, bool | Image.Image):
        raise TypeError
    values = torch.as_tensor(answer if isinstance(answer, torch.Tensor) else np.asarray(answer))
    if values.dtype == torch.bool or values.is_complex():
        raise TypeError
    values = values.detach().float().cpu()
    if not values.isfinite().all():
        raise ValueError
    return values


def _raised(error, function):
    """A learner's own error: its type, its message, and the last line of their cell that it went through."""
    message = f": {str(error)[:300]}" if str(error) else ""
    cell = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == cell]
    where = f" (line {frames[-1].lineno} of your cell: {frames[-1].line})" if frames else ""
    return f"Your function raises {type(error).__name__}{message}{where}."
