"""What Binder's image does, done here: install, postBuild, start; then lessons on 1 CPU and 2 GB.

The memory limit is a cgroup's, which really kills: the system ends a process that wants more.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
import yaml
from lab import (
    DRAWN_COLOURS,
    PROJECT,
    TASKS_DRAWN,
    Lab,
    colours_drawn,
    open_dashboard,
    open_lesson,
    run_all,
    run_cell,
    running_lab,
    stop,
    wait_for_tiles,
)
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIMIT = 2 * 2**30
PREFIX = "/user/jane/"
LESSON_SECONDS = 400
PANEL_STYLE = re.compile(r"https://cdn\.holoviz\.org/panel/.*\.css(\?v=[\d.]+)?$")


CLUSTER = """\
from distributed import Client
from helpers import open_cloud
cloud = open_cloud()
address = "127.0.0.1:0"
client = Client(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=address)
client"""
WORK = """\
import dask.array
dask.array.random.random((4000, 4000), chunks=1000).std().compute()"""


class Cgroup:
    """A memory cgroup, of version 1 or 2, that holds what is started in it to a limit."""

    def __init__(self, name: str, limit: int) -> None:
        first = Path("/sys/fs/cgroup/memory")
        root, file = (
            (first, "memory.limit_in_bytes") if first.exists() else (first.parent, "memory.max")
        )
        self.folder = root / name
        self.folder.mkdir()
        (self.folder / file).write_text(str(limit))

    def __str__(self) -> str:
        return str(self.folder)

    def command(self, *command: str) -> list[str]:
        """Return a command that runs another inside the group, on one processor."""
        enter = f'echo $$ > {self.folder}/cgroup.procs && exec taskset -c 0 "$@"'
        return ["bash", "-c", enter, "bash", *command]

    def remove(self) -> None:
        for pid in (self.folder / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        for _ in range(50):  # the system takes a moment to bury what was killed
            with suppress(OSError):
                return self.folder.rmdir()
            time.sleep(0.1)
        raise TimeoutError(f"processes in {self.folder} do not end")


@pytest.fixture(scope="module")
def cgroup():
    try:
        group = Cgroup(f"binder_rehearsal_{os.getpid()}", LIMIT)
    except OSError as error:
        pytest.skip(f"no memory cgroup can be made here ({error}): nothing would really kill")
    yield group
    group.remove()


def _uv() -> str:
    """Return a uv that answers: one on the PATH (maybe an empty shim), or that of ``make env``."""
    for uv in ("uv", str(PROJECT / ".bootstrap" / "bin" / "uv")):
        if shutil.which(uv) and not subprocess.run([uv, "--version"], check=False).returncode:
            return uv
    raise FileNotFoundError("no uv: run `make env` first")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A copy of the project with an environment of its own: environment.yml, then postBuild."""
    uv = _uv()
    copy = tmp_path_factory.mktemp("image") / "repository"
    skipped = shutil.ignore_patterns(".*", "outputs", "test-results", "wheelhouse", "__pycache__")
    shutil.copytree(PROJECT, copy, ignore=skipped, symlinks=True)
    environment = copy / ".conda"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    listed = yaml.safe_load((copy / "binder" / "environment.yml").read_text())["dependencies"]
    (pins,) = [part["pip"] for part in listed if isinstance(part, dict)]
    (copy / "pins.txt").write_text("\n".join(pins))
    install = [uv, "pip", "install", "-q", "--python", environment / "bin" / "python"]
    install += ["--compile-bytecode"]  # as pip does, which Binder uses
    install += ["--no-deps", "--require-hashes", "-r", copy / "pins.txt"]
    if subprocess.run([*install, "--offline"], capture_output=True, check=False).returncode:
        subprocess.run(install, check=True)
    path = f"{environment / 'bin'}:{os.environ['PATH']}"
    subprocess.run(["binder/postBuild"], cwd=copy, env=os.environ | {"PATH": path}, check=True)
    return copy


def test_the_limit_really_kills(cgroup):
    greedy = f"import time; block = b'1' * {LIMIT + 2**28}; print(len(block))"
    run = subprocess.run(cgroup.command(sys.executable, "-c", greedy), check=False)
    assert run.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def binder(image, cgroup):
    """JupyterLab as the image starts it, behind a base URL."""
    environment = {
        "PATH": f"{image / '.conda' / 'bin'}:{os.environ['PATH']}",
        "JUPYTERHUB_SERVICE_PREFIX": PREFIX,
        "COURSE_OUTPUTS": str(image / "outputs"),
    }
    environment = {key: value for key, value in (os.environ | environment).items()
                   if key not in ("COURSE_KIT", "PYTHONPATH")}  # fmt: skip
    command = cgroup.command(
        str(image / "binder" / "start"), "jupyter", "lab", f"--ServerApp.base_url={PREFIX}"
    )
    with running_lab(image, command, environment) as lab:
        yield lab


@pytest.mark.parametrize("lesson", ["08_parallel_with_dask", "09_map_the_study_area"])
def test_the_heaviest_lessons_run_behind_a_proxy(
    lesson, browser, binder: Lab, pictures, record_property
):
    page, walk = open_lesson(browser, binder, lesson)
    try:
        cells = run_all(page, binder, walk, LESSON_SECONDS)
        for cell in cells:
            if "tiles=" in cell["source"]:
                assert colours_drawn(page, cell["number"]) >= DRAWN_COLOURS
                wait_for_tiles(page, cell)
                assert walk.tiles, "no tile has come"
                assert all(f"{PREFIX}proxy/" in url for url in walk.tiles)
        # Panel's style sheets, refused as for a learner whom a firewall keeps from that address.
        assert all(PANEL_STYLE.match(url) for url in walk.away), walk.away
        record_property(
            "lesson",
            f"| {lesson}, 1 CPU and 2 GB | {walk.seconds:.0f} | {walk.peak_mb:.0f} | |"
            f" {len(walk.tiles)} | {len(walk.away)} |",
        )
    finally:
        page.screenshot(path=pictures / f"binder_{lesson}.png")
        stop(page)


def test_the_dashboard_opens_through_the_proxy(browser, binder: Lab, pictures):
    """Start a cluster in a notebook, on one processor a small one, and launch its dashboard."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = new_notebook(cells=[new_code_cell(CLUSTER), new_code_cell(WORK)], metadata=kernel)
    nbformat.write(notebook, binder.folder / "notebooks" / "dashboard.ipynb")
    page, walk = open_lesson(browser, binder, "dashboard")
    try:
        run_cell(page, CLUSTER, LESSON_SECONDS)
        stream = open_dashboard(page)
        assert f"{PREFIX}proxy/" in stream.url
        run_cell(page, WORK, LESSON_SECONDS)
        stream.wait_for_function(TASKS_DRAWN, timeout=60000)
        assert not walk.away
    finally:
        page.screenshot(path=pictures / "binder_dashboard.png")
        stop(page)
