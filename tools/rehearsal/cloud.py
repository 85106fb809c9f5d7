"""The rehearsed cloud, from start to end: certificates, hosts, bucket and the line to them."""

import asyncio
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
import uvicorn

from offline_kit.serve.bucket import BUCKET, Bucket
from offline_kit.serve.ports import listen, port_of_listener
from offline_kit.serve.state import Keys
from tools.rehearsal.hosts import HOSTS, REGION, S3, make_hosts
from tools.rehearsal.line import Line
from tools.rehearsal.mishaps import Mishaps

# What would lead a learner's process past the rehearsal, or give it a way that learners lack.
SET_ASIDE = ("AWS_", "COURSE_", "CPL_", "GDAL_", "VSI_")
SET_ASIDE_ENDS = ("_PROXY", "_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class RehearsedCloud:
    """A cloud that answers on this machine.

    Attributes
    ----------
    environment
        The variables of a learner's process that believes to be on the internet, behind a proxy.
    line, mishaps
        What counts.
    """

    environment: dict[str, str]
    line: Line
    mishaps: Mishaps


@contextmanager
def rehearsed_cloud(
    kit: Path,
    published: dict[str, Path],
    recorded: Path,
    folder: Path,
    *,
    delay: float = 0.0,
    bits_per_second: float = 0.0,
    mishaps: bool = True,
) -> Iterator[RehearsedCloud]:
    """Answer, until the block ends, for all hosts that aws mode asks.

    Parameters
    ----------
    kit, published, recorded
        As in `tools.rehearsal.hosts.make_hosts`.
    folder
        For the bucket and the certificates.
    delay
        Seconds that a message takes there and back.
    bits_per_second
        How much all answers together get through; 0 for no limit.
    mishaps
        Whether some requests fail.
    """
    keys, password = Keys.make(), secrets.token_hex(16)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    names = [f"*{host}" if host.startswith(".") else host for host in HOSTS]
    authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(folder / "hosts.pem")
    with (
        Bucket(folder / "bucket", keys, folder / "bucket.log", domains=_domains()) as bucket,
        listen() as listener,
    ):
        bucket.wait_until_ready()
        line = Line(port_of_listener(listener), HOSTS, password, delay, bits_per_second)
        app = Mishaps(make_hosts(kit, published, bucket.url, recorded), line.cut, delay, mishaps)
        server = uvicorn.Server(
            uvicorn.Config(
                app, ssl_certfile=folder / "hosts.pem", log_level="critical", lifespan="off"
            )
        )
        with _running(server, listener, line) as port:
            own = {
                "COURSE_CLOUD": "aws",
                "COURSE_BUCKET": BUCKET,
                "HTTPS_PROXY": f"http://course:{password}@127.0.0.1:{port}",
                "SSL_CERT_FILE": str(folder / "authority.pem"),
                "AWS_ACCESS_KEY_ID": keys.access_key,
                "AWS_SECRET_ACCESS_KEY": keys.secret_key,
                "AWS_REGION": REGION,
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            }
            yield RehearsedCloud(_without_ways_round() | own, line, app)


def _domains() -> list[str]:
    return [name.removeprefix(".") for name in S3]


def _without_ways_round() -> dict[str, str]:
    return {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(SET_ASIDE) and not name.upper().endswith(SET_ASIDE_ENDS)
    }


@contextmanager
def _running(server: uvicorn.Server, listener: object, line: Line) -> Iterator[int]:
    """Run server and line in a thread of their own; yield the line's port."""
    ports: list[int] = []
    ready = threading.Event()

    async def serve() -> None:
        ports.append(await line.open())
        ready.set()
        await server.serve(sockets=[listener])
        line.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
