"""What a picture of the playground may begin with, other than noise: TRAPPIST-1e, or a reader's own file."""

import re
from itertools import count
from pathlib import Path

from helpers.machine.disk import write_whole
from helpers.show.pictures import load_trappist, open_picture

TRAPPIST = "TRAPPIST-1e"
UPLOADS = Path("uploads")  # beside the notebook, where a recipe finds them again


def starting_picture(start, size):
    """The RGB picture of TRAPPIST or of a file's path, as the model takes it.

    `size` is (width, height). Raises InputError for a file that can't be opened.
    """
    return load_trappist(size)[0] if start == TRAPPIST else open_picture(start, size)


def uploaded(value):
    """The name and the bytes of the one file in a FileUpload's value, of ipywidgets 7 or 8."""
    if isinstance(value, dict):  # 7
        ((name, file),) = value.items()
    else:
        (file,) = value
        name = file["name"]
    return name, bytes(file["content"])


def kept(name, content, folder=UPLOADS):
    """The path of an uploaded file, written into `folder`; another file of the same name stays as it is.

    Raises DiskError where it can't be written.
    """
    name = re.split(r"[/\\]", name)[-1].lstrip(".")
    name = Path(re.sub(r"[^\w. -]", "_", name) or "picture")
    for number in count(1):
        path = folder / (name.name if number == 1 else f"{name.stem}-{number}{name.suffix}")
        if not path.exists():
            write_whole(path, lambda new: new.write_bytes(content))
        if path.read_bytes() == content:
            return path
