"""The committed notebooks where no program runs and HTML is cleaned, as in GitHub's preview.

The list of what is allowed is GitHub's own filter for what its users write (gjtorikian/html-pipeline,
sanitization_filter.rb), with pictures that are part of the file: without those no notebook has a figure.
"""

import base64
import html
import re
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import bleach
import nbformat
import pytest

from helpers.lesson.live import Live

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ELEMENTS = set(
    "h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p ol ul table thead tbody "
    "tfoot blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption "
    "figure figcaption abbr bdo cite dfn mark small span time wbr".split()
)
ATTRIBUTES = {
    "*": "align alt aria-describedby aria-hidden aria-label aria-labelledby colspan dir headers height id "
    "lang name open rel role rowspan scope summary tabindex title valign width".split(),
    "a": ["href"],
    "img": ["src", "longdesc"],
}
# What docs/where_it_runs.md says is missing there, with what stands in its place.
LOST = {"audio", "progress"}
PICTURE = re.compile(r"base64,[A-Za-z0-9+/=\s]+")
IMG = re.compile(r"<img\b[^>]*>")


def cleaned(text):
    """HTML as the preview keeps it."""
    return bleach.clean(
        text, ELEMENTS, ATTRIBUTES, {"http", "https", "data"}, strip=True, strip_comments=True
    )


def words(text):
    """The words of HTML, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", " ", text)).split()


def pictures(text):
    """[source, alt text] of each picture in HTML."""
    values = [
        [re.search(rf'{name}="([^"]*)"', tag).group(1) for name in ("src", "alt")]
        for tag in IMG.findall(text)
    ]
    return [[html.unescape(value) for value in pair] for pair in values]


def shown(path):
    """The HTML that a notebook shows: outputs, and what Markdown cells hold. Pictures are shortened."""
    for i, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "markdown":
            for block in re.findall(r"^<details>.*?^</details>", cell.source, re.DOTALL | re.MULTILINE):
                yield i, block
        for output in cell.get("outputs", []):
            if found := output.get("data", {}).get("text/html"):
                yield i, PICTURE.sub("base64,AAAA", found)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_word_and_every_picture_stays_and_what_goes_is_named(path):
    for i, before in shown(path):
        after = cleaned(before)
        gone = set(re.findall(r"<([a-z0-9]+)[ >]", before)) - set(re.findall(r"<([a-z0-9]+)[ >]", after))
        assert gone <= LOST, (i, gone)
        assert words(after) == words(before), i
        assert pictures(after) == pictures(before), i


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_in_place_of_what_goes_stands_a_sentence(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if re.search("|".join(f"<{name}" for name in LOST), PICTURE.sub("", data.get("text/html", ""))):
                assert len(words(cleaned(PICTURE.sub("", data["text/html"])))) >= 5


def test_the_page_names_what_goes():
    page = (ROOT / "docs" / "where_it_runs.md").read_text(encoding="utf-8")
    section = page.split("## GitHub's preview\n")[1].split("\n## ")[0]
    assert "sound" in section and "bar" in section and "slider" in section and "playground" in section


def test_a_training_keeps_its_curve_and_its_pictures():
    student = SimpleNamespace(losses=[1.2] + 38 * [0.9] + [0.7], moments=[])
    shown = Live(student, "asked-for-noise", ["a planet"], list).page(40, 50, 1)._repr_html_()
    found = pictures(cleaned(shown))
    assert found == pictures(shown) and len(found) == 6, "the curve, and a picture for each moment"
    source, alt = found[0]
    assert alt == "asked for noise: the loss after 40 of 50 steps; its running mean goes from 1.05 to 0.8."
    curve = base64.b64decode(source.removeprefix("data:image/svg+xml;base64,")).decode()
    on_it = {node.text for node in ElementTree.fromstring(curve).iter()}
    assert {"loss", "step 50", "asked for noise", "mean 0.8", "single batches"} <= on_it


def test_the_rule_sees_what_is_lost():
    assert cleaned('<p style="color: red">a<script>b</script></p>') != '<p style="color: red">a</p>'
    assert "<audio" not in cleaned('<audio controls src="data:audio/wav;base64,AAAA"></audio>')
    assert cleaned('<img src="data:image/webp;base64,AA" alt="x" onload="f()">') == (
        '<img src="data:image/webp;base64,AA" alt="x">'
    )
