"""Latents against pixels: two equal U-Nets, trained for equal time. What does each space cost, and give?

    python -m training in-latents; python -m training in-pixels    # first: 45 minutes of one core each
    python -m measure.spaces                   # more than an hour on one core
    python -m measure.spaces pixels growth     # only these parts; what is finished is kept in out/

"latents" and "pixels" are the quality of pictures against minutes of training, judged as in
training/evaluation; the costs are measured by measure/spaces_cost.py. A run without parts writes
docs/measured/spaces.json.
"""

import json
from functools import cache, partial

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, UNet2DConditionModel

from helpers.denoising import decode, denoise, encode_picture, encode_prompts, to_pixels, to_uint8
from helpers.judge import classify, load_pocket_judge
from helpers.lesson import metrics
from helpers.lesson.cache import kept, mark
from helpers.lesson.measured import made_from, save_measured, workplace
from helpers.lesson.scores import attribute_rates, prompts
from helpers.lesson.spaces import BATCH, FOLDER, load_space
from helpers.models import latent_shape
from helpers.seeding import generator, initial_noise
from measure import CACHE as LOGS
from measure import arguments, spaces_cost
from worlds import planets as world
from worlds import seeds

STEPS, GUIDANCE = spaces_cost.STEPS, spaces_cost.GUIDANCE
MINUTES = {"pixels": (5, 10, 20, 30, 45), "latents": (1, 2, 5, 10, 15, 20, 30, 45)}
CURVE, FINAL, REFERENCE = 48, 156, 480  # prompts for a point, for the end; drawn pictures to compare with
OTHER_GUIDANCE = (2.5, 8.0)  # tried at the end, on CURVE prompts
CHUNK = 4  # prompts painted at once, and kept
WORK = workplace("spaces")


def weights_of(space, minutes):
    """Where the averaged weights after so many minutes lie: the last in models/, the others in the cache."""
    last = minutes == MINUTES[space][-1]
    return FOLDER / space if last else LOGS / f"in-{space}" / f"minute-{minutes:02}"


@cache
def components(space, minutes):
    whole = load_space(space)
    unet = UNet2DConditionModel.from_pretrained(weights_of(space, minutes))
    unet = unet.float().eval().requires_grad_(False)
    scheduler = DPMSolverMultistepScheduler.from_config(whole.scheduler.config)
    return whole._replace(unet=unet, scheduler=scheduler)


@cache
def origin(folder=None):
    """The mark of what figures come from; with the weights in a folder that is not among models/."""
    return mark(made_from("spaces", STEPS, FINAL, REFERENCE), *([folder] if folder else []))


@cache
def asked(count=FINAL, among=seeds.SPACES):
    return prompts(count, among=among)


@cache
def scenes():
    """Which of the FINAL prompts a point of the curve has: as many of each evaluation seed."""
    return np.arange(FINAL).reshape(3, -1)[:, : CURVE // 3].ravel(), np.arange(FINAL)


@cache
def the_judge():
    return load_pocket_judge()


def seen(pictures):
    classes, features = classify(the_judge(), np.stack([np.asarray(each) for each in pictures]))
    return {"classes": classes.tolist(), "features": features.tolist()}


def hints(parts, pictures):
    """What is left, at the last timestep, of the mean colours of pictures: added to noise, a hint."""
    means = encode_picture(parts.vae, pictures).mean((2, 3), keepdim=True)
    return parts.scheduler.alphas_cumprod[-1] ** 0.5 * means


def painted(space, minutes, guidance, rows, hinted=False):
    """The judge's classes and features of pictures for these of the prompts, painted where missing."""

    def paint(some):
        parts, few = components(space, minutes), asked()
        noise = initial_noise(latent_shape(parts), [generator(few.seeds[row]) for row in some])
        if hinted:
            noise = noise + hints(parts, rendered(few, some))
        embeddings = encode_prompts(parts, [few.captions[row] for row in some])
        return seen(decode(parts.vae, denoise(parts, embeddings, noise, guidance, STEPS)))

    name = f"{space}-{minutes}-{guidance:g}" + "-hinted" * hinted
    done = [
        kept(WORK / f"{name}-{some[0]:03}.json", origin(weights_of(space, minutes)), partial(paint, some))
        for some in rows.reshape(-1, CHUNK)
    ]
    return joined(done)


def rendered(few, some):
    """Drawn pictures of some of the scenes, uint8 (n, 128, 128, 3)."""
    return np.stack(
        [world.render(world.decode(few.rows[row]), np.random.default_rng(few.seeds[row])) for row in some]
    )


def drawn(kind):
    """The same of drawn pictures: of the same scenes, other scenes, or the same through the VAE."""
    few = asked(REFERENCE, seeds.SPACES_OTHERS) if kind == "reference" else asked()
    pictures = draw = rendered(few, range(len(few.rows)))
    if kind == "reconstructions":
        vae = load_space("latents").vae
        with torch.no_grad():
            draw = [
                picture
                for some in np.array_split(pictures, 10)
                for picture in to_uint8(
                    vae.decode(vae.encode(to_pixels(some, "cpu")).latent_dist.mean).sample
                )
            ]
        found = metrics.psnr(pictures, np.stack(draw))
        return seen(draw) | {"psnr": float(found.mean()), "psnr_interval": metrics.bootstrap(found)}
    return seen(draw)


def joined(parts):
    return {name: [row for part in parts for row in part[name]] for name in ("classes", "features")}


def figures(look, rows):
    """What stands in the file, of pictures for these of the prompts."""
    classes, features = np.array(look["classes"], np.int8), np.array(look["features"])
    reference = kept(WORK / "drawn-reference.json", origin(), partial(drawn, "reference"))["features"]
    rates = attribute_rates(classes, asked().rows[rows])
    return {
        "attributes_right": rates["mean"],
        "all_right": rates["all_right"],
        "frechet_distance": metrics.frechet_distance(features, reference),
    }


def quality(space):
    """The curve against minutes, the end, other guidance scales, and how many pictures training saw."""
    few, every = scenes()
    log = [json.loads(line) for line in open(LOGS / f"in-{space}" / "log.jsonl")]
    batch = BATCH[space]
    rate = batch * log[-1]["step"] / log[-1]["minutes"]  # pictures a minute, all along nearly the same
    curve = []
    for minutes in MINUTES[space]:
        point = figures(painted(space, minutes, GUIDANCE, few), few)
        seen_until = {"pictures_seen": rate * minutes, "updates": rate * minutes / batch}
        curve.append({"minutes": minutes, **seen_until, **point})
        print(
            f"{space}, {minutes} minutes: {point['attributes_right']['rate']:.3f} right,"
            f" distance {point['frechet_distance']:.0f}",
            flush=True,
        )
    last = MINUTES[space][-1]
    end = figures(painted(space, last, GUIDANCE, every), every)
    hinted = figures(painted(space, last, GUIDANCE, few, hinted=True), few)
    other = [
        {"guidance_scale": scale, **figures(painted(space, last, scale, few), few)}
        for scale in OTHER_GUIDANCE
    ]
    return {
        "batch": batch,
        "updates": log[-1]["step"],
        "pictures_per_minute": rate,
        "curve": curve,
        "end": end,
        "hinted": hinted,
        "other_guidance": other,
    }


def floors():
    """Drawn pictures and the VAE's reconstructions, with as many pictures as the curve and the end have."""
    results = {}
    for kind in ("renders", "reconstructions"):
        look = kept(WORK / f"drawn-{kind}.json", origin(), partial(drawn, kind))
        for name, rows in zip(("curve", "end"), scenes()):
            some = {key: [look[key][row] for row in rows] for key in ("classes", "features")}
            results.setdefault(kind, {})[name] = figures(some, rows)
    return results | {
        "psnr": {
            "rate": look["psnr"],
            "low": look["psnr_interval"][0],
            "high": look["psnr_interval"][1],
            "n": FINAL,
        }
    }


PARTS = {
    "drawn": floors,
    "pixels": partial(quality, "pixels"),
    "latents": partial(quality, "latents"),
    "memory": spaces_cost.memory,
    "sampling": lambda: {n: spaces_cost.sampling_time(n, repeats) for n, repeats in ((1, 15), (8, 3))},
    "training": spaces_cost.training_time,
    "growth": spaces_cost.growth,
}


def main(only=()):
    torch.set_num_threads(1)
    results = {}
    for name in only or PARTS:
        results[name] = kept(WORK / f"{name}.json", origin(), PARTS[name])
        print(f"{name}: {json.dumps(results[name])[:300]}", flush=True)
    if not only:
        save_measured("spaces", {"steps": STEPS, "guidance_scale": GUIDANCE, **results})


if __name__ == "__main__":
    main(arguments(__doc__, parts=PARTS).only)
