"""What takes long is made once and kept, whole or not at all, with a mark of all that it was made from.

A mark is a short text; where the mark in a file is another one, what lies there is made anew. What was made
is returned also where it can't be kept, on a full disk or in a read-only folder: a warning says so.
"""

import functools
import hashlib
import json
import warnings
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import torch

from helpers.errors import DiskError
from helpers.machine.disk import write_json, write_whole
from helpers.models import ROOT
from worlds import planets, seeds


def mark(*things):
    """Sixteen characters that stand for `things`: with one of them changed, it is another mark.

    Each is a network (its weights in half precision, as on disk), a Path (a file, or a folder's safetensors
    files), bytes, or anything whose `repr` says all of it: numbers, text, tuples, dicts.
    """
    digest = hashlib.sha256()
    for thing in things:
        for part in _bytes_of(thing):
            digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:16]


def weights_mark(*folders):
    """The mark of the weights in folders of models/, such as "pocket-planets"."""
    return mark(*(ROOT / "models" / folder for folder in folders))


@functools.cache
def painter_mark():
    """The mark of the painter of planets: of 64 pictures and captions that it makes now."""
    drawn = [planets.draw(seed) for seed in seeds.PAINTER]
    return mark(*(part for picture, words, _ in drawn for part in (picture.tobytes(), words)))


def kept(file, made_from, make):
    """What `make()` returns (dicts, lists, numbers), kept as JSON in `file` under the mark `made_from`."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["made_from"] == made_from:
            return found["made"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass  # missing, half written by something else, or of another form: made anew
    content = {"made_from": made_from, "made": make()}
    keep(file, partial(write_json, file, content))
    return json.loads(json.dumps(content))["made"]


def kept_arrays(file, made_from, make):
    """The dict of arrays that `make()` returns, kept as `file`, an .npz, under the mark `made_from`."""
    try:
        with np.load(file) as found:
            if str(found["made_from"]) == made_from:
                return {name: found[name] for name in found.files if name != "made_from"}
    except (FileNotFoundError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    made = make()
    keep(file, lambda: write_whole(file, lambda path: np.savez(path, made_from=made_from, **made)))
    return made


def keep(file, write):
    """Call `write()`; where that fails, warn that `file` is not kept. Whether it is."""
    try:
        write()
    except DiskError as error:
        warnings.warn(f"{error} Meanwhile this goes on, and {file.name} is not kept.", stacklevel=3)
        return False
    return True


def _bytes_of(thing):
    if isinstance(thing, torch.nn.Module):
        for name, weight in thing.state_dict().items():
            yield name.encode()
            yield weight.detach().half().cpu().numpy().tobytes()
    elif isinstance(thing, Path):
        files = sorted(thing.rglob("*.safetensors")) if thing.is_dir() else [thing]
        for file in files:
            yield file.relative_to(thing if thing.is_dir() else thing.parent).as_posix().encode()
            yield file.read_bytes()
    else:
        yield thing if isinstance(thing, bytes) else repr(thing).encode()
