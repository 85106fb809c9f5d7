"""The kit on disk: is it whole, and what is in its catalogue."""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from offline_kit.errors import CourseError
from offline_kit.manifest import MANIFEST, check_kit, damaged


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
        CourseError
            There is no kit, it is half-built or damaged, or a part of it lies elsewhere.
        """
        manifest = check_kit(folder, sums=False)
        for part in folder.iterdir():
            if part.is_symlink() and part.is_dir():
                raise CourseError(
                    f"{part} is a link, and nothing outside the kit's folder is served; move the "
                    f"whole kit to {part.resolve().parent}, and name that folder with COURSE_KIT."
                )
        # by the manifest: other systems leave files of their own, such as ._name of macOS
        listed = sorted(PurePosixPath(name) for name in manifest["files"])
        collections = [
            _read_json(folder, name) for name in listed if name.match("collections/*.json")
        ]
        return cls(
            folder=folder,
            manifest=manifest,
            collections={collection["id"]: collection for collection in collections},
            items=[_read_json(folder, name) for name in listed if name.match("items/*/*.json")],
        )


class KitOnDisk:
    """The kit in a folder, read again when it was built again while the server runs.

    Parameters
    ----------
    folder
        Folder of the kit.

    Raises
    ------
    CourseError
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
            status = (self.folder / MANIFEST).stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino


def _read_json(kit: Path, name: PurePosixPath) -> dict[str, Any]:
    path = kit / name
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CourseError(damaged(kit, f"{path} is not valid JSON")) from error
