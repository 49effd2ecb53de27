"""One deck for each notebook, into out/slides: python -m tools.slides [notebook ...]"""

import sys
from pathlib import Path

from helpers.errors import DiskError
from helpers.machine.disk import clear_disk_error
from tools.slides.build import ROOT, assets, build, index


def main(paths):
    folder = ROOT / "out" / "slides"
    try:
        with clear_disk_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
            assets(folder, ROOT / "out" / "npm")
            for path in [Path(p) for p in paths] or sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
                build(path, folder)
            decks = sorted(folder.glob("[0-9]*.html"))
            index(folder, decks)
    except (RuntimeError, DiskError) as error:
        return str(error)
    print(f"{len(decks)} decks in {folder.relative_to(ROOT)}: open {folder.relative_to(ROOT)}/index.html")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
