"""The command line: a prompt becomes a file, and a mistake one sentence."""

import os
import subprocess
import sys

import pytest
from PIL import Image
from tiny import save_tiny

from helpers.models import ROOT
from tools import picture


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny("like sd", tmp_path_factory.mktemp("model"))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROMPT", raising=False)
    return tmp_path


def test_a_prompt_becomes_a_png_and_a_line_says_where_how_long_and_with_which_model(model, here, capsys):
    assert picture.main(["An astronaut, on Mars!", "--seed", "4", "--model", model, "--steps", "2"]) == 0
    said = capsys.readouterr().out
    file = here / "out" / "an-astronaut-on-mars-4.png"
    assert Image.open(file).size == (64, 64)
    assert said.startswith("Wrote out/an-astronaut-on-mars-4.png in ") and said.count("\n") == 1
    assert model in said and "2 steps, guidance 7.5, seed 4" in said and " s (and " in said


def test_the_prompt_may_stand_in_the_environment(model, here, monkeypatch):
    monkeypatch.setenv("PROMPT", "a moon")
    assert picture.main(["--model", model, "--steps", "1"]) == 0
    assert (here / "out" / "a-moon-0.png").is_file()


def test_each_option_changes_the_picture_and_the_same_options_do_not(model, here):
    def paint(*options):
        assert (
            picture.main(["mars", "--model", model, "--steps", "2", "--out", "deep/one.png", *options]) == 0
        )
        return Image.open(here / "deep" / "one.png").tobytes()

    plain = paint()
    assert paint() == plain
    for options in (["--seed", "1"], ["--guidance", "2"], ["--negative", "red"], ["--steps", "3"]):
        assert paint(*options) != plain


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "The prompt is empty"),
        (["  "], "The prompt is empty"),
        (["mars", "--steps", "0"], "steps must be a whole number from 1 to 1000"),
        (["mars", "--guidance", "nan"], "guidance scale must be"),
        (["mars", "--seed", "-1"], "A seed is a whole number"),
        (["mars", "--model", "no-such-model"], 'There is no model "no-such-model"'),
        (["mars", "--out", "mars.jpg"], "let the file name mars.jpg end in .png"),
    ],
)
def test_a_mistake_gives_one_sentence_and_status_2(arguments, message, here, capsys):
    assert picture.main(arguments) == 2
    said = capsys.readouterr()
    assert message in said.err and said.err.count("\n") == 1 and said.out == ""
    assert list(here.iterdir()) == []


def test_a_place_that_can_not_be_written_is_named(model, here, capsys):
    (here / "file").write_text("in the way")
    assert picture.main(["mars", "--model", model, "--steps", "1", "--out", "file/mars.png"]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_an_empty_prompt_is_answered_at_once_by_the_real_command(here):
    """Without loading torch, that is, which takes seconds."""
    code = "import sys; from tools.picture import main; main(['']); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == "False\n"
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("The prompt is empty")


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("an astronaut on mars", "an-astronaut-on-mars-0.png"),
        ("../../etc/passwd; rm -rf", "etc-passwd-rm-rf-0.png"),
        ("Café à la Lune", "cafe-a-la-lune-0.png"),
        ("火星", "picture-0.png"),
        ("mars " * 100, "mars-" * 12 + "0.png"),
    ],
)
def test_file_names_are_safe(prompt, name):
    assert picture.file_name(prompt, 0) == name
