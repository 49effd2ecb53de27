"""Paint the films in images/, each with a still of it: python -m tools.drawings.films [denoising] [walk]

denoising.webp shows one picture on its way from noise; walk.webp leads from one prompt to another.
"""

import sys

import torch
from diffusers import DPMSolverMultistepScheduler

from helpers.denoising import decode, denoise, encode_picture, encode_prompts, generate
from helpers.lesson.examples import load_renders
from helpers.models import latent_shape, load_components, settings
from helpers.seeding import generator, initial_noise
from helpers.show.latents import colour_map, latent_colours
from helpers.show.motion import film_pages, joined
from helpers.show.plotting import IMAGES

PROMPT, SEED = "an astronaut on mars", 0
WALK, WALK_SEED, MOMENTS = ("a red gas giant in deep space", "a blue gas giant in deep space"), 3, 24
AT_ONCE = 8  # pictures
WALK_STEPS = 12  # of DPM++ 2M, which needs the fewest: notebook 06


def denoising(components):
    """The rows, titles and captions of a film of the loop: latents, what it sees, what it believes."""
    vae, alphas, steps = components.vae, components.scheduler.alphas_cumprod, []
    [picture] = generate(components, PROMPT, SEED, callback=steps.append, **settings())
    renders = [each.picture for each in load_renders()]
    weights = colour_map(encode_picture(vae, renders), renders)
    latents = torch.cat([step.latents for step in steps])
    beliefs = torch.cat([step.predicted_x0 for step in steps])
    coloured = [latent_colours(each, weights) for each in (*latents, encode_picture(vae, [picture])[0])]
    rows = [coloured, [*decode(vae, latents), picture], [*decode(vae, beliefs), picture]]
    captions = []
    for step in steps:
        alpha = alphas[int(step.t)]
        noise, sigma = (1 - alpha) ** 0.5, ((1 - alpha) / alpha) ** 0.5
        captions.append(f"t = {int(step.t)}: {noise:.0%} noise, σ = {sigma:.2g}")
    titles = ["latents, in colours", "x_t: what it sees", "x̂₀: what it believes"]
    return rows, titles, [*captions, f"“{PROMPT}”"]


def walk(components):
    """The row, title and captions of a film from one prompt to the other, by mixtures of their embeddings."""
    scheduler = DPMSolverMultistepScheduler.from_config(components.scheduler.config)
    guidance_scale = settings()["guidance_scale"]
    (empty, start), (_, end) = (encode_prompts(components, [each]) for each in WALK)
    noise = initial_noise(latent_shape(components), [generator(WALK_SEED)])
    weights, pictures = torch.linspace(0, 1, MOMENTS), []
    for some in weights.split(AT_ONCE):
        mixed = torch.stack([torch.lerp(start, end, weight) for weight in some])
        embeddings = torch.cat([empty.expand_as(mixed), mixed])
        noises = noise.expand(len(some), -1, -1, -1)
        latents = denoise(components, embeddings, noises, guidance_scale, WALK_STEPS, scheduler)
        pictures += decode(components.vae, latents)
    captions = [f"{1 - weight:.0%} red, {weight:.0%} blue" for weight in weights]
    return [pictures], [""], captions


def save(name, rows, titles, captions, still, **options):
    """Write the film, and its moment at the share `still` as the picture that stands beside it."""
    pages = film_pages(rows, titles, captions)
    data = joined(pages, **options)
    (IMAGES / f"{name}.webp").write_bytes(data)
    pages[round(still * (len(pages) - 1))].save(IMAGES / f"{name}.png", optimize=True)
    print(f"images/{name}.webp: {len(captions)} moments, {len(data) / 1000:.0f} kB")


def main(names):
    components = load_components()
    if "denoising" in names:
        save("denoising", *denoising(components), still=0.4, frames_per_second=4, hold=3)
    if "walk" in names:
        save("walk", *walk(components), still=0.5, frames_per_second=8)


if __name__ == "__main__":
    main(sys.argv[1:] or ("denoising", "walk"))
