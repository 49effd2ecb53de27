"""How the pocket model was trained: the logs of its stages, and what they cost, for readers without them.

    python -m measure.training

It measures nothing anew: `python -m training all` writes training/cache/STAGE/log.jsonl, which git leaves
out, and models/pocket-planets/training.json. This puts both into docs/measured/training.json.
"""

import json

from helpers.errors import ModelError
from helpers.lesson.measured import save_measured
from helpers.lesson.trainings import CAPTION_DROPOUT
from helpers.models import POCKET, ROOT
from measure import CACHE


def log(stage):
    """The reports of one stage, in order: dicts of step, minutes, and what the stage reports."""
    file = CACHE / stage / "log.jsonl"
    if not file.is_file():
        raise ModelError(
            f"There is no log of {stage}: run `python -m training {stage}`, or keep the measured file."
        )
    return [json.loads(line) for line in file.read_text().splitlines()]


def main():
    stages = json.loads((ROOT / POCKET / "training.json").read_text())
    [unet] = [stage for stage in stages if stage["stage"] == "unet"]
    evaluation = json.loads((ROOT / POCKET / "evaluation.json").read_text())
    results = {
        "pictures": evaluation["memory"]["bank"],
        "unet_batch": unet["batch"],  # for each process
        "caption_dropout": CAPTION_DROPOUT,
        "stages": {stage["stage"]: {**stage, "log": log(stage["stage"])} for stage in stages},
    }
    save_measured("training", results)
    for name, stage in results["stages"].items():
        print(
            f"{name:6} {stage['minutes']:5.0f} minutes, {stage['steps']} steps, {len(stage['log'])} reports"
        )


if __name__ == "__main__":
    main()
