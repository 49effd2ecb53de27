"""One script for each file in docs/measured: `python -m measure.NAME` writes docs/measured/NAME.json."""

import os
from pathlib import Path

from helpers.models import ROOT

CACHE = Path(os.environ.get("POCKET_CACHE", ROOT / "training" / "cache"))  # what the trainings left: logs
