"""Measurements that take longer than a reader waits: made by a script, kept as JSON in docs/measured/.

`python -m measure.NAME` makes docs/measured/NAME.json; a notebook shows the command beside the figure.
"""

import datetime
import hashlib
import json
import platform

import torch

from helpers.errors import ModelError
from helpers.models import POCKET, ROOT

FOLDER = ROOT / "docs" / "measured"


def load_measured(name):
    """The results of one script, as nested dicts and lists. Raises ModelError if they are not there."""
    file = FOLDER / f"{name}.json"
    if not file.is_file():
        raise ModelError(f"docs/measured/{name}.json is missing: run `python -m measure.{name}`.")
    return json.loads(file.read_text(encoding="utf-8"))["results"]


def save_measured(name, results):
    """Write results (dicts, lists, numbers), to three significant digits, and what made them when."""
    made = {"script": f"python -m measure.{name}", "date": datetime.date.today().isoformat(),
            "machine": platform.machine(), "torch": torch.__version__.split("+")[0]}
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"made": made, "results": _rounded(results)}, indent=1)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def weights_mark():
    """Eight characters that stand for the pocket model's U-Net: with other weights, other figures."""
    weights = ROOT / POCKET / "unet" / "diffusion_pytorch_model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest()[:8]


def kept(folder, name, make):
    """What `make` returns, kept as JSON in `folder`, so that an interrupted script goes on where it was."""
    file = folder / f"{name}.json"
    if not file.is_file():
        made = make()
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(made))
    return json.loads(file.read_text())


def _rounded(value):
    if isinstance(value, dict):
        return {str(key): _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value
