"""The rooms of the house: imports point one way, and one word names one thing.

notebooks, training, measure, bench, tools → helpers, worlds; helpers → worlds; worlds → libraries.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from lettering import overflowing

from helpers.show.style import luminance
from tools.drawings import house

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {  # of the house's own rooms, beside itself
    "worlds": set(),
    "helpers": {"worlds"},
    "training": {"helpers", "worlds"},
    "measure": {"helpers", "worlds"},
    "bench": {"helpers", "worlds"},
    "tools": {"helpers", "worlds"},
    "notebooks": {"helpers", "worlds"},
}
ROOMS = {*MAY_IMPORT, "tests", "conftest", "tiny", "browser"}
FLAT = {"models", "seeding", "denoising", "image_to_image", "attention", "errors", "judge"}
FILES = sorted(file for room in MAY_IMPORT for file in (ROOT / room).rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def named(path):
    return path.relative_to(ROOT).as_posix()


def code(path):
    """The Python of a module, or of a notebook's cells without magics."""
    if path.suffix == ".py":
        return path.read_text(encoding="utf-8")
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    lines = "\n".join(cells).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def imported(tree):
    """The first names of all modules that a parsed file imports, wherever the import stands."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def defined(tree):
    """The names of all functions and classes of a parsed file that don't begin with an underscore."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name[0] != "_"}


@pytest.mark.parametrize("path", FILES + NOTEBOOKS, ids=named)
def test_imports_point_one_way(path):
    room = path.relative_to(ROOT).parts[0]
    assert imported(ast.parse(code(path))) & ROOMS <= MAY_IMPORT[room] | {room}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_import_is_hidden_in_a_string(path):
    assert not re.search(r"__import__|import_module|(?<!\.)\b(exec|eval)\(", code(path))


def test_the_drawing_of_the_rooms_is_of_this_house():
    assert {name: imports for name, (_, imports) in house.ROOMS.items()} == MAY_IMPORT
    assert (ROOT / "images" / "house.svg").read_text(encoding="utf-8") == house.svg()
    named = {where for way in house.WAYS.values() for _, where, _ in way if "/" in where}
    for place in named:
        assert any((room / place).exists() for room in (ROOT, ROOT / "training")), place


def test_the_drawing_of_the_rooms_can_be_read():
    for paper in (house.PAPER, *(fill for fill, _ in house.COLOURS.values())):
        assert (luminance(paper) + 0.05) / (luminance(house.INK) + 0.05) >= 4.5


def test_every_line_of_the_drawing_of_the_rooms_fits_its_box(monkeypatch):
    assert not list(overflowing(house.svg()))
    line = "more than a box of this width can hold"
    monkeypatch.setitem(house.ROOMS, "bench", (line, house.ROOMS["bench"][1]))
    assert list(overflowing(house.svg())) == [line]


def test_the_page_about_the_rooms_names_files_that_are_there():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert re.search(r"!\[[^\]]{40,}\]\(\.\./images/house\.svg\)", page)
    for place in re.findall(r"`([\w/.]+(?:\.py|/))`", page):
        assert (ROOT / place).exists() or "NAME" in place, place
    for name in re.findall(r"`([a-z_]+)`", page):
        assert any(name in defined(ast.parse(code(file))) for file in FILES), name


def test_every_place_in_the_table_of_changes_is_there():
    rows = [
        line
        for line in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
        if line[:1] == "|"
    ]
    for row in rows[2:]:
        for place in re.findall(r"`([\w./-]+(?:/|\.\w+|Makefile))`", row):
            homes = [ROOT / place, ROOT / "training" / "evaluation" / place]
            assert any(home.exists() for home in homes), place


def test_the_rule_sees_imports_in_functions():
    assert imported(ast.parse("def f():\n    from training.pocket import unet")) == {"training"}
    assert imported(ast.parse("import tools.picture as paint")) == {"tools"}


def test_what_a_newcomer_meets_in_helpers_is_flat_and_small():
    assert {file.stem for file in (ROOT / "helpers").glob("*.py")} == FLAT | {"__init__"}


def test_every_room_says_what_it_is():
    for folder in {file.parent for file in FILES}:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))), folder


@pytest.mark.parametrize("name", ["adherence", "marks", "predicted_x0", "generate", "denoise"])
def test_a_name_is_given_once(name):
    homes = [named(file) for file in FILES if name in defined(ast.parse(code(file)))]
    assert len(homes) == 1, homes


@pytest.mark.parametrize("path", FILES, ids=named)
def test_input_is_checked_and_exercises_are_graded(path):
    of = {name.split("_")[0] for name in defined(ast.parse(code(path)))}
    assert "grade" not in of or "lesson" in path.parts
    assert "check" not in of or "lesson" not in path.parts


@pytest.mark.parametrize("path", FILES, ids=named)
def test_clip_is_clip_and_moving_pictures_are_video(path):
    assert not re.search(r"\b(a|the|each|one|drawn|joined) clips?\b|\bclips\b", code(path))
