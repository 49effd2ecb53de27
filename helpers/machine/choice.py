"""Which model is meant, and the folder that holds it: in this repository, a reader's own, or from the Hub."""

import os
import re
import sys
from pathlib import Path

from helpers.errors import InputError, ModelError, quoted, shown
from helpers.machine.disk import ROOT
from helpers.machine.hub import hub_folder
from helpers.machine.weights import WEIGHTS, names_checker

POCKET = "models/pocket-planets"
FULL = "CompVis/stable-diffusion-v1-4"
FULL_REVISION = "133a221b8aa7292a167afc5127cb63fb5005638b"
CHOICE = "DIFFUSION_MODEL"  # the environment variable
SHORT = {"pocket": POCKET, "full": FULL}  # in small or capital letters
PINNED = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})")
NOTICE = """\
Stable Diffusion v1-4 comes under the CreativeML Open RAIL-M licence. You may use it, also commercially, but
not to make or share what is illegal or harmful; its makers claim no rights to your pictures, and you answer
for their use. The licence in full: https://huggingface.co/spaces/CompVis/stable-diffusion-license
Its safety checker looks at finished pictures and makes black what it takes for unsafe (NSFW). To load the
model without it: load_components(MODEL, safety_checker=False). More: docs/full-model.md"""


def model_folder(model=POCKET, safety_checker=True):
    """The folder on this machine that holds a model, in the diffusers layout; downloaded if need be.

    Each of its subfolders is one part, for the `from_pretrained` of that part's class. Without
    `safety_checker`, a model's checker is not downloaded. Raises InputError for an unknown model, ModelError
    for a download that fails.
    """
    model = chosen(model)
    if on_hub := _on_hub(model):
        return _from_hub(*on_hub, safety_checker)
    for folder in (ROOT / model, Path(model)):
        if os.path.isfile(folder / "model_index.json"):  # also of names that no file can have
            return folder
    if model == POCKET:
        raise ModelError(f"{POCKET}/model_index.json is missing: {mend(ROOT / POCKET)}.")
    wish = _meant(os.environ.get(CHOICE, ""))
    named = f" (the environment variable {CHOICE} names it)" if wish and model == _name(wish) else ""
    raise InputError(
        f'There is no model {quoted(model)}{named}: take "pocket", "full" (which is {FULL}), a folder in the '
        'diffusers layout (with a model_index.json), or a model of the Hub as "owner/name@" and its 40-digit '
        "commit."
    )


def chosen(model):
    """The name of the model that is meant by a name or a Path: POCKET, FULL, a folder, "owner/name@commit".

    In a notebook the environment variable DIFFUSION_MODEL replaces POCKET, and "pocket"; the Path
    ROOT / POCKET always means the pocket model itself. Raises InputError for what is no name.
    """
    if not isinstance(model, str | Path):
        raise InputError(f'A model is named by a text, such as "{POCKET}", not by {shown(model)}.')
    if isinstance(model, str):
        model = _meant(model)
        if model == POCKET and _in_notebook():
            model = _meant(os.environ.get(CHOICE, "")) or POCKET
    name = _name(model)
    return POCKET if name == (ROOT / POCKET).as_posix() else name


def _meant(text):
    """What a text means, with blanks around it, capital letters in "pocket" or "full", or ~ for the home."""
    text = text.strip()
    return SHORT.get(text.lower(), text)


def _name(model):
    return Path(os.path.expanduser(model)).as_posix() if str(model) else ""


def _in_notebook():
    """Whether this Python is a notebook's kernel: commands name their model as an option."""
    shell = "IPython" in sys.modules and sys.modules["IPython"].get_ipython()
    return hasattr(shell, "kernel")


def _on_hub(model):
    """(owner/name, revision) of a model of the Hub; None for a folder."""
    if model == FULL:
        return FULL, FULL_REVISION
    pinned = PINNED.fullmatch(model)
    return pinned and pinned.groups()


_noticed = set()


def _from_hub(model, revision, safety_checker):
    """The folder of a model of the Hub, after a word on its licence: the five parts, safetensors only."""
    if model not in _noticed:
        _noticed.add(model)
        print(NOTICE if model == FULL else f"The licence of {model} stands on https://huggingface.co/{model}")
    folder = hub_folder(model, revision, ["model_index.json"])
    parts = [part for part in WEIGHTS if part != "safety_checker" or safety_checker and names_checker(folder)]
    files = ["model_index.json", "scheduler/*.json", "tokenizer/*"]
    files += [f"{part}/{name}" for part in parts for name in ("config.json", WEIGHTS[part])]
    files += ["feature_extractor/*.json"] * ("safety_checker" in parts)
    return hub_folder(model, revision, files)


def mend(path):
    """What to do about a file or a folder of a model that is missing or damaged."""
    if path.is_relative_to(ROOT / "models"):
        return "bring it back with `git checkout -- models`, or clone the repository again"
    if "snapshots" in path.parts:  # the Hub's cache: a file there is a link to one with the content
        kept = path.resolve() if path.is_file() else Path(*path.parts[: path.parts.index("snapshots")])
        return f"delete {kept} and run this again, which downloads it anew"
    return "save the model there again"
