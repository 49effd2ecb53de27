"""A plain Sphinx project from the repository's pages, and the site from that."""

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from helpers.show.sliders import NOTE
from tools.slides.build import VENDORED, title, vendor
from tools.stamp_badges import ROOT, repository

HERE = Path(__file__).parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CONTENTS = {  # what the side bar lists under each heading
    "The notebooks": ["notebooks/*.ipynb"],
    "To look up": ["docs/glossary.md", "docs/*.md", "models/pocket-*/README.md"],
    "To teach": ["docs/instructor/*.md"],
}
SLIDES = """\
# Slides

A deck for each notebook, made from its cells. It opens without a network. The space bar goes on, `S` opens
the speaker's notes, `Esc` the overview, `F` the full screen.

<ul>
{}
</ul>
"""


def build(folder, notebooks=NOTEBOOKS, decks=ROOT / "out" / "slides", cache=ROOT / "out" / "npm"):
    """Write the site into `folder`: the notebooks at these paths, docs/, and the decks in the folder `decks`.

    Raises RuntimeError, with what is wrong, where a page gives a warning, MathJax can't be fetched, or there
    are no decks.
    """
    if not any(decks.glob("[0-9]*.html")):
        raise RuntimeError("The site needs the decks: build them first, with `make slides`.")
    modules = vendor(cache)
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "source"
        assemble(source, notebooks, sorted(decks.glob("[0-9]*.html")))
        for name in ("mathjax.js", "mathjax-LICENSE"):
            shutil.copy(modules / VENDORED[name], source / "_static" / name)
        command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going"]
        done = subprocess.run(
            [*command, "-d", f"{work}/doctrees", source, folder],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.replace(f"{source}/", "").strip())
    shutil.copytree(ROOT / "images", folder / "images")  # for pages that name a picture in HTML
    copy_decks(decks, folder / "slides")


def assemble(source, notebooks, decks):
    """Write the Sphinx project into the folder `source`."""
    trees = []
    for caption, patterns in CONTENTS.items():
        paths = dict.fromkeys(path for pattern in patterns for path in sorted(ROOT.glob(pattern)))
        names = ["slides.md"] if caption == "To teach" else []
        for path in [path for path in paths if path.suffix == ".md" or path in notebooks]:
            name = path.relative_to(ROOT).as_posix()
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".ipynb":
                nbformat.write(for_readers(nbformat.read(path, as_version=4)), source / name)
            else:
                shutil.copy(path, source / name)
            names.append(name)
        trees.append("\n".join([f"```{{toctree}}\n:hidden:\n:caption: {caption}\n", *names, "```"]))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (source / "index.md").write_text("\n\n".join([readme, *trees]), encoding="utf-8")
    rows = "\n".join(f'<li><a href="slides/{deck.name}">{title(deck)}</a></li>' for deck in decks)
    (source / "slides.md").write_text(SLIDES.format(rows), encoding="utf-8")
    shutil.copytree(ROOT / "images", source / "images")
    shutil.copytree(HERE / "static", source / "_static")
    shutil.copy(HERE / "conf.py", source)


def for_readers(notebook):
    """The notebook for those who only read: its set-up is folded, a live slider's place says what it is."""
    for cell in notebook.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.metadata["tags"] = [*cell.metadata["tags"], "hide-input"]
        for output in cell.get("outputs", []):
            if output.get("data", {}).get("text/plain") == NOTE:
                output.data["text/html"] = f"<p>{html.escape(NOTE)}</p>"
    return notebook


def copy_decks(decks, folder):
    """Copy decks and what they load; their links into the repository lead to the site's pages."""
    shutil.copytree(decks, folder)
    for deck in folder.glob("*.html"):
        deck.write_text(relinked(deck.read_text(encoding="utf-8"), folder.parent), encoding="utf-8")


def relinked(text, site):
    """The HTML of a deck, with links to pages of the folder `site`, or else to the repository's files."""

    def link(found):
        name, anchor = found[2], found[3]
        if found[1] == "src" or (site / name).is_file():
            return f'{found[1]}="../{name}{anchor}"'
        page = re.sub(r"\.(md|ipynb)$", ".html", name)
        if (site / page).is_file():
            return f'{found[1]}="../{page}{anchor}"'
        return f'{found[1]}="{repository()}/blob/main/{name}{anchor}"'

    return re.sub(r'\b(href|src)="\.\./\.\./([^"#]+)([^"]*)"', link, text)
