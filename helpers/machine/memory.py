"""How much memory processes hold together, and at most."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil


def proportional_bytes(processes: Iterable[psutil.Process]) -> int:
    """Sum the memory of those processes that are still there; pages that they share count once.

    Parameters
    ----------
    processes
        The processes.

    Returns
    -------
    int
        Bytes: the proportional set size (PSS), or where the system does not know it (it is
        Linux's), the unique set size (USS), which leaves shared pages out.
    """
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)
    return total


@dataclass
class Peak:
    """The most memory seen so far, in MB."""

    megabytes: float = 0.0


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Watch the memory of this process's children (kernel, workers, the kit's server)."""
    peak = Peak()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            children = psutil.Process().children(recursive=True)
            peak.megabytes = max(peak.megabytes, proportional_bytes(children) / 1e6)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()
