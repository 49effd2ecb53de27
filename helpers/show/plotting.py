"""What notebooks import to show something: pictures, charts and latents, with their colours, from one place.

Each kind has a module that says more: `page` (pictures in HTML), `charting`, `ideas` (charts of ideas),
`marks` (on pictures and words), `motion` (films), `latents`, `diagrams`, `paper` (one picture glued from
several) and `style` (colours, sizes, the font).
"""

from helpers.show.charting import (
    chart,
    chart_picture,
    curves,
    dumbbells,
    interval,
    label_lines,
    panels,
    show_chart,
    small_multiples,
)
from helpers.show.diagrams import IMAGES, show_diagram
from helpers.show.ideas import draw_fields, draw_hill, draw_lever
from helpers.show.latents import colour_map, latent_colours, latent_pictures
from helpers.show.marks import heat, loupe, show_chips, worst_spot
from helpers.show.motion import film, film_pages, show_film
from helpers.show.page import Shown, film_strip, show, show_grid
from helpers.show.paper import grid
from helpers.show.style import (
    CATEGORIES,
    GUIDANCE,
    INK,
    MUTED,
    NOISE,
    PAPER,
    PREDICTION,
    SIGNAL,
)

__all__ = [
    "show", "show_grid", "film_strip", "show_diagram", "grid", "Shown", "IMAGES",
    "chart", "panels", "show_chart", "chart_picture", "label_lines", "interval", "curves",
    "dumbbells", "small_multiples",
    "draw_fields", "draw_hill", "draw_lever",
    "heat", "loupe", "worst_spot", "show_chips", "film", "film_pages", "show_film",
    "latent_pictures", "latent_colours", "colour_map",
    "NOISE", "SIGNAL", "PREDICTION", "GUIDANCE", "CATEGORIES", "INK", "MUTED", "PAPER",
]  # fmt: skip
