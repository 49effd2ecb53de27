"""Ask the pocket CLIP about new drawn pictures: which caption is more similar, the true or a false one?

    python -m measure.clip        (writes docs/measured/clip.json; about three minutes)

Every question offers the picture's own full caption, and others with one thing changed. `chance` is what
guessing gives. No training, judge, evaluation or example has the pictures' seeds.
"""

import numpy as np
import torch
from PIL import Image

from helpers.lesson.measured import save_measured
from helpers.lesson.metrics import rate
from helpers.models import load_clip
from worlds import planets as world
from worlds import seeds

PICTURES, LINE_UP = 1024, 64
NEBULAE = {"purple": "purple nebula", "blue": "blue nebula", "orange": "orange nebula"}


def drawn(count, wanted=lambda scene: True, among=seeds.CLIP):
    """`count` pairs (picture, scene) whose scene is `wanted`; each kind of question has its own seeds."""
    found, numbers = [], iter(among)
    while len(found) < count:
        rng = np.random.default_rng(next(numbers))
        scene = world.sample_scene(rng)
        if wanted(scene):
            found.append((Image.fromarray(world.render(scene, rng)), scene))
    return found


def caption(scene, **changes):
    return world.caption({**scene, **changes}, np.random.default_rng(0), "full")


@torch.no_grad()
def similarities(clip, tokenizer, processor, pictures, texts):
    """Cosine similarities (pictures, texts)."""
    pixels = processor(images=pictures, return_tensors="pt").pixel_values
    words = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    out = clip(**words, pixel_values=pixels)
    return out.image_embeds @ out.text_embeds.T


def choices(parts, pictures, options, right):
    """Marks: for each picture, whether the option (a text) of the index in `right` is the nearest."""
    marks = []
    for (picture, _), texts, index in zip(pictures, options, right):
        marks.append(similarities(*parts, [picture], texts)[0].argmax().item() == index)
    return marks


def line_ups(parts, pictures, captions):
    """Marks: in blocks of LINE_UP pictures, whether each finds its caption (or one of the same words)."""
    marks = []
    for first in range(0, len(pictures), LINE_UP):
        texts = captions[first : first + LINE_UP]
        table = similarities(*parts, [picture for picture, _ in pictures[first : first + LINE_UP]], texts)
        marks += [texts[best] == texts[i] for i, best in enumerate(table.argmax(1).tolist())]
    return marks


def scrambled(text, rng):
    return " ".join(rng.permutation(text.split()))


def one_changed(parts, name, values, wanted, among, count=400):
    """The picture's own caption against those with another value of one attribute."""
    pictures = drawn(count, wanted, among)
    options = [[caption(scene, **{name: value}) for value in values] for _, scene in pictures]
    return choices(parts, pictures, options, [values.index(scene[name]) for _, scene in pictures])


def swapped_colours(parts, among, count=400):
    """A purple planet in a blue nebula, or a blue planet in a purple nebula?"""
    pictures = drawn(
        count,
        lambda scene: (
            scene.get("colour") in NEBULAE
            and scene["background"] in NEBULAE.values()
            and not scene["background"].startswith(scene["colour"])
        ),
        among,
    )
    options = []
    for _, scene in pictures:
        other = scene["background"].removesuffix(" nebula")
        options.append([caption(scene), caption(scene, colour=other, background=NEBULAE[scene["colour"]])])
    return choices(parts, pictures, options, [0] * count)


def rings_and_negation(parts, among, count=400):
    """(marks for “with rings” against silence, marks for “with rings” against “with no rings”)."""
    pictures = drawn(count, lambda scene: scene.get("moons") == "no moons", among)
    with_rings = [caption(scene, rings="rings") for _, scene in pictures]
    silent = [[text, caption(scene, rings="no rings")] for text, (_, scene) in zip(with_rings, pictures)]
    negated = [[text, text.replace("with rings", "with no rings")] for text in with_rings]
    right = [int(scene["rings"] == "no rings") for _, scene in pictures]
    return choices(parts, pictures, silent, right), choices(parts, pictures, negated, right)


def main():
    parts, rng = load_clip(), np.random.default_rng(0)
    pictures = drawn(PICTURES)
    captions = [caption(scene) for _, scene in pictures]
    many = world.ATTRIBUTES["moons"][1:]
    silence, negation = rings_and_negation(parts, seeds.CLIP_RINGS)
    marks = {
        "own caption among 64": (line_ups(parts, pictures, captions), 1 / LINE_UP),
        "the same, words scrambled": (
            line_ups(parts, pictures, [scrambled(text, rng) for text in captions]),
            1 / LINE_UP,
        ),
        "which of 5 figures": (
            one_changed(
                parts, "figure", world.ATTRIBUTES["figure"], lambda s: "figure" in s, seeds.CLIP_FIGURES
            ),
            1 / 5,
        ),
        "which colour is the planet’s": (swapped_colours(parts, seeds.CLIP_COLOURS), 1 / 2),
        "1, 2 or 3 moons": (
            one_changed(parts, "moons", many, lambda s: s.get("moons") in many, seeds.CLIP_MOONS),
            1 / 3,
        ),
        "“with rings” or not a word of them": (silence, 1 / 2),
        "“with rings” or “with no rings”": (negation, 1 / 2),
    }
    results = {question: rate(right) | {"chance": chance} for question, (right, chance) in marks.items()}
    save_measured("clip", results)
    for question, found in results.items():
        print(
            f"{question:36} {found['rate']:.3f} ({found['low']:.3f}–{found['high']:.3f}), "
            f"chance {found['chance']:.3f}, {found['n']} pictures"
        )


if __name__ == "__main__":
    main()
