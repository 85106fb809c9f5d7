"""Computes a lazy array block by block, on any Dask scheduler, without holding it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice
from threading import Lock
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.base import get_scheduler
from dask.optimization import cull
from dask.typing import Key
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
    tasks = _BlockTasks(client, array)
    blocks = _each_block(array)
    flying: dict[Future, Window] = {}
    done = as_completed()
    try:
        while True:
            for key, window in islice(blocks, max(0, _room(client) - len(flying))):
                future = tasks.submit(key)
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


def _each_block(array: da.Array) -> Iterator[tuple[Key, Window]]:
    starts = [np.concatenate([[0], np.cumsum(sizes)]).astype(int) for sizes in array.chunks]
    for position in np.ndindex(array.numblocks):
        window = tuple(
            slice(int(edges[i]), int(edges[i + 1]))
            for edges, i in zip(starts, position, strict=True)
        )
        yield (array.name, *position), window


class _BlockTasks:
    """Sends a cluster the tasks of one block at a time, and what several blocks need only once.

    That is the model, open files, and chunks at the seams of blocks. The workers keep each until
    the last block that needs it has been sent.
    """

    def __init__(self, client: Client, array: da.Array) -> None:
        self._client = client
        self._graph = dict(array.__dask_graph__())
        needed = (self._needed(key) for key, _ in _each_block(array))
        uses = Counter(chain.from_iterable(needed))
        self._uses_left = {key: number for key, number in uses.items() if number > 1}
        self._kept: dict[Key, Future] = {}

    def submit(self, key: Key) -> Future:
        """Send the tasks of a block; the future is its values."""
        tasks = self._needed(key)
        shared = [task for task in tasks if task in self._uses_left]
        tasks |= {task: self._kept[task] for task in shared if task in self._kept}
        new = [task for task in shared if task not in self._kept]
        if new:
            futures = self._get({task: tasks[task] for task in shared}, new)
            self._kept |= dict(zip(new, futures, strict=True))
            tasks |= dict(zip(new, futures, strict=True))
        for task in shared:
            self._uses_left[task] -= 1
            if not self._uses_left[task]:
                del self._kept[task]
        return self._get(tasks, key)

    def _needed(self, key: Key) -> dict[Key, Any]:
        return dict(cull(self._graph, [key])[0])

    def _get(self, tasks: dict[Key, Any], keys: Any) -> Any:  # noqa: ANN401
        # Blocks sent first are computed first, however soon the others follow.
        return self._client.get(tasks, keys, sync=False, fifo_timeout="0s")
