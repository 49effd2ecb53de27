"""The world of sounds: tones and syllables made by code from scenes of a few attributes, and their captions.

A scene is a dict: `kind`, `pitch` (a MIDI note number: 69 is A4, 440 Hz, and 12 are an octave), `contour`,
and, for a voice, `vowel` and `onset`. All sounds are sums of sinusoids. The voice is a formant synthesiser
(Klatt 1980, doi:10.1121/1.383940): harmonics of a buzz, each as loud as the resonances of a mouth make it.
Nothing is recorded.
"""

import numpy as np

RATE = 8000  # samples a second
SAMPLES = 8192  # of one sound: 1.02 seconds
KINDS = ("whistle", "reed", "string", "bell", "voice")
CONTOURS = ("steady", "rising", "falling", "trembling")
VOWELS = ("ah", "ee", "oo")
ONSETS = ("", "m", "l")
LOWEST, HIGHEST, HIGHEST_VOICE = 48, 83, 71  # C3 (131 Hz), B5 (988 Hz); B4 (494 Hz)
GLIDE = 7  # semitones, a fifth, that a rising or falling sound moves in all
VIBRATO, VIBRATO_RATE = 0.8, 5.5  # semitones up and down, times a second
NAMES = ("C", "C sharp", "D", "D sharp", "E", "F", "F sharp", "G", "G sharp", "A", "A sharp", "B")
FLATS = {
    "C sharp": "D flat",
    "D sharp": "E flat",
    "F sharp": "G flat",
    "G sharp": "A flat",
    "A sharp": "B flat",
}
# Mean formants of men, in Hz: Peterson & Barney 1952 (doi:10.1121/1.1906875), table II. M and l are rough.
FORMANTS = {
    "ah": (730, 1090, 2440),
    "ee": (270, 2290, 3010),
    "oo": (300, 870, 2240),
    "m": (250, 1100, 2200),
    "l": (360, 1300, 2700),
}
BANDWIDTHS = (80, 100, 140)  # Hz
BELL = np.array([1, 2, 3.01, 4.17, 5.43])  # its partials' frequencies, over the pitch
HELD_OUT_CONTOUR = ("bell", "rising")  # a combination that no training sees
WORDS = {
    "whistle": ("whistle", "pure tone", "flute"),
    "reed": ("reed", "reedy tone", "clarinet"),
    "string": ("string", "plucked string", "guitar string"),
    "bell": ("bell", "chime", "bell"),
    "voice": ("voice", "singer", "voice"),
    "steady": ("steady", "even", ""),
    "rising": ("rising", "climbing", "rising"),
    "falling": ("falling", "sinking", "falling"),
    "trembling": ("trembling", "wobbling", "vibrating"),
}


def hertz(pitch):
    """The frequency of a MIDI note number, which may lie between two notes: 69 is 440 Hz."""
    return 440 * 2 ** ((pitch - 69) / 12)


def note(pitch):
    """The name of a whole MIDI note number, with its octave: 69 is "A4", 61 "C sharp 4"."""
    name, octave = NAMES[pitch % 12], pitch // 12 - 1
    return f"{name} {octave}" if " " in name else f"{name}{octave}"


def held_out(scene):
    """Whether training never sees the scene: about one note in nine of each kind, and rising bells."""
    return (7 * scene["pitch"] + 2 * KINDS.index(scene["kind"])) % 9 == 0 or (
        (scene["kind"], scene["contour"]) == HELD_OUT_CONTOUR
    )


def sample_scene(rng):
    """A random scene, drawn by a NumPy generator; held-out ones too."""
    kind = KINDS[rng.choice(5, p=(0.16, 0.16, 0.16, 0.16, 0.36))]
    scene = {"kind": kind, "contour": CONTOURS[rng.choice(4, p=(0.4, 0.2, 0.2, 0.2))]}
    low = LOWEST + GLIDE * (scene["contour"] == "falling")  # lower than C3 nothing falls
    scene["pitch"] = int(rng.integers(low, (HIGHEST_VOICE if kind == "voice" else HIGHEST) + 1))
    if kind == "voice":
        scene |= {"vowel": VOWELS[rng.integers(3)], "onset": ONSETS[rng.integers(3)]}
    return scene


def pitch_curve(scene, seconds):
    """The pitch (MIDI, with fractions) at each of an array of times in seconds from the sound's beginning."""
    along = np.clip(seconds * RATE / SAMPLES, 0, 1)
    bend = {
        "steady": 0 * along,
        "rising": GLIDE * along,
        "falling": -GLIDE * along,
        "trembling": VIBRATO * np.sin(2 * np.pi * VIBRATO_RATE * seconds),
    }[scene["contour"]]
    return scene["pitch"] + bend


def synthesise(scene, rng):
    """The sound of a scene, float32 (8192,) from -1 to 1; loudness, timbre and beginning vary with `rng`."""
    seconds = np.arange(SAMPLES) / RATE
    frequency = hertz(pitch_curve(scene, seconds))
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    since = np.maximum(seconds - rng.uniform(0.01, 0.06), 0)  # the sound's own beginning
    ratios, loudness = partials(scene, frequency, since)
    loudness = loudness * (10 ** rng.uniform(-0.1, 0.1, len(ratios)))[:, None]  # 2 dB up or down
    turns = rng.uniform(0, 2 * np.pi, len(ratios))
    wave = (loudness * np.sin(np.float32(ratios[:, None] * phase + turns[:, None]))).sum(0)
    wave *= np.clip(since / 0.02, 0, 1) * np.clip((seconds[-1] - seconds) / 0.05, 0, 1)  # no clicks
    return (wave / np.abs(wave).max() * 10 ** rng.uniform(-0.3, 0)).astype(np.float32)


def partials(scene, frequency, since):
    """What a sound consists of: each sinusoid's frequency over the pitch (P,), its loudness (P, samples)."""
    kind = scene["kind"]
    count = int(0.48 * RATE / frequency.max())  # none reaches half the rate
    k = np.arange(1, count + 1.0)
    steady = np.ones_like(since)
    if kind == "whistle":
        return k[:1], steady[None]
    if kind == "reed":  # odd harmonics, as in a square wave
        return k[::2], steady / k[::2, None]
    if kind == "string":  # all harmonics; the higher, the sooner gone
        return k, np.exp(-since * (1.5 + 0.8 * k[:, None])) / k[:, None]
    if kind == "bell":  # partials that aren't harmonic
        ratios = BELL[BELL * frequency.max() < 0.48 * RATE, None]
        return ratios[:, 0], np.exp(-since * (1 + 1.5 * ratios)) / ratios
    vowel, onset = scene["vowel"], scene["onset"]
    blend = np.clip((since - 0.1) / 0.05, 0, 1) if onset else steady  # 0: the consonant, 1: the vowel
    heard = (k[:, None] * frequency).astype(np.float32)
    loudness = (steady / k[:, None]).astype(np.float32)
    for i, width in enumerate(BANDWIDTHS):
        centre = blend * FORMANTS[vowel][i] + (1 - blend) * FORMANTS[onset or vowel][i]
        if i and onset == "m":
            loudness *= (0.5 + 0.5 * blend).astype(np.float32)  # closed lips let little through
        square = (centre**2).astype(np.float32)
        loudness *= square / np.sqrt((square - heard**2) ** 2 + (width * heard) ** 2)
    return k, loudness


def caption(scene, rng, told=None, whole=False):
    """A caption in varied words, drawn by a NumPy generator.

    `told` says how the pitch is named: "note", "register" (low ...), "both" or "nothing"; at random
    if left out. One caption in ten leaves the contour out, unless `whole`.
    """

    def pick(name):
        return WORDS[name][rng.integers(3)]

    pitch, kind = scene["pitch"], scene["kind"]
    thing, contour = pick(kind), pick(scene["contour"])
    if kind == "whistle" and pitch < 60:
        thing = ("hum", "pure tone", "hum")[rng.integers(3)]
    if kind == "voice":
        thing += (" says ", " singing ", " saying ")[rng.integers(3)] + syllable(scene)
    register = ("low", "high" if kind == "voice" else "middle", "high")[min((pitch - 48) // 12, 2)]
    told = told or rng.choice(("note", "both", "register", "nothing"), p=(0.45, 0.2, 0.25, 0.1))
    before = [register] * (told in ("both", "register")) + [contour] * (rng.random() < 0.9 or whole)
    name = note(pitch)
    for sharp, flat in FLATS.items():
        if rng.random() < 0.4:
            name = name.replace(sharp, flat)
    if rng.random() < 0.5:
        name = name.replace(" sharp ", "#").replace(" flat ", "b")
    words = " ".join(word for word in before if word)
    start = {"rising": "from", "falling": "from"}.get(scene["contour"], "on")
    ending = f" {start} {name}" if told in ("note", "both") else ""
    if kind == "voice" and words and rng.random() < 0.5:
        thing, words = thing.replace(" ", f", {words}, ", 1), ""  # a voice, low and rising, says ah
    text = " ".join(part for part in (words, thing) if part) + ending
    article = ("an " if text[0] in "aeiou" else "a ") if rng.random() < 0.9 else ""
    return article + text


def syllable(scene):
    """What a voice says: "ah", "moo", "lee" ..."""
    onset, vowel = scene["onset"], scene["vowel"]
    return onset + {"ah": "a"}.get(vowel, vowel) if onset else vowel
