"""Latents against pixels: the comparison of notebook 11 is between equals, and both can be trained again."""

import pytest
import torch

import training
from helpers.denoising import decode, encode_picture, encode_prompts, generate, guided_noise
from helpers.errors import InputError, ModelError
from helpers.lesson.examples import load_renders
from helpers.lesson.spaces import SPACES, load_space
from helpers.seeding import generator, initial_noise
from training import loop
from training.beyond import spaces
from training.pocket import data, vae

FIRST_AND_LAST = {"conv_in.weight", "conv_out.weight", "conv_out.bias"}  # whose shape the channels decide


@pytest.fixture(scope="module")
def two():
    return {space: load_space(space) for space in SPACES}


@pytest.fixture(scope="module")
def examples():
    return load_renders()[:8]


def shapes(network):
    return {name: weight.shape for name, weight in network.state_dict().items()}


def test_the_two_networks_differ_in_their_first_and_last_layer_only(two):
    latents, pixels = (shapes(parts.unet) for parts in two.values())
    assert latents.keys() == pixels.keys()
    assert {name for name in latents if latents[name] != pixels[name]} == FIRST_AND_LAST
    assert [latents, pixels] == [shapes(spaces.new_unet(space)) for space in SPACES]  # what training makes


def test_both_paint_pictures_of_one_size(two):
    for parts in two.values():
        once, again = (generate(parts, "an astronaut on mars", 3, 1, 1)[0] for _ in range(2))
        assert once.size == (128, 128) and once.tobytes() == again.tobytes()


def test_pixels_come_back_as_they_were(two, examples):
    pictures = [example.picture for example in examples]
    scaled = encode_picture(two["pixels"].vae, pictures, [generator(0)] * len(pictures))  # a draw is the mean
    assert scaled.shape == (8, 3, 128, 128) and 0.8 < scaled.std() < 1.2
    for before, after in zip(pictures, decode(two["pixels"].vae, scaled)):
        assert before.tobytes() == after.tobytes()


@torch.no_grad()
def test_the_shipped_weights_know_noise_from_pictures(two, examples):
    """Whoever answers "no noise at all" has an error of 1."""
    for parts in two.values():
        clean = encode_picture(parts.vae, [example.picture for example in examples])
        noise = initial_noise(clean.shape[1:], list(map(generator, range(8))))
        noisy = parts.scheduler.add_noise(clean, noise, torch.tensor(500))
        words = encode_prompts(parts, [example.caption for example in examples])
        assert (guided_noise(parts.unet, noisy, 500, words, 1) - noise).square().mean() < 0.3


def test_what_cannot_be_loaded_is_said_clearly(tmp_path):
    with pytest.raises(InputError, match='"latents" or "pixels"'):
        load_space("voxels")
    with pytest.raises(ModelError, match="python -m training in-pixels"):
        load_space("pixels", tmp_path)


@pytest.mark.parametrize("space", SPACES)
def test_both_can_be_trained_again(space, tmp_path, monkeypatch):
    """With the shipped VAE and text encoder; snapshots are kept on the way, and the end can be loaded."""
    monkeypatch.setattr(training, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(spaces, "FOLDER", tmp_path / "spaces")
    monkeypatch.setattr(spaces, "SNAPSHOTS", (1e-9, 60))
    data.main(count=4)
    settings = loop.Settings(steps=3, batch=2, lr=1e-3, precision="no")
    vae.latents_main(settings)
    spaces.main(space, settings)
    kept = [folder.name for folder in (tmp_path / "cache" / f"in-{space}").glob("minute-*")]
    assert kept == ["minute-1e-09"]
    parts = load_space(space, tmp_path / "spaces")
    assert len(generate(parts, ["a planet"] * 2, [0, 1], 1, 3)) == 2
    if space == "pixels":
        assert spaces.pixel_space().config.scaling_factor == parts.vae.config.scaling_factor
