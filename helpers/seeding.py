"""Seeds: the same seed means the same noise, and so the same picture, on every device."""

import torch

from helpers.errors import InputError, check_seed


def generator(seed):
    """A CPU random generator for one picture, started at `seed` (an integer from 0 up)."""
    check_seed(seed)
    return torch.Generator("cpu").manual_seed(seed)


def initial_noise(shape, generators, device="cpu", dtype=torch.float32):
    """Standard normal noise, one generator for each picture, on the asked device.

    `shape` is that of one picture's latents, (channels, height, width); the result has shape
    (len(generators), channels, height, width). It is drawn in float32 on the CPU and moved afterwards:
    GPUs have random numbers of their own. As every picture has its own generator, picture i of a batch
    starts from the noise that it would start from alone. The generators move on by one draw.
    """
    if isinstance(generators, torch.Generator):
        raise InputError("One generator for each picture is needed, in a list: [generator(0), generator(1)].")
    noise = [torch.randn(shape, generator=each, dtype=torch.float32) for each in generators]
    return torch.stack(noise).to(device, dtype)
