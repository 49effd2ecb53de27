"""The cells that a reader takes along run outside of this repository: libraries and a model's folder will do.

Such a cell is tagged `take-it-with-you`. It imports nothing from here. If it needs a model, its line
`MODEL_FOLDER = "../models/NAME"` is the only place that says where that lies, and the only one that a reader
changes: here it becomes "NAME", in an empty folder with a copy of the model. The cell has to give there what
the notebook shows: the same printed text, and, if it leaves a `picture`, the one that the next cell shows.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from conftest import MEAN_BOUND, SMALL, small_copy, take_pictures
from tools.execute_notebooks import KERNEL_ENVIRONMENT

ROOT = Path(__file__).parent.parent
TAG = "take-it-with-you"
MODEL_FOLDER = re.compile(r'^MODEL_FOLDER = "\.\./models/([\w-]+)"', re.MULTILINE)
KEEP = '\nif "picture" in globals():\n    picture.save("picture.png")\n'


def takeaways():
    """(notebook, cell, the code cell after it) of every cell with the tag."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        following = [*code[1:], None]
        found += [(path.stem, c, n) for c, n in zip(code, following) if TAG in c.metadata.get("tags", [])]
    return found


TAKEAWAYS = takeaways()
each_takeaway = pytest.mark.parametrize("name, cell, following", TAKEAWAYS, ids=[t[0] for t in TAKEAWAYS])


def run_elsewhere(source, folder):
    """Run the code as a script in a folder, without this repository and without a network."""
    (folder / "taken.py").write_text(source, encoding="utf-8")
    environment = {**os.environ, "HF_HOME": str(folder / "cache"), **KERNEL_ENVIRONMENT}
    command = [sys.executable, "-I", "taken.py"]  # -I: no PYTHONPATH, and not the folder that we are in
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def with_its_model(source, folder):
    """The cell as a reader changes it, once the model's folder was copied beside the script."""
    for name in set(MODEL_FOLDER.findall(source)):
        shutil.copytree(ROOT / "models" / name, folder / name)
    return MODEL_FOLDER.sub(r'MODEL_FOLDER = "\1"', source)


@each_takeaway
def test_it_gives_in_an_empty_folder_what_the_notebook_shows(name, cell, following, tmp_path):
    done = run_elsewhere(with_its_model(cell.source, tmp_path) + KEEP, tmp_path)
    assert done.returncode == 0, done.stderr
    printed = "".join(o.text for o in cell.outputs if o.output_type == "stream")
    assert done.stdout == printed
    painted = tmp_path / "picture.png"
    assert printed or painted.exists(), "it prints nothing and leaves no `picture`"
    if painted.exists():
        _, shown = take_pictures(following.outputs)
        assert len(shown) == 1, "the cell after it shows the picture"
        assert np.abs(small(painted) - small_copy(shown[0][0])[0]).mean() < MEAN_BOUND


@each_takeaway
def test_it_says_once_where_its_model_lies(name, cell, following):
    assert len(MODEL_FOLDER.findall(cell.source)) == cell.source.count("../") <= 1


def test_a_notebook_has_one_such_cell_at_most():
    names = [name for name, _, _ in TAKEAWAYS]
    assert names and len(names) == len(set(names))


def test_what_lies_in_the_repository_is_out_of_reach(tmp_path):
    ours = ("helpers", "worlds", "tools", "training", "measure")
    looking = f"import importlib.util as u; print([name for name in {ours} if u.find_spec(name)])"
    assert run_elsewhere(looking, tmp_path).stdout == "[]\n"


def small(path):
    return np.asarray(Image.open(path).convert("RGB").resize(SMALL, Image.Resampling.BOX), dtype=np.float32)
