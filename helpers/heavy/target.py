"""Where a map goes: looked at before the work."""

from __future__ import annotations

import os
import re
from pathlib import Path

from helpers.errors import CourseError


def file_to_write(path: str | Path, overwrite: bool) -> Path:
    """Find out now, not after the work, whether a file may be written there, and return its path.

    Through a link the file that it leads to is written, and the link stays.
    """
    if not isinstance(path, str | os.PathLike):
        raise CourseError(f"The path is a {type(path).__name__}, but the name of a file is needed.")
    if not str(path).strip() or path == Path():
        raise CourseError("The path is empty, but the name of a file is needed.")
    if "://" in str(path) or re.match(r"[a-z0-9]{2,}:[/\\]|/vsi", str(path)):
        raise CourseError(
            f"{path} is an address, but write_cog writes a file on this machine: write that, then "
            "copy it, for example with s3fs.S3FileSystem(...).put(path, address)."
        )
    try:
        path = Path(path).expanduser()
    except RuntimeError:
        raise CourseError(f"{path} names a user whom this machine does not know.") from None
    try:
        path = path.resolve() if path.is_symlink() else path
        is_folder, is_there = path.is_dir(), path.exists()
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead to each other
        raise CourseError(f"{path} cannot be written ({error}).") from None
    if is_folder:
        raise CourseError(f"{path} is a folder, but the name of a file is needed.")
    if is_there and not overwrite:
        raise CourseError(
            f"{path} exists already: pass overwrite=True to replace it, or choose another name."
        )
    return path
