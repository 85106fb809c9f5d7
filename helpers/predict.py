"""The heavy step: probabilities for every pixel of a cube, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from helpers.heavy.block import empty_block, nodata_for, predict_block
from helpers.heavy.cube import TIME
from helpers.heavy.engine import Engine
from helpers.heavy.model import Classifier
from helpers.heavy.plan import Dtype, Plan, plan_prediction
from helpers.heavy.within import Polygons

__all__ = ["predict_over_chunks"]


def predict_over_chunks(
    model: Classifier,
    cube: xr.DataArray | xr.Dataset,
    within: Polygons | None = None,
    *,
    classes: Sequence[Any] | None = None,
    class_names: Mapping[Any, str] | Sequence[str] | None = None,
    dtype: Dtype = "float32",
    nodata: float | None = None,
    engine: Engine = "same",
) -> xr.DataArray:
    """Predict the probability of each class for each pixel, lazily and block by block.

    Nothing is read until the result is computed or written. A chunk of the cube that no polygon
    of `within` touches is then neither read nor predicted; pixels outside the polygons, and those
    that are missing in any band, are not predicted and become nodata. A value is missing if it is
    NaN, infinite (or too large for the float32 that models calculate in) or nodata. Each pixel
    gets the same numbers as from ``model.predict_proba``, however the cube is chunked.

    Parameters
    ----------
    model
        A fitted classifier with ``predict_proba``.
    cube
        A DataArray with a dimension for the bands, ``y``, ``x`` and perhaps ``time``, in any
        order, or a Dataset with one variable per band. Its bands must have the names, the order
        and the units that the model was trained on. Best are chunks that hold all bands.
    within
        Polygons of the area of interest, in any CRS; a pixel belongs to it if its centre does. A
        bare shapely polygon is taken to be in the cube's CRS.
    classes
        Which classes to return, by label or by the model's value; all of them by default.
    class_names
        Names for the classes: a mapping or a Series from the model's classes, or a list of one
        name for each in order.
    dtype
        ``"float32"`` or ``"float64"`` (probability 0 to 1, nodata NaN), or ``"uint8"`` (percent,
        rounded, nodata 255).
    nodata
        Value that marks a missing pixel in the cube, in the place of what the cube itself says;
        NaN, which is always missing, for none besides, as after ``cube.where(...)``.
    engine
        ``"same"`` runs the model itself. ``"fast"`` evaluates the same XGBoost trees for many
        pixels at a time (``helpers/heavy/trees.py``): several times as fast, equal to 1e-6. If it
        does not suit the model, a warning says why and the model itself runs.

    Returns
    -------
    xarray.DataArray
        Lazy, ``(class, y, x)``, with ``time`` first if the cube has it, in chunks of at most 512
        pixels a side. CRS, transform and nodata are those of the cube's grid, so that ``.rio``
        and plots work.

    Raises
    ------
    CourseError
        If the model is not fitted, its bands are not the cube's, the polygons miss the cube or
        have no CRS, the cube is empty, its nodata value is left over from other numbers, or the
        model never saw a class that was asked for.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> table = np.array([[0.03, 0.40], [0.05, 0.35], [0.20, 0.25], [0.25, 0.30]])
    >>> model = DecisionTreeClassifier().fit(table, ["pine", "pine", "rock", "rock"])
    >>> reflectance = np.array([[[0.04, 0.22, np.nan]], [[0.38, 0.27, 0.30]]])  # two bands
    >>> cube = xr.DataArray(reflectance, dims=("band", "y", "x"))
    >>> probability = predict_over_chunks(model, cube)
    >>> probability.sel({"class": "pine"}).values
    array([[ 1.,  0., nan]], dtype=float32)
    """
    plan = plan_prediction(
        model,
        cube,
        within,
        classes=classes,
        class_names=class_names,
        dtype=dtype,
        nodata=nodata,
        engine=engine,
    )
    return _on_the_grid(plan, _predicted(plan))


def _predicted(plan: Plan) -> da.Array:
    """Build a layer of one task per block; those outside the area need nothing of the cube.

    The model is a task of its own, so that each worker gets it once.
    """
    blocks = plan.blocks
    token = tokenize(
        blocks.name, plan.mask, plan.cube.nodata, plan.columns, plan.dtype,
        plan.predictor.payload, plan.predictor.engine,
    )  # fmt: skip
    model = dask.delayed(plan.predictor, name=f"model-{token}", traverse=False)
    name, depth = f"predict-{token}", len(plan.columns)
    dates = list(np.ndindex(*blocks.numblocks[:-3]))  # one empty date if the cube has no time
    layer: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for block, date in product(plan.grid(), dates):
        key = (*date, 0, *block.place)
        if block.is_wanted:
            mask = None if block.inside is None else np.packbits(block.inside)
            settings = (plan.cube.nodata, plan.columns, plan.dtype)
            layer[name, *key] = (predict_block, (blocks.name, *key), model.key, mask, *settings)
        else:
            sizes = [blocks.chunks[0][number] for number in date]
            layer[name, *key] = (empty_block, (*sizes, depth, *block.shape), plan.dtype)
    chunks = (*blocks.chunks[:-3], (depth,), *blocks.chunks[-2:])
    graph = HighLevelGraph.from_collections(name, layer, dependencies=[blocks, model])
    return da.Array(graph, name, chunks, dtype=plan.dtype)


def _on_the_grid(plan: Plan, data: da.Array) -> xr.DataArray:
    """Put the probabilities on the grid of the cube."""
    template = plan.cube.template
    leading = (TIME,) if plan.cube.has_time else ()
    dims = (*leading, "class", *template.dims[-2:])
    array = xr.DataArray(data, dims=dims, coords=template.coords, name="probability")
    array = array.assign_coords({"class": plan.labels})
    array["class"].attrs["long_name"] = "class"
    if plan.cube.crs is not None:
        array = array.rio.write_crs(plan.cube.crs)
    if plan.cube.transform is not None:
        array = array.rio.write_transform(plan.cube.transform)
    array.attrs |= {
        "long_name": "probability",
        "units": "percent" if plan.dtype == np.uint8 else "1",
    }
    return array.rio.write_nodata(nodata_for(plan.dtype))
