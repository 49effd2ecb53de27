"""Decks from notebooks, for a room without a network: nbconvert's slides with a template of our own."""

import hashlib
import html
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pygments.formatters import HtmlFormatter

from tools.slides.rule import slides_of, speaker_notes

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FONT = ROOT / "helpers" / "show" / "fonts"
VENDORED = {  # what a deck loads, and where npm puts it
    "reveal.css": "reveal.js/dist/reveal.css",
    "reveal.js": "reveal.js/dist/reveal.js",
    "notes.js": "reveal.js/plugin/notes/notes.js",
    "reveal-LICENSE": "reveal.js/LICENSE",
    "mathjax.js": "mathjax/es5/tex-svg-full.js",
    "mathjax-LICENSE": "mathjax/LICENSE",
}
NO_NPM = (
    "Slides, notebooks for paper and the site need npm once, to fetch reveal.js and MathJax: "
    "install Node.js 18 or newer, then run this again."
)


def vendor(cache):
    """The folder with the packages that package-lock.json names; fetches them if `cache` hasn't got them.

    They are installed in a folder of their own, which then gets the lock's name in one move: so it is whole,
    whoever was interrupted, and of several that install at once the first one's stays.
    Raises RuntimeError, with one sentence, where that can't be.
    """
    lock = (HERE / "package-lock.json").read_bytes()
    whole = cache / hashlib.sha256(lock).hexdigest()[:16]
    if whole.is_dir():
        return whole / "node_modules"
    npm = shutil.which("npm")
    if not npm:
        raise RuntimeError(NO_NPM)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="part-", dir=cache) as part:
        part = Path(part, "whole")
        part.mkdir()
        shutil.copy(HERE / "package.json", part)
        (part / "package-lock.json").write_bytes(lock)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=part, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(
                f"npm could not fetch reveal.js and MathJax; is there a network? {done.stderr.strip()[:300]}"
            )
        try:
            part.rename(whole)
        except OSError:
            if not whole.is_dir():
                raise
    return whole / "node_modules"


def assets(folder, cache, vendored=tuple(VENDORED), page=HERE / "deck"):
    """Everything that the pages in `folder` share, in its folder assets.

    That is what is `vendored`, the fonts, common.js, and the script and the style that lie at `page`, with
    .js and .css. Raises RuntimeError, as `vendor` does.
    """
    modules = vendor(cache)
    target = folder / "assets"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in vendored:
        shutil.copy(modules / VENDORED[name], target / name)
    for source in (*FONT.iterdir(), HERE / "common.js", page.with_suffix(".js")):
        shutil.copy(source, target)
    style, colours = page.with_suffix(".css"), HtmlFormatter(style="default").get_style_defs(".highlight")
    (target / style.name).write_text(style.read_text(encoding="utf-8") + colours, encoding="utf-8")


def relinked(text):
    """Links of a notebook, for a deck in out/slides: to the other decks, and to the repository's files."""
    text = re.sub(r"(\]\(|href=\")(\d\d_\w+)\.ipynb(#[^)\"]*)?", r"\1\2.html", text)
    return re.sub(
        r"(\]\(|href=\"|src=\")(?:(\w[\w-]*\.ipynb)|\.\./)",
        lambda m: f"{m[1]}../../" + (f"notebooks/{m[2]}" if m[2] else ""),
        text,
    )


def deck_notebook(notebook):
    """A notebook whose cells are slides, as nbconvert's slides exporter wants them."""
    cells = []
    for slide in slides_of(notebook):
        for i, (kind, source, outputs, fragment) in enumerate(slide.items):
            place = slide.kind if i == 0 else "fragment" if fragment else "-"
            metadata = {"slideshow": {"slide_type": place}}
            if kind == "markdown":
                cells.append(new_markdown_cell(relinked(source), metadata=metadata))
            elif kind == "stdout":
                metadata["tags"] = ["printed"]
                cells.append(new_markdown_cell(f"<pre>{html.escape(source)}</pre>", metadata=metadata))
            else:
                cell = new_code_cell(source, outputs=list(outputs), metadata=metadata)
                if kind == "figure":
                    cell.metadata["transient"] = {"remove_source": True}
                cells.append(cell)
        if notes := speaker_notes(slide):
            metadata = {"slideshow": {"slide_type": "notes"}}
            cells.append(new_markdown_cell(relinked(notes), metadata=metadata))
    return new_notebook(cells=cells, metadata=notebook.metadata)


def about(notebook, path):
    """What nbconvert is told of the notebook at `path`: its title, and where it lies."""
    heading = re.match(r"# (.+)", notebook.cells[0].source)
    return {"metadata": {"name": heading[1] if heading else path.stem, "path": str(path.parent)}}


def build(path, folder):
    """Write the deck of the notebook at `path` into `folder`; returns the deck's path."""
    notebook = nbformat.read(path, as_version=4)
    exporter = SlidesExporter(
        extra_template_basedirs=[str(HERE)],
        template_name="deck",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(deck_notebook(notebook), resources=about(notebook, path))
    deck = folder / f"{path.stem}.html"
    deck.write_text(body, encoding="utf-8")
    return deck


def title(deck):
    """The title of the deck at this path, as HTML."""
    return re.search(r"<title>(.*?)</title>", deck.read_text(encoding="utf-8"))[1]


def index(folder, decks):
    """A page that lists the decks."""
    rows = "\n".join(f'<li><a href="{deck.name}">{title(deck)}</a></li>' for deck in decks)
    (folder / "index.html").write_text(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Slides</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<style>body {font: 24px/1.6 sans-serif; margin: 2em} li {list-style: none}</style></head>\n"
        "<body><main><h1>Slides</h1>\n"
        "<p>S opens the speaker's notes, Esc the overview, F the full screen.</p>\n"
        f"<ul>\n{rows}\n</ul></main></body></html>\n",
        encoding="utf-8",
    )
