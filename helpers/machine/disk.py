"""Writing to the disk: a file is there whole or not at all, and what prevents it is said in one sentence."""

import errno
import json
import os
import re
import shutil
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

from helpers.errors import DiskError

ROOT = Path(__file__).resolve().parents[2]  # of this project
FULL = {errno.ENOSPC, errno.EDQUOT}
CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}


def write_whole(file, write):
    """Let `write(path)` make a file beside `file`, with its ending, and put it there in one move.

    An interruption leaves the old file, or none. Two programs that write the same file at once don't meet:
    the last one's stays. Raises DiskError where it can't be written.
    """
    file = Path(file)
    if not file.name:
        raise DiskError(
            f"{named(file)} can't be written, because it is a folder: give the name of a file in it."
        )
    new = file.with_name(f".{file.stem}-{uuid.uuid4().hex[:8]}{file.suffix}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(new)
            os.replace(new, file)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(file, error) from error


def write_text(file, text):
    """Write text as UTF-8, whole or not at all. Raises DiskError where it can't be written."""
    write_whole(file, lambda path: path.write_text(text, encoding="utf-8"))


def write_json(file, content):
    """Write nested dicts, lists and numbers as JSON, whole or not at all. Raises DiskError."""
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def check_room(folder, needed, what):
    """Raise DiskError unless `needed` bytes are free where `folder` is, or will be; `what` needs them."""
    folder = Path(folder).absolute()
    place = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise DiskError(
            f"{what} needs {needed / 1e9:.1f} GB on the disk of {named(folder)}, and {free / 1e9:.1f} GB are "
            "free: free some space, and run this again."
        )


def check_open(file):
    """Raise DiskError unless `file` can be written: said before an hour's work, not after it."""
    folder = Path(file).absolute().parent
    place = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise disk_error(file, error) from error


def disk_error(file, error):
    """The DiskError that says why `file` can't be written, and what to do, of a library's `error`."""
    number = _number(error)
    if isinstance(error, DiskError):
        return error
    if number in FULL:
        why, cure = "the disk is full", "free some space, and run this again"
    elif number in CLOSED:
        why, cure = "its folder is read-only for you", "copy the project to your own folder, and work there"
    elif number in (errno.EEXIST, errno.ENOTDIR):
        why, cure = "a file stands where its folder should be", "choose another place"
    else:
        why, cure = os.strerror(number) if number else str(error), "choose another place"
    return DiskError(f"{named(file)} can't be written, because {why[:1].lower()}{why[1:]}: {cure}.")


@contextmanager
def clear_disk_error(place):
    """Turn what a full disk or a read-only folder raises inside the block, in any library, into a DiskError.

    It names the file, or `place` where the library didn't say which one.
    """
    try:
        yield
    except Exception as error:
        if _number(error) not in FULL | CLOSED:
            raise
        raise disk_error(getattr(error, "filename", None) or place, error) from error


def _number(error):
    """The operating system's number of an error; safetensors, written in Rust, has it in its words alone."""
    words = re.search(r"\(os error (\d+)\)", str(error))
    return getattr(error, "errno", None) or (int(words[1]) if words else None)


def named(path):
    """A path as a reader knows it: from the root of this project, if it lies there."""
    path = Path(path)
    name = (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()
    return name if name.isprintable() else ascii(name)
