"""Rasters written window by window, then turned into cloud-optimised GeoTIFFs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError
from rasterio.shutil import copy as raster_copy
from rasterio.windows import Window as RasterWindow

from offline_kit.build.grid import EPSG, PIXEL, Grid, Window
from offline_kit.errors import CourseError
from offline_kit.files import written_whole

NOT_AS_WRITTEN = "does not hold what was written to it: is its disk full, or failing?"
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
        self._sum = 0
        if count == 3:
            self._file.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)

    def put(self, values: NDArray, window: Window) -> None:
        """Write a window, (rows, columns) or (rows, columns, band) at this raster's pixel."""
        factor = self.pixel // PIXEL
        height, width = values.shape[:2]
        self._sum += int(values.sum(dtype=np.uint64))
        at = RasterWindow(window.column // factor, window.row // factor, width, height)
        if values.ndim == 2:
            self._file.write(values, 1, window=at)
        else:
            self._file.write(np.moveaxis(values, -1, 0), window=at)

    def close(self) -> None:
        """Close the rough file without finishing it."""
        self._file.close()

    def finish(self, resampling: Resampling = Resampling.average, picture: bool = False) -> None:
        """Turn the rough file into a COG with overviews and remove it.

        GDAL is silent about writes that fail when it closes a file, as on a full disk, so each file
        is looked at again. Different rasters may be finished at the same time.

        Parameters
        ----------
        resampling
            Of the overviews: mode for a map of classes.
        picture
            Compress as JPEG: for looking at, not for measuring.

        Raises
        ------
        CourseError
            If the disk is full: a file does not hold what was written to it.
        """
        # from a quarter on: the overview at half the size would add a fifth to the kit
        longest = max(self._file.shape)
        factors = [factor for factor in (4, 8, 16) if longest / factor > BLOCK / 4]
        how = {"COMPRESS": "JPEG", "QUALITY": 90} if picture else self._deflate(resampling)
        self._file.close()
        if picture:  # of the others the COG itself is added up
            self._require_sum(self.rough)
        with rasterio.open(self.rough, "r+") as rough:
            rough.build_overviews(factors or [4], resampling)
        require_tiles(self.rough)
        with written_whole(self.path, check=require_tiles) as cog:
            raster_copy(
                self.rough, cog, driver="COG", BLOCKSIZE=BLOCK, NUM_THREADS="ALL_CPUS",
                BIGTIFF="IF_SAFER", OVERVIEWS="FORCE_USE_EXISTING", **how,
            )  # fmt: skip
            if not picture:
                self._require_sum(cog)
        self.rough.unlink()

    def _deflate(self, resampling: Resampling) -> dict[str, Any]:
        """Return how this raster is compressed without loss: what made it smallest, in fair time.

        Looking far for repetitions makes noisy reflectance larger, and other rasters smaller; codes
        of classes have no differences worth writing.
        """
        if resampling is Resampling.mode:
            return {"COMPRESS": "DEFLATE", "LEVEL": 7, "PREDICTOR": "NO"}
        level = 9 if self._file.dtypes[0] == "uint8" else 1
        return {"COMPRESS": "DEFLATE", "LEVEL": level, "PREDICTOR": "YES"}

    def _require_sum(self, path: Path) -> None:
        """Make sure that a file holds what was put."""
        try:
            with rasterio.open(path) as file:
                blocks = (file.read(window=window) for _, window in file.block_windows(1))
                found = sum(int(block.sum(dtype=np.uint64)) for block in blocks)
        except RasterioError:
            found = None
        if found != self._sum:
            raise CourseError(f"{path} {NOT_AS_WRITTEN}")


def require_tiles(path: Path) -> None:
    """Make sure that every tile of a file and its overviews was written.

    Raises
    ------
    CourseError
        If one has no place in the file, or reaches beyond its end.
    """
    length = path.stat().st_size
    with rasterio.open(path) as file:
        overviews = len(file.overviews(1))
    for level in ({}, *({"overview_level": number} for number in range(overviews))):
        with rasterio.open(path, **level) as file:
            for (row, column), _ in file.block_windows(1):
                place, size = (
                    file.get_tag_item(f"BLOCK_{fact}_{column}_{row}", "TIFF", bidx=1)
                    for fact in ("OFFSET", "SIZE")
                )
                if place is None or size is None or int(place) + int(size) > length:
                    raise CourseError(f"{path} {NOT_AS_WRITTEN}")


@contextmanager
def rasters(*given: Raster) -> Iterator[None]:
    """Close all rasters if writing fails, so that their folder can be removed."""
    try:
        yield
    except BaseException:
        for raster in given:
            raster.close()
        raise
