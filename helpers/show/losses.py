"""The curve of a training's loss. It is drawn anew every two seconds, so without Matplotlib."""

import html

import numpy as np

from helpers.show import page
from helpers.show.style import INK, MUTED, PAPER, PREDICTION, SMALLEST

WIDTH, HEIGHT, LEFT, RIGHT, FOOT, TOP = 680, 190, 60, 160, 34, 26
LETTER = 0.55 * SMALLEST  # pixels, on average
ROOM = f"max-width: 100%; height: auto; aspect-ratio: {WIDTH} / {HEIGHT}"  # kept until the picture is there


def curve(losses, count, name=""):
    """The losses so far as an <img>: single batches, and their running mean, which ends in its `name`.

    It is a picture of its own, because GitHub's preview, for one, drops an <svg> that stands in HTML.
    """
    losses = np.asarray(losses, dtype=float)
    top = losses.max() if len(losses) else 1.0
    width = max(1, len(losses) // 20)
    smooth = np.convolve(losses, np.ones(width) / width, mode="valid") if len(losses) else losses
    right, foot = WIDTH - RIGHT, HEIGHT - FOOT

    def places(values, first=0):
        x = LEFT + (np.arange(len(values)) + first) / max(count - 1, 1) * (right - LEFT)
        return x, TOP + (1 - values / top) * (foot - TOP)

    def line(x, y, colour, thickness):
        every = max(1, len(x) // 400)
        points = " ".join(f"{a:.0f},{b:.0f}" for a, b in list(zip(x, y))[::every])
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{thickness}"/>'

    def text(x, y, what, colour=INK, anchor="start", weight="normal"):
        style = f'fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
        return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{html.escape(what)}</text>'

    parts = [
        text(LEFT - 8, TOP + 6, f"{top:.2g}", anchor="end"),
        text(LEFT - 8, (TOP + foot) / 2 + 6, "loss", anchor="end"),
        text(LEFT - 8, foot, "0", anchor="end"),
        text(LEFT, HEIGHT - 10, "step 0"),
        text(right, HEIGHT - 10, f"step {count}", anchor="end"),
    ]
    alt = f"{name}: the loss" if name else "The loss"
    alt += f" after {len(losses)} of {count} steps"
    if len(losses):
        (x, y), mean = places(losses), places(smooth, width // 2)
        parts += [line(x, y, MUTED, 0.6), line(*mean, PREDICTION, 2.5)]
        end, height = x[-1] + 8, np.clip(mean[1][-1], TOP + 14, foot - 16)
        parts += [
            text(end, height - 3, name, PREDICTION, weight="bold"),
            text(end, height + 15, f"mean {smooth[-1]:.3g}", PREDICTION),
        ]
        words = "single batches"
        middle = LEFT + 0.6 * (x[-1] - LEFT)
        below = np.abs(x - middle) < len(words) * LETTER / 2  # what the words stand over
        if width > 1 and x[below].size and np.ptp(x) > 2 * len(words) * LETTER:
            parts += [text(middle, y[below].min() - 6, words, MUTED, "middle")]
        alt += f"; its running mean goes from {smooth[0]:.3g} to {smooth[-1]:.3g}"
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="Inter, Helvetica, sans-serif" font-size="{SMALLEST}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="12" fill="{PAPER}"/>'
        f'<polyline points="{LEFT},{TOP} {LEFT},{foot} {right},{foot}" fill="none" stroke="{MUTED}"/>'
        f"{''.join(parts)}</svg>"
    )
    return page.image(drawn.encode(), "svg+xml", WIDTH, f"{alt}.", ROOM)
