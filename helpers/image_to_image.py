"""Image-to-image: pictures painted again from half-way.

Notebook 09 writes `image_to_image` by hand. It gives exactly what the library's
StableDiffusionImg2ImgPipeline gives, to the last bit, on the scheduler that the components hold.
"""

import math

import torch

from helpers.denoising import (
    NOTHING_PAINTED,
    check_components,
    decode,
    embed,
    encode_pixels,
    one_at_a_time,
    one_each,
    run_steps,
    set_steps,
    to_pixels,
)
from helpers.errors import (
    InputError,
    check_guidance,
    check_negative,
    check_pictures,
    check_prompt,
    check_steps,
    check_strength,
    stop_in_a_sentence,
    warn_if_unused,
)
from helpers.machine.safety import checked
from helpers.models import Components, check_vae, pixels_per_latent
from helpers.seeding import generator, initial_noise


def steps_to_run(num_inference_steps, strength):
    """How many of the steps are run: int(steps x strength), cut off and not rounded, as the library does.

    Raises InputError for a strength that is not above 0 and at most 1, or so small that no step is left.
    """
    return _steps_left(check_steps(num_inference_steps), check_strength(strength))


def _steps_left(steps, strength):
    """`steps_to_run` of numbers that can work alone."""
    left = int(steps * strength)
    if left == 0:
        least = math.ceil(100 / steps) / 100
        raise InputError(
            f"Of {steps} steps, strength {strength} leaves int({steps} x {strength}) = 0 to run, "
            f"so nothing would change: take {least:g} or more, or more steps."
        )
    return left


@stop_in_a_sentence(NOTHING_PAINTED)
@one_at_a_time
@torch.no_grad()
def image_to_image(
    components,
    prompts,
    pictures,
    seeds,
    strength,
    num_inference_steps,
    guidance_scale,
    negative_prompts="",
    callback=None,
):
    """Paint pictures again: a list of PIL pictures, one for each prompt, picture and seed.

    `prompts`, `pictures`, `seeds` and `negative_prompts` are each one value or a list; one value serves all.
    `pictures` are RGB, of one size that the model takes, as `open_picture` gives them. `strength`, above 0
    and at most 1, is the share of the steps that is run: SDEdit's t0 (Meng et al. 2021, 2108.01073). The
    rest is as in `generate`. Raises InputError for what can't work.
    """
    check_components(components, *Components._fields)
    check_vae(components.vae)
    prompts, pictures, seeds, negative_prompts = one_each(prompts, pictures, seeds, negative_prompts)
    prompts = [check_prompt(prompt) for prompt in prompts]
    negative_prompts = [check_negative(negative) for negative in negative_prompts]
    guidance_scale, steps = check_guidance(guidance_scale), check_steps(num_inference_steps)
    start = steps - _steps_left(steps, check_strength(strength))
    pictures = check_pictures(pictures, pixels_per_latent(components.vae))
    generators = [generator(seed) for seed in seeds]
    scheduler = set_steps(components, steps, callback=callback)
    warn_if_unused(negative_prompts, guidance_scale)

    # One at a time, and each generator's first draw for the encoder's sample, the second for the noise.
    vae = components.vae
    encoded = [encode_pixels(vae, to_pixels([p], vae.device), [g]) for p, g in zip(pictures, generators)]
    latents = torch.cat(encoded)
    noise = initial_noise(latents.shape[1:], generators, latents.device, latents.dtype)
    t = scheduler.timesteps[start * scheduler.order]
    latents = scheduler.add_noise(latents, noise, t.repeat(len(latents)))
    text_embeddings = embed(components, prompts, negative_prompts)
    latents = run_steps(
        components.unet, scheduler, text_embeddings, latents, guidance_scale, callback, generators, start
    )
    return checked(vae, decode(vae, latents))
