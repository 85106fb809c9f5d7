"""The heavy step: probabilities for every pixel of a cube, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import cloudpickle
import dask.array as da
import numpy as np
import xarray as xr
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from helpers._cube import TIME, Cube, read_cube
from helpers._engine import Engine, Predictor, choose_engine
from helpers._model import (
    Classifier,
    class_labels,
    class_values,
    columns_of,
    require_bands,
    require_fitted,
)
from helpers._within import PixelMask, Polygons, rasterise
from helpers.errors import CourseError

UINT8_NODATA = 255
BATCH = 65_536  # pixels given to the model at a time: what it copies then stays small
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
        Value that marks a missing pixel in the cube, if the cube does not say it itself. NaN is
        always missing.
    engine
        ``"same"`` runs the model itself. ``"fast"`` evaluates the same XGBoost trees with oneDAL,
        about twice as fast and equal to about 1e-6. ``"gpu"`` runs XGBoost on a GPU. Where an
        engine is not available, a warning says so and the model itself runs.

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
    plan = plan_prediction(model, cube, within, nodata=nodata, engine=engine)
    labels = class_labels(model, class_names, plan.columns)
    values = class_values(model, plan.columns)
    chosen = columns_of(classes, labels, values)
    if output == "probabilities":
        finish = Probabilities(tuple(chosen), _known_dtype(dtype))
        return _probability_array(plan, finish, labels[chosen])
    if output == "most_likely":
        finish = MostLikely(tuple(chosen), _known_dtype(dtype), _codes(values[chosen]))
        return _most_likely_dataset(plan, finish, labels[chosen])
    raise CourseError(f"`output` is {output!r}, but it must be 'probabilities' or 'most_likely'.")


@dataclass(frozen=True)
class Plan:
    """Everything about a prediction that is settled before the first pixel is read."""

    cube: Cube
    mask: PixelMask | None
    predictor: Predictor
    columns: int

    def windows(self) -> list[tuple[int, int, slice, slice]]:
        """Each block's position and its rows and columns in the grid."""
        rows, columns = (_slices(sizes) for sizes in self.cube.data.chunks[-2:])
        return [(i, j, r, c) for (i, r), (j, c) in product(enumerate(rows), enumerate(columns))]


@dataclass(frozen=True)
class Probabilities:
    """Makes a block of probabilities, one layer a chosen class."""

    columns: tuple[int, ...]
    dtype: np.dtype

    @property
    def layers(self) -> int:
        """How many layers a block has."""
        return len(self.columns)

    @property
    def nodata(self) -> float:
        """What fills the pixels that are not predicted."""
        return UINT8_NODATA if self.dtype == np.uint8 else np.nan

    def __call__(self, probabilities: np.ndarray) -> list[np.ndarray]:
        """Turn probabilities ``(pixel, class)`` into the values of each layer."""
        return [_encode(probabilities[:, column], self.dtype) for column in self.columns]


@dataclass(frozen=True)
class MostLikely:
    """Makes a block of two layers: the code of the most likely class, and its probability.

    Both layers are kept in one block, so that pixels are predicted once for the two; codes are
    below 255, which every dtype holds exactly.
    """

    columns: tuple[int, ...]
    dtype: np.dtype
    codes: np.ndarray
    layers: int = 2

    @property
    def nodata(self) -> float:
        """What fills the pixels that are not predicted."""
        return UINT8_NODATA if self.dtype == np.uint8 else np.nan

    def __call__(self, probabilities: np.ndarray) -> list[np.ndarray]:
        """Turn probabilities ``(pixel, class)`` into the values of each layer."""
        chosen = probabilities[:, list(self.columns)]
        best = chosen.argmax(axis=1)
        highest = np.take_along_axis(chosen, best[:, None], axis=1)[:, 0]
        return [self.codes[best], _encode(highest, self.dtype)]


def plan_prediction(
    model: Classifier,
    cube: xr.DataArray | xr.Dataset,
    within: Polygons | None,
    *,
    nodata: float | None,
    engine: Engine,
) -> Plan:
    """Check the model against the cube and the polygons, and settle what will be done."""
    require_fitted(model)
    if engine not in ("same", "fast", "gpu"):
        raise CourseError(f"`engine` is {engine!r}, but it must be 'same', 'fast' or 'gpu'.")
    read = read_cube(cube, nodata)
    bands = read.data.shape[-3]
    require_bands(model, read.band_names, bands)
    mask = None if within is None else rasterise(within, read.shape, read.transform, read.crs)
    predictor = Predictor(cloudpickle.dumps(model), choose_engine(model, engine))
    probe = predictor(np.ones((1, bands), dtype=read.data.dtype))
    return Plan(read, mask, predictor, columns=probe.shape[1])


def predict_block(
    predictor: Predictor,
    finish: Probabilities | MostLikely,
    nodata: float | None,
    packed_mask: np.ndarray | None,
    blocks: list[np.ndarray],
) -> np.ndarray:
    """Predict one block of the grid.

    Parameters
    ----------
    packed_mask
        Bits of the pixels inside the area of interest, None if all are.
    blocks
        The chunks of the bands, ``(..., band, y, x)``, in order.

    Returns
    -------
    numpy.ndarray
        Shape ``(..., layer, y, x)``.
    """
    leading, shape = blocks[0].shape[:-3], blocks[0].shape[-2:]
    out = np.full((*leading, finish.layers, *shape), finish.nodata, dtype=finish.dtype)
    inside = np.ones(shape, dtype=bool)
    if packed_mask is not None:
        inside = np.unpackbits(packed_mask, count=inside.size).view(bool).reshape(shape)
    for date in np.ndindex(leading):
        bands = [band for block in blocks for band in np.asarray(block[date])]
        _predict_date(predictor, finish, nodata, inside, bands, out[date])
    return out


def _predict_date(
    predictor: Predictor,
    finish: Probabilities | MostLikely,
    nodata: float | None,
    inside: np.ndarray,
    bands: list[np.ndarray],
    out: np.ndarray,
) -> None:
    """Fill `out` ``(layer, y, x)`` with the predictions of one date, a batch at a time."""
    valid = inside.copy()
    for band in bands:
        valid &= _present(band, nodata)
    pixels = np.flatnonzero(valid)
    flat_bands = [band.reshape(-1) for band in bands]
    flat_out = out.reshape(len(out), -1)
    for start in range(0, len(pixels), BATCH):
        batch = pixels[start : start + BATCH]
        features = np.empty((len(batch), len(bands)), dtype=bands[0].dtype)
        for column, band in enumerate(flat_bands):
            features[:, column] = band[batch]
        for layer, values in enumerate(finish(predictor(features))):
            flat_out[layer, batch] = values


def _present(band: np.ndarray, nodata: float | None) -> np.ndarray:
    present = np.ones(band.shape, dtype=bool)
    if np.issubdtype(band.dtype, np.floating):
        present = ~np.isnan(band)
    if nodata is not None:
        present &= band != nodata
    return present


def _encode(probability: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.uint8:
        return np.rint(probability * 100).astype(np.uint8)
    return probability.astype(dtype, copy=False)


def _predicted_array(plan: Plan, finish: Probabilities | MostLikely) -> da.Array:
    """Build the graph: a task a block, and none that reads where nothing is to be predicted."""
    data = plan.cube.data
    token = tokenize(data.name, plan.mask, plan.predictor.payload, plan.predictor.engine, finish)
    name, model_key = f"predict-{token}", f"model-{token}"
    layer: dict[Any, Any] = {model_key: (Predictor, plan.predictor.payload, plan.predictor.engine)}
    times = range(data.numblocks[0]) if plan.cube.has_time else [None]
    for (i, j, rows, columns), time in product(plan.windows(), times):
        at = () if time is None else (time,)
        key = (name, *at, 0, i, j)
        inside = None if plan.mask is None else plan.mask.window(rows, columns)
        if inside is not None and not inside.any():
            dates = () if time is None else (data.chunks[0][time],)
            shape = (*dates, finish.layers, rows.stop - rows.start, columns.stop - columns.start)
            layer[key] = (_nothing, shape, finish.nodata, finish.dtype)
            continue
        blocks = [(data.name, *at, band, i, j) for band in range(data.numblocks[-3])]
        packed = None if inside is None or inside.all() else np.packbits(inside)
        layer[key] = (predict_block, model_key, finish, plan.cube.nodata, packed, blocks)
    chunks = (*data.chunks[:-3], (finish.layers,), *data.chunks[-2:])
    graph = HighLevelGraph.from_collections(name, layer, dependencies=[data])
    return da.Array(graph, name, chunks, dtype=finish.dtype)


def _nothing(shape: Sequence[int], nodata: float, dtype: np.dtype) -> np.ndarray:
    """Return a block without predictions that takes the memory of one value."""
    return np.broadcast_to(np.asarray(nodata, dtype=dtype), tuple(shape))


def _probability_array(plan: Plan, finish: Probabilities, labels: np.ndarray) -> xr.DataArray:
    array = _georeferenced(plan, _predicted_array(plan, finish), finish.nodata)
    array = array.assign_coords({"class": labels}).rename("probability")
    array["class"].attrs["long_name"] = "class"
    array.attrs |= _probability_attributes(finish.dtype)
    return array


def _most_likely_dataset(plan: Plan, finish: MostLikely, labels: np.ndarray) -> xr.Dataset:
    both = _georeferenced(plan, _predicted_array(plan, finish), finish.nodata)
    code, probability = both.isel({"class": 0}), both.isel({"class": 1})
    probability.attrs |= _probability_attributes(finish.dtype)
    code = code.copy(data=da.map_blocks(_as_code, code.data, dtype=np.uint8))
    code = code.rio.write_nodata(UINT8_NODATA)
    code.attrs |= {
        "long_name": "most likely class",
        "flag_values": finish.codes.tolist(),
        "flag_meanings": " ".join(str(label).replace(" ", "_") for label in labels),
    }
    return xr.Dataset({"most_likely": code, "probability": probability})


def _as_code(layer: np.ndarray) -> np.ndarray:
    if layer.dtype == np.uint8:
        return layer
    return np.where(np.isnan(layer), UINT8_NODATA, layer).astype(np.uint8)


def _georeferenced(plan: Plan, data: da.Array, nodata: float) -> xr.DataArray:
    """Put the predicted layers on the grid of the cube."""
    template = plan.cube.template
    leading = (TIME,) if plan.cube.has_time else ()
    dims = (*leading, "class", *template.dims[-2:])
    array = xr.DataArray(data, dims=dims, coords=template.coords)
    if plan.cube.crs is not None:
        array = array.rio.write_crs(plan.cube.crs)
    return array.rio.write_transform(plan.cube.transform).rio.write_nodata(nodata)


def _probability_attributes(dtype: np.dtype) -> dict[str, str]:
    return {"long_name": "probability", "units": "percent" if dtype == np.uint8 else "1"}


def _known_dtype(dtype: str) -> np.dtype:
    if str(np.dtype(dtype)) not in ("float32", "float64", "uint8"):
        raise CourseError(f"`dtype` is {dtype!r}, but it must be 'float32', 'float64' or 'uint8'.")
    return np.dtype(dtype)


def _codes(values: np.ndarray) -> np.ndarray:
    """Codes of the classes for a uint8 layer: their own values if these fit, else 0, 1, 2 ..."""
    whole = np.issubdtype(values.dtype, np.integer)
    if whole and values.min() >= 0 and values.max() < UINT8_NODATA:
        return values.astype(np.uint8)
    return np.arange(len(values), dtype=np.uint8)


def _slices(sizes: Sequence[int]) -> list[slice]:
    ends = np.cumsum(sizes)
    return [slice(int(end - size), int(end)) for end, size in zip(ends, sizes, strict=True)]
