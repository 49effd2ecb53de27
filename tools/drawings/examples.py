"""Draw images/renders.png and images/renders.json, the pictures and prompts that the notebooks work with.

    python -m tools.drawings.examples

Captions name every attribute. No training, judge or evaluation has their seeds (worlds/seeds.py).
"""

import json

import numpy as np

from helpers.lesson.examples import COLUMNS
from helpers.show.plotting import IMAGES
from worlds import planets as world
from worlds import seeds
from worlds.sheet import contact_sheet

PROMPTS, PICTURES = 256, 64


def main():
    prompts, pictures = [], []
    for seed in seeds.EXAMPLES[:PROMPTS]:
        rng = np.random.default_rng(seed)
        scene = world.sample_scene(rng)
        prompts.append({"caption": world.caption(scene, rng, detail="full"), "scene": scene})
        if len(pictures) < PICTURES:
            pictures.append(world.render(scene, rng))
    contact_sheet(pictures, COLUMNS).save(IMAGES / "renders.png", optimize=True)
    lines = ",\n ".join(json.dumps(prompt) for prompt in prompts)
    (IMAGES / "renders.json").write_text(f"[{lines}]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
