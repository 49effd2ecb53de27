"""What the seed decides, what guidance holds together, and what unknown words give. (notebook 00)

    python -m measure.first_picture    # about three minutes on one core

Every prompt is painted from the seeds 0 to 15, with the model's own scheduler and steps. The judge tells the
style of each picture. The layout is how light or dark each field of an 8 × 8 grid is, less the mean over the
seeds; two layouts are compared by their cosine, 1 for alike and -1 for opposite.
"""

from collections import Counter

import numpy as np
import torch

from helpers.denoising import generate
from helpers.judge import load_judge
from helpers.lesson.measured import save_measured
from helpers.models import POCKET, load_components, settings

SEEDS = range(16)
GRID = (8, 8)
ASTRONAUT, GIANT = "an astronaut on mars", "a red gas giant with rings in deep space"
ALIEN = "a watercolour of an alien on mars"
STRANGE = ("a cat on a bicycle", "a red astronaut", "zzzz")


def paint(components, prompt, guidance_scale):
    """One PIL picture for each seed."""
    options = settings(POCKET) | {"guidance_scale": guidance_scale}
    return generate(components, prompt, SEEDS, **options)


def styles(judge, pictures):
    """{style: how many of the pictures have it}, the most frequent first."""
    return dict(Counter(look["style"] for look in judge.look(pictures)).most_common())


def layouts(pictures):
    """(pictures, 64): each picture's light and dark, of length 1, less what all of them share."""
    fields = np.stack([np.asarray(each.convert("L").resize(GRID), float).ravel() for each in pictures])
    fields -= fields.mean(0)
    return fields / np.linalg.norm(fields, axis=1, keepdims=True)


def likeness(some, others):
    """The mean cosine of layouts from the same seed, and from two different seeds."""
    cosines = layouts(some) @ layouts(others).T
    same = np.eye(len(cosines), dtype=bool)
    return {"same seed": float(cosines[same].mean()), "other seeds": float(cosines[~same].mean())}


def main():
    torch.set_num_threads(1)
    components = load_components(POCKET, torch.device("cpu"), torch.float32)
    judge, guidance = load_judge(POCKET), settings(POCKET)["guidance_scale"]
    guided = {prompt: paint(components, prompt, guidance) for prompt in (ASTRONAUT, GIANT, ALIEN, *STRANGE)}
    unguided = {prompt: paint(components, prompt, 1.0) for prompt in (ASTRONAUT, GIANT)}
    save_measured(
        "first_picture",
        {
            "seeds": len(SEEDS),
            "guidance_scale": guidance,
            "styles": {prompt: styles(judge, pictures) for prompt, pictures in guided.items()},
            "styles at guidance 1": {
                prompt: styles(judge, pictures) for prompt, pictures in unguided.items()
            },
            "layouts alike": {
                f"{ASTRONAUT} | {other}": likeness(guided[ASTRONAUT], guided[other])
                for other in (ALIEN, GIANT)
            },
        },
    )


if __name__ == "__main__":
    main()
