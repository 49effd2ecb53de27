"""The viewers' test: a hundred pictures, looked at one by one, to find what is broken in them.

    python -m training.evaluation.viewers    # paints them into out/viewers, and lists them

The list is models/pocket-planets/viewers.json. Who looks writes into it, at each picture's `broken`, what is
broken in it in a few words, or "" for nothing; null is a picture that nobody has looked at. The evaluation
then puts the share into the card. Prompts and noise are from seeds that no training used, none chosen.
"""

import json
from collections import Counter

from PIL import Image

import training
from helpers.denoising import generate
from helpers.lesson import metrics
from helpers.lesson.cache import weights_mark
from helpers.lesson.scores import prompts
from helpers.machine.disk import write_json
from helpers.models import POCKET, ROOT, load_components, settings
from worlds import seeds

FILE = training.MODELS / "pocket-planets" / "viewers.json"
PICTURES, SIDE = 102, 384  # as many for each of the evaluation's three seeds; pixels


def asked():
    """[{prompt, seed, broken: None}], one for each picture."""
    wanted = prompts(PICTURES, among=seeds.VIEWERS)
    return [
        {"prompt": prompt, "seed": seed, "broken": None}
        for prompt, seed in zip(wanted.captions, wanted.seeds, strict=True)
    ]


def listed():
    """The list as it stands; a new one where the weights are others than those that were looked at."""
    weights = weights_mark("pocket-planets")
    if FILE.exists():
        kept = json.loads(FILE.read_text(encoding="utf-8"))
        if kept["weights"] == weights:
            return kept
    return {"weights": weights, "pictures": asked()}


def found(pictures):
    """{looked_at, whole: the rate of those without anything broken, broken: [(what, how often)]}."""
    seen = [each["broken"] for each in pictures if each["broken"] is not None]
    return {
        "looked_at": len(seen),
        "whole": metrics.rate([not what for what in seen]),
        "broken": Counter(what for what in seen if what).most_common(),
    }


def main():
    folder = ROOT / "out" / "viewers"
    folder.mkdir(parents=True, exist_ok=True)
    components, kept = load_components(POCKET), listed()
    for number, each in enumerate(kept["pictures"]):
        [picture] = generate(components, [each["prompt"]], [each["seed"]], **settings(POCKET))
        picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / f"{number:03}.png")
    write_json(FILE, kept)
    print(f"{PICTURES} pictures in {folder}: look at each, and write into {FILE.name} what is broken in it.")


if __name__ == "__main__":
    main()
