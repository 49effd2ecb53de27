"""Stages "vae", "latents", "decoder": the autoencoder that makes pictures 8 x smaller, and its latents.

Kingma & Welling 2013 (1312.6114); before a diffusion model: Rombach et al. 2022 (2112.10752), section 3.1.
"""

import copy
import hashlib

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from tqdm.auto import tqdm

import training
from helpers.errors import ModelError
from helpers.models import load_trained
from training import loop
from training.pocket import data
from worlds.sheet import contact_sheet

SETTINGS = {
    "cpu": loop.Settings(steps=9_000, batch=16, lr=2.5e-3, flat=0.3),
    "gpu": loop.Settings(steps=20_000, batch=128, lr=1e-3, flat=0.3, workers=8),
}
DECODER_SETTINGS = {
    "cpu": loop.Settings(steps=6_000, batch=4, lr=1e-3, flat=0.2),
    "gpu": loop.Settings(steps=20_000, batch=64, lr=1e-3, flat=0.2, workers=8),
}
CHANNELS = {"cpu": (16, 32, 64, 64), "gpu": (32, 64, 64, 64)}
CROP = 64  # pixels; whole pictures come in the decoder stage (all but one layer are convolutions)
LATENT_NOISE = 0.05  # for the decoder stage, in units of the latents' standard deviation
MEASURED = 10_000  # training pictures from which the scaling factor is measured


def new_vae(channels):
    levels = len(channels)
    return AutoencoderKL(
        sample_size=128, latent_channels=4, norm_num_groups=8, block_out_channels=channels,
        layers_per_block=1, down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
    )  # fmt: skip


def picture_loss(pictures, targets):
    """L1 + 0.5 x L1 of finite differences at three scales (picture, half, quarter) + 2 x L1 of the hue.

    The hue's error is that of the picture at an eighth of its size, less its mean over red, green and blue:
    without this term the network learns light and dark long before it tells purple from grey.
    """
    error = pictures - targets
    loss = error.abs().mean()
    for _ in range(3):
        loss = loss + 0.5 * (error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean())
        error = F.avg_pool2d(error, 2)
    return loss + 2 * (error - error.mean(dim=1, keepdim=True)).abs().mean()


@torch.no_grad()
def evaluate(vae, pictures, device):
    """Returns (figures, reconstructions): mean PSNR in dB, 1/std of the latents, std of each channel."""
    latents, rebuilt = [], []
    for batch in pictures.reshape(-1, 20, *pictures.shape[1:]):
        latents.append(vae.encode(data.to_pixels(batch, device)).latent_dist.mean)
        rebuilt.append(data.to_uint8(vae.decode(latents[-1]).sample))
    latents, rebuilt = torch.cat(latents), np.concatenate(rebuilt)
    squared_errors = ((rebuilt / 255.0 - pictures / 255.0) ** 2).mean((1, 2, 3))
    figures = {
        "psnr": round(float((-10 * np.log10(squared_errors)).mean()), 2),
        "scaling_factor": round(1 / latents.std().item(), 3),
        "channel_stds": [round(s, 3) for s in latents.std((0, 2, 3)).tolist()],
    }
    return figures, rebuilt


def main(settings, preset="cpu", fresh=False, kl=1e-6):
    """Trains encoder and decoder together.

    kl weighs the divergence of the latents from N(0, 1), summed over a crop (Rombach et al., appendix G).
    """
    accelerator = loop.start(settings, cpu=preset == "cpu")
    pictures, _ = data.load()
    run = loop.Run("vae", new_vae(CHANNELS[preset]), settings, accelerator, fresh)

    def draw(rng):
        rows = rng.integers(len(pictures), size=settings.batch)
        corners = rng.integers(pictures.shape[1] - CROP + 1, size=(settings.batch, 2))
        return np.stack(
            [pictures[i, y : y + CROP, x : x + CROP] for i, (y, x) in zip(rows, corners, strict=True)]
        )

    for crops in run.batches(draw, reporter(run)):
        targets = data.to_pixels(crops, accelerator.device)
        with accelerator.autocast():
            posterior = run.model.encode(targets).latent_dist
            rebuilt = run.model.decode(posterior.sample()).sample
        run.optimise(picture_loss(rebuilt.float(), targets) + kl * posterior.kl().float().mean())

    factor = measure_scaling_factor(run.ema, pictures, accelerator)
    run.ema.register_to_config(scaling_factor=factor)
    save(run)


def decoder_main(settings, preset="cpu", fresh=False):
    """Trains the decoder further, on whole pictures and slightly noisy latents, as the U-Net will give them.

    The encoder stays as it is, and with it every latent: the U-Net can be trained before, after or meanwhile.
    (Stable Diffusion's own autoencoder was improved in the same way, as sd-vae-ft-mse.)
    """
    accelerator = loop.start(settings, cpu=preset == "cpu")
    pictures, _ = data.load()
    vae, mark = load_vae()
    latents = load_latents(mark)
    vae.decoder.requires_grad_(True)
    vae.post_quant_conv.requires_grad_(True)
    run = loop.Run("decoder", vae.train(), settings, accelerator, fresh)
    if encoder_mark(run.ema) != mark:
        raise ModelError("The decoder's checkpoint belongs to another encoder: start again with --fresh.")
    noise = LATENT_NOISE / vae.config.scaling_factor

    def draw(rng):
        rows = np.sort(rng.integers(len(latents), size=settings.batch))
        return pictures[rows], latents[rows]

    for targets, moments in run.batches(draw, reporter(run)):
        targets = data.to_pixels(targets, accelerator.device)
        mean, std = moments.to(accelerator.device).float().unbind(1)
        noisy = mean + (std**2 + noise**2) ** 0.5 * torch.randn_like(mean)
        with accelerator.autocast():
            rebuilt = run.model.decode(noisy).sample
        run.optimise(picture_loss(rebuilt.float(), targets))
    save(run)


def reporter(run):
    """The report of both stages: figures on 200 unseen pictures, and a sheet of some of them, rebuilt."""
    unseen, _ = data.fresh(200)

    def report():
        figures, rebuilt = evaluate(run.ema, unseen, run.accelerator.device)
        pairs = np.stack([unseen[:24], rebuilt[:24]], axis=1).reshape(-1, *unseen.shape[1:])
        contact_sheet(pairs, columns=8).save(run.folder / f"samples-{run.step:06}.png")
        return {"loss": run.last_loss()} | figures

    return report


def save(run):
    if run.accelerator.is_main_process:
        run.ema.register_to_config(_name_or_path="")  # a path of this computer's, if it was loaded
        copy.deepcopy(run.ema).half().save_pretrained(training.MODELS / "pocket-planets" / "vae")
        factor = run.ema.config.scaling_factor
        print(f"{run.stage}: saved in models/pocket-planets/vae, scaling factor {factor:.4f}")
    run.accelerator.wait_for_everyone()


@torch.no_grad()
def encode(vae, pictures, accelerator):
    """Means and standard deviations of the latents, float32 (B, 2, 4, h, w)."""
    with accelerator.autocast():
        posterior = vae.encode(data.to_pixels(np.array(pictures), accelerator.device)).latent_dist
    return torch.stack([posterior.mean, posterior.std], dim=1).float()


def measure_scaling_factor(vae, pictures, accelerator):
    """1 / std of the latents of the first 10,000 training pictures (Rombach et al., appendix G)."""
    sums = torch.zeros(3, dtype=torch.float64)  # of 1, of x, of x^2
    mine = range(accelerator.process_index * 50, min(MEASURED, len(pictures)), accelerator.num_processes * 50)
    for first in tqdm(mine, desc="scaling factor", disable=not accelerator.is_main_process):
        mean, std = encode(vae, pictures[first : first + 50], accelerator).double().cpu().unbind(1)
        sums += torch.tensor([mean.numel(), mean.sum(), (mean**2 + std**2).sum()], dtype=torch.float64)
    count, total, squares = accelerator.reduce(sums.float().to(accelerator.device), "sum").tolist()
    return (squares / count - (total / count) ** 2) ** -0.5


def load_vae():
    """The trained autoencoder, frozen, and the mark of its encoder."""
    vae = load_trained(AutoencoderKL, training.MODELS / "pocket-planets" / "vae", "vae")
    return vae, encoder_mark(vae)


def encoder_mark(vae):
    """A hash of what decides the latents: the encoder's weights, in the half precision that is on disk."""
    weights = (*vae.encoder.parameters(), *vae.quant_conv.parameters())
    return hashlib.sha256(b"".join(w.detach().half().cpu().numpy().tobytes() for w in weights)).hexdigest()


def latents_main(settings, preset="cpu", fresh=False):
    """Writes latents.npy, float16 (N, 2, 4, 16, 16): each picture's mean and standard deviation."""
    accelerator = loop.start(settings, cpu=preset == "cpu")
    vae, mark = load_vae()
    pictures, _ = data.load()
    path, mark_path = training.CACHE / "latents.npy", training.CACHE / "latents.sha256"
    if accelerator.is_main_process:
        another = not mark_path.exists() or mark_path.read_text() != mark  # they are another autoencoder's
        if path.exists() and (fresh or another):
            path.unlink()
        side = pictures.shape[1] // 8
        data.growing_array(path, (len(pictures), 2, 4, side, side), np.float16, fill=np.nan).flush()
        mark_path.write_text(mark)
    accelerator.wait_for_everyone()
    vae.to(accelerator.device)
    latents = np.lib.format.open_memmap(path, mode="r+")
    missing = np.flatnonzero(np.isnan(latents[: len(pictures), 0, 0, 0, 0]))
    mine = np.array_split(missing, accelerator.num_processes)[accelerator.process_index]
    for first in tqdm(range(0, len(mine), 50), desc="latents", disable=not accelerator.is_main_process):
        rows = mine[first : first + 50]
        latents[rows] = encode(vae, pictures[rows], accelerator).cpu().numpy().astype(np.float16)
    latents.flush()
    accelerator.wait_for_everyone()


def load_latents(mark=None):
    """The latents of all training pictures, made by the autoencoder in models/ and no other.

    `mark` is that of its encoder, where it is loaded already.
    """
    path, mark_path = training.CACHE / "latents.npy", training.CACHE / "latents.sha256"
    if not path.exists() or mark_path.read_text() != (mark or load_vae()[1]):
        raise ModelError(
            "The latents of this autoencoder are missing: run `python -m training latents` first."
        )
    latents = np.load(path, mmap_mode="r")
    if np.isnan(latents[:, 0, 0, 0, 0]).any():
        raise ModelError("Some pictures have no latents yet: run `python -m training latents` again.")
    return latents
