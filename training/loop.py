"""What the training stages share: device, clock, learning rate, averages, checkpoints."""

import copy
import io
import json
import multiprocessing
import os
import signal
import time
from dataclasses import dataclass

import numpy as np
import torch
import transformers
from accelerate import Accelerator
from tqdm.auto import tqdm

import helpers.models  # noqa: F401  sets the number of threads
import training
from helpers.errors import DiskError, ModelError
from helpers.lesson.objective import adamw, optimise
from helpers.lesson.trainings import lr_scale
from helpers.machine.disk import disk_error, write_whole
from training.muon import Muon

CHECKPOINT_MINUTES, REPORT_MINUTES = 3, 5


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
    accelerator = Accelerator(cpu=cpu, mixed_precision=settings.precision)
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


class Run:
    """One stage's training: model, optimiser and moving average, where it stands, checkpoint and log."""

    def __init__(self, stage, model, settings, accelerator, fresh=False):
        self.stage, self.settings, self.accelerator = stage, settings, accelerator
        self.folder = training.CACHE / stage
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model = model.to(accelerator.device)
        self.ema = copy.deepcopy(self.model).requires_grad_(False)
        new_optimizer = {"adamw": adamw, "muon": Muon}[settings.optimizer]
        self.optimizer = new_optimizer(self.model.parameters(), settings.lr)
        self.step, self.elapsed, self.loss = 0, 0.0, None
        if not fresh and (self.folder / "checkpoint.pt").exists():
            self.restore()

    @property
    def fraction(self):
        return fraction_done(self.step, self.settings.steps, self.elapsed / 60, self.settings.minutes)

    def restore(self):
        try:
            checkpoint = torch.load(self.folder / "checkpoint.pt", map_location="cpu")
        except Exception as error:  # torch has many words for a broken file
            raise ModelError(
                f"The checkpoint of stage {self.stage} is damaged: start that stage again with --fresh."
            ) from error
        for part in ("model", "ema", "optimizer"):
            getattr(self, part).load_state_dict(checkpoint[part])
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
        state = {part: getattr(self, part).state_dict() for part in ("model", "ema", "optimizer")}
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
        # `draw` is a closure, which only a forked process can be given; on Windows batches are made here.
        workers = settings.workers if "fork" in multiprocessing.get_all_start_methods() else 0
        loader = torch.utils.data.DataLoader(
            Batches(draw, (settings.seed, rank)), batch_size=None, sampler=range(self.step, settings.steps),
            num_workers=workers, multiprocessing_context="fork" if workers else None,
            pin_memory=self.accelerator.device.type == "cuda",
        )  # fmt: skip
        stop = []
        handlers = {s: signal.signal(s, lambda *_: stop.append(1)) for s in (signal.SIGINT, signal.SIGTERM)}
        bar = tqdm(total=None if settings.minutes else settings.steps, initial=self.step, desc=self.stage,
                   disable=not self.accelerator.is_main_process, mininterval=2, maxinterval=60)  # fmt: skip
        before, clock = self.elapsed, time.monotonic()
        saved = reported = clock
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
                now = time.monotonic()
                self.elapsed, stopping = self.agree(before + now - clock, len(stop))
                bar.update()
                if stopping or now - saved > 60 * CHECKPOINT_MINUTES:
                    kept = self.save()
                    saved = now
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
                if self.fraction < 1 and now - reported > 60 * REPORT_MINUTES:
                    self.report(report)
                    reported = time.monotonic()
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
            log = self.folder / "log.jsonl"
            try:
                with open(log, "a") as file:
                    file.write(json.dumps(figures) + "\n")
            except OSError as error:  # the line stands on the screen, too
                tqdm.write(str(disk_error(log, error)))
            tqdm.write(f"{self.stage}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))
        self.accelerator.wait_for_everyone()
