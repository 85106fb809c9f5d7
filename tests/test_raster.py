"""Where pixels lie, and which are missing, as arrays say it after they have been changed."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from predict_scene import small_cube

from helpers.heavy.raster import nodata_of, transform_of

DEGREES = Affine(1 / 10_800, 0, 18.4, 0, -1 / 10_800, -33.7)


def grid(transform: Affine, rows: int, columns: int, dtype: str = "float64") -> xr.DataArray:
    """An array whose coordinates are rounded to a dtype."""
    x, y = (transform @ (np.arange(n) + 0.5, np.arange(n) + 0.5) for n in (columns, rows))
    coords = {"y": y[1].astype(dtype), "x": x[0].astype(dtype)}
    array = xr.DataArray(np.zeros((rows, columns)), dims=("y", "x"), coords=coords)
    return array.rio.write_transform(transform)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rounded_coordinates_do_not_replace_what_was_written(dtype):
    array = grid(DEGREES, 300, 20_000, dtype)
    size = transform_of(array).a, transform_of(array).e
    assert size == (DEGREES.a, DEGREES.e)


@pytest.mark.parametrize("factor", [2, 3])
def test_a_small_change_of_a_long_axis_counts(factor):
    array = grid(DEGREES, 300, 20_000)
    coarse = array.isel(x=slice(None, None, factor))
    assert transform_of(coarse).a == pytest.approx(factor * DEGREES.a)
    slightly = array.assign_coords(x=array.x[0] + (array.x - array.x[0]) * 1.001)
    assert transform_of(slightly).a == pytest.approx(1.001 * DEGREES.a)


def test_a_rotation_stays():
    turned = Affine.translation(300_000, 6_300_000) @ Affine.rotation(30) @ Affine.scale(10, -10)
    array = grid(Affine.identity(), 6, 5).rio.write_transform(turned)
    assert transform_of(array) == turned


@pytest.mark.parametrize(
    "change, nodata",
    [
        (lambda cube: cube, 0),
        (lambda cube: cube > 5, None),
        (lambda cube: cube.astype("uint8").assign_attrs(_FillValue=np.nan), None),
        (lambda cube: cube.astype("uint8").assign_attrs(_FillValue=-9999), None),
        (lambda cube: cube.astype(str), None),
    ],
)
def test_nodata_only_where_it_can_be(change, nodata):
    assert nodata_of(change(small_cube())) == nodata
