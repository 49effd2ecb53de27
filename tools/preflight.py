"""`python -m tools.preflight`: is this machine ready for the notebooks? One line a question, and a cure."""

import os
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = (3, 11), (3, 13)  # the oldest and the newest that the project is tested with
MEMORY, DISK = 2.0, 1.0  # GB that the heaviest notebook and its kernel need; GB for what trainings keep
SLOW = 5.0  # seconds for a picture, above which a workshop drags


class Answer(NamedTuple):
    """The answer to one question: `grade` is "ok", "look" (it works, but slowly) or "no"."""

    grade: str
    question: str
    found: str
    cure: str = ""


def python():
    version = sys.version_info[:2]
    found = ".".join(map(str, sys.version_info[:3]))
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return Answer("ok", "Python", found)
    oldest, newest = (".".join(map(str, each)) for each in PYTHONS)
    return Answer(
        "no", "Python", found, f"install one from {oldest} to {newest}: make PYTHON=python{newest} lab"
    )


def packages():
    """Whether everything that the notebooks import is here, and new enough."""
    from helpers.lesson.packages import lacking

    wrong = [
        f"{wanted.name} is {version}, not {wanted.specifier}" if version else f"{wanted.name} is missing"
        for wanted, version in lacking()
    ]
    if wrong:
        return Answer("no", "packages", "; ".join(wrong), "make .venv/.ready, or: pip install '.[notebooks]'")
    return Answer("ok", "packages", f"all, torch {metadata.version('torch')}")


def memory():
    import psutil
    import torch

    from helpers.machine.memory import free_memory

    free, machine = free_memory(torch.device("cpu")), psutil.virtual_memory().available
    found = f"{free / 1e9:.1f} GB free"
    if free >= MEMORY * 1e9:
        return Answer("ok", "memory", found)
    cure = "close other kernels (in JupyterLab: Kernel, Shut Down All Kernels)"
    return Answer(
        "look",
        "memory",
        f"{found}; a notebook needs up to {MEMORY:g} GB",
        f"{cure}, or give this container more" if free < machine else f"{cure} and browser tabs",
    )


def disk():
    free = shutil.disk_usage(ROOT).free / 1e9
    if not os.access(ROOT, os.W_OK):
        return Answer(
            "no", "disk", "this folder can't be written to", "copy the whole folder to your home folder"
        )
    if free >= DISK:
        return Answer("ok", "disk", f"{free:.1f} GB free")
    return Answer("look", "disk", f"{free:.1f} GB free", f"free {DISK:g} GB before you train in notebook 10")


def device():
    import torch

    from helpers.machine.processor import cores, counted
    from helpers.models import device_and_dtype

    best, dtype = device_and_dtype()
    numbers = str(dtype).removeprefix("torch.")
    if best.type == "cuda":
        return Answer("ok", "device", f"{torch.cuda.get_device_name()}, {numbers}")
    usable, threads = cores(), torch.get_num_threads()
    found = f"{best.type}, {counted(usable, 'core')}, {threads} for one picture, {numbers}"
    if usable >= threads:
        return Answer("ok", "device", found)
    return Answer(
        "look",
        "device",
        found,
        "give this container a whole core" if usable < 1 else f"set OMP_NUM_THREADS={usable:.0f} or less",
    )


def model():
    """Whether the pocket model's files are whole: a download that was cut short lacks some."""
    from helpers.errors import ModelError
    from helpers.models import load_components

    try:
        load_components()
    except ModelError as error:
        return Answer("no", "pocket model", str(error))
    return Answer("ok", "pocket model", "whole")


def picture():
    from helpers.denoising import generate
    from helpers.models import load_components, settings

    components = load_components()
    start = time.perf_counter()
    generate(components, "an astronaut on mars", 0, **settings())
    seconds = time.perf_counter() - start
    if seconds <= SLOW:
        return Answer("ok", "one picture", f"{seconds:.1f} s")
    return Answer(
        "look",
        "one picture",
        f"{seconds:.1f} s",
        "something keeps this machine busy: close it, or paint with fewer steps: num_inference_steps=12",
    )


def kernel():
    """Whether Jupyter can start a kernel of this Python: a firewall or a stale kernelspec prevents it."""
    from jupyter_client.manager import start_new_kernel

    try:
        manager, client = start_new_kernel(
            kernel_name="python3",
            startup_timeout=30,
            stderr=subprocess.DEVNULL,  # its remarks on encryption
        )
    except Exception as error:  # whatever it is, this line is the place to say it
        return Answer(
            "no", "Jupyter kernel", f"does not start: {error}", "python -m ipykernel install --user"
        )
    try:
        found = []
        client.execute_interactive(
            "import sys; print(sys.prefix)",
            timeout=30,
            output_hook=lambda message: found.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    prefix = "".join(found).strip()
    if prefix == sys.prefix:
        return Answer("ok", "Jupyter kernel", "starts")
    return Answer(
        "no",
        "Jupyter kernel",
        f"is another Python's, in {prefix}",
        f"{sys.executable} -m ipykernel install --sys-prefix",
    )


QUESTIONS = (python, packages, memory, disk, device, model, picture, kernel)


def main():
    """Asks every question that still makes sense; 0 if the machine is ready, 1 if not."""
    worst = 0
    for question in QUESTIONS:
        try:
            answer = question()
        except Exception as error:  # a check that fails in its own way must not hide the others
            answer = Answer("no", question.__name__, f"{type(error).__name__}: {error}")
        print(f"{answer.grade:5} {answer.question:15} {answer.found}", flush=True)
        if answer.cure:
            print(f"{'':21} cure: {answer.cure}")
        worst = max(worst, answer.grade == "no")
        if answer.grade == "no" and question in (python, packages, model):
            print("      The other questions wait until this is mended.")
            break
    print("\nReady." if not worst else "\nNot ready: what helps stands above.")
    return worst


if __name__ == "__main__":
    sys.exit(main())
