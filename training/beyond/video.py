"""Stage "video": the pocket U-Net learns to paint videos, by new layers that see other frames.

The U-Net of models/pocket-planets stays frozen; the new layers (helpers/video/model.py) start as if they
weren't there. As in Video LDM (Blattmann et al., 2304.08818, section 3.1). The loss is the U-Net's
(unet.py), over all frames, each with noise of its own and all at one timestep.
"""

import copy
import functools
import json
import multiprocessing
from functools import partial

import numpy as np
import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler
from diffusers.training_utils import compute_snr
from safetensors.torch import save_file
from tqdm.auto import tqdm

import training
from helpers.denoising import denoise, encode_prompts
from helpers.lesson import cache
from helpers.lesson.networks import use_fast_attention
from helpers.lesson.objective import min_snr_weights, predicted, training_loss
from helpers.lesson.trainings import CAPTION_DROPOUT, mixed_precision
from helpers.models import Components
from helpers.video.model import PLACES, VideoUNet, new_layers
from training import loop
from training.pocket import clip, data, tokenizer, unet, vae
from worlds import planets as world
from worlds import seeds, turning
from worlds.sheet import contact_sheet

SETTINGS = {
    "cpu": loop.Settings(steps=3600, batch=4, lr=2e-3, warmup=50, minutes=49),
    "gpu": loop.Settings(steps=10_000, batch=64, lr=1e-3, workers=8),
}
COUNT = 480  # videos
WIDTH = 48  # of the new layers
EARLY = 0.6  # timesteps are 1000 u^0.6: more of the noisy ones, where the video's planet is decided
PROMPTS = ("a giant blue gas giant with rings", "a giant ocean planet", "a red rocky planet", "a lava planet")
FOLDER = training.MODELS / "pocket-video"


def loss_weights(scheduler):
    """The U-Net's own weights (unet.py), raised up to six times where there is more noise than picture.

    There the frames must agree on one planet and its surface; once little noise is left, each is decided.
    """
    snr = compute_snr(scheduler, torch.arange(scheduler.config.num_train_timesteps))
    return min_snr_weights(scheduler) * snr.rsqrt().clamp(1, 6)


@functools.cache
def encoder():
    return vae.load_vae()[0]


@torch.no_grad()
def draw_latents(seed):
    """The latents (F, 4, 16, 16) of a drawn video, scaled as the U-Net takes them, and its attributes."""
    pictures, scene = turning.draw(seed)
    with mixed_precision("cpu"):
        mean = encoder().encode(data.to_pixels(pictures)).latent_dist.mean
    return (mean.float() * encoder().config.scaling_factor).half().numpy(), world.encode(scene)


def load_videos(mark):
    """Latents (N, F, 4, 16, 16) in float16 and attributes (N, A) of N drawn videos, made once and kept.

    They are made in another process: with torch 2.13 on a CPU, the first backward pass after the VAE's
    encoder had run in this one broke off with a segmentation fault.
    """

    def make():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            drawn = pool.imap(draw_latents, seeds.VIDEO_TRAINING[:COUNT])
            drawn = list(tqdm(drawn, "drawing videos", COUNT, mininterval=5))
        return dict(zip(("latents", "attributes"), map(np.stack, zip(*drawn))))

    painted = turning.draw(0)[0].tobytes()
    made_from = cache.mark(mark, cache.painter_mark(), painted, turning.FRAMES, turning.STEP, COUNT)
    kept = cache.kept_arrays(training.CACHE / "video" / "latents.npz", made_from, make)
    return kept["latents"], kept["attributes"]


def save(layers):
    """Write the new layers in float16, and what is needed to build them again."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.half().cpu().contiguous() for name, weight in layers.state_dict().items()}
    save_file(weights, FOLDER / "model.safetensors", metadata={"format": "pt"})
    config = {"width": WIDTH, "places": PLACES, "frames": turning.FRAMES, "degrees": turning.STEP}
    (FOLDER / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main(settings, preset="cpu", fresh=False):
    accelerator = loop.start(settings, cpu=preset == "cpu")
    device = accelerator.device
    autoencoder, mark = vae.load_vae()
    latents, attributes = load_videos(mark)
    autoencoder.to(device)
    words, text_encoder = tokenizer.load(), clip.load_text_encoder().to(device)
    frozen = unet.trained_unet().eval().requires_grad_(False).to(device)
    use_fast_attention(frozen, device)
    scheduler = DDPMScheduler.from_config(unet.SCHEDULER)
    weights = loss_weights(scheduler).to(device)
    run = loop.Run("video", new_layers(frozen, WIDTH), settings, accelerator, fresh)
    joined = VideoUNet(frozen, run.model)

    def draw(rng):
        rows = rng.integers(len(latents), size=settings.batch)
        captions = data.captions(attributes[rows], rng)
        captions = ["" if rng.random() < CAPTION_DROPOUT else caption for caption in captions]
        ids = words(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids
        early = rng.random(len(rows)) ** EARLY
        timesteps = (scheduler.config.num_train_timesteps * early).astype(np.int64)
        return latents[rows], ids, timesteps

    @torch.no_grad()
    def report():
        model = Components(
            words,
            text_encoder,
            autoencoder,
            VideoUNet(frozen, run.ema),
            DPMSolverMultistepScheduler.from_config(unet.SCHEDULER),
        )
        shape = (len(PROMPTS), 4, *latents.shape[1:2], *latents.shape[3:])
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        with accelerator.autocast():
            made = denoise(model, encode_prompts(model, list(PROMPTS)), noise, 4, 12)
            made = made.transpose(1, 2).flatten(0, 1) / autoencoder.config.scaling_factor
            pictures = data.to_uint8(autoencoder.decode(made).sample)
        contact_sheet(pictures, columns=latents.shape[1]).save(run.folder / f"samples-{run.step:06}.png")
        return {"loss": run.last_loss()}

    for batch, ids, timesteps in run.batches(draw, report):
        clean = torch.as_tensor(batch).to(device).float().transpose(1, 2)  # (B, 4, F, 16, 16)
        timesteps = torch.as_tensor(timesteps).to(device)
        with accelerator.autocast():
            with torch.no_grad():
                text_embeddings = text_encoder(ids.to(device)).last_hidden_state
            predict = partial(predicted, joined, text_embeddings)
            loss = training_loss(predict, scheduler, clean, weights, timesteps=timesteps)
        run.optimise(loss)
    if accelerator.is_main_process:
        save(copy.deepcopy(run.ema))
        print("video: saved into models/pocket-video")
    accelerator.wait_for_everyone()
