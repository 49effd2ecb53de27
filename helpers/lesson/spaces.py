"""Two equal U-Nets, one for latents and one for pixels, and what makes the loop run on pixels as well.

They were trained by training/beyond/spaces.py for equal time, so that notebook 11 can compare the two spaces.
"""

from types import SimpleNamespace

import torch
from diffusers import UNet2DConditionModel
from diffusers.configuration_utils import ConfigMixin, register_to_config

from helpers.errors import check_choice, check_path
from helpers.lesson.networks import small_unet
from helpers.machine.weights import by_training, load_part
from helpers.models import POCKET, ROOT, load_components, load_trained

FOLDER = ROOT / "models" / "pocket-spaces"
SPACES = ("latents", "pixels")
BATCH = {"latents": 128, "pixels": 8}  # of the training, what suits each best on a CPU
TEXT_WIDTH = 128  # of the pocket model's text embeddings


class PixelSpace(ConfigMixin):
    """Stands where the VAE does and changes nothing: the "latents" are the pixels, times a scaling factor.

    Like a VAE's, the factor is one over the standard deviation, here of the training pictures' pixels.
    `encode` and `decode` take and give (B, 3, H, W), pixels from -1 to 1.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, scaling_factor=1.0, block_out_channels=(3,), latent_channels=3):
        self.device, self.dtype = torch.device("cpu"), torch.float32

    @classmethod
    def from_pretrained(cls, folder):
        return cls.from_config(cls.load_config(folder))

    def to(self, device=None, dtype=None):
        self.device, self.dtype = device or self.device, dtype or self.dtype
        return self

    def encode(self, pixels):
        return SimpleNamespace(latent_dist=SimpleNamespace(mean=pixels, std=torch.zeros_like(pixels)))

    def decode(self, latents):
        return SimpleNamespace(sample=latents)


def new_unet(space):
    """The small U-Net for "latents" or for "pixels", untrained."""
    channels, size = (4, 16) if space == "latents" else (3, 128)
    return small_unet(channels, size, TEXT_WIDTH)


def load_space(space, folder=FOLDER):
    """The components of the model that works on "latents" or on "pixels", in float32, on the CPU.

    Tokenizer, text encoder and scheduler are the pocket model's, and so is the VAE for latents; `PixelSpace`
    takes its place for pixels. Raises InputError for another name, ModelError where weights are missing.
    """
    space, folder = check_choice(space, SPACES, "space"), check_path(folder)
    components = load_components(ROOT / POCKET, torch.device("cpu"), torch.float32)
    unet = load_trained(UNet2DConditionModel, folder / space, f"in-{space}")
    if space == "latents":
        return components._replace(unet=unet)
    return components._replace(
        unet=unet, vae=load_part(PixelSpace, folder / "pixel-space", by_training("in-pixels"))
    )
