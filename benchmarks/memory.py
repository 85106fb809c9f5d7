"""Peak memory of processes, watched from outside."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import psutil


class PeakMemory:
    """Watches processes and all their children while a ``with`` block runs.

    Memory is the proportional set size: pages that processes share count once.

    Attributes
    ----------
    megabytes
        The highest sum seen, in MB.
    """

    def __init__(self, pids: Iterable[int], every: float = 0.2) -> None:
        self.megabytes = 0.0
        self._pids, self._every = list(pids), every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(self._every):
            self.megabytes = max(self.megabytes, sum(map(_tree_bytes, self._pids)) / 1e6)


def _tree_bytes(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        return sum(map(_bytes, (process, *process.children(recursive=True))))
    except psutil.NoSuchProcess:
        return 0


def _bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return getattr(memory, "pss", memory.uss)
