"""The judge: a small classifier of attributes, trained on renders only, which marks generated pictures.

It has no part in making the model: another architecture and seed than CLIP's, and it never sees a generated
picture. So that imperfect sharpness isn't taken for a wrong attribute, it also learns from blurred, noisy and
VAE-reconstructed renders; so that it is fair to combinations held out of the model's training, it sees those.
So that it sees what is broken, faults are drawn for it: too many moons and broken rings. (Dents of a planet's
outline it did not learn to see: training/evaluation/eyes.py measures them.)
"""

import copy
import json
import multiprocessing
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tqdm.auto import tqdm

import training
from helpers.errors import ModelError
from helpers.judge import Judge, classify, load_pocket_judge
from helpers.lesson import cache
from training import loop
from training.pocket import data, vae
from worlds import planets, seeds

SETTINGS = {
    "cpu": loop.Settings(steps=3500, batch=64, lr=3e-3, warmup=50, flat=0.5),
    "gpu": loop.Settings(steps=6000, batch=256, lr=3e-3, warmup=50, flat=0.5, workers=8),
}
FOLDER = training.MODELS / "pocket-judge"
HELD_OUT, REBUILT = 3000, 6000  # pictures of combinations held out of the model's training; reconstructions
FAULTY = 8000  # pictures with faults


def loss_of(logits, attributes):
    """Sum of the heads' cross-entropies; attributes (batch, heads), −1 where one does not apply."""
    total = 0.0
    for (_, scores), wanted in zip(logits.items(), attributes.long().T):
        if (wanted >= 0).any():
            total = total + F.cross_entropy(scores.float(), wanted, ignore_index=-1)
    return total


def disturb(pictures, rng):
    """Flip, blur and noise, each on a part of the batch: what says nothing about the attributes."""
    flip = torch.from_numpy(rng.random(len(pictures)) < 0.5)
    pictures = torch.where(flip[:, None, None, None], pictures.flip(3), pictures)
    pictures = pictures.clone()
    blurred = torch.from_numpy(np.flatnonzero(rng.random(len(pictures)) < 0.3))
    if len(blurred):
        pictures[blurred] = blur(pictures[blurred], sigma=rng.uniform(0.4, 1.3))
    strength = rng.uniform(0, 0.15, len(pictures)) * (rng.random(len(pictures)) < 0.5)
    strength = torch.from_numpy(strength.astype(np.float32))
    noise = torch.from_numpy(rng.standard_normal(pictures.shape, dtype=np.float32))
    return pictures + strength[:, None, None, None] * noise


def blur(pictures, sigma):
    """Gaussian blur of `sigma` pixels of a float tensor (n, channels, height, width)."""
    reach = max(1, int(np.ceil(3 * sigma)))
    line = torch.exp(-(torch.arange(-reach, reach + 1.0) ** 2) / (2 * sigma**2)).to(pictures)
    line, channels = line / line.sum(), pictures.shape[1]
    padded = F.pad(pictures, [reach] * 4, mode="reflect")
    padded = F.conv2d(padded, line.view(1, 1, 1, -1).repeat(channels, 1, 1, 1), groups=channels)
    return F.conv2d(padded, line.view(1, 1, -1, 1).repeat(channels, 1, 1, 1), groups=channels)


def save(judge, folder=FOLDER):
    """Write the judge as fp16 safetensors and a config that names its attributes."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = copy.deepcopy(judge).half().cpu().state_dict()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = {"widths": judge.widths, "attributes": judge.attributes}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def load(folder=FOLDER, device="cpu"):
    """The saved judge, in float32, ready to mark. Raises ModelError, with what to do."""
    judge = load_pocket_judge(Path(folder), device)
    if judge.attributes != planets.JUDGED:
        raise ModelError(
            f"The judge in {folder} knows another world: train it, `python -m training judge --fresh`."
        )
    return judge


def drawn_once(name, draw, count, processes=1):
    """`count` renders with their attributes, from the judge's own seeds, drawn once and kept."""

    def make():
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            drawn = list(tqdm(pool.imap(draw, seeds.JUDGE[:count], 50), name, count, mininterval=5))
        return dict(zip(("pictures", "attributes"), map(np.stack, zip(*drawn))))

    file = training.CACHE / "judge" / f"{name}.npz"
    kept = cache.kept_arrays(file, cache.mark(cache.painter_mark(), seeds.JUDGE.start, count), make)
    return kept["pictures"], kept["attributes"]


def held_out(seed):
    return data.draw(seed, held_out=True)


def faulty(seed):
    picture, scene = planets.draw_faulty(seed)
    return picture, planets.encode_judged(scene)


@torch.no_grad()
def reconstructions(pictures, device):
    """Pictures (uint8) through the VAE and back, with a little noise on the latents; kept for a later run."""
    autoencoder = vae.load_vae()[0].to(device)

    def make():
        rebuilt = []
        for start in tqdm(range(0, len(pictures), 16), desc="reconstructions"):
            pixels = data.to_pixels(pictures[start : start + 16], device)
            latents = autoencoder.encode(pixels).latent_dist.mean
            noise = torch.rand(len(latents), 1, 1, 1, device=device) * 0.15 * latents.std()
            noisy = latents + noise * torch.randn_like(latents)
            rebuilt.append(data.to_uint8(autoencoder.decode(noisy).sample))
        return {"pictures": np.concatenate(rebuilt)}

    file = training.CACHE / "judge" / "reconstructions.npz"
    made_from = cache.mark(autoencoder, np.asarray(pictures).tobytes())
    return cache.kept_arrays(file, made_from, make)["pictures"]


def gather(device, processes=1):
    """(pictures, attributes) of training pictures, faulty and held-out ones and, with a VAE, rebuilt ones."""
    pictures, attributes = data.load()
    sources = [
        (pictures, attributes),
        drawn_once("faulty", faulty, FAULTY, processes),
        drawn_once("held-out", held_out, HELD_OUT, processes),
    ]
    if (training.MODELS / "pocket-planets" / "vae" / "config.json").exists():
        parts = (REBUILT // 3,) * 3
        pictures, attributes = (
            np.concatenate([each[:n] for each, n in zip(kind, parts)]) for kind in zip(*sources)
        )
        sources.append((reconstructions(pictures, device), attributes))
    return sources


def main(settings, preset="cpu", fresh=False):
    """Trains the judge; of a batch, half are training pictures."""
    accelerator = loop.start(settings, cpu=preset == "cpu")
    run = loop.Run("judge", Judge(planets.JUDGED), settings, accelerator, fresh)
    judge, ema, device = run.model, run.ema, accelerator.device
    if fresh and accelerator.is_main_process:
        for name in ("held-out.npz", "faulty.npz", "reconstructions.npz"):
            (training.CACHE / "judge" / name).unlink(missing_ok=True)
    with accelerator.main_process_first():  # it draws and keeps what the other processes then read
        sources = gather(device, accelerator.num_processes)
    unseen, wanted = data.fresh(500)
    spoilt, faults = map(np.stack, zip(*map(faulty, seeds.UNSEEN[:300])))
    shares = [settings.batch // 6] * (len(sources) - 1)
    shares = [settings.batch - sum(shares), *shares]

    def draw(rng):
        rows = [np.sort(rng.integers(len(source[0]), size=share)) for source, share in zip(sources, shares)]
        pictures, attributes = (
            np.concatenate([kind[r] for kind, r in zip(each, rows)]) for each in zip(*sources)
        )
        return disturb(data.to_pixels(pictures, "cpu"), rng), torch.from_numpy(attributes)

    def report():
        figures = {"loss": run.last_loss()}
        for name, pictures, truth in (("accuracy", unseen, wanted), ("with_faults", spoilt, faults)):
            right = (classify(ema, pictures)[0] == truth)[truth >= 0].mean()
            figures[name] = round(float(right), 4)
        right = (classify(ema, spoilt)[0] == faults).mean(0)
        names = list(planets.JUDGED)
        return figures | {name: round(float(right[names.index(name)]), 3) for name in ("rings", "moons")}

    for pictures, attributes in run.batches(draw, report):
        with accelerator.autocast():
            logits = judge(pictures.to(device))
        run.optimise(loss_of(logits, attributes.to(device)))

    if accelerator.is_main_process:
        save(ema)
        print("judge: saved in models/pocket-judge")
    accelerator.wait_for_everyone()
