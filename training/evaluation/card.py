"""The model card: card.md filled in with what the evaluation measured and what the training logs say."""

from pathlib import Path

import training
from helpers.lesson.measured import table
from helpers.machine.processor import in_words
from training.evaluation import runs
from training.evaluation.report import interval
from worlds import planets as world

FOLDER = training.MODELS / "pocket-planets"
FREQUENCIES = (4, 8, 16, 24, 32, 48)  # cycles a picture


def write(results):
    """Write models/pocket-planets/README.md from the figures of a full evaluation."""
    generated, memory, curve = results["generated"], results["memory"], results["guidance"]
    ddim_steps = results["settings"]["ddim_steps"]
    entries = runs.recorded(results["machine"])
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
        "faults": faults_table(results["judge"]["faults"]),
        "outlines": outline_table(results["eyes"]["outline"]),
        "moons": moon_table(results["eyes"]["moons"]),
        "moons_asked": results["eyes"]["moons"]["n"],
        "discs": disc_table(results["eyes"]["psnr_in_discs"]),
        "spectrum": spectrum_table(results["eyes"]["spectrum"]),
        "viewers": viewers_words(results["viewers"]),
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
        "minutes_trained": minutes_in_all(entries),
        "training": training_table(entries),
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
    rows += [row(name, lambda column, name=name: column["each"].get(name)) for name in world.JUDGED]
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
    for name in world.JUDGED:
        rows += [[name, *(interval(judge[column]["each"].get(name)) for column in heads)]]
    return table(["", *heads.values()], rows)


def faults_table(faults):
    rows = [[name, interval(each["found"]), interval(each["false_alarms"])] for name, each in faults.items()]
    return table(["fault", "found", "seen where there is none"], rows)


def outline_table(outlines):
    rows = [
        [name, f"{found['median']:.3g}", f"{found['p90']:.3g}", found["missing"]]
        for name, found in outlines.items()
    ]
    return table(["sketched planets", "median", "worst tenth", "without an outline"], rows)


def moon_table(moons):
    rows = [
        [name, f"{moons[name]:.3g}", *(f"{each:.3g}" for each in moons[f"{name}, each"])]
        for name in ("generated", "renders")
    ]
    return table(["", "all", *world.ATTRIBUTES["moons"]], rows)


def disc_table(discs):
    return table(["inside", "PSNR in dB"], [[name, f"{value:.3g}"] for name, value in discs.items()])


def spectrum_table(spectra):
    """The power of brightness at some frequencies, over that of renders."""
    true, rows = spectra["renders"], []
    for name, power in spectra.items():
        if name != "renders":
            rows += [[name, *(f"{power[f] / true[f]:.3g}" for f in FREQUENCIES)]]
    return table(["cycles a picture", *FREQUENCIES], rows)


def viewers_words(viewers):
    """What was seen by looking, in words."""
    if not viewers["looked_at"]:
        return "Nobody has looked at pictures of these weights yet."
    listed = "; ".join(f"{what} ({count})" for what, count in viewers["broken"])
    return (
        f"{viewers['looked_at']} pictures were looked at, one by one, to find what is broken in them. "
        f"Nothing is in {interval(viewers['whole'])} of them. In the others: {listed or 'nothing'}."
    )


def distance_table(distribution):
    sets = {name: row for name, row in distribution.items() if name != "n"}
    rows = [[name, *(f"{value:.3g}" for value in row.values())] for name, row in sets.items()]
    return table(["", "Fréchet, judge", "kernel, judge", "Fréchet, CLIP", "kernel, CLIP"], rows)


def curve_table(curve):
    rows = [
        [
            f"{point['guidance_scale']:g}",
            interval(point["mean"]),
            interval(point["all_right"]),
            f"{point['diversity_judge']:.3g}",
            f"{point['diversity_clip']:.3g}",
        ]
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
    return "\n".join(lines)


def minutes_in_all(runs):
    """The sum in words; of some old runs no minutes were kept."""
    least = "" if all(run["minutes"] for run in runs) else "at least "
    return f"{least}{sum(run['minutes'] or 0 for run in runs):.0f} minutes in all"


def training_table(runs):
    rows = [
        [
            run["stage"],
            f"{run['minutes']:.3g}" if run["minutes"] else "not kept",
            run["steps"],
            f"{run['samples']:,}",
            f"{run['parameters'] / 1e6:.3g} M",
            in_words(run["machine"]),
        ]
        for run in runs
    ]
    return table(["stage", "minutes", "steps", "samples", "parameters", "machine"], rows)
