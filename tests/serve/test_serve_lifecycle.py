"""One server for all, started by the first and ended after the last: with real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import asdict, replace
from urllib.parse import urlsplit

import psutil
import pytest
from tiny_kit import write_manifest
from waiting import has_ended, listens, wait_until

from offline_kit.serve.bucket import PROGRAM
from offline_kit.serve.hold import keep_running
from offline_kit.serve.lease import GRACE_SECONDS, Lease
from offline_kit.serve.state import BucketFolder, ServerAddresses, ServerState

# A notebook's process: it prints what it was given, then obeys a line at a time.
NOTEBOOK = """
import json, os, signal, sys, time
from dataclasses import asdict
from pathlib import Path
from offline_kit.serve import ensure_server

kit, folder = map(Path, sys.argv[1:])
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
print(json.dumps(asdict(ensure_server(kit, folder))), flush=True)
for line in sys.stdin:
    if line == "again\\n":
        print(json.dumps(asdict(ensure_server(kit, folder))), flush=True)
    elif line == "fork\\n" and os.fork() == 0:
        os.close(1)
        time.sleep(600)
"""

UNFINISHED_REQUEST = """POST {path}/v1/search HTTP/1.1\r
Host: 127.0.0.1\r
Content-Type: application/json\r
Content-Length: 100\r
\r
"""


class Notebook:
    def __init__(self, kit, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", NOTEBOOK, str(kit), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def read(self):
        return json.loads(self.process.stdout.readline())

    def say(self, word):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def addresses(self):
        """Ask for the server again, which starts it if it has ended."""
        self.say("again")
        return self.read()

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def notebooks(kit, tmp_path):
    opened = []

    def open_notebook(folder="bucket", of=kit):
        opened.append(Notebook(of, tmp_path / folder))
        return opened[-1]

    yield open_notebook
    for notebook in opened:
        notebook.kill()


@pytest.fixture(scope="module")
def lasting(kit, tmp_path_factory):
    """A notebook for several tests, which may do with its server what they want."""
    notebook = Notebook(kit, tmp_path_factory.mktemp("lasting") / "bucket")
    notebook.read()
    yield notebook
    notebook.kill()


def is_up(addresses):
    with urllib.request.urlopen(f"{addresses['http_url']}/health", timeout=30) as answer:
        return json.load(answer)["pid"] == addresses["pid"]


def test_notebooks_that_start_at_once_share_a_server_that_outlives_the_first(notebooks):
    eight = [notebooks() for _ in range(8)]
    addresses, *others = [notebook.read() for notebook in eight]
    assert others == [addresses] * 7
    pid = addresses["pid"]
    assert {notebook.process.pid for notebook in eight}.isdisjoint({pid})
    assert len(buckets_of(eight[0].folder)) == 1

    starter = next(n for n in eight if psutil.Process(pid).ppid() == n.process.pid)
    starter.kill()
    eight.remove(starter)
    assert is_up(addresses)

    os.killpg(eight[0].process.pid, signal.SIGINT)  # Interrupt Kernel
    assert eight[0].process.stdout.readline() == "interrupted\n"
    assert is_up(addresses)

    for notebook in eight:
        notebook.kill()
    wait_until(lambda: has_ended(pid) and not buckets_of(starter.folder))


def test_it_can_be_kept_running_without_a_notebook(kit, notebooks, tmp_path):
    """As JupyterLab does: notebooks come and go, and it is where they left it."""
    environment = dict(os.environ)
    with keep_running(kit, tmp_path / "bucket", behind_proxy=False) as holder:
        folder = BucketFolder(tmp_path / "bucket")
        wait_until(lambda: folder.read_state() is not None)
        addresses = asdict(folder.read_state().addresses)
        notebook = notebooks()
        assert notebook.read() == addresses
        notebook.kill()
        with pytest.raises(AssertionError, match="in vain"):
            wait_until(lambda: not listens(addresses["http_url"]), seconds=GRACE_SECONDS + 2)
        assert is_up(addresses)
        assert os.environ == environment
        holder.stdin.close()  # as happens when its starter ends, however that ends
        wait_until(lambda: has_ended(addresses["pid"]))
    assert holder.returncode == 0


def test_who_cannot_keep_it_running_says_why(tmp_path, capfd):
    with keep_running(tmp_path / "no_kit", tmp_path / "bucket", behind_proxy=False) as holder:
        assert holder.wait(60) == 1
    assert "is not kept running: There is no offline kit in" in capfd.readouterr().err


def test_interrupting_the_notebook_that_started_it_does_not_end_it(lasting):
    addresses = lasting.addresses()
    os.killpg(lasting.process.pid, signal.SIGINT)
    assert lasting.process.stdout.readline() == "interrupted\n"
    assert lasting.addresses() == addresses
    assert is_up(addresses)


def test_the_log_is_beside_the_bucket(lasting):
    addresses = lasting.addresses()
    log = BucketFolder(lasting.folder).log.read_text()
    assert json.loads(log.strip().splitlines()[-1]) == addresses


def test_a_server_that_was_killed_is_started_again_at_the_same_addresses(lasting):
    """Its bucket, which it left behind, is ended first."""
    first = lasting.addresses()
    (left,) = buckets_of(lasting.folder)
    psutil.Process(first["pid"]).kill()
    wait_until(lambda: has_ended(first["pid"]) and not listens(first["http_url"]))
    second = lasting.addresses()
    assert second["pid"] != first["pid"]
    assert (second["http_url"], second["s3_url"]) == (first["http_url"], first["s3_url"])
    assert is_up(second)
    assert has_ended(left.pid)
    assert len(buckets_of(lasting.folder)) == 1


def test_a_server_whose_bucket_died_ends_and_is_started_again(lasting):
    first = lasting.addresses()
    (bucket,) = buckets_of(lasting.folder)
    bucket.kill()
    wait_until(lambda: has_ended(first["pid"]))
    assert is_up(lasting.addresses())


def test_a_server_that_is_ending_is_not_given_to_anybody(lasting):
    """It answers no more, and lives on: a request that does not get done holds it."""
    first = lasting.addresses()
    state = BucketFolder(lasting.folder).read_state()
    address = urlsplit(first["http_url"])
    with socket.create_connection((address.hostname, address.port)) as slow:
        slow.sendall(UNFINISHED_REQUEST.format(path=address.path).encode() + b"{")
        assert is_up(first)
        psutil.Process(first["pid"]).terminate()
        wait_until(lambda: not listens(first["http_url"]))
        with pytest.raises(ConnectionError):
            Lease(state.lease_port, state.token)
        assert not has_ended(first["pid"])
        second = lasting.addresses()
    assert second["pid"] != first["pid"]
    assert is_up(second)


def test_a_forked_worker_does_not_keep_the_server(notebooks):
    notebook = notebooks()
    pid = notebook.read()["pid"]
    notebook.say("fork")
    worker = []
    wait_until(
        lambda: bool(
            worker.extend(
                c for c in psutil.Process(notebook.process.pid).children() if c.pid != pid
            )
            or worker
        )
    )
    try:
        notebook.kill()
        assert not has_ended(worker[0].pid)
        wait_until(lambda: has_ended(pid))
    finally:
        worker[0].kill()


def test_another_kit_has_another_server_and_is_served_anew_when_it_was_built_again(
    notebooks, lasting, tmp_path
):
    kit = tmp_path / "other-kit"
    (kit / "collections").mkdir(parents=True)
    write_manifest(kit, "old")
    addresses = notebooks("other-bucket", kit).read()
    assert addresses["pid"] != lasting.addresses()["pid"]
    assert health(addresses)["kit"] == "old"
    (kit / "manifest.json").unlink()
    assert health(addresses)["kit"] == "old"
    write_manifest(kit, "new")
    assert health(addresses)["kit"] == "new"


def test_a_stale_state_whose_port_is_somebody_elses(notebooks, tmp_path):
    """Left by a server long gone: its lease port now belongs to a stranger who says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        state = {
            "addresses": {
                "http_url": f"http://127.0.0.1:{port}",
                "s3_url": f"http://127.0.0.1:{port}",
                "bucket": "course",
                "region": "af-south-1",
                "access_key": "of the dead",
                "secret_key": "of the dead",
                "pid": os.getpid(),
            },
            "kit": "/nowhere",
            "lease_port": port,
            "token": "of the dead",
        }
        (tmp_path / "bucket").mkdir()
        (tmp_path / "bucket" / "server.json").write_text(json.dumps(state))
        addresses = notebooks().read()
    assert urlsplit(addresses["http_url"]).port != port
    assert is_up(addresses)


def health(addresses):
    with urllib.request.urlopen(f"{addresses['http_url']}/health", timeout=30) as answer:
        return json.load(answer)


def test_a_server_at_a_terminal_prints_its_addresses_and_is_used_by_notebooks(
    notebooks, kit, tmp_path
):
    code = "import sys; from pathlib import Path; from offline_kit.serve import run_server; "
    code += "run_server(Path(sys.argv[1]), bucket_folder=Path(sys.argv[2]))"
    terminal = subprocess.Popen(
        [sys.executable, "-c", code, str(kit), str(tmp_path / "bucket")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with terminal:
        addresses = json.loads(terminal.stdout.readline())
        assert notebooks().read() == addresses
        terminal.send_signal(signal.SIGINT)  # Ctrl-C
        _, errors = terminal.communicate(timeout=60)
    assert terminal.returncode == 0
    assert errors == ""


def buckets_of(folder):
    """The S3 servers that run on a bucket folder."""
    data = f"-dir={BucketFolder(folder).store / 'data'}"
    return [
        each
        for each in psutil.process_iter(["name", "cmdline"])
        if each.info["name"] == PROGRAM.name and data in (each.info["cmdline"] or [])
    ]


@pytest.mark.parametrize("port", [99999, -1])
def test_a_state_with_a_port_that_does_not_exist_is_as_none(tmp_path, port):
    urls = {"http_url": "http://127.0.0.1:2000/key", "s3_url": "http://127.0.0.1:3000"}
    keys = {"access_key": "access", "secret_key": "secret"}
    addresses = ServerAddresses(**urls, bucket="course", region="af-south-1", **keys, pid=1)
    folder = BucketFolder(tmp_path)
    state = ServerState(addresses, "kit", 4000, "token")
    folder.write_state(state)
    assert folder.read_state() == state
    folder.write_state(replace(state, lease_port=port))
    assert folder.read_state() is None
    wrong = replace(addresses, http_url=f"http://127.0.0.1:{port}/key")
    folder.write_state(replace(state, addresses=wrong))
    assert folder.read_state() is None
