"""Computes a lazy array and hands over its blocks one by one, without holding it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from threading import Lock

import dask
import dask.array as da
import numpy as np
from dask.array.core import slices_from_chunks
from dask.base import get_scheduler
from distributed import Client, as_completed, futures_of, get_worker, worker_client
from tqdm import tqdm

Place = tuple[slice, ...]
Use = Callable[[Place, np.ndarray], None]


def for_each_block(array: da.Array, use: Use, *, progress: str | None = None) -> None:
    """Compute each block of an array, hand it to a function and free it.

    Blocks are computed on the scheduler in force, and `use` is called for one at a time. On
    threads that is ``dask.array.store``: a thread hands over its block before it takes the next.
    On a cluster each block is fetched as it is done; those that wait are kept by the workers,
    which put what is too much for them on their disk. An error or an interrupt drops everything
    that has not started.

    Parameters
    ----------
    array
        The array to compute.
    use
        Called with a block's place in the array, one slice a dimension, and its values.
    progress
        Title of a progress bar over the array's pixels; None for no bar.
    """
    total = int(np.prod(array.shape[-2:]))
    # Text on stdout, not a widget: it stays readable in a notebook that is opened without a kernel.
    look = {"desc": progress, "unit": "px", "unit_scale": True, "file": sys.stdout}
    with tqdm(total=total, disable=progress is None, **look) as bar:

        def use_and_count(place: Place, block: np.ndarray) -> None:
            use(place, block)
            bar.update(block.size * total / array.size)

        client = _client_for(array)
        if client is None:
            _on_threads(array, use_and_count)
        else:
            _on_cluster(client, array, use_and_count)


def _client_for(array: da.Array) -> Client | None:
    """Return the distributed client that would compute an array now, None for threads."""
    client = getattr(get_scheduler(collections=[array]), "__self__", None)
    return client if isinstance(client, Client) else None


class _Receiver:
    """What ``dask.array.store`` takes for an array to write to, until it is closed."""

    def __init__(self, use: Use) -> None:
        self._use: Use | None = use
        self._lock = Lock()

    def __setitem__(self, place: Place, block: np.ndarray) -> None:
        with self._lock:
            if self._use is not None:
                self._use(place, block)

    def close(self) -> None:
        with self._lock:  # after an interrupt, threads end what they have begun
            self._use = None


def _on_threads(array: da.Array, use: Use) -> None:
    alone = get_scheduler(collections=[array]) is dask.get
    receiver = _Receiver(use)
    try:
        scheduler = "synchronous" if alone else "threads"
        da.store(array, receiver, lock=False, scheduler=scheduler)
    finally:
        receiver.close()


def _on_cluster(client: Client, array: da.Array, use: Use) -> None:
    places = dict(zip(np.ndindex(array.numblocks), slices_from_chunks(array.chunks), strict=True))
    with ExitStack() as inside_a_task:
        if _is_task():  # it would hold a thread that the blocks need
            client = inside_a_task.enter_context(worker_client())
        futures = futures_of(client.persist(array))
        waiting = as_completed(futures)
        try:
            for future in waiting:
                use(places[future.key[1:]], future.result())
                future.release()
        finally:
            for future in futures:
                future.release()


def _is_task() -> bool:
    try:
        get_worker()
    except ValueError:
        return False
    return True
