"""Stable Diffusion v1-4 at its full size, with random weights: does everything here run on it?

    python -m tests.full_size [NN ...]     (about an hour on two cores, 20 GB of memory, 9 GB of disk)

The weights can't be had offline, the architecture can: it is published, and CLIP's vocabulary ships with the
package open_clip_torch. Its pictures are noise, so what is proven is that shapes, memory and code fit: the
hand-written loop equals the pipeline to the last bit at 512 × 512, and every cell of the notebooks 02 to 09
runs. For the notebooks the latents are 8 × 8 in place of 64 × 64 (the same weights, as U-Net and VAE are
convolutional) and a picture takes few steps: at full size they would take two cores for days.
"""

import argparse
import gzip
import json
import os
import shutil
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import nbformat
import numpy as np
import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from nbclient import NotebookClient
from transformers import CLIPTextConfig, CLIPTextModel

from helpers.denoising import generate
from helpers.models import ROOT, load_components, load_pipeline
from helpers.seeding import generator
from tests.tiny import SCHEDULER, clip_tokenizer, on_another_model

# As published: https://huggingface.co/CompVis/stable-diffusion-v1-4, the config.json of each folder.
UNET = {
    "sample_size": 64, "block_out_channels": (320, 640, 1280, 1280), "layers_per_block": 2,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    "attention_head_dim": 8, "cross_attention_dim": 768, "norm_num_groups": 32,
    "in_channels": 4, "out_channels": 4,
}  # fmt: skip
VAE = {
    "sample_size": 512, "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
    "latent_channels": 4, "norm_num_groups": 32, "scaling_factor": 0.18215,
}  # fmt: skip
TEXT = {
    "vocab_size": 49_408, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
    "num_attention_heads": 12, "max_position_embeddings": 77, "hidden_act": "quick_gelu",
    "bos_token_id": 49_406, "eos_token_id": 49_407, "pad_token_id": 1,
}  # fmt: skip
PARAMETERS = {"unet": 859_520_964, "text_encoder": 123_060_480, "vae": 83_653_863}
NOTEBOOKS = range(2, 10)
STEPS = 2  # of a picture; more where a cell names their number
SMALL_LATENTS = 8


def tokenizer():
    """CLIP's own, from the merges that open_clip_torch ships: 49,408 tokens."""
    package = find_spec("open_clip")
    if package is None:
        raise SystemExit(
            "CLIP's vocabulary is missing: pip install --no-deps open_clip_torch (it is not imported)."
        )
    file = Path(package.origin).with_name("bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.open(file, "rt", encoding="utf-8").read().split("\n")
    merges = [tuple(line.split()) for line in lines[1 : TEXT["vocab_size"] - 512 - 2 + 1]]
    return clip_tokenizer(merges)


def networks():
    """The three networks, with random weights."""
    return {
        "text_encoder": CLIPTextModel(CLIPTextConfig(**TEXT)),
        "vae": AutoencoderKL(**VAE),
        "unet": UNet2DConditionModel(**UNET),
    }


def parameters(networks):
    """{name: how many parameters each network has}."""
    return {name: sum(weight.numel() for weight in each.parameters()) for name, each in networks.items()}


def save(folder):
    """Save the model with random weights in the diffusers layout; its networks' numbers of parameters."""
    torch.manual_seed(0)
    parts = networks()
    count = parameters(parts)
    parts |= {"tokenizer": tokenizer(), "scheduler": PNDMScheduler.from_config(SCHEDULER)}
    pipeline = StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return count


def with_small_latents(folder, other):
    """The same model for small pictures, the weights not copied but linked; the folder, as a string."""
    shutil.copytree(folder, other, copy_function=os.link)
    config = Path(other) / "unet" / "config.json"
    changed = json.loads(config.read_text()) | {"sample_size": SMALL_LATENTS}
    config.unlink()  # the link, not what the first model reads
    config.write_text(json.dumps(changed))
    return str(other)


def compare_loop_and_pipeline(folder):
    """The largest difference, of 255, between a picture of the loop and of the pipeline, at 512 × 512."""
    options = {"num_inference_steps": STEPS, "guidance_scale": 7.5}
    components = load_components(folder, "cpu", torch.float32)
    [by_hand] = generate(components, "an astronaut on mars", 0, **options)
    del components
    pipeline = load_pipeline(folder, "cpu", torch.float32)
    [by_pipeline] = pipeline("an astronaut on mars", generator=generator(0), **options).images
    assert by_hand.size == by_pipeline.size == (512, 512)
    return int(np.abs(np.asarray(by_hand, int) - np.asarray(by_pipeline, int)).max())


def run_notebook(path, folder):
    """Run every cell of a notebook on the model; raises what a cell raises."""
    notebook = on_another_model(nbformat.read(path, as_version=4), folder, steps=STEPS)
    NotebookClient(notebook, timeout=3600, resources={"metadata": {"path": str(path.parent)}}).execute()


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.full_size", description=__doc__.splitlines()[0])
    parser.add_argument(
        "notebooks", nargs="*", help="only these, by their numbers, such as 05; default: 02 to 09"
    )
    wanted = parser.parse_args(argv).notebooks or [f"{number:02}" for number in NOTEBOOKS]
    paths = {path.stem[:2]: path for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))}
    for each in wanted:
        if each not in paths:
            parser.error(f"there is no notebook {each}: choose from {', '.join(paths)}")
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "full"
        found = save(folder)
        assert found == PARAMETERS, found
        print(
            "parameters:",
            ", ".join(f"{name} {count / 1e6:.2f} M" for name, count in found.items()),
            flush=True,
        )
        difference = compare_loop_and_pipeline(str(folder))
        print(f"loop and pipeline at 512 × 512: the largest difference is {difference} of 255", flush=True)
        assert difference == 0
        small = with_small_latents(folder, Path(place) / "small")
        for path in map(paths.get, wanted):
            start = time.perf_counter()
            run_notebook(path, small)
            print(f"{path.name}: every cell runs, {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
