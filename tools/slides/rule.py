"""Which part of a notebook stands on which slide, and what the speaker reads: decided by its structure.

A heading begins a slide. Of a long text the first sentences stand on the slide and all of it in the
speaker's notes. Folded answers and solutions are notes. A code cell and its figure share a slide where both
are readable, otherwise the figure has the next one; code that only draws is for the notes, and so is code
that would take three slides. A title and one sentence are no slide: the code goes below them, or the sentence
to the notes. A cell's `slideshow` metadata overrides this: slide, subslide, fragment, skip,
notes or "-" (stay on this slide).
"""

import html
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from helpers.show.playground_views import NOTE as PLAYGROUND
from helpers.show.sliders import NOTE
from tools.slides.code import chunks, code_lines, mostly_imports, narrowed, only_draws, without_alt
from tools.slides.sizes import (
    CODE_LINE,
    GAP,
    HEIGHT,
    RUNNING,
    TEXT_LINE,
    code_height,
    output_height,
    pieces_of_figure,
    pieces_of_text,
    text_height,
)
from tools.slides.text import QUESTION, blocks, plain, sections, shown_text, unfolded

LIVE = {
    NOTE: "a slider of these pictures",
    PLAYGROUND: "the playground",
}  # what stands for them in a notebook
FEW_LINES, MANY_LINES = 4, 24  # code that leaves its slide to the figure; code that is read in the notebook


class Item(NamedTuple):
    kind: str  # markdown, code, stdout or figure
    source: str
    outputs: tuple = ()
    fragment: bool = False


@dataclass
class Slide:
    """`kind` is slide (a new section) or subslide; `cells` are the numbers of its code cells."""

    kind: str
    items: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    cells: list = field(default_factory=list)
    height: float = 0


def is_title(item):
    return item.kind == "markdown" and item.source.startswith(("#", "<p class='running'"))


def slides_of(notebook):
    """The notebook's slides, in order."""
    deck = Deck()
    number = 0
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], None]):
        is_code = cell.cell_type == "code" and cell.source.strip() != ""
        number += is_code
        asked = cell.metadata.get("slideshow", {}).get("slide_type", "")
        if asked == "skip":
            continue
        deck.stay, deck.fragment = asked == "-", asked == "fragment"
        if asked in ("slide", "subslide") and deck.last.items:
            deck.turn(asked)
        if cell.cell_type == "markdown" and asked == "notes":
            deck.last.notes += [unfolded(*part) for part in blocks(cell.source)]
        elif cell.cell_type == "markdown":
            leads = following is not None and following.cell_type == "code"
            deck.text(cell.source, turned=asked in ("slide", "subslide"), leads=leads)
        elif is_code:
            deck.code(cell, number, hidden=asked == "notes")
    return [slide for slide in deck.slides if slide.items]


def speaker_notes(slide):
    """The slide's notes as Markdown: first where it is in the notebook."""
    cells = sorted(set(slide.cells))
    where = ["*In the notebook: cell " + ", ".join(f"[{number}]" for number in cells) + "*"] if cells else []
    return "\n\n".join(where + slide.notes)


class Deck:
    """The slides that have been begun; `stay` and `fragment` are what the metadata of this cell ask for."""

    def __init__(self):
        self.slides = [Slide("slide")]
        self.running = ""  # the heading of this section
        self.waits = False  # is the last item a sentence that leads to what comes?
        self.stay = self.fragment = False
        self.question = None  # the slide that asks for a guess

    @property
    def last(self):
        return self.slides[-1]

    def turn(self, kind="subslide", titled=True):
        """Begin a slide; one within a section has the section's heading, small, unless it is not `titled`."""
        self.slides.append(Slide(kind))
        if kind == "subslide" and self.running and titled:
            self.put("markdown", f"<p class='running'>{self.running}</p>", RUNNING, forced=True)

    @property
    def lead_alone(self):
        """Is there nothing on the slide but its title and a sentence that leads to what comes?"""
        return self.waits and sum(not is_title(item) for item in self.last.items) == 1

    def drop_lead(self):
        """A sentence that leads to what comes is said, and not shown."""
        lead = self.last.items.pop()
        self.last.height -= text_height(lead.source)
        self.waits = False
        if not any(lead.source in note for note in self.last.notes):
            self.last.notes.insert(0, lead.source)

    def make_room(self, pieces, height, drawn):
        """Drop a sentence that leads to code or a figure, if without it the title doesn't stand alone.

        `pieces` of code come, or none; the last of them has this `height` with all that it shows.
        """
        if not self.lead_alone or self.last is self.question or self.stay:
            return
        room = HEIGHT - self.last.height + text_height(self.last.items[-1].source)
        first = code_height(pieces[0]) if pieces else height
        all_of_it = len(pieces) == 1 and not drawn and not self.fits(height) and height <= room
        if all_of_it or (not self.fits(first) and first <= room):
            self.drop_lead()

    def turn_with_lead(self, height, titled=True):
        """A new slide, for something of this height; a sentence that leads to it goes with it.

        It stays where there is no room for both, and where it would leave a heading alone.
        """
        room = HEIGHT - RUNNING - height
        goes = self.waits and titled and not self.lead_alone
        goes = goes and text_height(self.last.items[-1].source) <= room
        lead = self.last.items.pop() if goes else None
        self.turn(titled=titled)
        if lead:
            self.last.items.append(lead)
            self.last.height += text_height(lead.source)

    def fits(self, height):
        return self.last.height + height <= HEIGHT

    def put(self, kind, source, height, outputs=(), forced=False, cell=None):
        """Put an item on the slide, or on the next if it doesn't fit; `cell`: the number of its code cell."""
        if not (forced or self.stay or self.fits(height)) and self.last.items:
            self.turn_with_lead(height)
        answer = self.last is self.question and kind in ("stdout", "figure")  # a guess first, then a key
        self.last.items.append(Item(kind, source, outputs, self.fragment or answer))
        self.last.height += height
        self.last.cells += [] if cell is None else [cell]
        self.waits = self.waits and cell is None

    def text(self, markdown, turned, leads):
        """A text cell; `turned` if a slide was begun for it, and `leads` if code follows."""
        found = sections(markdown)
        for i, (title, parts) in enumerate(found):
            if plain(title.lstrip("# ")) == "References":
                self.last.notes += [title, *(text for _, text in parts)]
                continue
            if title:
                self.heading(title, turned)
            self.paragraphs(parts, leads=leads and i == len(found) - 1)
            turned = False

    def heading(self, title, turned):
        self.running = plain(title.lstrip("# "))
        below = title.startswith("###")
        only_headings = all(item.source.startswith("#") for item in self.last.items)
        if turned:
            self.last.items.clear()
            self.last.height = 0
        elif not (only_headings and (below or not self.last.items)):
            self.turn("subslide" if below else "slide", titled=False)
        self.put("markdown", title, text_height(title), forced=True)
        self.waits = False

    def paragraphs(self, parts, leads):
        """What stands below a heading, or in a cell without one: it `leads` to code, or it is a remark.

        A remark on a result says more, and goes to the notes if the result leaves no room. What comes after
        it may lead to code.
        """
        after = any(item.kind in ("figure", "stdout") for item in self.last.items)
        noticed = bool(parts) and parts[0][1].startswith("**What to notice")
        if noticed and leads and parts[1:] and parts[-1][0] == "paragraph":
            self.paragraphs(parts[:-1], leads=False)
            return self.paragraphs(parts[-1:], leads=True)
        remark = noticed or (bool(parts) and after and not leads)
        whole = self.running.startswith("Exercise") or len(self.slides) == 1
        lines = min(4, (HEIGHT - self.last.height - GAP) // TEXT_LINE) if after else 4
        text = shown_text(parts, 76 * lines, whole) if remark else shown_text(parts, whole=whole)
        if remark and after and not self.fits(text_height(text)) and not self.stay:
            text = ""
        if text:
            for piece in pieces_of_text(text):
                self.put("markdown", piece, text_height(piece))
            self.waits = not remark and len(text) <= 320
            self.question = self.last if QUESTION in text else None
        said = [unfolded(*part) for part in parts if not part[1].startswith(("[![", "<!--"))]
        if "\n\n".join(said).strip() != text.strip():
            self.last.notes += said

    def live(self, words):
        """In place of what is moved in the notebook: words for the speaker, and what led to it."""
        if self.waits and not (self.lead_alone and self.last.kind == "slide"):
            self.drop_lead()
            if all(map(is_title, self.last.items)) and len(self.slides) > 1:  # a slide with nothing to see
                empty = self.slides.pop()
                self.last.notes += empty.notes
        self.last.notes.append(words)

    def code(self, cell, number, hidden):
        """A code cell and what it shows; `hidden` if it is for the notes alone."""
        tags, source = cell.metadata.get("tags", []), re.sub(r"\n{3,}", "\n\n", without_alt(cell.source))
        if "setup" in tags:
            return
        plain_texts = [str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs]
        for note, what in LIVE.items():
            if any(note in text for text in plain_texts):
                return self.live(f"**Live:** cell [{number}] of the notebook: {what}.")
        hidden = hidden or (not cell.outputs and mostly_imports(source))
        shown = [] if hidden or "exercise" in tags else cell.outputs
        outputs = [piece for output in shown for piece in pieces_of_figure(output)]
        pieces = [] if hidden else self.pieces(source, outputs)
        if code_lines(source) > MANY_LINES and not (hidden or only_draws(source)):
            words = f"*The code: cell [{number}] of the notebook.*"
            self.put("markdown", words, text_height(words))
        drawn = [output for output in outputs if output.output_type not in ("stream", "error")]
        code = sum(map(code_height, pieces[-1:]))
        height = sum(map(output_height, outputs)) + code
        self.make_room(pieces, height, drawn)
        for piece in pieces[:-1]:
            self.put("code", piece, code_height(piece), cell=number)
        parted = self.lead_alone and drawn and code and self.fits(code)  # the figure has the next slide
        turns = not (self.stay or self.fits(height) or parted)
        if turns and RUNNING + height <= HEIGHT and self.last.items[1:]:
            self.turn_with_lead(code if drawn and code else height)
        together = self.stay or self.fits(height)
        for piece in pieces[-1:]:
            self.put("code", piece, code_height(piece), forced=together, cell=number)
        for output in outputs:
            if not together and drawn and output is drawn[0]:
                self.keep_together(drawn)
            self.output(output, number, together)
        if not pieces or not source.strip().endswith(pieces[-1]):
            self.last.notes.append(f"```python\n{source}\n```")

    def pieces(self, source, outputs):
        """The code of a cell as it stands on slides, in one piece or in some; none if it is for the notes."""
        height, lines = sum(map(output_height, outputs)), code_lines(source)
        printed = any(output.output_type == "stream" for output in outputs)
        only_titles = all(map(is_title, self.last.items))
        left_alone = only_titles and not self.fits(height) and lines > 1
        if lines > MANY_LINES or (outputs and only_draws(source) and not left_alone):
            return []
        if outputs and not printed and lines <= FEW_LINES:
            above = self.last.height if only_titles else RUNNING
            if above + code_height(source) + output_height(outputs[0]) > HEIGHT:
                return []
        *before, last = chunks(source)
        room = max(FEW_LINES, (HEIGHT - self.last.height - code_height("")) // CODE_LINE + 1)
        shows = re.match(r"(plotting\.)?(show\w*|film_strip)\(", last) and code_lines(last) <= FEW_LINES
        if before and shows and RUNNING + code_height(last) + height > HEIGHT:
            return before
        if before and self.lead_alone:  # the first piece stands below the sentence that leads to it
            first = chunks(source, room)[0]
            *before, last = [first, *chunks(source.strip("\n")[len(first) :])]
        elif printed or not self.fits(code_height(last)):
            too_high = printed and RUNNING + code_height(last) + height > HEIGHT
            leads = self.waits and len(self.last.items) < 3 and not self.fits(code_height(last) + height)
            most = min(code_lines(last) - 1, room) if leads else code_lines(last) - 1
            cut = chunks(last, most) if too_high or leads else [last]  # the last goes with what it prints
            wanted = leads or RUNNING + code_height(cut[-1]) + height <= HEIGHT
            if wanted and not any(piece.startswith(" ") for piece in cut):
                return before + cut
        return [*before, last]

    def keep_together(self, figures):
        """A new slide for figures of one cell, if they have room on it, and not here."""
        height = sum(map(output_height, figures))
        if len(figures) > 1 and not (self.stay or self.fits(height)) and RUNNING + height <= HEIGHT:
            self.turn_with_lead(height)

    def output(self, output, number, together):
        """One output of the cell with this number; `together` if it stays where the cell's code is."""
        if output.output_type in ("stream", "error"):
            error = output.output_type == "error"
            text = f"{output.ename}: {output.evalue}"[:400] if error else narrowed(output.text)
            for piece in chunks(text):
                self.put("stdout", piece, code_height(piece), forced=together, cell=number)
            return
        height = output_height(output)
        if RUNNING + height > HEIGHT and self.last.items and not self.stay:
            self.turn_with_lead(height, titled=False)  # so high that it has a slide alone
        self.put("figure", "", height, [output], forced=together, cell=number)
        shown = str(output.data.get("text/html"))
        if found := re.search(r'\b(?:alt|aria-label)="([^"]+)"', shown):
            self.last.notes.append(f"**The figure.** {html.unescape(found[1])}")
