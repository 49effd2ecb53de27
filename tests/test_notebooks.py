"""The house rules for committed notebooks: their form, their length, and what a reader sees of them."""

import dis
import inspect
import json
import re
import statistics
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.execute_notebooks import METADATA
from tools.stamp_badges import LEAVE, TOP

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if path.stem[0].isdigit()]  # the playground is none

MEDIAN_LINES, NINE_TENTHS_LINES = 6, 20  # of a code cell, without blank lines and comments
WORDS = range(1500, 3001)
BYTES = 1_000_000
FENCED = re.compile(r"```python\n(.*?)```", re.DOTALL)  # a solution
AT_ONCE = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}  # they run where they stand, functions don't
REVIEWED = {  # what `changed_behind` finds there was looked at
    "09_image_variations": {"rows", "timesteps"},
    "10_train_your_own": {"clean", "noise", "text", "timesteps"},
}
HEADINGS = ("You will", "Break it on purpose", "Exercise", "What to remember")

# Not words: fenced code, tags, formulas, link targets.
NOT_PROSE = re.compile(r"```.*?```|<[^>]+>|\$[^$]*\$|\]\([^)]*\)", re.DOTALL)
WORD = re.compile(r"[A-Za-z][\w'’-]*")
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|var|work|content|Users)/\w|[A-Z]:\\+Users")
NAMELESS_MARKDOWN = re.compile(r"!\[\s*\]\(")
IMG = re.compile(r"<img\b[^>]*>")
NAMED_IMG = re.compile(r"\balt=(\"[^\"]*\w[^\"]*\"|'[^']*\w[^']*')")
EMBEDDED = re.compile(r"base64,[A-Za-z0-9+/=\s]+")


def names(code):
    """(given, read): the names that code gives at its top, and those that it reads without giving them."""
    given, read, before = set(), set(), ""
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME" and not before.startswith("IMPORT_"):
            given.add(step.argval)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in given:
            read.add(step.argval)
        elif inspect.iscode(step.argval):
            inside = names(step.argval)[1]
            read |= inside - given if step.argval.co_name in AT_ONCE else inside
        before = step.opname
    return given, read


def changed_behind(notebook):
    """Names that a cell has from an earlier one and a later one gives anew: run again, it takes the wrong."""
    sources = [
        "\n".join(FENCED.findall(c.source)) if c.cell_type == "markdown" else c.source for c in notebook.cells
    ]
    cells = [names(compile(source, "cell", "exec")) for source in sources]
    found = set()
    for i, (given, _) in enumerate(cells):
        earlier = {name for each, _ in cells[:i] for name in each}
        found |= {name for _, read in cells[:i] for name in read & given & earlier}
    return found


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def markdown(notebook):
    return "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def outputs(notebook):
    """(cell number, output) of every output."""
    return [(i, o) for i, c in enumerate(notebook.cells) if c.cell_type == "code" for o in c.outputs]


def code_lines(source):
    return [line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]


def nameless(notebook):
    """The numbers of the cells that show a picture without an alt text."""
    found = []
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            tags = IMG.findall(cell.source)
            if NAMELESS_MARKDOWN.search(cell.source) or not all(map(NAMED_IMG.search, tags)):
                found.append(i)
    for i, output in outputs(notebook):
        data = output.get("data", {})
        tags = IMG.findall(EMBEDDED.sub("", data.get("text/html", "")))
        plain = data.get("text/plain", "")
        bare = any(kind.startswith("image/") for kind in data) and not tags
        if not all(map(NAMED_IMG.search, tags)) or bare and (not plain or plain.startswith("<")):
            found.append(i)
    return found


def test_there_are_notebooks():
    assert NOTEBOOKS, "notebooks/ is empty"


def test_it_was_executed_once_in_order_and_without_an_error(notebook):
    counts = [c.execution_count for c in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks`"
    expected = {i for i, c in enumerate(notebook.cells) if "raises-exception" in c.metadata.get("tags", [])}
    assert {i for i, o in outputs(notebook) if o.output_type == "error"} == expected


def test_it_writes_nothing_to_stderr(notebook):
    assert not [(i, o.text) for i, o in outputs(notebook) if o.get("name") == "stderr"]


def test_its_form_is_fixed(path, notebook):
    raw = json.loads(path.read_text(encoding="utf-8"))
    ids = [c.get("id") for c in raw["cells"]]
    assert all(ids) and len(ids) == len(set(ids))
    assert (raw["nbformat"], raw["nbformat_minor"]) == (4, 5)
    assert raw["metadata"] == METADATA, "run `make notebooks`"
    nbformat.validate(notebook)


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_its_size(path, notebook):
    assert path.stat().st_size <= BYTES
    lengths = sorted(len(code_lines(c.source)) for c in code_cells(notebook))
    assert statistics.median(lengths) <= MEDIAN_LINES
    assert lengths[min(len(lengths) - 1, int(0.9 * len(lengths)))] <= NINE_TENTHS_LINES
    own = TOP.sub("", markdown(notebook)).replace(LEAVE, "")  # without what is the same in all notebooks
    assert len(WORD.findall(NOT_PROSE.sub(" ", own))) in WORDS


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_its_frame(path, notebook):
    first = notebook.cells[0].source
    assert re.match(r"# \S", first), "the first cell begins with the title"
    assert re.search(r"\d+ minutes", first), "the first cell says how many minutes the notebook takes"
    text = markdown(notebook)
    lines = [line for line in text.splitlines() if line.startswith(("#", "*"))]
    assert not [h for h in HEADINGS if not any(h.lower() in line.lower() for line in lines)]
    assert "<details>" in text and text.count("<details>") == text.count("</details>")


def test_its_cells_can_be_run_again(path, notebook):
    assert changed_behind(notebook) <= REVIEWED.get(path.stem, set())


def test_the_rule_about_names_sees_what_it_should():
    def found(*sources):
        return changed_behind(new_notebook(cells=[new_code_cell(source) for source in sources]))

    assert found("x = 1", "print(x)", "x = 2") == {"x"}
    assert found("x = 1", "def f():\n    return x", "for x in (1, 2):\n    print(x)") == {"x"}
    assert found("x = 1", "print([x for y in (1, 2)])", "x, y = 2, 3") == {"x"}
    assert not found("x = 1", "print(x)", "def f(x):\n    x = 2")
    assert not found("x = 1\nprint([x for y in (1, 2)])", "x = 2\nprint(x)", "import x")
    solution = new_markdown_cell("```python\nx = 2\n```")
    cells = [new_code_cell("x = 1"), new_code_cell("print(x)"), solution]
    assert changed_behind(new_notebook(cells=cells)) == {"x"}


def test_every_picture_has_an_alt_text(notebook):
    assert not nameless(notebook)


def test_before_each_slider_stands_a_still_picture(notebook):
    cells = notebook.cells
    for i, cell in enumerate(cells):
        if cell.cell_type == "code" and re.search(r"\bslide\(", cell.source):
            before = [output for j, output in outputs(notebook) if i - 3 <= j < i]
            assert any("data:image/" in str(output.get("data", {})) for output in before), f"cell {i}"


def test_no_output_holds_a_path_of_one_computer(notebook):
    for i, output in outputs(notebook):
        data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")}
        text = EMBEDDED.sub("", json.dumps({**output, "data": data}))
        assert not MACHINE_PATH.search(text), f"cell {i}"


def test_the_rule_about_alt_texts_sees_what_it_should():
    def shows(**data):
        output = new_output("display_data", data={k.replace("_", "/"): v for k, v in data.items()})
        return bool(nameless(new_notebook(cells=[new_code_cell("show()", outputs=[output])])))

    def says(text):
        return bool(nameless(new_notebook(cells=[new_markdown_cell(text)])))

    assert not shows(text_html='<img alt="a planet" src="data:image/png;base64,aGk=">', text_plain="a planet")
    assert shows(text_html='<img src="data:image/png;base64,aGk=">', text_plain="a planet")
    assert shows(text_html='<img alt="" src="data:image/png;base64,aGk=">', text_plain="a planet")
    assert not shows(image_png="aGk=", text_plain="a planet")
    assert shows(image_png="aGk=", text_plain="<Figure size 640x480 with 1 Axes>")
    assert says("![](../images/parts.svg)") and says('<img src="../images/parts.svg">')
    assert not says("![the parts](../images/parts.svg)") and not says('<img alt="the parts" src="parts.svg">')
