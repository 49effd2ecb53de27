"""Measure what image-to-image keeps and changes at each strength: python -m measure.variations

Writes docs/measured/variations.json, which notebook 09 draws. Takes about ten minutes on one core.
"""

from itertools import combinations

import numpy as np
from diffusers import DDIMScheduler
from PIL import Image

from helpers.image_to_image import image_to_image
from helpers.judge import load_judge
from helpers.lesson.examples import load_renders
from helpers.lesson.measured import save_measured
from helpers.models import load_components, settings
from helpers.show.pictures import load_trappist
from worlds import planets as world

STRENGTHS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
STEPS = 20
KINDS = world.ATTRIBUTES["kind"]
UNNAMED = ("size", "rings", "moons", "background")  # what the new prompt doesn't speak of
STYLES = {"watercolour": "an ocean planet, watercolor", "sketch": "an ocean planet, sketch on paper"}


def other_kind(scene):
    """The next kind of planet, so that every picture is asked to become something else."""
    return KINDS[(KINDS.index(scene["kind"]) + 1) % len(KINDS)]


def root_mean_square(first, second):
    """The distance of two pictures in grey levels, 0 to 255."""
    return float(np.sqrt(((np.asarray(first, float) - np.asarray(second, float)) ** 2).mean()))


def another_planet(components, judge, guidance_scale):
    """Drawn planets, asked for as another kind: shares of what was asked for and of what was kept."""
    examples = [e for e in load_renders() if e.scene["view"] == "space" and e.scene["style"] == "plain"]
    pictures = [e.picture for e in examples] * 2
    scenes = [e.scene for e in examples] * 2
    prompts = [f"{'an' if other_kind(s)[0] in 'oi' else 'a'} {other_kind(s)}" for s in scenes]
    results = {"pictures": len(pictures), "asked": [], "kept": [], "distance": []}
    for strength in STRENGTHS:
        painted = image_to_image(
            components, prompts, pictures, list(range(len(pictures))), strength, STEPS, guidance_scale
        )
        seen = judge.look(painted)
        results["asked"].append(np.mean([look["kind"] == other_kind(s) for look, s in zip(seen, scenes)]))
        kept = [look[name] == scene[name] for look, scene in zip(seen, scenes) for name in UNNAMED]
        results["kept"].append(np.mean(kept))
        results["distance"].append(np.mean([root_mean_square(*pair) for pair in zip(pictures, painted)]))
    strangers = combinations(pictures[: len(examples)], 2)
    results["distance_of_strangers"] = np.mean([root_mean_square(*pair) for pair in strangers])
    pairs = [(a[name], b[name]) for a, b in combinations(scenes[: len(examples)], 2) for name in UNNAMED]
    results["kept_by_strangers"] = np.mean([first == second for first, second in pairs])
    return results


def removed_detail(components, guidance_scale):
    """Does it matter that detail was taken away first? With it and without it, from the same seeds."""
    side = components.unet.config.sample_size
    picture, _ = load_trappist(8 * side)
    coarse = picture.resize((side, side), Image.BOX).resize(picture.size, Image.BICUBIC)
    results = {"with_and_without": [], "two_seeds": []}
    for strength in STRENGTHS:
        full, rough = (
            [
                np.asarray(p)
                for p in image_to_image(
                    components,
                    "an ocean planet in deep space",
                    source,
                    range(8),
                    strength,
                    STEPS,
                    guidance_scale,
                )
            ]
            for source in (picture, coarse)
        )
        results["with_and_without"].append(np.mean([root_mean_square(*pair) for pair in zip(full, rough)]))
        seeds = combinations(full, 2)
        results["two_seeds"].append(np.mean([root_mean_square(*pair) for pair in seeds]))
    return results


def styles(components, judge, guidance_scale):
    """How many of 24 pictures take the style that the prompt names."""
    picture, _ = load_trappist(8 * components.unet.config.sample_size)
    results = {}
    for style, prompt in STYLES.items():
        results[style] = []
        for strength in STRENGTHS:
            painted = image_to_image(components, prompt, picture, range(24), strength, STEPS, guidance_scale)
            results[style].append(np.mean([look["style"] == style for look in judge.look(painted)]))
    return results


def main():
    components, judge = load_components(), load_judge()
    components = components._replace(scheduler=DDIMScheduler.from_config(components.scheduler.config))
    guidance_scale = settings()["guidance_scale"]
    save_measured(
        "variations",
        {
            "strengths": STRENGTHS,
            "steps": STEPS,
            "another_planet": another_planet(components, judge, guidance_scale),
            "removed_detail": removed_detail(components, guidance_scale),
            "styles": styles(components, judge, guidance_scale),
        },
    )
    print("docs/measured/variations.json is written.")


if __name__ == "__main__":
    main()
