"""Code on a slide: what of it is shown, and where it is cut."""

import ast
import itertools
import re

CODE_CHARACTERS, CODE_LINES = 80, 19  # what a slide holds, of 24 pixels
FEW = 4  # lines that are part of a statement, and would stand alone


def code_lines(source, characters=CODE_CHARACTERS):
    """The lines that a source takes on a slide: the rest of a long one goes on below it, indented."""
    return sum(_lines_of(line, characters) for line in source.split("\n"))


def _lines_of(line, characters):
    """How many lines the browser makes of a long one, which it breaks between words."""
    room = characters - min(len(line) - len(line.lstrip()) + 4, 40)  # as in common.js
    count, left = 1, characters
    for word in re.findall(r"\s*\S+", line):
        if len(word) > left:
            word = word.strip()
            count += -(-len(word) // room)
            left = room - (len(word) - 1) % room - 1
        else:
            left -= len(word)
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
    """Code in pieces of so many lines at most, cut where it is least indented, there as late as can be.

    No piece ends with the head of a loop or of a function, and a last line or two don't stand alone.
    """
    rows = source.strip("\n").split("\n")
    if len(rows) == 1 or code_lines("\n".join(rows)) <= lines:
        return ["\n".join(rows)]

    heights = list(itertools.accumulate(map(code_lines, rows), initial=0))  # of the first so many rows

    def depth(i):
        head = re.search(r"[:([{,]\s*(#.*)?$", rows[i - 1]) or rows[i - 1].startswith("@")
        goes_on = head or re.match(r"\s*([)\]}]|else|elif|except|finally|$)", rows[i])
        return len(rows[i]) - len(rows[i].lstrip()) + (100 if goes_on else 0)

    def costs(i):
        return depth(i), depth(i) > 0 and heights[-1] - heights[i] < FEW, -i

    fitting = [i for i in range(1, len(rows)) if heights[i] <= lines] or [1]
    cut = min([i for i in fitting if heights[i] >= lines // 4] or fitting[-1:], key=costs)
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
    return (
        "show_chart(" in source
        or (len(lines) <= 12 and "show_diagram(" in source)
        or (len(ast.parse(source).body) == 1 and re.match(r"(plotting\.)?show\w*\(", source) is not None)
    )


def narrowed(printed, characters=82):
    """A printed table that is too wide, with no more than two spaces between its columns."""
    lines = printed.split("\n")
    width = max(map(len, lines))
    if width <= characters or len(lines) < 3:
        return printed
    blank = [all(line[i : i + 1] in ("", " ") for line in lines) for i in range(width)]
    kept = [i for i in range(width) if not (blank[i] and i > 1 and blank[i - 1] and blank[i - 2])]
    return "\n".join("".join(line[i : i + 1] for i in kept) for line in lines)
