"""The kit on disk: is it whole, and what is in its catalogue."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline_kit.errors import KitError

HOW_TO_MAKE = "make it with `make kit` or `python -m offline_kit build`"
HOW_TO_MEND = "make it again with `make kit` or `python -m offline_kit build`"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a kit after checking that the kit is there and whole.

    Sizes are compared, not sums: this takes milliseconds (``python -m offline_kit verify`` compares
    the sums).

    Parameters
    ----------
    folder
        Folder of the kit.

    Raises
    ------
    KitError
        There is no kit, or it is half-built or damaged.
    """
    path = folder / "manifest.json"
    if not folder.is_dir() or not any(folder.iterdir()):
        raise KitError(f"There is no offline kit in {folder}; {HOW_TO_MAKE}.")
    if not path.is_file():
        raise KitError(
            f"The offline kit in {folder} is half-built (it has no manifest.json); {HOW_TO_MEND}."
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        sizes = {name: int(entry["bytes"]) for name, entry in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KitError(
            f"The offline kit in {folder} is damaged (its manifest.json cannot be read); "
            f"{HOW_TO_MEND}."
        ) from error
    for name, size in sizes.items():
        file = folder / name
        if not file.is_file():
            raise KitError(
                f"The offline kit in {folder} is damaged ({name} is missing); {HOW_TO_MEND}."
            )
        if (found := file.stat().st_size) != size:
            raise KitError(
                f"The offline kit in {folder} is damaged ({name} has {found} bytes instead of "
                f"{size}); {HOW_TO_MEND}."
            )
    return manifest


@dataclass(frozen=True)
class Kit:
    """A kit as read from disk.

    Attributes
    ----------
    folder
        Where it is.
    manifest
        Content of its ``manifest.json``.
    collections
        STAC collections by id.
    items
        STAC items; their asset addresses are relative to ``folder``.
    """

    folder: Path
    manifest: dict[str, Any]
    collections: dict[str, dict[str, Any]]
    items: list[dict[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> "Kit":
        """Read a kit.

        Raises
        ------
        KitError
            There is no kit, or it is half-built or damaged.
        """
        manifest = read_manifest(folder)
        collections = [_read_json(path) for path in sorted(folder.glob("collections/*.json"))]
        return cls(
            folder=folder,
            manifest=manifest,
            collections={collection["id"]: collection for collection in collections},
            items=[_read_json(path) for path in sorted(folder.glob("items/*/*.json"))],
        )


class KitOnDisk:
    """The kit in a folder, read again when it was built again while the server runs.

    Parameters
    ----------
    folder
        Folder of the kit.

    Raises
    ------
    KitError
        There is no kit, or it is half-built or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read_at = self._version()
        self._kit = Kit.read(folder)

    def current(self) -> Kit:
        """Return the kit; while it is being built again, the one that was there before."""
        version = self._version()
        if version not in (None, self._read_at):
            self._kit = Kit.read(self.folder)
            self._read_at = version
        return self._kit

    def _version(self) -> tuple[int, int] | None:
        try:
            status = (self.folder / "manifest.json").stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise KitError(
            f"The offline kit is damaged ({path} is not valid JSON); {HOW_TO_MEND}."
        ) from error
