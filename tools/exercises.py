"""Exercises of a notebook: which cells they are, what their blank is, and which of them said "Right!"."""

import re

BLANK = "answer = ..."


def is_exercise(cell):
    """Whether a cell, of nbformat or of plain JSON, is an exercise."""
    return "exercise" in cell["metadata"].get("tags", [])


def right(notebook):
    """{name of its grading: whether it said "Right!"} for each exercise, in order, by the saved outputs.

    An exercise that stands there twice, because its cell was copied, counts once, and is right if either is.
    """
    found = {}
    for cell in filter(is_exercise, notebook["cells"]):
        source = "".join(cell["source"])
        [name, *_] = re.findall(r"\bgrade_\w+", source) or [None]
        said = "".join("".join(output.get("text", "")) for output in cell.get("outputs", []))
        answered = BLANK not in source.splitlines() and "Right!" in said.splitlines()
        if name:
            found[name] = found.get(name, False) or answered
    return found
