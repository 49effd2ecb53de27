"""The model card: card.md filled in with what the evaluation measured and what the training logs say."""

import json
import math
from pathlib import Path

from safetensors import safe_open

import training
from helpers.lesson.measured import table
from helpers.machine.processor import in_words
from training.evaluation.report import interval
from training.pocket import unet
from worlds import planets as world

FOLDER = training.MODELS / "pocket-planets"
AIM_RIGHT, AIM_PSNR = 0.97, 30  # what the next training should reach
WEIGHTS = {  # of each stage
    "clip": "pocket-clip/model.safetensors",
    "vae": "pocket-planets/vae/diffusion_pytorch_model.safetensors",
    "decoder": "pocket-planets/vae/diffusion_pytorch_model.safetensors",
    "unet": "pocket-planets/unet/diffusion_pytorch_model.safetensors",
    "cooled": "pocket-planets/unet/diffusion_pytorch_model.safetensors",
    "judge": "pocket-judge/model.safetensors",
}


def write(results):
    """Write models/pocket-planets/README.md from the figures of a full evaluation."""
    generated, memory, curve = results["generated"], results["memory"], results["guidance"]
    ddim_steps = results["settings"]["ddim_steps"]
    entries = training_entries(results["machine"])
    fields = {
        "values": "\n".join(f"- *{name}*: {', '.join(values)}" for name, values in world.ATTRIBUTES.items()),
        "held_out": "; ".join(" + ".join(each.values()) for each in world.HELD_OUT),
        "steps": results["settings"]["num_inference_steps"],
        "guidance": results["settings"]["guidance_scale"],
        "ddim_steps": ddim_steps,
        "minutes": f"{results['minutes']:.3g}",
        "machine": in_words(results["machine"]),
        "bars": table(["", "reached", "bar", ""], bar_rows(results["bars"])),
        "adherence": adherence_table(generated, results["judge"]["renders"], ddim_steps),
        "by_seed": ", ".join(f"{rate:.3g}" for rate in generated["seen"]["mean_by_seed"]),
        "combinations": combination_table(results["held_out_combinations"]),
        "judge": judge_table(results["judge"]),
        "psnr": interval(results["vae"]["psnr"]),
        "n": results["distribution"]["n"],
        "distances": distance_table(results["distribution"]),
        "bank": memory["bank"],
        "bank_share": "all of them" if memory["all"] else "not all of them: copies of others would not show",
        "memory_judge": f"{memory['judge']:.3g}",
        "memory_clip": f"{memory['clip']:.3g}",
        "prompts": curve["prompts"],
        "per_prompt": curve["pictures_per_prompt"],
        "curve": curve_table(curve["curve"]),
        "open": open_table(results["open_captions"]),
        "minutes_trained": f"{sum(entry['minutes'] for entry in entries):.0f}",
        "training": table(["stage", "minutes", "steps", "parameters", "machine"], training_rows(entries)),
        "limits": limits(results),
    }
    template = Path(__file__).with_name("card.md").read_text(encoding="utf-8")
    (FOLDER / "README.md").write_text(template.format(**fields), encoding="utf-8")


def bar_rows(bars):
    words = {True: "reached", False: "**missed**"}
    return [[what, f"{value:g}", f"{bar:g}", words[good]] for what, value, bar, good in bars]


def adherence_table(generated, renders, ddim_steps):
    columns = {
        "seen combinations": generated["seen"],
        f"the same, DDIM, {ddim_steps} steps": generated["ddim"],
        "held-out combinations": generated["held_out"],
        "guidance 1": generated["guidance_1"],
        "shuffled prompts": generated["shuffled_prompts"],
        "renders": renders,
    }

    def row(name, pick):
        return [name, *(interval(pick(column)) for column in columns.values())]

    rows = [row("all attributes, mean", lambda column: column["mean"])]
    rows += [row("all of a picture's attributes right", lambda column: column["all_right"])]
    rows += [row(name, lambda column, name=name: column["each"].get(name)) for name in world.ATTRIBUTES]
    rows += [row("binding: colour, where the kind is right", lambda column: column["binding"])]
    for moons in world.ATTRIBUTES["moons"]:
        rows += [row(f"count: {moons}", lambda column, moons=moons: column["count"][moons])]
    rows += [["pictures", *(column["mean"]["n"] for column in columns.values())]]
    return table(["", *columns], rows)


def combination_table(combinations):
    figures = combinations["each"] | {
        "**all of these**": combinations["all"],
        "**the same attributes, in combinations that training showed**": combinations["seen"],
    }
    rows = [[name, interval(figure), figure["n"] if figure else 0] for name, figure in figures.items()]
    return table(["combination", "right together", "pictures"], rows)


def judge_table(judge):
    heads = {
        "renders": "fresh renders",
        "renders_held_out": "renders of held-out combinations",
        "reconstructions": "VAE reconstructions",
    }
    rows = [["all attributes, mean", *(interval(judge[column]["mean"]) for column in heads)]]
    for name in world.ATTRIBUTES:
        rows += [[name, *(interval(judge[column]["each"].get(name)) for column in heads)]]
    return table(["", *heads.values()], rows)


def distance_table(distribution):
    sets = {name: row for name, row in distribution.items() if name != "n"}
    rows = [[name, *(f"{value:.3g}" for value in row.values())] for name, row in sets.items()]
    return table(["", "Fréchet, judge", "kernel, judge", "Fréchet, CLIP", "kernel, CLIP"], rows)


def curve_table(curve):
    rows = [
        [f"{point['guidance_scale']:g}", interval(point["mean"]), interval(point["all_right"]),
         f"{point['diversity_judge']:.3g}", f"{point['diversity_clip']:.3g}"]
        for point in curve
    ]
    return table(["guidance", "attributes right", "all right", "diversity, judge", "diversity, CLIP"], rows)


def open_table(captions):
    rows = [
        [f"“{caption}”", name, f"{bits['generated']:.3g}", f"{bits['renders']:.3g}"]
        for caption, found in captions.items()
        for name, bits in found["entropy"].items()
    ]
    return table(["prompt", "left open", "generated, bits", "renders, bits"], rows)


def limits(results):
    """The weakest attributes and every missed bar, in words."""
    each = results["generated"]["seen"]["each"]
    worst = sorted(each, key=lambda name: each[name]["rate"])[:3]
    named = ", ".join(f"{name} ({each[name]['rate']:.3g} right)" for name in worst)
    lines = [f"- The attributes that come out wrong most often: {named}."]
    missed = (bar for bar in results["bars"] if not bar[3])
    lines += [f"- Missed: {what}: {value:g}, and the bar is {bar:g}." for what, value, bar, _ in missed]
    aims = (("attributes right with PNDM", results["generated"]["seen"]["mean"], AIM_RIGHT),
            ("attributes right with DDIM", results["generated"]["ddim"]["mean"], AIM_RIGHT),
            ("dB of the autoencoder", results["vae"]["psnr"], AIM_PSNR))
    for what, reached, aim in aims:
        if reached["rate"] < aim:
            lines += [f"- Short of the aim of {aim:g} {what}, by {aim - reached['rate']:.3g}."]
    return "\n".join(lines)


def training_entries(machine):
    """What each stage's training took: from its log if there is one here, else as training.json says already.

    A stage that has no entry yet is taken to have been trained on this machine.
    """
    path = FOLDER / "training.json"
    entries = {entry["stage"]: entry for entry in json.loads(path.read_text())} if path.exists() else {}
    for stage, file in WEIGHTS.items():
        log = training.CACHE / stage / "log.jsonl"
        if log.exists():
            last = json.loads(log.read_text().splitlines()[-1])
            entry = entries.setdefault(stage, {"stage": stage, "machine": machine})
            entry |= {"steps": last["step"], "minutes": last["minutes"]}
            entry |= {"parameters": parameters(training.MODELS / file)}
            if stage == "unet":
                entry |= {"batch": unet.SETTINGS["cpu"].batch}  # for each process
    path.write_text(json.dumps(list(entries.values()), indent=1) + "\n")
    return list(entries.values())


def training_rows(entries):
    return [
        [entry["stage"], f"{entry['minutes']:.3g}", entry["steps"], f"{entry['parameters'] / 1e6:.3g} M",
         in_words(entry["machine"])]
        for entry in entries
    ]


def parameters(file):
    """How many numbers a safetensors file holds, read from its header."""
    with safe_open(file, framework="np") as weights:
        return sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())
