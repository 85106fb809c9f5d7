"""Is the offline kit whole? Every file is compared with the manifest, without the simulator."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from helpers.errors import CourseError


def verify_kit(kit: Path) -> dict[str, Any]:
    """Compare every file of a kit with its manifest, and return the manifest.

    Parameters
    ----------
    kit : Path
        Folder of the kit.

    Raises
    ------
    CourseError
        If there is no kit, or if a file is missing or differs.
    """
    from offline_kit.errors import KitError
    from offline_kit.serve.kit import HOW_TO_MEND, read_manifest

    try:
        manifest = read_manifest(kit)
    except KitError as error:
        raise CourseError(str(error)) from None
    for name, entry in manifest["files"].items():
        with (kit / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != entry["sha256"]:
                raise CourseError(
                    f"The offline kit in {kit} is damaged ({name} differs from the manifest); "
                    f"{HOW_TO_MEND}."
                )
    return manifest
