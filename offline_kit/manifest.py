"""The manifest: what a complete kit consists of, and whether a kit on disk is whole."""

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from offline_kit.errors import CourseError
from offline_kit.files import written_whole
from offline_kit.paths import build_command

KIT_VERSION = 6  # raise it whenever a pixel or a point changes
LICENCE = "CC-BY-4.0"
MANIFEST = "manifest.json"
PLAN = "building.json"  # in a kit that is being built: what it will be
_LIBRARIES = ("numpy", "numba", "scipy", "rasterio", "geopandas", "shapely", "pyproj", "pillow")


def write_json(path: Path, content: Any) -> None:
    """Write JSON whole or not at all."""
    with written_whole(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    digest = hashlib.sha256()  # hashlib.file_digest would need Python 3.11
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def write_manifest(kit: Path, size: str, seed: int, files: Iterable[Path]) -> None:
    """Write the manifest of a finished kit, which makes it complete.

    Parameters
    ----------
    kit
        Folder of the kit.
    size, seed
        What was built.
    files
        Every file of the kit.
    """
    entries = {
        path.relative_to(kit).as_posix(): {
            "sha256": sha256_of(path),
            "bytes": path.stat().st_size,
        }
        for path in sorted(files)
    }
    content = {
        "kit_version": KIT_VERSION,
        "size": size,
        "seed": seed,
        "licence": LICENCE,
        "simulated": True,
        "made_with": {name: version(name) for name in _LIBRARIES},
        "files": entries,
    }
    write_json(kit / MANIFEST, content)


def read_manifest(kit: Path) -> dict[str, Any]:
    """Read a kit's manifest.

    Raises
    ------
    CourseError
        If there is none, or if it is no manifest.
    """
    path = kit / MANIFEST
    if not kit.is_dir() or not any(kit.iterdir()):
        raise CourseError(f"There is no offline kit in {kit}; make it with {build_command(kit)}.")
    if not path.is_file() and not (kit / PLAN).is_file():
        raise CourseError(
            f"{kit} holds no offline kit (it has no {MANIFEST}), but something else: name the "
            "folder of a kit, or an empty one, with COURSE_KIT, or unset it."
        )
    if not path.is_file():
        raise CourseError(
            f"The offline kit in {kit} is half-built (it has no {MANIFEST}); "
            f"finish it with {build_command(kit)}."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not all(
            isinstance(entry["bytes"], int) and isinstance(entry["sha256"], str)
            for entry in content["files"].values()
        ):
            raise TypeError("sizes are whole numbers, sums are text")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(damaged(kit, f"its {MANIFEST} cannot be read")) from error
    return content


def identity_of(manifest: dict[str, Any]) -> str:
    """Return what a kit is: a sum over the sums of its files, whenever and wherever it was made."""
    sums = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    return hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()


def check_kit(kit: Path, sums: bool) -> dict[str, Any]:
    """Compare a kit's files with its manifest, and return the manifest.

    Parameters
    ----------
    kit
        Folder of the kit.
    sums
        Compare the files' SHA-256 as well as their sizes: a second instead of milliseconds.

    Raises
    ------
    CourseError
        If there is no kit, or if it is half-built or damaged.
    """
    manifest = read_manifest(kit)
    for name, entry in manifest["files"].items():
        file = kit / name
        found = file.stat().st_size if file.is_file() else None
        if found is None:
            state = "is missing"
        elif found != entry["bytes"]:
            state = f"has {found} bytes instead of {entry['bytes']}"
        elif sums and sha256_of(file) != entry["sha256"]:
            state = "differs from the manifest"
        else:
            continue
        raise CourseError(damaged(kit, f"{name} {state}"))
    return manifest


def damaged(kit: Path, what: str) -> str:
    """Say what is damaged in a kit, and how to mend it."""
    return (
        f"The offline kit in {kit} is damaged ({what}); "
        f"make it again with {build_command(kit, '--replace')}."
    )
