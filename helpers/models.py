"""The two models, where they run, and how their parts are loaded.

`POCKET` lies in this repository and needs no network; `FULL` is Stable Diffusion v1-4, downloaded once.
Both have the same five parts, of the same classes, in the same folder layout; every number that differs
between them is read from their configs. Weights are read from safetensors files only.

A notebook says `MODEL = POCKET` or `MODEL = FULL`. A folder of your own in the diffusers layout does as well,
and so does a model of the Hugging Face Hub, pinned: "owner/name@" and the 40 digits of a commit. In notebooks
the environment variable DIFFUSION_MODEL ("pocket", "full", or one of these) takes the place of POCKET.
"""

import os
from functools import partial
from typing import NamedTuple

import diffusers
import torch
from diffusers import AutoencoderKL, SchedulerMixin, UNet2DConditionModel
from tqdm.auto import tqdm
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from helpers.errors import (
    ModelError,
    check_device,
    check_dtype,
    check_flag,
    check_parts,
    check_path,
    check_size,
    clear_memory_error,
)
from helpers.machine import memory, safety
from helpers.machine.choice import FULL, POCKET, chosen, mend, model_folder
from helpers.machine.disk import ROOT, named
from helpers.machine.hub import hub_folder
from helpers.machine.weights import (
    by_training,
    check_weights,
    load_network,
    load_part,
    load_scheduler,
    names_checker,
    part_bytes,
)

transformers_logging.set_verbosity_error()  # else it remarks on parts that these models don't have
transformers_logging.disable_progress_bar()
diffusers.utils.logging.disable_progress_bar()  # of loading; painting has a bar of its own

POCKET_CLIP = "models/pocket-clip"
FULL_CLIP = "openai/clip-vit-large-patch14"  # whose text tower is Stable Diffusion v1-4's text encoder
FULL_CLIP_REVISION = "32bd64288804d66eefd0ccbe215aa642df71cc41"

SETTINGS = {
    POCKET: {"num_inference_steps": 30, "guidance_scale": 3.0},
    FULL: {"num_inference_steps": 50, "guidance_scale": 7.5},
}

LARGE = 5e8  # bytes of weights, which take some seconds to read: a bar shows how far it is


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
    return dict(SETTINGS.get(chosen(model), SETTINGS[FULL]))


def device_and_dtype():
    """The best device here and the number format that is safe on it: (torch.device, torch.dtype).

    An NVIDIA GPU computes in float16 (not bfloat16: a T4 has none of its own); Apple's GPU and the CPU
    in float32, the former because float16 gives NaN on some of them.
    """
    if torch.cuda.is_available():
        device = torch.device("cuda")
    else:
        device = torch.device("mps" if _apples_gpu_works() else "cpu")
    return device, _safe_dtype(device)


def _apples_gpu_works():
    """Whether there is one that can be used: a virtual Mac may name one that can't hold a single number."""
    if not torch.backends.mps.is_available():
        return False
    try:
        torch.ones(1, device="mps")
    except RuntimeError:
        return False
    return True


def _safe_dtype(device):
    return torch.float16 if device.type == "cuda" else torch.float32


def load_components(model=POCKET, device=None, dtype=None, safety_checker=True):
    """Load a model's parts, ready to sample: on the device, in evaluation mode, without gradients.

    `model` is POCKET, FULL, a folder in the diffusers layout, or "owner/name@commit" of the Hub; `device`
    and `dtype` are chosen as by `device_and_dtype` if left out. Unpack the result:
    `tokenizer, text_encoder, vae, unet, scheduler = load_components(MODEL)`.
    Where a model has a safety checker (the pocket model has none), `generate` and `image_to_image` let it
    look at their pictures, unless `safety_checker` is False. Where memory is scarce, a printed line says what
    is done about it.
    Several threads may share the result with `generate` and `image_to_image`, which take turns. A loop
    of your own beside them needs components of its own, because a scheduler keeps its place in the loop.
    Raises InputError for an unknown model, device or number format, ModelError for missing or damaged files,
    a download that fails, or too little memory.
    """
    device = device_and_dtype()[0] if device is None else check_device(device)
    dtype = _safe_dtype(device) if dtype is None else check_dtype(dtype)
    safety_checker = check_flag(safety_checker, "safety_checker")
    folder = model_folder(model, safety_checker)
    safety_checker = safety_checker and names_checker(folder)
    parts = ["text_encoder", "vae", "unet"] + ["safety_checker"] * safety_checker
    fits = memory.fit(folder, parts, device, dtype)
    sizes = {part: part_bytes(folder, part) for part in parts}
    with clear_memory_error(), _bar(sum(sizes.values())) as bar:

        def network(network_class, part, place=device):
            bar.set_description(f"Loading {part}")
            loaded = load_network(network_class, folder / part, place, dtype, mend)
            bar.update(sizes[part])
            return loaded

        components = Components(
            tokenizer=load_part(CLIPTokenizer, folder / "tokenizer", mend),
            text_encoder=network(CLIPTextModel, "text_encoder"),
            vae=network(AutoencoderKL, "vae"),
            unet=network(UNet2DConditionModel, "unet", "cpu" if fits.offload else device),
            scheduler=load_scheduler(folder, mend),
        )
        if safety_checker:
            checker = network(safety.network_class(), "safety_checker")
            safety.guard(components.vae, checker, folder / "feature_extractor", mend)
    words, read = components.tokenizer.model_max_length, components.text_encoder.config
    if words > read.max_position_embeddings:  # a tokenizer that isn't told has no limit
        file = folder / "tokenizer" / "tokenizer_config.json"
        raise ModelError(f"{named(file)} does not say a model_max_length that fits: {mend(file)}.")
    if device.type == "cuda":
        components.vae.enable_slicing()  # one picture after the other: several large ones need much memory
    if said := memory.ease(components, fits, device):
        print(said)
    return components


def load_pipeline(model=POCKET, device=None, dtype=None, progress=None, safety_checker=True):
    """The library's own `StableDiffusionPipeline` of a model; arguments and errors as `load_components`.

    `progress` shows a bar while it paints; left out, there is one for what takes more than two seconds.
    """
    from diffusers import StableDiffusionPipeline  # slow to import, and only needed here

    components = load_components(model, device, dtype, safety_checker)
    checker = safety.checker_of(components.vae) or safety.NONE
    pipeline = StableDiffusionPipeline(
        **components._asdict(), **checker._asdict(), requires_safety_checker=checker is not safety.NONE
    )
    shown = None if progress is None else check_flag(progress, "progress")
    bar = bar_options(components.unet) if shown is None else {"disable": not shown}
    pipeline.set_progress_bar_config(**bar)
    return pipeline


def load_clip(model=POCKET):
    """The whole CLIP that a model's text encoder comes from: (CLIPModel, CLIPTokenizer, CLIPImageProcessor).

    It has the image tower too, which painting doesn't need. On the CPU, in float32. A folder of your own gets
    the pocket model's. Raises ModelError for missing files or a download that fails.
    """
    from transformers import CLIPImageProcessor  # here, because it remarks on torchvision when it is imported

    if chosen(model) == FULL:
        files = ["*.json", "merges.txt", "model.safetensors"]
        folder = hub_folder(FULL_CLIP, FULL_CLIP_REVISION, files)
    else:
        folder = ROOT / POCKET_CLIP
        check_weights(folder / "model.safetensors", mend)
    load = partial(load_part, folder=folder, mend=mend)
    clip = load(CLIPModel, use_safetensors=True).float().eval().requires_grad_(False)
    return clip, load(CLIPTokenizer), load(CLIPImageProcessor)


def load_trained(network_class, folder, stage):
    """A network that a stage of `python -m training` made: in float32, on the CPU, without gradients.

    Raises ModelError, which names the stage, for missing, damaged or incomplete weights.
    """
    return load_network(network_class, check_path(folder), "cpu", torch.float32, by_training(stage))


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


def bar_options(network):
    """How work with a network shows a bar: at once if it is so large that it lasts, else after two seconds.

    Not at all where TQDM_DISABLE is set, which tqdm's bars for notebooks don't ask themselves.
    """
    size = sum(weights.numel() for weights in getattr(network, "parameters", tuple)())
    off = os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    return {"delay": 0 if size > LARGE / 4 else 2, "disable": off}


def _bar(size):
    """A bar of so many bytes, shown for large models alone."""
    return tqdm(total=size, desc="Loading", unit="B", unit_scale=True, leave=False, disable=size < LARGE)
