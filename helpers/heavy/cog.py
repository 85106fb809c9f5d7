"""Lays blocks into a tiled GeoTIFF, lets GDAL make a COG of it, and checks that all is there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.windows import Window

from helpers.errors import CourseError

TILE_PIXELS = 512  # along the side of a tile

Place = tuple[slice, ...]
Tiles = set[tuple[int, int, int]]  # layer (from 1), row and column


class TiledWriter:
    """Writes blocks to an open tiled GeoTIFF, and keeps account of what it must then hold.

    Attributes
    ----------
    tiles
        The tiles that have been given data.
    codes
        Whether all values were whole numbers, and few different ones, as codes of classes are.
    """

    def __init__(self, file: rasterio.io.DatasetWriter, few: int) -> None:
        self.tiles: Tiles = set()
        self.codes = True
        self._file = file
        self._few = few
        self._dtype = np.dtype(file.dtypes[0])
        self._values: set[float] = set()

    def write(self, place: Place, block: np.ndarray) -> None:
        """Write a block, unless it is all nodata: left out, it reads as nodata."""
        layers, rows, columns = place
        block = self._as_told(np.asarray(block))
        data = self._data_in(block)
        if not data.any():
            return
        if self._dtype.kind == "f" and not np.isnan(self._file.nodata):
            block = np.where(data, block, self._file.nodata).astype(self._dtype, copy=False)
        self._note_tiles(place, data)
        if self.codes:
            self._note_values(block[data])
        indexes = list(range(layers.start + 1, layers.stop + 1))
        with _as_sentence():
            self._file.write(block, indexes, window=Window.from_slices(rows, columns))

    def _as_told(self, block: np.ndarray) -> np.ndarray:
        """Give a block the array's dtype; Dask takes anybody's word for what a function returns."""
        told = self._dtype
        with np.errstate(invalid="ignore"):  # what no number can be is noticed below
            cast = block.astype(told, copy=False)
        fractions = block.dtype.kind == told.kind == "f"
        if not (fractions or np.can_cast(block.dtype, told)) and (cast != block).any():
            raise CourseError(
                f"The array says that it holds {told}, but its blocks hold {block.dtype} with "
                "numbers that would be changed: say what the function that made them returns, as "
                f"in map_blocks(..., dtype={block.dtype.name!r})."
            )
        return cast

    def _data_in(self, block: np.ndarray) -> np.ndarray:
        data = ~np.isnan(block) if self._dtype.kind == "f" else np.ones(block.shape, dtype=bool)
        nodata = self._file.nodata
        return data if nodata is None or np.isnan(nodata) else data & (block != nodata)

    def _note_tiles(self, place: Place, data: np.ndarray) -> None:
        layers, rows, columns = place
        for (row, y), (column, x) in product(_tiles_under(rows), _tiles_under(columns)):
            held = data[:, y, x].any(axis=(1, 2))
            self.tiles |= {(int(n) + layers.start + 1, row, column) for n in np.flatnonzero(held)}

    def _note_values(self, values: np.ndarray) -> None:
        whole = self._dtype.kind != "f" or bool((values == np.rint(values)).all())
        if whole:
            self._values |= set(np.unique(values).tolist())
        self.codes = whole and len(self._values) <= self._few


def _tiles_under(part: slice) -> Iterator[tuple[int, slice]]:
    """Yield the tiles that a slice of rows or columns touches, and where they lie in it."""
    for number in range(part.start // TILE_PIXELS, -(-part.stop // TILE_PIXELS)):
        start = number * TILE_PIXELS - part.start
        yield number, slice(max(0, start), start + TILE_PIXELS)


def require_tiles(path: Path, tiles: Tiles) -> None:
    """Find out whether tiles have arrived in a file.

    GDAL writes the last of them when a file is closed, and then reports no error if the disk is
    full; it leaves them out.
    """
    size = path.stat().st_size
    with rasterio.open(path) as file:
        for layer, row, column in tiles:
            offset, length = (
                int(file.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=layer) or 0)
                for what in ("OFFSET", "SIZE")
            )
            if not 0 < offset < offset + length <= size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def copy_as_cog(tiled: Path, cog: Path, profile: Mapping[str, Any], *, codes: bool) -> None:
    """Let GDAL add overviews and order the tiles as a COG's must be.

    Bands lie one after the other: who wants one class reads no other. Differences between
    neighbours (the predictor) compress numbers with many digits, but not whole percents.
    """
    options = {
        "driver": "COG",
        "blocksize": TILE_PIXELS,
        "interleave": "BAND",
        "compress": "DEFLATE",
        "predictor": "NO" if np.dtype(profile["dtype"]).itemsize == 1 else "YES",
        "overview_resampling": "MODE" if codes else "AVERAGE",
        "num_threads": "ALL_CPUS",
        "bigtiff": "IF_SAFER",
        "sparse_ok": "YES",
    }
    with _as_sentence():
        rasterio.shutil.copy(tiled, cog, **options)


@contextmanager
def _as_sentence() -> Iterator[None]:
    """Turn GDAL's various errors of writing into one sentence."""
    try:
        yield
    except (RasterioError, CPLE_BaseError) as error:
        raise CourseError(
            f"The file could not be written; most likely the disk is full (GDAL says {error}). "
            "Free some space, then run this again; a file that was there stays as it was."
        ) from error
