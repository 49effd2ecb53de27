"""What the evaluation found, for people: the bars, the sheets of pictures and the model card."""

import json

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import training
from training import measures, world

CARD = training.MODELS / "pocket-planets"
IMAGES = training.MODELS.parent / "images"


def bars(results):
    """Each bar that the committed weights should reach: [what, value, bar, reached]."""
    seen, held_out = (results["generated"][name]["mean"]["rate"] for name in ("seen", "held_out"))
    lines = (
        ("models/ in MB, at most", results["models_megabytes"], 30.0),
        ("judge right on renders, of all attributes", results["judge"]["renders"]["mean"]["rate"], 0.98),
        ("VAE, PSNR in dB (aim 30)", results["vae"]["psnr"]["rate"], 26.0),
        ("generated, seen combinations, attributes right (aim 0.97)", seen, 0.85),
        ("generated, held-out combinations, over the rate on seen", float(f"{held_out / seen:.3g}"), 0.85),
    )
    return [
        [what, value, bar, value <= bar if "at most" in what else value >= bar] for what, value, bar in lines
    ]


def interval(figure):
    """A rate with its interval, as text; a dash where nothing was asked."""
    if figure is None:
        return "–"
    return f"{figure['rate']:.3g} ({figure['low']:.3g}–{figure['high']:.3g})"


def bar_lines(results):
    words = {True: "reached", False: "MISSED "}
    return [f"{words[good]}  {what}: {value:g} (bar {bar:g})" for what, value, bar, good in results["bars"]]


def summary(results):
    """The few figures to print at the end."""
    generated = results["generated"]
    lines = [f"{name.replace('_', ' '):18} attributes right {interval(generated[name]['mean'])}, "
             f"all of a picture {interval(generated[name]['all_right'])}, n = {generated[name]['mean']['n']}"
             for name in generated]  # fmt: skip
    took = f"{results['minutes']:.3g} minutes, {results['form']} form"
    return "\n".join([*lines, *bar_lines(results), took])


# Sheets of pictures


def sheet(pictures, captions, columns, path):
    """Write pictures (uint8, 128 × 128 × 3 or wider) with a caption under each, as one PNG."""
    high, wide = pictures[0].shape[:2]
    font = ImageFont.load_default(size=10)
    cell_wide, cell_high = wide + 12, high + 46
    page = Image.new("RGB", (columns * cell_wide, -(-len(pictures) // columns) * cell_high), "white")
    pen = ImageDraw.Draw(page)
    for i, (picture, caption) in enumerate(zip(pictures, captions)):
        x, y = i % columns * cell_wide + 6, i // columns * cell_high + 4
        page.paste(Image.fromarray(picture), (x, y))
        lines = [""]
        for word in caption.split():
            if pen.textlength(f"{lines[-1]} {word}", font=font) > wide:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        pen.text((x, y + high + 1), "\n".join(lines[:3]), fill="black", font=font, spacing=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path, optimize=True)


def sheets(painted, captions, bank):
    """images/samples.png: the first 24 pictures of the evaluation, none chosen. images/nearest.png: pictures
    beside the training picture nearest to each: the eight nearest pairs of all, then eight at random."""
    sheet(painted.pictures[:24], captions[:24], 6, IMAGES / "samples.png")
    gaps, indices = measures.nearest(painted.judge, bank.judge)
    chosen = np.argsort(gaps)[:8].tolist() + np.random.default_rng(0).integers(len(gaps), size=8).tolist()
    pairs = [np.concatenate([painted.pictures[i], bank.pictures[indices[i]]], axis=1) for i in chosen]
    sheet(pairs, [captions[i] for i in chosen], 4, IMAGES / "nearest.png")


# The card


def training_entries(results):
    """What each stage's training took: from its log if there is one, else as noted before, in training.json."""
    path = CARD / "training.json"
    entries = {entry["stage"]: entry for entry in json.loads(path.read_text())} if path.exists() else {}
    for stage in ("clip", "vae", "unet", "judge"):
        log = training.CACHE / stage / "log.jsonl"
        if log.exists():
            last = json.loads(log.read_text().strip().splitlines()[-1])
            before = entries.get(stage, {"stage": stage, "machine": results["machine"]})
            entries[stage] = before | {"steps": last["step"], "minutes": last["minutes"]}
    for stage, file in weights().items():
        if stage in entries and file.exists():
            entries[stage]["parameters"] = parameters(file)
    entries = list(entries.values())
    if entries:
        path.write_text(json.dumps(entries, indent=1) + "\n")
    return entries


def weights():
    """The file with each stage's weights."""
    return {
        "clip": training.MODELS / "pocket-clip" / "model.safetensors",
        "vae": CARD / "vae" / "diffusion_pytorch_model.safetensors",
        "unet": CARD / "unet" / "diffusion_pytorch_model.safetensors",
        "judge": training.MODELS / "pocket-judge" / "model.safetensors",
    }


def parameters(file):
    """How many numbers a safetensors file holds, read from its header."""
    with open(file, "rb") as opened:
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
    return sum(int(np.prod(tensor["shape"])) for name, tensor in header.items() if name != "__metadata__")


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def machine_words(found):
    if not isinstance(found, dict):
        return str(found)
    return f"{found['gpu']}, " * ("gpu" in found) + f"{found['cpu']}, {found['cores']} cores"


def write_card(results):
    """Write models/pocket-planets/README.md from the figures."""
    generated, judged, attributes = results["generated"], results["judge"], list(world.ATTRIBUTES)
    columns = {"seen": generated["seen"], "held-out": generated["held_out"], "guidance 1": generated["guidance_1"],
               "shuffled prompts": generated["shuffled_prompts"], "renders": judged["renders"]}  # fmt: skip
    main_rows = [["all attributes, mean", *(interval(c["mean"]) for c in columns.values())],
                 ["every attribute of a picture right", *(interval(c["all_right"]) for c in columns.values())],
                 *([name, *(interval(c["each"].get(name)) for c in columns.values())] for name in attributes),
                 ["colour, where the kind is right", *(interval(c["binding"]) for c in columns.values())],
                 *([f"count: {moons}", *(interval(c["count"][moons]) for c in columns.values())]
                   for moons in world.ATTRIBUTES["moons"]),
                 ["pictures", *(c["mean"]["n"] for c in columns.values())]]  # fmt: skip
    judge_rows = [[name, *(interval(c["mean"] if name == "all attributes, mean" else c["each"].get(name))
                           for c in judged.values())] for name in ("all attributes, mean", *attributes)]  # fmt: skip
    distances = {name: row for name, row in results["distribution"].items() if name != "n"}
    curve = results["guidance"]["curve"]
    entries = training_entries(results)
    fill = {
        "bars": table(["", "reached", "bar", ""], [[w, f"{v:g}", f"{b:g}", "reached" if good else "**missed**"]
                                                  for w, v, b, good in results["bars"]]),
        "main": table(["", *columns], main_rows),
        "combinations": table(["combination", "right together", "pictures"],
                              [[name, interval(c), c["n"] if c else 0]
                               for name, c in results["held_out_combinations"].items()]),
        "judge": table(["", *(name.replace("_", ", ", 1).replace("_", " ") for name in judged)], judge_rows),
        "distances": table(["beside other renders", "Fréchet, judge", "kernel, judge", "Fréchet, CLIP", "kernel, CLIP"],
                           [[name, *(f"{v:.3g}" for v in row.values())] for name, row in distances.items()]),
        "curve": table(["guidance", "attributes right", "all right", "diversity, judge", "diversity, CLIP"],
                       [[f"{p['guidance_scale']:g}", interval(p["mean"]), interval(p["all_right"]),
                         f"{p['diversity_judge']:.3g}", f"{p['diversity_clip']:.3g}"] for p in curve]),
        "open": table(["prompt", "left open", "generated, bits", "renders, bits"],
                      [[f"“{caption}”", name, f"{v['generated']:.3g}", f"{v['renders']:.3g}"]
                       for caption, found in results["open_captions"].items()
                       for name, v in found.items() if isinstance(v, dict)]),
        "training": table(["stage", "minutes", "steps", "parameters", "machine"],
                          [[e["stage"], e.get("minutes", "–"), e.get("steps", "–"), f"{e.get('parameters', 0) / 1e6:.3g} M",
                            machine_words(e.get("machine", "–"))] for e in entries]) if entries else "No log was kept.",
        "minutes_trained": f"{sum(e.get('minutes', 0) for e in entries):.0f}",
        "values": "\n".join(f"- *{name}*: {', '.join(values)}" for name, values in world.ATTRIBUTES.items()),
        "held_out": "; ".join(" + ".join(c.values()) for c in world.HELD_OUT),
        "steps": results["settings"]["num_inference_steps"], "guidance": results["settings"]["guidance_scale"],
        "by_seed": ", ".join(f"{rate:.3g}" for rate in generated["seen"]["mean_by_seed"]),
        "psnr": interval(results["vae"]["psnr"]), "n": results["distribution"]["n"],
        "prompts": results["guidance"]["prompts"], "per_prompt": results["guidance"]["pictures_per_prompt"],
        "bank": results["memory"]["bank"], "memory_judge": f"{results['memory']['judge']:.3g}",
        "memory_clip": f"{results['memory']['clip']:.3g}", "machine": machine_words(results["machine"]),
        "minutes": f"{results['minutes']:.3g}", "limits": limits(results),
    }  # fmt: skip
    template = (training.ROOT / "training" / "card.md").read_text(encoding="utf-8")
    (CARD / "README.md").write_text(template.format(**fill), encoding="utf-8")


def limits(results):
    """The weakest attributes, worst first, and every missed bar, in words."""
    each = results["generated"]["seen"]["each"]
    worst = sorted(each, key=lambda name: each[name]["rate"])[:3]
    named = ", ".join(f"{name} ({each[name]['rate']:.3g} right)" for name in worst)
    lines = [f"- The attributes that come out wrong most often: {named}."]
    missed = (bar for bar in results["bars"] if not bar[3])
    return "\n".join(
        lines + [f"- Missed: {what} is {value:g}, the bar is {bar:g}." for what, value, bar, _ in missed]
    )
