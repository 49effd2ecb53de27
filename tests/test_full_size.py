"""Stable Diffusion v1-4's architecture, as far as it can be had without its weights."""

import subprocess
import sys

import nbformat
import pytest
import torch

from tests import full_size, tiny

CELL = f"""\
import sys
sys.path.insert(0, {str(full_size.ROOT)!r})
from helpers.models import POCKET, load_components, settings
MODEL = POCKET
import torch
assert torch.get_num_threads() == 1
assert load_components(MODEL).unet.config.sample_size == {full_size.SMALL_LATENTS}
assert settings(MODEL)["num_inference_steps"] == {full_size.STEPS}
"""


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The proof of a tiny model in place of the full one, and of one tiny notebook; its folder."""
    wide, deep = dict(block_out_channels=(8, 8, 16, 16), norm_num_groups=4), dict(layers_per_block=1)
    monkeypatch.setattr(
        full_size, "UNET", full_size.UNET | wide | deep | dict(sample_size=16, cross_attention_dim=16)
    )
    monkeypatch.setattr(full_size, "VAE", full_size.VAE | wide | deep | dict(sample_size=128))
    tokens = tiny.tiny_tokenizer()
    width = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
    ids = dict(vocab_size=len(tokens), bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id)
    monkeypatch.setattr(full_size, "TEXT", full_size.TEXT | width | ids)
    monkeypatch.setattr(full_size, "PARAMETERS", full_size.parameters(full_size.networks()))
    monkeypatch.setattr(full_size, "tokenizer", tiny.tiny_tokenizer)
    monkeypatch.setattr(full_size, "TOKENS", {"mars": tokens("mars").input_ids})
    for name, value in {"EMBEDDINGS": (2, 77, 16), "LATENTS": (1, 4, 16, 16), "PICTURE": (128, 128)}.items():
        monkeypatch.setattr(full_size, name, value)
    monkeypatch.setattr(full_size, "cores", lambda: 1.0)
    monkeypatch.setattr(full_size, "NOTEBOOKS", [2])
    monkeypatch.setattr(full_size, "FOLDER", tmp_path)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    nbformat.write(notebook, tmp_path / "02_tiny.ipynb")
    return tmp_path


def test_the_published_architecture_has_the_published_number_of_parameters():
    with torch.device("meta"):  # shapes without memory
        assert full_size.parameters(full_size.networks()) == full_size.PARAMETERS
    assert [round(count / 1e6, 2) for count in full_size.PARAMETERS.values()] == [859.52, 123.06, 83.65]


def test_a_tiny_model_goes_through_the_whole_proof(small, capsys):
    full_size.main([])
    said = capsys.readouterr().out
    assert "the same bits at 128 × 128" in said
    assert "02_tiny.ipynb: every cell runs" in said
    assert "GB at most, of 20" in said


@pytest.mark.parametrize(
    "name, value, sentence",
    [
        ("PARAMETERS", {"unet": 1}, "Parameters"),
        ("TOKENS", {"mars": [1, 2]}, 'Tokens of "mars"'),
        ("EMBEDDINGS", (2, 77, 768), "Embeddings"),
        ("LATENTS", (1, 4, 64, 64), "Latents"),
        ("denoise", lambda *_: torch.zeros(1, 4, 16, 16), "The latents are flat"),
        ("initial_noise", lambda *_: torch.ones(1, 4, 16, 16), "latents of loop and pipeline are not"),
        ("MEMORY", 1e6, "too much memory"),
    ],
)
def test_what_is_not_as_it_should_be_ends_in_a_sentence(small, monkeypatch, name, value, sentence):
    monkeypatch.setattr(full_size, name, value)
    monkeypatch.setattr(full_size, "run_notebook", lambda *_: None)
    with pytest.raises(SystemExit, match=sentence):
        full_size.main([])


def test_without_clips_vocabulary_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(full_size, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install --no-deps open_clip_torch"):
        full_size.main([])


def test_a_notebook_that_is_not_there_is_refused(capsys):
    with pytest.raises(SystemExit):
        full_size.main(["77"])
    assert "there is no notebook 77" in capsys.readouterr().err


@pytest.mark.slow
def test_loop_and_notebooks_run_at_full_size():
    subprocess.run([sys.executable, "-m", "tests.full_size"], check=True)
