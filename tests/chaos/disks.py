"""Disks that fill up: a small file system where one may be mounted, else a bound on how far files may grow."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import SHORT
from tests.processes import Known

PIECE = b"\0" * 65_536


def may_mount() -> bool:
    """Tell whether this process may mount file systems."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@contextmanager
def a_small_disk(megabytes: int) -> Iterator[Path]:
    """Mount a file system of this size while the block lasts; anybody may write there, as the user a server runs as must."""
    folder = Path(tempfile.mkdtemp(prefix="aos-disk-", dir=SHORT))
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=1777", "small-disk", str(folder)], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    finally:
        folder.rmdir()


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Leave no room on a disk while the block lasts."""
    ballast = disk / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        _fill(descriptor)
        yield
    finally:
        os.close(descriptor)
        ballast.unlink()


def _fill(descriptor: int) -> None:
    for piece in (PIECE, PIECE[:1]):
        try:
            while os.write(descriptor, piece):
                pass
        except OSError:
            continue


@contextmanager
def no_larger_files(processes: Iterable[Known], size: int) -> Iterator[None]:
    """Let processes write no file beyond a size while the block lasts; those they start neither."""
    bounded = list(processes)
    for process in bounded:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for process in bounded:
            if process.is_alive():
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
