"""Examples of Pocket Planets to work with: drawn pictures with captions, and prompts whose scene is known.

Both lie in images/renders.png and images/renders.json, made by `python -m tools.drawings.examples`, from
seeds that no training saw.
"""

import json
from typing import NamedTuple

from PIL import Image

from helpers.errors import MOST_PIXELS, InputError, check_whole, quoted
from helpers.show.plotting import IMAGES

COLUMNS = 8  # of the sheet images/renders.png


class Example(NamedTuple):
    """A drawn picture, the caption that names all of its attributes, and these as {attribute: value}."""

    picture: Image.Image
    caption: str
    scene: dict


def load_renders(size=None):
    """The 64 drawn pictures (RGB, 128 × 128, or `size` × `size` pixels) as a list of `Example`."""
    size = None if size is None else check_whole(size, "The size", most=MOST_PIXELS)
    sheet = Image.open(IMAGES / "renders.png").convert("RGB")
    side, found = sheet.width // COLUMNS, []
    count = COLUMNS * sheet.height // side
    for i, (caption, scene) in enumerate(load_prompts(count)):
        x, y = i % COLUMNS * side, i // COLUMNS * side
        picture = sheet.crop((x, y, x + side, y + side))
        found.append(Example(picture.resize((size, size)) if size else picture, caption, scene))
    return found


def find_render(side=None, /, **scene):
    """The first drawn picture that has these attributes, as an `Example`: `find_render(place="mars")`.

    With `side`, its picture has `side` × `side` pixels. Raises InputError if none has all the attributes.
    """
    wanted = ", ".join(f"{name} = {quoted(value)}" for name, value in scene.items())
    known = all(isinstance(value, str) for value in scene.values())
    for example in load_renders(side) if known else ():
        if scene.items() <= example.scene.items():
            return example
    raise InputError(f"No drawn picture has {wanted}: `worlds.planets.ATTRIBUTES` lists what there is.")


def load_prompts(count):
    """`count` pairs (caption, scene), the first 64 those of the drawn pictures; at most 256."""
    prompts = json.loads((IMAGES / "renders.json").read_text(encoding="utf-8"))
    count = check_whole(count, "The number of prompts", most=len(prompts))
    return [(prompt["caption"], prompt["scene"]) for prompt in prompts[:count]]
