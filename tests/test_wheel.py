"""The installed project: a wheel that holds what the notebooks import, under one name."""

import ast
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NAME = "diffusion_and_denoising"
PROMPT = "a red planet"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the wheel, built from a copy of the repository's code, unpacked as pip does."""
    source, wheels, site = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "site"))
    for room in ("helpers", "worlds", "training", "measure", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "cache")
        shutil.copytree(ROOT / room, source / room, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, source]
    building = subprocess.run(command, capture_output=True, text=True)
    assert building.returncode == 0, building.stdout + building.stderr
    (wheel,) = wheels.iterdir()
    zipfile.ZipFile(wheel).extractall(site)
    return site


def run(site, folder, *arguments):
    """Run Python in `folder`, where it finds the installed wheel and not the repository."""
    code = f"import sys; sys.path[:0] = [{str(site)!r}]; " + arguments[0]
    return subprocess.run(
        [sys.executable, "-c", code, *arguments[1:]], cwd=folder, capture_output=True, text=True
    )


def test_all_of_it_lies_under_one_name(installed):
    assert {path.name.split("-")[0] for path in installed.iterdir()} == {NAME}
    assert not list(installed.rglob("*.safetensors"))


def test_every_import_of_every_notebook_works_from_the_wheel(installed, tmp_path):
    imports = set()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        for cell in cells:
            lines = [line for line in cell.splitlines() if not line.lstrip().startswith(("%", "!"))]
            for node in ast.walk(ast.parse("\n".join(lines))):
                if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in ("helpers", "worlds"):
                    imports.add(ast.unparse(node))
    assert len(imports) > 20
    ran = run(installed, tmp_path, f"import {NAME}; " + "; ".join(sorted(imports)))
    assert ran.returncode == 0, ran.stderr


def test_another_package_called_helpers_is_not_in_the_way(installed, tmp_path):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").touch()
    ran = run(installed, tmp_path, f"import {NAME}, helpers; print(helpers.__file__)")
    assert NAME in ran.stdout, ran.stderr


def test_the_wheel_paints_a_picture_in_an_empty_folder(installed, tmp_path):
    start = (
        f"import runpy; sys.path.remove(''); runpy.run_module({NAME!r}, run_name='__main__', alter_sys=True)"
    )
    model = ROOT / "models" / "pocket-planets"
    ran = run(installed, tmp_path, start, PROMPT, "--model", model, "--steps", "2", "--out", "red.png")
    assert ran.returncode == 0, ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["red.png"]


def test_without_a_model_it_says_where_to_find_one(installed, tmp_path):
    start = f"import runpy; runpy.run_module({NAME!r}, run_name='__main__', alter_sys=True)"
    ran = run(installed, tmp_path, start, PROMPT)
    (sentence,) = ran.stderr.splitlines()
    assert ran.returncode == 1 and "inside a clone" in sentence and "with --model" in sentence


def test_inside_a_clone_its_pocket_model_is_the_default(installed, tmp_path):
    start = (
        f"import runpy; sys.path.remove(''); runpy.run_module({NAME!r}, run_name='__main__', alter_sys=True)"
    )
    shutil.copytree(ROOT / "models" / "pocket-planets", tmp_path / "models" / "pocket-planets")
    (tmp_path / "work").mkdir()
    ran = run(installed, tmp_path / "work", start, PROMPT, "--steps", "1", "--out", "red.png")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "work" / "red.png").is_file() and str(tmp_path / "models") in ran.stdout
