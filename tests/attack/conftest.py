"""A learner at work: a notebook's process with the course's cloud open and a cluster started."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

sys.path += [str(Path(__file__).parents[1] / folder) for folder in ("serve", "browser")]
from tiny_kit import make_kit

NOTEBOOK = """
import json, sys
from distributed import Client
from helpers import open_cloud

if __name__ == "__main__":
    cloud = open_cloud()
    client = Client(
        n_workers=1, threads_per_worker=1, security=True, dashboard_address="127.0.0.1:0"
    )
    import s3fs
    s3fs.S3FileSystem(**cloud.s3).pipe("course/kept", b"mine")
    told = {
        "stac_url": cloud.stac_url, "s3": cloud.s3, "tiles": cloud.basemap.url,
        "scheduler": client.scheduler.address, "dashboard": client.dashboard_link,
    }
    print(json.dumps(told), flush=True)
    for line in sys.stdin:
        files = s3fs.S3FileSystem(**cloud.s3, skip_instance_cache=True)
        kept = {name: files.cat(name).decode() for name in files.find("course")}
        print(json.dumps(kept), flush=True)
"""


@dataclass
class Learner:
    """A learner's process, what it was told, and the folder that it writes to."""

    process: subprocess.Popen
    told: dict
    outputs: Path

    @property
    def processes(self) -> list[psutil.Process]:
        """All processes of this learner: the notebook, the server, the bucket, the workers."""
        notebook = psutil.Process(self.process.pid)
        return [notebook, *notebook.children(recursive=True)]

    @property
    def ports(self) -> list[int]:
        """Every port on which one of them listens."""
        return sorted(
            {
                connection.laddr.port
                for process in self.processes
                for connection in process.net_connections()
                if connection.status == psutil.CONN_LISTEN
            }
        )

    @property
    def http_port(self) -> int:
        """The port of catalogue, files and tiles."""
        return urlsplit(self.told["stac_url"]).port

    @property
    def s3_port(self) -> int:
        """The port of the bucket."""
        return urlsplit(self.told["s3"]["endpoint_url"]).port

    def bucket(self) -> dict[str, str]:
        """Return what is in the bucket."""
        self.process.stdin.write("look\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="session")
def let_others_pass() -> Callable[[Path], None]:
    """Opens a temporary folder, and those of pytest above it, to other users."""

    def open_up(folder: Path) -> None:
        for each in (folder, *folder.parents):
            if each == Path(tempfile.gettempdir()):
                return
            each.chmod(0o755)

    return open_up


@pytest.fixture(scope="module")  # its cluster is not to run beside all other tests
def learner(tmp_path_factory, let_others_pass) -> Iterator[Learner]:
    """A learner at work, on a small kit."""
    folder = tmp_path_factory.mktemp("learner")
    let_others_pass(folder)  # so that only the course itself keeps them out
    outputs = folder / "outputs"
    kit = make_kit(folder / "kit")
    script = folder / "notebook.py"
    script.write_text(NOTEBOOK)
    process = subprocess.Popen(
        [sys.executable, script],
        env=os.environ | {"COURSE_KIT": str(kit), "COURSE_OUTPUTS": str(outputs)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "errors.txt").open("w"),  # Dask tells of each attempt
        text=True,
    )
    with process:
        learner = Learner(process, json.loads(process.stdout.readline()), outputs)
        assert len(learner.processes) >= 4
        assert {learner.http_port, learner.s3_port} < set(learner.ports)
        yield learner
        process.kill()
