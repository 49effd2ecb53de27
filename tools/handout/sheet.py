"""The loop and the formulas on one page of A4, as a PDF: to lie beside the keyboard.

The code is notebook 05's own, taken from it when the page is made.
"""

from pathlib import Path

import nbformat
from matplotlib import rc_context
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from helpers.show.style import GRID, GUIDANCE, INK, MUTED, NOISE, PREDICTION, SIGNAL, styled

NOTEBOOK = Path(__file__).resolve().parent.parent.parent / "notebooks" / "05_the_denoising_loop.ipynb"
WIDTH, HEIGHT = 595.28, 841.89  # points: A4
MARGIN = 36  # points, of paper that no printer cuts
SMALL, CODE, FORMULA, HEADING, TITLE = 9.5, 9, 13.5, 12, 20  # points; an index of a formula is 0.7 of it
FIRST_LINE = "def denoise("

BEFORE = (
    ("Before it", "text_embeddings: those of the empty prompt, then those of the prompt (notebook 03)"),
    ("", "latents: torch.randn, from a torch.Generator with the seed (notebooks 00 and 05)"),
    (
        "After it",
        "vae.decode(latents / vae.config.scaling_factor), then from −1 … 1 to 0 … 255 (notebook 02)",
    ),
)
# What it is for, its notebook, its colour, the formula or two lines of words, its source.
FORMULAS = (
    ("Noise, in one line", "01", NOISE,
     r"$x_t=\sqrt{\bar\alpha_t}\,x_0+\sqrt{1-\bar\alpha_t}\;\epsilon$",
     "Ho et al. 2020, equation 4,", "arXiv:2006.11239"),
    ("What is learned", "10", NOISE,
     r"$L=\mathrm{E}\,\|\,\epsilon-\epsilon_\theta(x_t,t,c)\,\|^2$",
     "Ho et al. 2020, equation 14;", "the prompt c is added here"),
    ("Guidance", "07", GUIDANCE,
     r"$\hat\epsilon=\epsilon_\varnothing+w\,(\epsilon_c-\epsilon_\varnothing)$",
     "Ho & Salimans 2022, equation 6;", "their w is ours − 1. arXiv:2207.12598"),
    ("Predicted picture", "05", PREDICTION,
     r"$\hat x_0=(x_t-\sqrt{1-\bar\alpha_t}\;\hat\epsilon)\;/\,\sqrt{\bar\alpha_t}$",
     "Ho et al. 2020, equation 15,", "arXiv:2006.11239"),
    ("DDIM: from t to s", "06", SIGNAL,
     r"$x_s=\sqrt{\bar\alpha_s}\,\hat x_0+\sqrt{1-\bar\alpha_s}\;\hat\epsilon$",
     "Song et al. 2020, eq. 12, no noise;", "their α is ᾱ. arXiv:2010.02502"),
    ("DDPM: from t to t − 1", "01", SIGNAL,
     r"$x_{t-1}=(x_t-\beta_t\,\hat\epsilon\,/\sqrt{1-\bar\alpha_t})\;/\,\sqrt{\alpha_t}+\sigma_t\,z$",
     "Ho et al. 2020, equation 11", "and algorithm 2"),
    ("Velocity", "10", PREDICTION,
     r"$v=\sqrt{\bar\alpha_t}\;\epsilon-\sqrt{1-\bar\alpha_t}\,x_0$",
     "Salimans & Ho 2022,", "arXiv:2202.00512"),
    ("Begin with a picture", "09", NOISE,
     "Encode it, add noise as in the first line,\nand run the last int(strength × steps) steps.",
     "Meng et al. 2021 (SDEdit),", "arXiv:2108.01073"),
)  # fmt: skip
LETTERS = (
    (r"$x_0$", "clean latents", r"$\epsilon,\ z$", "Gaussian noise: mean 0, variance 1"),
    (r"$x_t$", "latents at timestep t: 0 clean, 999 noise", r"$\epsilon_\theta$", "the U-Net's answer"),
    (r"$s$", "the next timestep, less than t", r"$\epsilon_c$", "its answer for the prompt c"),
    (r"$\alpha_t$", "1 − β; β: variance of one small step's noise", r"$\epsilon_\varnothing$",
     "for the empty or a negative prompt"),
    (r"$\bar\alpha_t$", "product of all α up to t: variance left of the picture",
     r"$\hat\epsilon,\ \hat x_0$", "with a hat: predicted"),
    (r"$w$", "guidance scale; 1: the prompt's answer alone", r"$\sigma_t$", "size of DDPM's new noise: √β"),
)  # fmt: skip


def loop(notebook=NOTEBOOK):
    """The source of the notebook's cell that defines the loop. Raises ValueError if there is not just one."""
    cells = nbformat.read(notebook, as_version=4).cells
    found = [c.source for c in cells if c.cell_type == "code" and FIRST_LINE in c.source]
    if len(found) != 1:
        raise ValueError(f"{Path(notebook).name} has {len(found)} cells with `{FIRST_LINE}`: one is needed.")
    return found[0]


def page(code):
    """The page as a Matplotlib figure; `code` is the loop's."""
    with styled():
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), facecolor="white")
        FigureCanvasPdf(figure)

        def write(x, y, words, size=SMALL, **style):
            """Words whose first line stands `y` points below the page's upper edge, `x` from the left."""
            style = {"color": INK, "ha": "left", "va": "baseline"} | style
            figure.text(x / WIDTH, 1 - y / HEIGHT, words, fontsize=size, parse_math="$" in words, **style)

        def rule(y):
            figure.add_artist(_line(y))

        write(MARGIN, 58, "The denoising loop", TITLE, fontweight="bold")
        write(WIDTH - MARGIN, 58, "Diffusion and Denoising, notebook 05", color=MUTED, ha="right")

        lines = code.split("\n")
        top, line = 74, 13
        bottom = top + line * len(lines) + 12
        figure.add_artist(_box(top, bottom))
        for i, each in enumerate(lines, 1):
            write(MARGIN + 8, top + 4 + line * i, each, CODE, family="DejaVu Sans Mono")

        y = bottom + 22
        for name, words in BEFORE:
            write(MARGIN, y, name, fontweight="bold")
            write(MARGIN + 56, y, words)
            y += 15

        y += 16
        write(MARGIN, y, "The formulas", HEADING, fontweight="bold")
        for name, number, colour, formula, source, more in FORMULAS:
            y += 12
            rule(y)
            write(MARGIN, y + 17, name, fontweight="bold", color=colour)
            write(MARGIN, y + 30, f"notebook {number}", color=MUTED)
            if "$" in formula:
                write(MARGIN + 118, y + 25, formula, FORMULA)
            else:
                for below, words in zip((17, 30), formula.split("\n")):
                    write(MARGIN + 118, y + below, words)
            write(WIDTH - MARGIN, y + 17, source, color=MUTED, ha="right")
            write(WIDTH - MARGIN, y + 30, more, color=MUTED, ha="right")
            y += 28

        y += 34
        write(MARGIN, y, "The letters", HEADING, fontweight="bold")
        y += 4
        for left, meaning, right, other in LETTERS:
            y += 18
            write(MARGIN, y, left, FORMULA)
            write(MARGIN + 32, y, meaning)
            write(MARGIN + 290, y, right, FORMULA)
            write(MARGIN + 338, y, other)
    return figure


def _line(y):
    return Line2D([MARGIN / WIDTH, 1 - MARGIN / WIDTH], [1 - y / HEIGHT] * 2, color=GRID, linewidth=0.8)


def _box(top, bottom):
    corner, size = (MARGIN / WIDTH, 1 - bottom / HEIGHT), (1 - 2 * MARGIN / WIDTH, (bottom - top) / HEIGHT)
    return FancyBboxPatch(corner, *size, boxstyle="square,pad=0", facecolor="#F7F7F5", edgecolor=GRID)


def write(path, notebook=NOTEBOOK):
    """Write the page to `path`, a PDF with its text as text; the same notebook gives the same file."""
    figure = page(loop(notebook))
    about = {"Title": "The denoising loop", "CreationDate": None}
    # Type 3, not 42: Matplotlib would declare Inter's outlines, which are CFF, as TrueType.
    with styled(), rc_context({"pdf.fonttype": 3}):
        figure.savefig(path, format="pdf", metadata=about, facecolor="white")
