"""Threads: torch computes on one unless a user says otherwise, and several threads may share one model."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image
from tiny import save_tiny, tiny_parts

import helpers
from helpers.denoising import generate
from helpers.image_to_image import image_to_image
from helpers.models import Components

ROOT = Path(__file__).parent.parent
COUNT = "\nimport torch; print(torch.get_num_threads())"
GENEROUS = 10  # the ratio is below 2; with a thread a core and active waiting it is 40
PAINT = """\
import time
from helpers.denoising import generate
from helpers.models import load_components, settings
components = load_components(device="cpu")
for _ in range(4):
    started = time.perf_counter()
    generate(components, "an astronaut on mars", 0, **settings())
    print(time.perf_counter() - started)
"""


def environment(**own):
    """The environment of a user who has set no number of threads, except those in `own`."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    return kept | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"} | own


def printed(code, *arguments, **own):
    """The lines that Python code prints in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(**own), check=True)
    return done.stdout.split("\n")[:-1]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny("like pocket", tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize(
    "code",
    [
        "import helpers.models",
        "import helpers.seeding",
        "import os; os.environ['OMP_NUM_THREADS'] = 'all'; import helpers.seeding",
        "import torch; torch.ones(500, 500) @ torch.ones(500, 500); import helpers.models",
        "import os, torch; os.environ['OMP_NUM_THREADS'] = '1'; import helpers.models",
        "from training.loop import Settings, start; start(Settings(1, 1, 1.0), cpu=True)",
    ],
    ids=["helpers first", "seeds alone", "no number", "torch first", "set after torch", "a training"],
)
def test_one_thread_whatever_comes_first(code):
    assert printed(code + COUNT)[-1] == "1"


def test_one_thread_in_the_command(model, tmp_path):
    code = "import sys; from tools.picture import main; main(sys.argv[1:])"
    arguments = ["mars", "--model", model, "--steps", "1", "--out", str(tmp_path / "mars.png")]
    assert printed(code + COUNT, *arguments)[-1] == "1"


def test_one_thread_in_a_kernel(tmp_path):
    """From any front end: the first two code cells of a notebook are all that is run."""
    cells = nbformat.read(ROOT / "notebooks" / "00_first_picture.ipynb", as_version=4).cells
    notebook = nbformat.v4.new_notebook(cells=[c for c in cells if c.cell_type == "code"][:2])
    notebook.cells.append(nbformat.v4.new_code_cell(COUNT))
    client = NotebookClient(notebook, resources={"metadata": {"path": str(ROOT / "notebooks")}})
    client.execute(env=environment())
    assert notebook.cells[-1].outputs[0].text == "1\n"


def test_one_thread_also_in_threads_that_start_later():
    code = "import helpers.models, threading, torch\nrun = lambda: print(torch.get_num_threads())\n"
    assert printed(code + "threading.Thread(target=run).start()") == ["1"]


def test_a_users_own_number_is_respected():
    assert printed("import helpers.models" + COUNT, OMP_NUM_THREADS="2") == ["2"]


def test_what_a_second_thread_saves_and_costs_is_as_the_benchmarks_say():
    measured = json.loads((ROOT / "docs" / "benchmarks.json").read_text(encoding="utf-8"))["results"]
    idle, busy = measured["threads"]["0 busy programs"], measured["threads"]["1 busy program"]
    words = " ".join(helpers.__doc__.split())
    assert "saves a quarter of a picture's time" in words
    assert 0.6 < idle["2 threads"][0] / idle["1 thread"][0] < 0.9
    assert "two threads take twice as long as one" in words
    assert busy["2 threads"][0] > 2 * busy["1 thread"][0]


def test_the_number_can_be_changed_after_the_imports():
    assert printed("import helpers.models, torch; torch.set_num_threads(2)" + COUNT) == ["2"]


def test_a_picture_is_not_many_times_slower_beside_a_busy_process():
    """No timing test: it guards against threads that wait for each other."""
    alone = min(map(float, printed(PAINT)))
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        beside = min(map(float, printed(PAINT)))
    finally:
        busy.kill()
        busy.wait()
    assert beside < GENEROUS * alone


def paint(components, seed, callback=None):
    return generate(components, "mars", seed, 5, 3.0, callback=callback)


def paint_again(components, seed, callback=None):
    picture = Image.new("RGB", (128, 128), (180, 90, 40))
    return image_to_image(components, "mars", picture, seed, 0.8, 5 + seed, 3.0, callback=callback)


@pytest.mark.parametrize("function", [paint, paint_again])
def test_threads_that_share_components_paint_what_they_paint_alone(function):
    components = Components(**tiny_parts("like pocket"))
    alone = [function(components, seed)[0].tobytes() for seed in (0, 1)]
    others = []
    with ThreadPoolExecutor() as pool:

        def interrupt(step):
            if step.index == 2:  # the other thread begins in the middle of this one's loop
                others.append(pool.submit(function, components, 1))
                wait(others, timeout=1)

        first = function(components, 0, interrupt)
    assert [first[0].tobytes(), others[0].result()[0].tobytes()] == alone


def test_an_error_in_one_thread_does_not_stop_the_others():
    components = Components(**tiny_parts("like pocket"))

    def fail(step):
        raise RuntimeError

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(RuntimeError):
            pool.submit(paint, components, 0, fail).result()
    assert paint(components, 0)
