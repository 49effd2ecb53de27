"""The series' own drawings, files in images/."""

import os
from pathlib import Path

from IPython.display import display

from helpers.errors import InputError, check_alt, check_text, quoted
from helpers.show.page import Shown
from helpers.show.style import WIDE

IMAGES = Path(__file__).resolve().parents[2] / "images"


def show_diagram(name, alt):
    """Show images/NAME.svg, one of the series' own drawings."""
    check_alt(alt)
    file = IMAGES / f"{check_text(name, 'The name of a drawing')}.svg"
    if not os.path.isfile(file):  # also of names that no file can have
        raise InputError(f"There is no drawing {quoted(name)}: look into images/ for the names.")
    display(Shown(file.read_bytes(), "svg+xml", WIDE, alt))
