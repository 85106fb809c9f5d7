"""The course's way to write a file: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.errors import CourseError
from offline_kit import files
from offline_kit.errors import KitError


@contextmanager
def written_whole(
    path: str | Path, check: Callable[[Path], object] | None = None
) -> Iterator[Path]:
    """Write a file as `offline_kit.files.written_whole` does; what prevents it is a CourseError."""
    try:
        with files.written_whole(path, check) as unfinished:
            yield unfinished
    except KitError as error:
        raise CourseError(str(error)) from error
