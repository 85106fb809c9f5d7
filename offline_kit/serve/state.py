"""What a running server tells its clients, in small files that only their owner can read."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from offline_kit.errors import CourseError


@dataclass(frozen=True)
class ServerAddresses:
    """Where the server answers, and the keys to its bucket.

    Attributes
    ----------
    http_url
        Root of what answers by HTTP; its path is a random key.
    s3_url
        Endpoint of the S3 service.
    bucket, region
        Name of the bucket made for the course, and its region.
    access_key, secret_key
        What requests to the bucket are signed with.
    pid
        Process id of the server.
    """

    http_url: str
    s3_url: str
    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    pid: int

    @property
    def stac_url(self) -> str:
        """Root of the STAC API."""
        return f"{self.http_url}/v1"

    @property
    def data_url(self) -> str:
        """Where the kit's files are served by range request."""
        return f"{self.http_url}/data"

    @property
    def tiles_url(self) -> str:
        """Address of the basemap's tiles, with placeholders for zoom level, column and row."""
        return f"{self.http_url}/tiles/{{z}}/{{x}}/{{y}}.png"

    @property
    def health_url(self) -> str:
        """Where the server tells which kit it serves."""
        return f"{self.http_url}/health"

    @property
    def traffic_url(self) -> str:
        """Where the server counts the requests for its files, and their bytes."""
        return f"{self.http_url}/traffic"


@dataclass(frozen=True)
class ServerState:
    """The addresses of a server, and what its clients need to recognise it.

    Attributes
    ----------
    addresses
        Where it answers.
    kit
        Folder of the kit that it serves.
    lease_port
        Port on which clients hold their leases.
    token
        Random secret of this one server, with which it and its clients prove themselves to each
        other: a port of a server long gone may have been given to a stranger.
    """

    addresses: ServerAddresses
    kit: str
    lease_port: int
    token: str = field(repr=False)


@dataclass(frozen=True)
class Keys:
    """The keys of a bucket folder, made at random for it and the same after every restart.

    Attributes
    ----------
    path
        First part of the path of every address of catalogue, files and tiles.
    access_key, secret_key
        What requests to the bucket are signed with.
    """

    path: str
    access_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def make(cls) -> "Keys":
        """Make keys at random."""
        return cls(secrets.token_hex(16), secrets.token_hex(10).upper(), secrets.token_hex(20))


@dataclass(frozen=True)
class BucketFolder:
    """The files in the folder that keeps a bucket; only its owner may read them.

    Attributes
    ----------
    path
        The folder.
    """

    path: Path

    @property
    def store(self) -> Path:
        """Folder of the S3 server, with the objects of the bucket in it."""
        return self.path / "seaweedfs"

    @property
    def log(self) -> Path:
        """What the latest server wrote to its standard output and error."""
        return self.path / "server.log"

    @property
    def bucket_log(self) -> Path:
        """What the latest S3 server wrote."""
        return self.path / "bucket.log"

    @property
    def start_lock(self) -> Path:
        """Lock that a client holds while it looks for the server or starts one."""
        return self.path / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Lock that a server holds while it lives."""
        return self.path / "server.lock"

    @property
    def _state(self) -> Path:
        return self.path / "server.json"

    @property
    def _keys(self) -> Path:
        return self.path / "keys.json"

    def make(self) -> None:
        """Make the folder if it is not there, and close it to other users.

        Raises
        ------
        CourseError
            It cannot be made, or belongs to somebody else.
        """
        done = "made"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            done = "closed to other users"
            self.path.chmod(0o700)
        except OSError as error:
            raise CourseError(
                f"The bucket folder {self.path} cannot be {done} ({error.strerror}); name another "
                "one."
            ) from error

    def keys(self) -> Keys:
        """Return the keys of this folder; they are made when first asked for."""
        keys = _read(self._keys, lambda content: Keys(**content))
        if keys is None:
            keys = Keys.make()
            _write_private(self._keys, asdict(keys))
        return keys

    def write_state(self, state: ServerState) -> None:
        """Tell clients where the server is, in one step."""
        _write_private(self._state, asdict(state))

    def read_state(self) -> ServerState | None:
        """Return what the latest server told, which may have ended since; None if nothing."""
        return _read(self._state, _state_of)


def port_of(url: str) -> int:
    """Return the port in an address; 0 if it names none.

    Raises
    ------
    ValueError
        There is no such port.
    """
    return urlsplit(url).port or 0


def _state_of(content: dict) -> ServerState:
    state = ServerState(**(content | {"addresses": ServerAddresses(**content["addresses"])}))
    ports = state.lease_port, port_of(state.addresses.http_url), port_of(state.addresses.s3_url)
    if not all(0 < port < 2**16 for port in ports):
        raise ValueError(f"no such ports: {ports}")
    return state


def _read[T](path: Path, parse: Callable[[dict], T]) -> T | None:
    """Return what a file holds; None where it is not there, or holds something else."""
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_private(path: Path, content: dict) -> None:
    """Write a file that only its owner can read, and put it in its place in one step."""
    beside = path.with_name(f".{uuid4().hex}.part")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
