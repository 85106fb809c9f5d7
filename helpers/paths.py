"""Where things are, found without loading any package."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from helpers.errors import CourseError
from offline_kit.paths import PROJECT, folder_of, kit_folder

__all__ = ["PROJECT", "kit_folder", "make_outputs_folder", "outputs_folder"]


def outputs_folder(default: Path = PROJECT / "outputs") -> Path:
    """Return the folder for what the lessons make: that of ``COURSE_OUTPUTS``, or the default."""
    return folder_of("COURSE_OUTPUTS", default)


def make_outputs_folder(default: Path = PROJECT / "outputs") -> Path:
    """Return the folder for what the lessons make, once it is there and takes a file.

    Raises
    ------
    CourseError
        If it cannot be made, is no folder, is read-only, its disk is full, or GeoPandas could not
        read from it.
    """
    outputs = outputs_folder(default)
    require_readable_name(outputs, "COURSE_OUTPUTS")
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=outputs) as file:
            file.write(b"room?")
            file.flush()
    except OSError as error:
        in_the_way = os.path.lexists(outputs) and not outputs.is_dir()
        reason = "there is something else of that name" if in_the_way else error.strerror
        raise CourseError(
            f"The folder {outputs} cannot be written ({reason}): change its permissions or make "
            "room, or name another folder with COURSE_OUTPUTS, and restart the kernel."
        ) from None
    return outputs


def require_readable_name(folder: Path, variable: str) -> None:
    """Refuse a folder in which GeoPandas finds no file: one with ``!`` in its name.

    It takes the sign for the end of an archive's name, as in ``zip://points.zip!points.shp``.
    """
    if "!" in str(folder):
        raise CourseError(
            f"The folder {folder} has a ! in its name, behind which GeoPandas looks for a file "
            f"in an archive: name another folder with {variable}, or move the course to one."
        )
