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
from tqdm.auto import tqdm

from helpers.errors import (
    MOST_PICTURES,
    InputError,
    as_number,
    check_choice,
    check_device,
    check_finite,
    check_function,
    check_guidance,
    check_negative,
    check_parts,
    check_pictures,
    check_prompt,
    check_start,
    check_steps,
    check_tensor,
    check_text,
    clear_memory_error,
    clear_shape_error,
    shown,
    stop_in_a_sentence,
    warn_if_cut,
    warn_if_unused,
)
from helpers.machine.safety import checked
from helpers.models import Components, bar_options, check_vae, latent_shape
from helpers.seeding import check_generators, generator, initial_noise

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
    a prompt that were cut off, if it is too long. Raises InputError for what is no text.
    """
    check_components(components, "tokenizer", "text_encoder")
    for name, texts in (("prompts", prompts), ("negative_prompts", negative_prompts)):
        if not (isinstance(texts, list | tuple) and texts or texts is None and name == "negative_prompts"):
            raise InputError(f'Here {name} is a list of texts, not {shown(texts)}: write ["a red planet"].')
    prompts = [check_text(prompt) for prompt in prompts]
    negative_prompts = [check_negative(each) for each in negative_prompts or [""] * len(prompts)]
    if len(negative_prompts) != len(prompts):
        raise InputError(
            f"{len(prompts)} prompts have {len(negative_prompts)} negative prompts: give each prompt one."
        )
    return embed(components, prompts, negative_prompts)


@one_at_a_time
@torch.no_grad()
def embed(components, prompts, negative_prompts):
    """`encode_prompts` of texts that are already checked."""
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
    return torch.cat([encode(negative_prompts), cond])


def guided_noise(unet, model_input, t, text_embeddings, guidance_scale):
    """The U-Net's noise prediction (B, C, h, w) under classifier-free guidance.

    uncond + w (cond - uncond); Ho & Salimans 2022 (2207.12598), eq. 6, whose w is ours minus 1. With w = 1
    that is the conditional prediction, and the unconditional one is not computed. `guidance_scale` is w, or a
    function (noise_uncond, noise_cond, t) -> noise_pred, for other rules. Raises InputError for what the
    U-Net can't take, ModelError if the prediction holds NaN.
    """
    check_parts(unet, "The U-Net", ("dtype", "device", "__call__"), "load_components(MODEL).unet")
    check_tensor(model_input, "The latents", "B, ...")
    check_embeddings(text_embeddings, model_input)
    number = as_number(t)
    if number is None or abs(number) >= 2**63:  # torch holds no larger whole number
        raise InputError(f"A timestep is a single number, such as 500, not {shown(t)}.")
    t = t if isinstance(t, torch.Tensor) else number  # the library takes no number of NumPy's
    return predict(unet, model_input, t, text_embeddings, check_guidance(guidance_scale))


def predict(unet, model_input, t, text_embeddings, guidance_scale):
    """`guided_noise` of what is already checked."""

    def ask(latents, embeddings):
        with clear_shape_error("The U-Net", latents=latents, text_embeddings=embeddings):
            return unet(latents, t, encoder_hidden_states=embeddings, return_dict=False)[0]

    place = f"timestep {float(t):.0f}"
    if not callable(guidance_scale) and guidance_scale == 1:
        noise_pred = ask(model_input, text_embeddings.chunk(2)[1])
    else:
        noise_uncond, noise_cond = ask(torch.cat([model_input] * 2), text_embeddings).chunk(2)
        if callable(guidance_scale):
            check_finite(noise_cond, f"The U-Net's output at {place}")
            noise_pred = guidance_scale(noise_uncond, noise_cond, t)
            check_tensor(noise_pred, f"What the guidance function returns at {place}", _written(noise_cond))
        else:
            noise_pred = noise_uncond + guidance_scale * (noise_cond - noise_uncond)
    check_finite(noise_pred, f"The U-Net's output at {place}")
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
    the end (inpainting). Raises InputError for what can't work.
    """
    check_components(components, "unet", "scheduler")
    guidance_scale = check_guidance(guidance_scale)
    steps = check_steps(num_inference_steps)
    scheduler = set_steps(components, steps, scheduler, callback)
    check_tensor(latents, "The latents", "B, ...")
    check_embeddings(text_embeddings, latents)
    if start is not None:
        start = check_start(start, steps)
    if generators is not None:
        generators = check_generators(generators, len(latents))
    check_function(after_step, "after_step", "latents", "t_next")
    return run_steps(
        components.unet,
        scheduler,
        text_embeddings,
        latents,
        guidance_scale,
        callback,
        generators,
        start,
        after_step,
    )


def run_steps(
    unet,
    scheduler,
    text_embeddings,
    latents,
    guidance_scale,
    callback=None,
    generators=None,
    start=None,
    after_step=None,
):
    """The loop itself: `denoise` of what is already checked, by a scheduler whose steps are set."""
    takes_generator = "generator" in inspect.signature(scheduler.step).parameters
    extra = {"generator": generators} if takes_generator else {}

    timesteps, latents = scheduler.timesteps, latents.to(unet.device, unet.dtype)
    if start is None:
        latents = latents * scheduler.init_noise_sigma
    else:
        timesteps = timesteps[start * scheduler.order :]
        if hasattr(scheduler, "set_begin_index"):  # schedulers that count their steps
            scheduler.set_begin_index(start * scheduler.order)
    for index, t in enumerate(tqdm(timesteps, desc="Painting", leave=False, **bar_options(unet))):
        model_input = scheduler.scale_model_input(latents, t)
        with clear_memory_error():
            noise_pred = predict(unet, model_input, t, text_embeddings, guidance_scale)
        if callback:
            kind = scheduler.config.get("prediction_type", "epsilon")
            x0 = predicted_x0(noise_pred, t, model_input, scheduler.alphas_cumprod, kind)
            callback(Step(index, t, model_input, noise_pred, x0))
        latents = scheduler.step(noise_pred, t, latents, **extra, return_dict=False)[0]
        if after_step:
            shape = _written(latents)
            latents = after_step(latents, timesteps[index + 1] if index + 1 < len(timesteps) else None)
            check_tensor(latents, "What after_step returns", shape)
    return latents


def set_steps(components, steps, scheduler=None, callback=None):
    """The scheduler, the model's own or another, with its timesteps set for so many steps.

    Raises InputError for what is no scheduler of this loop, and for more steps than it can make: one that
    counts from timestep 1 reaches 999 in 999 steps, one that was distilled to 50 steps makes no more.
    """
    check_function(callback, "The callback", "step")
    scheduler = components.scheduler if scheduler is None else scheduler
    names = ["set_timesteps", "scale_model_input", "step", "init_noise_sigma"]
    names += ["alphas_cumprod"] if callback else []  # for the picture that each step points to
    known = all(hasattr(scheduler, name) for name in names) and not isinstance(scheduler, type | str)
    if not known or "num_train_timesteps" not in getattr(scheduler, "config", {}):
        raise InputError(
            f"The scheduler can't be {shown(scheduler)}: "
            "make one such as DDIMScheduler.from_config(components.scheduler.config)."
        )
    required = [p for p in inspect.signature(scheduler.step).parameters.values() if p.default is p.empty]
    if sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in required) > 3:
        raise InputError(f"{type(scheduler).__name__} wants more than this loop gives: take DDIMScheduler.")
    if not _set(scheduler, steps, components.unet.device):
        fewer = next((n for n in range(steps - 1, 0, -1) if _set(scheduler, n, components.unet.device)), None)
        advice = "take another scheduler" if fewer is None else f"take {fewer}"
        raise InputError(f"{type(scheduler).__name__} can't make {steps} steps: {advice}.")
    return scheduler


def _set(scheduler, steps, device):
    """Set the scheduler's timesteps; whether it can go all of them.

    Some count one timestep too far; in multistep solvers, two equal noise levels divide by zero.
    """
    try:
        scheduler.set_timesteps(steps, device=device)
    except (ValueError, IndexError, ZeroDivisionError):  # it says so itself
        return False
    last = scheduler.config["num_train_timesteps"] - 1
    levels = scheduler.sigmas[:-1] if hasattr(scheduler, "model_outputs") else torch.arange(2)
    return not (hasattr(scheduler, "alphas_cumprod") and scheduler.timesteps.max() > last) and bool(
        levels.diff().all()
    )


def check_components(components, *names):
    """Raise InputError unless these parts of a model are there."""
    check_parts(components, "The components", names, "load_components(MODEL)")


def check_embeddings(text_embeddings, latents):
    """Raise InputError unless there are two text embeddings for each of the latents."""
    check_tensor(text_embeddings, "The text embeddings", "2B, ...")
    if len(text_embeddings) != 2 * len(latents):
        raise InputError(
            f"{len(latents)} latents need {2 * len(latents)} text embeddings, the unconditional ones first, "
            f"not {len(text_embeddings)}: encode_prompts gives them, of as many prompts."
        )


def _written(tensor):
    return ", ".join(str(side) for side in tensor.shape)


def alpha_cumprod_at(t, alphas_cumprod):
    """The share of the picture's variance that is left at timestep t, between 0 and 1.

    LMS and Euler also stop between two training steps; there the noise-to-signal ratio sigma =
    sqrt((1 - alpha_cumprod) / alpha_cumprod) is interpolated, as these schedulers do. Raises InputError for
    a t outside of the training's.
    """
    check_tensor(alphas_cumprod, "alphas_cumprod", "T")
    place, last = as_number(t), len(alphas_cumprod) - 1
    if place is None or not 0 <= place <= last:
        raise InputError(f"A timestep is a number from 0 to {last}, not {shown(t)}.")
    t, below = place, int(place)
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
    check_tensor(noise_pred, "The prediction", "B, ...")
    check_tensor(latents, "The latents", "B, ...")
    try:
        torch.broadcast_shapes(noise_pred.shape, latents.shape)
    except RuntimeError as error:
        shapes = f"{tuple(noise_pred.shape)} and {tuple(latents.shape)}"
        raise InputError(f"Prediction and latents must have one shape, not {shapes}.") from error
    kind = check_choice(prediction_type, ("epsilon", "v_prediction", "sample"), "prediction type")
    alpha = alpha_cumprod_at(t, alphas_cumprod)
    if kind == "epsilon":
        return (latents - (1 - alpha) ** 0.5 * noise_pred) / alpha**0.5
    if kind == "v_prediction":
        return alpha**0.5 * latents - (1 - alpha) ** 0.5 * noise_pred
    return noise_pred


def to_pixels(pictures, device="cpu"):
    """Pictures as the networks take them: float32 (B, 3, H, W) from -1 to 1, on the device.

    `pictures` are RGB PIL pictures of one size, or uint8 (B, H, W, 3). Raises InputError for others.
    """
    if isinstance(pictures, torch.Tensor) and pictures.dtype == torch.uint8:
        pictures = pictures.cpu().numpy()
    if isinstance(pictures, np.ndarray):
        if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8 or not pictures.size:
            raise InputError(
                f"An array of pictures is uint8, (B, H, W, 3), not {pictures.dtype}, {pictures.shape}: "
                "numbers from 0 to 255, the colours last."
            )
    else:
        pictures = np.stack([np.asarray(picture) for picture in check_pictures(pictures)])
    return torch.as_tensor(pictures).to(check_device(device)).permute(0, 3, 1, 2).float() / 255 * 2 - 1


def to_uint8(pixels):
    """float (B, 3, H, W) in -1...1 -> uint8 (B, H, W, 3), rounded as the pipelines round."""
    check_tensor(pixels, "The pixels", "B, 3, H, W")
    return ((pixels.float() / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()


@torch.no_grad()
def encode_picture(vae, pictures, generators=None):
    """The latents (B, C, h, w) of RGB PIL pictures of one size, times the VAE's scaling factor.

    They are the means of the distributions that the encoder gives; with `generators`, one a picture, they
    are drawn from these. Raises InputError for pictures that the VAE can't take.
    """
    check_vae(vae)
    pixels = to_pixels(pictures, vae.device)
    if generators is not None:
        generators = check_generators(generators, len(pixels))
    return encode_pixels(vae, pixels, generators)


@torch.no_grad()
def encode_pixels(vae, pixels, generators=None):
    """`encode_picture` of pixels (B, 3, H, W) from -1 to 1, as `to_pixels` gives them."""
    with clear_memory_error(), clear_shape_error("The VAE", pixels=pixels):
        distribution = vae.encode(pixels.to(vae.dtype)).latent_dist
    latents = distribution.mean
    if generators is not None:
        noise = initial_noise(latents.shape[1:], generators, latents.device, latents.dtype)
        latents = latents + distribution.std * noise
    return latents * vae.config.scaling_factor


@stop_in_a_sentence(NOTHING_PAINTED)
@torch.no_grad()
def decode(vae, latents):
    """The pictures (PIL, RGB) of latents (B, C, h, w): the VAE's decoder, -1…1 to 0…255, rounded.

    Raises InputError for latents of another shape, ModelError if the pictures hold NaN.
    """
    check_vae(vae)
    check_tensor(latents, "The latents", f"B, {vae.config.latent_channels}, h, w")
    with clear_memory_error():
        pictures = vae.decode(latents.to(vae.device, vae.dtype) / vae.config.scaling_factor).sample
    check_finite(pictures, "The VAE's output")
    pictures = (pictures * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
    return [Image.fromarray(picture) for picture in (pictures * 255).round().astype("uint8")]


@stop_in_a_sentence(NOTHING_PAINTED)
@one_at_a_time
@torch.no_grad()
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
    check_components(components, *Components._fields)
    prompts, seeds, negative_prompts = one_each(prompts, seeds, negative_prompts)
    prompts = [check_prompt(prompt) for prompt in prompts]
    negative_prompts = [check_negative(negative) for negative in negative_prompts]
    guidance_scale = check_guidance(guidance_scale)
    generators = [generator(seed) for seed in seeds]
    shape = latent_shape(components, height, width)
    scheduler = set_steps(components, check_steps(num_inference_steps), scheduler, callback)
    warn_if_unused(negative_prompts, guidance_scale)

    with clear_memory_error():
        noise = initial_noise(shape, generators)
    text_embeddings = embed(components, prompts, negative_prompts)
    latents = run_steps(
        components.unet, scheduler, text_embeddings, noise, guidance_scale, callback, generators
    )
    return checked(components.vae, decode(components.vae, latents))


def one_each(*values):
    """Lists of one length: a single value is repeated. Raises InputError for other lengths."""
    lists = [_listed(value) for value in values]
    count = max(len(each) for each in lists)
    if any(len(each) not in (1, count) for each in lists):
        lengths = ", ".join(str(len(each)) for each in lists)
        raise InputError(
            f"Prompts, seeds, pictures and negative prompts must be single or equally many, not {lengths}: "
            "give one for each picture, or one for all."
        )
    return [each * count if len(each) == 1 else each for each in lists]


def _listed(value):
    """A list of what a list, a range, an array or a tensor holds; of a single value, the list of that one."""
    several = isinstance(value, list | tuple | range)
    if not several and not (isinstance(value, np.ndarray | torch.Tensor) and value.ndim == 1):
        return [value]
    if not 1 <= len(value) <= MOST_PICTURES:
        raise InputError(
            f"A list of {len(value)} can't be painted at once: "
            f"give 1 to {MOST_PICTURES} prompts, seeds or pictures."
        )
    return list(value)
