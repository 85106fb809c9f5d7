"""Writes results that may be larger than memory: computed, written and freed block by block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr

from helpers.errors import CourseError
from helpers.heavy.cog import TiledWriter, copy_as_cog, require_tiles
from helpers.heavy.layers import describe, layers_of, profile_of
from helpers.heavy.stream import for_each_block
from helpers.heavy.target import file_to_write
from offline_kit.files import written_whole

__all__ = ["write_cog"]

GDAL_CACHE = 32 * 2**20  # bytes; GDAL would take 5 % of the machine's memory


def write_cog(
    array: xr.DataArray,
    path: str | Path,
    *,
    codes: bool | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> str:
    """Write an array as a Cloud Optimized GeoTIFF, without ever holding it in memory.

    Blocks are computed on the Dask scheduler in force, written to a tiled GeoTIFF beside the
    target and freed. GDAL's COG driver then adds overviews and puts the tiles in order, and the
    finished file takes the target's name: a reader sees the old file or the new one, whole. Until
    then the disk holds the raster twice. (``odc.geo.cog.save_cog_with_dask`` needs no second copy,
    but holds the compressed file in memory. Ten uint8 layers of 5490 x 5490 pixels, with all
    libraries: a peak of 1,144 MB and 94 CPU seconds, 511 MB and 49 here. It names no bands.)

    Parameters
    ----------
    array
        ``(y, x)`` or ``(layer, y, x)``, with a CRS. The labels of the first dimension become the
        names of the bands, ``.rio.nodata`` the nodata value; NaN is nodata as well.
    path
        The file.
    codes
        Whether the numbers are codes of classes, of which overviews show the most frequent one,
        or amounts, of which they show the mean. By default the values tell: codes are yes and no,
        what has ``flag_values``, and whole numbers of at most 80 different values (20 if the array
        says that they have units).
    overwrite
        Whether to replace a file that exists.
    progress
        Whether to show a progress bar.

    Returns
    -------
    str
        Where the file is.

    Raises
    ------
    CourseError
        Before any work starts if the target exists or cannot be written to, or if the array's
        dimensions, CRS, nodata or dtype do not suit a COG. At the end, and leaving the target as
        it was, if the disk is full or the array holds no data at all.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> import rasterio
    >>> import xarray as xr
    >>> coords = {"y": [6_300_015.0, 6_300_005.0], "x": [300_005.0, 300_015.0, 300_025.0]}
    >>> share = xr.DataArray(np.array([[0.1, 0.9, 0.5], [0.2, 0.4, 0.3]]), coords, ("y", "x"))
    >>> share = share.rio.write_crs("EPSG:32733")
    >>> with TemporaryDirectory() as folder:
    ...     path = write_cog(share, f"{folder}/share.tif", progress=False)
    ...     with rasterio.open(path) as file:
    ...         print(file.shape, file.crs, file.bounds.left, file.read(1).max())
    (2, 3) EPSG:32733 300000.0 0.9
    """
    layers = layers_of(array)
    profile = profile_of(layers)
    target = file_to_write(path, overwrite)
    with written_whole(target) as unfinished:
        _write(layers, unfinished, profile, codes, progress)
    for suffix in (".aux.xml", ".ovr", ".msk"):  # GDAL's old sidecar files
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    return str(target)


def _write(
    layers: xr.DataArray,
    cog: Path,
    profile: dict[str, Any],
    codes: bool | None,
    progress: bool,
) -> None:
    tiled = cog.with_name("tiled.tif")
    # the environment's COMPRESS_OVERVIEW would come before what the COG driver is told
    with rasterio.Env(GDAL_CACHEMAX=GDAL_CACHE, COMPRESS_OVERVIEW="DEFLATE"):
        with rasterio.open(tiled, "w", **profile) as file:
            writer = TiledWriter(file, few=_few_values(layers))
            for_each_block(layers.data, writer.write, progress="writing" if progress else None)
            if codes is None:
                listed = "flag_values" in layers.attrs and layers.dtype.kind in "iu"
                codes = layers.dtype == bool or listed or writer.codes
            describe(file, layers, codes)
        if not writer.tiles:
            raise CourseError(
                "Every pixel to be written is nodata, so no file was made: check the area and the "
                "date of the cube."
            )
        require_tiles(tiled, writer.tiles)
        copy_as_cog(tiled, cog, profile, codes=codes)
        require_tiles(cog, writer.tiles)


def _few_values(layers: xr.DataArray) -> int:
    """Return up to how many different whole numbers are taken for codes of classes."""
    units = layers.attrs.get("units")
    if layers.attrs.get("long_name") == "probability" and layers.dtype.kind == "f":
        return 0
    if layers.attrs.get("long_name") == "probability" and layers.dtype == np.uint8:
        return 0 if units == "percent" else 2
    return 20 if units is not None else 80
