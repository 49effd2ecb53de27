"""Downloading a model: what is missing comes; what prevents it is one sentence with its cause and cure."""

import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import huggingface_hub
import pytest
from disks import full_disk, read_only
from hub_server import reach, serving
from logged import all_that_is_logged

from helpers.errors import ModelError
from helpers.machine import hub as module
from helpers.machine.hub import hub_folder

ROOT = Path(__file__).parent.parent
REVISION = "0123456789abcdef0123456789abcdef01234567"
FILES = ["model_index.json", "tokenizer/*.json", "unet/weights.safetensors"]
WEIGHTS = bytes(range(256)) * 400


@pytest.fixture(scope="module")
def server():
    with serving() as (hub, address):
        yield hub, address


@pytest.fixture
def hub(server, tmp_path, monkeypatch):
    """A hub with the model "mars/rover", and an empty cache."""
    hub, address = server
    model = tmp_path / "model"
    for name, content in {
        "model_index.json": b"{}",
        "tokenizer/vocab.json": b'{"mars": 0}',
        "unet/weights.safetensors": WEIGHTS,
        "unet/weights.bin": b"pickled, and never fetched",
        "run_me.py": b"never fetched",
    }.items():
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_bytes(content)
    hub.models, hub.answers, hub.cut, hub.served = {"mars/rover": model}, {}, {}, {}
    reach(monkeypatch, address, tmp_path / "cache")
    return hub


def the_message(model="mars/rover", files=FILES):
    with all_that_is_logged() as logged, pytest.raises(ModelError) as caught:
        hub_folder(model, REVISION, files)
    assert not logged, "one sentence is enough"
    message = str(caught.value)
    assert message.startswith(model) and message.endswith(".") and "\n" not in message
    assert re.search(r"go on offline with MODEL = POCKET\.$|run this again\.$", message)
    return message


def test_what_is_wanted_comes_once_with_a_bar_and_nothing_else(hub, capfd):
    huggingface_hub.utils.disable_progress_bars()  # as importing helpers.models does
    folder = hub_folder("mars/rover", REVISION, FILES)
    assert "100%" in capfd.readouterr().err
    assert (folder / "unet/weights.safetensors").read_bytes() == WEIGHTS
    assert not list(folder.rglob("*.bin")) and not list(folder.rglob("*.py"))
    hub.models.clear()  # what is here needs no hub
    assert hub_folder("mars/rover", REVISION, FILES) == folder and capfd.readouterr() == ("", "")


def test_a_part_that_another_program_left_is_completed_and_not_fetched_again(hub, monkeypatch):
    huggingface_hub.snapshot_download("mars/rover", revision=REVISION, allow_patterns=["unet/weights.safet*"])
    huggingface_hub.snapshot_download("mars/rover", revision=REVISION, allow_patterns=["*.bin"])
    hub.served.clear()
    monkeypatch.setattr(module, "check_room", lambda folder, needed, what: room.append(needed))
    room, rest = [], len(b"{}") + len(b'{"mars": 0}')
    folder = hub_folder("mars/rover", REVISION, FILES)
    assert room == [rest], "what is here needs no more room"
    assert (folder / "tokenizer/vocab.json").is_file() and (folder / "model_index.json").is_file()
    assert "unet/weights.safetensors" not in hub.served


def test_a_download_that_was_cut_is_completed_by_the_second_try(hub, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)  # between the library's own attempts
    hub.cut = {"unet/weights.safetensors": len(WEIGHTS) // 2}
    assert "the connection was cut: look after the network and run this again" in the_message()
    assert hub.served["unet/weights.safetensors"] == len(WEIGHTS) // 2
    hub.cut, hub.served = {}, {}
    folder = hub_folder("mars/rover", REVISION, FILES)
    assert (folder / "unet/weights.safetensors").read_bytes() == WEIGHTS
    assert set(hub.served) - {None} == {"unet/weights.safetensors"}, "what was whole is not fetched again"
    assert not list(Path(huggingface_hub.constants.HF_HUB_CACHE).rglob("*.incomplete"))


def test_a_damaged_file_that_is_deleted_as_told_is_fetched_again_alone(hub):
    folder = hub_folder("mars/rover", REVISION, FILES)
    (folder / "unet/weights.safetensors").resolve().unlink()
    hub.served.clear()
    assert (hub_folder("mars/rover", REVISION, FILES) / "unet/weights.safetensors").read_bytes() == WEIGHTS
    assert set(hub.served) - {None} == {"unet/weights.safetensors"}


ANSWERS = {
    "no such model": ((404, {"X-Error-Code": "RepoNotFound"}), "shows no such model to you: look for a slip"),
    "private": ((401, {"X-Error-Code": "RepoNotFound"}), "shows no such model to you: look for a slip"),
    "not logged in": ((401, {}), r"does not let you have it \(401\): log in with `hf auth login`"),
    "no such revision": (
        (404, {"X-Error-Code": "RevisionNotFound"}),
        f"has no revision {REVISION}: take one",
    ),
    "gated": (
        (401, {"X-Error-Code": "GatedRepo"}),
        "accept their terms first: do that on http.*hf auth login",
    ),
    "gated, and not let in": ((403, {"X-Error-Code": "GatedRepo"}), "accept their terms first"),
    "forbidden": ((403, {}), r"does not let you have it \(403\): log in with `hf auth login`"),
    "too many": ((429, {"Retry-After": "9"}), "too many requests from here: wait some minutes and run this"),
    "fault": ((500, {}), r"has a fault of its own \(500\): wait some minutes and run this again"),
    "down": ((503, {}), r"has a fault of its own \(503\): wait some minutes"),
    "odd": ((418, {}), r"answered 418: look at http.* in a browser"),
    "slow": (("silence",), "did not answer in time: wait or try another network and run this"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_answer_of_the_hub_is_one_sentence_at_once(answer, hub):
    hub.answers["mars/rover"], words = ANSWERS[answer]
    start = time.perf_counter()
    assert re.search(words, the_message())
    assert time.perf_counter() - start < 4
    hub.answers.clear()
    assert hub_folder("mars/rover", REVISION, FILES).is_dir(), "and later it comes after all"


def test_a_token_that_has_run_out_is_named(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    hub.answers["mars/rover"] = 401, {"X-Error-Message": "Invalid credentials in Authorization header"}
    assert "does not accept your token: renew or unset HF_TOKEN and run this again" in the_message()


def test_a_hub_that_fails_in_the_middle_says_so(hub, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: hub.answers.update({"mars/rover": (503, {})}))
    hub.cut = {"unet/weights.safetensors": len(WEIGHTS) // 2}
    assert re.search("could not be downloaded, because .* run this again", the_message())


def test_a_model_without_safetensors_names_the_file_that_it_lacks(hub):
    (hub.models["mars/rover"] / "unet/weights.safetensors").unlink()
    assert "it has no file unet/weights.safetensors, without which it can't be read" in the_message()
    assert not hub.served.get("model_index.json")


def test_no_hub_at_all(monkeypatch, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    reach(monkeypatch, address, tmp_path)
    start = time.perf_counter()
    assert "can't be reached: check the network and run this again" in the_message()
    assert time.perf_counter() - start < 5


def test_a_variable_that_forbids_to_download_is_named_and_without_it_the_model_comes(hub, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "variable HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) forbids to download it: unset" in the_message()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    folder = hub_folder("mars/rover", REVISION, FILES)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert hub_folder("mars/rover", REVISION, FILES) == folder


def test_a_disk_that_is_too_small_is_said_before_the_download(hub, monkeypatch):
    monkeypatch.setattr(module, "check_room", lambda folder, needed, what: seen.append(needed))
    seen = []
    hub_folder("mars/rover", REVISION, FILES)
    assert seen == [len(WEIGHTS) + len(b"{}") + len(b'{"mars": 0}')]
    monkeypatch.undo()


def test_a_full_disk_keeps_what_came_and_says_what_to_do(hub, monkeypatch):
    with full_disk("40k") as disk:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(disk / "cache"))
        assert re.search("needs 0.0 GB on the disk of .* are free: free some space", the_message())
        monkeypatch.setattr(module, "check_room", lambda *_: None)  # another program fills it meanwhile
        assert "the disk is full: free some space and run this again" in the_message()


def test_a_read_only_cache_names_the_variable_that_moves_it(hub, monkeypatch, tmp_path):
    with read_only(tmp_path / "closed") as folder:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder / "cache"))
        assert "is read-only for you: set the environment variable HF_HOME" in the_message()


def test_two_kernels_that_download_at_once_both_get_all_of_it(hub):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(hub_folder("mars/rover", REVISION, FILES)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 2 and found[0] == found[1]
    assert (found[0] / "unet/weights.safetensors").read_bytes() == WEIGHTS


def test_the_variables_of_the_library_choose_hub_and_cache(hub, server, tmp_path):
    code = (
        "from helpers.machine.hub import hub_folder\n"
        f"print(hub_folder('mars/rover', {REVISION!r}, {FILES!r}))"
    )
    environment = {"HF_ENDPOINT": server[1], "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    folder = Path(run.stdout.splitlines()[-1])
    assert folder.is_relative_to(tmp_path / "home") and (folder / "unet/weights.safetensors").is_file()
