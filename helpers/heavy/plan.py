"""Settles a prediction completely before the first pixel is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, get_args

import cloudpickle
import dask.array as da
import numpy as np
import xarray as xr
from dask.array.core import slices_from_chunks

from helpers.errors import CourseError, advise
from helpers.heavy.cube import Cube, read_cube
from helpers.heavy.engine import Engine, Predictor, choose_engine
from helpers.heavy.model import (
    PROBES,
    Classifier,
    class_labels,
    class_values,
    columns_of,
    count_classes,
    require_bands,
    require_codes,
    require_fitted,
)
from helpers.heavy.within import PixelMask, Polygons, rasterise

Dtype = Literal["float32", "float64", "uint8"]

BLOCK_PIXELS = 512  # along a side at most: small enough that all cores end together
MANY = 30  # chunks along a side


@dataclass(frozen=True)
class Block:
    """One block of the grid: its place among the blocks, and which of its pixels to predict.

    `inside` is None where all are.
    """

    place: tuple[int, int]
    shape: tuple[int, int]
    inside: np.ndarray | None

    @property
    def is_wanted(self) -> bool:
        """Whether a pixel lies inside the area of interest."""
        return self.inside is None or bool(self.inside.any())


@dataclass(frozen=True)
class Plan:
    """A checked prediction.

    Attributes
    ----------
    cube
        The cube, with its metadata settled.
    blocks
        Its pixels, all bands of a block in one chunk: ``(band, y, x)``, or with time first.
    mask
        The area of interest; None for everything.
    predictor
        The model.
    columns, labels
        Which of the model's classes to return, and what they are called.
    dtype
        Of the probabilities.
    """

    cube: Cube
    blocks: da.Array
    mask: PixelMask | None
    predictor: Predictor
    columns: tuple[int, ...]
    labels: np.ndarray
    dtype: np.dtype

    def grid(self) -> Iterator[Block]:
        """Yield the blocks of one date, row by row."""
        chunks = self.blocks.chunks[-2:]
        places = np.ndindex(*map(len, chunks))
        for place, (r, c) in zip(places, slices_from_chunks(chunks), strict=True):
            inside = None if self.mask is None else self.mask.window(r, c)
            shape = (r.stop - r.start, c.stop - c.start)
            yield Block(place, shape, None if inside is None or inside.all() else inside)


def plan_prediction(
    model: Classifier,
    cube: xr.DataArray | xr.Dataset,
    within: Polygons | None,
    *,
    classes: Sequence[Any] | None,
    class_names: Mapping[Any, str] | Sequence[str] | None,
    dtype: Dtype,
    nodata: float | None,
    engine: Engine,
) -> Plan:
    """Check the model, the cube and the polygons, by themselves and against each other."""
    kind = _known_dtype(dtype)
    require_fitted(model)
    if engine not in get_args(Engine):
        raise CourseError(f"`engine` is {engine!r}, but it must be 'same' or 'fast'.")
    read = read_cube(cube, nodata)
    bands = read.data.shape[-3]
    require_codes(model)
    require_bands(model, read.band_names, bands, read.choose)
    mask = None if within is None else rasterise(within, read.shape, read.transform, read.crs)
    predictor = Predictor(_pickled(model), choose_engine(model, engine))
    ones = np.ones((PROBES, bands), read.data.dtype)
    count = count_classes(model, _answer(model, predictor, ones))
    labels = class_labels(model, class_names, count)
    columns = columns_of(classes, labels, class_values(model, count))
    blocks = _in_blocks(read.data)
    return Plan(read, blocks, mask, predictor, tuple(columns), labels[columns], kind)


def _in_blocks(data: da.Array) -> da.Array:
    """Cut the chunks of a cube into blocks that hold all bands, by Dask's own `rechunk`."""
    if data.numblocks[-3] > 1 and data.npartitions > data.numblocks[-3]:
        advise(
            "The bands of the cube lie in chunks of their own, so Dask reads band after band and "
            "may hold the whole cube in memory: stack with all bands in a chunk, as in "
            "stackstac.stack(..., chunksize=(1, -1, 1024, 1024))."
        )
    sides = {axis: tuple(_pieces(data.chunks[axis])) for axis in (-2, -1)}
    return data.rechunk({-3: -1, **sides}, method="tasks")


def _pieces(sizes: Sequence[int]) -> Iterator[int]:
    """Cut each of some lengths into pieces no longer than a block; join many that are far shorter.

    Thousands of small chunks cost more than what is predicted in them.
    """
    if len(sizes) >= MANY and 4 * max(sizes) <= BLOCK_PIXELS:
        sizes = [sum(sizes)]
    for size in sizes:
        yield from (min(BLOCK_PIXELS, size - start) for start in range(0, size, BLOCK_PIXELS))


def _pickled(model: Classifier) -> bytes:
    try:
        return cloudpickle.dumps(model)
    except Exception as error:  # whatever its parts make of being pickled
        raise CourseError(
            f"This {type(model).__name__} cannot be sent to the workers "
            f"({type(error).__name__}: {error}): keep open files, locks and sessions out of it."
        ) from error


def _answer(model: Classifier, predictor: Predictor, pixels: np.ndarray) -> np.ndarray:
    """Ask the model for some pixels of ones: what goes wrong goes wrong before the work."""
    try:
        return predictor(pixels)
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0].rstrip(".")
        raise CourseError(
            f"predict_proba of this {type(model).__name__} fails for a few pixels "
            f"({type(error).__name__}: {reason}): fit the model again, and try it on a row of "
            "its training table."
        ) from error


def _known_dtype(dtype: str) -> np.dtype:
    known = [np.dtype(kind) for kind in get_args(Dtype)]
    with suppress(TypeError):
        if np.dtype(dtype) in known:
            return np.dtype(dtype)
    raise CourseError(f"`dtype` is {dtype!r}, but it must be 'float32', 'float64' or 'uint8'.")
