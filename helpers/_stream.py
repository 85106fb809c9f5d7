"""Computes a lazy array block by block, on any Dask scheduler, without holding it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from threading import Lock

import dask
import dask.array as da
import numpy as np
from dask.base import get_scheduler
from distributed import Client, Future, as_completed
from tqdm.auto import tqdm

Window = tuple[slice, ...]


def for_each_block(
    array: da.Array,
    use: Callable[[Window, np.ndarray], None],
    *,
    progress: str | None = None,
) -> None:
    """Compute each block of an array, hand it to a function and free it.

    Blocks are computed in parallel on the scheduler in force: threads, or a cluster if a
    ``distributed.Client`` is active. `use` is called in this process, for one block at a time. No
    more blocks are on their way than there are threads to compute them, and a few more. An error
    or an interrupt drops everything that has not started.

    Parameters
    ----------
    array
        The array to compute.
    use
        Called with a block's place in the array, one slice a dimension, and its values.
    progress
        Title of a progress bar over the array's pixels; None for no bar.
    """
    client = active_client(array)
    total = int(np.prod(array.shape[-2:]))
    with tqdm(
        total=total, desc=progress, disable=progress is None, unit="px", unit_scale=True
    ) as bar:

        def use_and_count(window: Window, block: np.ndarray) -> None:
            use(window, block)
            bar.update(block.size * total / array.size)

        if client is None:
            _on_threads(array, use_and_count)
        else:
            _on_cluster(client, array, use_and_count)


def active_client(array: da.Array) -> Client | None:
    """Return the distributed client that would compute an array now, None for threads."""
    client = getattr(get_scheduler(collections=[array]), "__self__", None)
    return client if isinstance(client, Client) else None


class _Target:
    """What Dask stores blocks into: it passes them on, one at a time, until it is closed."""

    def __init__(self, use: Callable[[Window, np.ndarray], None]) -> None:
        self._use = use
        self._lock = Lock()
        self._open = True

    def __setitem__(self, window: Window, block: np.ndarray) -> None:
        with self._lock:
            if self._open:
                self._use(window, block)

    def close(self) -> None:
        """Turn away the blocks that threads still finish after an interrupt."""
        with self._lock:
            self._open = False


def _on_threads(array: da.Array, use: Callable[[Window, np.ndarray], None]) -> None:
    target = _Target(use)
    try:
        da.store(array, target, lock=False, compute=True)
    finally:
        target.close()


def _on_cluster(client: Client, array: da.Array, use: Callable[[Window, np.ndarray], None]) -> None:
    """Keep a few blocks in flight, so that neither workers nor this process hold many.

    ``da.store`` would need a target that every worker can write to, which a remote cluster has
    not; ``client.compute`` of all blocks at once would let finished ones pile up on the workers.
    """
    (array,) = dask.optimize(array)
    blocks = _each_block(array)
    flying: dict[Future, Window] = {}
    done = as_completed()
    try:
        while True:
            for window, block in islice(blocks, max(0, _room(client) - len(flying))):
                future = client.compute(block)
                flying[future] = window
                done.add(future)
            if not flying:
                return
            future = next(done)
            block = future.result()
            use(flying.pop(future), block)
            future.release()
    finally:
        if flying:
            client.cancel(list(flying))


def _room(client: Client) -> int:
    """How many blocks may be in flight: each thread's, and one more for each worker."""
    threads = client.nthreads()
    return max(2, sum(threads.values()) + len(threads))


def _each_block(array: da.Array) -> Iterator[tuple[Window, da.Array]]:
    starts = [np.concatenate([[0], np.cumsum(sizes)]).astype(int) for sizes in array.chunks]
    for position in np.ndindex(array.numblocks):
        window = tuple(
            slice(int(edges[i]), int(edges[i + 1]))
            for edges, i in zip(starts, position, strict=True)
        )
        yield window, array.blocks[position]
