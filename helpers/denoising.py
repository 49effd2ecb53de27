"""The denoising loop: from a prompt and noise to a picture.

Notebook 05 writes this loop by hand, step by step; the notebooks after it import it from here. It gives
exactly what the library's StableDiffusionPipeline gives, to the last bit, for guidance of 1 and above.
(Below 1 the pipeline leaves guidance out; this loop applies it, down to 0, the empty prompt alone.)

Shapes: B pictures, latents (B, C, h, w), text_embeddings (2B, 77, D) with the B unconditional (or negative)
ones first.
"""

import functools
import inspect
import threading
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from helpers.errors import (
    InputError,
    check_finite,
    check_guidance,
    check_prompt,
    check_start,
    check_steps,
    clear_memory_error,
    stop_in_a_sentence,
    warn_if_cut,
)
from helpers.models import latent_shape
from helpers.seeding import generator, initial_noise

NOTHING_PAINTED = "nothing was painted; run the cell again when you want it."
_turn = threading.RLock()


def one_at_a_time(function):
    """Let threads take turns in all functions decorated so; a call inside of another one doesn't wait.

    A scheduler keeps its place in the loop, and a tokenizer its settings: two threads would mix them up.
    """

    @functools.wraps(function)
    def in_turn(*args, **kwargs):
        with _turn:
            return function(*args, **kwargs)

    return in_turn


class Step(NamedTuple):
    """What `denoise` hands to its callback, once for each call of the U-Net."""

    index: int
    t: torch.Tensor  # the timestep, 999 (nearly pure noise) to 0 (a picture)
    latents: torch.Tensor  # (B, C, h, w), as the U-Net sees them
    noise_pred: torch.Tensor  # (B, C, h, w), what the U-Net predicts (noise, v or x0), after guidance
    predicted_x0: torch.Tensor  # (B, C, h, w), the end that this prediction points to


@one_at_a_time
@torch.no_grad()
def encode_prompts(components, prompts, negative_prompts=None):
    """Text embeddings (2B, 77, D) of B prompts: the negative ones (or those of "") first, then the prompts.

    `prompts` is a list of strings; `negative_prompts` one of the same length. A warning names the words of
    a prompt that were cut off, if it is too long.
    """
    tokenizer, text_encoder = components.tokenizer, components.text_encoder

    def encode(texts):
        for text in texts:
            warn_if_cut(tokenizer, text)
        ids = tokenizer(
            texts,
            padding="max_length",
            max_length=tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return text_encoder(ids.to(text_encoder.device))[0]

    cond = encode(prompts)
    uncond = encode(negative_prompts or [""] * len(prompts))
    return torch.cat([uncond, cond])


def guided_noise(unet, model_input, t, text_embeddings, guidance_scale):
    """The U-Net's noise prediction (B, C, h, w) under classifier-free guidance.

    uncond + w (cond - uncond); Ho & Salimans 2022 (2207.12598), eq. 6, whose w is ours minus 1. With w = 1
    that is the conditional prediction, and the unconditional one is not computed. `guidance_scale` is w, or a
    function (noise_uncond, noise_cond, t) -> noise_pred, for other rules. Raises ModelError if the prediction
    holds NaN.
    """
    if guidance_scale == 1:
        cond_embeddings = text_embeddings.chunk(2)[1]
        noise_pred = unet(model_input, t, encoder_hidden_states=cond_embeddings, return_dict=False)[0]
    else:
        twice = torch.cat([model_input] * 2)
        both = unet(twice, t, encoder_hidden_states=text_embeddings, return_dict=False)[0]
        noise_uncond, noise_cond = both.chunk(2)
        if callable(guidance_scale):
            noise_pred = guidance_scale(noise_uncond, noise_cond, t)
        else:
            noise_pred = noise_uncond + guidance_scale * (noise_cond - noise_uncond)
    check_finite(noise_pred, f"The U-Net's output at timestep {float(t):.0f}", unet.dtype, unet.device)
    return noise_pred


@stop_in_a_sentence(NOTHING_PAINTED)
@one_at_a_time
@torch.no_grad()
def denoise(
    components,
    text_embeddings,
    latents,
    guidance_scale,
    num_inference_steps,
    scheduler=None,
    callback=None,
    generators=None,
    start=None,
    after_step=None,
):
    """Turn pure noise into the latents of a picture, shape (B, C, h, w) in and out.

    `latents` is standard normal noise, as `initial_noise` draws it: it is scaled here, after
    `set_timesteps`, because the scale may depend on the timesteps. `scheduler` replaces the model's own.
    `callback(step)` gets a `Step` before each scheduler step. `generators`, one a picture, feed the
    schedulers that add noise on the way (DDPM, Euler ancestral). `guidance_scale` is a number, or a function
    as in `guided_noise`.

    With `start`, from 0 up, so many of the steps are left out, and `latents` are taken as they are: a
    picture's, noised to the first timestep that is left (image-to-image). `after_step(latents, t_next)` may
    put other latents in place of those that a step gave; t_next is the timestep that they have now, None at
    the end (inpainting).
    """
    check_steps(num_inference_steps)
    check_guidance(guidance_scale)
    unet, scheduler = components.unet, scheduler or components.scheduler
    takes_generator = "generator" in inspect.signature(scheduler.step).parameters
    extra = {"generator": generators} if takes_generator else {}

    scheduler.set_timesteps(num_inference_steps, device=unet.device)
    timesteps, latents = scheduler.timesteps, latents.to(unet.device, unet.dtype)
    if start is None:
        latents = latents * scheduler.init_noise_sigma
    else:
        check_start(start, num_inference_steps)
        timesteps = timesteps[start * scheduler.order :]
        if hasattr(scheduler, "set_begin_index"):  # schedulers that count their steps
            scheduler.set_begin_index(start * scheduler.order)
    for index, t in enumerate(timesteps):
        model_input = scheduler.scale_model_input(latents, t)
        with clear_memory_error():
            noise_pred = guided_noise(unet, model_input, t, text_embeddings, guidance_scale)
        if callback:
            kind = scheduler.config.get("prediction_type", "epsilon")
            x0 = predicted_x0(noise_pred, t, model_input, scheduler.alphas_cumprod, kind)
            callback(Step(index, t, model_input, noise_pred, x0))
        latents = scheduler.step(noise_pred, t, latents, **extra, return_dict=False)[0]
        if after_step:
            latents = after_step(latents, timesteps[index + 1] if index + 1 < len(timesteps) else None)
    return latents


def alpha_cumprod_at(t, alphas_cumprod):
    """The share of the picture's variance that is left at timestep t, between 0 and 1.

    LMS and Euler also stop between two training steps; there the noise-to-signal ratio sigma =
    sqrt((1 - alpha_cumprod) / alpha_cumprod) is interpolated, as these schedulers do.
    """
    t = float(t)
    below = int(t)
    if t == below:
        return alphas_cumprod[below]
    sigma, sigma_above = ((1 - alphas_cumprod[below : below + 2]) / alphas_cumprod[below : below + 2]) ** 0.5
    sigma = sigma + (t - below) * (sigma_above - sigma)
    return 1 / (sigma**2 + 1)


def predicted_x0(noise_pred, t, latents, alphas_cumprod, prediction_type="epsilon"):
    """The clean latents that a prediction points to, all (B, C, h, w).

    For a prediction of the noise ("epsilon"), x0 = (x_t - sqrt(1 - alpha_cumprod) noise_pred) /
    sqrt(alpha_cumprod); DDIM, Song et al. 2020 (2010.02502), eq. 9 and the first term of eq. 12. For
    "v_prediction", x0 = sqrt(alpha_cumprod) x_t - sqrt(1 - alpha_cumprod) v; Salimans & Ho 2022 (2202.00512),
    appendix D. A prediction of the "sample" is x0 itself. Raises InputError for another kind.

    `latents` are those that the U-Net sees, after `scale_model_input`: then one formula serves all
    schedulers, also those (LMS, Euler) whose own latents are x0 + sigma noise.
    """
    alpha = alpha_cumprod_at(t, alphas_cumprod)
    if prediction_type == "epsilon":
        return (latents - (1 - alpha) ** 0.5 * noise_pred) / alpha**0.5
    if prediction_type == "v_prediction":
        return alpha**0.5 * latents - (1 - alpha) ** 0.5 * noise_pred
    if prediction_type == "sample":
        return noise_pred
    raise InputError(
        f'There is no prediction type "{prediction_type}": take "epsilon", "v_prediction" or "sample".'
    )


def to_pixels(pictures, device="cpu"):
    """Pictures as the networks take them: float32 (B, 3, H, W) from -1 to 1, on the device.

    `pictures` are RGB PIL pictures of one size, or a uint8 array (B, H, W, 3).
    """
    if not isinstance(pictures, np.ndarray):
        pictures = np.stack([np.asarray(picture) for picture in pictures])
    return torch.as_tensor(pictures).to(device).permute(0, 3, 1, 2).float() / 255 * 2 - 1


def to_uint8(pixels):
    """float (B, 3, H, W) in -1...1 -> uint8 (B, H, W, 3), rounded as the pipelines round."""
    return ((pixels.float() / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()


@torch.no_grad()
def encode_picture(vae, pictures, generators=None):
    """The latents (B, C, h, w) of RGB PIL pictures of one size, times the VAE's scaling factor.

    They are the means of the distributions that the encoder gives; with `generators`, one a picture, they
    are drawn from these.
    """
    pixels = to_pixels(pictures, vae.device).to(vae.dtype)
    with clear_memory_error():
        distribution = vae.encode(pixels).latent_dist
    latents = distribution.mean
    if generators is not None:
        noise = initial_noise(latents.shape[1:], generators, latents.device, latents.dtype)
        latents = latents + distribution.std * noise
    return latents * vae.config.scaling_factor


@stop_in_a_sentence(NOTHING_PAINTED)
@torch.no_grad()
def decode(vae, latents):
    """The pictures (PIL, RGB) of latents (B, C, h, w): the VAE's decoder, -1…1 to 0…255, rounded."""
    with clear_memory_error():
        pictures = vae.decode(latents.to(vae.device, vae.dtype) / vae.config.scaling_factor).sample
    check_finite(pictures, "The VAE's output", vae.dtype, vae.device)
    pictures = (pictures * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
    return [Image.fromarray(picture) for picture in (pictures * 255).round().astype("uint8")]


@stop_in_a_sentence(NOTHING_PAINTED)
def generate(
    components,
    prompts,
    seeds,
    num_inference_steps,
    guidance_scale,
    negative_prompts="",
    height=None,
    width=None,
    scheduler=None,
    callback=None,
):
    """Paint pictures: a list of PIL images, one for each prompt and seed.

    `prompts`, `seeds` and `negative_prompts` are each one value or a list; one value serves all pictures.
    `height` and `width` are in pixels, by default what the model was trained on. The rest is as in
    `denoise`; `**settings(MODEL)` gives steps and guidance. Raises InputError for an empty prompt, sizes,
    steps, guidance or seeds that can't work.
    """
    prompts, seeds, negative_prompts = one_each(prompts, seeds, negative_prompts)
    for prompt in prompts:
        check_prompt(prompt)
    check_steps(num_inference_steps)
    check_guidance(guidance_scale)
    generators = [generator(seed) for seed in seeds]
    noise = initial_noise(latent_shape(components, height, width), generators)
    text_embeddings = encode_prompts(components, prompts, negative_prompts)
    latents = denoise(
        components,
        text_embeddings,
        noise,
        guidance_scale,
        num_inference_steps,
        scheduler,
        callback,
        generators,
    )
    return decode(components.vae, latents)


def one_each(*values):
    """Lists of one length: a single value is repeated."""
    lists = [list(value) if isinstance(value, list | tuple | range) else [value] for value in values]
    count = max(len(each) for each in lists)
    if any(len(each) not in (1, count) for each in lists):
        lengths = ", ".join(str(len(each)) for each in lists)
        raise InputError(
            f"Prompts, seeds, pictures and negative prompts must be single or equally many, not {lengths}: "
            "give one for each picture, or one for all."
        )
    return [each * count if len(each) == 1 else each for each in lists]
