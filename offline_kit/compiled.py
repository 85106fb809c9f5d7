"""Numba's compiled functions are kept on the disk where that can be, else compiled each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(**options: Any) -> Callable[[Callable], Callable]:
    """Return a decorator that compiles a function as `numba.njit` with these options does.

    What is compiled is kept beside the source, or in the user's cache folder. Where neither can be
    written (a read-only course, no home folder), Numba itself would raise a RuntimeError.
    """

    def compile_function(function: Callable) -> Callable:
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # "cannot cache function ...: no locator available"
            return njit(**options)(function)

    return compile_function
