"""The doctor: each thing is broken on purpose, and its line is read."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from serve.tiny_kit import make_kit, write_manifest

from helpers import cloud as cloud_module
from helpers.cloud import Cloud
from helpers.course import PLACE
from helpers.doctor import _check, _cloud, _install, _kernel, _machine, checks_of
from helpers.doctor._check import Check, NotNeeded, ToFix, look_at

PROJECT = Path(__file__).resolve().parents[1]
CLOSED = "http://127.0.0.1:9"  # nobody listens there


def line(look):
    """The one line that a check comes to."""
    (finding,) = look_at([Check("it", look)])
    text = str(finding)
    assert "\n" not in text
    return text


# The examination


def raise_(error):
    raise error


def test_a_check_that_stumbles_is_a_line_and_the_next_is_made():
    checks = [
        Check("first", lambda: 1 // 0),
        Check("second", lambda: raise_(ToFix("Do\n this."))),
        Check("third", lambda: "fine"),
    ]
    first, second, third = look_at(checks)
    assert (first.state, second.state, third.state) == ("FIX", "FIX", "ok")
    assert "ZeroDivisionError" in first.text
    assert second.text == "Do this."


def test_what_depends_on_a_failure_is_skipped_with_the_reason():
    checks = [
        Check("kit", lambda: raise_(ToFix("Make it."))),
        Check("server", lambda: "never", needs=("kit",)),
        Check("search", lambda: "never", needs=("server",)),
    ]
    assert [str(finding).split(maxsplit=2) for finding in look_at(checks)] == [
        ["FIX", "kit", "Make it."],
        ["skipped", "server", "needs the kit: see there"],
        ["skipped", "search", "needs the server: see there"],
    ]


def test_a_missing_package_and_a_thing_not_needed_are_skipped():
    assert line(lambda: __import__("no_such_package")).startswith("skipped")
    assert line(lambda: raise_(NotNeeded("only later"))).endswith("only later")


def test_every_need_is_an_earlier_check():
    for cloud in ("local", "aws"):
        before = set()
        for check in checks_of(cloud, probe=None):
            assert set(check.needs) <= before
            before.add(check.name)


# Python and the packages


def test_another_python(monkeypatch, tmp_path):
    (tmp_path / ".python-version").write_text("3.11\n")
    monkeypatch.setattr(_install, "PROJECT", tmp_path)
    found = line(_install.look_at_python)
    assert found.startswith("FIX")
    assert "the course needs 3.11" in found
    assert "make env" in found


def test_an_altered_lock(monkeypatch, tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "# a lock\n"
        "numpy==0.1 \\\n    --hash=sha256:00\n"
        "no-such-package==1.0 \\\n    --hash=sha256:00\n"
        "xgboost==9 ; sys_platform == 'no such system'\n"
    )
    monkeypatch.setattr(_install, "LOCK", lock)
    found = line(_install.look_at_packages)
    assert "2 of 2 differ" in found
    assert "no-such-package missing" in found
    assert "instead of 0.1" in found


@pytest.mark.parametrize("content", [None, "", "# nothing\n"])
def test_a_lock_that_is_gone_or_empty(monkeypatch, tmp_path, content):
    lock = tmp_path / "requirements.lock"
    if content is not None:
        lock.write_text(content)
    monkeypatch.setattr(_install, "LOCK", lock)
    assert "git checkout requirements.lock" in line(_install.look_at_packages)


def test_the_course_itself_is_not_installed(monkeypatch):
    monkeypatch.setattr(_install, "PROJECT_NAME", "no-such-project")
    assert "--editable ." in line(_install.look_at_packages)


def test_settings_of_dask_that_cannot_be_read(tmp_path):
    (tmp_path / "mine.yaml").write_text("distributed: [")
    code = "from helpers.doctor._install import look_at_dask; look_at_dask()"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"DASK_CONFIG": str(tmp_path)},
        check=False,
    )
    assert run.returncode and str(tmp_path / "mine.yaml") in run.stderr
    assert "remove that file" in run.stderr.splitlines()[-1]
    assert _install.look_at_dask() == "its settings can be read"


def test_a_python_in_which_nothing_is_installed(tmp_path):
    environment = {"PATH": os.environ["PATH"], "COURSE_OUTPUTS": str(tmp_path)}
    command = [sys.executable, "-S", "-m", "helpers.doctor"]  # -S: without any packages
    run = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr == ""
    lines = {row.split()[1]: row for row in run.stdout.splitlines()[:-1]}
    assert "Nothing of the course is installed" in lines["packages"]
    assert lines["kernel"].startswith("skipped")
    assert len(lines) == 16


# The machine


def control_group(root, version, memory="", used="0", processors="max 100000"):
    """Write a tree of control groups as Linux shows it to a container."""
    quota, period = processors.split()
    files = {
        1: {
            "proc/self/cgroup": "4:memory:/host/only\n3:cpu,cpuacct:/host/only\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": memory or str(2**63 - 4096),
            "sys/fs/cgroup/memory/memory.usage_in_bytes": used,
            "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 100000000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": quota.replace("max", "-1"),
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": period,
        },
        2: {
            "proc/self/cgroup": "0::/user/lesson\n",
            "sys/fs/cgroup/user/memory.max": memory or "max",
            "sys/fs/cgroup/user/memory.current": used,
            "sys/fs/cgroup/user/memory.stat": "inactive_file 100000000\n",
            "sys/fs/cgroup/user/lesson/memory.max": "max",
            "sys/fs/cgroup/user/lesson/cpu.max": processors,
        },
    }
    for name, text in files[version].items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(params=[1, 2], ids=["cgroup1", "cgroup2"])
def container(request, monkeypatch, tmp_path):
    def make(**limits):
        monkeypatch.setattr(_machine, "SYSTEM", control_group(tmp_path, request.param, **limits))
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    return make


def test_a_container_with_little_memory(container):
    container(memory="1000000000", used="200000000")
    assert "This container has 1.0 GB of memory, and the lessons need 2 GB" in line(
        _machine.look_at_memory
    )


def test_a_container_whose_memory_is_taken(container):
    container(memory="2147483648", used="1900000000")
    assert "Only 0.3 GB of 2.1 GB of memory are free" in line(_machine.look_at_memory)


def test_a_container_with_enough_memory_counts_files_in_the_cache_as_free(container):
    container(memory="2147483648", used="500000000")
    assert line(_machine.look_at_memory).endswith("1.7 of 2.1 GB free (container)")


def test_no_limit_is_the_machine(container):
    container()
    assert "(machine)" in line(_machine.look_at_memory)
    assert line(_machine.look_at_processors).split()[2:] == ["8"]


def test_more_threads_than_the_container_may_use(container, monkeypatch):
    container(processors="100000 100000")
    found = line(_machine.look_at_processors)
    assert "8 threads would share the 1 processors" in found
    assert "OMP_NUM_THREADS=1" in found
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert line(_machine.look_at_processors).endswith("1 of the 8 that are seen")


def test_a_full_disk(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50_000_000))
    found = line(_machine.look_at_disk)
    assert "Only 0.05 GB are free" in found
    assert str(tmp_path) in found


def test_a_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path / "file" / "outputs"))
    assert "cannot be written (Not a directory)" in line(_machine.look_at_disk)


# JupyterLab and the kernel


@pytest.fixture(scope="module")
def other_environment(tmp_path_factory):
    """Another environment, which finds the same packages."""
    other = tmp_path_factory.mktemp("elsewhere") / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(other)], check=True)
    packages = next(other.glob("lib/*/site-packages"))
    ours = "\n".join(path for path in sys.path if path.endswith("site-packages"))
    (packages / "ours.pth").write_text(f"{ours}\n{PROJECT}\n")
    return other


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """Put a kernel specification where Jupyter finds it first."""

    def write(*command):
        folder = tmp_path / "kernels" / "python3"
        folder.mkdir(parents=True)
        description = {"argv": list(command), "display_name": "Python 3", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(description))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
        return folder

    return write


@pytest.fixture
def quick(monkeypatch):
    """A probe that loads nothing."""
    for name in ("JAVASCRIPT_CELL", "MAP_CELL"):
        monkeypatch.setattr(_kernel, name, "1")


def test_a_kernel_in_another_environment(kernel, quick, other_environment):
    python = str(other_environment / "bin" / "python")
    folder = kernel(python, "-m", "ipykernel_launcher", "-f", "{connection_file}")
    with _kernel.KernelProbe() as probe:
        found = line(lambda: _kernel.look_at_kernel(probe))
    assert f"The kernel runs in {other_environment}, not in {sys.prefix}" in found
    assert f"remove the folder {folder}" in found


def test_a_kernel_that_does_not_start(kernel, quick):
    kernel(sys.executable, "-c", "raise SystemExit('No module named ipykernel')")
    with _kernel.KernelProbe() as probe:
        found = line(lambda: _kernel.look_at_kernel(probe))
    assert "does not start (No module named ipykernel)" in found


def test_no_kernel_at_all(monkeypatch, quick):
    monkeypatch.setattr(_kernel, "KERNEL", "no_such_kernel")
    with _kernel.KernelProbe() as probe:
        assert "ipykernel install --sys-prefix" in line(lambda: _kernel.look_at_kernel(probe))


def test_a_kernel_that_hangs(monkeypatch, quick):
    monkeypatch.setattr(_kernel, "MAP_CELL", "import time\ntime.sleep(600)")
    monkeypatch.setattr(_kernel, "PROBE_SECONDS", 10)
    with _kernel.KernelProbe() as probe:
        assert "did not draw a map within 10 s" in line(lambda: _kernel.look_at_kernel(probe))


def test_a_kernel_that_dies(monkeypatch, quick):
    monkeypatch.setattr(_kernel, "MAP_CELL", "import os\nos._exit(1)")
    with _kernel.KernelProbe() as probe:
        assert "The kernel died" in line(lambda: _kernel.look_at_kernel(probe))


def test_the_helpers_of_another_folder(monkeypatch, quick, tmp_path):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with _kernel.KernelProbe() as probe:
        found = line(lambda: _kernel.look_at_kernel(probe))
    assert f"takes `helpers` from {tmp_path}" in found
    assert "PYTHONPATH" in found


def test_lab_in_another_environment_than_this_kernel(other_environment):
    ask = "from helpers.doctor import _kernel; print(_kernel.look_at_lab())"
    parent = (
        "import os, subprocess, sys; os.environ['JPY_PARENT_PID'] = str(os.getpid());"
        f"sys.exit(subprocess.run([{sys.executable!r}, '-c', {ask!r}]).returncode)"
    )
    command = [str(other_environment / "bin" / "python"), "-c", parent]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"JupyterLab runs in {other_environment}, but the course in" in run.stderr


def test_lab_of_another_environment_is_the_first_on_the_path(monkeypatch, tmp_path):
    program = tmp_path / "other" / "bin" / "jupyter-lab"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "other"))
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    assert f"JupyterLab runs in {tmp_path / 'other'}" in line(_kernel.look_at_lab)


def test_lab_without_the_extension_for_plots(monkeypatch, tmp_path):
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "lacks the extension that draws plots" in line(_kernel.look_at_lab)


@pytest.mark.slow
def test_javascript_from_the_internet_and_a_map_without_points(monkeypatch):
    # hvplot, imported first in the same cell, has already asked for Bokeh on the internet
    monkeypatch.setattr(
        _kernel,
        "JAVASCRIPT_CELL",
        "import holoviews as hv\nimport hvplot.pandas\nhv.extension('bokeh', inline=True)",
    )
    monkeypatch.setattr(_kernel, "MAP_CELL", "hv.Div('no map')")
    with _kernel.KernelProbe() as probe:
        javascript = line(lambda: _kernel.look_at_javascript(probe))
        drawn = line(lambda: _kernel.look_at_map(probe))
    assert "offline they stay blank" in javascript
    assert "without its points" in drawn


def test_a_package_that_breaks_in_the_kernel(monkeypatch, quick):
    monkeypatch.setattr(_kernel, "MAP_CELL", "import no_such_package")
    with _kernel.KernelProbe() as probe:
        found = line(lambda: _kernel.look_at_map(probe))
    assert "ModuleNotFoundError: No module named 'no_such_package'" in found


# The kit and the server


@pytest.fixture(scope="module")
def made_kit(tmp_path_factory):
    return make_kit(tmp_path_factory.mktemp("made") / "kit")


@pytest.fixture
def kit(made_kit, tmp_path, monkeypatch):
    folder = tmp_path / "kit"
    shutil.copytree(made_kit, folder)
    monkeypatch.setenv("COURSE_KIT", str(folder))
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path / "outputs"))
    return folder


def test_a_kit_that_is_whole(kit):
    assert line(_cloud.look_at_kit).startswith("ok")


def test_a_damaged_manifest(kit):
    (kit / "manifest.json").write_text('{"files": ')
    assert "manifest.json cannot be read); make it again" in line(_cloud.look_at_kit)


def test_one_byte_of_a_scene_is_another(kit):
    scene = next(kit.rglob("B04.tif"))
    content = bytearray(scene.read_bytes())
    content[-1] ^= 1
    scene.write_bytes(content)
    assert "B04.tif differs from the manifest); make it again" in line(_cloud.look_at_kit)


def test_no_kit(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_KIT", str(tmp_path / "nowhere"))
    assert "There is no offline kit" in line(_cloud.look_at_kit)


def test_a_server_that_cannot_start(kit, tmp_path):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "bucket").write_text("in the way")
    assert "bucket cannot be made" in line(_cloud.look_at_cloud)


def test_a_kit_without_scenes_of_the_place(kit):
    shutil.rmtree(kit / "items" / "sentinel-2-l2a")
    write_manifest(kit)
    assert "finds no scene: build the kit again" in line(_cloud.look_at_search)


# The cloud, answering badly


class Answers:
    """A web server on this machine, and what it answers to a path."""

    def __init__(self):
        self.pages: dict[str, tuple[int, bytes]] = {}
        answers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                status, content = answers.pages.get(self.path.split("?")[0], (404, b"nothing"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_HEAD = answer

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def answers():
    made = Answers()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """Open a cloud whose parts are wherever a test wants them."""

    def open_at(address, bucket_name="course", name="local"):
        cloud = Cloud(
            name=name,
            stac_url=f"{address}/v1",
            field_points=tmp_path,
            area_of_interest=tmp_path,
            basemap=SimpleNamespace(url=address + "/tiles/{z}/{x}/{y}.png"),
            outputs=tmp_path,
            s3={"key": "a", "secret": "b", "endpoint_url": address},
            icechunk={},
            bucket_name=bucket_name,
        )
        monkeypatch.setattr(cloud_module, "open_cloud", lambda: cloud)

    return open_at


def scene_at(address):
    item = {
        "id": "scene",
        "bbox": [18.9, -34.1, 19.3, -33.7],
        "assets": {"red": {"href": f"{address}/red.tif"}},
    }
    return 200, json.dumps({"features": [item]}).encode()


def test_a_closed_port(opened):
    opened(CLOSED)
    assert "does not answer ([Errno 111] Connection refused)" in line(_cloud.look_at_search)
    assert "does not answer" in line(_cloud.look_at_pixels)
    assert "does not answer" in line(_cloud.look_at_tile)
    assert "The bucket 'course' cannot be written" in line(_cloud.look_at_bucket)


def test_a_login_page_in_the_place_of_the_catalogue(opened, answers):
    opened(answers.address)
    answers.pages["/v1/search"] = (200, b"<html>Log in to this network</html>")
    assert "not as a STAC catalogue (it begins with b'<html>" in line(_cloud.look_at_search)


def test_a_catalogue_that_fails(opened, answers):
    opened(answers.address)
    answers.pages["/v1/search"] = (502, b"")
    assert "does not answer (Bad Gateway)" in line(_cloud.look_at_search)


def test_a_proxy_that_removes_the_range(opened, answers):
    opened(answers.address)
    answers.pages["/v1/search"] = scene_at(answers.address)
    answers.pages["/red.tif"] = (200, b"II*\0" + bytes(100_000))
    assert "answers a range request with the whole file" in line(_cloud.look_at_pixels)


def test_a_page_in_the_place_of_a_scene(opened, answers):
    opened(answers.address)
    answers.pages["/v1/search"] = scene_at(answers.address)
    answers.pages["/red.tif"] = (206, b"<html>blocked</html>")
    assert "is not a TIFF (it begins with b'<html>block" in line(_cloud.look_at_pixels)


def test_a_scene_that_gdal_cannot_read(opened, answers):
    opened(answers.address)
    answers.pages["/v1/search"] = scene_at(answers.address)
    answers.pages["/red.tif"] = (206, b"II*\0" + bytes(1000))
    assert "GDAL cannot read" in line(_cloud.look_at_pixels)


def test_a_blank_tile(opened, answers):
    from io import BytesIO

    from PIL import Image

    opened(answers.address)
    blank = BytesIO()
    Image.new("RGB", (256, 256)).save(blank, "PNG")
    x, y = _cloud.tile_at(*PLACE, _cloud.ZOOM)
    answers.pages[f"/tiles/{_cloud.ZOOM}/{x}/{y}.png"] = (200, blank.getvalue())
    assert "is blank (1 colours)" in line(_cloud.look_at_tile)
    answers.pages[f"/tiles/{_cloud.ZOOM}/{x}/{y}.png"] = (200, b"<html>")
    assert "is blank (0 colours)" in line(_cloud.look_at_tile)


def test_a_bucket_that_refuses(opened, answers, monkeypatch):
    class Refuses(dict):
        def get(self, path, default=None):
            return 403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"

    answers.pages = Refuses()
    opened(answers.address, bucket_name="not-mine", name="aws")
    found = line(_cloud.look_at_bucket)
    assert "The bucket 'not-mine' cannot be written (Access Denied" in found
    assert "COURSE_BUCKET" in found


# aws mode


def test_aws_without_a_bucket_of_ones_own_is_no_fault(opened):
    opened(CLOSED, bucket_name=None, name="aws")
    found = line(_cloud.look_at_bucket)
    assert found.startswith("skipped")
    assert "COURSE_BUCKET" in found


def test_aws_out_of_reach(monkeypatch):
    monkeypatch.setenv("COURSE_CLOUD", "aws")
    monkeypatch.setattr(cloud_module, "EARTH_SEARCH", f"{CLOSED}/v1")
    names = {"network", "trust", "cloud", "search", "pixels", "basemap", "bucket"}
    checks = [check for check in checks_of("aws", probe=None) if check.name in names]
    network, *others = look_at(checks)
    assert "9/v1 does not answer" in network.text
    assert "work offline by unsetting COURSE_CLOUD" in network.text
    assert {finding.state for finding in others} == {"skipped"}
    assert len(others) == 6


# All of it


@pytest.mark.slow
def test_all_is_well_here(kit):
    """Exit status 0, and a line `ok` for each check, on a machine where the course works."""
    run = subprocess.run(
        [sys.executable, "-m", "helpers.doctor"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    *lines, last = run.stdout.splitlines()
    assert [row.split()[0] for row in lines] == ["ok"] * 16, run.stdout
    assert (last, run.returncode) == ("All is well.", 0)
    assert run.stderr == ""


COLLECT_IN_A_LOOP = """
import asyncio, gc
from helpers.doctor import _cloud
async def collect():
    gc.collect()
    await asyncio.sleep(0.2)
_cloud.look_at_bucket()
asyncio.run(collect())
"""


def test_the_bucket_leaves_no_connection_to_a_later_event_loop(kit):
    run = subprocess.run(
        [sys.executable, "-c", COLLECT_IN_A_LOOP],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_lines_stay_short_enough_to_read():
    assert _check.one_line("  a\n b\tc ") == "a b c"
