"""The notebook test harness: what nbval compares, made stricter where it looks away.

nbval runs every cell and compares what it prints with what is committed. Left alone it
- ignores a trailing `;`, which hides a result in Jupyter, because it runs cells outside of the history;
- compares nothing, and passes, where a cell has no committed run;
- trips over widgets: what they print inside an `Output` belongs to a browser that isn't there;
- ignores the data of pictures.
This file mends the four, and tries the exercises (tests/answers.py). Pictures are compared on small copies,
so that another machine's last bit passes and another picture does not. They are found as PNG or JPEG outputs
and, in HTML, as `<img src="data:image/png;base64,...">`, also of JPEG and WebP. Charts are compared by what
they show (tests/charts.py), because every version of matplotlib draws them a little differently. Of sounds
only the presence is compared.

The trainings inside the notebooks are shortened here (helpers/lesson/trainings.py); a cell tagged `trained`,
which shows what one of them gave, is then compared in its form: text without numbers, the tags of HTML, and
how many pictures.
`SHORT_TRAININGS=0 pytest` runs and compares everything in full.
"""

import base64
import copy
import io
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
from nbval import kernel, plugin
from PIL import Image

from helpers.lesson.trainings import SWITCH
from helpers.show import playground_views, sliders
from tests.answers import faults, wrong_answers
from tests.charts import chart_difference
from tools.execute_notebooks import KERNEL_ENVIRONMENT, WIDGET
from tools.exercises import is_exercise
from tools.handout.copies import exercises

# Not TQDM_DISABLE: the tests themselves look at bars.
os.environ.update({name: value for name, value in KERNEL_ENVIRONMENT.items() if name != "TQDM_DISABLE"})
os.environ.setdefault(SWITCH, "1")
# Matplotlib keeps one list of fonts for all of a user's environments: it may name fonts that are gone.
os.environ["MPLCONFIGDIR"] = str(Path(__file__).resolve().parent / ".pytest_cache" / "matplotlib")

PICTURE_TYPES = ("image/png", "image/jpeg")
EMBEDDED = re.compile(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=\s]+)")
PROGRESS = re.compile(r"step \d+ of \d+; \d+ s left")  # nbval sees its start, readers its end
TRAINING = '<div class="training">'
SOUND = re.compile(r"data:audio/wav;base64,[A-Za-z0-9+/=\s]+")
NUMBER = re.compile(r" *[-−+]?\d+(\.\d+)?(e[-+]?\d+)? *")  # with the blanks that line numbers up
TAG = re.compile(r"</?\w+")
SMALL = (32, 32)
MEAN_BOUND = 1.0  # of 255, over the small copy
LARGEST_BOUND = 24  # of 255, in one pixel of the small copy
SIZE_BOUND = 0.02  # relative: a figure's size depends a little on the fonts of the machine


def pytest_configure(config):
    """Makes the list of fonts once, before the kernels: while one makes it, it may say so on stderr."""
    if not hasattr(config, "workerinput"):
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"], check=True, capture_output=True
        )


def small_copy(encoded):
    """The base64 text of a picture -> (32, 32, 3) float32 array in 0–255, on white, and its size."""
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA")
    flat = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return np.asarray(flat.resize(SMALL, Image.Resampling.BOX), dtype=np.float32), picture.size


def picture_difference(fresh, committed):
    """Why two base64 pictures count as different: one sentence, or None if they are alike."""
    (new, new_size), (old, old_size) = small_copy(fresh), small_copy(committed)
    if any(abs(a - b) > max(1, SIZE_BOUND * b) for a, b in zip(new_size, old_size)):
        return f"a picture of {new_size} pixels instead of {old_size}"
    gap = np.abs(new - old)
    if gap.mean() > MEAN_BOUND or gap.max() > LARGEST_BOUND:
        return (
            f"a picture differs from the committed one, by {gap.mean():.2f} of 255 on average "
            f"(bound {MEAN_BOUND}), by {gap.max():.0f} at most (bound {LARGEST_BOUND})"
        )
    return None


def tags_of(html):
    """The tags of HTML, without what stands in them and between them."""
    return " ".join(TAG.findall(html))


def take_pictures(outputs):
    """Outputs -> the same with a placeholder for each picture, and each picture's (base64, chart or None)."""
    outputs, pictures = copy.deepcopy(outputs), []
    for output in outputs:
        data, chart = output.get("data", {}), output.get("metadata", {}).get("chart")

        def keep(match, chart=chart):
            pictures.append((match.group(1), chart))
            return "(picture)"

        for kind in PICTURE_TYPES:
            if kind in data:
                pictures.append((data[kind], chart))
                data[kind] = "(picture)"
        if "text/plain" in data:
            data["text/plain"] = PROGRESS.sub("(progress)", data["text/plain"])
        if TRAINING in data.get("text/html", ""):  # a training's page: nbval sees its start, readers its end
            data["text/html"] = tags_of(data["text/html"])
        if "text/html" in data:
            data["text/html"] = SOUND.sub("(sound)", EMBEDDED.sub(keep, data["text/html"]))
    return outputs, pictures


def form_only(outputs, pictures):
    """The outputs with every number masked, and as many empty pictures: what a short training can keep.

    Of HTML only the tags are kept: a short training has fewer pictures, so it may show others.
    """
    for output in outputs:
        holder = output if "text" in output else output.get("data", {})
        for kind in {"text", "text/plain"} & set(holder):
            holder[kind] = NUMBER.sub("#", holder[kind])
        if "text/html" in holder:
            holder["text/html"] = tags_of(holder["text/html"])
    return outputs, [(None, None)] * len(pictures)


def shows_widget(outputs):
    """Whether a cell shows a widget, or, as committed, the words that stand for one."""
    data = [output.get("data", {}) for output in outputs]
    notes = (sliders.NOTE, playground_views.NOTE)
    return any(WIDGET in each or each.get("text/plain") in notes for each in data)


def compare_outputs(cell, fresh, committed, skip_compare=None):
    """nbval's comparison, with pictures, and with widget cells compared only in being widget cells."""
    cell.comparison_traceback = []
    if shows_widget(committed) != shows_widget(fresh):
        cell.comparison_traceback.append("a widget is in only one of the committed and the new outputs")
        return False
    if shows_widget(committed):
        return True
    fresh_text, fresh_pictures = take_pictures(fresh)
    committed_text, committed_pictures = take_pictures(committed)
    if "trained" in cell.cell.metadata.get("tags", ()) and os.environ[SWITCH] == "1":
        fresh_text, fresh_pictures = form_only(fresh_text, fresh_pictures)
        committed_text, committed_pictures = form_only(committed_text, committed_pictures)
    skip = tuple(key for key in cell.parent.skip_compare if key not in PICTURE_TYPES)
    if not nbval_compare_outputs(cell, fresh_text, committed_text, skip):
        return False
    for (new, new_chart), (old, old_chart) in zip(fresh_pictures, committed_pictures, strict=True):
        if new_chart and old_chart:
            difference = chart_difference(new_chart, old_chart)
        else:
            difference = old and picture_difference(new, old)
        if difference:
            cell.comparison_traceback.append(difference)
    return not cell.comparison_traceback


def runtest(cell):
    """nbval's run of one cell, which also fails if the cell has never been run in the committed notebook.

    An exercise is then answered, in this same kernel.
    """
    nbval_runtest(cell)
    if cell.cell.execution_count is None and cell.cell.source.strip():
        cell.raise_cell_error("The committed notebook has no run of this cell: run `make notebooks`.")
    if is_exercise(cell.cell):
        try_exercise(cell)


def try_exercise(cell):
    """Answer an exercise rightly, wrongly and oddly (tests/answers.py); fail with all that is amiss."""

    def said(code):
        words = []

        def hear(message):
            if message["msg_type"] == "stream":
                words.append(message["content"]["text"])

        client, timeout = cell.parent.kernel.kc, cell.config.option.nbval_cell_timeout
        reply = client.execute_interactive(code, timeout=timeout, output_hook=hear, stop_on_error=False)
        if reply["content"]["status"] == "error":
            cell.raise_cell_error("An answer raises an error.", "\n".join(reply["content"]["traceback"]))
        return "".join(words)

    solutions = exercises(cell.parent.nb)
    index = next(i for i, other in enumerate(cell.parent.nb.cells) if other is cell.cell)
    wrong = wrong_answers(cell.parent.path)[list(solutions).index(index)]
    if amiss := list(faults(said, cell.cell.source, solutions[index], wrong)):
        cell.raise_cell_error("\n".join(amiss))


def execute_cell_input(running_kernel, source, allow_stdin=None):
    """Send a cell to the kernel as Jupyter does, with history: then a trailing `;` hides the result."""
    return running_kernel.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


Cell = plugin.IPyNbCell
nbval_compare_outputs, nbval_runtest = Cell.compare_outputs, Cell.runtest
Cell.compare_outputs, Cell.runtest = compare_outputs, runtest
kernel.RunningKernel.execute_cell_input = execute_cell_input
kernel.start_new_kernel = partial(kernel.start_new_kernel, env=os.environ | KERNEL_ENVIRONMENT)
