"""Stage "evaluate": how good the pocket model is, measured on pictures that it paints now.

    python -m training evaluate                       # all of it, some forty minutes; rewrites the card
    python -m training.evaluation.evaluate --quick    # adherence and the VAE only; prints, writes nothing

Prompts are full captions of scenes drawn from seeds that no training used. The judge
(helpers/judge.py) says what it sees; renders, shuffled prompts and guidance 1 stand beside the model on
every scale. What is finished is kept in out/evaluate, and a second run goes on from there.
"""

import argparse
import time

import numpy as np

import training
from helpers.lesson import metrics
from helpers.lesson.cache import mark
from helpers.lesson.measured import rounded
from helpers.lesson.scores import SEEDS, attribute_rates, marked, prompts
from helpers.machine.disk import write_json
from helpers.machine.processor import machine
from helpers.models import POCKET, settings
from training.evaluation import card, eyes, report, runs, viewers
from training.evaluation.workers import Workers, blurred, paint, rebuild, recall, render, spoil
from training.pocket import data
from worlds import planets as world
from worlds import seeds
from worlds.space import BROKEN_RINGS, MORE_MOONS

MODEL, WORK = training.MODELS / "pocket-planets", training.ROOT / "out" / "evaluate"
MEASURED = ("pocket-planets", "pocket-judge", "pocket-clip")  # whose weights the figures are about
OPEN = {"a planet": ("kind", "size", "background"), "an explorer": ("figure", "place", "time")}
FORMS = {
    "full": {
        "seen": 1002,
        "held_out": 402,
        "unguided": 251,
        "prompts": 12,
        "per_prompt": 5,
        "open": 64,
        "faults": 600,
    },
    "quick": {"seen": 48, "held_out": 24, "unguided": 24},
}
DDIM_STEPS = 20  # notebook 06: DDIM needs fewer calls of the U-Net than PNDM
CURVE = (1.0, 2.0, 3.0, 5.0, 10.0)  # guidance scales, the model's own among them
BANK = 3000  # training pictures to search for copies, where not all of them are in training/cache


def combinations(classes, rows, classes_seen, rows_seen):
    """How often all attributes of a held-out combination are right together: each combination, all of them,
    and the same attributes together on seen combinations. The last two tell whether the model composes."""
    right, _ = marked(classes, rows)
    right_seen, applies_seen = marked(classes_seen, rows_seen)
    names, together, seen = list(world.JUDGED), {}, []
    scenes = [world.decode(row) for row in rows]
    for combination in world.HELD_OUT:
        asked = [combination.items() <= scene.items() for scene in scenes]
        columns = [names.index(name) for name in combination]
        together[" + ".join(combination.values())] = right[asked][:, columns].all(1)
        seen.append(right_seen[applies_seen[:, columns].all(1)][:, columns].all(1))
    return {
        "each": {name: metrics.rate(values) for name, values in together.items()},
        "all": metrics.rate(np.concatenate(list(together.values()))),
        "seen": metrics.rate(np.concatenate(seen)),
    }


def distances(sets, reference):
    """Fréchet and kernel distance of each set of pictures from the reference, in both feature spaces."""
    return {
        name: {
            f"{space}_{distance.__name__}": distance(getattr(seen, space), getattr(reference, space))
            for space in ("judge", "clip")
            for distance in (metrics.frechet_distance, metrics.kernel_distance)
        }
        for name, seen in sets.items()
    }


def measure(form, workers):
    """All figures as nested dicts, and the pictures for the sheets."""
    size, guidance = FORMS[form], settings(POCKET)["guidance_scale"]
    seen, unseen = prompts(size["seen"]), prompts(size["held_out"], True, seeds.HELD_OUT)
    few = slice(0, None, -(-size["seen"] // size["unguided"]))

    renders = workers.run("renders", render, seen.rows, seen.seeds)
    renders_held_out = workers.run("renders, held out", render, unseen.rows, unseen.seeds)
    rebuilt = workers.run("reconstructions", rebuild, renders.pictures)
    painted = workers.run("pictures", paint, seen.captions, seen.seeds, fixed=(guidance,))
    ddim = workers.run("DDIM", paint, seen.captions, seen.seeds, fixed=(guidance, DDIM_STEPS))
    painted_held_out = workers.run("held out", paint, unseen.captions, unseen.seeds, fixed=(guidance,))
    unguided = workers.run("guidance 1", paint, seen.captions[few], seen.seeds[few], fixed=(1.0,))
    shuffled = seen.rows[np.random.default_rng(seeds.SEEN.start).permutation(len(seen.rows))]

    ratio = metrics.psnr(renders.pictures, rebuilt.pictures)
    low, high = metrics.bootstrap(ratio)
    results = {
        "judge": {
            "renders": attribute_rates(renders.classes, seen.rows),
            "renders_held_out": attribute_rates(renders_held_out.classes, unseen.rows),
            "reconstructions": attribute_rates(rebuilt.classes, seen.rows),
        },
        "vae": {"psnr": {"rate": float(ratio.mean()), "low": low, "high": high, "n": len(ratio)}},
        "generated": {
            "seen": attribute_rates(painted.classes, seen.rows, seen.group),
            "ddim": attribute_rates(ddim.classes, seen.rows, seen.group),
            "held_out": attribute_rates(painted_held_out.classes, unseen.rows, unseen.group),
            "guidance_1": attribute_rates(unguided.classes, seen.rows[few]),
            "shuffled_prompts": attribute_rates(painted.classes, shuffled),
        },
        "held_out_combinations": combinations(
            painted_held_out.classes, unseen.rows, painted.classes, seen.rows
        ),
    }
    if form == "full":
        others = prompts(size["seen"], among=seeds.OTHERS)
        reference = workers.run("other renders", render, others.rows, others.seeds)
        damaged = workers.run("blurred renders", blurred, renders.pictures)
        compared = {
            "renders": renders,
            "reconstructions": rebuilt,
            "generated": painted,
            f"generated, DDIM, {DDIM_STEPS} steps": ddim,
            "blurred": damaged,
        }
        results["distribution"] = {"n": len(reference.classes), **distances(compared, reference)}
        count, learned = training_pictures(), runs.pictures(runs.recorded(machine(workers.device)))
        bank = workers.run("training pictures", recall, list(range(count or BANK)), batch=64)
        results["memory"] = {
            "bank": len(bank.pictures),
            "pictures": learned or len(bank.pictures),
            "all": count is not None and count >= (learned or 0),
            "judge": metrics.memory_ratio(painted.judge, renders.judge, bank.judge),
            "clip": metrics.memory_ratio(painted.clip, renders.clip, bank.clip),
        }
        faults = list(seeds.EYES_FAULTS[: size["faults"]])
        results["judge"]["faults"] = faults_seen(workers.run("faults", spoil, faults).classes, faults)
        results["viewers"] = viewers.found(viewers.listed()["pictures"])
        results["eyes"] = eyes.measure(workers, guidance)
        results["eyes"]["spectrum"] = {
            name: eyes.spectrum(seen.pictures).tolist() for name, seen in compared.items()
        }
        results["guidance"] = guidance_curve(size["prompts"], size["per_prompt"], workers)
        results["open_captions"] = open_captions(size["open"], guidance, workers)
        report.sheets(painted, seen.captions, bank)
    return results


def faults_seen(classes, faults):
    """{fault: {found, false_alarms}}: its rates where it was drawn, and where it was not (others may be)."""
    rows = np.stack([world.encode_judged(world.draw_faulty(seed)[1]) for seed in faults])
    names, rates = list(world.JUDGED), {}
    for name, fault in (("moons", MORE_MOONS), ("rings", BROKEN_RINGS)):
        column, value = names.index(name), world.JUDGED[name].index(fault)
        seen, drawn = classes[:, column] == value, rows[:, column] == value
        rates[fault] = {"found": metrics.rate(seen[drawn]), "false_alarms": metrics.rate(seen[~drawn])}
    return rates


def guidance_curve(count, per_prompt, workers):
    """Adherence and diversity (within a prompt, over that of renders of the same scenes) against guidance."""
    asked = prompts(count, among=seeds.GUIDANCE)
    rows = np.repeat(asked.rows, per_prompt, axis=0)
    captions = [caption for caption in asked.captions for _ in range(per_prompt)]
    noise = seeds.GUIDANCE_NOISE[: len(rows)]

    def spread(seen):
        return {
            s: metrics.mean_distance(getattr(seen, s).reshape(-1, per_prompt, getattr(seen, s).shape[1]))
            for s in ("judge", "clip")
        }

    true, curve = spread(workers.run("renders of prompts", render, rows, noise)), []
    for scale in CURVE:
        seen = workers.run(f"curve, guidance {scale:g}", paint, captions, noise, fixed=(scale,))
        rates, within = attribute_rates(seen.classes, rows), spread(seen)
        curve.append(
            {
                "guidance_scale": scale,
                "mean": rates["mean"],
                "all_right": rates["all_right"],
                **{f"diversity_{s}": within[s] / true[s] for s in true},
            }
        )
    return {"prompts": len(asked.rows), "pictures_per_prompt": per_prompt, "curve": curve}


def open_captions(count, guidance, workers):
    """Entropy in bits of what short captions leave open, beside that of as many renders they describe."""
    names, result = list(world.JUDGED), {}
    for caption, left_open in OPEN.items():
        noise = seeds.OPEN[:count]
        seen = workers.run(f'"{caption}"', paint, [caption] * count, noise, fixed=(guidance,))
        true = workers.run(f'"{caption}", renders', render, scenes_described(caption, count), noise)
        view = world.ATTRIBUTES["view"].index("space" if caption == "a planet" else "surface")
        entropies = {}
        for name in left_open:
            entropies[name] = {}
            for kind, looked in (("generated", seen), ("renders", true)):
                valid = looked.classes[:, 0] == view
                if name == "background":  # a sketch, the last of the styles, has none
                    valid &= looked.classes[:, names.index("style")] < len(world.ATTRIBUTES["style"]) - 1
                entropies[name][kind] = metrics.entropy(looked.classes[valid, names.index(name)])
        right_view = float((seen.classes[:, 0] == view).mean())
        result[caption] = {"n": count, "right_view": right_view, "entropy": entropies}
    return result


def scenes_described(caption, count):
    """`count` training-like scenes that the caption was said of, int8 (count, attributes)."""
    rng, rows = np.random.default_rng(seeds.SEEN.start), []
    while len(rows) < count:
        scene = world.sample_scene(rng)
        if world.caption(scene, rng) == caption:
            rows.append(world.encode(scene))
    return np.stack(rows)


def training_pictures():
    """How many training pictures there are, or None where training/cache is empty."""
    return len(data.load()[0]) if data.drawn() else None


def main(quick=False, processes=2):
    form, start = "quick" if quick else "full", time.monotonic()
    weights = mark(*(training.MODELS / folder for folder in MEASURED))
    workers = Workers(processes, None if quick else WORK, weights)
    results = measure(form, workers)
    workers.pool.shutdown()
    megabytes = sum(file.stat().st_size for file in training.MODELS.rglob("*") if file.is_file()) / 1e6
    results = rounded(
        {
            "form": form,
            "weights": weights,
            "machine": machine(workers.device),
            "minutes": (time.monotonic() - start) / 60,
            "settings": settings(POCKET) | {"scheduler": "PNDMScheduler", "ddim_steps": DDIM_STEPS},
            "seeds": list(SEEDS),
            "models_megabytes": megabytes,
            **results,
        }
    )
    results["bars"] = report.bars(results)
    if not quick:
        write_json(MODEL / "evaluation.json", results)
        card.write(results)
    print(report.summary(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the pocket model.")
    parser.add_argument("--quick", action="store_true", help="adherence and the VAE only, in under a minute")
    parser.add_argument("--processes", type=int, default=2, help="processes of one thread each, on a CPU")
    options = parser.parse_args()
    main(options.quick, options.processes)
