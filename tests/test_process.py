"""Every kernel waits without using the processor and gives memory back, however it was started."""

import json
import os
import platform
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import jupyter_client
import pytest
from jupyter_client.manager import start_new_kernel
from lesson_parts import PROJECT
from waiting import listens, wait_until

from helpers.machine.process import SETTINGS
from offline_kit.surroundings import OF_OTHER_PROGRAMS

CLEAN = {name: value for name, value in os.environ.items() if name not in SETTINGS}
GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")

# What XGBoost's OpenMP says of itself when it is loaded in this very process.
WAITING = """
import os, tempfile
os.environ["OMP_DISPLAY_ENV"] = "true"
shown, kept = tempfile.TemporaryFile(), os.dup(2)
os.dup2(shown.fileno(), 2)
import xgboost
os.dup2(kept, 2)
shown.seek(0)
lines = shown.read().decode().splitlines()
print(*sorted({line.strip() for line in lines if "WAIT_POLICY" in line}))
"""
# Without a fixed threshold the 20 MB raise it, and the 8 MB would be kept for later.
MEMORY = """
import ctypes
import numpy as np

names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]
look = ctypes.CDLL(None).mallinfo2
look.restype = Info
large = np.ones(2_500_000)
del large
before = look().hblks
smaller = np.ones(1_000_000)
print(look().hblks - before)
"""
# As many threads as would get arenas of their own; how many arenas are there then?
ARENAS = """
import ctypes, os, tempfile, threading
libc, meet, seen = ctypes.CDLL(None), threading.Barrier(9), threading.Barrier(9)
def take():
    block = bytearray(100_000)
    meet.wait()
    seen.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads: thread.start()
meet.wait()
libc.fopen.restype = ctypes.c_void_p
path = tempfile.mktemp().encode()
file = ctypes.c_void_p(libc.fopen(path, b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
seen.wait()
print(open(path).read().count("<heap nr="))
os.unlink(path)
"""


def printed(client, code):
    """Run code in a kernel and return what it prints."""
    said = []

    def keep(message):
        content = message["content"]
        said.append(content.get("text", "") or "\n".join(content.get("traceback", [])))

    client.execute_interactive(code, timeout=120, output_hook=keep)
    return "".join(said).strip()


@contextmanager
def kernel(**environment):
    """Start a kernel as any client of Jupyter does."""
    manager, client = start_new_kernel(
        kernel_name="python3", env=CLEAN | environment, startup_timeout=120
    )
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextmanager
def kernel_of_lab(folder):
    """Start JupyterLab without the course's configuration, and a kernel in it."""
    runtime = folder / "runtime"
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.port=0", "--IdentityProvider.token=secret"]
    environment = CLEAN | {"JUPYTER_RUNTIME_DIR": str(runtime)}
    lab = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: any(f.stat().st_size for f in runtime.glob("jpserver-*.json")), 120)
        (server,) = runtime.glob("jpserver-*.json")
        ask_for_kernel(json.loads(server.read_text())["url"])
        wait_until(lambda: list(runtime.glob("kernel-*.json")), 60)
        (file,) = runtime.glob("kernel-*.json")
        client = jupyter_client.BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels(hb=False)  # whether it lives is for JupyterLab to say
        client.wait_for_ready(timeout=120)
        yield client
        client.shutdown()
        client.stop_channels()
    finally:
        lab.terminate()
        lab.wait(30)


def ask_for_kernel(url):
    import requests

    headers = {"Authorization": "token secret"}
    wait_until(lambda: listens(url))
    requests.post(f"{url}api/kernels", headers=headers, json={}, timeout=60).raise_for_status()


def look_at(client):
    policy = printed(client, WAITING)
    blocks = printed(client, MEMORY), int(printed(client, ARENAS))
    return policy, blocks


@GLIBC
def test_a_kernel_that_any_client_starts_has_the_settings():
    with kernel() as client:
        policy, (given_back, arenas) = look_at(client)
        inherited = printed(client, f"import os; print([os.environ[n] for n in {[*SETTINGS]}])")
    assert re.search("OMP_WAIT_POLICY = 'PASSIVE'$", policy), policy
    assert given_back == "1"
    assert arenas <= 2
    assert inherited == str([*SETTINGS.values()])  # what it starts has them from the beginning


@GLIBC
def test_a_kernel_of_plain_jupyterlab_has_the_settings(tmp_path):
    with kernel_of_lab(tmp_path) as client:
        policy, (given_back, arenas) = look_at(client)
    assert re.search("OMP_WAIT_POLICY = 'PASSIVE'$", policy), policy
    assert given_back == "1"
    assert arenas <= 2


def test_whoever_has_set_a_variable_keeps_it():
    with kernel(OMP_WAIT_POLICY="active", MALLOC_ARENA_MAX="7") as client:
        assert "OMP_WAIT_POLICY = 'ACTIVE'" in printed(client, WAITING)
        names = "'OMP_WAIT_POLICY', 'MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_'"
        left = printed(client, f"import os; print(*[os.environ[n] for n in ({names})])")
    assert left == f"active 7 {SETTINGS['MALLOC_MMAP_THRESHOLD_']}"


def test_a_kernel_does_not_look_for_the_data_of_other_programs(tmp_path):
    (tmp_path / "proj.db").touch()
    of_others = dict.fromkeys(OF_OTHER_PROGRAMS, str(tmp_path))
    code = "from rasterio.warp import transform\nprint(transform(4326, 32734, [19.0], [-34.0])[0])"
    with kernel(**of_others) as client:
        assert re.fullmatch(r"\[\d{6}\.\d+\]", printed(client, code))


def test_a_kernel_is_spared_a_slow_grammar():
    code = """\
import sys

import holoviews as hv
import nbformat

hv.extension("bokeh", inline=True)
nbformat.validate(nbformat.v4.new_notebook())
print("jsonschema" in sys.modules, "lark" in sys.modules)"""
    with kernel() as client:
        assert printed(client, code) == "True False"


@pytest.mark.parametrize("file", ["Makefile", "binder/start"])
def test_make_and_binder_export_the_same(file):
    text = (PROJECT / file).read_text()
    exported = dict(re.findall(r"^export (\w+)(?: \?= |=)(\w+)$", text, re.MULTILINE))
    assert {name: exported[name] for name in SETTINGS} == SETTINGS


def test_the_environment_has_the_file_that_kernels_read():
    installed = Path(sys.prefix) / "etc" / "ipython" / "ipython_kernel_config.py"
    assert installed.read_text() == (PROJECT / "binder" / installed.name).read_text()
