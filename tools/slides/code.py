"""Code on a slide: what of it is shown, and where it is cut."""

import ast
import itertools
import re

CODE_CHARACTERS, CODE_LINES = 80, 17  # what a slide holds, of 24 pixels


def code_lines(source, characters=CODE_CHARACTERS):
    """The lines that a source takes on a slide: the rest of a long one goes on below it, indented."""
    count = 0
    for line in source.split("\n"):
        rest = len(line) - characters
        room = max(20, characters - 8 - (len(line) - len(line.lstrip())))
        count += 1 if rest <= 0 else 1 - (-(rest + 4) // room)
    return count


def without_alt(source):
    """The code without the alt texts of its figures: on a slide they take the place of the figure itself."""
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    except SyntaxError:
        return source
    lines = [line.encode() for line in source.split("\n")]  # ast counts bytes
    starts = [0, *itertools.accumulate(len(line) + 1 for line in lines)]
    text = source.encode()

    def place(row, column):
        return starts[row - 1] + column

    cuts = []
    for keyword in (keyword for call in calls for keyword in call.keywords if keyword.arg == "alt"):
        comma = text.rindex(b",", 0, place(keyword.lineno, keyword.col_offset))
        cuts.append((comma, place(keyword.end_lineno, keyword.end_col_offset)))
    for first, last in sorted(cuts, reverse=True):
        text = text[:first] + text[last:]
    return text.decode()


def chunks(source, lines=CODE_LINES):
    """Code in pieces of so many lines at most, cut where it is least indented, there as late as can be."""
    rows = source.strip("\n").split("\n")
    if len(rows) == 1 or code_lines("\n".join(rows)) <= lines:
        return ["\n".join(rows)]

    def depth(i):
        goes_on = re.match(r"\s*([)\]}]|else|elif|except|finally|$)", rows[i]) or rows[i - 1].startswith("@")
        return len(rows[i]) - len(rows[i].lstrip()) + (100 if goes_on else 0)

    most = max([i for i in range(1, len(rows)) if code_lines("\n".join(rows[:i])) <= lines], default=1)
    cut = min(range(min(most, lines // 4) or 1, most + 1), key=lambda i: (depth(i), -i))
    return ["\n".join(rows[:cut]).rstrip("\n"), *chunks("\n".join(rows[cut:]), lines)]


def mostly_imports(source):
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    imports = sum(isinstance(statement, (ast.Import, ast.ImportFrom)) for statement in body)
    return imports > 0 and 2 * imports >= len(body)


def only_draws(source):
    """Whether a cell teaches nothing but how its figure is drawn: a chart, a drawing, one picture."""
    lines = source.strip().split("\n")
    return "show_chart(" in source or (len(lines) <= 12 and "show_diagram(" in source) or (
        len(ast.parse(source).body) == 1 and re.match(r"(plotting\.)?show\w*\(", source) is not None
    )  # fmt: skip


def narrowed(printed, characters=82):
    """A printed table that is too wide, with no more than two spaces between its columns."""
    lines = printed.split("\n")
    width = max(map(len, lines))
    if width <= characters or len(lines) < 3:
        return printed
    blank = [all(line[i : i + 1] in ("", " ") for line in lines) for i in range(width)]
    kept = [i for i in range(width) if not (blank[i] and i > 1 and blank[i - 1] and blank[i - 2])]
    return "\n".join("".join(line[i : i + 1] for i in kept) for line in lines)
