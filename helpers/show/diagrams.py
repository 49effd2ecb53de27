"""The series' own drawings, files in images/."""

from pathlib import Path

from IPython.display import display

from helpers.errors import InputError, check_alt
from helpers.show.page import Shown
from helpers.show.style import WIDE

IMAGES = Path(__file__).resolve().parents[2] / "images"


def show_diagram(name, alt):
    """Show images/NAME.svg, one of the series' own drawings."""
    check_alt(alt)
    file = IMAGES / f"{name}.svg"
    if not file.is_file():
        raise InputError(f"There is no drawing images/{name}.svg: look into images/ for the names.")
    display(Shown(file.read_bytes(), "svg+xml", WIDE, alt))
