"""Stage "unet": the U-Net learns to predict the noise in noised latents, given the caption.

Ho et al. 2020 (2006.11239), algorithm 1, in the latents of Rombach et al. 2022 (2112.10752), without the
caption for one picture in ten (Ho & Salimans 2022, 2207.12598).

The learning rate stays as it is, so that a training can go on at any time; stage "cooled" takes a copy and
brings its learning rate down to zero, and that copy is what is saved in models/.
"""

import copy
import json
from dataclasses import replace

import diffusers
import numpy as np
import torch
from diffusers import (
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)

import training
from helpers.errors import ModelError
from helpers.lesson.networks import use_fast_attention
from helpers.lesson.objective import min_snr_weights, predicted, training_loss
from helpers.lesson.trainings import CAPTION_DROPOUT
from helpers.models import load_trained
from training import loop
from training.pocket import clip, data, tokenizer, vae
from worlds import planets as world
from worlds.sheet import contact_sheet

SETTINGS = {
    "cpu": loop.Settings(steps=50_000, batch=128, lr=0.02, optimizer="muon", ema=0.9995, flat=1.0),
    "gpu": loop.Settings(steps=10_000, batch=1024, lr=0.02, optimizer="muon", workers=14, flat=1.0),
}
COOLED_SETTINGS = {
    preset: replace(each, steps=each.steps // 5, warmup=0, flat=0.0, ema=0.995)
    for preset, each in SETTINGS.items()
}
LAYOUT = (450, 950)  # timesteps at which outlines and numbers are decided: see `drawn_timesteps`
EMPHASIS = {"several": 4.0, "limbs": 3.0, "layout": 0.45}  # for `learn`: numbers and limbs are hard
WIDTHS, HEADS = (64, 128, 192), (2, 4, 6)
PROMPTS = (
    "an astronaut on mars",
    "a robot on the moon at night",
    "an alien in the jungle, watercolour",
    "a pencil sketch of a rocket on an icy planet",
    "a giant blue gas giant with rings",
    "a small red rocky planet with two moons",
    "a lava planet in a purple nebula",
    "a planet",
)
# Stable Diffusion v1-4's keys and no others: schedulers made from_config must behave alike on both models.
SCHEDULER = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.7.0.dev0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}


def new_unet():
    """10.9 M parameters; text and self-attention at both lower levels, where the whole picture is seen."""
    down = ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D")
    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=WIDTHS,
        layers_per_block=1,
        norm_num_groups=16,
        down_block_types=down,
        up_block_types=tuple(name.replace("Down", "Up") for name in reversed(down)),
        cross_attention_dim=clip.WIDTH,
        attention_head_dim=HEADS,  # numbers of heads, despite the name
    )


def trained_unet():
    """The U-Net in models/, in float32, to train it further."""
    unet = load_trained(UNet2DConditionModel, training.MODELS / "pocket-planets" / "unet", "unet")
    return unet.train().requires_grad_(True)


def loss_weights(kind, scheduler):
    """The weight of the noise's squared error at each timestep, 1 on average.

    "min-snr" is `min_snr_weights`. "v" is that times 1 + 1 / SNR, at most 20, as if the velocity were
    predicted: where noise is high, a small error in the noise is a large one in the picture. "even" is 1, so
    that details count, too. "mixed" is the mean of "v" and "even".
    """
    if kind == "even":
        return torch.ones_like(scheduler.alphas_cumprod)
    if kind == "mixed":
        return (loss_weights("v", scheduler) + loss_weights("even", scheduler)) / 2
    weights = min_snr_weights(scheduler)
    if kind == "v":
        weights = weights * (1 / scheduler.alphas_cumprod).clamp(max=20)  # 1 + 1 / SNR is 1 / alphas_cumprod
    return weights / weights.mean()


def write_pipeline():
    """model_index.json and the scheduler's config, so that StableDiffusionPipeline loads the folder."""
    folder = training.MODELS / "pocket-planets"
    (folder / "scheduler").mkdir(parents=True, exist_ok=True)
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(SCHEDULER, indent=2) + "\n")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def latents_of(moments, autoencoder):
    """Latents drawn from (B, 2, 4, h, w) means and standard deviations, scaled as the U-Net takes them."""
    mean, std = moments.float().unbind(1)
    return (mean + std * torch.randn_like(mean)) * autoencoder.config.scaling_factor


def load_readers(device):
    """Tokenizer and text encoder: what reads captions."""
    return tokenizer.load(), clip.load_text_encoder().to(device)


def row_shares(attributes, several=1.0, limbs=1.0):
    """(rows,) how often each row of `attributes` (int8) is drawn, where any other row is drawn once.

    Planets with two or three moons come `several` times as often, figures with arms and legs `limbs` times.
    """
    column = dict(zip(world.ATTRIBUTES, attributes.T, strict=True))
    figures = [world.ATTRIBUTES["figure"].index(name) for name in ("astronaut", "robot", "alien")]
    return np.where(column["moons"] >= 2, several, 1.0) * np.where(
        np.isin(column["figure"], figures), limbs, 1.0
    )


def drawn_rows(rng, shares, count):
    """`count` row numbers, each row as often as its share says."""
    ends = np.cumsum(shares)
    return np.searchsorted(ends, rng.random(count) * ends[-1], side="right")


def drawn_timesteps(count, layout, device=None):
    """(count,) timesteps, 0...999: a share of `layout` from LAYOUT, the others from all, evenly.

    Pictures of three moons that were noised to t = 500 and denoised come back with three in every case, from
    t = 800 on in two of three: numbers are decided there, by few latents, so that a loss hardly feels them.
    """
    anywhere = torch.randint(SCHEDULER["num_train_timesteps"], (count,), device=device)
    inside = torch.randint(*LAYOUT, (count,), device=device)
    return torch.where(torch.rand(count, device=device) < layout, inside, anywhere)


def learn(
    run,
    readers,
    samples,
    to_clean,
    report,
    kept_at=(),
    keep=None,
    weights="min-snr",
    several=1.0,
    limbs=1.0,
    layout=0.0,
):
    """Train the run's U-Net to its end; captions are made anew for each picture each time.

    `readers` are those of `load_readers`; `samples` are the rows of the training set, and `to_clean` makes a
    batch of them into what is noised. After each number of minutes in `kept_at`, keep(minutes) is called.
    `several` and `limbs` are those of `row_shares`; `layout` is the share of `drawn_timesteps`.
    """
    accelerator, settings, device = run.accelerator, run.settings, run.accelerator.device
    words, text_encoder = readers
    _, attributes = data.load()
    scheduler = DDPMScheduler.from_config(SCHEDULER)
    weights = loss_weights(weights, scheduler).to(device)
    use_fast_attention(run.model, device)
    shares = row_shares(attributes[: len(samples)], several, limbs)
    waiting = [minutes for minutes in kept_at if minutes > run.elapsed / 60]

    def draw(rng):
        rows = drawn_rows(rng, shares, settings.batch)
        captions = data.captions(attributes[rows], rng)
        captions = ["" if rng.random() < CAPTION_DROPOUT else caption for caption in captions]
        captions, which = np.unique(captions, return_inverse=True)  # each different caption is embedded once
        ids = words(list(captions), padding="max_length", truncation=True, return_tensors="pt").input_ids
        return samples[rows], ids, which

    for batch, ids, which in run.batches(draw, report):
        clean = to_clean(batch)
        with torch.no_grad(), accelerator.autocast():
            text_embeddings = text_encoder(ids.to(device)).last_hidden_state[which.to(device)]

        def network(noisy, timesteps, text_embeddings=text_embeddings):
            return run.forward(predicted, text_embeddings, noisy, timesteps)

        timesteps = drawn_timesteps(len(clean), layout, device)
        run.optimise(training_loss(network, scheduler, clean, weights, timesteps=timesteps))
        while waiting and run.elapsed / 60 >= waiting[0]:
            keep(waiting.pop(0))


def main(settings, preset="cpu", fresh=False, warm=False, weights="v"):
    """Trains the U-Net, for as long as is wanted: it can always go on from its checkpoint."""
    accelerator = loop.start(settings, cpu=preset == "cpu")
    model = trained_unet() if warm else new_unet()
    facts = {"pictures": len(data.load()[0]), "warm": warm, "weights": weights, **EMPHASIS}
    run = loop.Run("unet", model, settings, accelerator, fresh, **facts)
    learn_from_latents(run, weights)


def cooled_main(settings, preset="cpu", fresh=False, weights="mixed"):
    """Takes a copy of what stage "unet" has learnt, brings its learning rate down to zero, and saves it."""
    accelerator = loop.start(settings, cpu=preset == "cpu")
    facts = {"pictures": len(data.load()[0]), "warm": True, "weights": weights, **EMPHASIS}
    run = loop.Run("cooled", new_unet(), settings, accelerator, fresh, **facts)
    if not run.step:
        path = training.CACHE / "unet" / "checkpoint.pt"
        if not path.exists():
            raise ModelError("There is no U-Net to cool yet: run `python -m training unet` first.")
        checkpoint = torch.load(path, map_location="cpu")
        run.model.load_state_dict(checkpoint["model"])
        run.ema.load_state_dict(checkpoint["ema"])
        run.optimizer.load_state_dict(checkpoint["optimizer"])
    learn_from_latents(run, weights)
    if accelerator.is_main_process:
        copy.deepcopy(run.ema).half().save_pretrained(training.MODELS / "pocket-planets" / "unet")
        write_pipeline()
        print("cooled: saved; StableDiffusionPipeline.from_pretrained loads models/pocket-planets")
    accelerator.wait_for_everyone()


def learn_from_latents(run, weights):
    """Trains the run's U-Net on all latents, and paints PROMPTS for each report."""
    device = run.accelerator.device
    autoencoder, mark = vae.load_vae()
    latents, readers = vae.load_latents(mark), load_readers(device)
    words, text_encoder = readers
    painter = StableDiffusionPipeline(
        vae=autoencoder.to(device),
        text_encoder=text_encoder,
        tokenizer=words,
        unet=run.ema,
        scheduler=DPMSolverMultistepScheduler.from_config(SCHEDULER),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    painter.set_progress_bar_config(disable=True)

    def report():
        noise = torch.Generator().manual_seed(0)
        pictures = painter(
            list(PROMPTS), num_inference_steps=12, guidance_scale=4, generator=noise, output_type="np"
        )
        pictures = (pictures.images * 255).round().astype(np.uint8)
        contact_sheet(pictures, columns=4).save(run.folder / f"samples-{run.step:06}.png")
        return {"loss": run.last_loss()}

    def to_clean(moments):
        return latents_of(moments.to(device), autoencoder)

    learn(run, readers, latents, to_clean, report, weights=weights, **EMPHASIS)
