"""What is read when: chunk by chunk, each once, and no more than can be worked on."""

import threading
import weakref

import dask
import dask.array as da
import numpy as np
import pytest
from predict_scene import bare_prediction, fitted_model, lazily, small_cube

from helpers.heavy.stream import for_each_block
from helpers.predict import predict_over_chunks

SIDE, CHUNK = 64, 8
CHUNKS = (SIDE // CHUNK) ** 2


class Files:
    """A scene that is opened once and read in chunks, as stackstac does; counts what is alive."""

    def __init__(self):
        self.scene = small_cube(SIDE, SIDE, holes=0)
        self.values = self.scene.values
        self.opened, self.read, self.alive, self.most_alive = 0, [], 0, 0
        self._lock = threading.Lock()

    def cube(self):
        """The scene lazily: a task that opens it, one for each chunk of all bands that reads."""
        return self.scene.copy(data=lazily(self._open, self._read, SIDE, CHUNK))

    def _open(self):
        self.opened += 1

    def _read(self, _file, y, x):
        chunk = self.values[:, y : y + CHUNK, x : x + CHUNK].copy()
        with self._lock:
            self.read.append((y, x))
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


@pytest.mark.parametrize("side", [4, 512], ids=["chunks in four blocks", "chunks as blocks"])
@pytest.mark.parametrize("run", [stream, da.Array.compute])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_more_chunks_are_read_than_can_be_worked_on(
    files, model, run, workers, side, monkeypatch
):
    monkeypatch.setattr("helpers.heavy.plan.BLOCK_PIXELS", side)
    result = predict_over_chunks(model, files.cube())
    with dask.config.set(num_workers=workers):
        values = run(result.data)
    assert files.most_alive <= workers + 2 < len(files.read) / 4
    assert files.opened == 1
    assert len(files.read) == len(set(files.read)) == CHUNKS
    np.testing.assert_array_equal(values, bare_prediction(model, files.scene))


def test_an_export_of_any_array_reads_block_by_block(files):
    with dask.config.set(num_workers=2):
        values = stream(files.cube().data.sum(axis=0))
    assert files.most_alive <= 4
    np.testing.assert_array_equal(values, files.values.sum(axis=0))


@pytest.mark.parametrize("run", [stream, da.Array.compute])
def test_what_predicted_blocks_share_is_read_once(files, model, run):
    cube = files.cube()
    cube = cube.copy(data=cube.data.rechunk((5, 12, 20)))
    result = run(predict_over_chunks(model, cube).data)
    np.testing.assert_array_equal(result, bare_prediction(model, files.scene))
    assert len(files.read) == len(set(files.read)) == CHUNKS


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
    assert len(files.read) < CHUNKS


def test_bands_in_chunks_of_their_own_are_predicted_rightly_and_what_it_costs_is_told(model):
    scene = small_cube(SIDE, SIDE)
    with pytest.warns(UserWarning, match=r"chunksize=\(1, -1, 1024, 1024\)") as told:
        result = predict_over_chunks(model, scene.chunk(band=1, y=32, x=32))
    assert {item.filename for item in told if item.category is UserWarning} == {__file__}
    np.testing.assert_array_equal(result, bare_prediction(model, scene))


@pytest.mark.parametrize("chunks", [{"band": -1, "y": 32}, {"band": 1}])
def test_nothing_is_told_where_nothing_is_lost(model, chunks, recwarn):
    predict_over_chunks(model, small_cube(SIDE, SIDE).chunk(chunks))
    assert not [item for item in recwarn if item.category is UserWarning]
