"""The two models, where they run, and how their parts are loaded.

`POCKET` lies in this repository and needs no network; `FULL` is Stable Diffusion v1-4, downloaded once.
Both have the same five parts, of the same classes, in the same folder layout; every number that differs
between them is read from their configs. Weights are read from safetensors files only.

On a CPU, torch computes on one thread from the import of this module on, unless OMP_NUM_THREADS is set.
With several, each waits for the slowest: beside another busy program a picture of the pocket model then takes
many times as long, and on an idle machine it gains next to nothing. The number of threads also decides a
result's last bits. For Stable Diffusion on a CPU with many cores, set the environment variable
OMP_NUM_THREADS=8, or call `torch.set_num_threads(8)` after the imports.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple

import diffusers
import huggingface_hub.constants
import torch
from diffusers import AutoencoderKL, SchedulerMixin, UNet2DConditionModel
from huggingface_hub import model_info, snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors import SafetensorError, safe_open
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from helpers.errors import (
    InputError,
    ModelError,
    check_device,
    check_dtype,
    check_parts,
    check_size,
    clear_memory_error,
    quoted,
    shown,
)

_threads = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]  # torch missed it if it was set too late
torch.set_num_threads(max(1, int(_threads)) if _threads.isdecimal() else 1)

transformers_logging.set_verbosity_error()  # else it remarks on parts that these models don't have
transformers_logging.disable_progress_bar()
diffusers.utils.logging.disable_progress_bar()  # of loading; painting has a bar of its own

ROOT = Path(__file__).resolve().parent.parent
POCKET = "models/pocket-planets"
FULL = "CompVis/stable-diffusion-v1-4"
FULL_REVISION = "133a221b8aa7292a167afc5127cb63fb5005638b"
POCKET_CLIP = "models/pocket-clip"
FULL_CLIP = "openai/clip-vit-large-patch14"  # whose text tower is Stable Diffusion v1-4's text encoder
FULL_CLIP_REVISION = "32bd64288804d66eefd0ccbe215aa642df71cc41"

SETTINGS = {
    POCKET: {"num_inference_steps": 30, "guidance_scale": 5.0},
    FULL: {"num_inference_steps": 50, "guidance_scale": 7.5},
}

WEIGHTS = {
    "text_encoder": "model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "unet": "diffusion_pytorch_model.safetensors",
}


class Components(NamedTuple):
    """The five parts of a latent diffusion model, in the order in which a prompt meets them."""

    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    vae: AutoencoderKL
    unet: UNet2DConditionModel
    scheduler: SchedulerMixin  # PNDM in both models


def settings(model=POCKET):
    """The steps and the guidance scale that suit a model, as keyword arguments.

    They fit `generate` and the library's pipeline alike: `pipeline(prompt, **settings(MODEL))`. A model
    folder of your own gets Stable Diffusion's. Raises InputError for what is no model's name.
    """
    return dict(SETTINGS.get(_named(model), SETTINGS[FULL]))


def device_and_dtype():
    """The best device here and the number format that is safe on it: (torch.device, torch.dtype).

    An NVIDIA GPU computes in float16 (not bfloat16: a T4 has none of its own); Apple's GPU and the CPU
    in float32, the former because float16 gives NaN on some of them.
    """
    if torch.cuda.is_available():
        return torch.device("cuda"), torch.float16
    if torch.backends.mps.is_available():
        return torch.device("mps"), torch.float32
    return torch.device("cpu"), torch.float32


def model_folder(model=POCKET):
    """The folder on this machine that holds a model, in the diffusers layout; FULL is downloaded if need be.

    Each of its subfolders is one part, for the `from_pretrained` of that part's class. Raises InputError for
    an unknown model, ModelError for a download that fails.
    """
    model = _named(model)
    if model == FULL:
        return _download_full()
    for folder in (ROOT / model, Path(model)):
        if "\0" not in model and (folder / "model_index.json").is_file():
            return folder
    if model == POCKET:
        raise ModelError(f"{POCKET}/model_index.json is missing: {_how_to_mend(ROOT / POCKET)}.")
    raise InputError(
        f'There is no model {quoted(model)}: take "{POCKET}", "{FULL}", '
        "or a folder in the diffusers layout (with a model_index.json)."
    )


def load_components(model=POCKET, device=None, dtype=None):
    """Load a model's parts, ready to sample: on the device, in evaluation mode, without gradients.

    `model` is POCKET, FULL or a folder in the diffusers layout; `device` and `dtype` are chosen by
    `device_and_dtype` if left out. Unpack the result:
    `tokenizer, text_encoder, vae, unet, scheduler = load_components(MODEL)`.
    Several threads may share the result with `generate` and `image_to_image`, which take turns. A loop
    of your own beside them needs components of its own, because a scheduler keeps its place in the loop.
    Raises InputError for an unknown model, device or number format, ModelError for missing or damaged files,
    a download that fails, or too little memory.
    """
    best_device, best_dtype = device_and_dtype()
    device = best_device if device is None else check_device(device)
    dtype = best_dtype if dtype is None else check_dtype(dtype)
    folder = model_folder(model)
    with clear_memory_error():
        components = Components(
            tokenizer=_load(CLIPTokenizer, folder, "tokenizer"),
            text_encoder=_load_network(CLIPTextModel, folder, "text_encoder", device, dtype),
            vae=_load_network(AutoencoderKL, folder, "vae", device, dtype),
            unet=_load_network(UNet2DConditionModel, folder, "unet", device, dtype),
            scheduler=_load(_scheduler_class(folder), folder, "scheduler"),
        )
    if device.type == "cuda":
        components.vae.enable_slicing()  # one picture after the other: several large ones need much memory
    return components


def load_pipeline(model=POCKET, device=None, dtype=None, progress=False):
    """The library's own `StableDiffusionPipeline` of a model; arguments and errors as `load_components`.

    It has no safety checker (the pocket model draws planets, and the full model's checker is 1.2 GB).
    `progress` shows a bar while it paints.
    """
    from diffusers import StableDiffusionPipeline  # slow to import, and only needed here

    components = load_components(model, device, dtype)
    pipeline = StableDiffusionPipeline(
        **components._asdict(), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.set_progress_bar_config(disable=not progress)
    return pipeline


def load_clip(model=POCKET):
    """The whole CLIP that a model's text encoder comes from: (CLIPModel, CLIPTokenizer, CLIPImageProcessor).

    It has the image tower too, which painting doesn't need. On the CPU, in float32. A folder of your own gets
    the pocket model's. Raises ModelError for missing files or a download that fails.
    """
    from transformers import CLIPImageProcessor  # here, because it remarks on torchvision when it is imported

    if _named(model) == FULL:
        folder = _download(FULL_CLIP, FULL_CLIP_REVISION, ["*.json", "merges.txt", "model.safetensors"], 2)
    else:
        folder = ROOT / POCKET_CLIP
    clip = _load(CLIPModel, folder, "", use_safetensors=True).float().eval().requires_grad_(False)
    return clip, _load(CLIPTokenizer, folder, ""), _load(CLIPImageProcessor, folder, "")


def load_trained(network_class, folder, stage):
    """A network that a stage of `python -m training` made: in float32, on the CPU, without gradients.

    Raises ModelError, which names the stage, for missing, damaged or incomplete weights.
    """
    mend, folder = f"run `python -m training {stage}`", Path(folder)
    return _load_network(network_class, folder.parent, folder.name, "cpu", torch.float32, mend)


def pixels_per_latent(vae):
    """How many pixels a side one latent stands for: every block of the VAE but the last halves the size."""
    check_vae(vae)
    return 2 ** (len(vae.config.block_out_channels) - 1)


def picture_size(components):
    """(width, height) in pixels of the pictures that a model was trained on."""
    _, height, width = latent_shape(components)
    factor = pixels_per_latent(components.vae)
    return width * factor, height * factor


def latent_shape(components, height=None, width=None):
    """The shape of one picture's latents, (channels, height, width), for a size in pixels.

    Sides left out are those that the model was trained on. Raises InputError for a side that is no
    multiple of the VAE's factor, or too large.
    """
    check_parts(components, "The components", ("unet", "vae"), "load_components(MODEL)")
    check_parts(components.unet, "The U-Net", ("config",), "load_components(MODEL).unet")
    unet, factor = components.unet, pixels_per_latent(components.vae)
    height = unet.config.sample_size * factor if height is None else height
    width = unet.config.sample_size * factor if width is None else width
    height, width = check_size(height, width, factor)
    return unet.config.in_channels, height // factor, width // factor


def check_vae(vae):
    """Raise InputError unless it is an autoencoder such as `load_components` gives."""
    names = ("encode", "decode", "config", "device", "dtype")
    check_parts(vae, "The VAE", names, "load_components(MODEL).vae")


def _named(model):
    """The name of a model as the functions here know it; of a Path, too."""
    if not isinstance(model, str | Path):
        raise InputError(f'A model is named by a text, such as "{POCKET}", not by {shown(model)}.')
    name = Path(model).as_posix() if str(model) else ""
    return POCKET if name == (ROOT / POCKET).as_posix() else name


def _download_full():
    """The full model's folder, at its pinned revision, safetensors only; fetched if it isn't here yet."""
    files = ["model_index.json", "tokenizer/*", "scheduler/*"]
    files += [f"{part}/{name}" for part, weights in WEIGHTS.items() for name in ("config.json", weights)]
    return _download(FULL, FULL_REVISION, files, 5)


def _download(model, revision, files, gigabytes):
    """The folder of a model of the Hugging Face Hub; what of it isn't here yet is fetched."""
    wanted = {"repo_id": model, "revision": revision, "allow_patterns": files}
    try:
        folder = Path(snapshot_download(**wanted, local_files_only=True))
        if all(any(folder.glob(file)) for file in files):  # another program may have fetched other files
            return folder
    except LocalEntryNotFoundError:
        pass  # it was not downloaded before
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        raise ModelError(
            f"{model} is not complete on this machine, and the environment variable HF_HUB_OFFLINE (or "
            "TRANSFORMERS_OFFLINE) forbids to download it: unset it and restart the kernel, or go on offline "
            f'with MODEL = "{POCKET}".'
        )
    try:
        model_info(model, revision=revision, timeout=20)  # says at once if there is no network
        return Path(snapshot_download(**wanted))
    except Exception as error:  # no network, no such host, no room on the disk: each library has its own
        raise ModelError(
            f"{model} could not be downloaded ({type(error).__name__}): check the network and that "
            f'{gigabytes} GB of disk are free, or go on offline with MODEL = "{POCKET}".'
        ) from error


def _load(part_class, folder, part, **options):
    """`from_pretrained` of one part, its many possible complaints turned into one sentence."""
    try:
        return part_class.from_pretrained(folder / part, **options)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(f"{_shown(folder / part)} can't be read: {_how_to_mend(folder)}.") from error


def _scheduler_class(folder):
    """The class of the scheduler that a model names: PNDM for both models here, any other in your own."""
    try:
        name = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))["scheduler"][1]
        return getattr(diffusers, name)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(
            f"{_shown(folder / 'model_index.json')} names no scheduler of diffusers: {_how_to_mend(folder)}."
        ) from error


def _load_network(network_class, folder, part, device, dtype, mend=None):
    """Load a network after a look at its weights file, for the libraries fill gaps with random numbers.

    The number format is set afterwards, by torch: the name of that option of `from_pretrained` changed from
    `torch_dtype` to `dtype` after diffusers 0.39, and the `.to` of diffusers 0.42 warns without a cause.
    """
    mend = mend or _how_to_mend(folder)
    kind = "text_encoder" if issubclass(network_class, PreTrainedModel) else "unet"
    files, variant = _weights_files(folder / part, WEIGHTS[kind])
    if not files:
        raise ModelError(f"The weights file {_shown(folder / part / WEIGHTS[kind])} is missing: {mend}.")
    for file in files:
        try:
            with safe_open(file, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise ModelError(f"The weights file {_shown(file)} is damaged: {mend}.") from error
    options = {"use_safetensors": True, "output_loading_info": True, "variant": variant}
    network, loaded = _load(network_class, folder, part, **options)
    if loaded["missing_keys"]:
        raise ModelError(f"The weights file {_shown(files[0])} is incomplete: {mend}.")
    network = network.eval().requires_grad_(False)
    return torch.nn.Module.to(network, device, dtype)


def _weights_files(folder, name):
    """The files of a network's weights, one or several; their variant, "fp16" where there are no others."""
    stem = name.removesuffix(".safetensors")
    for variant, start in ((None, stem), ("fp16", f"{stem}.fp16")):
        shards = sorted(folder.glob(f"{start}-*-of-*.safetensors"))
        if (folder / f"{start}.safetensors").is_file():
            return [folder / f"{start}.safetensors"], variant
        if shards:
            return shards, variant
    return [], None


def _shown(path):
    """A path as a reader knows it: from the repository's root if it lies there."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _how_to_mend(folder):
    if folder == ROOT / POCKET:
        return "bring it back with `git checkout -- models`, or clone the repository again"
    if FULL_REVISION in str(folder):
        cache = folder.parents[1] if folder.parent.name == "snapshots" else folder  # with the files' contents
        return f"delete the folder {cache} and run this again, which downloads it anew"
    return "save the model there again"
