"""Looks at what readers of files are given, before they read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyproj
from pyproj.exceptions import CRSError

from helpers.course import CRS
from helpers.errors import CourseError


def existing_file(path: str | Path) -> Path:
    """Return the path of a file, or of a folder that counts as one (.gdb); refuse anything else."""
    if not isinstance(path, str | os.PathLike):
        raise CourseError(f"The name of a file is needed, in quotes, not a {type(path).__name__}.")
    path = Path(path).expanduser()
    if not path.exists():
        raise CourseError(f"There is no file {path.resolve()}: check its name and its folder.")
    if path.is_dir() and not path.suffix:
        raise CourseError(f"{path.resolve()} is a folder: name the file in it.")
    return path


def known_projection(crs: Any) -> pyproj.CRS | None:
    """Return a projection that somebody has named, None if nobody has; refuse what is none."""
    if crs is None:
        return None
    try:
        return pyproj.CRS.from_user_input(crs)
    except CRSError:
        raise CourseError(
            f"{crs!r} is no projection that is known: give its number, such as 'EPSG:{CRS}'."
        ) from None
