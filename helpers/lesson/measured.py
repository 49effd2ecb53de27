"""Measurements that take longer than a reader waits: made by a script, kept as JSON in docs/measured/.

`python -m measure.NAME` makes docs/measured/NAME.json; a notebook shows the command beside the figure. Each
file holds the mark of the weights that it is about: with others, it has to be made anew.
"""

import datetime
import json
import os

import torch

from helpers.errors import ModelError, check_choice, check_text
from helpers.lesson import cache
from helpers.machine.disk import write_json
from helpers.machine.processor import in_words, machine
from helpers.models import ROOT

FOLDER = ROOT / "docs" / "measured"
# For scripts whose U-Nets are their own
LATENTS_AND_WORDS = "pocket-planets/vae", "pocket-planets/text_encoder"
ABOUT = {  # the folders of models/ that each script measures, or measures by
    "clip": ("pocket-clip",),
    "first_picture": ("pocket-planets", "pocket-judge"),
    "guidance": ("pocket-planets", "pocket-judge"),
    "negative_prompts": ("pocket-planets", "pocket-judge"),
    "prediction_types": (*LATENTS_AND_WORDS, "pocket-judge"),
    "schedulers": ("pocket-planets", "pocket-judge"),
    "sounds": ("pocket-sounds",),
    "spaces": ("pocket-spaces", *LATENTS_AND_WORDS, "pocket-judge"),
    "training": ("pocket-planets", "pocket-clip", "pocket-judge"),
    "unet_time": ("pocket-planets",),
    "variations": ("pocket-planets", "pocket-judge"),
    "video": ("pocket-video", "pocket-planets", "pocket-judge"),
}


def load_measured(name):
    """The results of one script, as nested dicts and lists. Raises ModelError if they are not there.

    Raises InputError for a name that no script has.
    """
    file = FOLDER / f"{check_text(name, 'The name of a measurement')}.json"
    if not os.path.isfile(file):  # also of names that no file can have
        check_choice(name, tuple(ABOUT), "measurement")
        raise ModelError(f"docs/measured/{name}.json is missing: run `python -m measure.{name}`.")
    return json.loads(file.read_text(encoding="utf-8"))["results"]


def workplace(name):
    """The folder in out/ where a script keeps what is finished, so that a second run goes on from there."""
    return ROOT / "out" / f"measure_{name}"


def save_measured(name, results, quick=False):
    """Write results (dicts, lists, numbers), to three significant digits, and what made them when.

    Those of a smoke run (`quick`) go into the script's `workplace` instead, where no text reads them.
    """
    if quick:
        return write_json(workplace(name) / "quick.json", rounded(results))
    made = {
        "script": f"python -m measure.{name}",
        "weights": cache.weights_mark(*ABOUT[name]),
        "date": datetime.date.today().isoformat(),
        "machine": in_words(machine()),
        "torch": torch.__version__.split("+")[0],
    }
    write_json(FOLDER / f"{name}.json", {"made": made, "results": rounded(results)})


def made_from(name, *settings):
    """The mark of what a script's figures come from: weights, the painter, and settings."""
    return cache.mark(cache.weights_mark(*ABOUT[name]), cache.painter_mark(), *settings)


def rounded(value):
    """Nested figures to three significant digits."""
    if isinstance(value, dict):
        return {str(key): rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


def table(head, rows):
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
