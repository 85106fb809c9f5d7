"""Keeps the libraries below a model to one thread: Dask gives each core pixels of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from threading import Lock

from threadpoolctl import ThreadpoolController

_counting = Lock()
_holders = 0  # how many threads predict now
_blas = ExitStack()  # closed, it gives BLAS its threads back
_keeper = ThreadPoolExecutor(1)  # threadpoolctl obeys only the thread that set BLAS's limit first


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenMP and BLAS to one thread, and give them theirs back afterwards.

    OpenMP's number belongs to each thread, BLAS's to the process: so the first that comes lowers
    it and the last that goes raises it. If each restored what it had found, one that came second
    would leave the 1 of the first for good.
    """
    global _holders
    with _counting:
        if _holders == 0:
            _keeper.submit(lambda: _blas.enter_context(_limit("blas"))).result()
        _holders += 1
    try:
        with _limit("openmp"):
            yield
    finally:
        with _counting:
            _holders -= 1
            if _holders == 0:
                _keeper.submit(_blas.close).result()


def _limit(libraries: str) -> AbstractContextManager[object]:
    return _pools().limit(limits=1, user_api=libraries)


@lru_cache(maxsize=1)
def _pools() -> ThreadpoolController:
    return ThreadpoolController()
