"""Peak memory of processes, watched from outside."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress

import psutil

from helpers.machine.memory import proportional_bytes


class PeakMemory:
    """Watches processes and all their children while a ``with`` block runs.

    Memory is the proportional set size (PSS): pages that processes share count once. The kernel
    walks over all pages to tell it; done all the time, this took a tenth of a core from what was
    measured. So it is asked for only when processes have come or gone, or when the resident set
    size (RSS), which costs little, has grown by a tenth. What RSS grows by in between counts in
    full.

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
        known_rss = known_pss = 0
        known = set[psutil.Process]()
        while not self._done.wait(self._every):
            processes = [process for pid in self._pids for process in _tree(pid)]
            rss = _resident_bytes(processes)
            if rss > 1.1 * known_rss or known != set(processes):
                known, known_rss = set(processes), rss
                known_pss = proportional_bytes(processes)
            if rss >= known_rss:
                self.megabytes = max(self.megabytes, (known_pss + rss - known_rss) / 1e6)


def _tree(pid: int) -> Iterator[psutil.Process]:
    try:
        process = psutil.Process(pid)
        yield from (process, *process.children(recursive=True))
    except psutil.NoSuchProcess:
        return


def _resident_bytes(processes: Iterable[psutil.Process]) -> int:
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total
