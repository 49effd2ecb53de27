"""JupyterLab's settings for `make lab`: opening a lesson or its copy changes no file, whichever Python runs.

JupyterLab writes the kernel's exact Python version into each notebook that it opens, and saves it by itself.
"""

import copy

from tools.execute_notebooks import METADATA


def keep_metadata(model, path="", **_):
    """Before a lesson is saved: give it the metadata that all committed lessons have."""
    if (
        model["type"] == "notebook"
        and model["content"]
        and path.strip("/").startswith(("notebooks/", "work/"))
    ):
        model["content"]["metadata"].update(copy.deepcopy(METADATA))


c = get_config()  # noqa: F821 - Jupyter puts it there
c.FileContentsManager.pre_save_hook = keep_metadata
