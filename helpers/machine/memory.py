"""How much memory processes hold together."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

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
