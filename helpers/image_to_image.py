"""Image-to-image: pictures painted again from half-way.

Notebook 09 writes `image_to_image` by hand. It gives exactly what the library's
StableDiffusionImg2ImgPipeline gives, to the last bit, on the scheduler that the components hold.
"""

import math

import torch
from PIL import Image

from helpers.denoising import (
    NOTHING_PAINTED,
    decode,
    denoise,
    encode_picture,
    encode_prompts,
    one_at_a_time,
    one_each,
)
from helpers.errors import (
    InputError,
    check_guidance,
    check_prompt,
    check_size,
    check_steps,
    stop_in_a_sentence,
)
from helpers.models import pixels_per_latent
from helpers.seeding import generator, initial_noise


def steps_to_run(num_inference_steps, strength):
    """How many of the steps are run: int(steps x strength), cut off and not rounded, as the library does.

    Raises InputError for a strength that is not above 0 and at most 1, or so small that no step is left.
    """
    check_steps(num_inference_steps)
    number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if not number or not 0 < strength <= 1:
        raise InputError(
            f"The strength must be a number above 0 and at most 1, not {strength!r}: "
            "0 would keep the picture as it is, 1 keeps next to nothing of it; 0.6 is a good start."
        )
    steps = int(num_inference_steps * strength)
    if steps == 0:
        least = math.ceil(100 / num_inference_steps) / 100
        raise InputError(
            f"Of {num_inference_steps} steps, strength {strength} leaves int({num_inference_steps} x "
            f"{strength}) = 0 to run, so nothing would change: take {least:g} or more, or more steps."
        )
    return steps


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
    prompts, pictures, seeds, negative_prompts = one_each(prompts, pictures, seeds, negative_prompts)
    for prompt in prompts:
        check_prompt(prompt)
    check_guidance(guidance_scale)
    start = num_inference_steps - steps_to_run(num_inference_steps, strength)
    _check_pictures(pictures, pixels_per_latent(components.vae))
    scheduler, generators = components.scheduler, [generator(seed) for seed in seeds]

    # One at a time, and each generator's first draw for the encoder's sample, the second for the noise.
    encoded = [encode_picture(components.vae, [p], [g]) for p, g in zip(pictures, generators)]
    latents = torch.cat(encoded)
    noise = initial_noise(latents.shape[1:], generators, latents.device, latents.dtype)
    scheduler.set_timesteps(num_inference_steps, device=latents.device)
    t = scheduler.timesteps[start * scheduler.order]
    latents = scheduler.add_noise(latents, noise, t.repeat(len(latents)))
    latents = denoise(
        components,
        encode_prompts(components, prompts, negative_prompts),
        latents,
        guidance_scale,
        num_inference_steps,
        callback=callback,
        generators=generators,
        start=start,
    )
    return decode(components.vae, latents)


def _check_pictures(pictures, factor):
    for picture in pictures:
        if not isinstance(picture, Image.Image) or picture.mode != "RGB":
            what = getattr(picture, "mode", type(picture).__name__)
            raise InputError(f"Pictures must be RGB PIL pictures, not {what}: use open_picture first.")
        check_size(picture.height, picture.width, factor)
    sizes = {picture.size for picture in pictures}
    if len(sizes) > 1:
        listed = " and ".join(f"{w} x {h}" for w, h in sorted(sizes))
        raise InputError(f"The pictures have different sizes, {listed}: use open_picture first.")
