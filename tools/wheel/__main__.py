"""`python -m diffusion_and_denoising "an astronaut on mars"`: tools/picture.py, installed.

The model is what --model or DIFFUSION_MODEL names; otherwise the pocket model of the clone around it.
"""

import os
import sys
from pathlib import Path

from tools.picture import main

POCKET = "models/pocket-planets"
chosen = os.environ.get("DIFFUSION_MODEL", "").strip().lower() not in ("", "pocket") or any(
    word in ("-h", "--help") or word.startswith("--model") for word in sys.argv[1:]
)
here = Path.cwd()
near = [each / POCKET for each in (here, *here.parents) if (each / POCKET / "model_index.json").is_file()]
if not (chosen or near):
    sys.exit(
        f"No model is installed: call it inside a clone, which has {POCKET}, or name a model folder with "
        '--model (or "full", Stable Diffusion v1-4, which downloads 5.5 GB).'
    )
sys.exit(main(sys.argv[1:] if chosen else ["--model", str(near[0]), *sys.argv[1:]]))
