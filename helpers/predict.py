"""The heavy step: probabilities for every pixel of a cube, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import product
from math import prod
from operator import itemgetter
from typing import Any, Literal, get_args

import dask.array as da
import numpy as np
import xarray as xr
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from helpers._block import (
    UINT8_NODATA,
    Finish,
    MostLikely,
    Probabilities,
    empty_block,
    gather_pixels,
    lay_block,
    nodata_for,
    predict_batch,
)
from helpers._cube import TIME
from helpers._engine import Engine, load_predictor
from helpers._estimate import WorkEstimate, estimate_work
from helpers._model import Classifier, class_labels, class_values, columns_of
from helpers._plan import Block, Plan, plan_prediction
from helpers._reading import bundle_reads
from helpers._within import Polygons
from helpers.errors import CourseError

__all__ = ["WorkEstimate", "estimate_work", "predict_over_chunks"]

Dtype = Literal["float32", "float64", "uint8"]
Output = Literal["probabilities", "most_likely"]


def predict_over_chunks(
    model: Classifier,
    cube: xr.DataArray | xr.Dataset,
    within: Polygons | None = None,
    *,
    output: Output = "probabilities",
    classes: Sequence[Any] | None = None,
    class_names: Mapping[Any, str] | Sequence[str] | None = None,
    dtype: Dtype = "float32",
    nodata: float | None = None,
    engine: Engine = "same",
) -> xr.DataArray | xr.Dataset:
    """Predict the probability of each class for each pixel, lazily and block by block.

    Nothing is read until the result is computed or written. A chunk of the cube that no polygon
    of `within` touches is then neither read nor predicted; pixels outside the polygons, and those
    with a missing value in any band, are not predicted and become nodata. Each pixel gets the
    same numbers as from ``model.predict_proba``, however the cube is chunked.

    Parameters
    ----------
    model
        A fitted classifier with ``predict_proba``.
    cube
        A DataArray with a dimension for the bands, ``y``, ``x`` and perhaps ``time``, in any
        order, or a Dataset with one variable a band. Its bands must have the names, the order
        and the units that the model was trained on.
    within
        Polygons of the area of interest, in any CRS; a pixel belongs to it if its centre does. A
        bare shapely polygon is taken to be in the cube's CRS.
    output
        ``"probabilities"``, or ``"most_likely"`` for the most probable class and its probability.
    classes
        Which classes to return, by label or by the model's value; all of them by default. With
        ``"most_likely"`` only these compete.
    class_names
        Names for the classes: a mapping from the model's classes, or one name for each in order.
    dtype
        ``"float32"`` or ``"float64"`` (probability 0 to 1, nodata NaN), or ``"uint8"`` (percent,
        rounded, nodata 255).
    nodata
        Value that marks a missing pixel in the cube, in the place of what the cube itself says;
        NaN, which is always missing, for none besides, as after ``cube.where(...)``.
    engine
        ``"same"`` runs the model itself. ``"fast"`` evaluates the same XGBoost trees for many
        pixels at a time (``helpers/_trees.py``): several times as fast, equal to 1e-6. ``"gpu"``
        runs XGBoost on a GPU. Where an engine does not suit the model or the machine, a warning
        says why and the model itself runs.

    Returns
    -------
    xarray.DataArray or xarray.Dataset
        For ``"probabilities"`` a lazy DataArray ``(class, y, x)``, with ``time`` first if the
        cube has it. For ``"most_likely"`` a Dataset of ``most_likely`` (the class as uint8,
        nodata 255) and ``probability``. CRS, transform and nodata are those of `cube`'s grid, so
        that ``.rio`` and plots work.

    Raises
    ------
    CourseError
        If the model is not fitted, its bands are not the cube's, the polygons miss the cube or
        have no CRS, the cube is empty, or the model never saw a class that was asked for.

    Examples
    --------
    >>> probability = predict_over_chunks(model, cube, catchments)  # doctest: +SKIP
    >>> probability.sel({"class": 2}).rio.to_raster("dense_pines.tif")  # doctest: +SKIP
    """
    if output not in ("probabilities", "most_likely"):
        raise CourseError(
            f"`output` is {output!r}, but it must be 'probabilities' or 'most_likely'."
        )
    kind = _known_dtype(dtype)
    plan = plan_prediction(model, cube, within, nodata=nodata, engine=engine)
    labels = class_labels(model, class_names, plan.classes)
    values = class_values(model, plan.classes)
    chosen = columns_of(classes, labels, values)
    if output == "probabilities":
        return _probability_array(plan, Probabilities(tuple(chosen), kind), labels[chosen])
    finish = MostLikely(tuple(chosen), kind, _codes(values[chosen]))
    return _most_likely_dataset(plan, finish, labels[chosen])


def _predicted_array(plan: Plan, finish: Finish) -> da.Array:
    """Build the graph: tasks that read each block, predict its batches and lay them back."""
    data = plan.cube.data
    model = (load_predictor, plan.predictor.payload, plan.predictor.engine)
    token = tokenize(data.name, plan.mask, plan.cube.nodata, *model[1:], finish)
    name, model_key = f"predict-{token}", f"model-{token}"
    layer: dict[Any, Any] = {}
    wanted: dict[tuple[int, ...], Block] = {}
    for block, time in product(
        plan.blocks(), range(data.numblocks[0]) if plan.cube.has_time else [None]
    ):
        at = () if time is None else (time,)
        if block.pixels:
            wanted[*at, *block.place] = block
        else:
            place = (*at, *block.place)
            shape = (*_sizes_of_dates(data, place), finish.layers, *block.shape)
            layer[_key(name, place)] = (empty_block, shape, finish.dtype)
    chunks_of = {
        place: [(data.name, *place[:-2], band, *place[-2:]) for band in range(data.numblocks[-3])]
        for place in wanted
    }
    # Nothing is read before the model is there: it would pile up.
    name_of_reads = f"read-{token}"
    reading, reads = bundle_reads(data, chunks_of, name_of_reads, first=model_key)
    layer |= reading | {model_key: model}
    for place, block in wanted.items():
        sizes = _sizes_of_dates(data, place)
        batches = -(-prod(sizes) * block.pixels // plan.predictor.batch)
        mask = None if block.inside is None else np.packbits(block.inside)
        gathered = (name_of_reads, *place)
        layer[gathered] = (gather_pixels, plan.cube.nodata, mask, batches, reads[place])
        parts = [(f"pixels-{token}", *place, number) for number in range(batches + 1)]
        layer |= {part: (itemgetter(number), gathered) for number, part in enumerate(parts)}
        predicted = [(f"batch-{token}", *place, number) for number in range(batches)]
        for batch, pixels in zip(predicted, parts[1:], strict=True):
            layer[batch] = (predict_batch, model_key, finish, pixels)
        shape = (*sizes, finish.layers, *block.shape)
        layer[_key(name, place)] = (lay_block, parts[0], predicted, shape, finish.dtype)
    chunks = (*data.chunks[:-3], (finish.layers,), *data.chunks[-2:])
    graph = HighLevelGraph.from_collections(name, layer, dependencies=[])
    return da.Array(graph, name, chunks, dtype=finish.dtype)


def _sizes_of_dates(data: da.Array, place: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many dates the block at a place ``(..., y, x)`` has, if the cube has dates."""
    return tuple(data.chunks[axis][number] for axis, number in enumerate(place[:-2]))


def _key(name: str, place: tuple[int, ...]) -> tuple[Any, ...]:
    """Return the key of a block of layers, which lie together in one chunk."""
    return (name, *place[:-2], 0, *place[-2:])


def _probability_array(plan: Plan, finish: Probabilities, labels: np.ndarray) -> xr.DataArray:
    array = _georeferenced(plan, _predicted_array(plan, finish))
    array = array.assign_coords({"class": labels}).rename("probability")
    array["class"].attrs["long_name"] = "class"
    array.attrs |= _probability_attributes(finish.dtype)
    return array


def _most_likely_dataset(plan: Plan, finish: MostLikely, labels: np.ndarray) -> xr.Dataset:
    both = _georeferenced(plan, _predicted_array(plan, finish))
    code, probability = both.isel({"class": 0}), both.isel({"class": 1})
    probability.attrs |= _probability_attributes(finish.dtype)
    code = code.copy(data=da.map_blocks(_as_code, code.data, dtype=np.uint8))
    code = code.rio.write_nodata(UINT8_NODATA)
    code.attrs |= {
        "long_name": "most likely class",
        "flag_values": list(finish.codes),
        "flag_meanings": " ".join(str(label).replace(" ", "_") for label in labels),
    }
    return xr.Dataset({"most_likely": code, "probability": probability})


def _as_code(layer: np.ndarray) -> np.ndarray:
    if layer.dtype == np.uint8:
        return layer
    return np.where(np.isnan(layer), UINT8_NODATA, layer).astype(np.uint8)


def _georeferenced(plan: Plan, data: da.Array) -> xr.DataArray:
    """Put the predicted layers on the grid of the cube."""
    template = plan.cube.template
    leading = (TIME,) if plan.cube.has_time else ()
    dims = (*leading, "class", *template.dims[-2:])
    array = xr.DataArray(data, dims=dims, coords=template.coords)
    if plan.cube.crs is not None:
        array = array.rio.write_crs(plan.cube.crs)
    if plan.cube.transform is not None:
        array = array.rio.write_transform(plan.cube.transform)
    return array.rio.write_nodata(nodata_for(data.dtype))


def _probability_attributes(dtype: np.dtype) -> dict[str, str]:
    return {"long_name": "probability", "units": "percent" if dtype == np.uint8 else "1"}


def _known_dtype(dtype: str) -> np.dtype:
    known = [np.dtype(kind) for kind in get_args(Dtype)]
    with suppress(TypeError):
        if np.dtype(dtype) in known:
            return np.dtype(dtype)
    raise CourseError(f"`dtype` is {dtype!r}, but it must be 'float32', 'float64' or 'uint8'.")


def _codes(values: np.ndarray) -> tuple[int, ...]:
    """Codes of the classes for a uint8 layer: their own values if these fit, else 0, 1, 2 ..."""
    whole = np.issubdtype(values.dtype, np.integer)
    if whole and values.min() >= 0 and values.max() < UINT8_NODATA:
        return tuple(values.tolist())
    return tuple(range(len(values)))
