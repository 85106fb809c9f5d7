"""Another user of the machine, as on a JupyterHub host: real requests under another user id."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

# A Python that other users can run: that of the course may lie in a folder closed to them.
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin")

pytestmark = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0 or PYTHON is None,
    reason="taking another user's id needs root, and a Python that all users can run",
)

ATTACK = r"""
import glob, http.client, json, os, socket, ssl, sys

given = json.load(sys.stdin)
found = {"user": os.getuid(), "read": [], "said": {}, "sockets": []}
for top in given["folders"]:
    for folder, _, names in os.walk(top):
        for name in names:
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    file.read(1)
                found["read"].append(os.path.join(folder, name))
            except OSError:
                pass
for pid in given["processes"]:
    for name in ("environ", "mem", "maps"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                if file.read(1): found["read"].append(file.name)
        except OSError:
            pass
found["commands"] = [open(f"/proc/{pid}/cmdline").read() for pid in given["processes"]]
for path in glob.glob("/tmp/**/*.sock", recursive=True):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
        found["sockets"].append(path)
    except OSError:
        pass

insecure = {"timeout": 3, "context": ssl._create_unverified_context()}
for port in given["ports"]:
    for method, path, body in (
        ("GET", "/", None), ("GET", "/course/kept", None), ("PUT", "/course/theirs", b"theirs"),
        ("POST", "/", given["exploit"].encode()), ("GET", "/v1", None), ("GET", "/status", None),
        ("GET", "/dir/status", None), ("GET", "/buckets/course/kept", None),
    ):
        for kind, connect in (
            ("http", lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=3)),
            ("https", lambda: http.client.HTTPSConnection("127.0.0.1", port, **insecure)),
        ):
            connection = connect()
            try:
                connection.request(method, path, body)
                answer = connection.getresponse()
                found["said"][f"{kind} {port} {method} {path}"] = [
                    answer.status, answer.read(500).decode("latin-1")
                ]
            except (OSError, http.client.HTTPException, ValueError):
                pass
            finally:
                connection.close()
print(json.dumps(found))
"""


def attack(given):
    """Try it all as another user; return what that got."""
    run = subprocess.run(
        [PYTHON, "-I", "-c", ATTACK],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd="/",
        user=65534,
        group=65534,
        extra_groups=[],
        env={},
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["user"] == 65534
    return found


@pytest.fixture(scope="module")
def found(learner, tmp_path_factory):
    """What another user got."""
    marker = tmp_path_factory.mktemp("marker") / "marker"
    exploit = f"Action=CreateStack&TemplateBody=!!python/object/apply:os.system ['touch {marker}']"
    given = {
        "folders": [str(learner.outputs)],
        "processes": [process.pid for process in learner.processes],
        "ports": learner.ports,
        "exploit": exploit,
    }
    return attack(given) | {"marker": marker}


def test_reads_no_file_and_no_memory(found):
    assert found["read"] == []


def test_sees_no_secret_among_the_commands(found, learner):
    shown = json.dumps(found["commands"])
    state = json.loads((learner.outputs / "bucket" / "server.json").read_text())
    for secret in (
        state["token"],
        state["addresses"]["secret_key"],
        state["addresses"]["access_key"],
        state["addresses"]["http_url"].rsplit("/", 1)[1],
    ):
        assert secret not in shown


def test_uses_no_socket(found):
    assert not [path for path in found["sockets"] if Path(path).stat().st_uid == 0]


def test_is_refused_on_every_port(found):
    assert found["said"]
    for asked, (status, text) in found["said"].items():
        if asked.endswith("/status") and "<html" not in text and status == 200:
            assert text.strip() in ("", "{}"), asked  # that of S3 says that it lives, no more
            continue
        assert status in (400, 403, 404, 405, 501), (asked, status, text)


def test_changes_and_runs_nothing(found, learner):
    assert not found["marker"].exists()
    assert learner.bucket() == {"course/kept": "mine"}


def test_reads_the_files_of_somebody_careless(found, tmp_path, let_others_pass):
    """So that the attack is a real one: a file that is open to all is read."""
    folder = tmp_path / "open"
    folder.mkdir()
    (folder / "file").write_text("open to all")
    let_others_pass(folder)
    given = {"folders": [str(folder)], "processes": [], "ports": [], "exploit": ""}
    assert attack(given)["read"] == [str(folder / "file")]
