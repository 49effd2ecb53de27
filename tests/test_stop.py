"""Stop, while a picture is painted: one sentence, and the cells that follow do not run."""

import asyncio
from pathlib import Path

import pytest
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from tiny import tiny_parts

from helpers.denoising import generate
from helpers.errors import Stopped, stop_in_a_sentence
from helpers.image_to_image import image_to_image
from helpers.models import Components

ROOT = Path(__file__).parent.parent
SET_UP = """
from helpers.denoising import generate
from helpers.models import POCKET, load_components
components = load_components(POCKET, "cpu")
"""
# Each says when it is at work: then the test presses Stop.
PAINT = """
def tell(step):
    if step.index == 2:
        print("at work", flush=True)

generate(components, "an astronaut", 0, 500, 3.0, callback=tell)
"""
LOOP = """
import torch
layer = torch.nn.Linear(8, 8)
optimiser = torch.optim.Adam(layer.parameters())
for step in range(10_000_000):
    optimiser.zero_grad()
    layer(torch.ones(8)).square().sum().backward()
    optimiser.step()
    if step == 20:
        print("at work", flush=True)
"""
NOTHING = "Stopped: nothing was painted; run the cell again when you want it."
UNFINISHED = "Stopped: this cell did not finish; run it again when you want to."


@pytest.mark.parametrize(
    ("source", "words"),
    [(PAINT, NOTHING), (LOOP, UNFINISHED)],
    ids=["generate", "a loop of the reader's own"],
)
def test_stop_ends_in_a_sentence_and_the_next_cell_does_not_run(source, words, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    cells = [new_code_cell(source) for source in (SET_UP, source, "print('ran on')")]
    client = NotebookClient(
        new_notebook(cells=cells), timeout=600, resources={"metadata": {"path": str(ROOT)}}
    )

    async def press_stop():
        while not any("at work" in output.get("text", "") for output in cells[1].outputs):
            await asyncio.sleep(0.05)
        await client.km.interrupt_kernel()

    async def before(cell, cell_index):
        if cell_index == 1:
            tasks.append(asyncio.create_task(press_stop()))

    tasks, client.on_cell_execute = [], before
    with pytest.raises(CellExecutionError):
        client.execute()
    [error] = [output for output in cells[1].outputs if output.output_type == "error"]
    assert error.traceback == [words]
    assert not cells[2].outputs


SCHEDULERS = [PNDMScheduler, DDIMScheduler, EulerDiscreteScheduler, DPMSolverMultistepScheduler]


@pytest.mark.parametrize("scheduler_class", SCHEDULERS)
def test_the_next_picture_after_an_interrupt_is_the_same_as_without_one(scheduler_class):
    def stop(step):
        if step.index == 2:
            raise KeyboardInterrupt

    def fresh():
        components = Components(**tiny_parts("like pocket"))
        return components._replace(scheduler=scheduler_class.from_config(components.scheduler.config))

    start, components = Image.new("RGB", (128, 128), (180, 90, 40)), fresh()
    expected = generate(fresh(), "mars", 0, 4, 3.0)[0].tobytes()
    for interrupted in (
        lambda: generate(components, "mars", 1, 5, 3.0, callback=stop),
        lambda: image_to_image(components, "mars", start, 1, 0.8, 6, 3.0, callback=stop),
    ):
        with pytest.raises(Stopped, match="nothing was painted"):
            interrupted()
        assert generate(components, "mars", 0, 4, 3.0)[0].tobytes() == expected


def test_a_stop_is_an_interrupt_and_keeps_its_first_words():
    with pytest.raises(KeyboardInterrupt, match="^inner$") as caught:
        with stop_in_a_sentence("outer"), stop_in_a_sentence("inner"):
            raise KeyboardInterrupt
    assert isinstance(caught.value, Stopped) and not isinstance(caught.value, Exception)


def test_other_errors_go_through_unchanged():
    with pytest.raises(ZeroDivisionError), stop_in_a_sentence("words"):
        raise ZeroDivisionError
