"""The S3 bucket: SeaweedFS, a process of its own that answers only requests signed with our keys.

SeaweedFS is several servers in one process. That of S3 checks the signature of every request; all
others, by which its parts speak to each other, ask for a certificate that is made anew at each
start and never leaves the folder (mode 0700).
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Collection, Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from offline_kit.errors import CourseError
from offline_kit.serve.certificates import write_certificate
from offline_kit.serve.ports import listen, port_of_listener
from offline_kit.serve.state import Keys

BUCKET = "course"
REGION = "af-south-1"  # Cape Town; links that are signed for it hold for one host name only
READY_SECONDS = 30.0
STOP_SECONDS = 2.0
PROGRAM = Path(sysconfig.get_path("scripts")) / ("weed.exe" if sys.platform == "win32" else "weed")

# By which its parts speak to each other; each needs a port for HTTP and one for gRPC.
PARTS = ("master", "volume", "filer", "admin")
GRPC_ONLY = ("s3", "worker", "client")

OPTIONS = {
    "ip": "127.0.0.1",
    "ip.bind": "127.0.0.1",
    "bucket": BUCKET,
    "s3.port.iceberg": "0",
    "s3.port.lance": "0",
    "s3.iam": "false",
    "s3.allowedOrigins": "http://127.0.0.1",
    "filer.allowedOrigins": "http://127.0.0.1",
    "webdav": "false",
    "admin.ui": "false",
    "master.telemetry": "false",
    # One server needs no elections, and waking up three times a second costs Binder's only core.
    "master.heartbeatInterval": "10s",
    "master.electionTimeout": "60s",
    # Nor is there anybody to be told, a second before, that it is about to end.
    "volume.preStopSeconds": "0",
    # Small buffers: below 200 MB with sixteen writers at once (measured; see benchmarks/serve.md).
    "filer.maxMB": "1",
    "s3.concurrentUploadLimitMB": "8",
    "s3.readerCacheSizeMB": "8",
    "s3.cacheCapacityMB": "0",
    "volume.readBufferSizeMB": "1",
}
# Go collects its garbage early. (GOMEMLIMIT would keep a third of a core busy: measured.)
ENVIRONMENT = {"GOGC": "10"}


class Bucket:
    """The S3 server of a bucket folder; a context, at whose end it has ended.

    What was acknowledged is on the disk: the server may be killed at any time.

    Parameters
    ----------
    folder
        Where it keeps its objects and its certificate; made if missing.
    keys
        What requests must be signed with.
    log
        File for what it says.
    preferred_port
        Port to answer on, if it is free.
    domains
        Names of hosts before which, as on AWS, the name of the bucket may stand.
    """

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        log: Path,
        preferred_port: int = 0,
        domains: Collection[str] = (),
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._log = log
        self._preferred_port = preferred_port
        self._domains = domains

    def __enter__(self) -> "Bucket":
        """Start it; it is ready some time later."""
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        _end_earlier_server(data)
        # So that the options of an earlier start, which it notes there, do not outlive it.
        (data / "mini.options").unlink(missing_ok=True)
        write_certificate(self._folder / "certificate.pem", self._folder / "key.pem")
        (self._folder / "security.toml").write_text(_security(self._folder), encoding="utf-8")
        self._ports = _free_ports(self._preferred_port)
        self.url = f"http://127.0.0.1:{self._ports['s3.port']}"
        options = OPTIONS | {name: str(port) for name, port in self._ports.items()}
        options["s3.domainName"] = ",".join(self._domains)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "mini", f"-dir={data}", *(f"-{k}={v}" for k, v in options.items())],
                cwd=self._folder,  # where it looks for security.toml
                env=_environment(self._keys),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_closed_to_others(),
            )
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for port in self._ports.values():
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # it always uses /tmp
                with contextlib.suppress(OSError):
                    socket.unlink()

    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    def wait_until_ready(self) -> None:
        """Wait until the bucket answers.

        Raises
        ------
        CourseError
            It has ended, does not answer in time, or somebody else answers in its place.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self.has_ended():
                raise CourseError(_why_it_ended(self._log))
            if time.monotonic() > deadline:
                raise CourseError(
                    f"The bucket did not answer within {READY_SECONDS:.0f} s; its log is "
                    f"{self._log}."
                )
            time.sleep(0.05)
        if self._ports["s3.port"] not in _ports_of(self._process.pid):
            raise CourseError("Another program has taken the bucket's port; run the cell again.")

    def _answers(self) -> bool:
        # Not by urllib, which reads the certificates of all the world for each request.
        connection = HTTPConnection("127.0.0.1", self._ports["s3.port"], timeout=5)
        try:
            signed = _signed_headers("HEAD", f"{self.url}/{BUCKET}", self._keys)
            connection.request("HEAD", f"/{BUCKET}", headers=signed)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def _signed_headers(method: str, url: str, keys: Keys) -> dict[str, str]:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(method, url)
    credentials = Credentials(keys.access_key, keys.secret_key)
    S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
    return dict(request.headers.items())


def _security(folder: Path) -> str:
    """Return SeaweedFS's configuration in which every part asks for our certificate."""
    certificate, key = (json.dumps(str(folder / name)) for name in ("certificate.pem", "key.pem"))
    pair = f"cert = {certificate}\nkey = {key}\n"
    sections = [f"[grpc]\nca = {certificate}\n"]
    sections += [f"[grpc.{part}]\n{pair}" for part in (*PARTS, *GRPC_ONLY)]
    sections += [f"[https.{part}]\n{pair}ca = {certificate}\n" for part in PARTS]
    sections += [f"[https.client]\nenabled = true\n{pair}ca = {certificate}\n"]
    return "\n".join(sections)


def _free_ports(preferred_port: int) -> dict[str, int]:
    """Return a free port for each option that names one."""
    names = [f"{part}.port" for part in PARTS] + [f"{part}.port.grpc" for part in (*PARTS, "s3")]
    with contextlib.ExitStack() as held:  # all at once, so that no two are the same
        listeners = {"s3.port": held.enter_context(listen(0, preferred_port))}
        listeners |= {name: held.enter_context(listen()) for name in names}
        return {name: port_of_listener(listener) for name, listener in listeners.items()}


def _environment(keys: Keys) -> dict[str, str]:
    """Return the environment without settings of other clients of S3, and with our keys."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("AWS_", "WEED_", "S3_", "GOMEMLIMIT", "GODEBUG"))
    }
    return ours | ENVIRONMENT | {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
    }  # fmt: skip


def _closed_to_others() -> dict[str, int]:
    """Let it make files and sockets that only their owner can use."""
    return {} if sys.platform == "win32" else {"umask": 0o077}


def _servers_of(data: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["name", "cmdline"]):
        command = process.info["cmdline"] or []  # none is told of somebody else's
        if PROGRAM.name == process.info["name"] and f"-dir={data}" in command:
            yield process


def _end_earlier_server(data: Path) -> None:
    """End the S3 server that a server of ours has left behind when it was killed."""
    for process in _servers_of(data):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait()


def _ports_of(pid: int) -> set[int]:
    """Return the ports on which a process listens."""
    connections = psutil.Process(pid).net_connections("tcp")
    return {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}


def _why_it_ended(log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace")
    if "no space left" in said or "not enough space" in said:
        return (
            f"The bucket cannot be opened, because the disk of {log.parent} is full; free some "
            "space and run the cell again."
        )
    fatal = re.search(r"^(?:F\d{4} \S+ \S+ |panic: )(.*)$", said, re.MULTILINE)
    reason = fatal[1] if fatal else "it said nothing"
    return (
        f"The bucket's server has ended ({reason}); its log is {log}, and if the bucket can no "
        "longer be opened, move away the folder `seaweedfs` beside it."
    )
