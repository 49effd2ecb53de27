"""Sounds in a notebook: a player with a text for those who can't hear, and spectrograms beside it."""

import base64
import html
import io
import wave

import numpy as np
from IPython.display import display

from helpers.errors import InputError, check_alt
from helpers.show.page import Page
from helpers.show.plotting import INK, SIGNAL, drawing, show_drawing
from helpers.sound.model import BANDS, FLOOR, MIDDLE, SPREAD, band_edges, mel
from worlds.sounds import RATE, SAMPLES


class Player(Page):
    """A sound on its way to the cell's output: a player under its text for browsers, the text elsewhere."""

    def __init__(self, data, alt):
        source, text = f"data:audio/wav;base64,{base64.b64encode(data).decode()}", html.escape(alt)
        player = f'<audio controls aria-label="{text}" src="{source}"></audio>'
        super().__init__(f'<div aria-hidden="true">{text}</div>{player}', alt)
        self.data = data


def play(waveform, rate, alt):
    """Show a player for one waveform (samples,), numbers from -1 to 1, under what is to be heard, `alt`."""
    check_alt(alt)
    display(Player(to_wav(waveform, rate), alt))


def to_wav(waveform, rate):
    """The bytes of a WAV file of one channel and 16 bits. Raises InputError for what no sound can be."""
    waveform = np.asarray(waveform, dtype=np.float64)
    if waveform.ndim != 1 or not len(waveform) or not np.isfinite(waveform).all():
        raise InputError("A waveform is a row of numbers from -1 to 1: give one sound, not several.")
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((waveform.clip(-1, 1) * 32767).round().astype("<i2").tobytes())
    return packed.getvalue()


def show_spectrograms(spectrograms, titles, alt, columns=3, marked=None):
    """Show log-mel spectrograms (B, 1, 64, 32), each under its title: seconds across, Hz up, dark is loud.

    `marked` lists, for each, frequencies in Hz that an arrowhead at the right edge points to.
    """
    if len(spectrograms) != len(titles):
        raise InputError(f"{len(spectrograms)} spectrograms have {len(titles)} titles: give each one title.")
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    figure, first = drawing("", "", "", width=10.4, height=0.6 + 2.3 * rows)
    first.remove()
    edges = mel(band_edges())
    ticks = [250, 500, 1000, 2000, 3000]
    for i, (spectrogram, title) in enumerate(zip(spectrograms, titles)):
        axes = figure.add_subplot(rows, columns, i + 1)
        axes.imshow(
            spectrogram[0].cpu().numpy(),
            origin="lower",
            aspect="auto",
            cmap="Greys",
            extent=(0, SAMPLES / RATE, 0.5, BANDS + 0.5),
            vmin=(FLOOR - MIDDLE) / SPREAD,
            vmax=(-8 - MIDDLE) / SPREAD,
        )
        axes.set_title(title, fontsize=12, loc="left", color=INK)
        at = np.interp(mel(ticks), edges, np.arange(BANDS + 2))
        axes.set(
            yticks=at,
            yticklabels=ticks if i % columns == 0 else [],
            xticks=[0, 0.5, 1],
            xticklabels=[0, 0.5, 1] if i // columns == rows - 1 else [],
            ylim=(0.5, BANDS + 0.5),
        )
        heights = np.interp(mel(marked[i] if marked else []), edges, np.arange(BANDS + 2))
        axes.plot(
            np.full(len(heights), 0.985 * SAMPLES / RATE),
            heights,
            linestyle="none",
            marker="<",
            markersize=9,
            color=SIGNAL,
            markeredgecolor="white",
        )
        axes.set_xlim(0, SAMPLES / RATE)
        axes.tick_params(labelsize=11, colors=INK)
        axes.spines[:].set_color(INK)
    figure.supxlabel("seconds", fontsize=13, color=INK)
    figure.supylabel("Hz (mel scale)", fontsize=13, color=INK)
    show_drawing(figure, alt)
