"""The notebooks for paper: a page of HTML for each, which a browser prints on A4 or Letter."""

import re
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat.v4 import new_markdown_cell

from helpers.show.sliders import NOTE
from tools.handout.copies import SOLUTION, exercises, without_badge
from tools.slides.build import about, assets
from tools.slides.code import without_alt
from tools.stamp_badges import GLOSSARY, LEAVE

HERE = Path(__file__).parent
ROOM = '<div class="room">Your notes:</div>'
FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)[^)]*\)")  # to a file, which paper can't open


def for_paper(notebook):
    """The notebook as committed, for those who read with a pen: without set-up and sliders, with room for
    notes in place of each solution, and with the other folded answers at the end.
    """
    solved, notebook = exercises(notebook), without_badge(notebook)
    for i in solved:
        notebook.cells[i + 1].source = SOLUTION.sub(ROOM, notebook.cells[i + 1].source)
        notebook.cells[i].outputs = []  # "Not answered yet"
    answers = []

    def unfold(found):
        answers.append(f"**Answer {len(answers) + 1}.** {found[2].strip()}")
        return f"*Answer {len(answers)} stands on the last pages.*"

    cells = [cell for cell in notebook.cells if "setup" not in cell.metadata.get("tags", [])]
    for cell in cells:
        if cell.cell_type == "markdown":
            text = cell.source.replace(GLOSSARY, "").replace(LEAVE, "")  # for a screen
            cell.source = LINK.sub(r"\1", FOLDED.sub(unfold, text))
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if html:  # no bar, and no player: their words stay
                html = re.sub(r"<p><progress.*?</p>|<audio.*?</audio>", "", html, flags=re.DOTALL)
                output.data = {"text/html": html}
        if cell.cell_type == "code":
            cell.source = without_alt(cell.source)
            cell.outputs = [o for o in cell.outputs if o.get("data", {}).get("text/plain") != NOTE]
    if answers:
        cells.append(new_markdown_cell("## Answers\n\n" + "\n\n".join(answers)))
    notebook.cells = cells
    return notebook


def write(paths, folder, cache):
    """Write the pages of the notebooks at `paths` into `folder`, and into `folder`/assets what they share.

    Raises RuntimeError, with one sentence, where MathJax can't be had.
    """
    assets(folder, cache, ("mathjax.js", "mathjax-LICENSE"), HERE / "paper")
    exporter = HTMLExporter(
        extra_template_basedirs=[str(HERE)], template_name="printed", exclude_anchor_links=True
    )
    for path in paths:
        notebook = for_paper(nbformat.read(path, as_version=4))
        body, _ = exporter.from_notebook_node(notebook, resources=about(notebook, path))
        (folder / f"{path.stem}.html").write_text(body, encoding="utf-8")
