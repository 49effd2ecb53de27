"""The safety checker: on where a model has one, off when asked, and a black picture is explained."""

import warnings

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny import save_tiny, save_tiny_checker

from helpers.denoising import generate
from helpers.errors import ModelError
from helpers.image_to_image import image_to_image
from helpers.machine import safety
from helpers.models import POCKET, load_components, load_pipeline

BLACK = (0, 0)  # the darkest and the lightest value of a black picture
WORDS = "safety checker made .* black, because .* try another seed or prompt, or load .*safety_checker=False"


@pytest.fixture
def model(tmp_path):
    save_tiny("like sd", tmp_path)
    save_tiny_checker(tmp_path)
    return tmp_path


def alarm(model, name="concept_embeds_weights", level=-2.0):
    """Let the checker of the saved model find everything unsafe."""
    file = model / "safety_checker/model.safetensors"
    weights = load_file(file)
    weights[name].fill_(level)
    save_file(weights, file, metadata={"format": "pt"})
    return model


def paint(components, count=1):
    return generate(components, "mars", list(range(count)), 2, 3.0)


def greys(picture):
    return picture.convert("L").getextrema()


def test_safe_pictures_come_as_they_are_and_nothing_is_said(model):
    without = paint(load_components(model, "cpu", torch.float32, safety_checker=False))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert paint(load_components(model, "cpu", torch.float32))[0].tobytes() == without[0].tobytes()


def test_a_black_picture_is_explained_in_every_way_of_painting(model, capfd):
    components = load_components(alarm(model), "cpu", torch.float32)
    with pytest.warns(UserWarning, match=f"made the picture.*{WORDS[20:]}"):
        [picture] = paint(components)
    assert greys(picture) == BLACK and picture.size == (64, 64)
    with pytest.warns(UserWarning, match=r"picture 1, 2 of 2 black"):
        assert [greys(each) for each in paint(components, 2)] == [BLACK] * 2
    start = Image.new("RGB", (64, 64), (180, 90, 40))
    with pytest.warns(UserWarning, match=WORDS):
        [picture] = image_to_image(components, "mars", start, 0, 0.5, 4, 3.0)
    assert greys(picture) == BLACK
    assert capfd.readouterr().err == "", "the library's own words are not said as well"


def test_only_what_is_unsafe_is_black(model, monkeypatch):
    components = load_components(model, "cpu", torch.float32)
    network, _ = safety.checker_of(components.vae)
    monkeypatch.setattr(
        type(network), "forward", lambda self, clip_input, images: (images, [False, True, False])
    )
    expected = paint(load_components(model, "cpu", torch.float32, safety_checker=False), 3)
    with pytest.warns(UserWarning, match="made picture 2 of 3 black"):
        pictures = paint(components, 3)
    assert greys(pictures[1]) == BLACK
    assert [pictures[i].tobytes() for i in (0, 2)] == [expected[i].tobytes() for i in (0, 2)]


def test_the_reader_can_turn_it_off(model):
    [picture] = paint(load_components(alarm(model), "cpu", torch.float32, safety_checker=False))
    assert greys(picture) != BLACK
    assert load_pipeline(model, "cpu", torch.float32, safety_checker=False).safety_checker is None


def test_the_librarys_pipeline_has_the_same_checker(model):
    pipeline = load_pipeline(alarm(model), "cpu", torch.float32)
    assert greys(pipeline("mars", num_inference_steps=1).images[0]) == BLACK
    assert pipeline.feature_extractor is not None


def test_the_weights_of_a_checker_have_older_names_in_stable_diffusions_file(model):
    """Its image tower's names begin with vision_model twice."""
    file = model / "safety_checker/model.safetensors"
    start, older = "vision_model.", "vision_model.vision_model."
    bare = {name.replace(older, start): weight for name, weight in load_file(file).items()}
    loaded = []
    for prefix in (start, older):
        renamed = {name.replace(start, prefix, 1): weight for name, weight in bare.items()}
        save_file(renamed, file, metadata={"format": "pt"})
        components = load_components(model, "cpu", torch.float32)
        loaded.append(safety.checker_of(components.vae).safety_checker.state_dict())
    for name, weight in loaded[0].items():
        torch.testing.assert_close(loaded[1][name], weight, rtol=0, atol=0)


@pytest.mark.parametrize(
    "name", ["safety_checker/model.safetensors", "feature_extractor/preprocessor_config.json"]
)
def test_a_checker_is_never_left_out_because_its_file_is_broken(name, model):
    (model / name).write_bytes(b"half")
    with pytest.raises(ModelError, match=f"{name} (is damaged|can't be read): save the model there again"):
        load_components(model)
    (model / name).unlink()
    with pytest.raises(ModelError, match="is missing|can't be read"):
        load_components(model)
    load_components(model, safety_checker=False)


def test_the_pocket_model_has_none():
    assert safety.checker_of(load_components(POCKET).vae) is None
