"""What is measured, a function each: it returns nested dicts of numbers. `quick` is a smoke run."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler
from torch.utils.flop_counter import FlopCounterMode

from bench.timing import once, ratio, spread, take_turns
from helpers.denoising import generate
from helpers.lesson.measured import load_measured
from helpers.lesson.trainings import bfloat16_is_fast
from helpers.machine.processor import cores, counted
from helpers.models import POCKET, ROOT, load_components, load_pipeline, settings
from helpers.seeding import generator

PROMPT = "an astronaut on mars"
BATCHES = (1, 4, 16)
IMPORTS = (
    "import torch; from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel; "
    "from transformers import CLIPTextModel, CLIPTokenizer"
)
BUSY = "while True: sum(range(100_000))"
WARM = """\
import time
from helpers.denoising import generate
from helpers.models import POCKET, load_components, settings
components = load_components(POCKET, "cpu")
for _ in range(3):
    started = time.perf_counter()
    generate(components, "an astronaut on mars", 0, **settings(POCKET))
print(time.perf_counter() - started)
"""
WAITS = ("passive", "active", None)  # OMP_WAIT_POLICY; None is a little of both, as OpenMP has it by itself
SIDE = 2048  # of the matrices by which the machine's peak is measured


@contextmanager
def threads(count):
    """The block runs on so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def command(*arguments):
    """A function that runs Python with these arguments, on one thread, and waits for its end."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    whole = [sys.executable, *arguments]
    return partial(subprocess.run, whole, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def start(quick):
    """From the command to the first picture, against a program that only imports what a picture needs."""
    with tempfile.TemporaryDirectory() as folder:
        picture = ("-m", "tools.picture", PROMPT, "--out", str(Path(folder) / "picture.png"))
        seconds = take_turns(
            {"imports": command("-c", IMPORTS), "picture": command(*picture)}, rounds=1 if quick else 7
        )
    return {
        "seconds": {name: spread(each) for name, each in seconds.items()},
        "picture over imports": ratio(seconds, "picture", "imports"),
    }


def painter(components, pictures, **options):
    """A function that paints so many pictures by the hand-written loop."""
    options = settings(POCKET) | options
    return partial(generate, components, PROMPT, list(range(pictures)), **options)


def pipeline_painter(pipeline, pictures):
    """The same pictures by the library's pipeline."""

    def paint():
        noise = [generator(seed) for seed in range(pictures)]
        return pipeline([PROMPT] * pictures, generator=noise, **settings(POCKET)).images

    return paint


def fewest_calls():
    """The fewest calls with DPM++ 2M that paint prompts as rightly as the model's own settings do.

    As rightly, by docs/measured/schedulers.json: no rate is lower than PNDM's at the steps nearest to the
    model's, and the distance is not larger by more than a twentieth: so far apart lie schedulers that gain
    nothing by further calls. As many calls as PNDM's where none of those measured does.
    """
    curves = load_measured("schedulers")["curves"]
    usual = settings(POCKET)["num_inference_steps"]
    own = min(curves["PNDM"], key=lambda point: abs(point["steps"] - usual))

    def as_good(point):
        rates = ("attributes_right", "all_right")
        return point["frechet_distance"] <= 1.05 * own["frechet_distance"] and all(
            point[rate]["rate"] >= own[rate]["rate"] for rate in rates
        )

    return min((point["calls"] for point in curves["DPM++ 2M"] if as_good(point)), default=own["calls"])


def loop(quick):
    """A picture on one thread: hand-written loop, pipeline, fewer calls; alone and several at once."""
    components = load_components(POCKET, "cpu", torch.float32)
    pipeline = load_pipeline(POCKET, "cpu", torch.float32)
    fast, calls = DPMSolverMultistepScheduler.from_config(components.scheduler.config), fewest_calls()
    found = {"calls of the fast way": calls, "a picture": {}, "loop over pipeline": {}}
    with threads(1):
        for pictures in BATCHES[:1] if quick else BATCHES:
            ways = {
                "loop": painter(components, pictures),
                "pipeline": pipeline_painter(pipeline, pictures),
                "fast": painter(components, pictures, scheduler=fast, num_inference_steps=calls),
            }
            seconds = take_turns(ways, rounds=1 if quick else 9)
            found["a picture"][pictures] = {
                name: spread(one / pictures for one in each) for name, each in seconds.items()
            }
            found["loop over pipeline"][pictures] = ratio(seconds, "loop", "pipeline")
    return found


def matrix_product(dtype):
    """A function that multiplies two square matrices: 2 · SIDE³ operations."""
    first, second = torch.randn(2, SIDE, SIDE, generator=generator(0)).to(dtype)
    return partial(torch.mm, first, second)


def peak(quick):
    """Operations a second, on one thread: a matrix product's, and what a picture makes of them."""
    components = load_components(POCKET, "cpu", torch.float32)
    products = {"fp32": matrix_product(torch.float32)}
    if bfloat16_is_fast("cpu"):
        products["bf16"] = matrix_product(torch.bfloat16)
    found = {}
    for pictures in BATCHES[:1] if quick else BATCHES[::2]:
        paint = painter(components, pictures)
        with FlopCounterMode(display=False) as counter:
            paint()
        with threads(1):
            seconds = take_turns(products | {"paint": paint}, rounds=1 if quick else 9)
        speeds = {name: spread(2 * SIDE**3 / one for one in seconds[name]) for name in products}
        speed = [counter.get_total_flops() / one for one in seconds["paint"]]
        found["matrix product"] = speeds
        found[f"{pictures} at once"] = {
            "operations": counter.get_total_flops(),
            "share of fp32": spread(
                one * product / (2 * SIDE**3) for one, product in zip(speed, seconds["fp32"], strict=True)
            ),
        }
    return found


@contextmanager
def busy(processes):
    """So many other programs compute while the block runs; yields their `Popen`s."""
    running = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(processes)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def thread_counts(quick):
    """A picture with one thread and with as many as there are cores, alone and beside busy programs."""
    components, most = load_components(POCKET, "cpu", torch.float32), max(1, round(cores()))
    paint = painter(components, 1)

    def on(count):
        def function():
            with threads(count):
                paint()

        return function

    ways = {counted(count, "thread"): on(count) for count in sorted({1, most})}
    found = {}
    for processes in sorted({0, 1, most}):
        with busy(processes):
            seconds = take_turns(ways, rounds=1 if quick else 5)
        found[counted(processes, "busy program")] = {name: spread(each) for name, each in seconds.items()}
    return {"cores": most} | found


def warm(count, wait):
    """Seconds of the third picture of a new process with so many threads, which wait for each other so."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {"OMP_NUM_THREADS": str(count)} | ({"OMP_WAIT_POLICY": wait} if wait else {})
    command = [sys.executable, "-c", WARM]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def waiting(quick):
    """A picture by threads that wait for each other in one way or another, alone and beside a busy program.

    OpenMP asks for the way when it is loaded: each picture has a process of its own.
    """
    most = max(1, round(cores()))
    ways = {
        f"{counted(count, 'thread')}, {wait or 'as it comes'}": (count, wait)
        for count in sorted({1, most})
        for wait in (WAITS[:1] if quick else WAITS)
    }
    found = {}
    for processes in (0, 1):
        seconds = {name: [] for name in ways}
        with busy(processes):
            for number in range(1 if quick else 5):
                for name in list(ways) if number % 2 else list(reversed(ways)):
                    seconds[name].append(warm(*ways[name]))
        found[counted(processes, "busy program")] = {name: spread(each) for name, each in seconds.items()}
    return {"cores": most} | found


def notebooks(quick):
    """Seconds of each notebook from a clean kernel, on one thread; "tests" is the whole of `pytest`."""
    found = {}
    (ROOT / "out").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "out") as folder:  # inside, so that it finds helpers/
        for file in sorted((ROOT / "notebooks").glob("*.ipynb"))[: 1 if quick else None]:
            copy = shutil.copy(file, folder)
            found[file.stem] = once(command("-m", "tools.execute_notebooks", copy))
    if not quick:
        workers = str(max(1, round(cores())))
        found["tests"] = once(
            command("-m", "pytest", "-q", "-n", workers, "--dist", "loadfile", "--no-loadscope-reorder")
        )
    return found


PARTS = {
    "start": start,
    "loop": loop,
    "peak": peak,
    "threads": thread_counts,
    "waiting": waiting,
    "notebooks": notebooks,
}
OPTIONAL = {"waiting", "notebooks"}  # their sections of the page can wait
