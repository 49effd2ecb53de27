"""The parts of a model, read from a folder: safetensors only, and every fault of a file said in one sentence.

`mend(path)` says what to do about a path that is missing or damaged.
"""

import functools
import hashlib
import inspect
import json
from math import prod

import diffusers
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from transformers import PreTrainedModel

from helpers.errors import ModelError, clear_memory_error, silent_if_it_fails
from helpers.machine.disk import ROOT, named, write_text

SUMS = ROOT / "models" / "SHA256SUMS"  # of this project's own weights, in the form of `sha256sum`
SCHEDULE = ("beta_start", "beta_end", "beta_schedule")  # the library's own fit no model here
LONGEST_HEAD = 100_000_000  # bytes: what the format allows
WEIGHTS = {
    "text_encoder": "model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "unet": "diffusion_pytorch_model.safetensors",
    "safety_checker": "model.safetensors",
}


def load_part(part_class, folder, mend, **options):
    """`from_pretrained` of one part, its many possible complaints turned into one ModelError."""
    broken = [file for file in sorted(folder.glob("*.json")) if not isinstance(_json(file), dict)]
    if broken and "config" in broken[0].name:  # the libraries take a list for a folder's name
        raise ModelError(f"{named(broken[0])} can't be read: {mend(broken[0])}.")
    try:
        if not folder.is_dir():  # the libraries would take its name for one of the Hub
            raise FileNotFoundError
        with silent_if_it_fails(), clear_memory_error():
            return part_class.from_pretrained(folder, **options)
    except ModelError:
        raise
    except Exception as error:  # each library, and each version of it, has its own
        wrong = broken[0] if broken else folder
        raise ModelError(f"{named(wrong)} can't be read: {mend(wrong)}.") from error


def load_scheduler(folder, mend):
    """The scheduler that the model in `folder` names: PNDM for both models here, or any other.

    Raises ModelError where its file lacks the noise schedule.
    """
    scheduler = scheduler_class(folder / "model_index.json", mend)
    file = folder / "scheduler" / "scheduler_config.json"
    said, known = _json(file), inspect.signature(scheduler).parameters
    if isinstance(said, dict) and not said.get("trained_betas"):
        if lacking := [name for name in SCHEDULE if name in known and name not in said]:
            raise ModelError(f"{named(file)} does not say {' or '.join(lacking)}: {mend(file)}.")
    return load_part(scheduler, folder / "scheduler", mend)


def load_network(network_class, folder, device, dtype, mend):
    """Load a network after a look at its weights file, for the libraries fill gaps with random numbers.

    The number format is set afterwards, by torch: the name of that option of `from_pretrained` changed from
    `torch_dtype` to `dtype` after diffusers 0.39, and the `.to` of diffusers 0.42 warns without a cause.
    """
    name = WEIGHTS["text_encoder" if issubclass(network_class, PreTrainedModel) else "unet"]
    files, variant = weights_files(folder, name)
    for file in files or [folder / name]:
        check_weights(file, mend)
    options = {"use_safetensors": True, "output_loading_info": True, "variant": variant}
    network, loaded = load_part(network_class, folder, mend, **options)
    if loaded["missing_keys"]:
        raise ModelError(f"The weights file {named(files[0])} is incomplete: {mend(files[0])}.")
    network = network.eval().requires_grad_(False)
    return torch.nn.Module.to(network, device, dtype)


def load_own(make, folder, mend):
    """A network of this project's own: `make(config)` of its config.json, with the weights beside it.

    In float32, on the CPU, in evaluation mode, without gradients.
    """
    check_weights(folder / "model.safetensors", mend)
    try:
        network = make(json.loads((folder / "config.json").read_text(encoding="utf-8")))
        network.load_state_dict(load_file(folder / "model.safetensors"))
    except Exception as error:  # whatever `make` stumbles over
        raise ModelError(f"What lies in {named(folder)} is damaged: {mend(folder)}.") from error
    return network.float().eval().requires_grad_(False)


def by_training(stage):
    """What to do about a file that this stage of `python -m training` makes: a `mend`."""
    return lambda _: f"run `python -m training {stage}`"


def check_weights(file, mend):
    """Raise ModelError unless a file of weights is there and whole.

    That is: its head fits its length; and if it is one of this project's own, in models/, its SHA-256 is that
    which SHA256SUMS names. A file that was damaged in the middle would paint without a word.
    """
    if not file.is_file():
        raise ModelError(f"The weights file {named(file)} is missing: {mend(file)}.")
    try:
        with safe_open(file, framework="pt"):
            pass
        known = _sums().get(file.absolute())
        found = known and _sum(file, file.stat().st_size, file.stat().st_mtime_ns)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"The weights file {named(file)} is damaged: {mend(file)}.") from error
    if found != known:
        raise ModelError(
            f"The weights file {named(file)} is damaged or another one than {named(SUMS)} names: bring it "
            "back with `git checkout -- models`, and keep weights of your own in another folder."
        )


def note_sums(folder, since):
    """Write into `folder`/SHA256SUMS which files of weights were written there after the time `since`."""
    new = {file for file in folder.rglob("*.safetensors") if file.stat().st_mtime >= since}
    sums = _sums(folder / SUMS.name) | {file.absolute(): _digest(file) for file in new}
    lines = sorted((file.relative_to(folder.absolute()).as_posix(), each) for file, each in sums.items())
    if new:
        write_text(folder / SUMS.name, "".join(f"{each}  {name}\n" for name, each in lines))


def _sums(file=None):
    """{path: SHA-256} as `file` says, SUMS if left out; empty where there is none."""
    file = file or SUMS
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    rows = [line.partition("  ") for line in lines]
    return {file.absolute().parent / name: each for each, _, name in rows}


@functools.cache
def _sum(file, size, changed):
    """The SHA-256 of a file as it is since then: computed once."""
    return _digest(file)


def _digest(file):
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


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


def _json(file):
    """What a JSON file holds; None where there is none that can be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
