"""No cell of a notebook is nailed to the pocket model: all of them run on a small model with other shapes.

Its weights are random and its pictures are noise, so nothing is compared; but a number that stands in a cell
in place of the model's own configuration shows here as an error.
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tiny import save_tiny

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
CHOICE = "MODEL = POCKET"
FEW_STEPS = """\
from helpers import models
MODEL = {folder!r}
models.SETTINGS[MODEL] = {{"num_inference_steps": 16, "guidance_scale": 5.0}}
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_cell_runs_on_a_model_of_other_shapes(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    folder = save_tiny("like sd", tmp_path / "tiny")
    choices = [cell for cell in notebook.cells if cell.cell_type == "code" and CHOICE in cell.source]
    assert len(choices) == 1, f"a notebook chooses its model in one place, `{CHOICE}`"
    choices[0].source = choices[0].source.replace(CHOICE, FEW_STEPS.format(folder=folder) + "#")
    options = {"timeout": 600, "resources": {"metadata": {"path": str(path.parent)}}}
    NotebookClient(notebook, **options).execute()  # raises what a cell raises
