"""Does the pocket sound model sound as asked? Pitch, contour, instrument, vowel and consonant, measured.

    python -m measure.sounds           # about three minutes on one core
    python -m measure.sounds --quick   # a smoke run of seconds, into out/ only

For each of three seeds 80 scenes are drawn, and captions that name the note. The sounds are heard by
helpers/sound/hearing.py. Beside them stand true sounds of the same scenes, as they are and after the way to a
spectrogram and back (the ceiling), other scenes' captions (chance), combinations that no training saw, and
captions that say only low, middle or high.
"""

import numpy as np
import torch

from helpers.lesson.measured import save_measured
from helpers.sound.hearing import hear, recognise
from helpers.sound.model import GUIDANCE_SCALE, STEPS, load_sounds, make_sounds, to_spectrogram, to_waves
from measure import arguments
from worlds import sounds as world

SCALES = (1.0, 2.0, 3.0, 5.0)
SEEDS, SCENES = (0, 1, 2), 80


def draw(seed, count, held_out=False):
    """`count` scenes, seen in training or held out, from one seed."""
    rng, scenes = np.random.default_rng((12, seed, held_out)), []
    while len(scenes) < count:
        scene = world.sample_scene(rng)
        scenes += [scene] * (world.held_out(scene) == held_out)
    return scenes, rng


def made(components, captions, seed, guidance_scale=GUIDANCE_SCALE):
    """Waveforms of captions, each from a noise of its own."""
    seeds = range(1000 * seed, 1000 * seed + len(captions))
    return to_waves(make_sounds(components, captions, list(seeds), STEPS, guidance_scale))


def listen(waves):
    """What there is to hear in each sound: (pitch and contour, the scene that it is most similar to)."""
    heard = [hear(wave) for wave in waves]
    return [(each, recognise(wave, each) or {}) for wave, each in zip(waves, heard)]


def compared(listened, scenes):
    """Of each sound: cents from the pitch asked for, and whether contour, kind, vowel and onset are right."""
    found = []
    for (heard, seen), scene in zip(listened, scenes):
        cents = float(np.nan_to_num(100 * abs(heard["pitch"] - scene["pitch"]), nan=9999))
        right = {name: seen.get(name) == scene[name] for name in ("kind", "vowel", "onset") if name in scene}
        found.append({"cents": cents, "contour": heard["contour"] == scene["contour"], **right})
    return found


def summary(found):
    """Shares and the median error of many sounds' marks, and of how many."""
    cents = np.array([each["cents"] for each in found])
    result = {
        "count": len(found),
        "median_cents": float(np.median(cents)),
        "semitone": float(np.mean(cents < 100)),
        "half_semitone": float(np.mean(cents < 50)),
    }
    for name in ("contour", "kind", "vowel", "onset"):
        told = [each[name] for each in found if name in each]
        result[name] = float(np.mean(told)) if told else None
    return result


def main(quick=False):
    seeds, count, scales = (SEEDS[:1], 6, SCALES[:1]) if quick else (SEEDS, SCENES, SCALES)
    torch.set_num_threads(1)
    components, rows, registers = load_sounds(), {}, []
    for seed in seeds:
        scenes, rng = draw(seed, count)
        true = np.stack([world.synthesise(scene, rng) for scene in scenes])
        captions = [world.caption(scene, rng, "note", whole=True) for scene in scenes]
        rows.setdefault("true sounds", []).extend(compared(listen(true), scenes))
        rows.setdefault("there and back", []).extend(compared(listen(to_waves(to_spectrogram(true))), scenes))
        for scale in scales:
            listened = listen(made(components, captions, seed, scale))
            rows.setdefault(f"w = {scale:g}", []).extend(compared(listened, scenes))
            if scale == GUIDANCE_SCALE:  # the same sounds, held against another scene's caption
                other = [scenes[i] for i in np.roll(np.arange(len(scenes)), 1)]
                rows.setdefault("other captions", []).extend(compared(listened, other))
        scenes, rng = draw(seed, count // 2, held_out=True)
        captions = [world.caption(scene, rng, "note", whole=True) for scene in scenes]
        rows.setdefault("held out", []).extend(compared(listen(made(components, captions, seed)), scenes))
        scenes, rng = draw(seed + 10, count // 2)
        captions = [world.caption(scene, rng, "register", whole=True) for scene in scenes]
        for wave, scene in zip(made(components, captions, seed), scenes):
            registers.append(abs(hear(wave)["pitch"] - (scene["pitch"] // 12 * 12 + 5.5)) < 6.5)
        print(f"seed {seed} is done", flush=True)
    results = {
        "guidance_scale": GUIDANCE_SCALE,
        "steps": STEPS,
        "seeds": len(seeds),
        "register": {"count": len(registers), "right": float(np.mean(registers))},
        "rows": {name: summary(found) for name, found in rows.items()},
    }
    for name, row in results["rows"].items():
        print(f"{name:15}", {key: value if value is None else round(value, 3) for key, value in row.items()})
    print(results["register"])
    save_measured("sounds", results, quick)


if __name__ == "__main__":
    main(arguments(__doc__, "6 scenes").quick)
