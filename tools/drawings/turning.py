"""Draw models/pocket-video/drawn.webp, four videos that the notebook on video shows.

    python -m tools.drawings.turning

Frame i of the file holds frame i of all four, side by side.
"""

import numpy as np
from PIL import Image

from helpers.models import ROOT
from worlds import seeds
from worlds.turning import giant, render

FILE = ROOT / "models" / "pocket-video" / "drawn.webp"


def main():
    scenes = (giant("rocky planet", "red"), giant("ocean planet"), giant("ice planet"), giant("lava planet"))
    videos = [render(scene, np.random.default_rng(seeds.VIDEO_EXAMPLES[i])) for i, scene in enumerate(scenes)]
    pages = [Image.fromarray(page) for page in np.concatenate(videos, axis=2)]
    FILE.parent.mkdir(parents=True, exist_ok=True)
    pages[0].save(FILE, save_all=True, append_images=pages[1:], duration=170, loop=0, quality=90, method=6)


if __name__ == "__main__":
    main()
