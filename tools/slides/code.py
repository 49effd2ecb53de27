"""Code on a slide: what of it is shown, and where it is cut."""

import ast
import io
import re
import tokenize

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
        tokens = [
            t for t in tokenize.generate_tokens(io.StringIO(source).readline)
            if t.type not in (tokenize.NL, tokenize.COMMENT)
        ]  # fmt: skip
    except (tokenize.TokenError, SyntaxError):
        return source
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    cuts = []
    for i, token in enumerate(tokens[:-2]):
        if token.string == "alt" and tokens[i + 1].string == "=" and tokens[i - 1].string == ",":
            end, depth = i + 2, 0
            while depth or tokens[end].string not in (",", ")"):
                depth += tokens[end].string in ("(", "[", "{")
                depth -= tokens[end].string in (")", "]", "}")
                end += 1
            first, last = tokens[i - 1].start, tokens[end - 1].end
            cuts.append((starts[first[0] - 1] + first[1], starts[last[0] - 1] + last[1]))
    for first, last in reversed(cuts):
        source = source[:first] + source[last:]
    return source


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
