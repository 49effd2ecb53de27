"""Which part of a notebook stands on which slide, and what the speaker reads: decided by its structure.

A heading begins a slide. Of a long text the first sentence stands on the slide and all of it in the
speaker's notes. Folded answers and solutions are notes. A code cell and its figure share a slide where both
are readable, otherwise the figure has the next one; code that only draws a chart is for the notes. A cell's
`slideshow` metadata overrides this: slide, subslide, fragment, skip, notes or "-" (stay on this slide).
"""

import ast
import base64
import io
import re
import tokenize
from dataclasses import dataclass, field

from nbformat.v4 import new_output
from PIL import Image

from helpers.show.sliders import NOTE

WIDTH, HEIGHT = 1200, 650  # what a slide of 1280 × 720 holds
TEXT_CHARACTERS, CODE_CHARACTERS = 80, 80  # in a line of text of 28 pixels, and of code of 24
TEXT_LINE, CODE_LINE, GAP, HEADING, RUNNING = 38, 31, 16, 72, 48
LONG = 160  # characters of a text of which only the first sentence is shown
CODE_LINES = 17
TO_NOTES = ("*Time", "**References", "**Before this", "**Next", "[![", "<!--")
NOT_AN_END = ("et al", "e.g", "i.e", "vs", "cf", "Fig", "Eq", "approx")


@dataclass
class Slide:
    """`kind` is slide (a new section) or subslide; an item is (kind, source, outputs, is it a fragment?)."""

    kind: str
    items: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    cells: list = field(default_factory=list)  # the numbers of its code cells in the notebook
    height: float = 0


def blocks(markdown):
    """The paragraphs, lists, tables, formulas, fences and folded parts of a text, each as (kind, text)."""
    found, inside = [], None
    for line in markdown.strip().split("\n"):
        opens = (
            "details" if line.startswith("<details") else
            "fence" if line.startswith("```") else
            "math" if line.strip().startswith("$$") else None
        )  # fmt: skip
        if inside:
            found[-1][1].append(line)
            ends = {"details": "</details>" in line, "fence": line.startswith("```"), "math": "$$" in line}
            inside = None if ends[inside] else inside
        elif opens:
            found.append([opens, [line]])
            one_line = line.count("$$") == 2 if opens == "math" else "</details>" in line
            inside = None if one_line else opens
        elif not line.strip():
            found.append([None, []])
        elif line.startswith("#"):
            found.append(["heading", [line]])
        else:
            kind = (
                "list" if re.match(r"[-*+] |\d+\. ", line) else
                "table" if line.startswith("|") else "paragraph"
            )  # fmt: skip
            last = found[-1][0] if found else None
            goes_on = last == kind or (last == "list" and line.startswith(" "))
            if goes_on:
                found[-1][1].append(line)
            else:
                found.append([kind, [line]])
    return [(kind, "\n".join(lines)) for kind, lines in found if kind]


def first_sentence(text):
    """The first sentence of a paragraph; a bold label such as "What to notice." goes before it."""
    text = " ".join(text.split())
    label = re.match(r"\*\*[^*]+[.:]\*\*\s+", text)
    start = label.end() if label else 0
    closed = re.sub(r"\$[^$]+\$|`[^`]+`|\[[^\]]*\]\([^)]*\)|\([^)]*\)", lambda m: "x" * len(m[0]), text)
    for end in re.finditer(r"[.!?:](?:\*{1,2}|[\"”])?(?=\s|$)", closed[start:]):
        position = start + end.end()
        if not closed[: start + end.start()].endswith(NOT_AN_END) and closed[position : position + 2] != " =":
            sentence = text[:position]
            return re.sub(r":$", ".", sentence) if len(sentence) < len(text) else sentence
    return text


def items_of_list(text):
    return [item for item in re.split(r"\n(?=[-*+] |\d+\. )", text)]


def shown_text(parts, whole=False):
    """What of a text's blocks stands on the slide, as Markdown."""
    shown = []
    said = False  # one sentence a text is enough
    for kind, text in parts:
        if kind == "details" or text.startswith(TO_NOTES):
            continue
        if kind == "paragraph":
            if whole or len(text) <= LONG and not said:
                shown.append(text)
            elif not said:
                shown.append(first_sentence(text))
            said = True
        elif kind == "list":
            shown.append("\n".join(
                item if len(item) <= LONG else first_sentence(item) for item in items_of_list(text)
            ))  # fmt: skip
        else:
            shown.append(text)
    return "\n\n".join(shown)


def unfolded(kind, text):
    """A block as the speaker reads it: folded answers open."""
    if kind != "details":
        return text
    text = re.sub(r"</?details[^>]*>", "", text)
    return re.sub(r"<summary>(.*?)</summary>", r"**\1.**", text, flags=re.DOTALL).strip()


def wrapped(text, characters):
    return sum(max(1, -(-len(line) // characters)) for line in text.split("\n"))


def plain(text):
    """About what is seen of Markdown: no addresses, no marks."""
    return re.sub(r"\]\([^)]*\)|[*`\[]", "", text)


def text_height(markdown):
    height = 0
    for kind, text in blocks(markdown):
        if kind == "heading":
            height += HEADING * wrapped(plain(text), 58)
        elif kind == "list":
            height += sum(
                TEXT_LINE * wrapped(" ".join(plain(i).split()), 76) + 6 for i in items_of_list(text)
            )
        elif kind == "table":
            height += sum(44 * wrapped(row, 72) for row in plain(text).split("\n"))
        elif kind == "math":
            height += 60 + 56 * (1 + text.count("\\\\"))
        elif kind == "fence":
            height += CODE_LINE * wrapped(text, CODE_CHARACTERS)
        elif "<img" in text or "![" in text:
            height += 300
        else:
            height += TEXT_LINE * wrapped(" ".join(plain(text).split()), TEXT_CHARACTERS)
        height += GAP
    return height


def code_height(source):
    return CODE_LINE * wrapped(source, CODE_CHARACTERS) + 2 * GAP + 8


def shown_size(image):
    """(width, height) of an <img> with its picture inside, as it is shown in a notebook."""
    width = float((re.search(r'\bwidth="?(\d+)', image) or [0, 0])[1])
    kind, data = re.search(r'src="data:image/([\w+]+);base64,([^"]+)"', image).groups()
    content = base64.b64decode(data)
    if kind == "svg+xml":
        box = re.search(rb'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', content)
        own = (float(box[1]), float(box[2])) if box else (1040, 420)
    else:
        own = Image.open(io.BytesIO(content)).size
    width = width or own[0]
    return width, width * own[1] / own[0]


def figure_height(html):
    """The height at which an HTML figure is readable: a chart as wide as the slide, pictures as they are."""
    images = re.findall(r"<img[^>]*data:image[^>]*>", html)
    if "<audio" in html:
        return 130
    if not images:
        return 200
    if "<table" in html:
        height = 0
        for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL):
            sizes = [shown_size(i) for i in re.findall(r"<img[^>]*data:image[^>]*>", row)]
            labelled = "<div" in row or not sizes
            height += max((size[1] for size in sizes), default=0) + (64 if labelled else 0) + 8
        return min(1.1 * height, HEIGHT - RUNNING)
    width, height = shown_size(images[0])
    return min(height * min(WIDTH / width, 1.8), HEIGHT - RUNNING)


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
    """Code in pieces that a slide holds, cut before a statement."""
    pieces = [[]]
    for line in source.strip("\n").split("\n"):
        begins = not line.startswith((" ", ")", "]", "}"))
        rest = wrapped("\n".join(pieces[-1]), CODE_CHARACTERS)
        if pieces[-1] and (rest >= lines or (begins and rest >= lines - 4)):
            pieces.append([])
        pieces[-1].append(line)
    return ["\n".join(piece).strip("\n") for piece in pieces if "".join(piece).strip()]


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


def heading_text(markdown):
    return markdown.lstrip("#").strip()


def slides_of(notebook):
    """The notebook's slides, in order."""
    deck = [Slide("slide")]
    running = ""  # the heading of this section
    waits = False  # is the last item a sentence that leads to what comes?

    def turn(kind="subslide"):
        deck.append(Slide(kind))
        if kind == "subslide" and running:
            put("markdown", f"<p class='running'>{running}</p>", RUNNING, forced=True)

    def turn_with_lead():
        """A new slide; a sentence that leads to what comes goes with it, but leaves no heading alone."""
        before = deck[-1]
        lead = before.items.pop() if waits and len(before.items) > 2 else None
        turn()
        if lead:
            deck[-1].items.append(lead)
            deck[-1].height += text_height(lead[1])

    def put(kind, source, height, outputs=(), forced=False, fragment=False):
        slide = deck[-1]
        if not forced and slide.items and slide.height + height > HEIGHT:
            turn_with_lead()
            slide = deck[-1]
        slide.items.append((kind, source, outputs, fragment))
        slide.height += height

    number = 0
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        asked = cell.metadata.get("slideshow", {}).get("slide_type", "")
        if cell.cell_type == "code" and cell.source.strip():
            number += 1
        if asked == "skip":
            continue
        if asked in ("slide", "subslide") and deck[-1].items:
            turn(asked)
        stay, fragment = asked == "-", asked == "fragment"

        if cell.cell_type == "markdown":
            parts = blocks(cell.source)
            if asked == "notes":
                deck[-1].notes += [unfolded(*part) for part in parts]
                continue
            if parts and parts[0][0] == "heading":
                title = parts[0][1]
                if heading_text(title) == "References":
                    deck[-1].notes += [text for _, text in parts]
                    continue
                running = heading_text(title)
                if deck[-1].items and not asked:
                    turn("subslide" if title.startswith("###") else "slide")
                    deck[-1].items.clear()
                    deck[-1].height = 0
                put("markdown", title, text_height(title), forced=True)
                parts = parts[1:]
                waits = False
            whole = running.startswith("Exercise") or len(deck) == 1
            text = shown_text(parts, whole)
            result_before = any(item[0] in ("figure", "stdout") for item in deck[-1].items)
            remark = re.match(r"\*\*What to notice", cell.source)
            room = HEIGHT - deck[-1].height
            if text and not (remark and result_before and text_height(text) > room and not stay):
                for piece in pieces_of_text(text):
                    put("markdown", piece, text_height(piece), forced=stay, fragment=fragment)
                waits = len(text) <= 2 * LONG and not remark
            said = [unfolded(*part) for part in parts if not part[1].startswith(("[![", "<!--"))]
            if "\n\n".join(said).strip() != text.strip():
                deck[-1].notes += said
            continue

        if cell.cell_type != "code" or "setup" in tags or not cell.source.strip():
            continue
        if asked == "notes" or (not cell.outputs and mostly_imports(cell.source)):
            deck[-1].notes.append(f"```python\n{cell.source}\n```")
            continue
        live = any(NOTE in str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs)
        if live:
            deck[-1].notes.append(f"**Live:** cell [{number}] of the notebook is a slider of these pictures.")
            continue
        source = without_alt(cell.source)
        shown = [] if "exercise" in tags else cell.outputs
        if shown and only_draws(cell.source):
            deck[-1].notes.append(f"```python\n{source}\n```")
            source = ""
        height = code_height(source) if source else 0
        together = height + sum(map(output_height, shown))
        if not stay and deck[-1].height + together > HEIGHT >= RUNNING + together and len(deck[-1].items) > 1:
            turn_with_lead()
            waits = False
        keep = stay or deck[-1].height + together <= HEIGHT
        for piece in chunks(source):
            put("code", piece, code_height(piece), forced=keep, fragment=fragment)
            waits = False
            deck[-1].cells.append(number)
        for output in shown:
            if output.output_type == "stream":
                for piece in chunks(output.text, 14):
                    put("stdout", piece, code_height(piece), forced=keep)
            elif output.output_type == "error":
                put("stdout", f"{output.ename}: {output.evalue}"[:400], 120, forced=keep)
            else:
                for piece in pieces_of_figure(output):
                    put("figure", cell.source, output_height(piece), outputs=[piece], forced=keep)
            deck[-1].cells.append(number)
    return [slide for slide in deck if slide.items]


def output_height(output):
    if output.output_type == "stream":
        return code_height(output.text.strip("\n"))
    if output.output_type == "error":
        return 120
    data = output.data
    if "text/html" in data:
        return figure_height(data["text/html"])
    return 400 if any(kind.startswith("image/") for kind in data) else code_height(data.get("text/plain", ""))


def pieces_of_figure(output):
    """A strip that is too high, as one output for each of its rows of headings."""
    html = output.get("data", {}).get("text/html", "")
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    starts = [i for i, row in enumerate(rows) if 'scope="col"' in row]
    if len(starts) < 2 or starts[0] or html.count("<table") > 1 or figure_height(html) < HEIGHT - RUNNING - 1:
        return [output]
    head, tail = html[: html.index("<tr")], html[html.rindex("</tr>") + len("</tr>") :]
    groups = [rows[start:end] for start, end in zip(starts, [*starts[1:], None])]
    return [new_output("display_data", data={"text/html": head + "".join(g) + tail}) for g in groups]


def pieces_of_text(text):
    """A text that is higher than a slide, in pieces: lists and tables are cut between two lines."""
    if text_height(text) <= HEIGHT - HEADING:
        return [text]
    pieces = [""]
    for kind, block in blocks(text):
        table = kind == "table"
        units = (
            items_of_list(block) if kind == "list" else
            block.split("\n")[2:] if table else chunks(block, 15) if kind == "fence" else [block]
        )  # fmt: skip
        head = "\n".join(block.split("\n")[:2])
        for i, unit in enumerate(units):
            joint = "\n" if i and kind in ("list", "table") else "\n\n"
            unit = f"{head}\n{unit}" if table and not i else unit
            if pieces[-1] and text_height(pieces[-1] + joint + unit) > HEIGHT - HEADING:
                pieces.append(f"{head}\n{unit}" if table and i else unit)
            else:
                pieces[-1] += joint + unit
    return [piece.strip() for piece in pieces if piece.strip()]


def speaker_notes(slide):
    """The slide's notes as Markdown: first where it is in the notebook."""
    cells = sorted(set(slide.cells))
    where = ["*In the notebook: cell " + ", ".join(f"[{number}]" for number in cells) + "*"] if cells else []
    return "\n\n".join(where + slide.notes)
