"""The S3 bucket: moto answers, SQLite keeps what is in it."""

import datetime
import json
import logging
import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey, S3Backend, s3_backends
from moto.s3.utils import _VersionedKeyStore
from moto.server import ThreadedMotoServer

from offline_kit.errors import KitError

BUCKET = "course"
REGION = "us-east-1"
SAVE_SECONDS = 0.25


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

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)

    def load_into(self, backend: S3Backend) -> None:
        """Put every kept object into the bucket, its ETag and metadata included.

        ETags are kept because conditional writes compare them.
        """
        with closing(self._connect()) as database:
            for key, value, etag, modified, metadata in database.execute("SELECT * FROM objects"):
                loaded = backend.put_object(BUCKET, key, value, etag=etag)
                loaded.last_modified = datetime.datetime.fromisoformat(modified)
                loaded.set_metadata(json.loads(metadata))

    def save(self, objects: dict[str, FakeKey | None]) -> None:
        """Save objects as they are now; None stands for one that was deleted."""
        with closing(self._connect()) as database, database:
            for key, stored in objects.items():
                if not isinstance(stored, FakeKey):
                    database.execute("DELETE FROM objects WHERE key = ?", [key])
                    continue
                row = (
                    key,
                    stored.value,
                    stored.etag.strip('"'),
                    stored.last_modified.isoformat(),
                    json.dumps(dict(stored.metadata)),
                )
                database.execute("REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", row)


class WatchedKeys(_VersionedKeyStore):
    """Moto's store of a bucket's objects, which also notes what changed."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: dict[str, None] = {}  # in the order of the changes
        self.has_changed = threading.Event()

    def _note(self, key: str) -> None:
        self.changed[key] = None
        self.has_changed.set()

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401
        super().__setitem__(key, value)
        self._note(key)

    def setlist(self, key: str, list_: list[Any]) -> None:
        """Replace all versions of an object."""
        super().setlist(key, list_)
        self._note(key)

    def pop(self, key: str) -> None:
        """Delete an object."""
        super().pop(key)
        self._note(key)

    def take_changed(self) -> list[str]:
        """Return the objects that changed since this was asked last."""
        self.has_changed.clear()
        names = list(self.changed)
        for name in names:
            self.changed.pop(name, None)
        return names


class BucketServer:
    """The S3 service on 127.0.0.1 with the course's bucket in it.

    Parameters
    ----------
    path
        File that keeps the objects; None keeps them only in memory.
    port
        Port wanted, used if it is free; 0 lets the system choose.
    """

    def __init__(self, path: Path | None, port: int = 0) -> None:
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._keys = WatchedKeys()
        backend.create_bucket(BUCKET, REGION).keys = self._keys
        self._disk = ObjectsOnDisk(path) if path else None
        self._saver = threading.Thread(target=self._save_changes, name="bucket", daemon=True)
        self._closing = threading.Event()
        if self._disk:
            self._disk.load_into(backend)
            self._keys.take_changed()
            self._saver.start()
        free = port if port and _is_free(port) else 0
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=free, verbose=False)
        self._server.start()

    @property
    def url(self) -> str:
        """Endpoint of the service."""
        host, port = self._server.get_host_and_port()
        return f"http://{host}:{port}"

    def close(self) -> None:
        """Answer no more, and save what is still to be saved."""
        self._server.stop()
        self._closing.set()
        self._keys.has_changed.set()
        if self._disk:
            self._saver.join()

    def _save_changes(self) -> None:
        while not self._closing.is_set():
            self._keys.has_changed.wait()
            self._closing.wait(SAVE_SECONDS)  # moto sets an object's metadata after storing it
            self._save()
        self._save()

    def _save(self) -> None:
        names = self._keys.take_changed()
        try:
            self._disk.save({name: self._keys.get(name) for name in names})
        except (OSError, sqlite3.Error, ValueError):
            # A full disk, or an object replaced while it was read: try again at the next change.
            logging.getLogger(__name__).exception("The bucket could not be saved.")
            for name in names:
                self._keys.changed.setdefault(name)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
