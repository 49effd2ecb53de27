"""What scenes are called: captions as people would write them, and plain ones for an evaluation."""

# The first words of each row are the plain ones; "full" captions use those alone.
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
SAYS_NO = 0.3  # how often people say that rings or moons are not there
COUNTED = 0.85  # how often they are named where other details are left out: what is not named is not there
PLANETS = ["planet", "world", "exoplanet"]
BEINGS = ["an explorer", "someone", "a figure", "a space traveller"]


def caption(scene, rng, detail="any"):
    """The scene in words, never empty.

    `detail="full"` names every attribute, in one plain wording, for evaluation; what is not named is not
    there (no rings, no moons, a medium size). `detail="all"` names them all too, in varying words.
    `detail="any"` varies as people do: synonyms, another order;
    in 25 % of the captions details are left out or a word is wider ("a planet", "an explorer"), 12 % have one
    or two words only; some say what is not there ("without rings", "but no moons", "alone").
    """
    if detail in ("full", "all"):
        return _sentence(scene, rng, keep=1, plain=detail == "full")
    chance = rng.random()
    if chance < 0.12:
        return _few_words(scene, rng)
    return _sentence(scene, rng, keep=0.5 if chance < 0.37 else 1, plain=False)


def _pick(choices, rng):
    return choices[rng.integers(len(choices))]


def _say(value, rng, plain=False):
    words = WORDS.get(value, [value])
    return words[0] if plain else _pick(words, rng)


def _article(noun):
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def _sentence(scene, rng, keep, plain):
    """The scene in words that keep each detail with the probability `keep`."""

    def kept():
        return keep == 1 or rng.random() < keep

    def said(name):
        return _say(scene[name], rng, plain)

    if scene["view"] == "space":
        subject = _planet(scene, rng, keep, plain, kept, said)
        parts = [said("background")] if "background" in scene and kept() else []
    else:
        human = scene["figure"] in ("astronaut", "robot", "alien")
        subject = said("figure") if kept() or not human else _pick(BEINGS, rng)
        parts = [said(name) for name in ("place", "time", "sky") if kept()]
        if not plain and rng.random() < 0.3:
            rng.shuffle(parts)
    styled = scene["style"] == "plain" or kept()
    after = styled and scene["style"] in AFTERWARDS and not plain and rng.random() < 0.4
    if styled and not after:
        subject = f"{said('style')} {subject}".strip()
    sentence = " ".join([subject, *parts])
    return f"{sentence}, {_pick(AFTERWARDS[scene['style']], rng)}" if after else sentence


def _planet(scene, rng, keep, plain, kept, said):
    """The planet, the rings and moons that it has, and perhaps those that it has not."""
    noun = said("kind") if kept() or plain else _pick(PLANETS, rng)
    if "colour" in scene and kept():
        noun = f"{said('colour')} {noun}"
    if scene["size"] != "medium" and kept():
        noun = f"{said('size')} {noun}"
    there, absent = [], []
    for name in ("rings", "moons"):
        if scene[name].startswith("no "):
            absent += [name] * (not plain and rng.random() < SAYS_NO)
        elif keep == 1 or rng.random() < COUNTED:
            there.append(said(name))
    if not plain and rng.random() < 0.3:
        there.reverse()
    words = [_article(noun)]
    if there:
        words.append("with " + " and ".join(there))
    if absent:
        words.append(_absence(absent, bool(there), rng))
    return " ".join(words)


def _absence(names, but, rng):
    """In words that rings, moons or both are not there; `but` where a caption has said what is there."""
    if len(names) == 2:
        choices = ["alone", "without rings or moons", "with no rings and no moons", "all by itself"]
    elif but:
        choices = [f"but no {names[0]}", f"and no {names[0]}", f"but without {names[0]}"]
    else:
        choices = [f"without {names[0]}", f"with no {names[0]}"]
    return _pick(choices, rng)


def _few_words(scene, rng):
    """A word or two of the scene: a colour, a kind, a figure, a style. Negative prompts are like that."""
    untold = ("no ", "medium", "nobody", "plain")
    names = [name for name in scene if name not in ("view", "sky") and not scene[name].startswith(untold)]
    name = _pick(names, rng) if names else "view"
    if name == "view":
        return "a planet" if scene["view"] == "space" else "a landscape"
    words = _say(scene[name], rng)
    if name == "style":
        words = words.removesuffix(" of")
    if name == "kind" and rng.random() < 0.4:
        words = _pick(PLANETS, rng)
    if name == "figure" and scene["figure"] != "rocket" and rng.random() < 0.25:
        words = _pick(BEINGS, rng)
    bare = words.removeprefix("an ").removeprefix("a ")
    for lead in ("on ", "in ", "with ", "under "):
        if rng.random() < 0.5:
            bare = bare.removeprefix(lead)
    if rng.random() < 0.5:
        return bare
    return _article(words) if name == "kind" else words
