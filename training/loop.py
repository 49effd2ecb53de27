"""What the training stages share: device, clock, learning rate, averages, checkpoints."""

import copy
import datetime
import io
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import transformers
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs
from tqdm.auto import tqdm

import helpers.models  # noqa: F401  sets the number of threads
import training
from helpers.errors import DiskError, ModelError
from helpers.lesson.objective import adamw, optimise
from helpers.lesson.trainings import lr_scale
from helpers.machine.disk import disk_error, write_whole
from training.muon import Muon

CHECKPOINT_MINUTES, REPORT_MINUTES = 3, 5
PATIENCE = datetime.timedelta(hours=3)  # of the processes that wait while the first draws or measures
LOGGED = ("batch", "lr", "optimizer", "seed", "precision")  # settings in the first line of a stage's log


@dataclass
class Settings:
    """One stage's settings; `batch` is per process, `minutes` is a budget of wall-clock time."""

    steps: int
    batch: int
    lr: float
    warmup: int = 150  # steps
    flat: float = 0.6  # fraction of the training before the learning rate begins to fall
    workers: int = 0  # processes that prepare batches ahead
    minutes: float | None = None
    precision: str = "bf16"
    seed: int = 0
    optimizer: str = "adamw"  # or "muon", whose lr is some twenty times as large
    ema: float = 0.999  # decay of the moving average, once it is long enough


def start(settings, cpu):
    """The accelerator (device, autocast, other processes); seeds the weights, the same in every process."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    transformers.utils.logging.disable_progress_bar()  # of loading
    patient = InitProcessGroupKwargs(timeout=PATIENCE)
    accelerator = Accelerator(cpu=cpu, mixed_precision=settings.precision, kwargs_handlers=[patient])
    torch.manual_seed(settings.seed)
    return accelerator


def fraction_done(step, steps, elapsed=0.0, minutes=None):
    """How much of the training is done, 0...1: by steps or by minutes, whichever is further."""
    return min(1.0, max(step / steps, elapsed / minutes if minutes else 0.0))


class Batches(torch.utils.data.Dataset):
    """Batch number `step`, drawn from its own seed: a resumed run sees what an uninterrupted one does."""

    def __init__(self, draw, seed):
        self.draw, self.seed = draw, seed

    def __getitem__(self, step):
        return self.draw(np.random.default_rng((*self.seed, step)))


class Holder(torch.nn.Module):
    """function(model, ...) as a module of its own, so that `functional_call` can exchange its weights."""

    def __init__(self, model, function):
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *tensors):
        return self.function(self.model, *tensors)


class Run:
    """One stage's training: model, optimiser and moving average, where it stands, checkpoint and log."""

    def __init__(self, stage, model, settings, accelerator, fresh=False, beside=None, **facts):
        """`beside` is {name: what has a state_dict} of all that is kept in the checkpoint as well.

        `facts` (numbers, texts) stand in the first line of the log, with when and how the training began;
        `warm=True` says that the model had learnt before.
        """
        self.stage, self.settings, self.accelerator = stage, settings, accelerator
        self.folder = training.CACHE / stage
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model = model.to(accelerator.device)
        self.ema = copy.deepcopy(self.model).requires_grad_(False)
        exact = torch.float32 if settings.precision == "no" else torch.bfloat16
        new_optimizer = {"adamw": adamw, "muon": partial(Muon, dtype=exact)}[settings.optimizer]
        self.optimizer = new_optimizer(self.model.parameters(), settings.lr)
        self.parts = {"model": self.model, "ema": self.ema, "optimizer": self.optimizer, **(beside or {})}
        self.step, self.elapsed, self.loss = 0, 0.0, None
        if not fresh and (self.folder / "checkpoint.pt").exists():
            if facts.get("warm") and self.began().get("warm") is False:
                raise ModelError(
                    f"The checkpoint of stage {stage} is of a training that began with random weights: "
                    "leave out --warm to go on with it, or add --fresh to start from the weights in models/."
                )
            self.restore()
        elif accelerator.is_main_process:
            began = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            logged = {name: getattr(settings, name) for name in LOGGED}
            self.log({"began": began, "processes": accelerator.num_processes, **logged, **facts}, mode="w")

    @property
    def fraction(self):
        return fraction_done(self.step, self.settings.steps, self.elapsed / 60, self.settings.minutes)

    def began(self):
        """The first line of the log, {} where there is none that can be read."""
        try:
            return json.loads((self.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()[0])
        except (OSError, ValueError, IndexError):
            return {}

    def restore(self):
        try:
            checkpoint = torch.load(self.folder / "checkpoint.pt", map_location="cpu")
        except Exception as error:  # torch has many words for a broken file
            raise ModelError(
                f"The checkpoint of stage {self.stage} is damaged: start that stage again with --fresh."
            ) from error
        for name, part in self.parts.items():
            part.load_state_dict(checkpoint[name])
        self.step, self.elapsed = checkpoint["step"], checkpoint["elapsed"]
        self.accelerator.print(
            f"{self.stage}: going on from step {self.step}, {self.elapsed / 60:.1f} minutes."
        )

    def save(self):
        """Writes the checkpoint beside the old one, then swaps them: there is always a whole one.

        What prevents it is printed, and the training goes on. Returns whether the newest step is kept.
        """
        if not self.accelerator.is_main_process:
            return True
        state = {name: part.state_dict() for name, part in self.parts.items()}
        packed = io.BytesIO()  # torch's own writing to the disk hides why it fails
        torch.save(state | {"step": self.step, "elapsed": self.elapsed}, packed)
        try:
            write_whole(self.folder / "checkpoint.pt", lambda path: path.write_bytes(packed.getbuffer()))
        except DiskError as error:
            tqdm.write(f"{error} The training goes on; the last whole checkpoint stays.")
            return False
        return True

    def batches(self, draw, report):
        """Yields batches until the steps or minutes are spent; the caller calls `optimise` once for each.

        draw(rng) makes a batch (arrays or tensors) on the CPU; report() is called every few minutes and at
        the end, in the main process only. SIGINT and SIGTERM save a checkpoint after this step and leave.
        """
        settings, rank = self.settings, self.accelerator.process_index
        # `draw` is a closure, which only a forked process can be given. Windows can't fork, and on a Mac the
        # system's libraries may crash in a forked process: there batches are made here.
        workers = settings.workers if sys.platform == "linux" else 0
        loader = torch.utils.data.DataLoader(
            Batches(draw, (settings.seed, rank)),
            batch_size=None,
            sampler=range(self.step, settings.steps),
            num_workers=workers,
            multiprocessing_context="fork" if workers else None,
            pin_memory=self.accelerator.device.type == "cuda",
        )
        stop = []
        handlers = {s: signal.signal(s, lambda *_: stop.append(1)) for s in (signal.SIGINT, signal.SIGTERM)}
        bar = tqdm(
            total=None if settings.minutes else settings.steps,
            initial=self.step,
            desc=self.stage,
            disable=not self.accelerator.is_main_process,
            mininterval=2,
            maxinterval=60,
        )
        before, clock = self.elapsed, time.monotonic()
        saved = reported = self.elapsed
        try:
            for batch in loader if self.fraction < 1 else ():
                scale = lr_scale(self.step, self.fraction, settings.warmup, settings.flat)
                for group in self.optimizer.param_groups:
                    group["lr"] = settings.lr * scale
                torch.manual_seed(
                    int(np.random.default_rng((settings.seed, rank, self.step, 1)).integers(2**31))
                )
                yield batch
                self.step += 1
                # All that follows goes by what the processes agreed on: one that went by its own clock
                # would save or report at another step than the others, and they would wait for each other.
                self.elapsed, stopping = self.agree(before + time.monotonic() - clock, len(stop))
                bar.update()
                if stopping or self.elapsed - saved > 60 * CHECKPOINT_MINUTES:
                    kept = self.save()
                    saved = self.elapsed
                if stopping:
                    where = "there" if kept else "the last checkpoint"
                    self.accelerator.print(
                        f"\nStopped at step {self.step}; the same command again goes on from {where}."
                    )
                    raise SystemExit(130)
                if self.step % 10 == 0:
                    bar.set_postfix(
                        loss=f"{self.loss.item():.4f}", done=f"{100 * self.fraction:.0f}%", refresh=False
                    )
                    if not torch.isfinite(self.loss):
                        raise SystemExit(
                            "The loss is no longer a number: start again with --fresh and a smaller --lr."
                        )
                if self.fraction < 1 and self.elapsed - reported > 60 * REPORT_MINUTES:
                    self.report(report)
                    reported = self.elapsed
                if self.fraction >= 1:
                    break
        finally:
            bar.close()
            for number, handler in handlers.items():
                signal.signal(number, handler)
        self.save()
        self.report(report)

    def agree(self, *numbers):
        """The largest of each number over all processes, so that all of them stop at the same step."""
        if self.accelerator.num_processes == 1:
            return numbers
        mine = torch.tensor([numbers], dtype=torch.float32, device=self.accelerator.device)
        return self.accelerator.gather(mine).amax(0).tolist()

    def optimise(self, loss):
        """One step of the optimiser and of the moving average, the same in every process."""
        optimise(loss, self.model, self.ema, self.optimizer, self.step, self.settings.ema, self.average)
        self.loss = loss.detach()

    def forward(self, function, *tensors):
        """function(model, *tensors) in the run's precision; gradients are those of the float32 weights.

        In bfloat16 on a CPU all weights are rounded at once, which takes three quarters of autocast's time.
        """
        if self.settings.precision == "no" or self.accelerator.device.type != "cpu":
            with self.accelerator.autocast():
                return function(self.model, *tensors)
        holder = Holder(self.model, function)
        rounded = {name: weight.bfloat16() for name, weight in holder.named_parameters()}
        tensors = [x.bfloat16() if torch.is_floating_point(x) else x for x in tensors]
        return torch.func.functional_call(holder, rounded, tuple(tensors))

    def average(self, gradients):
        """Gives each of the gradients its mean over all processes, in one message.

        DistributedDataParallel would not see most losses here: it averages what goes through the model's own
        `forward`, and an autoencoder's `encode` and `decode` don't.
        """
        if self.accelerator.num_processes > 1:
            flat = torch.nn.utils.parameters_to_vector(gradients)
            torch.nn.utils.vector_to_parameters(self.accelerator.reduce(flat, "mean"), gradients)

    def last_loss(self):
        return None if self.loss is None else round(self.loss.item(), 4)

    def report(self, report):
        """Calls the stage's report() and adds the figures that it returns to the log."""
        if self.accelerator.is_main_process:
            figures = {"step": self.step, "minutes": round(self.elapsed / 60, 2)} | report()
            self.log(figures)
            tqdm.write(f"{self.stage}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))
        self.accelerator.wait_for_everyone()

    def log(self, figures, mode="a"):
        """Writes a line of the log."""
        file = self.folder / "log.jsonl"
        try:
            with open(file, mode) as lines:
                lines.write(json.dumps(figures) + "\n")
        except OSError as error:  # the figures stand on the screen, too
            tqdm.write(str(disk_error(file, error)))
