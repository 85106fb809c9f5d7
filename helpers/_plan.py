"""Settles a prediction completely before the first pixel is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import cloudpickle
import numpy as np
import xarray as xr

from helpers._cube import Cube, read_cube
from helpers._engine import Engine, Predictor, choose_engine, load_predictor
from helpers._model import Classifier, count_classes, require_bands, require_fitted
from helpers._within import PixelMask, Polygons, rasterise
from helpers.errors import CourseError


@dataclass(frozen=True)
class Block:
    """One chunk of the grid: its place among the chunks, and which of its pixels to predict.

    `inside` is None where all are.
    """

    place: tuple[int, int]
    shape: tuple[int, int]
    inside: np.ndarray | None

    @property
    def pixels(self) -> int:
        """How many pixels lie inside the area of interest."""
        rows, columns = self.shape
        return rows * columns if self.inside is None else int(self.inside.sum())


@dataclass(frozen=True)
class Plan:
    """A checked prediction: the cube, the area of interest, the model and its classes."""

    cube: Cube
    mask: PixelMask | None
    predictor: Predictor
    classes: int

    def blocks(self) -> Iterator[Block]:
        """Yield the chunks of the grid, row by row."""
        rows, columns = (_slices(sizes) for sizes in self.cube.data.chunks[-2:])
        for (i, r), (j, c) in product(enumerate(rows), enumerate(columns)):
            inside = None if self.mask is None else self.mask.window(r, c)
            shape = (r.stop - r.start, c.stop - c.start)
            yield Block((i, j), shape, None if inside is None or inside.all() else inside)


def plan_prediction(
    model: Classifier,
    cube: xr.DataArray | xr.Dataset,
    within: Polygons | None,
    *,
    nodata: float | None,
    engine: Engine,
) -> Plan:
    """Check the model against the cube and the polygons, and choose the engine.

    Raises
    ------
    CourseError
        If one of them cannot be used, or not with the others.
    """
    require_fitted(model)
    if engine not in ("same", "fast", "gpu"):
        raise CourseError(f"`engine` is {engine!r}, but it must be 'same', 'fast' or 'gpu'.")
    read = read_cube(cube, nodata)
    bands = read.data.shape[-3]
    require_bands(model, read.band_names, bands)
    mask = None if within is None else rasterise(within, read.shape, read.transform, read.crs)
    predictor = load_predictor(cloudpickle.dumps(model), choose_engine(model, engine))
    probe = predictor(np.ones((1, bands), dtype=read.data.dtype))
    return Plan(read, mask, predictor, classes=count_classes(model, probe))


def _slices(sizes: Sequence[int]) -> list[slice]:
    ends = np.cumsum(sizes)
    return [slice(int(end - size), int(end)) for end, size in zip(ends, sizes, strict=True)]
