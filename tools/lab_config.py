"""JupyterLab's settings for `make lab`: a quiet first view; and looking changes no file, on any Python.

The settings in lab/overrides.json are defaults: what a reader has set for JupyterLab elsewhere wins.
How the window is laid out is kept in work/.lab; at first the table of contents is open. JupyterLab writes the
kernel's exact Python version into each notebook that it opens, and saves it by itself.
"""

import copy
import json
import os
from pathlib import Path

from jupyterlab_server.workspaces_handler import WorkspacesManager

from tools.execute_notebooks import METADATA

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / "tools" / "lab"
WORKSPACES = ROOT / "work" / ".lab"
CONTENTS = "@jupyterlab/toc:plugin"
CONTENTS_OPEN = {
    "layout-restorer:data": {
        "left": {
            "collapsed": False,
            "visible": True,
            "current": CONTENTS,
            "widgets": ["filebrowser", "running-sessions", CONTENTS, "extensionmanager.main-view"],
        },
        "right": {"collapsed": True, "visible": True, "widgets": []},
        "relativeSizes": [0.2, 0.8, 0],
    }
}


def keep_metadata(model, path="", **_):
    """Before a lesson is saved: give it the metadata that all committed lessons have."""
    if (
        model["type"] == "notebook"
        and model["content"]
        and path.strip("/").startswith(("notebooks/", "work/"))
    ):
        model["content"]["metadata"].update(copy.deepcopy(METADATA))


def lay_out():
    """The window as a newcomer finds it, unless there was a visit before."""
    if not list(WORKSPACES.glob("*.jupyterlab-workspace")):
        workspace = {"data": CONTENTS_OPEN, "metadata": {"id": "default"}}
        WorkspacesManager(str(WORKSPACES)).save("default", json.dumps(workspace))


c = get_config()  # noqa: F821 - Jupyter puts it there
c.FileContentsManager.pre_save_hook = keep_metadata
c.LabApp.app_settings_dir = str(LAB)
c.LabApp.custom_css = True
c.LabApp.default_url = "/lab/tree/work/00_first_picture.ipynb"  # where the printed address leads, too
c.ServerApp.tornado_settings = {"static_custom_path": [str(LAB)]}  # where JupyterLab finds custom.css
if "JUPYTERLAB_WORKSPACES_DIR" not in os.environ:
    lay_out()
    c.LabApp.workspaces_dir = str(WORKSPACES)
