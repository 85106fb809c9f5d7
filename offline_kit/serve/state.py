"""What a running server tells about itself, in a small file beside its bucket."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4


@dataclass(frozen=True)
class ServerAddresses:
    """Where the server answers.

    Attributes
    ----------
    http_url
        Root of the STAC API (``/v1``), the scenes (``/data``) and the tiles (``/tiles``).
    s3_url
        Endpoint of the S3 service.
    bucket
        Name of the bucket made for the course.
    pid
        Process id of the server.
    """

    http_url: str
    s3_url: str
    bucket: str
    pid: int


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
        Random name of this one server: whoever answers with it on the lease port is no stranger
        that was given the port of a server long gone.
    """

    addresses: ServerAddresses
    kit: str
    lease_port: int
    token: str


@dataclass(frozen=True)
class BucketFolder:
    """The files in the folder that keeps a bucket.

    Attributes
    ----------
    path
        The folder.
    """

    path: Path

    @property
    def objects(self) -> Path:
        """Database of the objects in the bucket."""
        return self.path / "bucket.sqlite"

    @property
    def log(self) -> Path:
        """What the latest server wrote to its standard output and error."""
        return self.path / "server.log"

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

    def write_state(self, state: ServerState) -> None:
        """Tell clients where the server is, in one step."""
        beside = self._state.with_name(f".{uuid4().hex}.json")
        beside.write_text(json.dumps(asdict(state)), encoding="utf-8")
        beside.replace(self._state)

    def read_state(self) -> ServerState | None:
        """Return what the latest server told, which may have ended since; None if nothing."""
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
            return ServerState(**(state | {"addresses": ServerAddresses(**state["addresses"])}))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
