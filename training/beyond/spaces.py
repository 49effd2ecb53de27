"""Stages "in-latents" and "in-pixels": the same small U-Net on latents and on pixels, for equal time.

What notebook 11 compares. Only the number of channels that come in and go out differs (4 or 3), the batch
that suits each best, and the space: 4 x 16 x 16 latents or 3 x 128 x 128 pixels of the same pictures.
"""

import copy

import numpy as np

import training
from helpers.lesson.spaces import BATCH, PixelSpace, new_unet
from training import loop
from training.pocket import data, unet, vae

SETTINGS = {
    space: {
        "cpu": loop.Settings(steps=10_000_000, minutes=45, batch=batch, lr=1e-3),
        "gpu": loop.Settings(steps=10_000_000, minutes=10, batch=8 * batch, lr=1e-3, workers=14),
    }
    for space, batch in BATCH.items()
}
SNAPSHOTS = (1, 2, 5, 10, 15, 20, 30)  # minutes after which the averaged weights are kept, for the curves
FOLDER = training.MODELS / "pocket-spaces"


def pixel_space():
    """With one over the standard deviation of 2,000 training pictures' pixels, -1...1, as scaling factor."""
    pictures = np.array(data.load()[0][:2000], dtype=np.float32)
    return PixelSpace(scaling_factor=round(1 / (pictures / 127.5 - 1).std().item(), 3))


def main(space, settings, preset="cpu", fresh=False):
    accelerator = loop.start(settings, cpu=preset == "cpu")
    device = accelerator.device
    if space == "latents":
        codec, mark = vae.load_vae()
        samples = vae.load_latents(mark)
    else:
        samples, codec = data.load()[0], pixel_space()
    run = loop.Run(f"in-{space}", new_unet(space), settings, accelerator, fresh)

    def to_clean(batch):
        if space == "latents":
            return unet.latents_of(batch.to(device), codec)
        return data.to_pixels(batch.numpy(), device) * codec.config.scaling_factor

    def keep(minutes):
        copy.deepcopy(run.ema).half().save_pretrained(run.folder / f"minute-{minutes:02}")

    readers = unet.load_readers(device)
    unet.learn(run, readers, samples, to_clean, lambda: {"loss": run.last_loss()}, SNAPSHOTS, keep)
    if accelerator.is_main_process:
        copy.deepcopy(run.ema).half().save_pretrained(FOLDER / space)
        if space == "pixels":
            codec.save_config(FOLDER / "pixel-space")
    accelerator.wait_for_everyone()
