"""What holds the repository together: dependencies, the web address, tracked files."""

import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools.stamp_badges import badge, repository, setup_cell

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [Requirement(r) for r in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]]
LOCK = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
CONDA_NAMES = {"torch": "pytorch"}
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|work|Users)/\w|C:\\+Users")
TEXT_SUFFIXES = {".py", ".md", ".toml", ".yml", ".cff", ".json", ".ipynb", ".svg", ".txt", ".lock", ""}


def repository_files():
    """The paths of all files that are tracked or would be; skips the test where this is no git checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listing.returncode:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def texts():
    """(path, text) of every text file of the repository."""
    return [(p, p.read_text(encoding="utf-8")) for p in repository_files() if p.suffix in TEXT_SUFFIXES]


# ----------------------------------------------------------------------------------------------- dependencies


def test_environment_yml_repeats_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    conda = [Requirement(d) for d in environment["dependencies"] if isinstance(d, str)]
    conda += [Requirement(d) for d in pip if not d.startswith("-")]
    listed = {r.name: r.specifier for r in conda}
    assert listed.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert listed.pop("pip") == SpecifierSet()
    assert listed == {CONDA_NAMES.get(r.name, r.name): r.specifier for r in REQUIREMENTS}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: r.name)
def test_the_lock_satisfies_pyproject(requirement):
    (pin,) = [r for r in LOCK if canonicalize_name(r.name) == canonicalize_name(requirement.name)]
    (exact,) = pin.specifier
    assert exact.operator == "==" and "+" not in exact.version and pin.marker is None
    assert requirement.specifier.contains(exact.version)


def test_the_lock_pins_each_package_once_and_names_no_server():
    names = [canonicalize_name(r.name) for r in LOCK]
    assert len(names) == len(set(names))
    assert all(r.url is None and [s.operator for s in r.specifier] == ["=="] for r in LOCK)


# ------------------------------------------------------------------------------------------------ web address


def test_the_address_stands_in_one_place():
    short = repository().removeprefix("https://github.com/")
    holders = {path for path, text in texts() if short in text}
    assert holders - set(NOTEBOOKS) == {ROOT / "pyproject.toml"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_badge_and_set_up_cell_follow_the_address(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[0].source.count(badge(path.name)) == 1, "run `make badges`"
    first_code = next(c for c in notebook.cells if c.cell_type == "code")
    assert first_code.metadata.get("tags") == ["setup"], "the first code cell is the set-up cell"
    assert first_code.source == setup_cell(), "run `make badges`"


# -------------------------------------------------------------------------------------------- what is tracked


def test_no_file_holds_a_path_of_one_computer():
    assert not [p.relative_to(ROOT).as_posix() for p, text in texts() if MACHINE_PATH.search(text)]


def test_weights_are_safetensors_and_small():
    files = repository_files()
    unsafe = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
    assert not [p.name for p in files if p.suffix in unsafe]
    models = [p for p in files if (ROOT / "models") in p.parents]
    assert sum(p.stat().st_size for p in models) <= 30e6
    assert all((ROOT / "models") in p.parents for p in files if p.suffix == ".safetensors")
