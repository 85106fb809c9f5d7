"""Work on blocks in threads, with the results in order and few of them in memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

MOST_WORKERS = 3  # bounds the memory on machines with many cores


def ordered_map[Item, Result](
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Apply a function in threads; yield its results in the order of the items.

    At most one result more than there are threads waits in memory. The number of threads does not
    change the results.

    Parameters
    ----------
    function
        Should release the global interpreter lock for most of its time.
    items
    """
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
