"""How good are pictures of 2 to 50 steps, with each of eight schedulers? Measured on the pocket model.

    python -m measure.schedulers             # an hour and a quarter on one free core
    python -m measure.schedulers Heun LMS    # only these; two such runs share the work of two cores
    python -m measure.schedulers --quick     # a smoke run of a minute, into out/ only

Every scheduler paints the same prompts from the same noise. For each number of steps stands there: the calls
of the U-Net, counted; the share of attributes that the judge sees right, with a 95 % interval; the Fréchet
distance of the pictures from drawn ones in the judge's features; and the standard deviation of the latents.
Adherence alone doesn't see every error. What is finished is kept in out/, and the next run goes on from
there; a run without names writes docs/measured/schedulers.json at its end.
"""

import statistics
import time
from functools import partial

import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
)

from helpers.denoising import decode, denoise, encode_prompts
from helpers.judge import classify, load_pocket_judge
from helpers.lesson import metrics
from helpers.lesson.cache import kept
from helpers.lesson.measured import made_from, save_measured, workplace
from helpers.lesson.scores import attribute_rates, prompts
from helpers.models import POCKET, latent_shape, load_components, settings
from helpers.seeding import generator, initial_noise
from measure import arguments
from worlds import planets as world
from worlds import seeds

SCHEDULERS = {
    "DDPM": (DDPMScheduler, {}),
    "DDIM": (DDIMScheduler, {}),
    "PNDM": (PNDMScheduler, {}),
    "LMS": (LMSDiscreteScheduler, {}),
    "Euler": (EulerDiscreteScheduler, {}),
    "Euler ancestral": (EulerAncestralDiscreteScheduler, {}),
    "Heun": (HeunDiscreteScheduler, {}),
    "DPM++ 2M": (DPMSolverMultistepScheduler, {}),
    # the same with other timesteps
    "DDIM, trailing": (DDIMScheduler, {"timestep_spacing": "trailing"}),
    "DPM++ 2M, Karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
}
STEPS = {
    "default": (2, 3, 5, 8, 12, 20, 50),
    "PNDM": (2, 3, 5, 8, 12, 20, 30, 50),
    "Heun": (2, 3, 5, 8, 12, 20),  # which calls the U-Net twice a step
    "DDIM, trailing": (2, 3, 5, 8, 12),
    "DPM++ 2M, Karras": (2, 3, 5, 8, 12),
}
PROMPTS, REFERENCE, BATCH = 96, 480, 16
TIMED = (20, 5)  # steps of a timed run, and how many of them
WORK = workplace("schedulers")


class Workshop:
    """The model, the judge, the prompts with their noise, and drawn pictures to compare with."""

    def __init__(self, count, reference):
        torch.set_num_threads(1)
        self.components = load_components(POCKET, torch.device("cpu"), torch.float32)
        self.guidance = settings(POCKET)["guidance_scale"]
        self.judge, self.calls = load_pocket_judge(), 0
        self.components.unet.register_forward_hook(self._count)
        self.asked = prompts(count, among=seeds.SCHEDULERS)
        self.embeddings = [encode_prompts(self.components, batch) for batch in self._cut(self.asked.captions)]
        self.noise = initial_noise(latent_shape(self.components), map(generator, self.asked.seeds))
        self.renders = self._features(self.asked)
        self.reference = self._features(prompts(reference, among=seeds.SCHEDULERS_OTHERS))

    def paint(self, scheduler, steps):
        """Latents (n, C, h, w) of the prompts, and how often the U-Net was called for a batch."""
        self.calls, done = 0, []
        for embeddings, noise, numbers in zip(
            self.embeddings, self._cut(self.noise), self._cut(self.asked.seeds)
        ):
            on_the_way = [generator(number + 500_000) for number in numbers]
            done.append(
                denoise(
                    self.components, embeddings, noise, self.guidance, steps, scheduler, generators=on_the_way
                )
            )
        return torch.cat(done), self.calls // len(done)

    def look(self, latents):
        """The judge's classes and features of decoded latents."""
        pictures = [picture for part in self._cut(latents) for picture in decode(self.components.vae, part)]
        return classify(self.judge, np.stack([np.asarray(picture) for picture in pictures]))

    def _features(self, asked):
        drawn = [
            world.render(world.decode(row), np.random.default_rng(seed))
            for row, seed in zip(asked.rows, asked.seeds)
        ]
        return classify(self.judge, np.stack(drawn))[1]

    def _count(self, *_):
        self.calls += 1

    @staticmethod
    def _cut(rows):
        return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def measured(shop, scheduler, steps):
    """One point of a curve."""
    latents, calls = shop.paint(scheduler, steps)
    classes, features = shop.look(latents)
    rates = attribute_rates(classes, shop.asked.rows)
    return {
        "steps": steps,
        "calls": calls,
        "attributes_right": rates["mean"],
        "all_right": rates["all_right"],
        "frechet_distance": metrics.frechet_distance(features, shop.reference),
        "latent_std": float(latents.std()),
    }


def timed(shop, scheduler, beside, steps, repeats):
    """Processor time of one picture over that of the scheduler `beside` in as many steps, side by side."""
    embeddings = encode_prompts(shop.components, shop.asked.captions[:1])

    def seconds(each):
        start = time.process_time()
        denoise(
            shop.components, embeddings, shop.noise[:1], shop.guidance, steps, each, generators=[generator(0)]
        )
        return time.process_time() - start

    return statistics.median(seconds(scheduler) / seconds(beside) for _ in range(repeats))


def main(only=(), quick=False):
    count, reference = (12, 24) if quick else (PROMPTS, REFERENCE)
    timed_steps, repeats = (2, 1) if quick else TIMED
    mark = made_from("schedulers", count, reference, BATCH, settings(POCKET))
    shop = Workshop(count, reference)
    config = shop.components.scheduler.config

    def make(name):
        scheduler_class, options = SCHEDULERS[name]
        return scheduler_class.from_config(config, **options)

    names = only or SCHEDULERS
    wanted = {name: STEPS.get(name, STEPS["default"])[: 2 if quick else None] for name in names}

    def point(name, steps):
        return kept(WORK / f"{count}-{name}-{steps}.json", mark, partial(measured, shop, make(name), steps))

    few_first = sorted((steps, each) for each in names for steps in wanted[each])
    for steps, name in few_first:
        right = point(name, steps)["attributes_right"]["rate"]
        print(f"{name:17}{steps:3} steps: {right:.3f} of the attributes right", flush=True)
    curves = {name: [point(name, steps) for steps in wanted[name]] for name in names}
    beside = partial(timed, shop, beside=make("DDIM"), steps=timed_steps, repeats=repeats)
    ratios = {
        name: kept(WORK / f"{count}-{name}-time.json", mark, partial(beside, make(name))) for name in names
    }
    if only:
        return

    results = {
        "prompts": count,
        "guidance_scale": shop.guidance,
        "drawn_pictures": {"frechet_distance": metrics.frechet_distance(shop.renders, shop.reference)},
        "time": {"steps": timed_steps, "over_ddim": ratios},
        "curves": curves,
    }
    save_measured("schedulers", results, quick)


if __name__ == "__main__":
    options = arguments(__doc__, "12 prompts, the first two numbers of steps", SCHEDULERS)
    main(options.only, options.quick)
