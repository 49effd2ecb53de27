"""What is kept belongs to what it was made from; an interruption leaves a whole file or none."""

import json

import numpy as np
import pytest
import torch

import training
from helpers.errors import ModelError
from helpers.lesson import cache, measured
from helpers.machine.disk import write_json, write_whole
from helpers.models import POCKET, load_components
from training.beyond import sounds
from training.pocket import data, judge, vae


def test_a_mark_is_another_one_for_other_weights_settings_or_files(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"old")
    layer = torch.nn.Linear(2, 2)
    things = [layer, tmp_path, {"steps": 30}, b"painted", 5]
    marks = {cache.mark(*things), cache.mark(*things)}
    assert len(marks) == 1 and len(marks.copy().pop()) == 16
    others = [torch.nn.Linear(2, 2), tmp_path / "none", {"steps": 31}, b"p", 6]
    (tmp_path / "none").mkdir()
    for i, other in enumerate(others):
        marks.add(cache.mark(*things[:i], other, *things[i + 1 :]))
    (tmp_path / "model.safetensors").write_bytes(b"new")
    marks.add(cache.mark(*things))
    assert len(marks) == 7


def test_the_ends_of_two_things_are_part_of_a_mark():
    assert cache.mark(b"ab", b"c") != cache.mark(b"a", b"bc")


@pytest.mark.parametrize("keep", [cache.kept, cache.kept_arrays])
def test_what_was_made_from_the_same_is_read_and_else_made_anew(tmp_path, keep):
    file = tmp_path / "new" / ("it.json" if keep is cache.kept else "it.npz")
    made = []

    def make():
        made.append(1)
        return {"number": len(made)}

    for made_from, wanted in (("a", 1), ("a", 1), ("b", 2), ("b", 2), ("a", 3)):
        assert int(keep(file, made_from, make)["number"]) == wanted
    file.write_bytes(file.read_bytes()[:20])  # as if somebody had cut it off
    assert int(keep(file, "a", make)["number"]) == 4


def test_an_interruption_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    file = tmp_path / "it.json"
    write_json(file, {"old": 1})

    def half(path):
        path.write_text('{"new"')
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(file, half)
    assert json.loads(file.read_text()) == {"old": 1} and list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", sorted(measured.ABOUT))
def test_a_measured_file_belongs_to_the_weights_that_are_here(name):
    made = json.loads((measured.FOLDER / f"{name}.json").read_text(encoding="utf-8"))["made"]
    assert made["weights"] == cache.weights_mark(*measured.ABOUT[name]), f"run `python -m measure.{name}`"


def test_every_measured_file_says_which_weights_it_is_about():
    assert {file.stem for file in measured.FOLDER.glob("*.json")} == set(measured.ABOUT)


def test_the_evaluation_belongs_to_the_weights_that_are_here():
    from training.evaluation.evaluate import MEASURED, MODEL

    found = json.loads((MODEL / "evaluation.json").read_text(encoding="utf-8"))
    assert found["weights"] == cache.weights_mark(*MEASURED), "run `make evaluate`"


def test_reconstructions_of_another_decoder_are_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CACHE", tmp_path)
    autoencoder = load_components(POCKET, "cpu", torch.float32).vae
    monkeypatch.setattr(vae, "load_vae", lambda: (autoencoder, "the encoder's mark"))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), np.uint8)
    before = judge.reconstructions(pictures, torch.device("cpu"))
    assert np.array_equal(judge.reconstructions(pictures, torch.device("cpu")), before)
    with torch.no_grad():
        autoencoder.decoder.conv_out.bias += 0.5
    assert judge.reconstructions(pictures, torch.device("cpu")).mean() > before.mean() + 5


def test_another_number_of_sounds_makes_as_many(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CACHE", tmp_path)
    for count in (8, 12):
        monkeypatch.setattr(sounds, "SOUNDS", count)
        spectrograms, scenes = sounds.load_sounds()
        assert len(spectrograms) == len(scenes) == count


def test_pictures_of_another_painter_are_not_trained_on(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CACHE", tmp_path)
    data.main(count=2)
    assert len(data.load()[0]) == 2
    render = data.world.render
    monkeypatch.setattr(data.world, "render", lambda scene, rng: 255 - render(scene, rng))
    with pytest.raises(ModelError, match="another painter's: run `python -m training data --fresh`"):
        data.load()
    data.main(count=2, fresh=True)
    assert len(data.load()[0]) == 2
