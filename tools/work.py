"""A learner's working copies of the notebooks, in work/: git ignores them, so that pulling never meets them.

    python -m tools.work                      copy what is missing, and renew the copies that nobody changed
    python -m tools.work reset [05 ...]       all, or those named, as they are in notebooks/; yours is kept
    python -m tools.work progress [folder]    which exercises say "Right!"

work/ lies beside notebooks/, so that ../images and ../models lead to the same place from both.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from datetime import datetime
from functools import partial
from pathlib import Path

from helpers.errors import DiskError
from helpers.machine.disk import clear_disk_error, write_text, write_whole
from tools.exercises import right

ROOT = Path(__file__).resolve().parent.parent
COPIED = ".copied.json"  # in work/: the fingerprint of each notebook as it was copied


def fingerprint(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def copied(work):
    """{name: fingerprint of the notebook when it was copied}; empty where the list is missing or broken."""
    try:
        return dict(json.loads((work / COPIED).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def put(source, work):
    """Copy the notebook `source` into `work`, at once or not at all, and write down what was copied."""
    write_whole(work / source.name, partial(shutil.copyfile, source))
    note(source, work)


def note(source, work):
    """Write down that the copy in `work` comes from `source` as it is now."""
    listed = copied(work) | {source.name: fingerprint(source)}
    write_text(work / COPIED, json.dumps(listed, indent=1, sort_keys=True) + "\n")


def called(source):
    """What `make reset NOTEBOOK=` calls it: the number, or the whole stem where there is none."""
    return re.sub(r"^(\d\d)_.*", r"\1", source.stem)


def fill(root=ROOT):
    """Copy what work/ lacks and renew what is as it was copied; yields a sentence for each thing to know."""
    work = root / "work"
    work.mkdir(exist_ok=True)
    known = copied(work)
    for source in sorted((root / "notebooks").glob("*.ipynb")):
        copy, listed = work / source.name, known.get(source.name)
        if not copy.exists() or fingerprint(copy) == listed != fingerprint(source):
            put(source, work)
        elif listed is None or fingerprint(copy) == fingerprint(source) != listed:
            note(source, work)  # it came by another way, from a handout or by hand
        elif listed != fingerprint(source):
            yield (
                f"work/{source.name} is yours, and notebooks/ has a newer one: "
                f"make reset NOTEBOOK={called(source)} brings that and keeps yours."
            )


def dated(path, now):
    """A free name beside `path`, with the date and the time: there its ../images still lead somewhere."""
    stem, count = f"{path.stem}_{now:%Y-%m-%d_%H%M%S}", 1
    while (free := path.with_name(f"{stem}{f'_{count}' if count > 1 else ''}{path.suffix}")).exists():
        count += 1
    return free


def chosen(names, root):
    """The notebooks that `names` mean: "05", "5", a file's name or its path. Without a name: all.

    Raises ValueError, a sentence, for a name that means none.
    """
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    found = []
    for name in names:
        stem = Path(name).name.removesuffix(".ipynb")
        number = f"{stem:0>2}_" if stem.isdecimal() else None
        meant = [each for each in notebooks if each.stem == stem or (number and each.name.startswith(number))]
        if not meant:
            known = ", ".join(map(called, notebooks))
            raise ValueError(f"No notebook is called {name!r}. There are: {known}.")
        found += [each for each in meant if each not in found]
    return found if names else notebooks


def reset(names=(), root=ROOT):
    """Bring working copies back to what is in notebooks/; keep changed ones. Yields a sentence for each."""
    work = root / "work"
    sources = chosen(names, root)
    work.mkdir(exist_ok=True)
    known = copied(work)
    for source in sources:
        copy, kept = work / source.name, None
        if copy.exists() and fingerprint(copy) not in (fingerprint(source), known.get(source.name)):
            kept = dated(copy, datetime.now())
            os.replace(copy, kept)
        try:
            put(source, work)
        except OSError:
            if kept and not copy.exists():
                os.replace(kept, copy)
            raise
        if kept:
            yield (
                f"work/{copy.name} is new again; what you wrote is kept in work/{kept.name}. If it is open "
                "in JupyterLab: File, Reload Notebook from Disk."
            )
        elif names:
            yield f"work/{copy.name} is as in notebooks/; there was nothing of yours to keep."


def title(path):
    """ "05 The denoising loop" for 05_the_denoising_loop.ipynb."""
    number, _, words = path.stem.partition("_")
    return f"{number} {words.replace('_', ' ').capitalize()}"


def progress(folder, root=ROOT):
    """Yields a line for each lesson: the numbers of its exercises that say "Right!", and how many."""
    for source in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        path = Path(folder) / source.name
        name = f"{title(source):24}"
        if not path.exists():
            yield f"{name} not there yet"
            continue
        try:
            done = list(right(json.loads(path.read_text(encoding="utf-8"))).values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            yield f"{name} can't be read: make reset NOTEBOOK={called(source)} brings it back and keeps this"
            continue
        signs = " ".join(str(i) if each else "-" for i, each in enumerate(done, 1))
        yield f"{name} {signs:12} {sum(done)} of {len(done)} right"


def main(arguments, root=ROOT):
    task, *names = arguments or ["fill"]
    try:
        with clear_disk_error(root / "work"):
            return do(task, names, root)
    except (ValueError, DiskError) as error:
        return str(error)


def do(task, names, root):
    """One of the three tasks; returns what went wrong, or None. Raises ValueError, OSError, DiskError."""
    if task == "fill" and not names:
        print(*fill(root), "Your notebooks are in work/. Write in them as you like.", sep="\n")
    elif task == "reset":
        done = list(reset(names, root))
        print(*done or ["work/ is as notebooks/; there was nothing of yours to keep."], sep="\n")
    elif task == "progress" and len(names) < 2:
        folder = Path(names[0]) if names else root / "work"
        if not folder.is_dir():
            return f"There is no folder {names[0]}." if names else "There is no work/ yet: make work"
        print(*progress(folder, root), sep="\n")
    else:
        return __doc__.partition("\n\n")[2].partition("\n\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
