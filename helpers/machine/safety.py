"""The safety checker of Stable Diffusion: it looks at finished pictures and makes some of them black.

It is a network of its own, CLIP's image tower. It compares a picture with 17 concepts, and with 3 more that
make it stricter, which are known by their embeddings alone; a picture that comes too near to one of the 17
is returned black. `load_components(MODEL, safety_checker=False)` loads a model without it; the pocket model,
which paints planets, has none.
"""

import logging
import warnings
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from helpers.machine.weights import load_part

BLACK = (
    "The safety checker made {which} black, because it took what was painted for unsafe (NSFW): try another "
    "seed or prompt, or load the model without it, with load_components(MODEL, safety_checker=False)."
)


class Checker(NamedTuple):
    """The network, and what prepares pictures for it."""

    safety_checker: torch.nn.Module
    feature_extractor: object


NONE = Checker(None, None)


def network_class():
    """The library's class of the checker, which is slow to import."""
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker

    return StableDiffusionSafetyChecker


def guard(vae, network, folder, mend):
    """From now on `network` looks at finished pictures of the model that this VAE belongs to.

    `folder` holds what prepares pictures for it. Raises ModelError if that can't be read.
    """
    from transformers import CLIPImageProcessor  # here, because it remarks on torchvision

    vae.checker = Checker(network, load_part(CLIPImageProcessor, folder, mend))


def checker_of(vae):
    """The checker that looks at the pictures of this VAE's model; None if there is none."""
    return getattr(vae, "checker", None)


@torch.no_grad()
def checked(vae, pictures):
    """The PIL pictures, in their order; black where the model's checker objects, which a warning says."""
    if not (checker := checker_of(vae)):
        return pictures
    network, extractor = checker
    pixels = extractor(pictures, return_tensors="pt").pixel_values.to(network.device, network.dtype)
    log = logging.getLogger(type(network).__module__)
    before = log.level
    log.setLevel(logging.ERROR)  # it would say less than the warning below
    try:
        _, unsafe = network(clip_input=pixels, images=[np.asarray(picture) for picture in pictures])
    finally:
        log.setLevel(before)
    if any(unsafe):
        places = [str(place) for place, each in enumerate(unsafe, 1) if each]
        which = "the picture" if len(pictures) == 1 else f"picture {', '.join(places)} of {len(pictures)}"
        warnings.warn(BLACK.format(which=which), stacklevel=3)
    return [Image.new("RGB", picture.size) if black else picture for picture, black in zip(pictures, unsafe)]
