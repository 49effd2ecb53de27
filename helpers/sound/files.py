"""Sounds in files: WAV files of your own as the waveforms that the model takes."""

from math import gcd

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from helpers.errors import InputError, check_path, quoted
from worlds.sounds import RATE, SAMPLES

LEAST = SAMPLES // 4  # of a piece at the end; a shorter rest is left out


def read_sounds(folder):
    """A folder's WAV files in pieces of one second, float32 (B, 8192) from -1 to 1, at 8000 samples a second.

    Channels are averaged; each file's loudest moment becomes 0.7; the last piece is filled up with silence.
    Raises InputError where there is no WAV file, where one can't be read, or where one is silent.
    """
    folder = check_path(folder)
    files = sorted(file for file in folder.glob("*") if file.suffix.lower() == ".wav" and file.is_file())
    if not files:
        raise InputError(f"No WAV file is in {quoted(folder.name)}: put files that end in .wav there.")
    return np.concatenate([_pieces(file) for file in files])


def _pieces(file):
    try:
        rate, wave = wavfile.read(file)
        if rate < 1:
            raise ValueError("no samples a second")
    except Exception as error:  # of a broken file: whatever its reader stumbles over
        cure = "save it as a WAV file of 16 bits again"
        raise InputError(f"{quoted(file.name)} can't be read: {cure}.") from error
    kind, wave = wave.dtype, wave.astype(np.float64)
    if kind == np.uint8:  # the one kind of whole numbers in which silence is not 0
        wave -= 128
    wave = wave if wave.ndim == 1 else wave.mean(1)
    if len(wave) and np.isfinite(wave).all():
        shared = gcd(rate, RATE)
        wave = resample_poly(wave, RATE // shared, rate // shared)
    if len(wave) < LEAST or not np.isfinite(wave).all() or not np.abs(wave).max():
        raise InputError(
            f"{quoted(file.name)} is silent, damaged or shorter than a quarter of a second: take it out."
        )
    wave = (0.7 * wave / np.abs(wave).max()).astype(np.float32)
    pieces = [wave[start : start + SAMPLES] for start in range(0, len(wave), SAMPLES)]
    return np.stack([np.pad(p, (0, SAMPLES - len(p))) for p in pieces if len(p) >= LEAST])
