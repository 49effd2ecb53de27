"""What a training shows while it runs, and what is kept of it: a bar, the loss, pictures, a checkpoint.

    live = Live(student, "planets", prompts, lambda: paint(student.average))
    for _ in progress(1000, live):
        train_step(student, 1000)

A student has `unet`, `average` (or None), `optimizer` and `losses`, a list with one number for each step.
"""

import io
import os

import numpy as np
import torch
from PIL import Image

from helpers.lesson.cache import keep, mark
from helpers.lesson.trainings import SWITCH
from helpers.machine.disk import write_whole
from helpers.models import ROOT
from helpers.show import page
from helpers.show.losses import curve

FOLDER = ROOT / "out" / "trainings"
KEEP = "KEEP_TRAININGS"  # "0": a training always begins anew, as when notebooks are executed or tested
BLANK = Image.new("RGB", (64, 64), "#8A8F9A")  # the place of a picture that is still to come


class Live:
    """One training on the page. It paints at `moments` times, evenly spread, the last at the end.

    `paint()` gives a picture for each of `columns`, `measure()` one number or several; what they gave
    stands in `student.moments`, a list of dicts with the step. A `name` stands beside the curve of the loss,
    and with it all is kept in out/trainings/ now and then, at a stop and at the end; one that differs in
    `made_from` is another.
    """

    seconds = 2  # between two looks at the loss

    def __init__(self, student, name=None, columns=(), paint=None, measure=None, moments=5, made_from=()):
        self.student, self.columns, self.paint, self.measure = student, list(columns), paint, measure
        self.count, self.wanted, self.made_from = moments, 0, made_from
        self.words = name.replace("-", " ") if name else ""
        self.file = FOLDER / f"{name}.pt" if name and keeps() else None
        self.drawn, self.kept = (None, ""), True
        student.moments = getattr(student, "moments", [])

    def begin(self, steps):
        """The steps that are done already, here or before the kernel was started anew."""
        self.wanted = steps
        if self.file and not self.student.losses:
            load(self.file, self._mark(), self.student)
        return len(self.student.losses)

    def after(self, step):
        """Paint and measure where it is time to; True if it was."""
        due = round((len(self.student.moments) + 1) * self.wanted / self.count)
        if len(self.student.moments) == self.count or step < max(due, 1):
            return False
        moment = {"step": step, "pictures": self.paint() if self.paint else []}
        self.student.moments.append(moment | {"measured": self.measure() if self.measure else None})
        return True

    def keep(self):
        """Write the checkpoint, whole or not at all; after the first that can't be written, no other."""
        if self.file and self.student.losses and self.kept:
            self.kept = keep(self.file, lambda: save(self.file, self._mark(), self.student))

    def forget(self):
        """Delete what is kept: the next training of this name begins anew."""
        if self.file:
            self.file.unlink(missing_ok=True)

    def strip(self, count):
        """What was painted so far, a row for each moment, as HTML; grey where something is still to come."""
        done = self.student.moments
        if self.drawn[0] != len(done):
            steps = [moment["step"] for moment in done]
            steps += [round((i + 1) * count / self.count) for i in range(len(done), self.count)]
            rows = [moment["pictures"] for moment in done]
            rows += [[BLANK] * len(self.columns)] * (self.count - len(done))
            labels = [f"step {step}" for step in steps]
            self.drawn = len(done), page.strip_markup(rows, labels, self.columns, self._alt(labels))
        return self.drawn[1]

    def page(self, step, count, left):
        """How things stand, as HTML with the same tags from start to end; in text alone, one line."""
        words = f"step {step} of {count}; {left:.0f} s left"
        bar = f'<progress aria-label="Progress" value="{step}" max="{max(count, 1)}"></progress>'
        strip = self.strip(count) if self.paint else ""
        parts = f"<p>{bar} {words}</p>{curve(self.student.losses, count, self.words)}{strip}"
        return page.Page(f'<div class="training">{parts}</div>', words)

    def _alt(self, labels):
        """What the strip shows by now: its columns, the moments that are painted, and those to come."""
        done = len(self.student.moments)
        moments = f"painted at {', '.join(labels[:done])}" if done else "nothing painted yet"
        still = f"; still grey: {', '.join(labels[done:])}" if labels[done:] else ""
        return f"{'; '.join(self.columns)}: {moments}{still}."

    def _mark(self):
        shapes = [tuple(weight.shape) for weight in trained(self.student.unet).values()]
        return mark(self.wanted, self.count, shapes, self.columns, *self.made_from)


def keeps():
    """Whether trainings are kept: in full ones, unless the environment says no."""
    return os.environ.get(KEEP) != "0" and os.environ.get(SWITCH) != "1"


def trained(network):
    """{name: weight} of the weights that are trained."""
    return {name: weight for name, weight in network.named_parameters() if weight.requires_grad}


def save(file, made_from, student):
    """Write all that is needed to go on: weights, average, the optimiser's sums, losses, pictures.

    Raises DiskError where it can't be written.
    """
    pixels = [
        moment | {"pictures": [torch.from_numpy(np.array(each)) for each in moment["pictures"]]}
        for moment in student.moments
    ]
    content = {
        "made_from": made_from,
        "unet": {name: weight.detach() for name, weight in trained(student.unet).items()},
        "average": student.average.state_dict() if student.average else {},
        "optimizer": student.optimizer.state_dict(),
        "losses": student.losses,
        "moments": pixels,
    }
    packed = io.BytesIO()  # torch's own writing to the disk hides why it fails
    torch.save(content, packed)
    write_whole(file, lambda path: path.write_bytes(packed.getbuffer()))


def load(file, made_from, student):
    """Bring a student to where it was; False, and nothing is changed, where no such training is kept."""
    try:
        kept = torch.load(file, map_location="cpu", weights_only=True)
    except Exception:  # missing, or broken in one of the many ways that torch has words for
        return False
    if kept.get("made_from") != made_from:
        return False
    with torch.no_grad():
        for name, weight in trained(student.unet).items():
            weight.copy_(kept["unet"][name])
    if student.average:
        student.average.load_state_dict(kept["average"])
    student.optimizer.load_state_dict(kept["optimizer"])
    student.losses[:] = kept["losses"]
    student.moments[:] = [
        moment | {"pictures": [Image.fromarray(each.numpy()) for each in moment["pictures"]]}
        for moment in kept["moments"]
    ]
    return True
