"""Stages "in-latents" and "in-pixels": the same small U-Net on latents and on pixels, for equal time.

What notebook 11 compares. Only the number of channels that come in and go out differs (4 or 3), the batch
that suits each best, and the space: 4 x 16 x 16 latents or 3 x 128 x 128 pixels of the same pictures.
"""

import copy

import numpy as np
from diffusers import UNet2DConditionModel

import training
from helpers.spaces import PixelSpace
from training import clip, data, loop, unet, vae

SETTINGS = {
    space: {
        "cpu": loop.Settings(steps=10_000_000, minutes=45, batch=batch, lr=1e-3),
        "gpu": loop.Settings(steps=10_000_000, minutes=10, batch=8 * batch, lr=1e-3, workers=14),
    }
    for space, batch in (("latents", 128), ("pixels", 8))
}
SNAPSHOTS = (1, 2, 5, 10, 15, 20, 30)  # minutes after which the averaged weights are kept, for the curves
FOLDER = training.MODELS / "pocket-spaces"


def new_unet(space):
    """2.0 M parameters; text is read at the two lowest of four levels."""
    channels, size = (4, 16) if space == "latents" else (3, 128)
    down = ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D")
    return UNet2DConditionModel(
        in_channels=channels, out_channels=channels, sample_size=size, block_out_channels=(32, 48, 64, 64),
        layers_per_block=1, norm_num_groups=16, down_block_types=down,
        up_block_types=tuple(name.replace("Down", "Up") for name in reversed(down)),
        cross_attention_dim=clip.WIDTH, attention_head_dim=2,  # the number of heads, despite the name
    )  # fmt: skip


def pixel_space():
    """With one over the standard deviation of 2,000 training pictures' pixels, -1...1, as scaling factor."""
    pictures = np.array(data.load()[0][:2000], dtype=np.float32)
    return PixelSpace(scaling_factor=round(1 / (pictures / 127.5 - 1).std().item(), 3))


def main(space, settings, preset="cpu", fresh=False):
    accelerator = loop.start(settings, cpu=preset == "cpu")
    device = accelerator.device
    if space == "latents":
        samples, codec = vae.load_latents(), vae.load_vae()[0]
    else:
        samples, codec = data.load()[0], pixel_space()
    run = loop.Run(f"in-{space}", new_unet(space), settings, accelerator, fresh)

    def to_clean(batch):
        if space == "latents":
            return unet.latents_of(batch.to(device), codec)
        return data.to_pixels(batch.numpy(), device) * codec.config.scaling_factor

    def keep(minutes):
        copy.deepcopy(run.ema).half().save_pretrained(run.folder / f"minute-{minutes:02}")

    unet.learn(run, samples, to_clean, lambda: {"loss": run.last_loss()}, SNAPSHOTS, keep)
    if accelerator.is_main_process:
        copy.deepcopy(run.ema).half().save_pretrained(FOLDER / space)
        if space == "pixels":
            codec.save_config(FOLDER / "pixel-space")
    accelerator.wait_for_everyone()
