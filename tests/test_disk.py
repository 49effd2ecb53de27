"""A full disk, a read-only folder, two programs at once: nothing is lost, and a sentence says what to do."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from disks import full_disk, read_only
from PIL import Image
from safetensors.torch import save_file
from tiny import save_tiny

import training
from bench import __main__ as bench
from helpers.errors import DiskError, ModelError
from helpers.lesson import cache, live
from helpers.machine.disk import check_room, clear_disk_error, write_json, write_whole
from helpers.show.playground import Playground
from helpers.show.playground_start import kept as kept_upload
from tools import execute_notebooks, picture, work
from tools.handout.__main__ import main as hand_out
from tools.slides import __main__ as slides
from training.loop import Run, Settings
from training.pocket import data

ROOT = Path(__file__).parent.parent
FULL = "can't be written, because the disk is full: free some space, and run this again"
CLOSED = "can't be written, because its folder is read-only for you: copy the project to your own folder, and"
LARGE = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)  # 270 kB that nothing packs


def student():
    """Something that trains: 400 kB of weights."""
    unet = torch.nn.Linear(300, 300)
    optimizer = torch.optim.SGD(unet.parameters())
    return SimpleNamespace(unet=unet, average=None, optimizer=optimizer, losses=[1.0, 0.5], moments=[])


WRITERS = {  # each writes more than 40 kB into a folder
    "whole": lambda folder: write_whole(folder / "it", lambda path: path.write_bytes(LARGE.tobytes())),
    "json": lambda folder: write_json(folder / "it", LARGE.tolist()),
    "a training": lambda folder: live.save(folder / "it", "mark", student()),
    "an upload": lambda folder: kept_upload("it", LARGE.tobytes(), folder),
    "a picture": lambda folder: write_whole(folder / "it.png", Image.fromarray(LARGE).save),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_on_a_full_disk_the_old_file_stays_and_nothing_beside_it(writer):
    with full_disk("40k") as disk:
        name = "it.png" if writer == "a picture" else "it-2" if writer == "an upload" else "it"
        (disk / "it").write_bytes(b"of old")
        (disk / name).write_bytes(b"of old")
        before = sorted(disk.iterdir())
        if writer == "an upload":
            (disk / name).unlink()
            before.remove(disk / name)
        with pytest.raises(DiskError, match=FULL):
            WRITERS[writer](disk)
        assert sorted(disk.iterdir()) == before and {file.read_bytes() for file in before} == {b"of old"}


@pytest.mark.parametrize("writer", WRITERS)
def test_in_a_read_only_folder_one_sentence_says_where_to_go(writer, tmp_path):
    with read_only(tmp_path / "closed") as folder:
        with pytest.raises(DiskError, match=CLOSED):
            WRITERS[writer](folder)
        assert not list(folder.iterdir())


def test_what_safetensors_has_in_words_alone_is_understood():
    with full_disk("40k") as disk, pytest.raises(DiskError, match=f"models {FULL}"):
        with clear_disk_error("models"):
            save_file({"weights": torch.zeros(30_000)}, disk / "it.safetensors")


def test_other_errors_go_through_unchanged():
    for error in (FileNotFoundError(errno.ENOENT, "no such file"), ValueError("of another kind")):
        with pytest.raises(type(error)) as caught, clear_disk_error("models"):
            raise error
        assert caught.value is error
    with pytest.raises(DiskError, match="because a file stands where its folder should be: choose"):
        write_json(Path(__file__) / "below-a-file.json", {})


def test_room_is_looked_for_before_a_long_work(tmp_path):
    check_room(tmp_path / "not" / "there" / "yet", 1000, "The file")
    with pytest.raises(
        DiskError, match="The file needs 1000000000.0 GB on the disk of .* are free: free some"
    ):
        check_room(tmp_path, 10**18, "The file")


def test_two_programs_that_write_one_file_leave_a_whole_one(tmp_path):
    def write(number):
        for _ in range(20):
            write_json(tmp_path / "it.json", {"from": [number] * 500})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(json.loads((tmp_path / "it.json").read_text())["from"])) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "it.json"]


TRAIN = """\
import sys, time
from pathlib import Path
import torch
from types import SimpleNamespace
from helpers.lesson import live, trainings

folder, who = Path(sys.argv[1]), float(sys.argv[2])
live.FOLDER, trainings.SECONDS_BETWEEN_CHECKPOINTS = folder / "kept", 0
unet = torch.nn.Linear(300, 300)
learner = SimpleNamespace(unet=unet, average=None, optimizer=torch.optim.SGD(unet.parameters()), losses=[])
(folder / str(who)).touch()
for _ in range(30_000):  # five minutes at most
    time.sleep(0.01)
    if all((folder / each).exists() for each in ("0.25", "0.5")):
        break
with torch.no_grad():
    for step in trainings.progress(100, live.Live(learner, "both")):
        learner.losses.append(step + who)
        learner.unet.weight.fill_(learner.losses[-1])
        time.sleep(0.005)
"""


def test_two_kernels_that_train_with_one_checkpoint_leave_it_whole_at_any_time(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "FOLDER", tmp_path / "kept")
    environment = os.environ | {"KEEP_TRAININGS": "1", "SHORT_TRAININGS": "0", "PYTHONPATH": str(ROOT)}
    for name in ("KEEP_TRAININGS", "SHORT_TRAININGS"):
        monkeypatch.setenv(name, environment[name])
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN, tmp_path, who], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        for who in ("0.25", "0.5")
    ]
    looked = 0
    while running := [each for each in kernels if each.poll() is None]:
        there, learner = (tmp_path / "kept" / "both.pt").exists(), student()
        learner.losses.clear()
        done = live.Live(learner, "both").begin(100)
        assert bool(done) >= there, "once there, it can be read"
        if done:
            assert (learner.unet.weight == learner.losses[-1]).all(), "weights and losses of one moment"
            looked += len(running) == 2
        time.sleep(0.01)
    assert [each.returncode for each in kernels] == [0, 0] and looked and done == 100
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["both.pt"]


# ------------------------------------------------------------------------------ what goes on all the same


@pytest.mark.parametrize("keep", [cache.kept, cache.kept_arrays])
def test_what_was_made_is_returned_though_it_can_not_be_kept(keep, tmp_path):
    with read_only(tmp_path / "closed") as folder:
        with pytest.warns(UserWarning, match=f"{CLOSED}.* and it.json is not kept"):
            found = keep(folder / "it.json", "mark", lambda: {"number": 7})
    assert int(found["number"]) == 7


def test_a_training_goes_on_without_its_checkpoint_and_says_so_once(tmp_path, monkeypatch):
    monkeypatch.setenv(live.KEEP, "1")
    monkeypatch.delenv(live.SWITCH, raising=False)
    with full_disk("40k") as disk:
        monkeypatch.setattr(live, "FOLDER", disk)
        training_live = live.Live(student(), "planets")
        with pytest.warns(UserWarning, match=f"{FULL}.* and planets.pt is not kept") as caught:
            for _ in range(3):
                training_live.keep()
        assert len(caught) == 1 and not list(disk.iterdir())


class Nobody:
    """The accelerator of one process."""

    is_main_process, num_processes, process_index, device = True, 1, 0, torch.device("cpu")
    print, wait_for_everyone = staticmethod(print), staticmethod(lambda: None)


def test_a_stage_of_the_training_goes_on_when_its_disk_is_full(monkeypatch, capsys):
    with full_disk("900k") as disk:
        monkeypatch.setattr(training, "CACHE", disk)
        run = Run("unet", torch.nn.Linear(200, 200), Settings(steps=5, batch=1, lr=0.1), Nobody())
        run.step = 2
        assert run.save()
        whole = (disk / "unet" / "checkpoint.pt").read_bytes()
        (disk / "filler").write_bytes(bytes(400_000))
        run.step = 3
        assert not run.save()
        assert FULL in capsys.readouterr().out
        assert (disk / "unet" / "checkpoint.pt").read_bytes() == whole
        assert sorted(file.name for file in (disk / "unet").iterdir()) == ["checkpoint.pt", "log.jsonl"]
        assert Run("unet", torch.nn.Linear(200, 200), run.settings, Nobody()).step == 2


def test_a_damaged_checkpoint_says_how_to_start_anew(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "CACHE", tmp_path)
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(ModelError, match="checkpoint of stage unet is damaged: .* with --fresh"):
        Run("unet", torch.nn.Linear(2, 2), Settings(steps=5, batch=1, lr=0.1), Nobody())
    Run("unet", torch.nn.Linear(2, 2), Settings(steps=5, batch=1, lr=0.1), Nobody(), fresh=True)


def test_training_pictures_that_do_not_fit_are_refused_before_the_first(monkeypatch):
    with full_disk("200k") as disk:
        monkeypatch.setattr(training, "CACHE", disk)
        with pytest.raises(DiskError, match="The file pictures.npy needs 0.0 GB on the disk"):
            data.main(count=20)


# ------------------------------------------------------------------------------------ commands of the project


@pytest.fixture
def house(tmp_path):
    """A repository's notebooks, in a folder of their own."""
    (tmp_path / "notebooks").mkdir()
    for name in ("00_first_picture.ipynb", "05_the_denoising_loop.ipynb"):
        shutil.copy(ROOT / "notebooks" / name, tmp_path / "notebooks" / name)
    return tmp_path


def test_working_copies_survive_a_full_disk(house, capsys):
    with full_disk("2500k") as disk:
        (house / "work").symlink_to(disk)
        assert work.main([], house) is None
        mine = disk / "00_first_picture.ipynb"
        mine.write_text(mine.read_text() + " ")
        written = mine.read_bytes()
        (disk / "filler").touch()
        room = shutil.disk_usage(disk).free
        (disk / "filler").write_bytes(bytes(max(0, room - 8192)))
        assert FULL in work.main(["reset", "00"], house)
        assert mine.read_bytes() == written, "what a learner wrote is where it was"
        assert not [file for file in disk.iterdir() if file.name.startswith(".00_")]


def test_working_copies_in_a_read_only_project(house, tmp_path):
    def fill(folder):
        shutil.copytree(
            house / "notebooks", folder / "notebooks", ignore=lambda *_: ["05_the_denoising_loop.ipynb"]
        )

    with read_only(tmp_path / "closed", fill) as folder:
        assert CLOSED in work.main([], folder)


def test_two_commands_at_once_fill_one_folder(house):
    said = []
    threads = [threading.Thread(target=lambda: said.append(work.main([], house))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [None] * 3
    for source in (house / "notebooks").iterdir():
        assert (house / "work" / source.name).read_bytes() == source.read_bytes()
    assert work.main([], house) is None and not list((house / "work").glob(".*.ipynb"))


def test_handouts_and_slides_say_it_in_a_sentence(house, monkeypatch):
    notebooks = [str(path) for path in (house / "notebooks").iterdir()]
    with full_disk("40k") as disk:
        assert FULL in hand_out(notebooks, disk / "handout")
        monkeypatch.setattr(slides, "ROOT", disk)
        monkeypatch.setattr(slides, "assets", lambda *_: None)
        assert FULL in slides.main(notebooks)


def test_an_executed_notebook_that_can_not_be_written_leaves_the_old_one(monkeypatch):
    with full_disk("40k") as disk:
        notebook = disk / "it.ipynb"
        code = "import os; print(os.urandom(60_000).hex())"
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), notebook)
        before = notebook.read_bytes()
        with pytest.raises(DiskError, match=FULL):
            execute_notebooks.execute(notebook)
        assert notebook.read_bytes() == before and list(disk.iterdir()) == [notebook]


def test_what_takes_long_says_first_that_nothing_can_be_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(execute_notebooks, "execute", None)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(bench, "PARTS", {"loop": None})
    fill = lambda folder: nbformat.write(nbformat.v4.new_notebook(), folder / "it.ipynb")  # noqa: E731
    with read_only(tmp_path / "closed", fill) as folder:
        assert re.search(f"it.ipynb {CLOSED}", execute_notebooks.main([str(folder / "it.ipynb")]))
        monkeypatch.setattr(bench, "ROOT", folder)
        monkeypatch.setattr(bench, "FILE", folder / "docs" / "benchmarks.json")
        assert re.search(f"out/bench/benchmarks.json {CLOSED}", bench.main(["loop", "--quick"]))
        assert re.search(f"docs/benchmarks.json {CLOSED}", bench.main(["loop"]))
    assert capsys.readouterr().out == ""


def test_the_command_keeps_the_old_picture(tmp_path, capsys):
    model = save_tiny("like sd", tmp_path)
    with full_disk("8k") as disk:
        out = disk / "mars.png"
        out.write_bytes(b"of old")
        (disk / "filler").write_bytes(bytes(4096))
        command = ["mars", "--model", model, "--steps", "1", "--out", str(out)]
        assert picture.main(command) == 2
        assert f"{FULL}, or give a place with --out." in capsys.readouterr().err
        assert out.read_bytes() == b"of old"


def test_the_playground_says_that_an_upload_can_not_be_kept(tmp_path, monkeypatch):
    playground = Playground(save_tiny("like pocket", tmp_path / "model"))
    with read_only(tmp_path / "closed") as folder:
        monkeypatch.chdir(folder)
        upload = {"name": "mine.png", "content": memoryview(b"a picture")}
        playground._take_upload({"new": (upload,)})
        assert "is read-only for you" in playground._says.value
        os.chdir(tmp_path)
