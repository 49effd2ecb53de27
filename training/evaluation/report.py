"""What the evaluation found, for people: the bars, the figures to print, the sheets of pictures."""

import numpy as np

import training
from helpers.lesson import metrics
from training.pocket import data
from worlds.sheet import contact_sheet

IMAGES = training.MODELS.parent / "images"


def bars(results):
    """Each bar that the committed weights should reach: [what, value, bar, reached]; those measured only."""
    seen, held_out = (results["generated"][name] for name in ("seen", "held_out"))
    lines = [
        ("models/ in MB, at most", results["models_megabytes"], 60.0),
        ("judge right on renders, of all attributes", results["judge"]["renders"]["mean"]["rate"], 0.98),
        ("attributes right, seen combinations", seen["mean"]["rate"], 0.985),
        ("attributes right, held-out combinations", held_out["mean"]["rate"], 0.965),
        ("all of a picture's attributes right", seen["all_right"]["rate"], 0.92),
    ]
    if results["form"] == "full":
        memory, looked = results["memory"]["judge"], results["eyes"]
        distance = {
            name: results["distribution"][name]["judge_frechet_distance"] for name in ("generated", "renders")
        }
        above = distance["generated"] - distance["renders"]
        outline, moons = looked["outline"]["generated"], looked["moons"]
        lines += [
            ("Fréchet distance in the judge's features above the floor, at most", above, 6.0),
            ("memory ratio, at least", memory, 0.95),
            ("memory ratio, at most", memory, 1.1),
            ("outline of sketched planets, std over mean: median, at most", outline["median"], 0.022),
            ("outline of sketched planets, std over mean: worst tenth, at most", outline["p90"], 0.04),
            ("number of moons right, over the same for renders", moons["generated"] / moons["renders"], 0.85),
            ("PSNR in planets in the sky, dB", looked["psnr_in_discs"]["planets in the sky"], 23.0),
            ("PSNR in small planets, dB", looked["psnr_in_discs"]["small planets"], 24.0),
        ]
        if results["viewers"]["whole"]:
            whole = results["viewers"]["whole"]["rate"]
            lines += [("viewers' test: pictures without anything broken", whole, 0.8)]
    return [
        [what, float(f"{value:.3g}"), bar, value <= bar if "at most" in what else value >= bar]
        for what, value, bar in lines
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
    lines = [
        f"{name.replace('_', ' '):18} attributes right {interval(generated[name]['mean'])}, "
        f"all of a picture {interval(generated[name]['all_right'])}, n = {generated[name]['mean']['n']}"
        for name in generated
    ]
    took = f"{results['minutes']:.3g} minutes, {results['form']} form"
    return "\n".join([*lines, *bar_lines(results), took])


def sheets(painted, captions, bank):
    """images/samples.png: the first 24 pictures of the evaluation, none chosen. images/nearest.png: pictures
    beside the training picture nearest to each: the eight nearest pairs of all, then eight at random."""
    contact_sheet(painted.pictures[:24], 6, captions[:24]).save(IMAGES / "samples.png", optimize=True)
    gaps, indices = metrics.nearest(painted.judge, bank.judge)
    chosen = np.argsort(gaps)[:8].tolist() + np.random.default_rng(0).integers(len(gaps), size=8).tolist()
    originals = {i: data.draw(int(bank.pictures[indices[i]]))[0] for i in chosen}
    pairs = [np.concatenate([painted.pictures[i], originals[i]], axis=1) for i in chosen]
    page = contact_sheet(pairs, 4, [captions[i] for i in chosen])
    page.save(IMAGES / "nearest.png", optimize=True)
