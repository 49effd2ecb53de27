"""Stages "vae", "latents", "decoder": the autoencoder that makes pictures 8 x smaller, and its latents.

Kingma & Welling 2013 (1312.6114); before a diffusion model: Rombach et al. 2022 (2112.10752), section 3.1.

What a U-Net learns easily counts as much as sharpness. So the latents are made smooth: the decoder also has
to restore the picture at half its size from the latents at half theirs (scale equivariance, Skorokhodov et
al. 2025, 2502.14831), and noise is added to what it sees.
"""

import copy
import hashlib
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from tqdm.auto import tqdm

import training
from helpers.errors import ModelError
from helpers.lesson.objective import adamw
from helpers.models import load_trained
from training import loop
from training.pocket import data
from training.pocket.critic import Critic, displeasure, joined, mistakes, told_apart
from worlds import planets
from worlds.sheet import contact_sheet

SETTINGS = {
    "cpu": loop.Settings(steps=12_000, batch=16, lr=2e-3, flat=0.4),
    "gpu": loop.Settings(steps=20_000, batch=128, lr=1e-3, flat=0.3, workers=8),
}
DECODER_SETTINGS = {
    "cpu": loop.Settings(steps=6_000, batch=4, lr=1e-3, flat=0.2),
    "gpu": loop.Settings(steps=20_000, batch=64, lr=1e-3, flat=0.2, workers=8),
}
CHANNELS = {"cpu": (24, 48, 96, 96), "gpu": (32, 64, 96, 96)}
CROP = 64  # pixels of the pictures' parts in the first 70 % of the training; then come whole pictures
CRITIC_LR, CRITIC_WARMUP = 2e-4, 500  # AdamW's, and steps until the critic's word has its full weight
CRITIC_SHARE = 0.5  # of the length of the other gradient
LATENT_NOISE = 0.05  # in units of the latents' standard deviation
SKETCH = planets.ATTRIBUTES["style"].index("sketch")
MEASURED = 10_000  # training pictures from which the scaling factor is measured


def new_vae(channels):
    levels = len(channels)
    return AutoencoderKL(
        sample_size=128,
        latent_channels=4,
        norm_num_groups=8,
        block_out_channels=channels,
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
    )


def detail_weights(targets):
    """(B, 1, H, W) with mean 1: where a picture is flat an error counts a third of what it does at edges."""
    grey = targets.mean(1, keepdim=True)
    mean, square = (F.avg_pool2d(x, 9, 1, 4, count_include_pad=False) for x in (grey, grey**2))
    weights = 0.5 + (square - mean**2).clamp(min=0).sqrt().mul(4).clamp(max=1)
    return weights / weights.mean()


def picture_loss(pictures, targets):
    """L1 + 0.5 x L1 of finite differences at three scales (picture, half, quarter) + 2 x L1 of the hue.

    Errors are weighed by `detail_weights`: small things count although they cover little. The hue's error is
    that of the picture at an eighth of its size, less its mean over red, green and blue:
    without this term the network learns light and dark long before it tells purple from grey.
    """
    error = (pictures - targets) * detail_weights(targets)
    loss = error.abs().mean()
    for _ in range(3):
        loss = loss + 0.5 * (error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean())
        error = F.avg_pool2d(error, 2)
    return loss + 2 * (error - error.mean(dim=1, keepdim=True)).abs().mean()


@torch.no_grad()
def evaluate(vae, pictures, device):
    """Returns (figures, reconstructions): mean PSNR in dB, 1/std of the latents, std of each channel.

    "edges" is how much neighbouring pixels differ, over the same for `pictures`: below 1 where they are soft,
    above where something is invented.
    """
    latents, rebuilt = [], []
    for batch in pictures.reshape(-1, 20, *pictures.shape[1:]):
        latents.append(vae.encode(data.to_pixels(batch, device)).latent_dist.mean)
        rebuilt.append(data.to_uint8(vae.decode(latents[-1]).sample))
    latents, rebuilt = torch.cat(latents), np.concatenate(rebuilt)
    squared_errors = ((rebuilt / 255.0 - pictures / 255.0) ** 2).mean((1, 2, 3))
    soft, sharp = (np.abs(np.diff(x.astype(np.int16), axis=2)).mean() for x in (rebuilt, pictures))
    figures = {
        "psnr": round(float((-10 * np.log10(squared_errors)).mean()), 2),
        "edges": round(float(soft / sharp), 3),
        "scaling_factor": round(1 / latents.std().item(), 3),
        "channel_stds": [round(s, 3) for s in latents.std((0, 2, 3)).tolist()],
    }
    return figures, rebuilt


def main(settings, preset="cpu", fresh=False, kl=1e-6, equivariance=0.5, warm=False, noise=LATENT_NOISE):
    """Trains encoder and decoder together.

    kl weighs the divergence of the latents from N(0, 1), summed over a crop (Rombach et al., appendix G);
    equivariance weighs the loss at half the size; `noise` is added to what is decoded, in units of the
    latents' standard deviation.
    """
    accelerator = loop.start(settings, cpu=preset == "cpu")
    pictures, attributes = data.load()
    sketched = attributes[:, list(planets.ATTRIBUTES).index("style")] == SKETCH
    model = load_vae()[0].train().requires_grad_(True) if warm else new_vae(CHANNELS[preset])
    facts = {"warm": warm, "equivariance": equivariance, "noise": noise}
    run = loop.Run("vae", model, settings, accelerator, fresh, **facts)

    def draw(rng):
        crop, side = CROP, pictures.shape[1]
        count = settings.batch if run.fraction < 0.7 else settings.batch * crop**2 // side**2
        crop = crop if run.fraction < 0.7 else side
        rows = rng.integers(len(pictures), size=count)
        corners = 8 * rng.integers((side - crop) // 8 + 1, size=(count, 2))  # whole latents
        parts = [pictures[i, y : y + crop, x : x + crop] for i, (y, x) in zip(rows, corners, strict=True)]
        return np.stack(parts), ~sketched[rows]

    for parts, scalable in run.batches(draw, reporter(run)):
        targets = data.to_pixels(parts, accelerator.device)
        with accelerator.autocast():
            posterior = run.model.encode(targets).latent_dist
            latents = posterior.sample()
            latents = latents + noise * latents.detach().std() * torch.randn_like(latents)
            rebuilt = run.model.decode(latents).sample
            # A sketch's hatching has one width at every size, so sketches have no smaller version.
            half = run.model.decode(F.avg_pool2d(latents[scalable], 2)).sample if scalable.any() else None
        loss = picture_loss(rebuilt.float(), targets) + kl * posterior.kl().float().mean()
        if half is not None and equivariance:
            loss = loss + equivariance * picture_loss(half.float(), F.avg_pool2d(targets[scalable], 2))
        run.optimise(loss)

    even_out(run.ema, pictures, accelerator)
    factor = measure_scaling_factor(run.ema, pictures, accelerator)
    run.ema.register_to_config(scaling_factor=factor)
    save(run)


@torch.no_grad()
def even_out(vae, pictures, accelerator):
    """Gives every latent channel mean 0 and the same spread; pictures come out as before.

    Only the last layer of the encoder and the first of the decoder change, both of them linear.
    """
    moments = torch.cat(
        [
            encode(vae, pictures[first : first + 50], accelerator)[:, 0].cpu()
            for first in range(0, min(2000, len(pictures)), 50)
        ]
    )
    mean, std = moments.mean((0, 2, 3)).to(accelerator.device), moments.std((0, 2, 3)).to(accelerator.device)
    scale = moments.std().item() / std
    for layer, offset, factor in ((vae.quant_conv, -mean, scale), (vae.post_quant_conv, mean, 1 / scale)):
        channels = len(mean)
        if layer is vae.quant_conv:
            layer.weight[:channels] *= factor[:, None, None, None]
            layer.bias[:channels] = (layer.bias[:channels] + offset) * factor
            layer.bias[channels:] += 2 * factor.log()
        else:
            layer.bias += (layer.weight[:, :, 0, 0] * offset).sum(1)
            layer.weight *= factor[None, :, None, None]


def decoder_main(settings, preset="cpu", fresh=False):
    """Trains the decoder further, on whole pictures and slightly noisy latents, as the U-Net will give them.

    The encoder stays as it is, and with it every latent: the U-Net can be trained before, after or meanwhile.
    (Stable Diffusion's own autoencoder was improved in the same way, as sd-vae-ft-mse.) A critic of patches
    sees to it that edges are sharp.
    """
    accelerator = loop.start(settings, cpu=preset == "cpu")
    pictures, _ = data.load()
    vae, mark = load_vae()
    latents = load_latents(mark)
    vae.decoder.requires_grad_(True)
    vae.post_quant_conv.requires_grad_(True)
    critic = Critic().to(accelerator.device)
    judge_well = adamw(critic.parameters(), CRITIC_LR)
    beside = {"critic": critic, "critic's optimizer": judge_well}
    run = loop.Run("decoder", vae.train(), settings, accelerator, fresh, beside, warm=True)
    if encoder_mark(run.ema) != mark:
        raise ModelError("The decoder's checkpoint belongs to another encoder: start again with --fresh.")
    noise = LATENT_NOISE / vae.config.scaling_factor

    def draw(rng):
        rows = np.sort(rng.integers(len(latents), size=settings.batch))
        return pictures[rows], latents[rows]

    def critic_says(drawn, rebuilt):
        """On a report's pictures: about 1 at first, nearer to 0.5 the better the decoder does."""
        pairs = [data.to_pixels(each, accelerator.device) for each in (drawn, rebuilt)]
        return {"told_apart": round(told_apart(critic, *pairs), 3)}

    for targets, moments in run.batches(draw, reporter(run, critic_says)):
        targets = data.to_pixels(targets, accelerator.device)
        mean, std = moments.to(accelerator.device).float().unbind(1)
        noisy = mean + (std**2 + noise**2) ** 0.5 * torch.randn_like(mean)
        with accelerator.autocast():
            rebuilt = run.model.decode(noisy).sample.float()
        mistakes(critic, targets, rebuilt).backward()
        run.average([weight.grad for weight in critic.parameters()])
        judge_well.step()
        judge_well.zero_grad()
        share = CRITIC_SHARE * min(1, run.step / CRITIC_WARMUP)
        loss, direction = joined(
            rebuilt, partial(picture_loss, targets=targets), partial(displeasure, critic, targets), share
        )
        run.optimise((rebuilt * direction).sum())
        run.loss = loss  # what was optimised has the right gradient, and a value without a meaning
    save(run)


def reporter(run, more=lambda drawn, rebuilt: {}):
    """The report of both stages: figures on 200 unseen pictures, and a sheet of some of them, rebuilt.

    more(drawn, rebuilt) gives further figures of those pictures, uint8 (n, height, width, 3).
    """
    unseen, _ = data.fresh(200)

    def report():
        figures, rebuilt = evaluate(run.ema, unseen, run.accelerator.device)
        pairs = np.stack([unseen[:24], rebuilt[:24]], axis=1).reshape(-1, *unseen.shape[1:])
        contact_sheet(pairs, columns=8).save(run.folder / f"samples-{run.step:06}.png")
        return {"loss": run.last_loss()} | figures | more(unseen, rebuilt)

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
        pixels = data.to_pixels(np.array(pictures), accelerator.device)
        posterior = vae.encode(pixels.to(vae.dtype)).latent_dist
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
    """A hash of what decides the latents: the encoder's weights, in the half precision that is on disk.

    0 is added because an average makes 0 of -0.
    """
    weights = (*vae.encoder.parameters(), *vae.quant_conv.parameters())
    halves = [(w.detach().half() + 0).cpu().numpy() for w in weights]
    return hashlib.sha256(b"".join(half.tobytes() for half in halves)).hexdigest()


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
    if accelerator.device.type == "cpu" and settings.precision == "bf16":  # half of autocast's time
        vae.to(torch.bfloat16, memory_format=torch.channels_last)
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
