"""How models/pocket-planets was made: data, tokenizer, clip, vae, latents, decoder, unet, cooled; judge, evaluate."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("POCKET_CACHE", ROOT / "training" / "cache"))  # pictures, checkpoints, samples
MODELS = Path(os.environ.get("POCKET_MODELS", ROOT / "models"))  # what the stages write for everybody else
