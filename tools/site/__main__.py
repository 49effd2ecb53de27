"""All notebooks, docs/ and the decks as one site, into out/site: python -m tools.site"""

import sys

from tools.site import links
from tools.site.build import ROOT, build


def main(folder=ROOT / "out" / "site"):
    try:
        build(folder)
    except RuntimeError as error:
        return str(error)
    if broken := links.broken(folder):
        return "\n".join(["Links that lead nowhere:", *broken])
    print(f"{len(list(folder.rglob('*.html')))} pages: open {(folder / 'index.html').relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
