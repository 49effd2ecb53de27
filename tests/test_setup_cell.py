"""The set-up cell, run as its readers run it: on Colab, on Kaggle, in VS Code, twice, cut short, offline.

Each test runs the cell in a Python of its own, in a folder of its own. git finds the repository's web address
in a local one, which holds what the cell needs of this repository; pip finds its packages in a local folder.
"""

import os
import random
import re
import shutil
import signal
import site
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from disks import full_disk, read_only

from helpers.lesson import packages
from tools.stamp_badges import LAST, MARKS, repository, setup_cell

ROOT = Path(__file__).resolve().parent.parent
NAME = repository().rsplit("/", 1)[1]
SAYS_WHERE = (
    "\nimport helpers\nprint(os.getcwd())\nprint(os.path.dirname(os.path.dirname(helpers.__file__)))\n"
)
pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="these tests need git")


def git(*arguments, cwd):
    names = ["-c", "user.name=n", "-c", "user.email=e", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *names, *arguments], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """What lies at the repository's address: a small repository with the code that the cell calls."""
    source = tmp_path_factory.mktemp("published") / NAME
    for name in ("helpers/__init__.py", "helpers/lesson/__init__.py", "helpers/lesson/packages.py", LAST):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    shutil.copy(ROOT / "pyproject.toml", source)
    for folder in ("notebooks", "work"):
        (source / folder).mkdir()
        (source / folder / "05_loop.ipynb").write_text("{}")
    (source / "images").mkdir()
    (source / "images" / "large.png").write_bytes(random.Random(0).randbytes(300_000))
    git("init", cwd=source)
    git("add", ".", cwd=source)
    git("commit", "-m", "all", cwd=source)
    return source


def environment(published, **more):
    """The variables with which git finds `published`, a folder or an address, at the repository's address."""
    found = published if str(published).startswith("http") else Path(published).as_uri()
    address = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{found}.insteadOf",
        "GIT_CONFIG_VALUE_0": repository(),
    }
    keep = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and "proxy" not in k.lower()}
    return keep | address | {"PYTHONDONTWRITEBYTECODE": "1"} | more


def run(folder, published, source=None, python=sys.executable, **more):
    """The set-up cell in a fresh Python in `folder`, then where it is and where `helpers` comes from."""
    command = [python, "-c", (source or setup_cell()) + SAYS_WHERE]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment(published, **more)
    )


def sentence(result):
    """The last line of a failed run, its error's name left off."""
    assert result.returncode
    return result.stderr.strip().splitlines()[-1].partition(": ")[2]


def ready_in(root, folder="notebooks"):
    return f"{Path(root).resolve() / folder}\n{Path(root).resolve()}\n"


@pytest.fixture
def cloned(tmp_path, published):
    """A folder in which the cell has run, as after a first visit; returns the clone in it."""
    assert run(tmp_path, published).returncode == 0
    return tmp_path / NAME


NOWHERE = Path("/no/such/repository").absolute()
ELSEWHERE = f"open this notebook in the folder notebooks/ or work/ of a whole copy of {repository()}."


def test_alone_in_an_empty_folder_it_fetches_the_code(tmp_path, published):
    """On Colab; on Kaggle; for a copy in Drive, whose folder has a blank; for a file that was downloaded."""
    folder = tmp_path / "Colab Notebooks"
    folder.mkdir()
    result = run(folder, published)
    assert not result.stderr
    assert result.stdout == f"Fetching {repository()} ...\n" + ready_in(folder / NAME)
    assert os.listdir(folder) == [NAME]


def test_run_twice_it_does_nothing_more(tmp_path, published):
    result = run(tmp_path, published, setup_cell() + "\n" + setup_cell())
    assert not result.stderr and result.stdout.count("Fetching") == 1
    assert result.stdout.endswith(ready_in(tmp_path / NAME))


@pytest.mark.parametrize("folder", [".", NAME, f"{NAME}/notebooks"])
def test_after_a_restart_at_the_clones_root_and_in_its_notebooks_it_fetches_nothing(cloned, folder):
    result = run(cloned.parent / folder, NOWHERE)
    assert (result.stdout, result.stderr) == (ready_in(cloned), "")


def test_in_work_it_stays_there(cloned):
    assert run(cloned / "work", NOWHERE).stdout == ready_in(cloned, "work")


def test_deep_in_the_repository_it_finds_the_root(cloned):
    (cloned / "out/handout/learners").mkdir(parents=True)
    assert run(cloned / "out/handout/learners", NOWHERE).stdout == ready_in(cloned)


def test_as_a_single_file_in_vs_code_it_knows_where_the_file_lies(cloned, tmp_path):
    """VS Code's kernel may start anywhere, and VS Code gives it the notebook's path."""
    (tmp_path / "elsewhere").mkdir()
    opened = f"__vsc_ipynb_file__ = {str(cloned / 'work' / '05_loop.ipynb')!r}\n"
    result = run(tmp_path / "elsewhere", NOWHERE, opened + setup_cell())
    assert (result.stdout, result.stderr) == (ready_in(cloned, "work"), "")


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_fetch_that_was_cut_is_begun_anew(tmp_path, published):
    """The machine goes away in the middle: neither git nor Python can tidy up."""
    slow = pretends(
        tmp_path,
        'for part in "$@"; do :; done\nmkdir -p "$part/.git"\necho half > "$part/README"\n'
        f"touch {tmp_path}/begun\nexec sleep 60",
    )
    (tmp_path / "content").mkdir()
    cell = subprocess.Popen(
        [sys.executable, "-c", setup_cell()],
        cwd=tmp_path / "content",
        env=environment(published, **slow),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (tmp_path / "begun").exists():
        assert cell.poll() is None
        time.sleep(0.02)
    os.killpg(cell.pid, signal.SIGKILL)
    cell.wait()
    assert os.listdir(tmp_path / "content")
    result = run(tmp_path / "content", published)
    assert not result.stderr and result.stdout.endswith(ready_in(tmp_path / "content" / NAME))
    assert os.listdir(tmp_path / "content") == [NAME]


def is_part(part, cure):
    return f"{part.resolve()} is only a part of the project: {cure}"


def test_half_a_clone_by_hand_is_named_and_left_alone(tmp_path, published):
    (tmp_path / NAME / "helpers").mkdir(parents=True)
    (tmp_path / NAME / "my notes.txt").write_text("mine")
    said = sentence(run(tmp_path, published))
    assert said == is_part(tmp_path / NAME, "rename or delete it, then run this cell again.")
    assert (tmp_path / NAME / "my notes.txt").read_text() == "mine"
    (tmp_path / NAME).rename(tmp_path / "other")
    assert run(tmp_path, published).returncode == 0


@pytest.mark.parametrize("lost", ["helpers", *MARKS])
def test_a_clone_that_lacks_something_is_named_beside_it_and_within(cloned, published, lost):
    """Deleted, unpacked or copied in part, or cut: what git writes last is missing then."""
    shutil.rmtree(cloned / lost) if (cloned / lost).is_dir() else (cloned / lost).unlink()
    said = sentence(run(cloned.parent, published))
    assert said == is_part(cloned, "rename or delete it, then run this cell again.")
    for within in {".", "notebooks", "work"} - {lost}:
        said = sentence(run(cloned / within, published))
        assert said == is_part(cloned, ELSEWHERE)
    cloned.rename(cloned.parent / "other")
    assert run(cloned.parent, published).stdout.endswith(ready_in(cloned))


def test_a_whole_clone_is_found_from_within_a_part(cloned, tmp_path):
    part = tmp_path / "part" / "notebooks"
    (part.parent / "worlds").mkdir(parents=True)
    (part.parent / LAST).touch()
    part.mkdir()
    cloned.rename(part / NAME)
    assert run(part, NOWHERE).stdout == ready_in(part / NAME)


def test_nothing_is_written_later_than_the_mark_of_a_cut_clone():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no repository around these files")
    assert listed.stdout.split("\0")[-2] == LAST
    assert all((ROOT / mark).exists() for mark in MARKS)


def failed(reason, cure):
    return f"Fetching failed ({reason}). {cure}, or {ELSEWHERE}"


def without_network(reason):
    return failed(reason, "Check the network (on Kaggle, turn on Internet in the notebook's settings)")


def test_without_a_network_it_says_what_to_do(tmp_path):
    """On Kaggle, too, until its Internet is switched on."""
    nowhere = "https://no.such.host.invalid/"  # a name that never leads anywhere
    said = sentence(run(tmp_path, nowhere))
    reason = f"unable to access '{nowhere}': Could not resolve host: no.such.host.invalid"
    assert said == without_network(reason)
    assert os.listdir(tmp_path) == []


def test_the_cause_is_the_line_that_git_calls_fatal(tmp_path):
    said = sentence(run(tmp_path, NOWHERE))
    assert said == without_network(f"'{NOWHERE.as_posix()}' does not appear to be a git repository")


@contextmanager
def site_that(answers):
    """The address of a local web site; `answers(request)` answers each request."""

    class Answer(BaseHTTPRequestHandler):
        do_GET = answers

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{NAME}"
        server.shutdown()


@pytest.mark.parametrize(
    "code, reason", [(401, "terminal prompts disabled"), (404, "not found"), (429, "error: 429")]
)
def test_an_address_that_answers_with_an_error_is_said_and_no_password_asked_for(tmp_path, code, reason):
    def answers(request):
        request.send_response(code)
        request.send_header("WWW-Authenticate", "Basic")
        request.end_headers()

    with site_that(answers) as address:
        said = sentence(run(tmp_path, address))
    assert reason in said and said == without_network(said.partition("(")[2].partition("). ")[0])


def test_an_address_that_never_answers_is_not_waited_for(tmp_path):
    asked, leave = threading.Event(), threading.Event()

    def answers(request):
        asked.set()
        leave.wait(60)

    with site_that(answers) as address:
        said = sentence(run(tmp_path, address, GIT_HTTP_LOW_SPEED_TIME="1"))
        leave.set()
    assert asked.is_set() and "Operation too slow" in said and "Check the network" in said


def pretends(folder, script):
    """The variable with which a shell script is git."""
    git = folder / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\n{script}\n")
    git.chmod(0o755)
    return {"PATH": f"{git.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_git_speaks_english_and_waits_for_nobody_and_a_word_that_is_no_cause_is_passed_over(tmp_path):
    script = 'echo "warning: something\nfatal: $LC_ALL $GIT_TERMINAL_PROMPT\nlast" >&2; exit 128'
    (tmp_path / "content").mkdir()
    said = sentence(run(tmp_path / "content", NOWHERE, LC_ALL="xx", **pretends(tmp_path, script)))
    assert said == without_network("C 0")
    (tmp_path / "bin" / "git").write_text("#!/bin/sh\nexit 7\n")  # without a word
    said = sentence(
        run(tmp_path / "content", NOWHERE, PATH=f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    )
    assert said == without_network("7")


def test_without_git_it_says_so(tmp_path, published):
    result = run(tmp_path, published, PATH=str(tmp_path))
    said = sentence(result)
    assert said == f"git is missing: install it (https://git-scm.com) and restart, or {ELSEWHERE}"
    assert result.stdout == "" and os.listdir(tmp_path) == []


@pytest.mark.parametrize("size", ["40k", "200k", "500k"])
def test_a_full_disk_is_said_and_left_as_it_was(published, size):
    """It is full while git prepares, while it fetches, while it writes the files."""
    with full_disk(size) as disk:
        said = sentence(run(disk, published))
        assert os.listdir(disk) == []
    reason = said.partition("(")[2].partition("). ")[0]
    assert said == failed(reason, "Free 200 MB on this disk, then run this cell again")
    assert ("unable to write file" if size == "500k" else "No space left") in reason


def test_a_clone_fits_where_as_much_is_free_as_the_full_disk_asks_for():
    """Its files once as they are, once in the packed history, which is smaller."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no repository around these files")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    size = 2 * sum(file.stat().st_size for file in files if file.exists())
    assert size <= 1e6 * int(re.search(r"Free (\d+) MB", setup_cell())[1])


def test_where_nothing_can_be_written_it_says_so(tmp_path, published):
    with read_only(tmp_path / "locked") as locked:
        said = sentence(run(locked, published))
    reason = said.partition("(")[2].partition("). ")[0]
    assert said == failed(reason, "Copy this notebook into a folder of your own")
    assert reason.startswith("could not create work tree")


def test_in_a_read_only_clone_it_writes_nothing(cloned, tmp_path):
    def fill(folder):
        shutil.copytree(cloned, folder / NAME)

    with read_only(tmp_path / "locked", fill) as locked:
        result = run(locked / NAME / "notebooks", NOWHERE)
        assert (result.stdout, result.stderr) == (ready_in(locked / NAME), "")


@pytest.mark.skipif(os.name == "nt", reason="there no folder in use can be deleted")
def test_a_kernel_whose_folder_was_deleted_asks_for_a_restart(cloned, published):
    """As when a reader deletes the clone to begin anew; the kernel stands in it."""
    leaves = f"import shutil; shutil.rmtree({str(cloned)!r})\n"
    said = sentence(run(cloned / "notebooks", published, leaves + setup_cell()))
    assert said == "The kernel's folder is gone: restart the kernel, then run this cell again."


def test_its_first_line_says_what_is_folded_and_its_code_fits_a_small_window():
    lines = setup_cell().splitlines()
    assert lines[0].startswith("# @title Set-up") and max(map(len, lines)) <= 110
    assert len(lines[0]) <= 80


# ------------------------------------------------------------------------------------------ the packages


def python_in(folder):
    """A Python of its own that sees all packages of this one, so that installing changes nothing here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    own = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    (Path(own) / "all.pth").write_text("\n".join(site.getsitepackages()))
    return str(python)


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    return python_in(tmp_path_factory.mktemp("environment"))


@pytest.fixture
def asks_for(cloned):
    """Lets the clone's pyproject.toml ask for a package more."""

    def ask(requirement):
        file = cloned / "pyproject.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("dependencies = [", f'dependencies = [\n"{requirement}",', 1), "utf-8")

    return ask


def wheel(folder, name, version, content=b""):
    folder.mkdir(exist_ok=True)
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", f"version = '{version}'\n")
        file.writestr(f"{name}.bin", content)
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{about}/RECORD", "")


def offline(folder):
    """Variables with which pip finds packages in `folder` alone."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}


def test_what_is_missing_is_installed_and_no_torch(cloned, asks_for, python, tmp_path):
    asks_for("tinypackage>=1")
    wheel(tmp_path / "index", "tinypackage", "1.2")
    uses = setup_cell() + "\nimport tinypackage, torch\nprint(tinypackage.version, torch.__version__)"
    result = run(cloned, NOWHERE, uses, python, **offline(tmp_path / "index"))
    assert not result.stderr
    said = result.stdout.splitlines()
    assert said[:2] == ["Installing tinypackage>=1 ...", f"1.2 {metadata.version('torch')}"]
    assert run(cloned, NOWHERE, python=python, **offline(NOWHERE)).stdout == ready_in(
        cloned
    )  # once is enough


def test_a_package_in_use_that_became_newer_asks_for_a_restart(cloned, asks_for, python, tmp_path):
    wheel(tmp_path / "index", "oldpackage", "1.0")
    asks_for("oldpackage")
    assert not run(cloned, NOWHERE, None, python, **offline(tmp_path / "index")).stderr
    wheel(tmp_path / "index", "oldpackage", "2.0")
    asks_for("oldpackage>=2")
    uses = "import oldpackage\n" + setup_cell()
    said = sentence(run(cloned, NOWHERE, uses, python, **offline(tmp_path / "index")))
    assert said == "oldpackage became newer while in use: restart the kernel, then run this cell again."
    assert not run(cloned, NOWHERE, uses, python, **offline(tmp_path / "index")).stderr


def test_without_a_network_a_missing_package_is_named_with_its_cure(cloned, asks_for, python, tmp_path):
    asks_for("neverthere>=3")
    said = sentence(run(cloned, NOWHERE, python=python, **offline(tmp_path)))
    assert "Check the network" in said and said.endswith('python -m pip install "neverthere>=3"')


@pytest.fixture
def large(asks_for, tmp_path):
    """Lets the clone ask for a large package, and pip find it."""
    asks_for("largepackage")
    wheel(tmp_path / "index", "largepackage", "1.0", random.Random(0).randbytes(900_000))
    return offline(tmp_path / "index")


def test_a_full_disk_is_no_matter_of_the_network(cloned, large):
    with full_disk("400k") as disk:
        said = sentence(run(cloned, NOWHERE, python=python_in(disk), **large))
    assert "No space left on device). Free some space on this disk and run this cell again, or run" in said


def test_a_read_only_environment_is_no_matter_of_the_network(cloned, large, tmp_path):
    def fill(folder):
        python_in(folder)
        for packages_folder in folder.glob("lib/*/site-packages"):
            packages_folder.chmod(0o555)

    with read_only(tmp_path / "locked", fill) as locked:
        said = sentence(run(cloned, NOWHERE, python=str(locked / "bin" / "python"), **large))
    assert "Read-only file system" in said or "Permission denied" in said
    assert "). Choose a kernel whose packages you may change and run this cell again, or run" in said


def test_where_the_system_keeps_its_packages_to_itself_another_kernel_is_asked_for(monkeypatch):
    """Debian's and Ubuntu's own Python."""
    refusal = "error: externally-managed-environment\n\n× This environment is externally managed\n"
    failed = subprocess.CompletedProcess([], 1, "", refusal)
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: failed)
    versions(monkeypatch, tqdm=None)
    cure = r"\(error: externally-managed-environment\)\. Choose a kernel whose packages you may change"
    with pytest.raises(ImportError, match=cure):
        packages.install_missing()


def test_where_nothing_is_missing_pip_is_not_asked(monkeypatch):
    monkeypatch.setattr(packages.subprocess, "run", None)
    packages.install_missing()


def versions(monkeypatch, **given):
    really = metadata.version

    def version(name):
        if given.get(name, "") is None:
            raise metadata.PackageNotFoundError(name)
        return given.get(name) or really(name)

    monkeypatch.setattr(packages.metadata, "version", version)


def test_an_older_torch_is_said_and_kept_a_missing_one_is_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(packages.subprocess, "run", None)
    versions(monkeypatch, torch="2.1.0", numpy="1.26.0", jupyterlab=None)
    packages.install_missing()
    said = capsys.readouterr().out.splitlines()
    assert [line.split(";")[0] for line in said] == ["torch 2.1.0 stays", "numpy 1.26.0 stays"]
    versions(monkeypatch, torch=None)
    with pytest.raises(ImportError, match=r"PyTorch is missing\. .*restart the kernel"):
        packages.install_missing()


def test_an_older_python_is_sent_to_another_kernel(monkeypatch):
    monkeypatch.setattr(packages.sys, "version_info", (3, 10, 2))
    with pytest.raises(ImportError, match=r"3\.11 or newer is needed, and this is 3\.10: choose"):
        packages.install_missing()


def test_the_page_names_what_the_cell_may_say_and_nothing_else():
    page = (ROOT / "docs" / "where_it_runs.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \*(.+?)\*", page.partition("may say")[2].partition("\n## ")[0], re.MULTILINE)
    words = [part.strip(" .") for line in listed for part in re.split(r"\(?\.\.\.\)?|\b3\.11\b|: ", line)]
    code = setup_cell() + Path(packages.__file__).read_text(encoding="utf-8")
    assert [part for part in words if part not in code] == []
    cell = setup_cell()
    cures = re.findall(r'": "([^,("]+)', cell.partition("cures = {")[2].partition("}")[0])
    said = re.findall(r'Error\(f?"(?:\{\w+\} )?([\w \']+)', cell)
    assert len(cures) == 3 and len(said) == 4
    assert [each for each in cures + said if not any(each.strip() in line for line in listed)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_in_the_committed_notebooks_it_printed_nothing(path):
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [c for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    assert not cell.outputs
