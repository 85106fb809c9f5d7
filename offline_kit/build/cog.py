"""Rasters written window by window, then turned into cloud-optimised GeoTIFFs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.shutil import copy as raster_copy
from rasterio.windows import Window as RasterWindow

from .grid import EPSG, Grid

BLOCK = 1024  # tiles of the COGs, as in the open Sentinel-2 archive


class Raster:
    """One raster being written; `put` may be called from one thread at a time."""

    def __init__(
        self, path: Path, grid: Grid, pixel: int, dtype: str, count: int, nodata: int
    ) -> None:
        self.path = path
        self.pixel = pixel
        self.rough = path.with_suffix(".rough.tif")
        rows, columns = grid.shape(pixel)
        self._file = rasterio.open(
            self.rough, "w", driver="GTiff", height=rows, width=columns, count=count, dtype=dtype,
            crs=f"EPSG:{EPSG}", transform=grid.transform(pixel), nodata=nodata, tiled=True,
            blockxsize=256, blockysize=256, BIGTIFF="IF_SAFER", interleave="pixel",
        )  # fmt: skip
        if count == 3:
            self._file.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)

    def put(self, values: NDArray, row: int, column: int) -> None:
        """Write a window, (rows, columns) or (rows, columns, band), at a native pixel position."""
        height, width = values.shape[:2]
        window = RasterWindow(column, row, width, height)
        if values.ndim == 2:
            self._file.write(values, 1, window=window)
        else:
            self._file.write(np.moveaxis(values, -1, 0), window=window)

    def close(self) -> None:
        """Close the rough file without finishing it."""
        self._file.close()

    def finish(self, resampling: str = "AVERAGE", picture: bool = False) -> None:
        """Turn the rough file into a COG with overviews and remove it.

        Parameters
        ----------
        resampling : str
            Of the overviews.
        picture : bool
            Compress as JPEG: for looking at, not for measuring.
        """
        how = (
            {"COMPRESS": "JPEG", "QUALITY": 90}
            if picture
            else {"COMPRESS": "DEFLATE", "LEVEL": 6, "PREDICTOR": "YES"}
        )
        self._file.close()
        raster_copy(
            self.rough, self.path, driver="COG",
            BLOCKSIZE=BLOCK, OVERVIEW_RESAMPLING=resampling, NUM_THREADS="ALL_CPUS",
            BIGTIFF="IF_SAFER", **how,
        )  # fmt: skip
        self.rough.unlink()


@contextmanager
def rasters(*given: Raster) -> Iterator[None]:
    """Close all rasters if writing fails, so that their folder can be removed."""
    try:
        yield
    except BaseException:
        for raster in given:
            raster.close()
        raise
