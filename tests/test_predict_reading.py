"""What is read when: block by block, each file opened once, neighbours after one another."""

import threading
import weakref

import dask
import dask.array as da
import numpy as np
import pytest
from predict_scene import BANDS, bare_prediction, fitted_model, small_cube

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
        steps = range(0, SIDE, CHUNK)
        planes = []
        for band in range(len(BANDS)):
            file = dask.delayed(self._open)(band)
            rows = [[self._lazy_chunk(file, y, x) for x in steps] for y in steps]
            planes.append(da.block(rows))
        return self.scene.copy(data=da.stack(planes))

    def _lazy_chunk(self, file, y, x):
        chunk = dask.delayed(self._read)(file, y, x)
        return da.from_delayed(chunk, (CHUNK, CHUNK), self.values.dtype)

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
    places = [key[2:] for key in _windows(array)]
    assert places[:4] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert {(y // 4, x // 4) for y, x in places[:16]} == {(0, 0)}
    assert sorted(places) == [(y, x) for y in range(8) for x in range(8)]
