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


PLANS = {"90 minutes": (0, 90), "Half a day": (0, 210), "One day": (540, 990), "Two days": (540, 990)}


def clock(time):
    """Minutes, from "35" or from "9:35"."""
    hours, _, minutes = time.rpartition(":")
    return 60 * int(hours or 0) + int(minutes)


def plan(title):
    """The rows of a plan: (begins, ends, what, how, when late); the last, the end, has no length."""
    text = (KIT / "schedules.md").read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\| \d.*", text, re.M)]
    begins = [clock(row[0]) for row in rows]
    return [(begin, end, *row[1:]) for begin, end, row in zip(begins, [*begins[1:], begins[-1]], rows)]


def numbers(text, word):
    """The numbers that stand behind "section" or "exercise": {"1", "2", "4"} for "sections 1, 2 and 4"."""
    found = set()
    for said in re.findall(rf"\b{word}s? (\d+(?:(?:, | and | or | to )\d+)*)", text):
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", said):
            found |= {str(number) for number in range(int(first), int(last or first) + 1)}
    return found


def named(what):
    """(notebooks, sections, exercises, number of breaks) of a row: the notebooks are a choice of one."""
    found = re.findall(r"(?:[Nn]otebook|deck) (\d\d(?:(?:, | or )\d\d)*)", what)
    assert len(found) <= 1, what
    notebooks = [next((ROOT / "notebooks").glob(f"{n}_*.ipynb")) for n in re.findall(r"\d\d", "".join(found))]
    return notebooks, numbers(what, "section"), numbers(what, "exercise"), len(re.findall("one break", what))


def first_cell_minutes(path):
    """(to read and run, with the exercises), from the notebook's first cell; None where it doesn't say."""
    first = " ".join("".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]).split())
    found = re.search(r"\*Time: (\d+) minutes to read and run, (\d+) minutes with the exercises", first)
    return tuple(map(int, found.groups())) if found else None


def minutes(path):
    """Minutes of a notebook's parts: ({section: m}, {exercise: m}, m of one thing to break).

    A section's share of the minutes is its share of the words, of code and of text that isn't folded.
    """
    words, exercises, name, breaks = {}, {}, "", 0
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            text = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
        for part in re.split(r"^(?=##+ )", text, flags=re.M) if cell["cell_type"] == "markdown" else [text]:
            if cell["cell_type"] == "markdown" and (heading := re.match(r"## (?:(\d+)\.|(.+))", part)):
                name = heading[1] or heading[2]
                if exercise := re.match(r"Exercise (\d+): .+\((\d+) minutes\)", name):
                    exercises[exercise[1]] = int(exercise[2])
            breaks += name == "Break it on purpose" and part.startswith("### ")
            words[name] = words.get(name, 0) + len(part.split())
    words = {name: count for name, count in words.items() if not name.startswith("Exercise ")}
    share = first_cell_minutes(path)[0] / sum(words.values())
    sections = {name: share * count for name, count in words.items() if name.isdecimal()}
    return sections, exercises, share * words["Break it on purpose"] / max(breaks, 1)


def test_the_plans_name_sections_and_exercises_that_are_there():
    count = 0
    for title in PLANS:
        for *_, what, _how, _late in plan(title):
            notebooks, sections, exercises, _breaks = named(what)
            assert bool(notebooks) or not sections | exercises, what
            for path in notebooks:
                known_sections, known_exercises, _ = minutes(path)
                assert sections <= set(known_sections) and exercises <= set(known_exercises), what
                count += 1
    assert count > 35


@pytest.mark.parametrize("title", PLANS)
def test_when_late_names_only_what_the_row_has(title):
    for *_, what, _how, late in plan(title):
        _, sections, exercises, breaks = named(what)
        assert numbers(late, "section") <= sections, (what, late)
        assert numbers(late, "exercise") <= exercises, (what, late)
        assert breaks or "the break" not in late, (what, late)
        assert "playground" not in late or "playground" in what, (what, late)


@pytest.mark.parametrize("title", PLANS)
def test_what_is_planned_fits(title):
    """Half as much again where learners work; and no row has far more time than it needs."""
    for begin, end, what, how, _late in plan(title):
        notebooks, sections, exercises, breaks = named(what)
        for path in notebooks:
            if not (sections or exercises or breaks):
                assert "last slides" in what, what  # all of a notebook is never planned: name its sections
                continue
            each, tasks, one_break = minutes(path)
            stated = sum(each[s] for s in sections) + sum(tasks[e] for e in exercises) + breaks * one_break
            needed = stated * (1.5 if "learners" in how else 1)
            assert needed <= end - begin <= 2 * needed + 10, (title, what, path.stem, round(needed, 1))


@pytest.mark.parametrize("title", PLANS)
def test_each_plan_begins_with_the_room_check_and_two_questions_and_ends_with_the_survey(title):
    first, *_, last, end = (row[2] for row in plan(title))
    assert "room check" in first and "survey, questions 1 and 2" in first
    assert "survey" in last and end == "end"


def test_the_table_has_each_notebooks_minutes():
    text = (KIT / "notebooks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(.+?)\]\((#.+?)\) \| (\d+) \| (.+?) \| (\d+)", text, re.M)
    assert [name for name, *_ in rows] == list(ENTRIES) and len(rows) == len(NOTEBOOKS)
    for path, (name, _anchor, read, solved, room) in zip(NOTEBOOKS, rows, strict=True):
        assert name.startswith(path.stem[:2]) or path.stem == "playground" == name.lower()
        if stated := first_cell_minutes(path):
            assert (int(read), int(solved)) == stated, path.stem
        else:
            assert f"*Time: {read} minutes" in path.read_text(encoding="utf-8") and not solved.isdecimal()
        longest = 1.5 * int(solved if stated else read)
        assert longest <= int(room) < longest + 5, path.stem


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_kit_was_read_again_after_the_sections_changed(path):
    """The kit names sections by number alone: kit_sections.json has the headings that it was written for."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    headings = re.findall(r"^## (\d+\. .+|Exercise \d+: .+?)(?: \(\d+ minutes\))?$", text, re.MULTILINE)
    known = json.loads((Path(__file__).parent / "kit_sections.json").read_text(encoding="utf-8"))
    assert headings == known[path.stem], "Mend the numbers in docs/instructor/, then kit_sections.json."


@pytest.mark.parametrize("title", PLANS)
def test_the_plans_minutes_go_on_and_end_in_time(title):
    times = [row[0] for row in plan(title)]
    assert times == sorted(set(times)) and (times[0], times[-1]) == PLANS[title]


def test_the_way_out_without_a_laptop_begins_where_the_network_ends():
    text = (KIT / "README.md").read_text(encoding="utf-8").split("### A laptop fails\n")[1].split("\n#")[0]
    steps = re.findall(r"^(\d)\. (.+)$", text, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert any("network" in step and "Colab" in step for _, step in steps)


def test_the_kit_sends_to_the_room_check_and_to_the_slides():
    text = (KIT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    asked = set(re.findall(r"`make ([a-z-]+)`", text))
    assert {"preflight", "slides"} <= asked <= set(targets)


def test_the_kit_says_what_copies_overwrite_and_what_decks_lack():
    """What tools/work.py does: a copy put over a learner's is lost, a reset keeps it (test_handout.py)."""
    text = " ".join((KIT / "README.md").read_text(encoding="utf-8").split())
    handouts = text.split("## Handouts")[1].split("## Learners")[0]
    assert "overwrites" in handouts and "Run `make reset` first" in handouts
    assert "links to other files of the repository" in text and "lead nowhere" in text
    assert "`jupyter nbconvert --to slides` and RISE" in text
