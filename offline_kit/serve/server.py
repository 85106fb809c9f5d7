"""The server process: everything in one place, from start to end."""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from filelock import FileLock, Timeout

from offline_kit.errors import KitError
from offline_kit.serve.data import CountedFiles
from offline_kit.serve.kit import KitOnDisk
from offline_kit.serve.lease import LeaseOffice
from offline_kit.serve.objects import ObjectsOnDisk
from offline_kit.serve.stac import make_stac_app
from offline_kit.serve.state import BucketFolder, ServerAddresses, ServerState
from offline_kit.serve.tiles import add_tiles

if TYPE_CHECKING:
    from offline_kit.serve.bucket import BucketServer

BUCKET = "course"
LOCK_SECONDS = 15
DRAIN_SECONDS = 2


def serve(
    kit: Path,
    port: int = 0,
    bucket_folder: Path | None = None,
    lease: bool = False,
    token: str | None = None,
) -> None:
    """Answer for a kit until interrupted; see `offline_kit.serve.run_server`.

    Parameters
    ----------
    kit, port, bucket_folder, lease
        As in `offline_kit.serve.run_server`.
    token
        Name of this server, by which the client that started it recognises it.
    """
    on_disk = KitOnDisk(Path(kit).resolve())
    if bucket_folder is None:
        asyncio.run(_serve(on_disk, port, None, lease, token or uuid4().hex))
        return
    folder = BucketFolder(Path(bucket_folder).resolve())
    folder.path.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.server_lock, timeout=LOCK_SECONDS):
            asyncio.run(_serve(on_disk, port, folder, lease, token or uuid4().hex))
    except Timeout as error:
        raise KitError(
            f"The bucket folder {folder.path} is in use by another server; close it, or name "
            "another folder."
        ) from error


async def _serve(
    on_disk: KitOnDisk, port: int, folder: BucketFolder | None, lease: bool, token: str
) -> None:
    objects = ObjectsOnDisk(folder.objects) if folder else None
    before = folder.read_state() if folder else None
    http = _listen(port, _port(before.addresses.http_url) if before else 0)
    s3 = _listen(0, _port(before.addresses.s3_url) if before else 0)
    addresses = ServerAddresses(_url(http), _url(s3), BUCKET, os.getpid())

    def end(*_: object) -> None:
        server.should_exit = True

    office = LeaseOffice(token, end if lease else None)
    lease_port = await office.open()
    server = _Server(
        uvicorn.Config(
            _make_app(on_disk, addresses),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        ),
        office,
    )
    with _signals(end):
        serving = asyncio.create_task(server.serve(sockets=[http]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        # Moto takes as long to import as all the rest; who asks the bucket waits in line meanwhile.
        bucket = asyncio.get_running_loop().run_in_executor(None, _open_bucket, s3, objects)
        bucket.add_done_callback(lambda opened: end() if opened.exception() else None)
        if folder:
            folder.write_state(ServerState(addresses, str(on_disk.folder), lease_port, token))
        print(json.dumps(asdict(addresses)), flush=True)
        await serving
        (await bucket).close()


class _Server(uvicorn.Server):
    """Uvicorn's server, whose leases end before it stops listening."""

    def __init__(self, config: uvicorn.Config, office: LeaseOffice) -> None:
        super().__init__(config)
        self._office = office

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._office.close()
        await super().shutdown(sockets)


@contextmanager
def _signals(end: Callable[..., None]) -> Iterator[None]:
    """Let signals end the server in good order.

    Uvicorn raises them once more when it has ended: without a handler that would be the end of the
    process, and what the bucket has not yet saved would be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    before = {
        number: signal.signal(number, end)
        for number in (getattr(signal, name, None) for name in names)
        if number is not None
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_bucket(listener: socket.socket, objects: ObjectsOnDisk | None) -> "BucketServer":
    from offline_kit.serve.bucket import BucketServer

    return BucketServer(listener, BUCKET, objects)


def _make_app(on_disk: KitOnDisk, addresses: ServerAddresses) -> FastAPI:
    app = make_stac_app(on_disk.current)
    files = CountedFiles(on_disk.folder)
    app.mount("/data", files)
    add_tiles(app, on_disk.current)

    @app.get("/traffic")
    async def traffic() -> dict[str, int]:
        return files.traffic

    @app.get("/health")
    async def health() -> dict[str, str | int]:
        manifest = on_disk.current().manifest
        about = {name: manifest.get(name) for name in ("size", "seed", "licence")}
        return {"kit": manifest.get("kit_version"), **about, **asdict(addresses)}

    return app


def _listen(port: int, wish: int) -> socket.socket:
    """Listen on a port of 127.0.0.1; without one, on the wished-for port if it is free.

    Raises
    ------
    KitError
        The port is taken.
    """
    try:
        return _bind(port or wish)
    except (OSError, OverflowError) as error:
        if port:
            raise KitError(
                f"Port {port} cannot be used ({error}); name another one with "
                "`python -m offline_kit serve --port N`, or none to let the system choose."
            ) from error
        return _bind(0)


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


def _port(url: str) -> int:
    return urlsplit(url).port or 0
