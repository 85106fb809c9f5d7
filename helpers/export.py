"""Writes results that may be larger than memory: computed, written and freed block by block."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from matplotlib.colors import is_color_like, to_rgba
from rasterio.windows import Window
from rioxarray.exceptions import RioXarrayError

from helpers._icechunk import write_icechunk
from helpers._raster import NEAR, nodata_of, transform_of
from helpers._stream import for_each_block
from helpers._targets import choose_target
from helpers.errors import CourseError

__all__ = ["write_cog", "write_icechunk"]

TILE = 512  # pixels along the side of a COG's tile
GDAL_CACHE = 32 * 2**20  # bytes; GDAL would take 5 % of the machine's memory


def write_cog(
    array: xr.DataArray,
    path: str | Path,
    *,
    colours: Mapping[int, Any] | None = None,
    scale: float | None = None,
    overwrite: bool = False,
    progress: bool = True,
    storage_options: Mapping[str, Any] | None = None,
) -> str:
    """Write an array as a Cloud Optimized GeoTIFF, without ever holding it in memory.

    Blocks are computed on the Dask scheduler in force, written to a tiled GeoTIFF beside the
    target and freed. GDAL's COG driver then adds overviews and puts the tiles in order, and the
    finished file takes the target's name: a reader sees the old file or the new one, whole. Until
    then the disk holds the raster twice. (``odc.geo.cog.save_cog_with_dask`` needs no second
    copy, but keeps every compressed tile in memory until the end.)

    Parameters
    ----------
    array
        ``(y, x)`` or ``(layer, y, x)``, with a CRS. The labels of the first dimension become the
        names of the bands, ``.rio.nodata`` the nodata value.
    path
        A file, or an address that fsspec knows, such as ``s3://bucket/name.tif``.
    colours
        Colours of the values of a uint8 array ``(y, x)``, by anything matplotlib takes as a
        colour. Overviews then show the most frequent class, otherwise the mean.
    scale
        What one unit in the file stands for, 0.01 for percent; by default
        ``array.attrs["scale_factor"]``.
    overwrite
        Whether to replace a file that exists.
    progress
        Whether to show a progress bar.
    storage_options
        Passed on to fsspec's filesystem, for addresses.

    Returns
    -------
    str
        Where the file is.

    Raises
    ------
    CourseError
        Before any work starts if the target exists or cannot be written to, or if the array's
        dimensions, CRS, colours or dtype do not suit a COG. At the end, and leaving the target as
        it was, if the array holds no data at all.

    Examples
    --------
    >>> write_cog(probability, "outputs/probability.tif")  # doctest: +SKIP
    'outputs/probability.tif'
    """
    layers = _layers(array)
    profile = _profile(layers, colours)
    target = choose_target(str(path), overwrite, storage_options)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=target.workplace) as folder:
        tiled, cog = Path(folder) / "tiled.tif", Path(folder) / "cog.tif"
        with rasterio.Env(GDAL_CACHEMAX=GDAL_CACHE):
            _write_tiled(layers, tiled, profile, colours, scale, progress)
            resampling = "MODE" if _is_categorical(array, colours) else "AVERAGE"
            _copy_as_cog(tiled, cog, resampling, profile["dtype"])
        target.put(cog)
    return target.place


def _layers(array: xr.DataArray) -> xr.DataArray:
    """Give the array the dimensions ``(layer, y, x)`` and make it lazy."""
    if not isinstance(array, xr.DataArray):
        raise CourseError(
            f"write_cog was given a {type(array).__name__}, but a DataArray is needed: choose one "
            "variable of a Dataset."
        )
    try:
        y, x = array.rio.y_dim, array.rio.x_dim
    except RioXarrayError:
        raise CourseError(
            f"The array has the dimensions {tuple(array.dims)}, but 'y' and 'x' are needed."
        ) from None
    others = [dim for dim in array.dims if dim not in (y, x)]
    if len(others) > 1:
        raise CourseError(
            f"The array has the dimensions {tuple(array.dims)}, but a COG holds one besides "
            f"{y!r} and {x!r}: choose one date with array.isel(time=0)."
        )
    if array.size == 0:
        raise CourseError("The array is empty, so there is nothing to write.")
    if array.rio.crs is None:
        raise CourseError(
            "The array has no CRS, so its file could not be laid on a map: write it with "
            "array.rio.write_crs(...)."
        )
    _require_even_steps(array, y, x)
    if not others:
        array = array.expand_dims(layer=[str(array.name or "values")])
        others = ["layer"]
    array = array.transpose(others[0], y, x)
    return array if array.chunks is not None else array.chunk({y: 1024, x: 1024})


def _require_even_steps(array: xr.DataArray, *dims: Hashable) -> None:
    for dim in dims:
        steps = np.diff(array[dim].values.astype(float))
        if steps.size and abs(steps - steps.mean()).max() > NEAR * abs(steps.mean()):
            raise CourseError(
                f"The coordinates of {dim!r} are not the same step apart, so no transform "
                "describes them: choose pixels by a slice, or bring the array to a grid."
            )


def _profile(layers: xr.DataArray, colours: Mapping[int, Any] | None) -> dict[str, Any]:
    """Creation options of the tiled GeoTIFF that is written first: fast rather than small."""
    dtype = np.dtype("uint8") if layers.dtype == bool else layers.dtype
    if not rasterio.dtypes.check_dtype(dtype):
        raise CourseError(
            f"The array holds {dtype}, which a GeoTIFF cannot: use array.astype(...)."
        )
    for colour in (colours or {}).values():
        if not is_color_like(colour):
            raise CourseError(f"{colour!r} is no colour that matplotlib knows.")
    if colours is not None and (dtype != np.uint8 or len(layers) != 1):
        raise CourseError(
            f"`colours` suits one layer of uint8, but the array has {len(layers)} of {dtype}."
        )
    if dtype == np.float16:
        raise CourseError(
            "The array holds float16, which GDAL cannot compress well: use array.astype('float32')."
        )
    count, height, width = layers.shape
    return {
        "driver": "GTiff",
        "dtype": dtype,
        "count": count,
        "height": height,
        "width": width,
        "crs": layers.rio.crs,
        "transform": transform_of(layers),
        "nodata": nodata_of(layers),
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        "interleave": "band",
        "compress": "zstd",
        "zstd_level": 1,
        "sparse_ok": True,
        "bigtiff": "if_safer",
    }


def _is_categorical(array: xr.DataArray, colours: Mapping[int, Any] | None) -> bool:
    return colours is not None or "flag_values" in array.attrs


def _write_tiled(
    layers: xr.DataArray,
    path: Path,
    profile: dict[str, Any],
    colours: Mapping[int, Any] | None,
    scale: float | None,
    progress: bool,
) -> None:
    """Stream the blocks into a tiled GeoTIFF."""
    nodata = profile["nodata"]
    found_data = False
    with rasterio.open(path, "w", **profile) as file:
        _describe(file, layers, colours, scale)

        def write(place: tuple[slice, ...], block: np.ndarray) -> None:
            nonlocal found_data
            if not _holds_data(block, nodata):
                return  # left out of a sparse file, it reads as nodata
            found_data = True
            bands, rows, columns = place
            file.write(
                block.astype(profile["dtype"], copy=False),
                indexes=list(range(bands.start + 1, bands.stop + 1)),
                window=Window.from_slices(rows, columns),
            )

        for_each_block(layers.data, write, progress="writing" if progress else None)
    if not found_data:
        raise CourseError(
            "Every pixel to be written is nodata, so no file was made: check the area and the "
            "date of the cube."
        )


def _holds_data(block: np.ndarray, nodata: float | None) -> bool:
    if nodata is None:
        return True
    if np.isnan(nodata):
        return not np.isnan(block).all()
    return bool((block != nodata).any())


def _describe(
    file: rasterio.io.DatasetWriter,
    layers: xr.DataArray,
    colours: Mapping[int, Any] | None,
    scale: float | None,
) -> None:
    """Write names, units, scale and colours of the bands."""
    dim: Hashable = layers.dims[0]
    names = layers[dim].values if dim in layers.coords else range(1, len(layers) + 1)
    file.descriptions = [str(name) for name in names]
    scale = layers.attrs.get("scale_factor") if scale is None else scale
    if scale is not None:
        file.scales = [float(scale)] * file.count
        file.offsets = [float(layers.attrs.get("add_offset", 0))] * file.count
    if "units" in layers.attrs:
        file.units = [str(layers.attrs["units"])] * file.count
    texts = {key: value for key, value in layers.attrs.items() if isinstance(value, str)}
    file.update_tags(**{key: texts[key] for key in ("long_name", "flag_meanings") if key in texts})
    if colours is not None:
        table = {
            int(v): tuple(round(255 * part) for part in to_rgba(c)) for v, c in colours.items()
        }
        file.write_colormap(1, table)


def _copy_as_cog(tiled: Path, cog: Path, resampling: str, dtype: np.dtype) -> None:
    """Let GDAL add overviews and order the tiles as a COG's must be.

    Bands lie one after the other: who wants one class reads no other. Differences between
    neighbours (the predictor) compress numbers with many digits, but not whole percents.
    """
    rasterio.shutil.copy(
        tiled,
        cog,
        driver="COG",
        blocksize=TILE,
        interleave="BAND",
        compress="DEFLATE",
        predictor="NO" if dtype.itemsize == 1 else "YES",
        overview_resampling=resampling,
        num_threads="ALL_CPUS",
        bigtiff="IF_SAFER",
        sparse_ok="YES",
    )
