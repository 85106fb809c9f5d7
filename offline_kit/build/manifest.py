"""The manifest: what a complete kit consists of."""

import hashlib
import json
import os
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from offline_kit.errors import KitError

KIT_VERSION = 3  # raise it whenever a pixel or a point changes
LICENCE = "CC-BY-4.0"
MANIFEST = "manifest.json"
_LIBRARIES = ("numpy", "numba", "scipy", "rasterio", "geopandas", "shapely", "pyproj", "pillow")


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 (any JSON value)
    """Write JSON beside its place and rename it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(kit: Path, size: str, seed: int, files: Iterable[Path]) -> None:
    """Write the manifest of a finished kit, which makes it complete.

    Parameters
    ----------
    kit : Path
    size : str
    seed : int
    files : iterable of Path
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
    KitError
        If there is none, or if it is no manifest.
    """
    path = kit / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KitError(
            f"There is no complete kit in {kit} (no {MANIFEST}): "
            "run `python -m offline_kit build` to make or to finish it."
        ) from None
    except (OSError, ValueError) as error:
        raise KitError(
            f"{path} cannot be read ({error}): remove it and run `python -m offline_kit build`."
        ) from None
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        raise KitError(
            f"{path} is not the manifest of a kit: remove it and run `python -m offline_kit build`."
        )
    return content


def damaged_files(kit: Path) -> list[str]:
    """Compare a kit with its manifest.

    Returns
    -------
    list of str
        One phrase for every file that is missing or differs; empty if the kit is whole.
    """
    problems = []
    for name, entry in read_manifest(kit)["files"].items():
        path = kit / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif path.stat().st_size != entry["bytes"] or sha256_of(path) != entry["sha256"]:
            problems.append(f"{name} differs from the manifest")
    return problems
