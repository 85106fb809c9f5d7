"""predict_over_chunks on a cluster of processes that is reached by its address, as a remote one."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import rioxarray
from distributed import Client, LocalCluster, get_client, wait, worker_client
from predict_scene import bare_prediction, circle, fitted_model, lazily, small_cube

from helpers.export import write_cog
from helpers.predict import predict_over_chunks

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]


SETTINGS = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "security": True}


@pytest.fixture(scope="module")
def way_in():
    """The address of a cluster, and what it takes to be let in."""
    with LocalCluster(n_workers=2, **SETTINGS) as cluster:
        yield cluster.scheduler_address, cluster.security


@pytest.fixture
def client(way_in):
    address, security = way_in
    assert address.startswith("tls://127.0.0.1:")
    with Client(address, security=security) as client:
        yield client


@pytest.fixture(scope="module")
def model():
    return fitted_model()


def test_equal_to_the_bare_model(client, model):
    cube = small_cube().chunk(x=10, y=10, band=2)
    np.testing.assert_array_equal(
        predict_over_chunks(model, cube), bare_prediction(model, small_cube())
    )


def test_files_that_travel_to_the_workers(client, model):
    scene = small_cube(40, 40)
    values = scene.values

    def read(_file, y, x):
        return values[:, y : y + 10, x : x + 10]

    cube = scene.copy(data=lazily(int, read, side=40, chunk=10))
    np.testing.assert_array_equal(predict_over_chunks(model, cube), bare_prediction(model, scene))


@pytest.mark.parametrize("export", [False, True])
def test_chunks_that_the_workers_hold(client, model, tmp_path, export):
    cube = small_cube().chunk(x=10, y=10).persist()
    result = predict_over_chunks(model, cube, circle(30, 25, 15))
    expected = predict_over_chunks(model, small_cube(), circle(30, 25, 15))
    del cube
    if export:
        write_cog(result.persist(), tmp_path / "out.tif", progress=False)
        result = rioxarray.open_rasterio(tmp_path / "out.tif")
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("how", ["get_client", "worker_client"])
def test_an_export_from_inside_a_task(model, tmp_path, how):
    """The task has the cluster's only thread, which the blocks need."""

    def export(result):
        get_client()
        with worker_client() if how == "worker_client" else nullcontext():
            return write_cog(result, tmp_path / "out.tif", progress=False)

    result = predict_over_chunks(model, small_cube().chunk(x=20, y=25))
    with (
        LocalCluster(n_workers=1, **SETTINGS) as cluster,
        Client(cluster) as client,
    ):
        client.submit(export, result).result(60)
    np.testing.assert_array_equal(rioxarray.open_rasterio(tmp_path / "out.tif"), result)


class Traced:
    """A model that leaves a line each time it is unpickled, and may take its time."""

    def __init__(self, folder, seconds=0.0):
        self.folder, self.seconds = folder, seconds

    def __setstate__(self, state):
        self.__dict__ = state
        (self.folder / f"{os.getpid()}-{time.monotonic_ns()}").touch()

    def predict_proba(self, pixels):
        time.sleep(self.seconds)
        share = (pixels[:, :1] / 4000).astype(np.float32)
        return np.hstack([share, 1 - share])


@pytest.fixture
def traced(tmp_path, monkeypatch):
    """Workers can import nothing from the tests, so the class travels by value."""
    monkeypatch.setattr(Traced, "__module__", "__main__")
    return lambda seconds=0.0: Traced(tmp_path, seconds)


def _processes(folder):
    return {int(file.name.split("-")[0]) for file in folder.iterdir()}


def test_each_worker_gets_the_model_once(client, traced, tmp_path):
    cube = small_cube().chunk(x=10, y=10)
    result = predict_over_chunks(traced(0.01), cube)
    for file in tmp_path.iterdir():
        file.unlink()
    result.compute()
    assert len(list(tmp_path.iterdir())) == len(_processes(tmp_path)) == 2
    assert os.getpid() not in _processes(tmp_path)


def test_an_export_loads_the_model_once_a_worker_and_leaves_nothing(client, traced, tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    result = predict_over_chunks(Traced(models, 0.01), small_cube().chunk(x=10, y=10))
    for file in models.iterdir():
        file.unlink()
    write_cog(result, tmp_path / "out.tif", progress=False)
    assert len(list(models.iterdir())) == len(_processes(models)) == 2
    _wait_until(lambda: not client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.tasks))


def test_survives_the_loss_of_a_worker(traced, tmp_path):
    with (
        LocalCluster(n_workers=2, **SETTINGS) as cluster,
        Client(cluster) as client,
    ):
        cube = small_cube(holes=0).chunk(x=10, y=10)
        future = client.compute(predict_over_chunks(traced(0.2), cube))
        _wait_until(lambda: len(_processes(tmp_path) - {os.getpid()}) == 2)
        time.sleep(0.5)
        victim = next(iter(client.run(os.getpid).values()))
        os.kill(victim, signal.SIGKILL)
        wait(future, timeout=90)
        assert victim not in client.run(os.getpid).values()
        expected = small_cube(holes=0).values[0] / 4000
        np.testing.assert_allclose(future.result()[0], expected, rtol=1e-6)


def test_export_survives_the_loss_of_a_worker(traced, tmp_path):
    with (
        LocalCluster(n_workers=2, **SETTINGS) as cluster,
        Client(cluster) as client,
    ):
        cube = small_cube(holes=0).chunk(x=10, y=10)
        victim = next(iter(client.run(os.getpid).values()))
        threading.Timer(1.5, os.kill, [victim, signal.SIGKILL]).start()
        write_cog(predict_over_chunks(traced(0.15), cube), tmp_path / "out.tif", progress=False)
        assert victim not in client.run(os.getpid).values()
    with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
        expected = small_cube(holes=0).values[0] / 4000
        np.testing.assert_allclose(written[0], expected, rtol=1e-6)


def test_export_within_polygons_streams_through_the_client(client, model, tmp_path):
    result = predict_over_chunks(model, small_cube().chunk(x=10, y=10), circle(30, 25, 15))
    write_cog(result, tmp_path / "out.tif", progress=False)
    with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
        np.testing.assert_array_equal(written, result)


SLOW_WORK = """
    import pickle, signal, sys, time

    # A shell that runs tests in the background hands down an ignored SIGINT; a kernel does not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import numpy as np
    from distributed import Client
    from helpers.export import write_cog
    from helpers.predict import predict_over_chunks
    sys.path.insert(0, {tests!r})
    from predict_scene import small_cube

    calls = []

    class Slow:
        def predict_proba(self, pixels):
            calls.append(time.monotonic())
            time.sleep(0.2)
            return np.full((len(pixels), 2), 0.5, dtype=np.float32)

    def main():
        way_in = pickle.load(sys.stdin.buffer)  # not among the arguments, which all users see
        client = Client(way_in[0], security=way_in[1]) if way_in else None
        result = predict_over_chunks(Slow(), small_cube(100, 100).chunk(x=5, y=5))
        print("started", flush=True)
        try:
            {call}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        time.sleep(1)
        calls.clear()
        time.sleep(2)
        print(len(calls), "calls after the interrupt", flush=True)

    main()
"""
CALLS = [
    "write_cog(result, 'out.tif', overwrite=True, progress=False)",
    "result.compute()",
]


def _start(folder, call, way_in):
    (folder / "out.tif").write_bytes(b"the file from before")
    tests = str(Path(__file__).parent)
    script = textwrap.dedent(SLOW_WORK).format(tests=tests, call=call)
    command = [sys.executable, "-c", script]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, cwd=folder, **pipes)
    pickle.dump(way_in, process.stdin.buffer)
    process.stdin.close()
    return process


def _assert_as_before(folder):
    assert (folder / "out.tif").read_bytes() == b"the file from before"
    assert [path.name for path in folder.iterdir()] == ["out.tif"]


@pytest.mark.parametrize("call", CALLS)
def test_interrupt_leaves_nothing_running_on_the_cluster(client, way_in, tmp_path, call):
    process = _start(tmp_path, call, way_in)
    try:
        assert process.stdout.readline() == "started\n"
        _wait_until(lambda: any(client.processing().values()))
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        _wait_until(lambda: not any(client.processing().values()))
        assert not client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.queued))
        process.wait()
    finally:
        process.kill()
    _assert_as_before(tmp_path)


@pytest.mark.parametrize("call", CALLS)
def test_interrupt_leaves_no_thread_running(tmp_path, call):
    process = _start(tmp_path, call, way_in=None)
    try:
        assert process.stdout.readline() == "started\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert process.stdout.readline() == "0 calls after the interrupt\n"
        process.wait()
    finally:
        process.kill()
    _assert_as_before(tmp_path)


def _wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
