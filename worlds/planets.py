"""Pocket Planets: the small world that the pocket model knows, as captioned pictures drawn from a seed.

    python -m worlds.planets                # a contact sheet of 48 pictures, out/planets.png
    python -m worlds.planets --held-out      # of the combinations that training never shows

A *scene* is a dict of attributes. `sample_scene` makes one up, `caption` says it in words as people would,
`render` paints it (paintbox.py, scenery.py). The same seed gives the same picture (numpy keeps its
random streams from one version to the next, if it can).
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from worlds.paintbox import SIZE as SIZE  # the pictures' side, for everyone who asks the world
from worlds.paintbox import STYLES
from worlds.scenery import COLOURS, space_view, surface_view
from worlds.sheet import save_sheet

ATTRIBUTES = {
    "view": ("space", "surface"),
    "style": ("plain", "watercolour", "sketch"),
    "kind": ("rocky planet", "gas giant", "ocean planet", "ice planet", "lava planet"),
    "colour": tuple(COLOURS),
    "size": ("small", "medium", "giant"),
    "rings": ("no rings", "rings"),
    "moons": ("no moons", "one moon", "two moons", "three moons"),
    "background": ("deep space", "purple nebula", "blue nebula", "orange nebula"),
    "place": ("mars", "moon", "icy planet", "jungle planet"),
    "time": ("day", "night"),
    "sky": ("sun", "ringed planet", "empty sky"),
    "figure": ("astronaut", "robot", "alien", "rocket", "nobody"),
}

# Combinations that training never sees, to measure whether the model composes what it knows apart.
HELD_OUT = (
    {"kind": "gas giant", "colour": "purple"},
    {"kind": "rocky planet", "colour": "blue"},
    {"kind": "ocean planet", "background": "orange nebula"},
    {"kind": "lava planet", "moons": "two moons"},
    {"figure": "robot", "place": "jungle planet"},
    {"figure": "alien", "place": "icy planet"},
    {"figure": "rocket", "place": "mars", "time": "night"},
)


def is_held_out(scene):
    return any(combination.items() <= scene.items() for combination in HELD_OUT)


def sample_scene(rng, held_out=False):
    """A random scene. Training's never hold a held-out combination, those with `held_out=True` always do."""
    while True:
        scene = _any_scene(rng)
        if is_held_out(scene) == held_out:
            return scene


def _any_scene(rng):
    def pick(name, *weights):
        return ATTRIBUTES[name][rng.choice(len(weights), p=weights)]

    def even(name):
        return ATTRIBUTES[name][rng.integers(len(ATTRIBUTES[name]))]

    scene = {"view": even("view"), "style": pick("style", 0.64, 0.18, 0.18)}
    coloured = scene["style"] != "sketch"
    if scene["view"] == "space":
        scene["kind"] = even("kind")
        if scene["kind"] in ("rocky planet", "gas giant") and coloured:
            scene["colour"] = even("colour")
        scene |= {
            "size": even("size"),
            "rings": pick("rings", 0.6, 0.4),
            "moons": pick("moons", 0.4, 0.2, 0.2, 0.2),
        }
        if coloured:
            scene["background"] = pick("background", 0.4, 0.2, 0.2, 0.2)
    else:
        scene |= {"place": even("place"), "time": pick("time", 0.6, 0.4)}
        scene["sky"] = pick("sky", 0.4, 0.35, 0.25) if scene["time"] == "day" else pick("sky", 0, 0.5, 0.5)
        scene["figure"] = pick("figure", 0.26, 0.22, 0.22, 0.16, 0.14)
    return scene


def encode(scene):
    """The scene as small integers, shape (len(ATTRIBUTES),), −1 where an attribute does not apply."""
    return np.array(
        [values.index(scene[name]) if name in scene else -1 for name, values in ATTRIBUTES.items()], np.int8
    )


def decode(row):
    """The scene of such integers."""
    return {name: values[i] for (name, values), i in zip(ATTRIBUTES.items(), row) if i >= 0}


def render(scene, rng):
    """Paint a scene: uint8, shape (128, 128, 3). What it leaves open (where, light, pose) `rng` decides."""
    canvas = (space_view if scene["view"] == "space" else surface_view)(scene, rng)
    pixels = STYLES[scene["style"]](canvas, rng)
    return (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)


def draw(seed, held_out=False):
    """(picture, caption, scene) of a seed, the picture as a PIL image."""
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng, held_out)
    return Image.fromarray(render(scene, rng)), caption(scene, rng), scene


# Captions. The first words of each row are the plain ones; "full" captions use those alone.

WORDS = {
    "rocky planet": ["rocky planet", "rocky world", "cratered planet", "rock planet"],
    "gas giant": ["gas giant", "gas planet", "striped planet", "banded planet"],
    "ocean planet": ["ocean planet", "ocean world", "water planet", "earth-like planet"],
    "ice planet": ["ice planet", "ice world", "frozen planet", "icy planet"],
    "lava planet": ["lava planet", "lava world", "molten planet", "volcanic planet"],
    "grey": ["grey", "gray"],
    "small": ["small", "tiny", "little"],
    "giant": ["giant", "huge", "big", "large"],
    "rings": ["rings", "rings", "a ring"],
    "one moon": ["one moon", "a moon", "1 moon"],
    "two moons": ["two moons", "2 moons"],
    "three moons": ["three moons", "3 moons"],
    "deep space": ["in deep space", "in space", "in the starry sky", "among the stars"],
    "purple nebula": ["in a purple nebula", "in a violet nebula", "with a purple nebula behind"],
    "blue nebula": ["in a blue nebula", "with a blue nebula behind"],
    "orange nebula": ["in an orange nebula", "with an orange nebula behind"],
    "mars": ["on mars", "on the red planet", "on planet mars", "in a martian desert"],
    "moon": ["on the moon", "on the lunar surface", "on a grey moon"],
    "icy planet": ["on an icy planet", "on an ice world", "on a frozen planet", "in the snow"],
    "jungle planet": ["on a jungle planet", "in the jungle", "on a green planet", "among trees"],
    "day": ["by day", "in daylight", "during the day"],
    "night": ["at night", "by night", "in the dark"],
    "sun": ["under the sun", "under a bright sun", "with the sun in the sky", "in the sun"],
    "ringed planet": [
        "under a ringed planet",
        "with a ringed planet in the sky",
        "below a planet with rings",
    ],
    "empty sky": ["under an empty sky", "under a clear sky"],
    "astronaut": ["an astronaut", "an astronaut", "a spaceman", "a cosmonaut"],
    "robot": ["a robot", "a robot", "a droid", "an android"],
    "alien": ["an alien", "an alien", "a green alien", "an extraterrestrial"],
    "rocket": ["a rocket", "a rocket", "a spaceship", "a rocket ship"],
    "nobody": ["an empty landscape", "a landscape", "a lonely place", "nobody"],
    "watercolour": ["a watercolour of", "a watercolor of", "a watercolor painting of", "a painting of"],
    "sketch": ["a pencil sketch of", "a sketch of", "a pencil drawing of", "a drawing of"],
    "plain": ["", "", "", "a picture of", "a photo of", "an image of"],
}
AFTERWARDS = {
    "watercolour": ["watercolor", "in watercolor", "watercolour"],
    "sketch": ["sketch on paper", "sketch", "pencil sketch"],
}
PLANETS = ["planet", "world", "exoplanet"]
BEINGS = ["an explorer", "someone", "a figure", "a space traveller"]


def caption(scene, rng, detail="any"):
    """The scene in words, never empty.

    `detail="full"` names every attribute, in one plain wording, for evaluation; what is not named is not
    there (no rings, no moons, a medium size). `detail="any"` varies as people do: synonyms, another order;
    in 30 % of the captions details are left out or a word is wider ("a planet", "an explorer"), 15 % have one
    or two words only.
    """
    if detail == "full":
        return _sentence(scene, rng, keep=1, plain=True)
    chance = rng.random()
    if chance < 0.15:
        return _few_words(scene, rng)
    return _sentence(scene, rng, keep=0.5 if chance < 0.45 else 1, plain=False)


def _say(value, rng, plain=False):
    words = WORDS.get(value, [value])
    return words[0] if plain else words[rng.integers(len(words))]


def _article(noun):
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def _sentence(scene, rng, keep, plain):
    def kept():
        return keep == 1 or rng.random() < keep

    def said(name):
        return _say(scene[name], rng, plain)

    parts = []
    if scene["view"] == "space":
        noun = said("kind") if kept() or plain else PLANETS[rng.integers(len(PLANETS))]
        if "colour" in scene and kept():
            noun = f"{said('colour')} {noun}"
        if scene["size"] != "medium" and kept():
            noun = f"{said('size')} {noun}"
        subject = _article(noun)
        extras = [said(name) for name in ("rings", "moons") if not scene[name].startswith("no ") and kept()]
        if not plain and rng.random() < 0.3:
            extras.reverse()
        if extras:
            subject += " with " + " and ".join(extras)
        if "background" in scene and kept():
            parts.append(said("background"))
    else:
        human = scene["figure"] in ("astronaut", "robot", "alien")
        subject = said("figure") if kept() or not human else BEINGS[rng.integers(len(BEINGS))]
        parts = [said(name) for name in ("place", "time", "sky") if kept()]
        if not plain and rng.random() < 0.3:
            rng.shuffle(parts)
    styled = scene["style"] == "plain" or kept()
    after = styled and scene["style"] in AFTERWARDS and not plain and rng.random() < 0.4
    if styled and not after:
        subject = f"{said('style')} {subject}".strip()
    sentence = " ".join([subject, *parts])
    if after:
        choices = AFTERWARDS[scene["style"]]
        sentence += ", " + choices[rng.integers(len(choices))]
    return sentence


def _few_words(scene, rng):
    """A word or two of the scene: a colour, a kind, a figure, a style. Negative prompts are like that."""
    untold = ("no ", "medium", "nobody", "plain")
    names = [name for name in scene if name not in ("view", "sky") and not scene[name].startswith(untold)]
    name = names[rng.integers(len(names))] if names else "view"
    if name == "view":
        return "a planet" if scene["view"] == "space" else "a landscape"
    words = _say(scene[name], rng)
    if name == "style":
        words = words.removesuffix(" of")
    if name == "kind" and rng.random() < 0.4:
        words = PLANETS[rng.integers(len(PLANETS))]
    if name == "figure" and scene["figure"] != "rocket" and rng.random() < 0.25:
        words = BEINGS[rng.integers(len(BEINGS))]
    bare = words.removeprefix("an ").removeprefix("a ")
    for lead in ("on ", "in ", "with ", "under "):
        if rng.random() < 0.5:
            bare = bare.removeprefix(lead)
    if rng.random() < 0.5:
        return bare
    return _article(words) if name == "kind" else words


def main():
    parser = argparse.ArgumentParser(description="Paint a contact sheet of Pocket Planets.")
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--held-out", action="store_true", help="the combinations that training never shows")
    parser.add_argument("--out", type=Path, default=Path("out/planets.png"))
    args = parser.parse_args()
    save_sheet([draw(args.seed + i, args.held_out) for i in range(args.count)], args.out)


if __name__ == "__main__":
    main()
