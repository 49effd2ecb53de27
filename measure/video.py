"""Do the videos of the pocket model hold together, and do their planets turn? Measured against three others.

    python -m measure.video              # about ten minutes on one core

The same prompts, each with three seeds, become videos of four sorts: by the U-Net with its new layers
("joined"); by the same U-Net without them, each frame from noise of its own ("alone"); one such frame eight
times ("still"); and drawn by code ("drawn"). Of each sort stand there: the mean absolute
difference of neighbouring frames (0 to 255); the angle that the planet turns by a frame and how well frames
turned by it agree (gas giants left out: bands look the same all round); and the share of frames in which the
judge sees the kind and the colour that the prompt asks for. What is finished is kept in out/, and a second
run goes on from there.
"""

from functools import partial

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from PIL import Image

from helpers.judge import load_judge, marks
from helpers.lesson.cache import kept
from helpers.lesson.measured import made_from, save_measured, workplace
from helpers.video.model import generate_videos, load_video_model, without_time
from helpers.video.ruler import SHIFTS, change, likeness, top
from worlds import planets as world
from worlds import seeds, turning

STEPS, GUIDANCE, SEEDS = 12, 4.0, (0, 1, 2)
SCENES = [
    turning.giant("rocky planet", colour)
    for colour in ("red", "orange", "yellow", "green", "purple", "pink", "grey")
]
SCENES += [turning.giant(kind) for kind in ("ocean planet", "ice planet", "lava planet")]
SCENES += [turning.giant("gas giant", colour) for colour in ("red", "green", "blue", "grey")]
SORTS = ("drawn", "alone", "still", "joined")
WORK = workplace("video")


def make(sort, model, scene, seed):
    """One video of a sort, as a list of PIL pictures."""
    number = SCENES.index(scene) * 100 + seed
    if sort == "drawn":
        drawn = turning.render(scene, np.random.default_rng(seeds.VIDEO_TESTS[number]))
        return [Image.fromarray(frame) for frame in drawn]
    model = model if sort == "joined" else without_time(model)
    prompt = world.caption(scene, np.random.default_rng(0), "full")
    video = generate_videos(model, [prompt], [number], STEPS, GUIDANCE, frames=2 if sort == "still" else 8)[0]
    return video[:1] * 8 if sort == "still" else video


def measured(sort, model, scene, seed, judge):
    """Everything that is measured of one video."""
    video = make(sort, model, scene, seed)
    asked = {name: scene[name] for name in ("view", "kind", "colour") if name in scene}
    right = [all(marks(look, asked)) for look in judge.look(video)]
    figures = {"change": change(video), "right": float(np.mean(right))}
    if scene["kind"] != "gas giant":
        figures["likeness"] = likeness(video).tolist()
    return figures


def summary(videos):
    """Means over videos; of the turning the median, the outer tenths, the share within 3° of the drawn."""
    curves = np.array([video["likeness"] for video in videos if "likeness" in video])
    degrees, agreement = np.array([top(curve) for curve in curves]).T
    low, middle, high = np.quantile(degrees, (0.1, 0.5, 0.9))
    return {
        "videos": len(videos),
        "change": np.mean([video["change"] for video in videos]).item(),
        "right": np.mean([video["right"] for video in videos]).item(),
        "turned_videos": len(curves),
        "degrees": middle.item(),
        "degrees_low": low.item(),
        "degrees_high": high.item(),
        "near": np.mean(np.abs(degrees - turning.STEP) <= 3).item(),
        "agreement": agreement.mean().item(),
        "likeness": curves.mean(0).tolist(),
    }


def main():
    torch.set_num_threads(1)
    model, judge = load_video_model(), load_judge()
    model = model._replace(scheduler=DPMSolverMultistepScheduler.from_config(model.scheduler.config))
    mark = made_from("video", STEPS, GUIDANCE, turning.STEP, SCENES)
    results = {
        "steps": STEPS,
        "guidance_scale": GUIDANCE,
        "drawn_degrees": turning.STEP,
        "shifts": SHIFTS.tolist(),
    }
    for sort in SORTS:
        videos = []
        for number, scene in enumerate(SCENES):
            for seed in SEEDS:
                measure = partial(measured, sort, model, scene, seed, judge)
                videos.append(kept(WORK / f"{sort}-{number}-{seed}.json", mark, measure))
        results[sort] = summary(videos)
        shown = {name: round(value, 2) for name, value in results[sort].items() if name != "likeness"}
        print(sort, shown, flush=True)
    save_measured("video", results)


if __name__ == "__main__":
    main()
