"""One script for each file in docs/measured: `python -m measure.NAME` writes docs/measured/NAME.json."""

import argparse
import os
from pathlib import Path

from helpers.models import ROOT

CACHE = Path(os.environ.get("POCKET_CACHE", ROOT / "training" / "cache"))  # what the trainings left: logs


def arguments(doc, quick=None, parts=()):
    """A script's options: `.quick` where there is a smoke run, said in words, and `.only`, some of its parts.

    `doc` is the script's docstring: its first line describes it.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    if quick:
        parser.add_argument("--quick", action="store_true", help=f"a smoke run into out/ only: {quick}")
    if parts:
        parser.add_argument("only", nargs="*", metavar="PART", help=f"only these of: {'; '.join(parts)}")
    options = parser.parse_args()
    if parts and (unknown := set(options.only) - set(parts)):
        parser.error(f"unknown: {'; '.join(unknown)}. Choose from: {'; '.join(parts)}")
    return options
