"""`make preflight` says whether a machine is ready, and what to do if it is not."""

import shutil
import subprocess
import sys
from collections import namedtuple
from importlib import metadata

import psutil
import pytest

from helpers import models
from helpers.machine import choice
from helpers.machine.weights import WEIGHTS
from tools import preflight


def test_on_a_machine_that_runs_the_tests_it_says_ready():
    done = subprocess.run(
        [sys.executable, "-m", "tools.preflight"],
        cwd=preflight.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
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
