"""What is read when: block by block, each file opened once, neighbours after one another."""

import threading
import weakref
from collections import defaultdict

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client, get_worker
from predict_scene import BANDS, bare_prediction, fitted_model, lazily, small_cube

from helpers._reading import groups_of_blocks
from helpers._stream import _windows, for_each_block
from helpers.predict import predict_over_chunks

SIDE, CHUNK = 64, 8


class Files:
    """Bands that are opened once and read in chunks, as stackstac does; counts what is alive."""

    def __init__(self):
        self.scene = small_cube(SIDE, SIDE, holes=0)
        self.values = self.scene.values
        self.opened, self.read, self.alive, self.most_alive = [], [], 0, 0
        self._lock = threading.Lock()

    def cube(self):
        """The bands lazily: a task that opens each, one for each of its chunks that reads."""
        return self.scene.copy(data=lazily(self._open, self._read, SIDE, CHUNK))

    def _open(self, band):
        self.opened.append(band)
        return band

    def _read(self, band, y, x):
        chunk = self.values[band, y : y + CHUNK, x : x + CHUNK].copy()
        with self._lock:
            self.read.append((band, y, x))
            self.alive += 1
            self.most_alive = max(self.most_alive, self.alive)
        weakref.finalize(chunk, self._freed)
        return chunk

    def _freed(self):
        with self._lock:
            self.alive -= 1


@pytest.fixture
def files():
    return Files()


@pytest.fixture(scope="module")
def model():
    return fitted_model()


def stream(array):
    """Compute an array block by block and put the blocks together."""
    result = np.empty(array.shape, array.dtype)
    for_each_block(array, result.__setitem__)
    return result


@pytest.mark.parametrize("run", [stream, da.Array.compute])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_more_blocks_are_read_than_can_be_worked_on(files, model, run, workers):
    result = predict_over_chunks(model, files.cube())
    with dask.config.set(num_workers=workers):
        values = run(result.data)
    assert files.most_alive <= (workers + 2) * len(BANDS) < len(files.read) / 4
    assert sorted(files.opened) == list(range(len(BANDS)))
    assert len(files.read) == len(set(files.read)) == len(BANDS) * (SIDE // CHUNK) ** 2
    np.testing.assert_array_equal(values, bare_prediction(model, files.scene))


def test_an_export_of_any_array_reads_block_by_block(files):
    with dask.config.set(num_workers=2):
        values = stream(files.cube().data.sum(axis=0))
    assert files.most_alive <= 4 * len(BANDS)
    np.testing.assert_array_equal(values, files.values.sum(axis=0))


@pytest.mark.parametrize("run", [stream, da.Array.compute])
def test_what_predicted_blocks_share_is_read_once(files, model, run):
    cube = files.cube()
    cube = cube.copy(data=cube.data.rechunk((1, 12, 20)))
    result = run(predict_over_chunks(model, cube).data)
    np.testing.assert_array_equal(result, bare_prediction(model, files.scene))
    assert len(files.read) == len(set(files.read))


READ_BY = []


def note_worker(_file, y, x):
    """Read a chunk of ones, and note which worker did."""
    READ_BY.append((get_worker().address, y // CHUNK, x // CHUNK))
    return np.ones((CHUNK, CHUNK), "uint16")


def test_neighbours_are_read_by_one_worker(files, model, monkeypatch):
    monkeypatch.setattr("helpers._reading.GROUP_SIDE", 2 * CHUNK)
    READ_BY.clear()
    cube = files.scene.copy(data=lazily(int, note_worker, SIDE, CHUNK))
    # Without stealing: a worker with nothing to do would rightly take from a neighbour's group.
    with (
        dask.config.set({"distributed.scheduler.work-stealing": False}),
        Client(n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"),
    ):
        predict_over_chunks(model, cube).compute()
    readers = defaultdict(set)
    for worker, y, x in READ_BY:
        readers[y // 2, x // 2].add(worker)
    assert len(READ_BY) == len(BANDS) * (SIDE // CHUNK) ** 2
    assert [len(workers) for workers in readers.values()] == [1] * (SIDE // CHUNK // 2) ** 2
    assert len(set().union(*readers.values())) == 2


def test_what_overlapping_blocks_share_is_read_once(files):
    blurred = da.map_overlap(lambda block: block * 2, files.cube().data, depth=(0, 1, 1))
    np.testing.assert_array_equal(stream(blurred), files.values * 2)
    assert len(files.read) == len(set(files.read))
    assert files.most_alive < len(files.read)


def test_an_error_in_a_block_ends_all(files):
    def fail(_):
        raise ValueError("this block cannot be computed")

    with pytest.raises(ValueError, match="this block"):
        stream(files.cube().data.map_blocks(fail, dtype=float))
    assert len(files.read) < len(BANDS) * (SIDE // CHUNK) ** 2


def test_neighbours_in_both_directions_follow_each_other():
    array = da.zeros((3, 80, 80), chunks=(3, 10, 10))
    places = [key[2:] for key in _windows(array, 1)]
    assert places[:4] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert {(y // 4, x // 4) for y, x in places[:16]} == {(0, 0)}
    assert sorted(places) == [(y, x) for y in range(8) for x in range(8)]


def test_workers_with_caches_of_their_own_each_have_a_group_under_way(monkeypatch):
    monkeypatch.setattr("helpers._reading.GROUP_SIDE", 20)
    array = da.zeros((3, 80, 80), chunks=(3, 10, 10))
    places = [key[2:] for key in _windows(array, 3)]
    first = {(y // 2, x // 2) for y, x in places[:3]}
    assert len(first) == 3
    assert {(y // 2, x // 2) for y, x in places[:12]} == first
    assert sorted(places) == [(y, x) for y in range(8) for x in range(8)]


@pytest.mark.parametrize(("chunk", "side"), [(4096, 1), (2048, 1), (1024, 2), (1000, 2), (512, 4)])
def test_a_group_is_as_large_as_a_tile_of_a_coarse_band(chunk, side):
    group_of = groups_of_blocks(da.zeros((3, 9000, 9000), chunks=(3, chunk, chunk)))
    assert group_of((0, 0)) == group_of((side - 1, side - 1)) == (0, 0)
    assert group_of((5, side, 2 * side)) == (5, 1, 2)
