"""One server for all, started by the first and ended after the last: with real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from tiny_kit import write_manifest
from waiting import has_ended, wait_until

from offline_kit.serve.bucket import PROGRAM
from offline_kit.serve.lease import Lease
from offline_kit.serve.state import BucketFolder

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


def is_up(addresses):
    with urllib.request.urlopen(f"{addresses['http_url']}/health", timeout=30) as answer:
        return json.load(answer)["pid"] == addresses["pid"]


def is_listening(addresses):
    """Whether a thread of the server, which may end after its process, still has its sockets."""
    address = urlsplit(addresses["http_url"])
    with socket.socket() as client:
        return client.connect_ex((address.hostname, address.port)) == 0


def test_notebooks_that_start_at_once_share_a_server_that_outlives_the_first(notebooks):
    three = [notebooks() for _ in range(3)]
    addresses = [notebook.read() for notebook in three]
    assert addresses[0] == addresses[1] == addresses[2]
    pid = addresses[0]["pid"]
    assert {notebook.process.pid for notebook in three}.isdisjoint({pid})

    starter = next(n for n in three if psutil.Process(pid).ppid() == n.process.pid)
    starter.kill()
    three.remove(starter)
    assert is_up(addresses[0])

    os.killpg(three[0].process.pid, signal.SIGINT)  # Interrupt Kernel
    assert three[0].process.stdout.readline() == "interrupted\n"
    assert is_up(addresses[0])

    for notebook in three:
        notebook.kill()
    wait_until(lambda: has_ended(pid))


def test_interrupting_the_notebook_that_started_it_does_not_end_it(notebooks):
    notebook = notebooks()
    addresses = notebook.read()
    os.killpg(notebook.process.pid, signal.SIGINT)
    assert notebook.process.stdout.readline() == "interrupted\n"
    notebook.say("again")
    assert notebook.read() == addresses
    assert is_up(addresses)


def test_a_server_that_died_is_started_again_at_the_same_addresses(notebooks):
    notebook = notebooks()
    first = notebook.read()
    psutil.Process(first["pid"]).kill()
    wait_until(lambda: has_ended(first["pid"]) and not is_listening(first))
    notebook.say("again")
    second = notebook.read()
    assert second["pid"] != first["pid"]
    assert (second["http_url"], second["s3_url"]) == (first["http_url"], first["s3_url"])
    assert is_up(second)


def test_a_server_that_is_ending_is_not_given_to_anybody(notebooks, tmp_path):
    """It answers no more, and lives on: a request that does not get done holds it."""
    notebook = notebooks()
    first = notebook.read()
    state = BucketFolder(tmp_path / "bucket").read_state()
    address = urlsplit(first["http_url"])
    with socket.create_connection((address.hostname, address.port)) as slow:
        slow.sendall(UNFINISHED_REQUEST.format(path=address.path).encode() + b"{")
        assert is_up(first)
        psutil.Process(first["pid"]).terminate()
        wait_until(lambda: not is_listening(first))
        with pytest.raises(ConnectionError):
            Lease(state.lease_port, state.token)
        assert not has_ended(first["pid"])
        notebook.say("again")
        second = notebook.read()
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


def test_two_kits_have_two_servers(notebooks, kit, tmp_path):
    other = tmp_path / "other-kit"
    (other / "collections").mkdir(parents=True)
    write_manifest(other, "other")
    one, two = notebooks().read(), notebooks("other-bucket", other).read()
    assert one["pid"] != two["pid"]
    with urllib.request.urlopen(f"{two['http_url']}/health", timeout=30) as answer:
        assert json.load(answer)["kit"] == "other"


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


def test_a_kit_that_was_built_again_is_served_anew(notebooks, tmp_path):
    other = tmp_path / "other-kit"
    (other / "collections").mkdir(parents=True)
    write_manifest(other, "old")
    addresses = notebooks("other-bucket", other).read()
    (other / "manifest.json").unlink()
    assert health(addresses)["kit"] == "old"
    write_manifest(other, "new")
    assert health(addresses)["kit"] == "new"


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


def test_the_log_is_beside_the_bucket(notebooks, tmp_path):
    addresses = notebooks().read()
    log = BucketFolder(Path(tmp_path / "bucket")).log.read_text()
    assert json.loads(log.strip().splitlines()[-1]) == addresses


def buckets_of(folder):
    """The S3 servers that run on a bucket folder."""
    data = f"-dir={BucketFolder(folder).store / 'data'}"
    return [
        each
        for each in psutil.process_iter(["name", "cmdline"])
        if each.info["name"] == PROGRAM.name and data in (each.info["cmdline"] or [])
    ]


def test_the_bucket_ends_with_its_server(notebooks, tmp_path):
    notebook = notebooks()
    notebook.read()
    assert len(buckets_of(tmp_path / "bucket")) == 1
    notebook.kill()
    wait_until(lambda: not buckets_of(tmp_path / "bucket"))


def test_a_bucket_left_behind_by_a_killed_server_is_ended_by_the_next(notebooks, tmp_path):
    notebook = notebooks()
    first = notebook.read()
    (left,) = buckets_of(tmp_path / "bucket")
    psutil.Process(first["pid"]).kill()
    wait_until(lambda: has_ended(first["pid"]))
    notebook.say("again")
    notebook.read()
    assert has_ended(left.pid)
    assert len(buckets_of(tmp_path / "bucket")) == 1


def test_a_server_whose_bucket_died_ends_and_is_started_again(notebooks, tmp_path):
    notebook = notebooks()
    first = notebook.read()
    (bucket,) = buckets_of(tmp_path / "bucket")
    bucket.kill()
    wait_until(lambda: has_ended(first["pid"]))
    notebook.say("again")
    assert is_up(notebook.read())


@pytest.mark.parametrize("port", [99999, -1])
def test_a_state_with_a_port_that_does_not_exist_is_as_none(notebooks, tmp_path, port):
    notebook = notebooks()
    notebook.read()
    state = tmp_path / "bucket" / "server.json"
    told = json.loads(state.read_text())
    state.write_text(json.dumps(told | {"lease_port": port}))
    assert BucketFolder(tmp_path / "bucket").read_state() is None
    told["addresses"]["http_url"] = f"http://127.0.0.1:{port}/key"
    state.write_text(json.dumps(told))
    assert BucketFolder(tmp_path / "bucket").read_state() is None
