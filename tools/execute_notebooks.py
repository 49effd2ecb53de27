"""Execute notebooks in place, from clean kernels, and write them in one fixed form.

    python -m tools.execute_notebooks [notebook ...]     (default: all in notebooks/)

The same notebook run twice gives the same file, so that a change in git shows only what changed.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from helpers.errors import DiskError
from helpers.machine.disk import check_open, write_whole
from helpers.show.sliders import NOTE

ROOT = Path(__file__).parent.parent
# What every kernel runs with, here and in the tests: one thread, because the thread count changes a result's
# last bits; a fixed hash seed; and no network.
KERNEL_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DIFFUSION_MODEL": "pocket",
    "TQDM_DISABLE": "1",  # a bar comes after two seconds: it would be in the output of slow machines alone
    "KEEP_TRAININGS": "0",  # a training begins anew, whatever an earlier one left in out/
}
KEPT_CELL_METADATA = {"tags", "slideshow", "jupyter", "cellView"}  # cellView: Colab's
WIDGET = "application/vnd.jupyter.widget-view+json"
# Just what JupyterLab writes when it opens a notebook on Python 3.11: then looking changes no file. On other
# versions tools/lab_config.py keeps it so.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.11.7",
    },
}


def cell_id(source, taken):
    """An id that follows from a cell's text and is not among the ids `taken`."""
    salt = 0
    while (new := hashlib.sha256(f"{source}{salt or ''}".encode()).hexdigest()[:8]) in taken:
        salt += 1
    return new


def normalise(notebook):
    """Bring an executed notebook into the fixed form, in place: metadata, unique ids, counts 1..n."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(METADATA)
    taken, count = set(), 0
    for cell in notebook.cells:
        if not cell.get("id") or cell["id"] in taken:
            cell["id"] = cell_id(cell.source, taken)
        taken.add(cell["id"])
        kept = {k: v for k, v in cell.metadata.items() if k in KEPT_CELL_METADATA}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type != "code":
            continue
        if cell.source.strip():
            count += 1
            cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
            if WIDGET in output.get("data", {}):  # without its kernel, a widget shows as an error
                still = {k: v for k, v in output.data.items() if k in ("text/plain", "text/html")}
                output.data = nbformat.from_dict(still if "text/html" in still else {"text/plain": NOTE})
    return notebook


def complaints(notebook):
    """What a reader should not see: one sentence for each code cell that wrote to stderr."""
    return [
        f"cell {i} wrote to stderr, silence it at its cause: {output.text.strip()[:200]}"
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]


def execute(path):
    """Execute the notebook at `path` in a fresh kernel and write it back; returns its complaints.

    Raises nbclient's CellExecutionError where a cell fails; the file is then left as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=3600,  # seconds a cell: a training on a busy machine takes its time
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute()
    write_whole(path, lambda new: nbformat.write(normalise(notebook), new))
    return complaints(notebook)


def main(paths):
    """Execute all of them; True if one failed, a sentence where nothing can be written."""
    os.environ.update(KERNEL_ENVIRONMENT)
    failed = False
    for path in [Path(p) for p in paths] or sorted((ROOT / "notebooks").glob("*.ipynb")):
        started = time.perf_counter()
        try:
            check_open(path)
            found = execute(path)
        except DiskError as error:
            return str(error)
        except CellExecutionError as error:
            found = [f"not written, because a cell failed:\n{error}"]
        print(f"{path.name}: {time.perf_counter() - started:.0f} s", *found, sep="\n    ")
        failed = failed or bool(found)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
