"""A small scene and models for it, shared by the tests of prediction and export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import geopandas as gpd
import numpy as np
import pandas as pd
import rioxarray  # noqa: F401
import shapely
import xarray as xr
from affine import Affine
from xgboost import XGBClassifier

BANDS = ["blue", "green", "red", "nir", "swir16"]
CRS = "EPSG:32734"
WEST, NORTH, PIXEL = 300_000, 6_300_000, 10


def training_points(count: int = 400, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Reflectances as DN, and a class from 0 to 3 that depends on them."""
    rng = np.random.default_rng(seed)
    points = pd.DataFrame(rng.integers(1, 4000, (count, len(BANDS))), columns=BANDS)
    classes = (points["nir"] > 2000).astype(int) + 2 * (points["red"] > 2000)
    return points.astype("uint16"), classes.to_numpy()


def fitted_model(trees: int = 5) -> XGBClassifier:
    """An XGBoost classifier that knows the names of the bands."""
    return XGBClassifier(n_estimators=trees, max_depth=4).fit(*training_points())


def small_cube(
    rows: int = 60, columns: int = 50, dtype: str = "uint16", holes: float = 0.1, seed: int = 1
) -> xr.DataArray:
    """A scene in memory with some missing pixels: 0 where the dtype is whole, else NaN."""
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 4000, (len(BANDS), rows, columns)).astype(dtype)
    values[rng.random(values.shape) < holes / len(BANDS)] = missing(dtype)
    cube = xr.DataArray(
        values,
        dims=("band", "y", "x"),
        coords={
            "band": BANDS,
            "y": NORTH - PIXEL * (np.arange(rows) + 0.5),
            "x": WEST + PIXEL * (np.arange(columns) + 0.5),
        },
    )
    transform = Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH)
    return cube.rio.write_crs(CRS).rio.write_transform(transform).rio.write_nodata(missing(dtype))


def lazily(
    open_scene: Callable[[], Any],
    read: Callable[[Any, int, int], np.ndarray],
    side: int,
    chunk: int,
) -> da.Array:
    """Bands of whole numbers, opened by one task and read by a task a chunk of all bands."""
    steps = range(0, side, chunk)
    file = dask.delayed(open_scene)()
    shape = (len(BANDS), chunk, chunk)
    tasks = [[dask.delayed(read)(file, y, x) for x in steps] for y in steps]
    return da.block([[da.from_delayed(task, shape, "uint16") for task in row] for row in tasks])


def missing(dtype: str) -> float:
    """The nodata value of a small cube."""
    return np.nan if np.issubdtype(np.dtype(dtype), np.floating) else 0


def bare_prediction(model: XGBClassifier, cube: xr.DataArray) -> np.ndarray:
    """What the model says of every valid pixel as one array, in the layout of the helper."""
    values = cube.transpose("band", "y", "x").values
    gaps = np.isnan(values) if values.dtype.kind == "f" else values == cube.rio.nodata
    valid = ~gaps.any(axis=0)
    probabilities = model.predict_proba(values.transpose(1, 2, 0)[valid])
    expected = np.full((probabilities.shape[1], *valid.shape), np.nan, dtype=np.float32)
    expected[:, valid] = probabilities.T
    return expected


def circle(row: float, column: float, radius: float, crs: str = "EPSG:4326") -> gpd.GeoSeries:
    """A disc around a pixel, radius in pixels."""
    centre = shapely.Point(WEST + PIXEL * column, NORTH - PIXEL * row)
    return gpd.GeoSeries([centre.buffer(PIXEL * radius)], crs=CRS).to_crs(crs)
