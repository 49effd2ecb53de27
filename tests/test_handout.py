"""What is handed out, and a learner's working copies: each is used as a learner or an instructor uses it."""

import html
import os
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import nbformat
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from nbclient import NotebookClient

from helpers.show.style import styled
from tests.browser import chromium_browser
from tools import work
from tools.execute_notebooks import KERNEL_ENVIRONMENT
from tools.exercises import BLANK, is_exercise, right
from tools.handout import __main__ as handout
from tools.handout import copies, paper, sheet
from tools.stamp_badges import GLOSSARY

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST, LOOP = "00_first_picture.ipynb", "05_the_denoising_loop.ipynb"
ON_PAPER = [  # a notebook with formulas, charts and strips; another with long code and tables
    ("07_guidance", "A4"),
    ("07_guidance", "Letter"),
    ("10_train_your_own", "A4"),
]


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """What `make handout` writes, somewhere else."""
    folder = tmp_path_factory.mktemp("handout")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handout, "to_print", lambda *_: "")  # the notebooks for paper have their own test
        assert handout.main([], folder) is None
    return folder


def opened(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_learners_copy_has_everything_but_outputs_and_solutions(path, handed_out):
    old, new = opened(path), opened(handed_out / "learners" / path.name)
    assert [(c.id, c.cell_type, c.metadata) for c in new.cells] == [
        (c.id, c.cell_type, c.metadata) for c in old.cells
    ]
    assert all(not c.outputs and c.execution_count is None for c in new.cells if c.cell_type == "code")
    text = "\n".join(c.source for c in new.cells)
    for solution in copies.exercises(old).values():
        assert solution not in text
    assert "<summary>Solution</summary>" not in text and "colab-badge" not in text
    assert new.cells[0].source.splitlines()[2] == GLOSSARY
    count = sum(map(is_exercise, new.cells))
    assert count == text.count(copies.NOTES) == sum(BLANK in c.source for c in new.cells)
    folded = [re.findall(r"<details>", "\n".join(c.source for c in n.cells)) for n in (old, new)]
    assert len(folded[0]) - len(folded[1]) == count  # the answers to "Predict first" stay


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_solved_copy_has_each_answer_in_its_place(path, handed_out):
    old, new = opened(path), opened(handed_out / "solutions" / path.name)
    assert [c.id for c in new.cells] == [c.id for c in old.cells]
    for before, after in zip(old.cells, new.cells):
        if is_exercise(before):
            assert BLANK not in after.source and re.search(r"^answer = ", after.source, re.MULTILINE)
            assert not after.outputs  # "Not answered yet" would be wrong now
        elif before.cell_type == "code":
            assert after.outputs == before.outputs


def test_solved_copies_say_right_where_they_are_built_and_in_work(tmp_path, handed_out, monkeypatch):
    """Only the first cells and the exercises that need no others are run: a whole notebook runs elsewhere."""
    for name, value in KERNEL_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for room in ("helpers", "worlds", "pyproject.toml"):
        (tmp_path / room).symlink_to(ROOT / room)
    (tmp_path / "notebooks").mkdir()
    notebook = opened(handed_out / "solutions" / "11_why_latent.ipynb")
    setup = next(c for c in notebook.cells if "setup" in c.metadata.get("tags", []))
    alone = [c for c in notebook.cells if is_exercise(c) and re.search(r"\bgrade_\w+\(answer\)", c.source)]
    imports = "from helpers.lesson.exercises import why_latent"
    for place in ("out/handout/solutions", "work"):
        (tmp_path / place).mkdir(parents=True)
        small = nbformat.v4.new_notebook(
            cells=[setup, nbformat.v4.new_code_cell(imports), *alone], metadata=notebook.metadata
        )
        NotebookClient(
            small, kernel_name="python3", resources={"metadata": {"path": str(tmp_path / place)}}
        ).execute()
        said = ["".join(o.text for o in c.outputs) for c in small.cells[2:]]
        assert len(said) >= 2 and set(said) == {"Right!\n"}


def test_a_notebook_that_is_not_there_is_named(tmp_path):
    run = command("tools.handout", "notebooks/99_nothing.ipynb", cwd=ROOT)
    assert run.returncode == 1 and run.stderr == "No such notebook: notebooks/99_nothing.ipynb\n"


def test_an_exercise_without_its_solution_is_named(tmp_path):
    notebook = opened(ROOT / "notebooks" / LOOP)
    del notebook.cells[next(i for i, c in enumerate(notebook.cells) if is_exercise(c)) + 1]
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    assert re.match(
        r"broken\.ipynb: Cell \d+: an exercise has", handout.main([tmp_path / "broken.ipynb"], tmp_path)
    )


# The notebooks for paper.


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """A function that prints a notebook, as a reader does, in a format, and returns the PDF's path."""
    folder = tmp_path_factory.mktemp("paper")
    names = sorted({name for name, _ in ON_PAPER})
    try:
        paper.write([ROOT / "notebooks" / f"{name}.ipynb" for name in names], folder, ROOT / "out" / "npm")
    except RuntimeError as error:
        pytest.skip(str(error))
    with chromium_browser() as browser:

        def in_format(name, size):
            page = browser.new_context(offline=True).new_page()
            page.goto((folder / f"{name}.html").as_uri())
            page.wait_for_selector("body[data-ready]", timeout=60_000)
            assert page.locator("mjx-container").count() > 0 == page.locator("[data-mjx-error]").count()
            page.pdf(path=folder / f"{name}-{size}.pdf", format=size)
            return folder / f"{name}-{size}.pdf"

        yield in_format


@pytest.mark.parametrize(("name", "size"), ON_PAPER)
def test_paper_loses_no_line_of_code_and_has_page_numbers(name, size, printed):
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext, from Poppler")
    command = ["pdftotext", "-bbox", printed(name, size), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    margin = 16 / 25.4 * 72  # points
    for page in re.findall(r"<page .*?</page>", text, re.DOTALL):
        width = float(re.search(r'width="([\d.]+)"', page)[1])
        places = re.findall(r'xMin="([\d.-]+)".*?xMax="([\d.-]+)"', page)
        assert all(margin - 2 < float(left) and float(right) < width - margin + 2 for left, right in places)
    words = html.unescape("".join(re.findall(r">([^<]+)</word>", text)))
    for cell in paper.for_paper(opened(ROOT / "notebooks" / f"{name}.ipynb")).cells:
        if cell.cell_type == "code":
            for line in cell.source.split("\n"):
                assert "".join(line.split())[-12:] in words, line
    pages = text.count("<page ")
    assert pages > 10 and all(f"{number}/{pages}" in words for number in range(1, pages + 1))
    assert "\\frac" not in words and "Answer1." in words


def test_paper_has_room_instead_of_solutions_and_the_other_answers_at_the_end():
    old = opened(ROOT / "notebooks" / LOOP)
    new = paper.for_paper(old)
    text = "\n".join(cell.source for cell in new.cells)
    assert text.count(paper.ROOM) == len(copies.exercises(old)) and "<details>" not in text
    assert text.count("stands on the last pages") == new.cells[-1].source.count("**Answer ") > 0
    assert "sys.path.insert" not in text and ".ipynb)" not in text


# A learner's working copies.


def command(*arguments, cwd):
    environment = os.environ | {
        "PYTHONPATH": str(cwd),
        "PYTHONIOENCODING": "ascii",
    }  # as some consoles
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, env=environment
    )


def git(*arguments, cwd):
    names = ["-c", "user.name=n", "-c", "user.email=e", "-c", "init.defaultBranch=main"]
    run = subprocess.run(["git", *names, *arguments], cwd=cwd, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture
def house(tmp_path):
    """A small repository with this one's notebooks 00 and 05, .gitignore, tools/work.py and its imports."""
    root = tmp_path / "house"
    for name in (
        f"notebooks/{FIRST}",
        f"notebooks/{LOOP}",
        "tools/__init__.py",
        "tools/exercises.py",
        "tools/work.py",
        "helpers/__init__.py",
        "helpers/errors.py",
        "helpers/machine/__init__.py",
        "helpers/machine/disk.py",
        ".gitignore",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    return root


def tool(root, *arguments):
    run = command("tools.work", *arguments, cwd=root)
    assert run.returncode == 0, run.stderr
    return run.stdout


def write_in(path, right=(), wrong=()):
    """Answer exercises of the notebook at `path` by hand, and save what they said."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(filter(is_exercise, notebook.cells), 1):
        if number in (*right, *wrong):
            said = "Right!\n" if number in right else "Not yet. Say Right! when it is.\n"
            cell.source = cell.source.replace(BLANK, f"answer = {number}  # mine")
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=said)]
    nbformat.write(notebook, path)


def test_a_pull_never_meets_what_a_learner_wrote(house, tmp_path):
    git("init", "-q", cwd=house)
    git("add", ".", cwd=house)
    git("commit", "-qm", "The series", cwd=house)
    learner = tmp_path / "learner"
    git("clone", "-q", str(house), str(learner), cwd=tmp_path)
    tool(learner)
    write_in(learner / "work" / LOOP, right=[1])
    mine = (learner / "work" / LOOP).read_bytes()
    assert git("status", "--porcelain", cwd=learner) == ""

    author = tmp_path / "author"
    git("clone", "-q", str(house), str(author), cwd=tmp_path)
    for name in (FIRST, LOOP):
        notebook = opened(author / "notebooks" / name)
        notebook.cells[0].source += "\n\nNewer."
        for cell in filter(is_exercise, notebook.cells):
            cell.source += "  # newer"
        nbformat.write(notebook, author / "notebooks" / name)
    git("commit", "-qam", "Newer", cwd=author)
    git("push", "-q", "origin", "HEAD:refs/heads/newer", cwd=author)
    git("pull", "-q", "origin", "newer", cwd=learner)

    assert (learner / "work" / LOOP).read_bytes() == mine
    said = tool(learner)
    assert (learner / "work" / LOOP).read_bytes() == mine and "make reset NOTEBOOK=05" in said
    assert FIRST not in said  # nobody wrote in that one: it is simply new
    assert (learner / "work" / FIRST).read_bytes() == (learner / "notebooks" / FIRST).read_bytes()
    assert b"Newer" in (learner / "work" / FIRST).read_bytes()
    assert git("status", "--porcelain", cwd=learner) == ""


def test_a_reset_keeps_what_was_written_and_says_where(house):
    tool(house)
    copy = house / "work" / LOOP
    kept = []
    for _ in range(2):  # within one second, too
        write_in(copy, right=[2])
        mine = copy.read_bytes()
        said = tool(house, "reset", "5")
        assert copy.read_bytes() == (house / "notebooks" / LOOP).read_bytes()
        [line] = said.splitlines()
        kept.append(house / re.search(r"kept in (work/\S+\.ipynb)\. ", line).group(1))
        assert re.search(r"_\d{4}-\d\d-\d\d_\d{6}(_2)?\.ipynb$", kept[-1].name)
        assert kept[-1].read_bytes() == mine and kept[-1].parent == copy.parent
    assert len(set(kept)) == 2
    assert "nothing of yours to keep" in tool(house, "reset", f"work/{LOOP}")
    write_in(house / "work" / FIRST, wrong=[1])
    copy.unlink()
    own = house / "work" / "mine.ipynb"
    own.write_text("{}")
    assert tool(house, "reset").count("is kept in") == 1
    assert all(path.exists() for path in (*kept, own))
    assert copy.read_bytes() == (house / "notebooks" / LOOP).read_bytes()
    assert "nothing of yours to keep" in tool(house, "reset")


def test_a_handed_out_copy_that_a_learner_puts_into_work_is_theirs(house, handed_out):
    (house / "work").mkdir()
    copy = shutil.copy(handed_out / "learners" / LOOP, house / "work" / LOOP)
    assert "newer" not in tool(house)
    write_in(copy, right=[1, 2, 3])
    assert "newer" not in tool(house) and "3 of 3 right" in tool(house, "progress")
    assert "is kept in" in tool(house, "reset", "05")


def test_progress_of_a_folder_that_somebody_sent(house, tmp_path):
    shutil.copy(house / "notebooks" / LOOP, tmp_path / LOOP)
    write_in(tmp_path / LOOP, right=[3])
    first, loop = tool(house, "progress", str(tmp_path)).splitlines()
    assert "not there yet" in first and loop.endswith("- - 3        1 of 3 right")
    run = command("tools.work", "progress", "nowhere", cwd=house)
    assert run.returncode == 1 and run.stderr == "There is no folder nowhere.\n"


def test_a_name_that_no_notebook_has_changes_nothing(house):
    tool(house)
    write_in(house / "work" / LOOP, right=[1])
    mine = (house / "work" / LOOP).read_bytes()
    run = command("tools.work", "reset", "05", "77", cwd=house)
    assert run.returncode == 1 and run.stderr == "No notebook is called '77'. There are: 00, 05.\n"
    assert (house / "work" / LOOP).read_bytes() == mine


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_advised_command_brings_each_notebook(path, tmp_path):
    """What `fill` says about a changed copy is what `reset` understands, for the playground, too."""
    (tmp_path / "notebooks").mkdir()
    for each in NOTEBOOKS:
        (tmp_path / "notebooks" / each.name).write_text("{}")
    assert list(work.fill(tmp_path)) == []
    (tmp_path / "work" / path.name).write_text("mine")
    (tmp_path / "notebooks" / path.name).write_text('{"newer": 1}')
    [said] = work.fill(tmp_path)
    [advised] = re.findall(r"make reset NOTEBOOK=(\S+)", said)
    [told] = work.reset([advised], tmp_path)
    assert (tmp_path / "work" / path.name).read_text() == '{"newer": 1}'
    [kept] = (tmp_path / "work").glob(f"{path.stem}_2*.ipynb")
    assert kept.read_text() == "mine" and kept.name in told
    assert work.chosen([work.called(path)], ROOT) == [path]


def test_a_handed_out_copy_after_a_reset_overwrites_nothing_that_was_written(house, handed_out):
    tool(house)
    write_in(house / "work" / LOOP, right=[1])
    mine = (house / "work" / LOOP).read_bytes()
    tool(house, "reset")
    shutil.copy(handed_out / "learners" / LOOP, house / "work")
    assert mine in [path.read_bytes() for path in (house / "work").glob("05_*.ipynb")]


def test_a_lost_list_of_what_was_copied_costs_nothing(house):
    tool(house)
    write_in(house / "work" / LOOP, right=[1])
    mine = (house / "work" / LOOP).read_bytes()
    (house / "work" / work.COPIED).write_text("[1, ")
    tool(house)
    assert (house / "work" / LOOP).read_bytes() == mine
    assert "is kept in" in tool(house, "reset", "05")


def test_progress_is_what_the_saved_outputs_say(house):
    assert command("tools.work", "progress", cwd=house).stderr == "There is no work/ yet: make work\n"
    tool(house)
    assert [line.split("  ")[-1].strip() for line in tool(house, "progress").splitlines()] == [
        "0 of 3 right"
    ] * 2
    write_in(house / "work" / LOOP, right=[1, 3], wrong=[2])
    first, loop = tool(house, "progress").splitlines()
    assert loop.split() == "05 The denoising loop 1 - 3 2 of 3 right".split() and "0 of 3" in first

    path = (
        house / "work" / LOOP
    )  # a copied cell is no further exercise, a blank isn't right, whatever stands below
    notebook = opened(path)
    [one, two, three] = filter(is_exercise, notebook.cells)
    three.source = three.source.replace("answer = 3  # mine", BLANK)
    notebook.cells.append(nbformat.from_dict({**two, "id": "copied", "outputs": one.outputs}))
    nbformat.write(notebook, path)
    assert tool(house, "progress").splitlines()[1].split()[-7:] == "1 2 - 2 of 3 right".split()

    path.write_text("<<<<<<< ")
    (house / "work" / FIRST).unlink()
    first, loop = tool(house, "progress").splitlines()
    assert first.endswith("not there yet") and "can't be read: make reset NOTEBOOK=05" in loop
    tool(house, "reset", "05")
    assert "0 of 3 right" in tool(house, "progress")


def test_every_exercise_counts_in_the_overview():
    for path in NOTEBOOKS:
        assert len(right(opened(path))) == len(copies.exercises(opened(path)))


def test_the_copies_in_work_find_what_lies_beside_notebooks():
    assert (ROOT / "work" / ".." / "images").resolve() == (ROOT / "images").resolve()
    ignored = subprocess.run(["git", "check-ignore", "-q", "work/00_first_picture.ipynb"], cwd=ROOT)
    assert ignored.returncode in (0, 128)  # 128: not a git checkout
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert 'root_dir="$(CURDIR)" $(ROOT_USER)\n' in makefile


# The page of the loop.


@pytest.fixture(scope="module")
def page():
    """The page, laid out; its renderer says where each text stands, in points from the lower left corner."""
    figure = sheet.page(sheet.loop())
    figure.set_dpi(72)
    with styled():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    return figure, canvas.get_renderer()


def test_the_pages_code_is_that_of_notebook_05(page):
    figure, _ = page
    code = [text.get_text() for text in figure.texts if "DejaVu Sans Mono" in text.get_fontfamily()]
    cells = opened(ROOT / "notebooks" / LOOP).cells
    [loop] = [c.source for c in cells if c.cell_type == "code" and "def denoise(" in c.source]
    assert "\n".join(code) == loop and "scheduler.step(" in loop


def test_the_page_holds_everything_and_nothing_overlaps(page):
    figure, renderer = page
    boxes = [(t.get_window_extent(renderer), t.get_text()) for t in figure.texts if t.get_text().strip()]
    for box, words in boxes:
        assert sheet.MARGIN - 1 < box.x0 and box.x1 < sheet.WIDTH - sheet.MARGIN + 1, words
        assert 30 < box.y0 and box.y1 < sheet.HEIGHT - 30, words
    for i, (one, words) in enumerate(boxes):
        for other, others_words in boxes[i + 1 :]:
            across = min(one.x1, other.x1) - max(one.x0, other.x0)
            down = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert across <= 0 or down <= 2, (
                words,
                others_words,
            )  # points; a line's box is a little too high


def test_the_page_has_no_letter_of_less_than_nine_points(page):
    figure, _ = page
    for text in figure.texts:
        small = 0.7 if re.search(r"\$.*[_^]", text.get_text()) else 1  # Matplotlib's index of a formula
        assert text.get_fontsize() * small >= 9, text.get_text()


def test_each_formula_names_its_paper_and_its_notebook():
    numbers = {path.name[:2] for path in NOTEBOOKS}
    for name, number, _, formula, source, _ in sheet.FORMULAS:
        assert number in numbers and formula and re.search(r"\b(19|20)\d\d\b", source), name
    papers = " ".join(source + more for *_, source, more in sheet.FORMULAS)
    texts = "".join(path.read_text(encoding="utf-8") for path in NOTEBOOKS)
    assert all(paper in texts for paper in re.findall(r"arXiv:[\d.]+\d", papers))


def test_the_pdf_is_one_page_of_a4_the_same_each_time(tmp_path, handed_out):
    made = (handed_out / "loop.pdf").read_bytes()
    assert made.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", made)) == 1
    [box] = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", made)
    assert [float(side) for side in box] == pytest.approx([595.28, 841.89], abs=0.1)
    sheet.write(tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == made


def test_no_font_of_the_pdf_is_declared_as_what_it_is_not(tmp_path):
    """FontFile2 is TrueType's place, and CFF outlines, which begin with OTTO, don't belong there."""
    sheet.write(tmp_path / "loop.pdf")
    made = (tmp_path / "loop.pdf").read_bytes()
    for number in re.findall(rb"/FontFile2 (\d+) 0 R", made):
        stream = re.search(rb"\n%s 0 obj.*?stream\r?\n(.*?)\r?\nendstream" % number, made, re.DOTALL)[1]
        assert not zlib.decompressobj().decompress(stream).startswith(b"OTTO")
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdffonts and pdftotext, from Poppler")
    fonts = subprocess.run(["pdffonts", tmp_path / "loop.pdf"], capture_output=True, text=True, check=True)
    assert "Inter" in fonts.stdout and fonts.stderr == ""
    command = ["pdftotext", tmp_path / "loop.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True)
    assert text.stderr == ""
    for words in (
        "The denoising loop",
        "def denoise(",
        "scaling_factor",
        "What is learned",
        "arXiv:2006.11239",
    ):
        assert words in text.stdout


def test_without_the_loop_there_is_no_page():
    with pytest.raises(ValueError, match="00_first_picture.ipynb has 0 cells with `def denoise"):
        sheet.loop(ROOT / "notebooks" / FIRST)
