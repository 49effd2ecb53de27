"""What the evaluation's processes do: paint, draw true pictures, spoil them, and look at what came out.

Each process loads the models once and works on one thread. The tasks are functions of the models and a batch;
`Workers.run` cuts whole sets into batches.
"""

import functools
import multiprocessing
import os
import re
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from diffusers import DDIMScheduler
from tqdm.auto import tqdm
from transformers import CLIPModel
from transformers.utils import logging

import training
from helpers.denoising import generate
from helpers.errors import ModelError
from helpers.judge import classify
from helpers.lesson import cache
from helpers.models import POCKET, Components, load_components, settings
from training.pocket import data, judge
from worlds import planets as world

BATCH = {"cpu": 8, "cuda": 128}


class Seen(NamedTuple):
    """Pictures and what was seen in them, row by row."""

    pictures: np.ndarray  # uint8 (n, 128, 128, 3)
    classes: np.ndarray  # int8 (n, attributes), the judge's
    judge: np.ndarray  # float32 (n, 320), the judge's features
    clip: np.ndarray  # float32 (n, 128), pocket-clip's image features, of length √128


class Models(NamedTuple):
    """What a process works with."""

    device: str
    components: Components
    judge: torch.nn.Module
    clip: CLIPModel


@functools.cache
def load_models(device):
    """The pocket model, the judge and CLIP in float32, loaded once in each process, for one thread."""
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    for part in ("pocket-planets/model_index.json", "pocket-clip/model.safetensors"):
        if not (training.MODELS / part).is_file():
            raise ModelError(f"models/{part} is missing: train it with `python -m training all`.")
    folder = str(training.MODELS / "pocket-planets")
    components = load_components(folder, device=torch.device(device), dtype=torch.float32)
    clip = CLIPModel.from_pretrained(training.MODELS / "pocket-clip").float().eval().to(device)
    return Models(device, components, judge.load(device=device), clip)


@torch.no_grad()
def look(models, pictures):
    """The judge's marks and both networks' features of pictures."""
    pixels, clip = data.to_pixels(pictures, models.device), models.clip
    directions = clip.visual_projection(clip.vision_model(pixel_values=pixels).pooler_output)
    directions = torch.nn.functional.normalize(directions, dim=-1) * directions.shape[-1] ** 0.5
    return Seen(pictures, *classify(models.judge, pictures), directions.cpu().numpy())


def paint(models, captions, seeds, guidance_scale, ddim_steps=None):
    """Let the model paint a picture for each caption and seed of noise.

    By its own scheduler in the default number of steps; or by DDIM, in so many.
    """
    components, steps, scheduler = models.components, settings(POCKET)["num_inference_steps"], None
    if ddim_steps:
        steps, scheduler = ddim_steps, DDIMScheduler.from_config(components.scheduler.config)
    painted = generate(components, captions, seeds, steps, guidance_scale, scheduler=scheduler)
    return look(models, np.stack([np.asarray(picture) for picture in painted]))


def render(models, rows, seeds):
    """Draw true pictures of the scenes."""
    rngs = map(np.random.default_rng, seeds)
    return look(models, np.stack([world.render(world.decode(row), rng) for row, rng in zip(rows, rngs)]))


def spoil(models, seeds):
    """Draw pictures with faults."""
    return look(models, np.stack([world.draw_faulty(seed)[0] for seed in seeds]))


@torch.no_grad()
def rebuild(models, pictures):
    """Send pictures through the VAE and back."""
    vae = models.components.vae
    latents = vae.encode(data.to_pixels(pictures, models.device)).latent_dist.mean
    return look(models, data.to_uint8(vae.decode(latents).sample))


def blurred(models, pictures):
    """Pictures damaged on purpose."""
    return look(models, data.to_uint8(judge.blur(data.to_pixels(pictures, "cpu"), sigma=1.5)))


@functools.cache
def training_set():
    """The training pictures; looked at once whether they are of this painter."""
    return data.load()[0]


def recall(models, numbers):
    """Look at the training pictures of these numbers, and keep the numbers in place of the many pictures."""
    if data.drawn():
        pictures = training_set()[numbers]
    else:  # picture i can be drawn again from seed i
        pictures = np.stack([data.draw(number)[0] for number in numbers])
    return look(models, pictures)._replace(pictures=np.array(numbers))


def work(device, job):
    task, arguments = job
    return task(load_models(device), *arguments)


class Workers:
    """Processes of one thread each on a CPU, one on a GPU; `run` cuts a task's rows into their batches.

    With `made_from`, the mark of the weights, what is finished is kept in `folder`, and a second evaluation
    of the same goes on from there.
    """

    def __init__(self, processes, folder=None, made_from=None):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.folder, self.made_from = folder, made_from
        os.environ["OMP_NUM_THREADS"] = "1"
        processes = 1 if self.device == "cuda" else processes
        load_models(self.device)  # here first, so that a missing model is said once and clearly
        spawn = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(processes, spawn)
        self.batch = BATCH[self.device]

    def run(self, name, task, *columns, fixed=(), batch=None):
        """What the task sees, row by row. No two runs of one evaluation have the same name."""
        batch = batch or self.batch

        def make():
            starts = range(0, len(columns[0]), batch)
            jobs = [(task, (*(column[s : s + batch] for column in columns), *fixed)) for s in starts]
            done = self.pool.map(partial(work, self.device), jobs)
            done = list(tqdm(done, total=len(jobs), desc=name, mininterval=1))
            return Seen(*(np.concatenate(parts) for parts in zip(*done)))._asdict()

        if not self.folder:
            return Seen(**make())
        rows = [column.tobytes() if isinstance(column, np.ndarray) else column for column in columns]
        of = self.made_from, cache.painter_mark(), settings(POCKET), task.__name__, fixed
        file = self.folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.npz"
        return Seen(**cache.kept_arrays(file, cache.mark(*of, *rows), make))
