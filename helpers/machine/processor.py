"""The processor: how many cores may be used, and what figures were measured on."""

import os
import platform
from pathlib import Path

import torch

CGROUP = Path("/sys/fs/cgroup")  # where Linux says how much of the processor a container may use
CPUINFO = Path("/proc/cpuinfo")


def cores():
    """How many cores may be used, as a float: those of the machine, or a container's share of them."""
    machine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return float(min(machine, _container_cores() or machine))


def machine(device="cpu"):
    """What a measurement was made on: {"cpu": its name, "cores": how many, "gpu": its name on "cuda"}."""
    found = {"cpu": _name(), "cores": cores()}
    found["cores"] = int(found["cores"]) if found["cores"].is_integer() else found["cores"]
    return found | ({"gpu": torch.cuda.get_device_name()} if device == "cuda" else {})


def in_words(machine):
    """A machine as `machine` gives it, in a few words."""
    gpu = f"{machine['gpu']}, " if "gpu" in machine else ""
    return f"{gpu}{machine['cpu']}, {counted(machine['cores'], 'core')}"


def counted(number, what):
    """A number and what it counts, in words: "1 thread", "2 threads", "0.25 cores"."""
    return f"{round(number, 2):g} {what}{'' if number == 1 else 's'}"


def _name():
    try:
        lines = [line.partition(":") for line in CPUINFO.read_text(encoding="utf-8").splitlines()]
        return next(name.strip() for key, _, name in lines if key.strip() == "model name")
    except (OSError, StopIteration):  # another system, or a processor without a name
        return platform.processor() or platform.machine()


def _container_cores():
    """The cores that a container may use, by time: 0.5 is half of one. None where there is no limit."""
    for files in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota, period = map(int, " ".join((CGROUP / each).read_text() for each in files).split())
        except (OSError, ValueError):  # another system, or the word "max"
            continue
        return quota / period if quota > 0 else None  # -1: no limit
    return None
