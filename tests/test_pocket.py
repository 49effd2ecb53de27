"""The pocket model: any diffusers tool loads it, it is small, and it paints what it is asked for."""

import json
import warnings

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from helpers.denoising import generate
from helpers.judge import classify
from helpers.models import POCKET, ROOT, load_components, settings
from training.pocket import judge
from worlds import planets as world
from worlds import seeds

FOLDER = ROOT / POCKET


@pytest.fixture(scope="module")
def components():
    return load_components(POCKET, "cpu", torch.float32)


def test_the_plain_pipeline_loads_and_paints():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        pipeline = StableDiffusionPipeline.from_pretrained(FOLDER)
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline("an astronaut on mars", num_inference_steps=4).images[0]
    assert picture.size == (128, 128) and np.asarray(picture).std() > 10


def test_it_is_small_and_only_safetensors():
    files = [file for file in FOLDER.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 32e6
    assert not [file.name for file in files if file.suffix in (".bin", ".pt", ".ckpt", ".pkl")]


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("an astronaut on mars", {"figure": "astronaut", "place": "mars"}),
        ("a robot on the moon at night", {"figure": "robot", "place": "moon", "time": "night"}),
        ("a watercolour of an alien on a jungle planet", {"figure": "alien", "style": "watercolour"}),
        ("a pencil sketch of a rocket on an icy planet", {"figure": "rocket", "style": "sketch"}),
        ("a lava planet in a purple nebula", {"kind": "lava planet", "background": "purple nebula"}),
    ],
)
def test_the_judge_sees_what_was_asked_for(components, prompt, wanted):
    """In at least three pictures of four: single attributes that people ask for first."""
    pictures = generate(components, prompt, [0, 1, 2, 3], **settings())
    classes, _ = classify(judge.load(), np.stack([np.asarray(picture) for picture in pictures]))
    names = list(world.ATTRIBUTES)
    for name, value in wanted.items():
        seen = [world.ATTRIBUTES[name][i] for i in classes[:, names.index(name)]]
        assert seen.count(value) >= 3, seen


def test_latents_have_the_size_of_the_noise(components):
    pixels = torch.stack([torch.from_numpy(np.array(world.draw(seed)[0])) for seed in seeds.TESTS[:24]])
    latents = components.vae.encode(pixels.permute(0, 3, 1, 2) / 127.5 - 1).latent_dist.mean
    scaled = latents * components.vae.config.scaling_factor
    assert 0.9 < scaled.std() < 1.1
    channels = scaled.std((0, 2, 3))
    assert channels.max() / channels.min() < 2


def test_the_card_gives_the_figures_of_the_last_full_evaluation():
    results = json.loads((FOLDER / "evaluation.json").read_text())
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert results["form"] == "full" and results["settings"] | settings() == results["settings"]
    for what, value, bar, reached in results["bars"]:
        assert f"| {what} | {value:g} | {bar:g} | {'reached' if reached else '**missed**'} |" in card
