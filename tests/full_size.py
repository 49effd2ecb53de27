"""Stable Diffusion v1-4 at its full size, with random weights: does everything here run on it?

    python -m tests.full_size [NN ...]     (at most an hour on two cores, 20 GB of memory; 5 GB of disk)

The weights can't be had offline, the architecture can: it is published, and CLIP's vocabulary ships with the
package open_clip_torch. Its pictures are noise, so what is proven is that shapes, memory and code fit: the
hand-written loop equals the pipeline to the last bit at 512 × 512, and every cell of the notebooks 02 to 09
runs. For the notebooks the latents are 8 × 8 in place of 64 × 64, pictures of 64 × 64 (the same weights, as
U-Net and VAE are convolutional), and a picture takes few steps: at full size two cores would take days.
"""

import argparse
import gzip
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import nbformat
import numpy as np
import psutil
import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from nbclient import NotebookClient
from transformers import CLIPTextConfig, CLIPTextModel

from bench.parts import threads
from helpers.denoising import decode, denoise, encode_prompts
from helpers.machine.processor import cores, counted
from helpers.models import ROOT, latent_shape, load_components, load_pipeline
from helpers.seeding import generator, initial_noise
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
PROMPT = "a photo of an astronaut riding a horse on mars"
# https://github.com/apple/ml-stable-diffusion, swift/StableDiffusionTests/StableDiffusionTests.swift
TOKENS = {
    PROMPT: [49406, 320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496, 49407],
    "Apple CoreML developer tools on a Macbook Air are fast": [
        49406, 3055, 19622, 5780, 10929, 5771, 525, 320, 20617, 1922, 631, 1953, 49407,
    ],
}  # fmt: skip
EMBEDDINGS, LATENTS, PICTURE = (2, 77, 768), (1, 4, 64, 64), (512, 512)
FOLDER, NOTEBOOKS = ROOT / "notebooks", range(2, 10)
STEPS = 5  # of a picture, more where a cell names their number; with fewer, a strength of 0.2 leaves none
SMALL_LATENTS = 8
MEMORY = 20e9  # bytes
MINUTES = 60  # on two cores with nothing else to do: said, not enforced


def expect(right, sentence):
    """Stop with the sentence unless it went right."""
    if not right:
        raise SystemExit(sentence)


def expect_equal(what, found, wanted):
    expect(found == wanted, f"{what}: {found} in place of {wanted}.")


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


def save(folder, tokens):
    """Save the model with random weights in the diffusers layout; its networks' numbers of parameters."""
    torch.manual_seed(0)
    parts = networks()
    count = parameters(parts)
    parts |= {"tokenizer": tokens, "scheduler": PNDMScheduler.from_config(SCHEDULER)}
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
    """Paint at the model's size, in float32, by hand and by the pipeline; stop unless all bits are equal."""
    components = load_components(folder, "cpu", torch.float32)
    expect_equal("Tokens", len(components.tokenizer), TEXT["vocab_size"])
    for sentence, known in TOKENS.items():
        expect_equal(f'Tokens of "{sentence}"', components.tokenizer(sentence).input_ids, known)
    embeddings = encode_prompts(components, [PROMPT])
    expect_equal("Embeddings", tuple(embeddings.shape), EMBEDDINGS)
    noise = initial_noise(latent_shape(components), [generator(0)])
    latents = denoise(components, embeddings, noise, 7.5, STEPS)
    expect_equal("Latents", tuple(latents.shape), LATENTS)
    [by_hand] = decode(components.vae, latents)
    expect_equal("Picture", by_hand.size, PICTURE)
    for what, numbers in {"latents": latents.numpy(), "pixels": np.asarray(by_hand, float)}.items():
        expect(0 < numbers.std() < np.inf, f"The {what} are flat or not finite.")
    del components

    pipeline, after_steps = load_pipeline(folder, "cpu", torch.float32), []

    def keep(pipeline, index, t, kept):
        after_steps.append(kept["latents"])
        return kept

    options = {"num_inference_steps": STEPS, "guidance_scale": 7.5, "callback_on_step_end": keep}
    [by_pipeline] = pipeline(PROMPT, generator=generator(0), **options).images
    expect(torch.equal(latents, after_steps[-1]), "The latents of loop and pipeline are not the same.")
    expect(by_hand.tobytes() == by_pipeline.tobytes(), "The pictures of loop and pipeline are not the same.")


def run_notebook(path, folder):
    """Run every cell of a notebook on the model, on this process's number of threads.

    Raises what a cell raises.
    """
    notebook = on_another_model(nbformat.read(path, as_version=4), folder, steps=STEPS)
    client = NotebookClient(notebook, timeout=3600, resources={"metadata": {"path": str(path.parent)}})
    client.execute(env=os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())})


@contextmanager
def most_memory(every=0.2):
    """Yields a function that says how many bytes this process and those that it started held at most."""
    most, ended = [0], threading.Event()

    def look():
        now = 0
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
            with suppress(psutil.Error):  # it has just ended
                now += process.memory_info().rss
        most[0] = max(most[0], now)
        return most[0]

    def watch():
        while not ended.wait(every):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield look
    finally:
        ended.set()
        watcher.join()


def prove(place, paths):
    """Everything that this module proves, with the model in the folder `place`."""
    tokens, folder = tokenizer(), place / "full"
    found = save(folder, tokens)
    expect_equal("Parameters", found, PARAMETERS)
    said = ", ".join(f"{name} {count / 1e6:.2f} M" for name, count in found.items())
    print(f"parameters: {said}", flush=True)
    compare_loop_and_pipeline(str(folder))
    size = " × ".join(map(str, PICTURE))
    print(f"loop and pipeline give the same bits at {size}, in float32", flush=True)
    small = with_small_latents(folder, place / "small")
    for path in paths:
        start = time.perf_counter()
        run_notebook(path, small)
        print(f"{path.name}: every cell runs, {time.perf_counter() - start:.0f} s", flush=True)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.full_size", description=__doc__.splitlines()[0])
    parser.add_argument(
        "notebooks", nargs="*", help="only these, by their numbers, such as 05; default: 02 to 09"
    )
    parser.add_argument("--save", metavar="FOLDER", help="only save the model there, with random weights")
    options = parser.parse_args(argv)
    if options.save:
        save(options.save, tokenizer())
        return
    paths = {path.stem[:2]: path for path in sorted(FOLDER.glob("[0-9]*.ipynb"))}
    wanted = options.notebooks or [f"{number:02}" for number in NOTEBOOKS]
    for each in wanted:
        if each not in paths:
            parser.error(f"there is no notebook {each}: choose from {', '.join(paths)}")
    start, count = time.perf_counter(), max(1, round(cores()))
    with tempfile.TemporaryDirectory() as place, threads(count), most_memory() as memory:
        prove(Path(place), [paths[each] for each in wanted])
        held, minutes = memory(), (time.perf_counter() - start) / 60
    print(f"memory: {held / 1e9:.1f} GB at most, of {MEMORY / 1e9:.0f}; time: {minutes:.0f} minutes", end=" ")
    print(f"on {counted(count, 'thread')}, of {MINUTES} on two idle cores")
    expect(held <= MEMORY, "That is too much memory.")


if __name__ == "__main__":
    sys.exit(main())
