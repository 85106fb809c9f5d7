"""Memory, processors and disk, as far as the container allows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from helpers.doctor._check import ToFix
from helpers.paths import make_outputs_folder

GB = 1e9
MEMORY_TOTAL = 1.9 * GB  # mybinder gives 2 GiB
MEMORY_FREE = 1.2 * GB
DISK_FREE = 1.0 * GB
# A control group without a limit tells the largest number of pages there could be.
NO_LIMIT = 2**60

SYSTEM = Path("/")


def look_at_memory() -> str:
    """Compare the memory of this machine, or of its container, with what a lesson takes."""
    import psutil

    machine = psutil.virtual_memory()
    total, free, where = machine.total, machine.available, "machine"
    for limit, used in memory_limits(SYSTEM):
        if limit < total:
            total, where = limit, "container"
        free = min(free, limit - used)
    if total < MEMORY_TOTAL:
        raise ToFix(
            f"This {where} has {total / GB:.1f} GB of memory, and the lessons need 2 GB: give it "
            "more, or take one of the other ways in docs/workshop.md (Binder, Studio Lab)."
        )
    if free < MEMORY_FREE:
        raise ToFix(
            f"Only {free / GB:.1f} GB of {total / GB:.1f} GB of memory are free, and a lesson "
            f"takes up to {MEMORY_FREE / GB:.1f} GB: shut down other kernels (menu Kernel, Shut "
            "Down All Kernels) and close other programs."
        )
    return f"{free / GB:.1f} of {total / GB:.1f} GB free ({where})"


def look_at_processors() -> str:
    """Count the processors, and make sure that no more threads are started than there are."""
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    allowed = min([float(seen), *processor_limits(SYSTEM)])
    threads = os.environ.get("OMP_NUM_THREADS", "")
    count = int(threads) if threads.isdigit() else seen
    whole = max(1, round(allowed))
    if count > 1 and count > 1.5 * allowed:
        raise ToFix(
            f"{count} threads would share the {allowed:.2g} processors that may be used here, and "
            f"wait for each other: set OMP_NUM_THREADS={whole} and OMP_WAIT_POLICY=passive, then "
            "start Lab again."
        )
    return f"{allowed:.2g}" + (f" of the {seen} that are seen" if allowed < seen else "")


def look_at_disk() -> str:
    """Look whether the folder for what the lessons make has room and can be written."""
    outputs = make_outputs_folder()
    free = shutil.disk_usage(outputs).free
    if free < DISK_FREE:
        raise ToFix(
            f"Only {free / GB:.2f} GB are free on the disk of {outputs}, and the lessons need "
            f"{DISK_FREE / GB:.0f} GB: make room, or name a folder on another disk with "
            "COURSE_OUTPUTS."
        )
    return f"{free / GB:.1f} GB free for {outputs}"


def memory_limits(system: Path) -> Iterator[tuple[int, int]]:
    """Yield limit and use, in bytes, of each control group around this process.

    Memory that only caches files is not counted as used: the kernel gives it back on demand.

    Parameters
    ----------
    system : Path
        The root of the file system; a test puts its own there.
    """
    files = (
        ("memory.max", "memory.current", "inactive_file"),  # version 2
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),  # version 1
    )
    for folder in _groups(system, "memory"):
        for limit_name, use_name, cache_name in files:
            limit = _number(folder / limit_name)
            if limit is not None and limit < NO_LIMIT:
                cache = _statistics(folder / "memory.stat").get(cache_name, 0)
                yield limit, max(0, (_number(folder / use_name) or 0) - cache)


def processor_limits(system: Path) -> Iterator[float]:
    """Yield the processors' time that each control group around this process may use.

    Parameters
    ----------
    system : Path
        The root of the file system; a test puts its own there.
    """
    for folder in _groups(system, "cpu"):
        quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        words = _text(folder / "cpu.max").split()
        if len(words) == 2 and words[0] != "max":
            quota, period = int(words[0]), int(words[1])
        if quota and period and quota > 0:
            yield quota / period


def _groups(system: Path, controller: str) -> Iterator[Path]:
    """Yield the folder of this process's control group and of every group around it."""
    mounts = system / "sys" / "fs" / "cgroup"
    for line in _text(system / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2: one tree for all
            root = mounts
        elif controller in controllers.split(","):
            root = mounts / controllers if (mounts / controllers).is_dir() else mounts / controller
        else:
            continue
        inner = root / path.lstrip("/")
        # In a container the path may be that of the host, and not be there: the root then counts.
        yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(root))


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def _statistics(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
