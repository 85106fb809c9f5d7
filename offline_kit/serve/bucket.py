"""The S3 bucket: moto answers, and what changes is saved."""

import datetime
import json
import logging
import sqlite3
import threading
from socket import socket
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey, s3_backends
from moto.s3.utils import _VersionedKeyStore
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from offline_kit.serve.objects import ObjectsOnDisk, StoredObject

REGION = "us-east-1"
SAVE_SECONDS = 0.25


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
        for version in list_:
            # Moto sums an object up when it is first asked for its ETag, moving a position in the
            # content that readers share: so sum it up before there are any.
            _ = version.etag if isinstance(version, FakeKey) else None
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
    """The S3 service with the course's bucket in it, answering from a thread of its own.

    Parameters
    ----------
    listener
        Socket on which clients ask.
    bucket
        Name of the bucket.
    disk
        What keeps the objects; None keeps them only in memory.
    """

    def __init__(self, listener: socket, bucket: str, disk: ObjectsOnDisk | None) -> None:
        self._bucket = bucket
        self._disk = disk
        self._keys = WatchedKeys()
        self._backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._backend.create_bucket(bucket, REGION).keys = self._keys
        self._closing = threading.Event()
        self._saver = threading.Thread(target=self._save_changes, daemon=True)
        if disk:
            for stored in disk.load():
                self._put(stored)
            self._keys.take_changed()
            self._saver.start()
        # As moto's ThreadedMotoServer, which cannot take a socket that already listens.
        host, port = listener.getsockname()
        self._server = make_server(
            host,
            port,
            DomainDispatcherApplication(create_backend_app),
            threaded=True,
            request_handler=MotoRequestHandler,
            fd=listener.fileno(),
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Answer no more, and save what is still to be saved."""
        self._server.shutdown()
        self._server.server_close()
        self._closing.set()
        self._keys.has_changed.set()
        if self._disk:
            self._saver.join()

    def _put(self, stored: StoredObject) -> None:
        key = self._backend.put_object(self._bucket, stored.key, stored.value, etag=stored.etag)
        key.last_modified = datetime.datetime.fromisoformat(stored.modified)
        key.set_metadata(json.loads(stored.metadata))

    def _get(self, name: str) -> StoredObject | None:
        key = self._keys.get(name)
        if not isinstance(key, FakeKey):
            return None
        return StoredObject(
            key=name,
            value=key.value,
            etag=key.etag.strip('"'),
            modified=key.last_modified.isoformat(),
            metadata=json.dumps(dict(key.metadata)),
        )

    def _save_changes(self) -> None:
        while not self._closing.is_set():
            self._keys.has_changed.wait()
            self._closing.wait(SAVE_SECONDS)  # moto sets an object's metadata after storing it
            self._save()
        self._save()

    def _save(self) -> None:
        names = self._keys.take_changed()
        try:
            self._disk.save({name: self._get(name) for name in names})
        except (OSError, sqlite3.Error, ValueError):
            # A full disk, or an object replaced while it was read: try again at the next change.
            logging.getLogger(__name__).exception("The bucket could not be saved.")
            for name in names:
                self._keys.changed.setdefault(name)
