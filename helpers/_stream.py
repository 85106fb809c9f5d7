"""Computes a lazy array block by block, on any Dask scheduler, without holding it."""

from __future__ import annotations

from collections import ChainMap, Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor
from concurrent.futures import Future as LocalFuture
from concurrent.futures import wait as wait_locally
from contextlib import ExitStack
from itertools import chain, groupby, islice
from typing import Any, Protocol
from weakref import WeakSet

import dask
import dask.array as da
import dask.threaded
import numpy as np
from dask.base import get_scheduler
from dask.optimization import cull
from dask.order import order
from dask.system import CPU_COUNT
from dask.typing import Key
from distributed import Client, Future, worker_client
from distributed import wait as wait_for_cluster
from distributed.worker import thread_state
from tqdm.auto import tqdm

from helpers._reading import groups_of_blocks, literal, optimised_graph

Window = tuple[slice, ...]
Tasks = Mapping[Key, Any]


def for_each_block(
    array: da.Array,
    use: Callable[[Window, np.ndarray], None],
    *,
    progress: str | None = None,
) -> None:
    """Compute each block of an array, hand it to a function and free it.

    Blocks are computed in parallel on the scheduler in force: threads, or a cluster if a
    ``distributed.Client`` is active. `use` is called in this thread, for one block at a time. No
    more blocks are on their way than there are threads to compute them, and a few more, so neither
    workers nor this process hold many. (``da.store`` would let Dask choose: its threads take next
    what has become ready last, and so read band after band of all blocks; and on a cluster each
    worker would have to reach the target.) An error or an interrupt drops everything that has not
    started.

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
    with (
        tqdm(
            total=total, desc=progress, disable=progress is None, unit="px", unit_scale=True
        ) as bar,
        _workers_for(array) as workers,
    ):
        windows = _windows(array, workers.number)
        tasks = _BlockTasks(workers, array, list(windows))
        blocks = iter(windows.items())
        flying: dict[Any, Window] = {}

        def finish(future: Any) -> None:  # noqa: ANN401
            window, block = flying.pop(future), future.result()
            use(window, block)
            bar.update(block.size * total / array.size)

        while True:
            for key, window in islice(blocks, max(0, workers.room - len(flying))):
                flying[tasks.submit(key)] = window
            if not flying:
                return
            done = workers.wait_for_one(list(flying))
            while done:
                finish(done.pop())  # nothing here holds a block that is finished


def active_client(array: da.Array) -> Client | None:
    """Return the distributed client that would compute an array now, None for threads."""
    client = getattr(get_scheduler(collections=[array]), "__self__", None)
    return client if isinstance(client, Client) else None


class _Workers(Protocol):
    """Computes tasks somewhere; a context that ends drops what has not started."""

    @property
    def number(self) -> int:
        """How many there are, each with a cache of its own."""

    @property
    def room(self) -> int:
        """How many blocks may be on their way: one for each thread, and a few more."""

    def submit(self, tasks: Tasks, key: Key) -> Any:  # noqa: ANN401
        """Compute a key; its future may stand in later tasks in the place of a task."""

    def wait_for_one(self, futures: list[Any]) -> list[Any]:
        """Wait until one of some futures or more are done, and return these."""

    def __enter__(self) -> _Workers: ...

    def __exit__(self, *_: object) -> None: ...


def _workers_for(array: da.Array) -> _Workers:
    client = active_client(array)
    if client is not None:
        return _Cluster(client)
    one_thread = get_scheduler(collections=[array]) is dask.get
    return _Threads(1 if one_thread else int(dask.config.get("num_workers", None) or CPU_COUNT))


class _Cluster:
    """The workers of a cluster."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sent: WeakSet[Future] = WeakSet()
        self._outside_the_pool = ExitStack()

    @property
    def number(self) -> int:
        return max(1, len(self._client.nthreads()))

    @property
    def room(self) -> int:
        threads = self._client.nthreads()
        return max(2, sum(threads.values()) + len(threads))

    def submit(self, tasks: Tasks, key: Key) -> Future:
        # Blocks sent first are computed first, however soon the others follow.
        future = self._client.get(tasks, key, sync=False, fifo_timeout="0s")
        self._sent.add(future)
        return future

    def wait_for_one(self, futures: list[Future]) -> list[Future]:
        return list(wait_for_cluster(futures, return_when="FIRST_COMPLETED").done)

    def __enter__(self) -> _Cluster:
        if hasattr(thread_state, "key"):  # a task, which would hold a thread that the blocks need
            self._outside_the_pool.enter_context(worker_client())
        return self

    def __exit__(self, *_: object) -> None:
        waiting = [future for future in self._sent if not future.done()]
        if waiting:
            self._client.cancel(waiting)
        self._outside_the_pool.close()


class _Threads:
    """Threads of this process, which share the tasks of the blocks that are on their way."""

    number = 1

    def __init__(self, number: int) -> None:
        self._threads = ThreadPoolExecutor(number)
        self._blocks = ThreadPoolExecutor(number + 1)  # each hands out a block's tasks, and waits
        self.room = number + 1

    def submit(self, tasks: Tasks, key: Key) -> LocalFuture:
        return self._blocks.submit(self._compute, tasks, key)

    def wait_for_one(self, futures: list[LocalFuture]) -> list[LocalFuture]:
        return list(wait_locally(futures, return_when=FIRST_COMPLETED).done)

    def __enter__(self) -> _Threads:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in (self._threads, self._blocks):
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in (self._threads, self._blocks):
            pool.shutdown()

    def _compute(self, tasks: Tasks, key: Key) -> Any:  # noqa: ANN401
        # What was sent before can be waited for here, where no thread that computes is held up.
        given = {n: literal(t.result()) for n, t in tasks.items() if isinstance(t, LocalFuture)}
        return dask.threaded.get({**tasks, **given}, key, pool=self._threads)


class _BlockTasks:
    """Sends the tasks of one block at a time, and what several blocks need only once.

    That is the model, open files, and chunks at the seams of blocks. Each is kept until the last
    block that needs it has been sent.
    """

    def __init__(self, workers: _Workers, array: da.Array, blocks: list[Key]) -> None:
        self._workers = workers
        graph, held = optimised_graph(array)
        self._order = order(graph)
        self._graph = ChainMap(held, graph)
        needed = (cull(self._graph, [key])[0] for key in blocks)
        uses = Counter(chain.from_iterable(needed))
        self._uses_left = {k: number for k, number in uses.items() if number > 1 and k not in held}
        self._kept: dict[Key, Any] = {}

    def submit(self, key: Key) -> Any:  # noqa: ANN401
        """Send the tasks of a block; the future is its values."""
        needed = cull(self._graph, [key])[0]
        shared = sorted(self._uses_left.keys() & needed, key=self._order.__getitem__)
        for name in shared:
            if name not in self._kept:
                self._kept[name] = self._send(name)
        future = self._send(key)
        for name in shared:
            self._uses_left[name] -= 1
            if not self._uses_left[name]:
                del self._kept[name], self._uses_left[name]
        return future

    def _send(self, key: Key) -> Any:  # noqa: ANN401
        """Send a task and what it waits for; futures stand for what was sent before."""
        tasks, _ = cull(ChainMap(self._kept, self._graph), [key])
        return self._workers.submit(tasks, key)


def _windows(array: da.Array, workers: int) -> dict[Key, Window]:
    """Return the places of an array's blocks, in the order in which they are computed.

    Neighbours in both directions follow each other closely (Z-order), so that a tile of a file
    that several of them need is still in GDAL's cache. Each worker with a cache of its own has a
    group of neighbours under way.
    """
    starts = [np.concatenate([[0], np.cumsum(sizes)]).astype(int) for sizes in array.chunks]
    group_of = groups_of_blocks(array)
    places = sorted(
        np.ndindex(array.numblocks), key=lambda place: (_z_order(group_of(place)), _z_order(place))
    )
    groups = [list(members) for _, members in groupby(places, key=group_of)]
    return {
        (array.name, *position): tuple(
            slice(int(edges[i]), int(edges[i + 1]))
            for edges, i in zip(starts, position, strict=True)
        )
        for position in _taking_turns(groups, workers)
    }


def _taking_turns[T](groups: Iterable[list[T]], number: int) -> Iterator[T]:
    """Yield the members of groups, of so many groups in turn, until there are no more."""
    waiting = iter(groups)
    under_way = deque(iter(group) for group in islice(waiting, number))
    while under_way:
        group = under_way.popleft()
        member = next(group, None)
        if member is not None:
            yield member
            under_way.append(group)
        else:
            under_way.extend(iter(group) for group in islice(waiting, 1))


def _z_order(position: tuple[int, ...]) -> tuple[int, ...]:
    """Return a key that sorts by the leading dimensions, then along a Z-order curve in y and x."""
    *leading, y, x = position
    bits = range(max(y, x).bit_length())
    return (*leading, sum((y >> b & 1) << 2 * b + 1 | (x >> b & 1) << 2 * b for b in bits))
