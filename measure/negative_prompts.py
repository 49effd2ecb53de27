"""What do negative prompts take away, what do they change besides, and when do they fail? (notebook 08)

    python -m measure.negative_prompts           # ten minutes on one core
    python -m measure.negative_prompts --quick   # half a minute, into out/ only

Every row is one prompt with one negative prompt, painted from the same seeds as all others (none of them is
used in the notebook) in 12 steps of DPM++ 2M, and looked at by the judge. Shares come with 95 % intervals
(Wilson). What the judge saw is kept in out/, and a second run goes on from there.
"""

from collections import Counter
from functools import partial

import torch
from diffusers import DPMSolverMultistepScheduler

from helpers.denoising import decode, denoise, encode_prompts
from helpers.judge import load_judge
from helpers.lesson.cache import kept, mark
from helpers.lesson.measured import made_from, save_measured, workplace
from helpers.lesson.metrics import rate
from helpers.models import POCKET, latent_shape, load_components, settings
from helpers.seeding import generator, initial_noise
from measure import arguments
from worlds import planets as world

STEPS, BATCH, FIRST_SEED = 12, 32, 80_000
COUNTS = {"explorers": 96, "removals": 96, "wordings": 48, "guidance": 48, "switch": 48}
QUICK = dict.fromkeys(COUNTS, 4)
# What the judge may say of a picture that has some: too many and broken ones are there, too
MOONS, RINGS = world.JUDGED["moons"][1:], world.JUDGED["rings"][1:]
# prompt, negative prompt, and what should go: an attribute and its values
REMOVALS = (
    ("a planet", "rings", "rings", RINGS),
    ("a planet", "moons", "moons", MOONS),
    ("a planet", "purple nebula", "background", ("purple nebula",)),
    ("a rocky planet in deep space", "red", "colour", ("red",)),
    ("a gas giant", "sketch", "style", ("sketch",)),
    ("an astronaut", "night", "time", ("night",)),
)
INSISTING = (
    ("an astronaut on mars", "astronaut", "figure", ("astronaut",)),
    ("a planet with rings", "rings", "rings", RINGS),
)
SCALES = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0)
SWITCHES = (0, 1, 2, 3, 4, 6, 8, STEPS)
EXPLORER, ASTRONAUT = "an explorer on mars", "astronaut"
# A “no” inside the prompt: one that the captions never say, and one that they do; and “moons”, which they say
# after a number or a “no”
WORDINGS = (
    (EXPLORER, "", "figure", (ASTRONAUT,)),
    (EXPLORER, ASTRONAUT, "figure", (ASTRONAUT,)),
    (f"{EXPLORER}, no astronaut", "", "figure", (ASTRONAUT,)),
    ("a planet with rings", "", "rings", RINGS),
    ("a planet with no rings", "", "rings", RINGS),
    ("a planet", "", "moons", MOONS),
    ("a planet with moons", "", "moons", MOONS),
    ("a planet", "moons", "moons", MOONS),
    ("a planet", "no moons", "moons", MOONS),
)
WORK = workplace("negative_prompts")


class Painter:
    """The model and the judge; what was painted once is not painted again."""

    def __init__(self):
        torch.set_num_threads(1)
        self.components = load_components(POCKET, torch.device("cpu"), torch.float32)
        self.fast = DPMSolverMultistepScheduler.from_config(self.components.scheduler.config)
        self.judge, self.known = load_judge(POCKET), {}
        self.guidance = settings(POCKET)["guidance_scale"]
        self.made_from = made_from("negative_prompts", STEPS, FIRST_SEED)

    def seen(self, prompt, negative, count, guidance=None, before="", switch=0):
        """What the judge sees in `count` pictures: a list of dicts.

        With `switch` the first so many steps have the negative prompt `before` instead.
        """
        guidance = guidance or self.guidance
        if switch == STEPS:
            negative, switch = before, 0
        key = (prompt, negative, guidance, before if switch else None, switch)
        if len(self.known.get(key, ())) < count:
            file = WORK / f"{mark(key, count)}.json"
            self.known[key] = kept(file, self.made_from, partial(self._look, count, *key))
        return self.known[key][:count]

    def _look(self, count, *key):
        pictures = []
        for start in range(0, count, BATCH):
            pictures += self._paint(range(FIRST_SEED + start, FIRST_SEED + min(start + BATCH, count)), *key)
        return self.judge.look(pictures)

    def _paint(self, seeds, prompt, negative, guidance, before, switch):
        n = len(seeds)
        noise = initial_noise(latent_shape(self.components), map(generator, seeds))
        later = encode_prompts(self.components, [prompt] * n, [negative] * n)
        embeddings = encode_prompts(self.components, [prompt] * n, [before] * n) if switch else later

        def change(step):
            if step.index + 1 == switch:
                embeddings[:] = later

        latents = denoise(self.components, embeddings, noise, guidance, STEPS, self.fast, callback=change)
        return decode(self.components.vae, latents)


def applies(look, name):
    """Whether a picture has the attribute at all: a landscape has no moons, a sketch no colour."""
    if name in ("view", "style"):
        return True
    if name in ("place", "time", "sky", "figure"):
        return look["view"] == "surface"
    drawn_in_colour = look["style"] != "sketch" or name not in ("colour", "background")
    coloured = look["kind"] in ("rocky planet", "gas giant") or name != "colour"
    return look["view"] == "space" and drawn_in_colour and coloured


def share(seen, attribute, values):
    """{rate, low, high, n} of pictures that show one of the values."""
    return rate([applies(look, attribute) and look[attribute] in values for look in seen])


def changed(before, after, attribute, values):
    """How many pictures of the same seeds lost what should go, and how many gained it."""
    pairs = [
        [applies(look, attribute) and look[attribute] in values for look in both]
        for both in zip(before, after)
    ]
    return {"lost": pairs.count([True, False]), "gained": pairs.count([False, True])}


def spread(seen, attribute):
    """{value: share} among the pictures that have the attribute, and how many these are."""
    values = [look[attribute] for look in seen if applies(look, attribute)]
    shares = {value: count / len(values) for value, count in Counter(values).most_common()}
    return {"shares": shares, "n": len(values)}


def removal(painter, count, prompt, negative, attribute, values):
    """One row of the table of removals: what should go, before and after, and all other attributes."""
    before, after = painter.seen(prompt, "", count), painter.seen(prompt, negative, count)
    others = {
        name: {"before": spread(before, name), "after": spread(after, name)}
        for name in world.ATTRIBUTES
        if name != attribute
    }
    return {
        "prompt": prompt,
        "negative": negative,
        "attribute": attribute,
        "values": list(values),
        "before": share(before, attribute, values),
        "after": share(after, attribute, values),
        **changed(before, after, attribute, values),
        "others": {
            name: both
            for name, both in others.items()
            if min(both["before"]["n"], both["after"]["n"]) >= count / 2
        },
    }


def measure(painter, counts):
    """All figures of the notebook, as nested dicts."""
    results = {"steps": STEPS, "guidance_scale": painter.guidance}

    def astronauts(name, negative, **options):
        return share(painter.seen(EXPLORER, negative, counts[name], **options), "figure", (ASTRONAUT,))

    results["explorers"] = {
        negative: {
            figure: share(painter.seen(EXPLORER, negative, counts["explorers"]), "figure", (figure,))
            for figure in ("astronaut", "robot", "alien")
        }
        for negative in ("", ASTRONAUT, "robot", "alien")
    }
    results["removals"] = [removal(painter, counts["removals"], *row) for row in REMOVALS]
    results["wordings"] = [
        {
            "prompt": prompt,
            "negative": negative,
            "shows": ASTRONAUT if attribute == "figure" else attribute,
            **share(painter.seen(prompt, negative, counts["wordings"]), attribute, values),
        }
        for prompt, negative, attribute, values in WORDINGS
    ]
    results["insisting"] = [
        {
            "prompt": prompt,
            "negative": negative,
            "before": share(painter.seen(prompt, "", counts["wordings"]), *wanted),
            "after": share(painter.seen(prompt, negative, counts["wordings"]), *wanted),
        }
        for prompt, negative, *wanted in INSISTING
    ]
    results["guidance"] = [
        {
            "scale": scale,
            "without": astronauts("guidance", "", guidance=scale),
            "with": astronauts("guidance", ASTRONAUT, guidance=scale),
        }
        for scale in SCALES
    ]
    results["switch"] = [
        {
            "step": step,
            "only_before": astronauts("switch", "", before=ASTRONAUT, switch=step),
            "only_after": astronauts("switch", ASTRONAUT, before="", switch=step),
        }
        for step in SWITCHES
    ]
    return results


def main(quick=False):
    save_measured("negative_prompts", measure(Painter(), QUICK if quick else COUNTS), quick)


if __name__ == "__main__":
    main(arguments(__doc__, "4 pictures a row").quick)
