"""Memory, looked at before a model is loaded: there is enough, enough with care, or too little."""

import json
import math
from pathlib import Path
from typing import NamedTuple

import psutil
import torch

from helpers.errors import ModelError
from helpers.machine.weights import count_parameters, part_bytes

# Numbers that the VAE holds at once, for each pixel of a picture and each channel at that size: 6 counted in
# Stable Diffusion's decoder, which needs more than its U-Net, and a third on top for the libraries' own.
NUMBERS_PER_PIXEL = 8
CGROUP = Path("/sys/fs/cgroup")  # where Linux says how much memory a container may use


class Fit(NamedTuple):
    """How a model fits into memory: what has to be done for it."""

    careful: bool  # decode pictures one by one, large ones in tiles; on a Mac, compute attention in slices
    offload: bool  # keep the U-Net's weights in the computer's memory; they visit the GPU layer by layer


def free_memory(device):
    """Bytes that are free: of the GPU itself for "cuda", otherwise of the computer or the container."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return min(psutil.virtual_memory().available, _free_in_container())


def fit(folder, parts, device, dtype):
    """How the `parts` of the model in `folder` fit into the memory that is free now.

    Raises ModelError, which says how much is free and needed and what to do, if they don't.
    """
    if device.type not in ("cpu", "cuda", "mps"):
        return Fit(careful=False, offload=False)
    bytes_each = dtype.itemsize
    sizes = {part: count_parameters(folder, part) * bytes_each for part in parts}
    work = _work(folder) * bytes_each
    needed, free = sum(sizes.values()) + work, free_memory(device)
    if device.type == "cuda":
        _check("of the computer's memory", _largest(folder, parts), free_memory(torch.device("cpu")), "")
        without_unet = needed - sizes["unet"]
        cure = 'load it with device="cpu", where a picture takes far longer'
        _check("of the GPU's memory", without_unet, free, cure)
        return Fit(careful=free < needed + work, offload=free < needed)
    cure = f"load it with dtype=torch.bfloat16, which needs {needed / bytes_each * 2 / 1e9:.1f} GB"
    _check("of memory", needed, free, cure if bytes_each > 2 else "")
    return Fit(careful=free < needed + work, offload=False)


def ease(components, fits, device):
    """Do what `fits` asks for; the sentence that says so, or ""."""
    said = []
    if fits.careful:
        components.vae.enable_slicing()
        components.vae.enable_tiling()
        said.append("pictures are decoded one by one, and large ones in tiles")
        if device.type == "mps":  # its attention holds the whole table of weights; others' doesn't
            components.unet.set_attention_slice("auto")
            said.append("attention is computed in slices")
    if fits.offload:
        options = {"onload_device": device, "offload_device": torch.device("cpu")}
        components.unet.enable_group_offload(offload_type="leaf_level", **options)
        said.append("the U-Net's weights visit the GPU layer by layer, which takes longer")
    return f"Memory is scarce: {'; '.join(said)}." if said else ""


def _check(whose, needed, free, cure):
    """Raise ModelError if less is free than needed."""
    if free < needed:
        raise ModelError(
            f"The model needs {needed / 1e9:.1f} GB {whose}, and {free / 1e9:.1f} GB are free: shut down "
            f"other notebooks and programs, {cure + ', ' if cure else ''}or go on with MODEL = POCKET."
        )


def _work(folder):
    """Numbers that painting one picture of the model's own size holds beside the weights; 0 if unknown."""
    try:
        config = json.loads((folder / "vae" / "config.json").read_text(encoding="utf-8"))
        return NUMBERS_PER_PIXEL * config["block_out_channels"][0] * config["sample_size"] ** 2
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return 0  # loading says what is wrong with it


def _largest(folder, parts):
    """Bytes of the largest part on the disk, which passes through the computer's memory on its way."""
    return max(part_bytes(folder, part) for part in parts)


def _free_in_container():
    """Bytes that a container may still use; without one, there is no limit."""
    for limit, used, stat in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        try:
            lines = dict(line.split() for line in (CGROUP / stat).read_text().splitlines())
            cached = int(lines.get("inactive_file", 0))  # of files: given back when it is needed
            return int((CGROUP / limit).read_text()) - int((CGROUP / used).read_text()) + cached
        except (OSError, ValueError):  # another system, or the word "max"
            continue
    return math.inf
