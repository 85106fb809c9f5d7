"""Whatever the cube looks like, each pixel gets exactly the bare model's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from predict_scene import bare_prediction, circle, fitted_model, small_cube

from helpers._plan import STRIP_PIXELS, Block
from helpers._within import rasterise
from helpers.predict import predict_over_chunks

MODEL = fitted_model()
ROWS, COLUMNS = 40, 30


def splits(length):
    """Ways to cut a length into chunks."""
    cuts = st.sets(st.integers(1, length - 1), max_size=5)
    return cuts.map(lambda at: tuple(np.diff([0, *sorted(at), length]).tolist()))


@settings(max_examples=60, deadline=None)
@given(
    rows=splits(ROWS),
    columns=splits(COLUMNS),
    bands=splits(5),
    order=st.permutations(["band", "y", "x"]),
    dtype=st.sampled_from(["uint16", "int16", "int32", "float32", "float64"]),
    holes=st.sampled_from([0.0, 0.1, 0.9]),
)
def test_equal_to_the_bare_model(rows, columns, bands, order, dtype, holes):
    cube = small_cube(ROWS, COLUMNS, dtype, holes)
    chunked = cube.chunk(y=rows, x=columns, band=bands).transpose(*order)
    np.testing.assert_array_equal(predict_over_chunks(MODEL, chunked), bare_prediction(MODEL, cube))


@settings(max_examples=40, deadline=None)
@given(
    rows=splits(ROWS),
    columns=splits(COLUMNS),
    row=st.integers(0, 80).map(lambda half: half / 2),
    column=st.integers(0, 60).map(lambda half: half / 2),
    radius=st.floats(2, 30),
)
def test_chunks_do_not_move_the_border(rows, columns, row, column, radius):
    cube = small_cube(ROWS, COLUMNS)
    area = circle(row, column, radius, cube.rio.crs)
    whole = predict_over_chunks(MODEL, cube, area)
    chunked = predict_over_chunks(MODEL, cube.chunk(y=rows, x=columns), area)
    np.testing.assert_array_equal(chunked, whole)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), shape=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_windows_of_a_mask_are_cut_from_the_whole(data, shape):
    cube = small_cube(*shape)
    mask = rasterise(circle(0, 0, 25, cube.rio.crs), shape, cube.rio.transform(), cube.rio.crs)
    whole = mask.window(slice(0, shape[0]), slice(0, shape[1]))
    top = data.draw(st.integers(0, shape[0] - 1))
    left = data.draw(st.integers(0, shape[1] - 1))
    rows = slice(top, data.draw(st.integers(top + 1, shape[0])))
    columns = slice(left, data.draw(st.integers(left + 1, shape[1])))
    np.testing.assert_array_equal(mask.window(rows, columns), whole[rows, columns])


def test_a_grid_of_many_strips_is_rasterised_like_one(monkeypatch):
    cube = small_cube(200, 60)
    area = circle(100, 30, 80.3, cube.rio.crs)
    arguments = (area, (200, 60), cube.rio.transform(), cube.rio.crs)
    one = rasterise(*arguments)
    monkeypatch.setattr("helpers._within.ROWS", 13)
    many = rasterise(*arguments)
    np.testing.assert_array_equal(one.bits, many.bits)
    assert 0 < np.unpackbits(one.bits).sum() < 200 * 60


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_a_block_of_several_batches(monkeypatch, dtype):
    monkeypatch.setattr("helpers._engine.Predictor.batch", 97)
    cube = small_cube(ROWS, COLUMNS, dtype)
    np.testing.assert_array_equal(predict_over_chunks(MODEL, cube), bare_prediction(MODEL, cube))


@pytest.mark.parametrize("pixels", [1, 45, 500])
def test_a_block_of_several_strips(monkeypatch, pixels):
    cube = small_cube(ROWS, COLUMNS, holes=0.3).chunk(y=23, x=17)
    area = circle(12, 9, 14.0, cube.rio.crs)
    whole = predict_over_chunks(MODEL, cube, area).compute()
    monkeypatch.setattr("helpers._plan.STRIP_PIXELS", pixels)
    np.testing.assert_array_equal(predict_over_chunks(MODEL, cube, area), whole)
    np.testing.assert_array_equal(predict_over_chunks(MODEL, cube), bare_prediction(MODEL, cube))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), shape=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_strips_share_the_work_of_a_block(data, shape):
    share = data.draw(st.sampled_from([0.05, 0.5, 1.0]))
    inside = np.random.default_rng(0).random(shape) < share
    strips = Block((0, 0), shape, inside).strips()
    assert [strip.start for strip in strips] == [0, *(strip.stop for strip in strips[:-1])]
    assert strips[-1].stop == shape[0] and all(strip.stop > strip.start for strip in strips)


def test_a_block_has_as_many_strips_as_it_has_work():
    inside = np.zeros((1024, 1024), dtype=bool)
    inside[:512] = True
    strips = Block((0, 0), inside.shape, inside).strips()
    assert len(strips) == 512 * 1024 / STRIP_PIXELS
    assert max(inside[strip].sum() for strip in strips) < 1.02 * STRIP_PIXELS
