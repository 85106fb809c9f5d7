"""Whatever the cube looks like, each pixel gets exactly the bare model's numbers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from predict_scene import bare_prediction, circle, fitted_model, small_cube

from helpers.heavy.block import predict_block
from helpers.heavy.within import rasterise
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
    monkeypatch.setattr("helpers.heavy.within.PIXELS", 13 * 60)
    many = rasterise(*arguments)
    np.testing.assert_array_equal(one.bits, many.bits)
    assert 0 < np.unpackbits(one.bits).sum() < 200 * 60


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("side", [1, 7, 23, 500])
def test_chunks_are_cut_into_blocks(monkeypatch, dtype, side):
    cube = small_cube(ROWS, COLUMNS, dtype, holes=0.3).chunk(y=23, x=17)
    area = circle(12, 9, 14.0, cube.rio.crs)
    whole = predict_over_chunks(MODEL, cube, area).compute()
    monkeypatch.setattr("helpers.heavy.plan.BLOCK_PIXELS", side)
    cut = predict_over_chunks(MODEL, cube, area)
    assert max(map(max, cut.chunks[1:])) == min(side, 23)
    np.testing.assert_array_equal(cut, whole)
    np.testing.assert_array_equal(predict_over_chunks(MODEL, cube), bare_prediction(MODEL, cube))


def test_dates_of_one_chunk_in_several_blocks(monkeypatch):
    dates = [small_cube(ROWS, COLUMNS, holes=0.4, seed=seed) for seed in range(3)]
    cube = xr.concat(dates, xr.Variable("time", np.arange(3))).chunk(time=2, y=23, x=17)
    area = circle(12, 9, 14.0, cube.rio.crs)
    monkeypatch.setattr("helpers.heavy.plan.BLOCK_PIXELS", 9)
    result = predict_over_chunks(MODEL, cube, area).compute()
    for date, scene in enumerate(dates):
        np.testing.assert_array_equal(result[date], predict_over_chunks(MODEL, scene, area))


class Counting:
    """A model that notes how many pixels it is given at a time."""

    calls: ClassVar[list[int]] = []

    def predict_proba(self, pixels):
        self.calls.append(len(pixels))
        return np.full((len(pixels), 2), 0.5, dtype=np.float32)


@pytest.mark.parametrize("dates", [1, 3])
def test_each_pixel_is_predicted_once_and_those_that_are_missing_never(dates):
    scene = small_cube(ROWS, COLUMNS, holes=0.3)
    cube = xr.concat([scene] * dates, xr.Variable("time", np.arange(dates)))
    result = predict_over_chunks(Counting(), cube.chunk(time=-1, y=11, x=30))
    Counting.calls.clear()
    result.compute()
    assert sum(Counting.calls) == dates * int((scene != 0).all("band").sum())
    assert len(Counting.calls) == 4


@settings(max_examples=60, deadline=None)
@given(data=st.data(), shape=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_a_block_holds_the_answers_where_its_pixels_lie(data, shape):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    inside = rng.random(shape) < data.draw(st.sampled_from([0.0, 0.05, 0.5, 1.0]))
    bands = rng.integers(0, 3, (4, *shape)).astype("uint16")
    wanted = inside & (bands > 0).all(axis=0)
    given = []

    def weigh(pixels):
        given.append(pixels)
        return pixels / 4

    block = predict_block(bands, weigh, np.packbits(inside), 0, (2, 0), np.dtype("float64"))
    assert np.isnan(block[:, ~wanted]).all()
    np.testing.assert_array_equal(block[:, wanted], bands[[2, 0]][:, wanted] / 4)
    for pixels in given:
        np.testing.assert_array_equal(pixels, bands[:, wanted].T)
    assert len(given) == wanted.any()
