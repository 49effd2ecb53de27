"""What is handed out in a room, into out/handout: python -m tools.handout [notebook ...]"""

import sys
from pathlib import Path

from helpers.errors import DiskError
from helpers.machine.disk import clear_disk_error
from tools.handout import copies, paper, sheet

ROOT = Path(__file__).resolve().parent.parent.parent


def main(paths, folder=ROOT / "out" / "handout"):
    chosen = [Path(p) for p in paths] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    if missing := [str(path) for path in chosen if not path.is_file()]:
        return f"No such notebook: {', '.join(missing)}"
    try:
        with clear_disk_error(folder):
            count = copies.write(chosen, folder)
            sheet.write(folder / "loop.pdf")
            printed = to_print(chosen, folder / "paper")
    except (ValueError, DiskError) as error:
        return str(error)
    print(f"{count} notebooks without outputs and solutions: {folder / 'learners'}")
    print(f"{count} notebooks with every exercise solved: {folder / 'solutions'}")
    print(f"The loop and the formulas on one page of A4: {folder / 'loop.pdf'}")
    print(printed)


def to_print(chosen, folder):
    """Write the notebooks for paper; says where they are, or why there are none."""
    try:
        paper.write(chosen, folder, ROOT / "out" / "npm")
    except RuntimeError as error:
        return f"No notebooks for paper: {error}"
    return f"{len(chosen)} notebooks for paper, to be printed from a browser: {folder}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
