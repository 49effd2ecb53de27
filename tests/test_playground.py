"""The playground, without a browser: what is painted, replaced, stopped, kept, and written as a recipe."""

import html
import re
import subprocess
import sys
import threading
from datetime import datetime
from itertools import count
from pathlib import Path

import nbformat
import pytest
from PIL import Image
from tiny import save_tiny

from helpers import models
from helpers.denoising import generate
from helpers.show import playground as module
from helpers.show.playground import Playground
from helpers.show.playground_recipe import SCHEDULERS, Recipe, as_python, in_words, scheduler_name
from helpers.show.playground_start import TRAPPIST, kept, uploaded
from helpers.show.playground_views import NOTE
from helpers.show.playground_worker import Worker

SECONDS = 60  # nothing here takes as long; a test that waits in vain fails


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny("like pocket", tmp_path_factory.mktemp("model"))


@pytest.fixture
def playground(model, monkeypatch):
    monkeypatch.setitem(models.SETTINGS, model, {"num_inference_steps": 3, "guidance_scale": 5.0})
    return Playground(model)


def finish(playground):
    """Wait until nothing is painted."""
    for thread in threading.enumerate():
        if thread.name == "playground":
            thread.join(SECONDS)
            assert not thread.is_alive()


def painted(playground):
    """Press Paint; the newest (recipe, picture)."""
    playground.paint_button.click()
    finish(playground)
    assert 'role="status"' in playground._says.value, playground._says.value
    return playground.history[-1]


def cooked(code):
    """The picture that a recipe's Python paints, in names of its own."""
    names = {}
    exec(compile(code, "recipe", "exec"), names)
    return names["picture"]


def same(a, b):
    return a.size == b.size and a.tobytes() == b.tobytes()


def recipe_of(playground):
    return as_python(playground.history[-1][0], playground._model, playground._components)


def recipes(playground):
    return [recipe for recipe, _ in playground.history]


def start_from(playground, number):
    playground._cards.children[number - 1].children[1].click()


def choose_file(playground, name):
    content = Path(name).read_bytes()
    if playground.upload.value == ():
        value = {"name": name, "type": "", "size": len(content), "last_modified": datetime.now()}
        value = ({**value, "content": memoryview(content)},)
    else:  # ipywidgets 7
        value = {name: {"metadata": {}, "content": content}}
    playground.upload.set_trait("value", value)


@pytest.fixture
def at_step(playground):
    """at_step(n): the next painting says that it is at step n, and waits: two events."""

    def arrange(n):
        reached, go_on, calls = threading.Event(), threading.Event(), count(1)

        def wait(*_):
            if next(calls) == n + 1:  # in the U-Net's call after the step that was told
                reached.set()
                go_on.wait(SECONDS)

        playground._components.unet.register_forward_pre_hook(wait)
        return reached, go_on

    return arrange


def test_a_picture_grows_and_ends_as_generate_paints_it(playground, monkeypatch):
    seen = []
    playground._picture.observe(lambda change: seen.append(change["new"]), names="value")
    recipe, picture = painted(playground)
    [alone] = generate(models.load_components(playground._model), recipe.prompt, 0, 3, 5.0)
    assert same(picture, alone)
    assert len(seen) == 5  # four calls of PNDM's, and the picture
    assert [f'alt="Step {n} of 4' in html for n, html in enumerate(seen[:-1], 1)] == [True] * 4
    assert 'alt="Painted: an astronaut on mars' in seen[-1]
    assert 'max="1"' in playground._progress.value and "aria-label" in playground._progress.value


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_recipe_paints_the_same_picture_anywhere(playground, scheduler):
    """With each scheduler, from noise and from a picture whose own recipe it brings along."""
    playground.scheduler.value = scheduler
    playground.negative_prompt.value, playground.guidance.value = 'a "cat" on C:\\', 2.5
    first, _ = painted(playground)
    start_from(playground, 1)
    playground.seed.value, playground.strength.value, playground.steps.value = 7, 0.5, 4
    recipe, picture = painted(playground)
    assert recipe.start == first
    code = recipe_of(playground)
    assert code.count("[picture] =") == 2
    assert same(cooked(code), picture)


def test_a_recipe_with_a_file_or_trappist(playground, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (300, 200), (180, 90, 40)).save("mine.png")
    playground.steps.value = 4
    choose_file(playground, "mine.png")
    assert not playground.upload.value and not playground.strength.disabled
    _, picture = painted(playground)
    assert 'open_picture("uploads/mine.png", (128, 128))' in recipe_of(playground)
    assert same(cooked(recipe_of(playground)), picture)

    playground.trappist_button.click()
    recipe, picture = painted(playground)
    assert recipe.start == TRAPPIST and TRAPPIST in in_words(recipe)
    assert same(cooked(recipe_of(playground)), picture)

    playground.noise_button.click()
    recipe, picture = painted(playground)
    assert recipe.start is recipe.strength is None and playground.strength.disabled


def test_a_file_of_the_same_name_stays(tmp_path):
    assert kept("../a/mine.png", b"one", tmp_path) == tmp_path / "mine.png"
    assert kept("C:\\mine.png", b"two", tmp_path) == tmp_path / "mine-2.png"
    assert kept("mine.png", b"one", tmp_path) == tmp_path / "mine.png"
    assert kept("mine.png", b"two", tmp_path) == tmp_path / "mine-2.png"
    assert kept("..", b"odd", tmp_path) == tmp_path / "picture"


def test_files_come_from_ipywidgets_7_and_8_alike():
    assert uploaded({"mine.png": {"metadata": {"name": "mine.png"}, "content": b"aa"}}) == ("mine.png", b"aa")
    assert uploaded(({"name": "mine.png", "content": memoryview(b"aa")},)) == ("mine.png", b"aa")


@pytest.mark.parametrize(
    "control, value, words",
    [
        ("prompt", "  ", "The prompt is empty"),
        (
            "prompt",
            "mars " * 75 + "zebra",
            "longer than 75 tokens: shorten it by as much as &quot;zebra&quot;",
        ),
        ("negative_prompt", "mars " * 75 + "zebra", "longer than 75 tokens"),
        ("seed", -1, "A seed is a whole number from 0 up, below 2**63, not -1: try 0."),
        ("steps", 0, "The number of steps must be a whole number from 1 to 1000"),
        ("guidance", -1.0, "The guidance scale must be a number from 0 up"),
        ("strength", 0.0, "The strength must be a number above 0 and at most 1"),
    ],
)
def test_an_error_is_one_sentence_in_the_playground(playground, control, value, words, capfd):
    playground.trappist_button.click()
    finish(playground)
    getattr(playground, control).value = value
    finish(playground)
    assert 'role="alert"' in playground._says.value and words in playground._says.value
    assert len(playground.history) == 1 and capfd.readouterr().err == ""  # TRAPPIST-1e's alone


def test_an_unforeseen_error_is_a_sentence_too_and_the_playground_goes_on(playground, monkeypatch, capfd):
    def fail(*arguments):
        raise ValueError("no such thing\nmore")

    with monkeypatch.context() as patch:
        patch.setattr(module, "paint", fail)
        playground.paint_button.click()
        finish(playground)
    assert "could not be painted (ValueError: no such thing): change a value." in playground._says.value
    assert painted(playground) and capfd.readouterr().err == ""


def test_a_file_that_is_no_picture_is_one_sentence(playground, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.png").write_text("no picture")
    choose_file(playground, "mine.png")
    assert (
        'role="alert"' in playground._says.value and "mine.png can&#x27;t be opened" in playground._says.value
    )


def test_a_new_value_replaces_the_one_being_painted(playground, at_step):
    reached, go_on = at_step(2)
    playground.paint_button.click()
    reached.wait(SECONDS)
    playground.seed.value = 1
    playground.seed.value = 2  # the one before hasn't begun
    go_on.set()
    finish(playground)
    assert [recipe.seed for recipe in recipes(playground)] == [2]
    [alone] = generate(models.load_components(playground._model), "an astronaut on mars", 2, 3, 5.0)
    assert same(playground.history[0][1], alone)


def test_stop_ends_within_a_step(playground, at_step):
    reached, go_on = at_step(2)
    calls = []
    playground._components.unet.register_forward_hook(lambda *_: calls.append(1))
    playground.paint_button.click()
    reached.wait(SECONDS)
    playground.stop_button.click()
    assert "Stopped at step 2 of 4." in playground._says.value
    shown = playground._picture.value
    go_on.set()
    finish(playground)
    assert len(calls) == 3 and playground.history == []  # one call was under way
    assert "Stopped" in playground._says.value and playground._picture.value == shown
    painted(playground)
    assert len(playground.history) == 1


def test_the_same_recipe_stands_in_the_history_once(playground):
    painted(playground)
    playground.seed.value = 1
    painted(playground)
    playground.seed.value = 0
    painted(playground)
    assert [recipe.seed for recipe in recipes(playground)] == [0, 1]
    assert "Picture 1 is finished." in playground._says.value


def test_a_cell_that_paints_meanwhile_and_the_playground_never_mix(playground):
    """The cell's loop is in the middle when the playground is asked, twice; both take turns."""
    components = models.load_components(playground._model)
    [alone] = generate(components, "mars", 3, 5, 3.0)
    [wanted] = generate(components, "on mars", 1, 3, 5.0)

    def interrupt(step):
        if step.index == 1:
            playground.prompt.value = "on mars"
            playground.seed.value = 1

    [during] = generate(components, "mars", 3, 5, 3.0, callback=interrupt)
    finish(playground)
    assert same(during, alone) and same(playground.history[-1][1], wanted)
    assert [recipe.seed for recipe in recipes(playground)] == [1]


def test_what_a_cell_does_to_its_components_changes_no_picture(playground):
    components = models.load_components(playground._model)
    assert all(a is not b for a, b in zip(components, playground._components))


def test_a_worker_asked_from_many_threads_does_the_newest_job_last():
    done = []
    worker = Worker(done.append)
    threads = [threading.Thread(target=worker.start, args=[[n]]) for n in range(50)]
    with worker.lock:
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(SECONDS)
    worker.start(last := ["last"])
    finish(worker)
    assert done[-1] is last and not any(t.name == "playground" for t in threading.enumerate())


def test_on_colab_a_click_returns_with_its_picture_shown(model, monkeypatch):
    """Colab doesn't show what a thread changes, so none may be at work."""
    monkeypatch.setitem(sys.modules, "google.colab", object())
    monkeypatch.setitem(models.SETTINGS, model, {"num_inference_steps": 3, "guidance_scale": 5.0})
    playground, threads, grown = Playground(model), [], []
    playground._picture.observe(lambda _: threads.append(threading.current_thread()), names="value")
    playground._progress.observe(lambda change: grown.append(change["new"]), names="value")
    playground.paint_button.click()
    playground.seed.value = 7
    assert [recipe.seed for recipe, _ in playground.history] == [0, 7]
    assert set(threads) == {threading.main_thread()} and len(grown) > 6
    assert 'role="status"' in playground._says.value


def test_python_ends_without_a_word_while_it_paints():
    code = (
        "import time; from helpers.show.playground_worker import Worker\n"
        "def work(job):\n"
        "    while worker.is_current(job): time.sleep(0.01)\n"
        "worker = Worker(work); worker.start([1]); print('leaves')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "leaves\n", "")


def test_prompts_are_text_and_no_html(playground):
    playground.prompt.value = '<img src=x onerror="alert(1)"> & "mars"'
    painted(playground)
    card = playground._cards.children[0].children[0].value
    assert "<img src=x" not in playground._picture.value + card
    code = html.unescape(re.search("<pre[^>]*>(.*?)</pre>", card, re.DOTALL)[1])
    assert code == recipe_of(playground)


def test_the_notebook_says_what_stands_there_and_its_recipe_is_the_playgrounds():
    path = Path(__file__).parent.parent / "notebooks" / "playground.ipynb"
    notebook = nbformat.read(path, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "a still picture of the playground stands here" in text and "without a mouse" in text
    assert re.search(r"\d+ minutes", notebook.cells[0].source) and path.stat().st_size < 200_000
    [live] = [cell for cell in notebook.cells if cell.source == "Playground(MODEL)"]
    [output] = live.outputs
    assert output.data["text/plain"] == NOTE and 'alt="The playground: ' in output.data["text/html"]
    components = models.load_components(models.POCKET)
    steps, guidance = models.settings().values()
    recipe = Recipe("an astronaut on mars", "", 0, steps, guidance, scheduler_name(components.scheduler))
    assert f"```python\n{as_python(recipe, models.POCKET, components)}```" in text


def test_where_there_are_no_widgets_a_still_picture_and_a_sentence_stand(playground):
    bundle = playground._repr_mimebundle_()
    assert bundle["text/plain"] == repr(playground) == NOTE
    assert re.search(r'<img alt="The playground: [^"]+" src="data:image/webp;base64,', bundle["text/html"])
    assert len(bundle["text/html"]) < 100_000
