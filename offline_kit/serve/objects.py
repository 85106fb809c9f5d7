"""What keeps the objects of the bucket: one SQLite file."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path

from offline_kit.errors import KitError


@dataclass(frozen=True)
class StoredObject:
    """An object of the bucket.

    Attributes
    ----------
    key
        Its name.
    value
        Its content.
    etag
        What conditional writes compare, without quotes.
    modified
        When it was written, ISO 8601.
    metadata
        Content type and the like, as JSON.
    """

    key: str
    value: bytes
    etag: str
    modified: str
    metadata: str


class ObjectsOnDisk:
    """The objects of a bucket in one SQLite file: every save happens wholly or not at all.

    Parameters
    ----------
    path
        The file; made if missing.

    Raises
    ------
    KitError
        The file is of another kind, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with closing(self._connect()) as database, database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, "
                    "value BLOB NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL, "
                    "metadata TEXT NOT NULL)"
                )
        except sqlite3.Error as error:
            raise KitError(
                f"The content of the bucket, {path}, cannot be used ({error}); move that file "
                "away, or name another bucket folder."
            ) from error

    def load(self) -> Iterator[StoredObject]:
        """Return every object, one after the other."""
        with closing(self._connect()) as database:
            for row in database.execute("SELECT key, value, etag, modified, metadata FROM objects"):
                yield StoredObject(*row)

    def save(self, changes: Mapping[str, StoredObject | None]) -> None:
        """Save objects, all or none of them; None stands for one that was deleted."""
        with closing(self._connect()) as database, database:
            for key, stored in changes.items():
                if stored is None:
                    database.execute("DELETE FROM objects WHERE key = ?", [key])
                else:
                    row = astuple(stored)
                    database.execute("REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", row)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)
