"""`python -m diffusion_and_denoising "an astronaut on mars" --model FOLDER`: tools/picture.py, installed."""

import sys

from tools.picture import main

if not any(word in ("-h", "--help") or word.startswith("--model") for word in sys.argv[1:]):
    sys.exit("No model is installed: name one with --model, such as a clone's folder models/pocket-planets.")
sys.exit(main())
