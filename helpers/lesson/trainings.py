"""What trainings share, those inside the notebooks too: schedules, a switch to shorten them, interrupting."""

import os
import signal
import time
from contextlib import contextmanager

import torch
from IPython.display import display

from helpers.errors import Stopped, check_device, check_parts, check_whole

SWITCH = "SHORT_TRAININGS"
SECONDS_BETWEEN_CHECKPOINTS = 20
CAPTION_DROPOUT = 0.1  # the share of pictures that are shown without their caption


def shortened(full, short):
    """`full`, a number of steps or pictures; or `short`, where the environment variable SHORT_TRAININGS is 1.

    The project's own tests set it; nobody else needs to. What a shortened training gives is of no use.
    """
    return short if os.environ.get(SWITCH) == "1" else full


def bfloat16_is_fast(device):
    """Whether a device computes faster in bfloat16 than in float32: those do that have it of their own.

    On a CPU without it a step takes up to a hundred times as long.
    """
    kind = torch.device(device).type
    if kind == "cpu":
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return kind == "cuda" and torch.cuda.get_device_capability()[0] >= 8  # Ampere and later


@contextmanager
def whole_steps():
    """Within it, an interrupt (Ctrl-C, or Jupyter's stop button) waits until the loop looks for it.

        with whole_steps() as interrupted:
            while ...:
                one training step
                if interrupted():
                    break

    So no step is ever cut in half, and the same loop can go on later. At the end of the block the interrupt
    comes after all, as Stopped, so that no further cells run.
    """
    asked = []
    try:
        before = signal.signal(signal.SIGINT, lambda *_: asked.append(True))
    except ValueError:  # not in the main thread, where alone interrupts arrive
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise Stopped("the last step was finished; run the cell again, and it goes on from there.")


def mixed_precision(device):
    """Autocast to bfloat16 where that is faster than float32: on processors that have it, not elsewhere.

    Weights, gradients and the optimiser's sums stay in float32 (Micikevicius et al. 2017, 1710.03740). On a
    GPU that has bfloat16 of its own, too; on older ones (a T4) everything stays in float32.
    """
    device = check_device(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16_is_fast(device))


def lr_scale(step, fraction, warmup, flat):
    """The factor on the learning rate: linear warm-up, flat, then linear down to 2 %."""
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    fall = 1.0 if fraction <= flat else 1 - 0.98 * (fraction - flat) / (1 - flat)
    return rise * fall


def ema_decay(step, longest=0.999):
    """The moving average's decay: short at first, to forget the random weights; 0.999 from step 9,000."""
    return min(longest, (1 + step) / (10 + step))


def progress(count, live=None):
    """Count training steps, 0 to `count` - 1; a line under the cell says how many seconds are left.

    With `live` (helpers/lesson/live.py) it shows a bar, the loss and pictures, goes on from the steps that
    were done before, and keeps a checkpoint. An interrupt lets the step that runs finish, as in
    `whole_steps`.
    """
    count, shown = check_whole(count, "The number of steps", 0), _Line() if live is None else live
    check_parts(shown, "The page of a training", ("begin", "page", "after", "keep"), "Live(student)")
    begun = shown.begin(count)
    started = looked = kept = time.monotonic()
    line = display(shown.page(begun, count, 0), display_id=True)
    with whole_steps() as interrupted:
        for step in range(begun, count):
            yield step
            painted = shown.after(step + 1)
            now, last = time.monotonic(), step + 1 == count or bool(interrupted())
            if painted or last or now - looked > shown.seconds:
                left = (now - started) / (step + 1 - begun) * (count - step - 1)
                if line:
                    line.update(shown.page(step + 1, count, left))
                looked = now
            if last or now - kept > SECONDS_BETWEEN_CHECKPOINTS:
                shown.keep()
                kept = now
            if interrupted():
                break


class _Line:
    """What a training shows without a `Live`: a line of text. Nothing is painted or kept."""

    seconds = 1

    def begin(self, count):
        return 0

    def after(self, step):
        return False

    def page(self, step, count, left):
        self.words = f"step {step} of {count}; {left:.0f} s left"
        return self

    def keep(self):
        pass

    def __repr__(self):
        return self.words
