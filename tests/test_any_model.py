"""No cell of a notebook is nailed to the pocket model: all of them run on a small model with other shapes.

Its weights are random and its pictures are noise, so nothing is compared; but a number that stands in a cell
in place of the model's own configuration shows here as an error.
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tiny import save_tiny

OWN_NETWORKS = {"12_proteins", "13_video", "14_sound"}  # worlds with networks of their own, and no MODEL
FOUND = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
NOTEBOOKS = [path for path in FOUND if path.stem not in OWN_NETWORKS]
CHOICE = "MODEL = POCKET"
FEW_STEPS = """\
from helpers import models
MODEL = {folder!r}
models.SETTINGS[MODEL] = {{"num_inference_steps": 16, "guidance_scale": 5.0}}
"""


def test_the_notebooks_with_networks_of_their_own_offer_no_choice_of_model():
    own = [path for path in FOUND if path.stem in OWN_NETWORKS]
    assert len(own) == len(OWN_NETWORKS) and not [
        path for path in own if "MODEL = " in path.read_text("utf-8")
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_cell_runs_on_a_model_of_other_shapes(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    folder = save_tiny("like sd", tmp_path / "tiny")
    choices = [cell for cell in notebook.cells if cell.cell_type == "code" and CHOICE in cell.source]
    assert len(choices) == 1, f"a notebook chooses its model in one place, `{CHOICE}`"
    choices[0].source = choices[0].source.replace(CHOICE, FEW_STEPS.format(folder=folder) + "#")
    options = {"timeout": 600, "resources": {"metadata": {"path": str(path.parent)}}}
    NotebookClient(notebook, **options).execute()  # raises what a cell raises
