"""Where a finished file goes, checked before the work starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fsspec

from helpers.errors import CourseError


class FileTarget:
    """A file on this machine."""

    def __init__(self, path: Path, overwrite: bool) -> None:
        if path.exists() and not overwrite:
            raise CourseError(
                f"{path} exists already: pass overwrite=True to replace it, or choose another name."
            )
        if path.is_dir():
            raise CourseError(f"{path} is a folder, but the name of a file is needed.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CourseError(f"{path.parent} cannot be made: {error.strerror}.") from None
        if not os.access(path.parent, os.W_OK):
            raise CourseError(f"{path.parent} cannot be written to: choose another folder.")
        self.path = path
        self.place = str(path)
        self.workplace = path.parent

    def put(self, finished: Path) -> None:
        """Give the finished file the target's name, in one step."""
        finished.replace(self.path)
        for suffix in (".aux.xml", ".ovr", ".msk"):  # what GDAL has kept beside the file before
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


class RemoteTarget:
    """An object in a bucket, or anything else that fsspec can write to."""

    workplace = None

    def __init__(self, url: str, overwrite: bool, options: dict[str, Any]) -> None:
        self.place = url
        try:
            self.filesystem, self.path = fsspec.url_to_fs(url, **options)
            exists = self.filesystem.exists(self.path)
            self._try_writing()
        except Exception as error:
            raise CourseError(f"{url} cannot be written to: {_first_line(error)}.") from None
        if exists and not overwrite:
            raise CourseError(
                f"{url} exists already: pass overwrite=True to replace it, or choose another name."
            )

    def _try_writing(self) -> None:
        """Find out now, not after hours, whether the bucket accepts objects."""
        probe = f"{self.path}.probe-{os.getpid()}"
        self.filesystem.pipe_file(probe, b"probe")
        self.filesystem.rm_file(probe)

    def put(self, finished: Path) -> None:
        """Upload the finished file; S3 shows an object only when it is there whole."""
        self.filesystem.put_file(str(finished), self.path)


def choose_target(
    path: str, overwrite: bool, options: Mapping[str, Any] | None
) -> FileTarget | RemoteTarget:
    """Find out whether a file or an address can be written to.

    Raises
    ------
    CourseError
        If it cannot, or if it exists already and `overwrite` is False.
    """
    if "://" in path:
        return RemoteTarget(path, overwrite, dict(options or {}))
    if re.match(r"[a-z0-9]{2,}:[/\\]", path):
        raise CourseError(
            f"{path} looks like an address without its '//', of which a Path keeps only one: pass "
            "the address as text, such as 's3://bucket/name.tif'."
        )
    try:
        return FileTarget(Path(path).expanduser(), overwrite)
    except RuntimeError:
        raise CourseError(f"{path} names a user whom this machine does not know.") from None


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
