"""The harness in conftest.py: of a notebook's right and wrong cells, exactly the wrong ones must fail."""

import base64
import io
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from unittest import mock

import matplotlib
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageDraw

from helpers.show import charting, plotting
from helpers.show.sliders import NOTE
from tools.execute_notebooks import WIDGET

ROOT = Path(__file__).parent.parent


def planet(colour="red", noise=0.0, size=96):
    """A small test picture as PNG in base64: a disc on black, with noise of the given size in 0–255."""
    picture = Image.new("RGB", (size, size), "black")
    ImageDraw.Draw(picture).ellipse((20, 20, 75, 75), fill=colour)
    pixels = np.asarray(picture) + noise * np.random.default_rng(0).standard_normal((size, size, 3))
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def curve(power):
    """A line chart as PNG in base64: x to the given power."""
    picture = Image.new("RGB", (400, 300), "white")
    points = [(20 + 360 * x, 280 - 260 * x**power) for x in np.linspace(0, 1, 100)]
    ImageDraw.Draw(picture).line(points, fill="navy", width=3)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def shown(**data):
    return new_output("display_data", data={key.replace("_", "/"): value for key, value in data.items()})


def png(encoded):
    return shown(image_png=encoded, text_plain="a planet")


def html(encoded, alt="a planet"):
    return shown(text_html=f'<img alt="{alt}" src="data:image/png;base64,{encoded}">', text_plain=alt)


def audio(encoded):
    sound = f'<audio controls aria-label="a tone" src="data:audio/wav;base64,{encoded}"></audio>'
    return shown(text_html=sound, text_plain="a tone")


def display(output):
    """The source of a cell that displays the data of `output`."""
    return f"display({dict(output.data)!r}, raw=True)"


def widget(model):
    return new_output("display_data", data={WIDGET: {"model_id": model}})


def text_plain(words):
    return new_output("display_data", data={"text/plain": words})


def printed(text):
    return new_output("stream", name="stdout", text=text)


NOT_ANSWERED = "Not answered yet: replace the dots, then run this cell again.\n"
WRONG_ANSWER = {"answer = 8": "Add 9."}  # of each exercise here, and a word of the hint for it


def exercise(hint, right=17):
    """The source of an exercise whose published solution is 17."""
    grading = f"grade(answer, right={right}, hints=[(8, {hint!r})])"
    return f"from helpers.lesson.grading import grade\nanswer = ...\n{grading}"


def chart(power=2.0, **style):
    """The source of a cell that draws a curve in a matplotlib of the given style."""
    return (
        f"import matplotlib, numpy as np\nfrom helpers.show.plotting import NOISE, curves\n"
        f"matplotlib.rcParams.update({style})\nx = np.linspace(0, 1, 100)\n"
        f"curves({{'noise': (x, x ** {power}, NOISE)}}, 'x', 'y', 'A curve', 'a curve')"
    )


def drawn(source):
    """What a cell with the source of a chart shows, as committed."""
    outputs = []
    with (
        matplotlib.rc_context(),
        mock.patch.object(charting, "display", lambda *o, **m: outputs.append((*o, m))),
    ):
        exec(source, {})
    [(picture, options)] = outputs
    data = {"text/html": picture._repr_html_(), "text/plain": repr(picture)}
    return new_output("display_data", data=data, **options)


# name: (source, committed outputs, passes)
CELLS = {
    "right number": ("print(6 * 7)", [printed("42\n")], True),
    "wrong number": ("print(6 * 7)", [printed("43\n")], False),
    "trailing semicolon": ("6 * 7;", [], True),
    "missing result": ("6 * 7", [], False),
    "no output where one was": ("None", [printed("42\n")], False),
    "exception": ("1 / 0", [], False),
    "never run": ("print(1)", None, False),
    "same picture": (display(png(planet())), [png(planet())], True),
    "last bits differ": (display(png(planet(noise=2))), [png(planet())], True),
    "other picture": (display(png(planet("blue"))), [png(planet())], False),
    "other curve": (display(png(curve(2.0))), [png(curve(1.6))], False),
    "other size": (display(png(planet(size=128))), [png(planet())], False),
    "picture missing": ("display({'text/plain': 'a planet'}, raw=True)", [png(planet())], False),
    "same embedded picture": (display(html(planet(noise=2))), [html(planet())], True),
    "other embedded picture": (display(html(planet("blue"))), [html(planet())], False),
    "other alt text": (display(html(planet(), "a moon")), [html(planet())], False),
    "embedded picture missing": ("display({'text/plain': 'a planet'}, raw=True)", [html(planet())], False),
    "widget that prints": ("print('to the browser')\n" + display(widget("new")), [widget("old")], True),
    "widget, a line when committed": (display(widget("new")), [text_plain(NOTE)], True),
    "line without its widget": (
        "display({'text/plain': 'no slider'}, raw=True)",
        [text_plain(NOTE)],
        False,
    ),
    "widget missing": ("print('no slider')", [widget("old")], False),
    "sound": (display(audio("AAAA")), [audio("BBBB")], True),
    "sound missing": ("display({'text/plain': 'a tone'}, raw=True)", [audio("BBBB")], False),
    "trained, other numbers": ("print('loss  0.98')", [printed("loss -0.0412\n")], True),
    "trained, other words": ("print('less 0.98')", [printed("loss 0.0412\n")], False),
    "trained, other picture": (display(html(planet("blue"))), [html(planet())], True),
    "trained, other caption": (display(shown(text_html="<p>a</p>")), [shown(text_html="<p>b</p>")], True),
    "trained, other tags": (display(shown(text_html="<p>a</p>")), [shown(text_html="<b>a</b>")], False),
    "trained, picture missing": ("display({'text/plain': 'a planet'}, raw=True)", [html(planet())], False),
    "trained, exception": ("1 / 0", [], False),
    "trainings are short": (
        "from helpers.lesson.trainings import shortened; print(shortened(1500, short=10))",
        [printed("10\n")],
        True,
    ),
    "progress": (
        "from helpers.lesson.trainings import progress\nfor _ in progress(2): pass",
        [text_plain("step 200 of 200; 0 s left")],
        True,
    ),
    "exercise, right": (exercise("Add 9."), [printed(NOT_ANSWERED)], True),
    "exercise, another hint": (exercise("Add 1."), [printed(NOT_ANSWERED)], False),
    "exercise, takes anything": ("answer = ...\nprint('Right!')", [printed("Right!\n")], False),
    "exercise, another solution": (exercise("Add 9.", right=18), [printed(NOT_ANSWERED)], False),
    "exercise, fails": (
        exercise("Add 9.") + "\nif str(answer) == '8': 1 / 0",
        [printed(NOT_ANSWERED)],
        False,
    ),
    "same chart, drawn otherwise": (chart(**{"font.family": "DejaVu Sans Mono"}), [drawn(chart())], True),
    "wrong curve": (chart(power=2.2), [drawn(chart())], False),
    "environment": (
        "import os; print(*(os.environ[k] for k in ('OMP_NUM_THREADS', 'PYTHONHASHSEED', 'HF_HUB_OFFLINE')))",
        [printed("1 0 1\n")],
        True,
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Cell name -> the failure's message, or None if it passed; from one run of pytest on one notebook."""
    folder = tmp_path_factory.mktemp("harness")
    cells = []
    for name, (source, outputs, _) in CELLS.items():
        cell = new_code_cell(source, outputs=outputs or [], execution_count=None if outputs is None else 1)
        cell.metadata.tags = [tag for tag in ("trained", "exercise") if name.startswith(tag)]
        cells.append(cell)
        if "exercise" in cell.metadata.tags:
            cells.append(
                new_markdown_cell(
                    "<details>\n<summary>Solution</summary>\n\n```python\nanswer = 17\n```\n</details>"
                )
            )
    notebooks, wrong_answers = folder / "notebooks", folder / "tests" / "wrong_answers"
    notebooks.mkdir()
    wrong_answers.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), notebooks / "cells.ipynb")
    wrong = [WRONG_ANSWER] * sum(name.startswith("exercise") for name in CELLS)
    (wrong_answers / "cells.json").write_text(json.dumps(wrong), encoding="utf-8")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            ROOT / "pyproject.toml",
            f"--rootdir={folder}",
            "-p",
            "conftest",
            "-p",
            "no:cacheprovider",
            "--color=no",
            f"--junitxml={folder}/report.xml",
            "notebooks/cells.ipynb",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (folder / "report.xml").exists(), run.stdout + run.stderr
    cases = list(ElementTree.parse(folder / "report.xml").iter("testcase"))
    assert len(cases) == len(CELLS), run.stdout + run.stderr
    return {name: None if not len(case) else case[0].text for name, case in zip(CELLS, cases)}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_passes_exactly_if_its_outputs_are_right(outcomes, name):
    passes = CELLS[name][2]
    assert (outcomes[name] is None) == passes, outcomes[name]


def test_failures_say_what_to_look_for(outcomes):
    assert "make notebooks" in outcomes["never run"]
    assert "on average" in outcomes["other picture"]
    assert "pixels instead of" in outcomes["other size"]
    assert "widget" in outcomes["widget missing"]
    assert "'answer = 8' gets" in outcomes["exercise, another hint"]
    assert "published solution" in outcomes["exercise, another solution"]
    assert "ZeroDivisionError" in outcomes["exercise, fails"]
    assert f"curve {plotting.NOISE.lower()}" in outcomes["wrong curve"]
