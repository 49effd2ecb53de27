"""Paint images/denoising.webp, the film at the top of README.md, and images/denoising.png, a still beside it.

    python -m tools.drawings.denoising

Three views of one loop, from pure noise to the picture: the latents in colours, the same latents decoded, and
the predicted x0 decoded. sigma is the noise in the latents, as a multiple of the picture in them.
"""

from helpers.denoising import decode, encode_picture, generate
from helpers.lesson.examples import load_renders
from helpers.models import load_components, settings
from helpers.show.plotting import IMAGES, colour_map, film, film_pages, latent_colours

PROMPT, SEED = "an astronaut on mars", 0
TITLES = ("the latents, in colours", "the latents, decoded", "what the model believes")
STILL = 8  # the moment that the still shows: the belief is clear, the latents are noise


def main():
    components, steps = load_components(), []
    generate(components, PROMPT, SEED, callback=steps.append, **settings())
    renders = [example.picture for example in load_renders()]
    weights = colour_map(encode_picture(components.vae, renders), renders)
    rows = [
        [latent_colours(step.latents[0], weights) for step in steps],
        [decode(components.vae, step.latents)[0] for step in steps],
        [decode(components.vae, step.predicted_x0)[0] for step in steps],
    ]
    captions = []
    for step in steps:
        alpha = components.scheduler.alphas_cumprod[int(step.t)]
        captions.append(f"“{PROMPT}”   t = {int(step.t)}   σ = {((1 - alpha) / alpha) ** 0.5:.2g}")
    (IMAGES / "denoising.webp").write_bytes(film(rows, TITLES, captions))
    film_pages(rows, TITLES, captions)[STILL].save(IMAGES / "denoising.png", optimize=True)
    print(f"{len(steps)} moments in images/denoising.webp")


if __name__ == "__main__":
    main()
