"""What a sound is like, measured: its pitch, how the pitch moves, and which thing makes it.

Nothing here is learned. Pitch comes from autocorrelation, the rest from analysis by synthesis: of all sounds
of the world with the pitch and contour that were measured, which one is the most similar?
"""

import numpy as np

from helpers.errors import InputError, check_array
from helpers.sound.model import to_spectrogram
from worlds.sounds import (
    GLIDE,
    HIGHEST,
    KINDS,
    LOWEST,
    ONSETS,
    RATE,
    SAMPLES,
    VIBRATO,
    VOWELS,
    synthesise,
)

FRAME, STEP, FINER = 512, 128, 4  # samples of a measurement, from one to the next; lags are so much finer
LOW, HIGH = 75, 1700  # Hz, between which pitches are looked for
CLEAR = 0.9  # the first peak is taken that is nearly as high as the highest: else pitches are an octave low
SOFT = 0.1  # frames that are softer than this share of the loudest don't count


def pitch_track(wave):
    """(times in seconds, pitches as MIDI numbers, loudness) of the frames of one waveform (samples,).

    By autocorrelation: a sound with a pitch is like itself one period later. How it is normalised, and the
    choice of the peak, are as in McLeod & Wyvill 2005 ("A smarter way to find pitch", ICMC).
    """
    wave = check_array(wave, "A waveform", "samples", finite=False)  # without finite numbers it has no pitch
    if len(wave) < FRAME:
        raise InputError(f"A pitch is heard in {FRAME} samples or more, and here are {len(wave)}: take more.")
    starts = np.arange(0, len(wave) - FRAME + 1, STEP)
    frames = np.stack([wave[start : start + FRAME] for start in starts]).astype(float)
    spectrum = np.abs(np.fft.rfft(frames, 2 * FRAME)) ** 2
    alike = np.fft.irfft(np.pad(spectrum, ((0, 0), (0, FRAME * (FINER - 1)))), 2 * FRAME * FINER) * FINER
    lags = np.arange(RATE * FINER // HIGH, RATE * FINER // LOW)
    energy = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    overlap = energy[:, FRAME - lags // FINER] + energy[:, -1:] - energy[:, lags // FINER]
    alike = 2 * alike[:, lags] / (overlap + 1e-9)
    pitches = np.array([_first_peak(row, lags) for row in alike])
    return (starts + FRAME / 2) / RATE, pitches, np.sqrt((frames**2).mean(1))


def _first_peak(row, lags):
    """The pitch of the first high peak of a normalised autocorrelation; NaN where there is none."""
    peaks = np.flatnonzero((row[1:-1] > row[:-2]) & (row[1:-1] >= row[2:])) + 1
    if not len(peaks):
        return np.nan
    best = peaks[np.flatnonzero(row[peaks] >= CLEAR * row[peaks].max())[0]]
    a, b, c = row[best - 1 : best + 2]
    lag = lags[best] + 0.5 * (a - c) / (a - 2 * b + c)  # the top of a parabola through three points
    return 69 + 12 * np.log2(RATE * FINER / lag / 440)


def hear(wave):
    """{"pitch", "contour"} of a waveform (8192,): a MIDI number, where a glide begins; NaN and "" in silence.

    A line is laid through the pitches by the median of all slopes (Sen 1968, doi:10.2307/2285891). If it is
    steep, the sound glides; else the distances from the middle say whether it trembles.
    """
    times, pitches, loudness = pitch_track(wave)
    clear = (loudness > SOFT * loudness.max()) & np.isfinite(pitches)
    times, pitches = times[clear], pitches[clear]
    if len(times) < 8:
        return {"pitch": np.nan, "contour": ""}
    i, j = np.triu_indices(len(times), 8)
    slope = np.median((pitches[j] - pitches[i]) / (times[j] - times[i]))
    if abs(slope) > GLIDE * RATE / SAMPLES / 2:
        start = float(np.median(pitches - slope * times))
        return {"pitch": start, "contour": "rising" if slope > 0 else "falling"}
    middle = np.median(pitches)
    trembles = np.median(abs(pitches - middle)) > VIBRATO / 4
    near = pitches[abs(pitches - middle) < 2 * VIBRATO]
    if trembles and len(near):  # the middle of a wave is its mean, not its median
        middle = near.mean()
    return {"pitch": float(middle), "contour": "trembling" if trembles else "steady"}


def candidates(pitch, contour):
    """All scenes with that pitch and contour: four instruments, and a voice with nine syllables."""
    tones = [{"kind": kind, "pitch": pitch, "contour": contour} for kind in KINDS if kind != "voice"]
    return tones + [
        {"kind": "voice", "pitch": pitch, "contour": contour, "vowel": vowel, "onset": onset}
        for vowel in VOWELS
        for onset in ONSETS
    ]


def recognise(wave, heard=None):
    """The scene that a waveform (8192,) sounds like, as in worlds/sounds.py; None in silence.

    `heard` is what `hear` said of it, if it was asked before.
    """
    heard = heard or hear(wave)
    if not heard["contour"]:
        return None
    scenes = candidates(np.clip(heard["pitch"], LOWEST - GLIDE, HIGHEST + GLIDE), heard["contour"])
    likely = [synthesise(scene, np.random.default_rng(0)) for scene in scenes]
    pictures = to_spectrogram([wave, *likely])
    return scenes[int((pictures[1:] - pictures[0]).square().mean((1, 2, 3)).argmin())]
