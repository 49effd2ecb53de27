"""The pages in docs/: links and anchors lead somewhere, and the instructor's kit knows every notebook."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
KIT = ROOT / "docs" / "instructor"
ENTRIES = dict(
    re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", (KIT / "notebooks.md").read_text("utf-8"), re.M | re.S)
)


def without_code(text):
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path):
    return re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_anchors_lead_somewhere(page):
    for link in links(page):
        if link.startswith(("https:", "http:", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_instructor_finds_every_notebook(path):
    title = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]).split("\n")[0]
    entry = next(text for name, text in ENTRIES.items() if name == title.lstrip("# "))
    assert f"(../../notebooks/{path.name})" in entry and "**Aim:**" in entry and "**Late?**" in entry
    beliefs = entry.count("**They will")
    questions = re.findall(r"\*\*Ask:\*\* [^*]+\?[^*]* \*[^*]+\*", " ".join(entry.split()))
    assert beliefs >= (1 if path.stem == "playground" else 3)
    assert len(questions) >= (1 if path.stem == "playground" else 2)


def test_the_plans_name_sections_and_exercises_that_are_there():
    """ "notebook 07, sections 1, 4 and 6": each is a heading of that notebook."""
    text = " ".join((KIT / "schedules.md").read_text(encoding="utf-8").split("|"))
    named = re.findall(r"(?:notebook|deck) (\d\d),? sections? ([\d, toand]+)", text)
    assert len(named) > 15
    for notebook, sections in named:
        path = next((ROOT / "notebooks").glob(f"{notebook}_*.ipynb"))
        numbers = {name.split("-")[0] for name in anchors(path)}
        assert set(re.findall(r"\d+", sections)) <= numbers, (notebook, sections)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_kit_was_read_again_after_the_sections_changed(path):
    """The kit names sections by number alone: kit_sections.json has the headings that it was written for."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    headings = re.findall(r"^## (\d+\. .+|Exercise \d+: .+?)(?: \(\d+ minutes\))?$", text, re.MULTILINE)
    known = json.loads((Path(__file__).parent / "kit_sections.json").read_text(encoding="utf-8"))
    assert headings == known[path.stem], "Mend the numbers in docs/instructor/, then kit_sections.json."


def test_the_plans_minutes_go_on_and_end_in_time():
    for title, lasts in (("90 minutes", 90), ("Half a day", 210)):
        plan = (KIT / "schedules.md").read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
        minutes = [int(minute) for minute in re.findall(r"^\| (\d+) \|", plan, re.MULTILINE)]
        assert minutes[0] == 0 and minutes == sorted(set(minutes)) and lasts - 5 <= minutes[-1] <= lasts


def test_the_kit_sends_to_the_room_check_and_to_the_slides():
    text = (KIT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    asked = set(re.findall(r"`make ([a-z-]+)`", text))
    assert {"preflight", "slides"} <= asked <= set(targets)
