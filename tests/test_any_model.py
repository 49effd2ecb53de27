"""No cell of a notebook is nailed to the pocket model: all of them run on a small model with other shapes.

Its weights are random and its pictures are noise, so nothing is compared; but a number that stands in a cell
in place of the model's own configuration shows here as an error.
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tiny import on_another_model, save_tiny

OWN_NETWORKS = {"12_proteins", "13_video", "14_sound"}  # worlds with networks of their own, and no MODEL
FOUND = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
NOTEBOOKS = [path for path in FOUND if path.stem not in OWN_NETWORKS]


def test_the_notebooks_with_networks_of_their_own_offer_no_choice_of_model():
    own = [path for path in FOUND if path.stem in OWN_NETWORKS]
    assert len(own) == len(OWN_NETWORKS) and not [
        path for path in own if "MODEL = " in path.read_text("utf-8")
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_cell_runs_on_a_model_of_other_shapes(path, tmp_path):
    notebook = on_another_model(
        nbformat.read(path, as_version=4), save_tiny("like sd", tmp_path / "tiny"), steps=16
    )
    options = {"timeout": 600, "resources": {"metadata": {"path": str(path.parent)}}}
    NotebookClient(notebook, **options).execute()  # raises what a cell raises
