"""Full disks and read-only folders; a test is skipped where the machine can't make one."""

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def full_disk(size):
    """A folder on a disk of its own of so many bytes, such as "40k": a tmpfs, which only root may mount."""
    with _mounted(f"size={size}") as folder:
        yield folder


@contextmanager
def read_only(folder, fill=lambda folder: None):
    """A folder that holds what `fill(folder)` put there, and that nothing can be written to."""
    if os.name == "posix" and os.geteuid():
        folder.mkdir()
        fill(folder)
        folder.chmod(0o555)
        try:
            yield folder
        finally:
            folder.chmod(0o755)
        return
    with _mounted("size=1m") as disk:  # root may write everywhere, but not on such a disk
        fill(disk)
        _call("mount", "-o", "remount,ro", disk)
        yield disk


@contextmanager
def _mounted(options):
    with tempfile.TemporaryDirectory() as folder:
        try:
            _call("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("a disk of its own can be mounted by root alone, on Linux")
        try:
            yield Path(folder)
        finally:
            _call("umount", "--lazy", folder)


def _call(*command):
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
