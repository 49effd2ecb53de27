"""How the pocket model was trained, for readers without its logs: what each stage cost, and its reports.

    python -m measure.training

It measures nothing anew: `python -m training evaluate` gathers models/pocket-planets/training.json, which has
an entry for each run. This sums them up by stage in docs/measured/training.json.
"""

import json

from helpers.lesson.measured import save_measured
from helpers.lesson.trainings import CAPTION_DROPOUT
from helpers.models import POCKET, ROOT


def by_stage(runs):
    """{stage: parameters, the sums over its runs, and the runs}; samples are pictures, or crops of them.

    Of some runs no minutes were kept. `minutes` and `core_minutes` are sums over the others, which had
    `timed_samples` of the stage's samples.
    """
    stages = {}
    for run in runs:
        stage = stages.setdefault(run["stage"], {"parameters": run["parameters"], "runs": []})
        stage["runs"].append({name: run[name] for name in run if name not in ("stage", "parameters")})
    for stage in stages.values():
        timed = [run for run in stage["runs"] if run["minutes"] is not None]
        stage |= {name: sum(run[name] for run in stage["runs"]) for name in ("steps", "samples")}
        stage["timed_samples"] = sum(run["samples"] for run in timed)
        stage["minutes"] = sum(run["minutes"] for run in timed)
        stage["core_minutes"] = sum(run["minutes"] * run["processes"] for run in timed)
    return stages


def main():
    stages = by_stage(json.loads((ROOT / POCKET / "training.json").read_text(encoding="utf-8")))
    unet = stages["unet"]["runs"][-1]
    evaluation = json.loads((ROOT / POCKET / "evaluation.json").read_text(encoding="utf-8"))
    save_measured(
        "training",
        {
            "pictures": evaluation["memory"]["pictures"],
            "unet_batch": unet["batch"] * unet["processes"],  # of all processes together
            "caption_dropout": CAPTION_DROPOUT,
            "stages": stages,
        },
    )
    for name, stage in stages.items():
        print(f"{name:7} {stage['minutes']:5.0f} minutes, {stage['steps']} steps, {len(stage['runs'])} runs")


if __name__ == "__main__":
    main()
