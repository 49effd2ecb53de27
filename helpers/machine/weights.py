"""The parts of a model, read from a folder: safetensors only, and every fault of a file said in one sentence.

`mend(path)` says what to do about a path that is missing or damaged.
"""

import json
from math import prod

import diffusers
import torch
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedModel

from helpers.errors import ModelError
from helpers.machine.disk import named

LONGEST_HEAD = 100_000_000  # bytes: what the format allows
WEIGHTS = {
    "text_encoder": "model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "unet": "diffusion_pytorch_model.safetensors",
    "safety_checker": "model.safetensors",
}


def load_part(part_class, folder, mend, **options):
    """`from_pretrained` of one part, its many possible complaints turned into one ModelError."""
    try:
        return part_class.from_pretrained(folder, **options)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        wrong = next((file for file in sorted(folder.glob("*.json")) if not _is_json(file)), folder)
        raise ModelError(f"{named(wrong)} can't be read: {mend(wrong)}.") from error


def load_network(network_class, folder, device, dtype, mend):
    """Load a network after a look at its weights file, for the libraries fill gaps with random numbers.

    The number format is set afterwards, by torch: the name of that option of `from_pretrained` changed from
    `torch_dtype` to `dtype` after diffusers 0.39, and the `.to` of diffusers 0.42 warns without a cause.
    """
    name = WEIGHTS["text_encoder" if issubclass(network_class, PreTrainedModel) else "unet"]
    files, variant = weights_files(folder, name)
    if not files:
        raise ModelError(f"The weights file {named(folder / name)} is missing: {mend(folder / name)}.")
    for file in files:
        try:
            with safe_open(file, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise ModelError(f"The weights file {named(file)} is damaged: {mend(file)}.") from error
    options = {"use_safetensors": True, "output_loading_info": True, "variant": variant}
    network, loaded = load_part(network_class, folder, mend, **options)
    if loaded["missing_keys"]:
        raise ModelError(f"The weights file {named(files[0])} is incomplete: {mend(files[0])}.")
    network = network.eval().requires_grad_(False)
    return torch.nn.Module.to(network, device, dtype)


def scheduler_class(index, mend):
    """The class of the scheduler that a model_index.json names: PNDM for both models here, or any other."""
    try:
        name = json.loads(index.read_text(encoding="utf-8"))["scheduler"][1]
        return getattr(diffusers, name)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(f"{named(index)} names no scheduler of diffusers: {mend(index)}.") from error


def weights_files(folder, name):
    """The files of a network's weights, one or several; their variant, "fp16" where there are no others."""
    stem = name.removesuffix(".safetensors")
    for variant, start in ((None, stem), ("fp16", f"{stem}.fp16")):
        shards = sorted(folder.glob(f"{start}-*-of-*.safetensors"))
        if (folder / f"{start}.safetensors").is_file():
            return [folder / f"{start}.safetensors"], variant
        if shards:
            return shards, variant
    return [], None


def names_checker(folder):
    """Whether the model in `folder` says that it has a safety checker."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        return index["safety_checker"][1] is not None
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return False  # what is wrong with it, its scheduler's entry says


def part_bytes(folder, part):
    """Bytes of a part's weights files."""
    return sum(file.stat().st_size for file in weights_files(folder / part, WEIGHTS[part])[0])


def count_parameters(folder, part):
    """How many parameters a part of a model in `folder` has, read from the heads of its weights files.

    0 where there are none, or none that can be read: loading says so.
    """
    try:
        return sum(map(_parameters, weights_files(folder / part, WEIGHTS[part])[0]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0


def _parameters(file):
    """By the head of a safetensors file: eight bytes that say how long it is, and JSON.

    The library would map all of the file into memory, which fails for one that is larger.
    """
    with open(file, "rb") as opened:
        head = json.loads(opened.read(min(int.from_bytes(opened.read(8), "little"), LONGEST_HEAD)))
    return sum(prod(each["shape"]) for name, each in head.items() if name != "__metadata__")


def _is_json(file):
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
