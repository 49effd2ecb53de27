"""The command line: a prompt becomes a file, and a mistake one sentence."""

import io
import os
import shutil
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


def test_a_prompt_in_the_environment_belongs_to_another_program(here, monkeypatch, capsys):
    monkeypatch.setenv("PROMPT", "$P$G")
    assert picture.main([]) == 2
    assert "The prompt is empty" in capsys.readouterr().err


def test_no_picture_of_other_settings_is_overwritten_and_the_same_one_is(model, here, capsys):
    def paint(prompt, *options):
        assert picture.main([prompt, "--model", model, "--steps", "1", *options]) == 0
        return capsys.readouterr().out.split(" in ")[0]

    assert paint("mars") == "Wrote out/mars-0.png"
    assert paint("mars", "--guidance", "2") == "Wrote out/mars-0-2.png"
    assert paint("Mars!", "--negative", "red") == "Wrote out/mars-0-3.png"
    assert paint("mars") == "Wrote out/mars-0.png"
    assert paint("mars", "--guidance", "2") == "Wrote out/mars-0-2.png"
    assert paint("火星") == "Wrote out/火星-0.png" != paint("火")
    with Image.open(here / "out" / "mars-0-3.png") as file:
        assert file.info["parameters"].startswith("Mars!\nNegative prompt: red\n")
    (here / "out" / "mars-7.png").write_text("a file of the user's own")
    assert paint("mars", "--seed", "7") == "Wrote out/mars-7-2.png"


def test_a_console_without_the_letters_shows_them_as_numbers(model, here, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    assert picture.main(["mars", "--model", model, "--steps", "1", "--out", "火.png"]) == 0
    sys.stdout.flush()
    assert raw.getvalue().startswith(b"Wrote \\u706b.png in ") and (here / "火.png").is_file()


def test_ctrl_c_ends_in_one_sentence(model, here, monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    for place in ("helpers.models.load_components", "helpers.denoising.embed"):
        with monkeypatch.context() as patched:
            patched.setattr(place, stop)
            assert picture.main(["mars", "--model", model, "--steps", "1"]) == 130
        assert capsys.readouterr().err == "Stopped: nothing was painted.\n"
    assert list(here.iterdir()) == []


MAKE = shutil.which("make")
TAKEN = """#!/bin/sh
printf '%s\\n' "$@"
"""


@pytest.mark.skipif(os.name == "nt" or not MAKE, reason="no make here, or none that starts a shell script")
@pytest.mark.parametrize(
    "prompt",
    [
        "costs $5 and $(HOME)",
        "$(shell touch run) `touch run` $(touch run); touch run",
        'say "hi" # it\'s back\\slash\\',
        "--help",
        "火星 $$ 🚀",
        "",
    ],
)
def test_make_takes_the_prompt_and_the_seed_letter_by_letter(prompt, here):
    """With a command in the place of Python that says what it was given."""
    for name in ("Makefile", "requirements/torch.lock", "requirements/picture.lock", ".venv/.paints"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).touch()
    (here / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (here / ".venv" / "bin").mkdir()
    (here / ".venv" / "bin" / "python").write_text(TAKEN)
    (here / ".venv" / "bin" / "python").chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "PROMPT": "another program's", "SEED": "9"}

    def made(*arguments):
        done = subprocess.run([MAKE, "picture", *arguments], capture_output=True, text=True, env=environment)
        assert done.stderr == "" and not (here / "run").exists()
        return done.stdout.split("\n")[2:-1]

    assert made(f"PROMPT={prompt}", "SEED=$(shell touch run)") == ["--seed=$(shell touch run)", "--", prompt]
    assert made() == ["--seed=0", "--", "an astronaut on mars"]


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
        (["mars", "--seed", "one"], "A seed is a whole number from 0 up, below 2**63, not 'one'"),
        (["mars", "--guidance", "1e30"], "from 0 up to 1000, not 1e+30"),
        (["mars", "--stepps", "3"], "Unrecognized arguments: --stepps 3: --help lists the options."),
        (["\ud83d"], "half a character"),
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
        ("Café à la Lune", "café-à-la-lune-0.png"),
        ("火星", "火星-0.png"),
        ("🚀", "picture-0.png"),
        ("火" * 100, "火" * 20 + "-0.png"),
        ("mars " * 100, "mars-" * 12 + "0.png"),
    ],
)
def test_file_names_are_safe(prompt, name):
    assert picture.file_name(prompt, 0) == name
