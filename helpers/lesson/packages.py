"""The packages that the notebooks import: what is missing is installed when a notebook starts.

The set-up cell of each notebook calls `install_missing`. It needs no package but `packaging`, which every
kernel has.
"""

import re
import subprocess
import sys
from importlib import invalidate_caches, metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
SHOWS = "jupyterlab"  # shows notebooks; a kernel runs without it, and Colab and VS Code have their own
OLDEST_PYTHON = (3, 11)
KEPT = ("torch", "numpy")  # built for their machine: where they are, they stay as they are
CURES = {  # words of pip's -> what helps
    "No space|quota": "Free some space on this disk",
    "ermission denied|Read-only|externally-managed": "Choose a kernel whose packages you may change",
    "": "Check the network",
}


def lacking():
    """[(requirement, installed version or None)] of what is missing or too old, by pyproject.toml's list."""
    import tomllib  # here, so that an older Python comes as far as its sentence

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = []
    for line in project["dependencies"] + project["optional-dependencies"]["notebooks"]:
        requirement = Requirement(line)
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            version = None
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            found.append((requirement, version))
    return found


def install_missing():
    """Install, into this kernel's Python, what the notebooks import and what is missing or too old here.

    PyTorch is never installed or changed, and NumPy never changed: an older one of them is said and kept.
    Raises ImportError, a sentence or two, where Python is too old or PyTorch missing, where pip fails, and
    where a package that is already in use became newer, so that the kernel has to start again.
    """
    if sys.version_info < OLDEST_PYTHON:
        oldest, here = (".".join(map(str, each[:2])) for each in (OLDEST_PYTHON, sys.version_info))
        raise ImportError(f"Python {oldest} or newer is needed, and this is {here}: choose another kernel.")
    wanted = []
    for requirement, version in lacking():
        if requirement.name in KEPT and version:
            print(f"{requirement.name} {version} stays; tested is {requirement.specifier}.")
        elif requirement.name == "torch":
            raise ImportError(
                "PyTorch is missing. Install the build for this machine as https://pytorch.org/get-started "
                "says, then restart the kernel."
            )
        elif requirement.name != SHOWS:
            wanted.append(str(requirement))
    if wanted:
        _install(wanted)


def _versions():
    return {each.name: each.version for each in metadata.distributions()}


def _install(wanted):
    print(f"Installing {', '.join(wanted)} ...", flush=True)
    before = _versions()
    kept = [f"{name}=={before[name]}" for name in KEPT if name in before]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "15"]
    run = subprocess.run([*command, *wanted, *kept], capture_output=True, text=True)
    if run.returncode:
        errors = [line for line in run.stderr.splitlines() if "error" in line.lower()]
        reason = (errors or run.stderr.splitlines() or ["pip gave no reason"])[0]
        listed = " ".join(f'"{each}"' for each in wanted)
        cure = next(cure for words, cure in CURES.items() if re.search(words, run.stderr))
        raise ImportError(
            f"They could not be installed ({reason.strip()}). {cure} and run this cell again, "
            f"or run in a terminal, with this kernel's Python: python -m pip install {listed}"
        )
    invalidate_caches()
    after, modules = _versions(), metadata.packages_distributions()
    used = {name for module, names in modules.items() if module in sys.modules for name in names}
    if changed := sorted(name for name in used if before.get(name, after.get(name)) != after.get(name)):
        raise ImportError(
            f"{', '.join(changed)} became newer while in use: restart the kernel, then run this cell again."
        )
