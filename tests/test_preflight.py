"""`make preflight` says whether a machine is ready, and what to do if it is not."""

import shutil
import subprocess
import sys
from collections import namedtuple
from importlib import metadata

import psutil
import pytest
import torch

from helpers import models
from helpers.machine import choice, memory, processor
from helpers.machine.weights import WEIGHTS
from tools import preflight


def test_on_a_machine_that_runs_the_tests_it_says_ready():
    done = subprocess.run(
        [sys.executable, "-m", "tools.preflight"],
        cwd=preflight.ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().endswith("Ready.") and not done.stderr
    assert done.stdout.count("ok ") >= len(preflight.QUESTIONS) - 2  # memory and speed may say "look"


def test_it_names_a_package_that_is_missing_and_one_that_is_too_old(monkeypatch):
    really = metadata.version

    def version(name):
        if name == "peft":
            raise metadata.PackageNotFoundError(name)
        return "0.1" if name == "diffusers" else really(name)

    monkeypatch.setattr(metadata, "version", version)
    answer = preflight.packages()
    assert answer.grade == "no" and answer.cure
    assert "peft is missing" in answer.found and "diffusers is 0.1" in answer.found


def test_an_unsupported_python_gets_the_way_to_another(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    answer = preflight.python()
    assert answer.grade == "no" and "3.11" in answer.cure


def test_little_memory_is_said_but_does_not_stop_anybody(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: namedtuple("Memory", "available")(0.3e9))
    assert preflight.memory().grade == "look" and "0.3 GB" in preflight.memory().found


@pytest.fixture
def container(tmp_path, monkeypatch):
    """A function that says what Linux says in a container: {file in /sys/fs/cgroup: its content}."""
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    monkeypatch.setattr(processor, "CGROUP", tmp_path)

    def says(files):
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(content)

    return says


def test_a_container_with_little_memory_is_told_so(container, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: namedtuple("Memory", "available")(8e9))
    container({"memory.max": "1500000000\n", "memory.current": "300000000\n", "memory.stat": "file 7\n"})
    answer = preflight.memory()
    assert answer.grade == "look" and "1.2 GB free" in answer.found and "container" in answer.cure
    container({"memory.max": "max\n"})
    assert preflight.memory() == preflight.Answer("ok", "memory", "8.0 GB free")


@pytest.mark.parametrize(
    ("files", "cores", "grade"),
    [
        ({"cpu.max": "150000 100000\n"}, "1.5 cores", "ok"),
        ({"cpu.max": "100000 100000\n"}, "1 core,", "ok"),
        ({"cpu.max": "50000 100000\n"}, "0.5 cores", "look"),
        ({"cpu.max": "max 100000\n"}, "4 cores", "ok"),
        ({"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, "2 cores", "ok"),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4 cores", "ok"),
        ({}, "4 cores", "ok"),
    ],
)
def test_a_containers_share_of_the_processor_is_said(files, cores, grade, container, monkeypatch):
    monkeypatch.setattr(processor.os, "sched_getaffinity", lambda _: range(4), raising=False)
    monkeypatch.setattr(models, "device_and_dtype", lambda: (torch.device("cpu"), torch.float32))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    container(files)
    answer = preflight.device()
    assert answer.grade == grade and cores in answer.found and bool(answer.cure) == (grade == "look")


def test_more_threads_than_cores_are_too_many(container, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    container({"cpu.max": "200000 100000\n"})
    monkeypatch.setattr(models, "device_and_dtype", lambda: (torch.device("cpu"), torch.float32))
    assert "OMP_NUM_THREADS=" in preflight.device().cure


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_model_that_lacks_a_part_is_no_model(part, tmp_path, monkeypatch):
    folder = tmp_path / models.POCKET
    shutil.copytree(models.ROOT / models.POCKET, folder)
    (folder / part / WEIGHTS[part]).unlink()
    monkeypatch.setattr(choice, "ROOT", tmp_path)
    answer = preflight.model()
    assert answer.grade == "no" and WEIGHTS[part] in answer.found


def test_after_a_missing_package_nothing_that_needs_it_is_asked(monkeypatch, capsys):
    asked = []

    def packages():
        return preflight.Answer("no", "packages", "torch is missing", "make .venv/.ready")

    monkeypatch.setattr(preflight, "packages", packages)
    monkeypatch.setattr(preflight, "QUESTIONS", (preflight.python, packages, lambda: asked.append(1)))
    assert preflight.main() == 1 and not asked
    assert "cure: make .venv/.ready" in capsys.readouterr().out


def test_a_question_that_fails_in_its_own_way_does_not_hide_the_others(monkeypatch, capsys):
    def broken():
        raise ValueError("no such thing")

    monkeypatch.setattr(preflight, "QUESTIONS", (broken, preflight.python))
    assert preflight.main() == 1
    out = capsys.readouterr().out
    assert "ValueError: no such thing" in out and "Python" in out
