"""Text-to-image by hand: what the notebooks import, installed under one name that collides with nothing.

Importing it does what the set-up cell of a notebook does: it makes `helpers` and `worlds` importable,
from here and before any other package of that name. In the repository this is tools/wheel/__init__.py.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
