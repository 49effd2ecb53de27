"""Sounds in a notebook: a player with a text for those who can't hear, and spectrograms beside it."""

import base64
import html
import io
import wave

import numpy as np
from IPython.display import display
from PIL import Image

from helpers.errors import (
    InputError,
    as_list,
    as_text,
    check_alt,
    check_array,
    check_number,
    check_tensor,
    check_whole,
)
from helpers.show.page import Page
from helpers.show.plotting import INK, SIGNAL, panels, show_chart
from helpers.show.style import LABEL, POINTS
from helpers.sound.model import BANDS, FLOOR, FRAMES, MIDDLE, SPREAD, band_edges, mel
from worlds.sounds import RATE, SAMPLES

ONE, MOST_RATE = f"1, {BANDS}, {FRAMES}", 384_000  # the shape of one spectrogram; samples a second
WHITE, BLACK = (FLOOR - MIDDLE) / SPREAD, (-8 - MIDDLE) / SPREAD  # in a spectrogram


class Player(Page):
    """A sound on its way to the cell's output: a player under its text for browsers, the text elsewhere."""

    def __init__(self, data, alt):
        source, text = f"data:audio/wav;base64,{base64.b64encode(data).decode()}", html.escape(alt)
        player = f'<audio controls aria-label="{text}" src="{source}"></audio>'
        super().__init__(f'<div aria-hidden="true">{text}</div>{player}', alt)


def play(waveform, rate, alt):
    """Show a player for one waveform (samples,), numbers from -1 to 1, under what is to be heard, `alt`."""
    check_alt(alt)
    display(Player(to_wav(waveform, rate), alt))


def to_wav(waveform, rate):
    """The bytes of a WAV file of one channel and 16 bits. Raises InputError for what no sound can be."""
    waveform = check_array(waveform, "A waveform, one sound,", "samples").astype(np.float64)
    rate = check_whole(rate, "The rate, in samples a second,", most=MOST_RATE)
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((waveform.clip(-1, 1) * 32767).round().astype("<i2").tobytes())
    return packed.getvalue()


def picture(spectrogram):
    """One log-mel spectrogram (1, 64, 32) as a PIL picture: low notes at the bottom, dark is loud."""
    check_tensor(spectrogram, "A spectrogram", ONE)
    grey = (BLACK - spectrogram[0].flip(0).cpu().numpy()) / (BLACK - WHITE)
    small = Image.fromarray((255 * grey.clip(0, 1)).round().astype(np.uint8))
    return small.resize((256, 256), Image.NEAREST).convert("RGB")


def show_spectrograms(spectrograms, titles, alt, title="", columns=3, marked=None):
    """Show log-mel spectrograms (B, 1, 64, 32), each under its title: seconds across, Hz up, dark is loud.

    `marked` lists, for each, frequencies in Hz that an arrowhead at the right edge points to.
    """
    check_alt(alt)
    spectrograms, titles = as_list(spectrograms, "spectrograms"), as_list(titles, "titles")
    for spectrogram in spectrograms:
        check_tensor(spectrogram, "Each spectrogram", ONE)
    if not titles or len(spectrograms) != len(titles):
        raise InputError(f"{len(spectrograms)} spectrograms have {len(titles)} titles: give each one title.")
    if marked is not None:
        marked = [_frequencies(each) for each in as_list(marked, "marked")]
        if len(marked) != len(titles):
            raise InputError(f"{len(titles)} spectrograms have {len(marked)} lists of marks: give each one.")
    columns = min(check_whole(columns, "The number of columns"), len(titles))
    title = as_text(title, "A title")
    rows = -(-len(titles) // columns)
    figure, found = panels(len(titles), title, columns, 70 + 50 * bool(title) + 220 * rows)
    edges = mel(band_edges())
    ticks = [250, 500, 1000, 2000, 3000]
    for i, (axes, spectrogram, name) in enumerate(zip(found, spectrograms, titles)):
        pixels, sides = spectrogram[0].cpu().numpy(), (0, SAMPLES / RATE, 0.5, BANDS + 0.5)
        axes.imshow(pixels, origin="lower", aspect="auto", cmap="Greys", extent=sides, vmin=WHITE, vmax=BLACK)
        axes.set_title(name, fontsize=LABEL * POINTS, weight="normal", loc="left")
        first, last = i % columns == 0, i + columns >= len(titles)
        axes.set(
            yticks=np.interp(mel(ticks), edges, np.arange(BANDS + 2)),
            yticklabels=ticks if first else [],
            ylabel="Hz (mel scale)" if first else "",
            xticks=[0, 0.5, 1],
            xticklabels=[0, 0.5, 1] if last else [],
            xlabel="seconds" if last else "",
            xlim=(0, SAMPLES / RATE),
            ylim=(0.5, BANDS + 0.5),
        )
        heights = np.interp(mel(marked[i] if marked else []), edges, np.arange(BANDS + 2))
        right = np.full(len(heights), 0.985 * SAMPLES / RATE)
        axes.plot(right, heights, "<", markersize=9, color=SIGNAL, markeredgecolor="white")
        axes.grid(visible=False)
        axes.spines[:].set(color=INK, visible=True)
    show_chart(figure, alt)


def _frequencies(marks):
    return [
        check_number(mark, "Each marked frequency", above=0) for mark in as_list(marks, "each of the marks")
    ]
