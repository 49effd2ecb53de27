"""What the training of each stage took: models/pocket-planets/training.json, with one entry for each run.

A run is the log that `training.loop.Run` writes, training/cache/STAGE/log.jsonl: a line that says how it
began, then its reports. The cache is no part of the repository, so the entries hold all of it.
"""

import json
import math

from safetensors import safe_open

import training
from helpers.machine.disk import write_json

FILE = training.MODELS / "pocket-planets" / "training.json"
WEIGHTS = {  # of each stage
    "clip": "pocket-clip/model.safetensors",
    "vae": "pocket-planets/vae/diffusion_pytorch_model.safetensors",
    "decoder": "pocket-planets/vae/diffusion_pytorch_model.safetensors",
    "unet": "pocket-planets/unet/diffusion_pytorch_model.safetensors",
    "cooled": "pocket-planets/unet/diffusion_pytorch_model.safetensors",
    "judge": "pocket-judge/model.safetensors",
}
GOES_ON = {"vae": "decoder", "unet": "cooled"}  # whose training the next goes on with


def recorded(machine):
    """All runs in the stages' order, those in training/cache among them; writes them into FILE.

    A run that started from weights (`warm`) follows the stage's earlier ones. One that started from nothing
    takes their place, and that of the runs that went on from them. What is new was trained on this `machine`.
    """
    runs = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    for stage in WEIGHTS:
        log = training.CACHE / stage / "log.jsonl"
        if log.exists() and (new := run_of(stage, log.read_text(encoding="utf-8").splitlines())):
            known = [run for run in runs if run["stage"] == stage and run.get("began") == new["began"]]
            if known:  # it has gone on since
                known[0].update(new)
            else:
                gone = () if new.get("warm") else (stage, GOES_ON.get(stage))
                runs = [run for run in runs if run["stage"] not in gone] + [new | {"machine": machine}]
    runs.sort(key=lambda run: list(WEIGHTS).index(run["stage"]))  # a stage's own keep their order
    write_json(FILE, runs)
    return runs


def pictures(runs):
    """How many different pictures the U-Net learned from; None where no run tells. Some runs had fewer."""
    told = [run["pictures"] for run in runs if run["stage"] in ("unet", "cooled") and "pictures" in run]
    return max(told, default=None)


def run_of(stage, lines):
    """The entry of the run whose log has these lines; None before its first report."""
    head, *reports = map(json.loads, lines)
    if not reports:
        return None
    steps = reports[-1]["step"]
    return {
        "stage": stage,
        **head,
        "parameters": parameters(training.MODELS / WEIGHTS[stage]),
        "steps": steps,
        "minutes": reports[-1]["minutes"],
        "samples": steps * head["batch"] * head["processes"],
        "reports": reports,
    }


def parameters(file):
    """How many numbers a safetensors file holds, read from its header."""
    with safe_open(file, framework="np") as weights:
        return sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())
