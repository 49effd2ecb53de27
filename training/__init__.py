"""How models/pocket-planets was made, stage by stage: `python -m training --help` lists them in order."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("POCKET_CACHE", ROOT / "training" / "cache"))  # pictures, checkpoints, samples
MODELS = Path(os.environ.get("POCKET_MODELS", ROOT / "models"))  # what the stages write for everybody else
