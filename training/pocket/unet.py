"""Stage "unet": the U-Net learns to predict the noise in noised latents, given the caption.

Ho et al. 2020 (2006.11239), algorithm 1, in the latents of Rombach et al. 2022 (2112.10752), without the
caption for one picture in ten (Ho & Salimans 2022, 2207.12598), weighed as by Hang et al. 2023 (2303.09556).
"""

import copy
import json

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
from helpers.lesson.networks import use_fast_attention
from helpers.lesson.trainings import CAPTION_DROPOUT
from helpers.models import load_trained
from training import loop
from training.pocket import clip, data, tokenizer, vae

SETTINGS = {
    "cpu": loop.Settings(steps=4000, batch=128, lr=1e-3),
    "gpu": loop.Settings(steps=10_000, batch=1024, lr=1e-3, workers=14),
}
GAMMA = 5  # Hang et al.'s choice
PROMPTS = (
    "an astronaut on mars", "a robot on the moon at night", "an alien in the jungle, watercolour",
    "a pencil sketch of a rocket on an icy planet", "a giant blue gas giant with rings",
    "a small red rocky planet with two moons", "a lava planet in a purple nebula", "a planet",
)  # fmt: skip
# Stable Diffusion v1-4's keys and no others: schedulers made from_config must behave alike on both models.
SCHEDULER = {
    "_class_name": "PNDMScheduler", "_diffusers_version": "0.7.0.dev0", "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "beta_start": 0.00085, "num_train_timesteps": 1000,
    "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1, "trained_betas": None,
    "clip_sample": False,
}  # fmt: skip


def new_unet(attention="all"):
    """5.6 M parameters with text at both lower levels ("all"), 5.0 M with text at the lowest ("low")."""
    down = (
        "DownBlock2D",
        "CrossAttnDownBlock2D" if attention == "all" else "DownBlock2D",
        "CrossAttnDownBlock2D",
    )
    return UNet2DConditionModel(
        sample_size=16, block_out_channels=(64, 96, 128), layers_per_block=1, norm_num_groups=16,
        down_block_types=down, up_block_types=tuple(name.replace("Down", "Up") for name in reversed(down)),
        cross_attention_dim=clip.WIDTH, attention_head_dim=(2, 3, 4),  # numbers of heads, despite the name
    )  # fmt: skip


def trained_unet():
    """The U-Net in models/, in float32, to train it further."""
    unet = load_trained(UNet2DConditionModel, training.MODELS / "pocket-planets" / "unet", "unet")
    return unet.train().requires_grad_(True)


def min_snr_weights(alphas_cumprod):
    """min(SNR, gamma) / SNR for each timestep: the weight of its loss (Hang et al., section 3.4)."""
    snr = alphas_cumprod / (1 - alphas_cumprod)
    return snr.clamp(max=GAMMA) / snr


def write_pipeline():
    """model_index.json and the scheduler's config, so that StableDiffusionPipeline loads the folder."""
    folder = training.MODELS / "pocket-planets"
    (folder / "scheduler").mkdir(parents=True, exist_ok=True)
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(SCHEDULER, indent=2) + "\n")
    index = {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None], "image_encoder": [None, None], "requires_safety_checker": False,
        "safety_checker": [None, None], "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
    }  # fmt: skip
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def latents_of(moments, autoencoder):
    """Latents drawn from (B, 2, 4, h, w) means and standard deviations, scaled as the U-Net takes them."""
    mean, std = moments.float().unbind(1)
    return (mean + std * torch.randn_like(mean)) * autoencoder.config.scaling_factor


def learn(run, samples, to_clean, report, kept_at=(), keep=None):
    """Train the run's U-Net to its end; captions are made anew for each picture each time.

    `samples` are the rows of the training set, `to_clean` makes a batch of them into what is noised. After
    each number of minutes in `kept_at`, keep(minutes) is called.
    """
    accelerator, settings, device = run.accelerator, run.settings, run.accelerator.device
    words, text_encoder = tokenizer.load(), clip.load_text_encoder().to(device)
    _, attributes = data.load()
    scheduler = DDPMScheduler.from_config(SCHEDULER)
    weights = min_snr_weights(scheduler.alphas_cumprod).to(device)
    use_fast_attention(run.model, device)
    waiting = [minutes for minutes in kept_at if minutes > run.elapsed / 60]

    def draw(rng):
        rows = rng.integers(len(samples), size=settings.batch)
        captions = data.captions(attributes[rows], rng)
        captions = ["" if rng.random() < CAPTION_DROPOUT else caption for caption in captions]
        captions, which = np.unique(captions, return_inverse=True)  # each different caption is embedded once
        ids = words(list(captions), padding="max_length", truncation=True, return_tensors="pt").input_ids
        return samples[rows], ids, which

    for batch, ids, which in run.batches(draw, report):
        clean = to_clean(batch)
        noise = torch.randn_like(clean)
        timesteps = torch.randint(scheduler.config.num_train_timesteps, (len(clean),), device=device)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        with accelerator.autocast():
            with torch.no_grad():
                text_embeddings = text_encoder(ids.to(device)).last_hidden_state[which.to(device)]
            noise_pred = run.model(noisy, timesteps, text_embeddings).sample
        errors = (noise_pred.float() - noise).square().mean((1, 2, 3))
        run.optimise((weights[timesteps] * errors).mean())
        while waiting and run.elapsed / 60 >= waiting[0]:
            keep(waiting.pop(0))


def main(settings, preset="cpu", fresh=False, attention="all", warm=False):
    accelerator = loop.start(settings, cpu=preset == "cpu")
    device = accelerator.device
    latents, autoencoder = vae.load_latents(), vae.load_vae()[0].to(device)
    model = trained_unet() if warm else new_unet(attention)
    run = loop.Run("unet", model, settings, accelerator, fresh)
    painter = StableDiffusionPipeline(
        vae=autoencoder, text_encoder=clip.load_text_encoder().to(device), tokenizer=tokenizer.load(),
        unet=run.ema, scheduler=DPMSolverMultistepScheduler.from_config(SCHEDULER),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    painter.set_progress_bar_config(disable=True)

    def report():
        noise = torch.Generator().manual_seed(0)
        pictures = painter(
            list(PROMPTS), num_inference_steps=12, guidance_scale=4, generator=noise, output_type="np"
        )
        pictures = (pictures.images * 255).round().astype(np.uint8)
        loop.sheet(pictures, run.folder / f"samples-{run.step:06}.png", columns=4)
        return {"loss": run.last_loss()}

    learn(run, latents, lambda moments: latents_of(moments.to(device), autoencoder), report)
    if accelerator.is_main_process:
        copy.deepcopy(run.ema).half().save_pretrained(training.MODELS / "pocket-planets" / "unet")
        write_pipeline()
        print("unet: saved; StableDiffusionPipeline.from_pretrained loads models/pocket-planets")
    accelerator.wait_for_everyone()
