"""Latents as pictures: a grey picture for each channel, and one in colours, close to what will be decoded."""

import numpy as np
import torch
from PIL import Image

from helpers.errors import InputError, as_list, check_tensor
from helpers.show.page import check_shown


def latent_pictures(latents):
    """The channels of one latent (C, h, w) as C grey PIL pictures: -3 is black, 0 mid-grey, 3 white."""
    check_tensor(latents, "One latent", "C, h, w")
    grey = ((latents.float().cpu() / 6 + 0.5).clamp(0, 1) * 255).round().byte().numpy()
    return [Image.fromarray(channel).convert("RGB") for channel in grey]


def colour_map(latents, pictures):
    """The linear map from latents to colours, (C + 1, 3): a weight for each channel, and a constant.

    Measured by least squares: `latents` (B, C, h, w) are those of the B PIL `pictures`, and these are shrunk
    to one colour, from 0 to 1, for each place of a latent. The map belongs to the VAE that made the latents.
    """
    check_tensor(latents, "The latents", "B, C, h, w")
    pictures = as_list(pictures, "pictures")
    check_shown(*pictures)
    if len(latents) != len(pictures):
        raise InputError(
            f"{len(latents)} latents belong to {len(pictures)} pictures: give each latent its picture."
        )
    size = latents.shape[-1], latents.shape[-2]
    small = np.stack([np.asarray(each.convert("RGB").resize(size, Image.BOX)) for each in pictures])
    colours = torch.from_numpy(small).flatten(0, 2).float() / 255
    return torch.linalg.lstsq(_with_constant(latents), colours).solution


def latent_colours(latents, weights):
    """One latent (C, h, w) as one PIL picture of its size, by the map that `colour_map` measured.

    Three colours can't hold four channels: they show the linear part of what the decoder makes of them.
    """
    check_tensor(latents, "One latent", "C, h, w")
    check_tensor(weights, "The map that colour_map measured", f"{len(latents) + 1}, 3")
    weights = weights.float().cpu()
    colours = (_with_constant(latents[None]) @ weights).clamp(0, 1)
    pixels = (colours * 255).round().byte().view(*latents.shape[-2:], 3).numpy()
    return Image.fromarray(pixels)


def _with_constant(latents):
    places = latents.float().cpu().movedim(1, -1).flatten(0, 2)
    return torch.cat([places, torch.ones(len(places), 1)], dim=1)
