"""Draw images/renders.png and images/renders.json, the pictures and prompts that the notebooks work with.

    python -m tools.drawings.examples

Captions name every attribute. The seeds are of a range of their own: no training, judge or evaluation has it.
"""

import json

import numpy as np
from PIL import Image

from helpers.lesson.examples import COLUMNS
from helpers.show.plotting import IMAGES
from worlds import planets as world

FIRST = 5_000_000_000
PROMPTS, PICTURES = 256, 64


def main():
    prompts = []
    sheet = Image.new("RGB", (COLUMNS * world.SIZE, PICTURES // COLUMNS * world.SIZE))
    for i in range(PROMPTS):
        rng = np.random.default_rng(FIRST + i)
        scene = world.sample_scene(rng)
        prompts.append({"caption": world.caption(scene, rng, detail="full"), "scene": scene})
        if i < PICTURES:
            place = i % COLUMNS * world.SIZE, i // COLUMNS * world.SIZE
            sheet.paste(Image.fromarray(world.render(scene, rng)), place)
    sheet.save(IMAGES / "renders.png", optimize=True)
    lines = ",\n ".join(json.dumps(prompt) for prompt in prompts)
    (IMAGES / "renders.json").write_text(f"[{lines}]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
