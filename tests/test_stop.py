"""Stop, while a picture is painted: one sentence, and the cells that follow do not run."""

import asyncio
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from helpers.errors import Stopped, stop_in_a_sentence

ROOT = Path(__file__).parent.parent
SET_UP = """
from helpers.denoising import generate
from helpers.models import POCKET, load_components
components = load_components(POCKET)
"""
# The third step says that it is reached: then the test presses Stop.
PAINT = """
def tell(step):
    if step.index == 2:
        print("painting", flush=True)

generate(components, "an astronaut", 0, 500, 3.0, callback=tell)
"""


def test_stop_ends_in_a_sentence_and_the_next_cell_does_not_run(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    cells = [new_code_cell(source) for source in (SET_UP, PAINT, "print('ran on')")]
    client = NotebookClient(
        new_notebook(cells=cells), timeout=600, resources={"metadata": {"path": str(ROOT)}}
    )

    async def press_stop():
        while not any("painting" in output.get("text", "") for output in cells[1].outputs):
            await asyncio.sleep(0.05)
        await client.km.interrupt_kernel()

    async def before(cell, cell_index):
        if cell_index == 1:
            tasks.append(asyncio.create_task(press_stop()))

    tasks, client.on_cell_execute = [], before
    with pytest.raises(CellExecutionError):
        client.execute()
    [error] = [output for output in cells[1].outputs if output.output_type == "error"]
    assert error.ename == "Stopped"
    assert error.traceback == ["Stopped: nothing was painted; run the cell again when you want it."]
    assert not cells[2].outputs


def test_a_stop_is_an_interrupt_and_keeps_its_first_words():
    with pytest.raises(KeyboardInterrupt, match="^inner$") as caught:
        with stop_in_a_sentence("outer"), stop_in_a_sentence("inner"):
            raise KeyboardInterrupt
    assert isinstance(caught.value, Stopped) and not isinstance(caught.value, Exception)


def test_other_errors_go_through_unchanged():
    with pytest.raises(ZeroDivisionError), stop_in_a_sentence("words"):
        raise ZeroDivisionError
