"""Seeds: the same seed means the same noise, and so the same picture, on every device."""

import torch

from helpers.errors import InputError, check_device, check_dtype, check_seed, check_whole, shown


def generator(seed):
    """A CPU random generator for one picture, started at `seed`, a whole number from 0 up.

    Raises InputError for another seed.
    """
    return torch.Generator("cpu").manual_seed(check_seed(seed))


def initial_noise(shape, generators, device="cpu", dtype=torch.float32):
    """Standard normal noise, one generator for each picture, on the asked device.

    `shape` is that of one picture's latents, (channels, height, width); the result has shape
    (len(generators), channels, height, width). It is drawn in float32 on the CPU and moved afterwards:
    GPUs have random numbers of their own. As every picture has its own generator, picture i of a batch
    starts from the noise that it would start from alone. The generators move on by one draw. Raises
    InputError for what can't work.
    """
    if not isinstance(shape, list | tuple) or not shape:
        raise InputError(f"A shape is a tuple such as (4, 16, 16), not {shown(shape)}.")
    shape = [check_whole(side, "Each side of the noise") for side in shape]
    generators = check_generators(generators)
    device, dtype = check_device(device), check_dtype(dtype)
    noise = [torch.randn(shape, generator=each, dtype=torch.float32) for each in generators]
    return torch.stack(noise).to(device, dtype)


def check_generators(generators, count=None):
    """The generators as a list. Raise InputError unless each is one, and there are `count` of them."""
    try:
        listed = list(generators)
    except TypeError:
        listed = []
    if not listed or not all(isinstance(each, torch.Generator) for each in listed):
        raise InputError("One generator for each picture is needed, in a list: [generator(0), generator(1)].")
    if count is not None and len(listed) != count:
        raise InputError(f"{count} pictures need {count} generators, not {len(listed)}: give one for each.")
    return listed
