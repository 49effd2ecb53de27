"""`python -m tools.picture "an astronaut on mars"`: a prompt on the command line becomes a PNG file."""

import argparse
import os
import re
import sys
import time
import unicodedata
import warnings
from pathlib import Path

from helpers.errors import InputError, ModelError, check_guidance, check_prompt, check_seed, check_steps


def read_arguments(arguments):
    """Parse the command line; the prompt may also stand in the environment variable PROMPT."""
    parser = argparse.ArgumentParser(prog="python -m tools.picture", description=__doc__)
    parser.add_argument("prompt", nargs="?", default=os.environ.get("PROMPT", ""))
    parser.add_argument("--seed", type=int, default=0, help="another seed, another picture (default 0)")
    parser.add_argument("--model", default="pocket", help='"pocket" (default), "full", or a model folder')
    parser.add_argument("--steps", type=int, help="denoising steps, 1 to 1000 (default: the model's)")
    parser.add_argument("--guidance", type=float, help="how closely to follow the prompt, 0 up")
    parser.add_argument("--negative", default="", help="what to keep out of the picture")
    parser.add_argument("--out", type=Path, help="the PNG file to write (default: out/PROMPT-SEED.png)")
    return parser.parse_args(arguments)


def file_name(prompt, seed):
    """A safe file name: "An astronaut, on Mars!" with seed 0 becomes an-astronaut-on-mars-0.png."""
    plain = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")
    return f"{words or 'picture'}-{seed}.png"


def paint(options):
    """Paint and save one picture; the line that says where, how long it took and with which model."""
    check_prompt(options.prompt)  # what can be checked without torch is checked at once
    check_seed(options.seed)
    if options.steps is not None:
        check_steps(options.steps)
    if options.guidance is not None:
        check_guidance(options.guidance)
    out = options.out or Path("out") / file_name(options.prompt, options.seed)
    if out.suffix.lower() != ".png":
        raise InputError(f"The picture is written as PNG: let the file name {out.name} end in .png.")

    from helpers.denoising import generate
    from helpers.models import FULL, POCKET, load_components, settings

    model = {"pocket": POCKET, "full": FULL}.get(options.model, options.model)
    chosen = settings(model)
    if options.steps is not None:
        chosen["num_inference_steps"] = options.steps
    if options.guidance is not None:
        chosen["guidance_scale"] = options.guidance

    start = time.perf_counter()
    components = load_components(model)
    loaded = time.perf_counter()
    [picture] = generate(
        components, options.prompt, options.seed, negative_prompts=options.negative, **chosen
    )
    painted = time.perf_counter()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        picture.save(out)
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"{out} can't be written ({why}): choose another place with --out.") from error
    return (
        f"Wrote {out.as_posix()} in {painted - loaded:.1f} s (and {loaded - start:.1f} s to load) "
        f"with {model}, {chosen['num_inference_steps']} steps, guidance {chosen['guidance_scale']:g}, "
        f"seed {options.seed}, on {components.unet.device.type}."
    )


def main(arguments=None):
    """Run the command; 0 if a picture was written, 2 after one clear sentence if not."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)  # no code, no path
            print(paint(read_arguments(arguments)))
    except (InputError, ModelError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
