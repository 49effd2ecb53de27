"""What the evaluation found, for people: the bars, the figures to print, the sheets of pictures."""

import numpy as np

import training
from helpers.lesson import metrics
from training.pocket import data
from worlds.sheet import contact_sheet

IMAGES = training.MODELS.parent / "images"


def bars(results):
    """Each bar that the committed weights should reach: [what, value, bar, reached]."""
    seen, ddim, held_out = (results["generated"][name]["mean"]["rate"]
                            for name in ("seen", "ddim", "held_out"))
    lines = (
        ("models/ in MB, at most", results["models_megabytes"], 60.0),
        ("judge right on renders, of all attributes", results["judge"]["renders"]["mean"]["rate"], 0.98),
        ("VAE, PSNR in dB (aim 30)", results["vae"]["psnr"]["rate"], 26.0),
        ("generated, seen combinations, attributes right (aim 0.97)", seen, 0.85),
        (f"the same with {results['settings']['ddim_steps']} steps of DDIM (aim 0.97)", ddim, 0.85),
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
             for name in generated]
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
