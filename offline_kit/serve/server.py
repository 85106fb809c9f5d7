"""The server process: everything in one place, from start to end."""

import asyncio
import json
import os
import secrets
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from socket import socket

from filelock import FileLock, Timeout

from offline_kit.errors import CourseError
from offline_kit.serve.bucket import BUCKET, REGION, Bucket
from offline_kit.serve.kit import KitOnDisk
from offline_kit.serve.lease import LeaseOffice
from offline_kit.serve.ports import listen, port_of_listener
from offline_kit.serve.state import BucketFolder, ServerAddresses, ServerState, port_of

LOCK_SECONDS = 15
LEAST_FREE_BYTES = 50_000_000


def serve(
    kit: Path,
    port: int = 0,
    bucket_folder: Path | None = None,
    lease: bool = False,
    token: str | None = None,
    behind_proxy: bool = False,
) -> None:
    """Answer for a kit until interrupted; see `offline_kit.serve.run_server`."""
    on_disk = KitOnDisk(Path(kit).resolve())
    token = token or secrets.token_hex(32)
    with _locked_folder(bucket_folder) as folder:
        before = folder.read_state()
        preferred_http_port = port_of(before.addresses.http_url) if before else 0
        preferred_s3_port = port_of(before.addresses.s3_url) if before else 0
        keys = folder.keys()
        with (
            listen(port, preferred_http_port) as http,
            Bucket(folder.store, keys, folder.bucket_log, preferred_s3_port) as bucket,
        ):
            addresses = ServerAddresses(
                http_url=f"http://127.0.0.1:{port_of_listener(http)}/{keys.path}",
                s3_url=bucket.url,
                bucket=BUCKET,
                region=REGION,
                access_key=keys.access_key,
                secret_key=keys.secret_key,
                pid=os.getpid(),
            )

            def announce(lease_port: int) -> None:
                folder.write_state(ServerState(addresses, str(on_disk.folder), lease_port, token))
                print(json.dumps(asdict(addresses)), flush=True)

            asyncio.run(
                _serve(on_disk, http, bucket, keys.path, token, lease, behind_proxy, announce)
            )


@contextmanager
def _locked_folder(bucket_folder: Path | None) -> Iterator[BucketFolder]:
    """Hold a bucket folder; without one, a folder that goes with the server."""
    if bucket_folder is None:
        with tempfile.TemporaryDirectory(prefix="course-bucket-") as path:
            yield BucketFolder(Path(path))
        return
    folder = BucketFolder(Path(bucket_folder).resolve())
    folder.make()
    free = shutil.disk_usage(folder.path).free
    if free < LEAST_FREE_BYTES:
        raise CourseError(
            f"The disk of the bucket folder {folder.path} is full ({free / 1e6:.0f} MB free); free "
            f"{LEAST_FREE_BYTES / 1e6:.0f} MB or more and run the cell again."
        )
    try:
        with FileLock(folder.server_lock, timeout=LOCK_SECONDS):
            yield folder
    except Timeout as error:
        raise CourseError(
            f"The bucket folder {folder.path} is in use by another server; close it, or name "
            "another folder."
        ) from error


async def _serve(
    on_disk: KitOnDisk,
    http: socket,
    bucket: Bucket,
    key: str,
    token: str,
    lease: bool,
    behind_proxy: bool,
    announce: Callable[[int], None],
) -> None:
    # Loaded while the bucket starts: both take about a second.
    from offline_kit.serve.web import WebServer, make_app

    def end(*_: object) -> None:
        server.should_exit = True

    office = LeaseOffice(token, end if lease else None)
    lease_port = await office.open()
    server = WebServer(make_app(on_disk, key, behind_proxy), before_end=office.close)
    with _signals(end):
        serving = asyncio.create_task(server.serve(sockets=[http]))
        try:
            await asyncio.to_thread(bucket.wait_until_ready)
            while not server.started and not serving.done():
                await asyncio.sleep(0.01)
            announce(lease_port)
            while not serving.done() and not bucket.has_ended():
                await asyncio.wait([serving], timeout=1)
        finally:
            end()
            await serving


@contextmanager
def _signals(end: Callable[..., None]) -> Iterator[None]:
    """Let signals end the server in good order.

    Uvicorn raises them once more when it has ended: without a handler that would be the end of the
    process, and the bucket's server would be left behind.
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
