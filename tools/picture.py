"""`python -m tools.picture "an astronaut on mars"`: a prompt on the command line becomes a PNG file."""

import argparse
import os
import sys
import time
import unicodedata
import warnings
from pathlib import Path

from helpers.errors import (
    DiskError,
    InputError,
    ModelError,
    check_guidance,
    check_prompt,
    check_seed,
    check_steps,
)
from helpers.machine.disk import write_whole


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise InputError(f"{message[:1].upper()}{message[1:]}: --help lists the options.")


def read_arguments(arguments):
    """Parse the command line. Raises InputError for an option that isn't there."""
    parser = Parser(prog="python -m tools.picture", description=__doc__)
    parser.add_argument("prompt", nargs="?", default="")
    parser.add_argument("--seed", type=number, default=0, help="another seed, another picture (default 0)")
    parser.add_argument(
        "--model",
        default=os.environ.get("DIFFUSION_MODEL") or "pocket",
        help='"pocket" (or what DIFFUSION_MODEL says), "full", a model folder, or "owner/name@commit"',
    )
    parser.add_argument("--no-safety-checker", action="store_true", help="load a model without its checker")
    parser.add_argument("--steps", type=number, help="denoising steps, 1 to 1000 (default: the model's)")
    parser.add_argument("--guidance", type=number, help="how closely to follow the prompt, 0 up")
    parser.add_argument("--negative", default="", help="what to keep out of the picture")
    parser.add_argument("--out", type=Path, help="the PNG file to write (default: out/PROMPT-SEED.png)")
    return parser.parse_args(arguments)


def number(text):
    """The number that a text writes, or the text, for the check to name."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def file_name(prompt, seed):
    """A safe file name: "An astronaut, on Mars!" with seed 0 becomes an-astronaut-on-mars-0.png.

    Letters of every script stay; so do digits. A file system takes 255 bytes, a letter has at most 4.
    """
    text = unicodedata.normalize("NFC", prompt).lower()
    kept = "".join(each if unicodedata.category(each)[0] in "LNM" else " " for each in text)
    words = "-".join(kept.split()).encode()[:60].decode(errors="ignore").rstrip("-")
    return f"{words or 'picture'}-{seed}.png"


def free_place(out, told):
    """`out`, or out-2, out-3, ... where another picture is: one whose file tells of other settings."""
    count, place = 1, out
    while place.exists() and _told(place) != told:
        count += 1
        place = out.with_name(f"{out.stem}-{count}{out.suffix}")
    return place


def _told(file):
    """What a PNG file says that it was painted from; None if it says nothing."""
    from PIL import Image

    try:
        with Image.open(file) as picture:
            return picture.info.get("parameters")
    except OSError:
        return None


def paint(options):
    """Paint and save one picture; the line that says where, how long it took and with which model."""
    prompt, seed = check_prompt(options.prompt), check_seed(options.seed)  # at once, before torch is loaded
    steps = None if options.steps is None else check_steps(options.steps)
    guidance = None if options.guidance is None else check_guidance(options.guidance)
    out = options.out or Path("out") / file_name(prompt, seed)
    if out.suffix.lower() != ".png":
        raise InputError(f"The picture is written as PNG: let the file name {out.name} end in .png.")

    from PIL.PngImagePlugin import PngInfo

    from helpers.denoising import generate
    from helpers.models import chosen as name_of
    from helpers.models import load_components, settings

    model = name_of(options.model)
    chosen = settings(model)
    if steps is not None:
        chosen["num_inference_steps"] = steps
    if guidance is not None:
        chosen["guidance_scale"] = guidance

    start = time.perf_counter()
    components = load_components(model, safety_checker=not options.no_safety_checker)
    loaded = time.perf_counter()
    [picture] = generate(components, prompt, seed, negative_prompts=options.negative, **chosen)
    painted = time.perf_counter()
    used = (
        f"{model}, {chosen['num_inference_steps']} steps, guidance {chosen['guidance_scale']:g}, seed {seed}"
    )
    told, info = f"{prompt}\nNegative prompt: {options.negative}\n{used}", PngInfo()
    info.add_itxt("parameters", told)
    try:
        out = out if options.out else free_place(out, told)  # a place that was named is meant
        write_whole(out, lambda path: picture.save(path, pnginfo=info))
    except DiskError as error:
        raise InputError(f"{str(error)[:-1]}, or give a place with --out.") from error
    return (
        f"Wrote {out.as_posix()} in {painted - loaded:.1f} s (and {loaded - start:.1f} s to load) "
        f"with {used}, on {components.unet.device.type}."
    )


def say(line, stream):
    """Print a line on any console: what its encoding doesn't have, it shows as a number."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(str(line).encode(encoding, "backslashreplace").decode(encoding), file=stream)


def main(arguments=None):
    """Run the command; 0 if a picture was written, 2 after one clear sentence if not, 130 after Ctrl-C."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: say(message, sys.stderr)  # no code, no path
            say(paint(read_arguments(arguments)), sys.stdout)
    except (InputError, ModelError) as error:
        say(error, sys.stderr)
        return 2
    except KeyboardInterrupt:
        say("Stopped: nothing was painted.", sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
