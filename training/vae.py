"""Stage "vae": the autoencoder that makes pictures 8 x smaller; stage "latents": all pictures encoded.

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
from training import data, loop

SETTINGS = {
    "cpu": loop.Settings(steps=12_000, batch=16, lr=2.5e-3, flat=0.3),
    "gpu": loop.Settings(steps=20_000, batch=128, lr=1e-3, flat=0.3, workers=8),
}
CHANNELS = {"cpu": (16, 32, 64, 64), "gpu": (32, 64, 64, 64)}
CROP = 64  # pixels; the network is convolutional, so what it learns on crops holds for whole pictures
LATENT_NOISE = 0.05  # in units of the latents' standard deviation, while only the decoder learns
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
    """Trains the autoencoder; for the last tenth of the time only the decoder, on slightly noisy latents.

    kl weighs the divergence of the latents from N(0, 1), summed over a crop (Rombach et al., appendix G).
    """
    accelerator = loop.start(settings, cpu=preset == "cpu")
    pictures, _ = data.load()
    unseen, _ = data.fresh(200)
    run = loop.Run("vae", new_vae(CHANNELS[preset]), settings, accelerator, fresh)
    vae, ema, device = run.model, run.ema, accelerator.device

    def draw(rng):
        rows = rng.integers(len(pictures), size=settings.batch)
        corners = rng.integers(pictures.shape[1] - CROP + 1, size=(settings.batch, 2))
        return np.stack(
            [pictures[i, y : y + CROP, x : x + CROP] for i, (y, x) in zip(rows, corners, strict=True)]
        )

    def report():
        figures, rebuilt = evaluate(ema, unseen, device)
        pairs = np.stack([unseen[:24], rebuilt[:24]], axis=1).reshape(-1, *unseen.shape[1:])
        loop.sheet(pairs, run.folder / f"samples-{run.step:06}.png", columns=8)
        return {"loss": run.last_loss()} | figures

    for crops in run.batches(draw, report):
        targets = data.to_pixels(crops, device)
        if run.fraction < 0.9:
            with accelerator.autocast():
                posterior = vae.encode(targets).latent_dist
                rebuilt = vae.decode(posterior.sample()).sample
            loss = picture_loss(rebuilt.float(), targets) + kl * posterior.kl().float().mean()
        else:
            if vae.encoder.conv_in.weight.requires_grad:  # from here on the averaged encoder is the encoder
                for part in ("encoder", "quant_conv"):
                    getattr(vae, part).load_state_dict(getattr(ema, part).state_dict())
                    getattr(vae, part).requires_grad_(False)
            with accelerator.autocast():
                with torch.no_grad():
                    latents = vae.encode(targets).latent_dist.sample()
                    latents += LATENT_NOISE * latents.std() * torch.randn_like(latents)
                rebuilt = vae.decode(latents).sample
            loss = picture_loss(rebuilt.float(), targets)
        run.optimise(loss)

    ema.register_to_config(scaling_factor=measure_scaling_factor(ema, pictures, accelerator))
    if accelerator.is_main_process:
        copy.deepcopy(ema).half().save_pretrained(training.MODELS / "pocket-planets" / "vae")
        print(f"vae: scaling factor {ema.config.scaling_factor:.4f}, saved in models/pocket-planets/vae")
    accelerator.wait_for_everyone()


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
    """The trained autoencoder, frozen, and a mark of its weights."""
    folder = training.MODELS / "pocket-planets" / "vae"
    try:
        weights = (folder / "diffusion_pytorch_model.safetensors").read_bytes()
    except FileNotFoundError:
        raise SystemExit("There is no trained autoencoder yet: run `python -m training vae` first.") from None
    vae = AutoencoderKL.from_pretrained(folder).float().eval().requires_grad_(False)
    return vae, hashlib.sha256(weights).hexdigest()


def latents_main(settings, preset="cpu"):
    """Writes latents.npy, float16 (N, 2, 4, 16, 16): each picture's mean and standard deviation."""
    accelerator = loop.start(settings, cpu=preset == "cpu")
    vae, mark = load_vae()
    pictures, _ = data.load()
    path, mark_path = training.CACHE / "latents.npy", training.CACHE / "latents.sha256"
    if accelerator.is_main_process:
        if path.exists() and (not mark_path.exists() or mark_path.read_text() != mark):
            path.unlink()  # they are another autoencoder's
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


def load_latents():
    """The latents of all training pictures, made by the autoencoder in models/ and no other."""
    path, mark_path = training.CACHE / "latents.npy", training.CACHE / "latents.sha256"
    if not path.exists() or mark_path.read_text() != load_vae()[1]:
        raise SystemExit(
            "The latents of this autoencoder are missing: run `python -m training latents` first."
        )
    latents = np.load(path, mmap_mode="r")
    if np.isnan(latents[:, 0, 0, 0, 0]).any():
        raise SystemExit("Some pictures have no latents yet: run `python -m training latents` again.")
    return latents
