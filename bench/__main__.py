"""`python -m bench [PART ...]`: measure how long things take, and write docs/benchmarks.md.

With parts named, only these are measured anew. `--quick` tries everything once and writes into out/ alone.
"""

import argparse
import json
import platform
import sys

import torch

from bench import page
from bench.parts import OPTIONAL, PARTS
from helpers.errors import DiskError
from helpers.lesson.measured import rounded
from helpers.machine.disk import check_open, clear_disk_error, write_json, write_text
from helpers.machine.processor import in_words, machine
from helpers.models import ROOT

FILE = page.PAGE.with_suffix(".json")


def arguments(argv=None):
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these of: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="once each, into out/ alone")
    options = parser.parse_args(argv)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(unknown)}. Choose from: {', '.join(PARTS)}")
    return options


def made():
    """What the figures were measured on, and with."""
    return {
        "machine": in_words(machine()),
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
    }


def main(argv=None):
    """Measure what is asked for; a sentence where the figures can't be written, None where they were."""
    options = arguments(argv)
    try:
        with clear_disk_error(ROOT):
            measure(options)
    except DiskError as error:
        return str(error)


def measure(options):
    file = ROOT / "out" / "bench" / "benchmarks.json" if options.quick else FILE
    results = json.loads(file.read_text(encoding="utf-8"))["results"] if file.is_file() else {}
    check_open(file)
    for name in options.parts or PARTS:
        print(f"{name} ...", flush=True)
        results[name] = rounded(PARTS[name](options.quick))
        write_json(file, {"made": made(), "results": results})
    if set(PARTS) - OPTIONAL <= set(results):
        place = file.with_name("benchmarks.md") if options.quick else page.PAGE
        write_text(place, page.text(made(), results))
        print(f"Wrote {place.relative_to(ROOT)}.")


if __name__ == "__main__":
    sys.exit(main())
