"""Stage "proteins": a small network learns to predict the noise in stretches of real protein chains.

Wu et al. 2022 (2209.15611) in small: three angles a residue, 64 residues, sines and cosines in place of
angles that wrap. The objective is that of the stage "unet", but all timesteps weigh the same: those with
little noise settle the last few degrees, which add up along a chain.
"""

import copy
import json
from functools import partial

import numpy as np
import torch
from diffusers import DDPMScheduler

import training
from helpers.lesson.objective import predicted, training_loss
from helpers.proteins import backbones
from helpers.proteins import model as proteins
from training import loop
from training.pocket import unet

SETTINGS = {
    "cpu": loop.Settings(steps=2400, batch=128, lr=2e-3),
    "gpu": loop.Settings(steps=4000, batch=512, lr=2e-3, workers=4),
}
WORD_DROPOUT = 0.1


def main(settings, preset="cpu", fresh=False):
    accelerator = loop.start(settings, cpu=preset == "cpu")
    device = accelerator.device
    run = loop.Run("proteins", proteins.AngleNet(), settings, accelerator, fresh)
    samples, words = prepared("training", stride=1)
    scheduler = DDPMScheduler.from_config(unet.SCHEDULER)

    tests = {"loss": (samples[::14], words[::14]), "held-out loss": prepared("held out", stride=2)}

    def draw(rng):
        rows = rng.integers(len(samples), size=settings.batch)
        kept = torch.from_numpy(rng.random((settings.batch, 1)) >= WORD_DROPOUT)
        return samples[rows], words[rows] * kept

    def loss(network, clean, told):
        return training_loss(partial(predicted, network, told.to(device)), scheduler, clean.to(device))

    def report():
        helix = np.mean(backbones.structure(sample(run.ema, scheduler)) == "H")
        torch.manual_seed(0)
        with torch.no_grad():
            losses = {name: loss(run.ema, *held_out).item() for name, held_out in tests.items()}
        losses["in helices"] = float(helix)
        return {name: round(value, 4) for name, value in losses.items()}

    for clean, told in run.batches(draw, report):
        with accelerator.autocast():
            error = loss(run.model, clean, told)
        run.optimise(error)
    if accelerator.is_main_process:
        folder = training.MODELS / "pocket-proteins"
        copy.deepcopy(run.ema).half().save_pretrained(folder)
        facts = {"steps": run.step, "batch": settings.batch} | report()
        (folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    accelerator.wait_for_everyone()


def prepared(part, stride):
    """Stretches of real chains as latents (N, 6, 64), and their words (N, 3)."""
    angles = proteins.windows(proteins.load_chains(part), stride)
    return proteins.to_latents(angles), proteins.encode_words(proteins.describe(angles))[len(angles) :]


@torch.no_grad()
def sample(network, scheduler, count=64, steps=50):
    """Angles of `count` chains without a word, for the log."""
    noise = torch.Generator().manual_seed(0)
    latents = torch.randn(count, 6, proteins.LENGTH, generator=noise).to(network.device)
    told = torch.zeros(count, len(proteins.WORDS), device=network.device)
    scheduler.set_timesteps(steps)
    for t in scheduler.timesteps:
        latents = scheduler.step(network(latents, t, told).sample, t, latents, generator=noise).prev_sample
    return proteins.to_angles(latents)
