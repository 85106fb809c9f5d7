"""What an array says of itself that its file must say, and which arrays a COG cannot hold."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import rasterio
import xarray as xr

from helpers.errors import CourseError
from helpers.heavy.cog import TILE_PIXELS
from helpers.heavy.cube import CHUNK_PIXELS
from helpers.heavy.raster import (
    nodata_of,
    require_centres,
    require_even_steps,
    require_fitting_nodata,
    require_known_chunks,
    spatial_dims,
    transform_of,
    with_one_nodata,
)

MOST_LAYERS = 65_535  # counted in 16 bits: TIFF 6.0, SamplesPerPixel


def layers_of(array: xr.DataArray) -> xr.DataArray:
    """Give the array the dimensions ``(layer, y, x)`` and make it lazy."""
    if not isinstance(array, xr.DataArray):
        raise CourseError(
            f"write_cog was given a {type(array).__name__}, but a DataArray is needed: choose one "
            "variable of a Dataset."
        )
    array = with_one_nodata(array)
    y, x = spatial_dims(array, "array")
    others = [dim for dim in array.dims if dim not in (y, x)]
    if len(others) > 1:
        raise CourseError(
            f"The array has the dimensions {tuple(array.dims)}, but a COG holds one besides "
            f"{y!r} and {x!r}: choose one date with array.isel(time=0)."
        )
    if any(array.sizes[dim] > MOST_LAYERS for dim in others):
        raise CourseError(
            f"The array has {array.sizes[others[0]]} layers along {others[0]!r}, but a TIFF holds "
            f"at most {MOST_LAYERS}: write a part of them, with array.isel({others[0]}=slice(...))."
        )
    require_known_chunks(array, "array")
    if array.size == 0:
        raise CourseError("The array is empty, so there is nothing to write.")
    if array.rio.crs is None:
        raise CourseError(
            "The array has no CRS, so its file could not be laid on a map: write it with "
            "array.rio.write_crs(...), or open the file it came from with decode_coords='all'."
        )
    if transform_of(array).is_identity:
        raise CourseError(
            "The array has neither coordinates nor a transform, so its file would lie nowhere: "
            "give it the coordinates of the array that it was made from, or write "
            "array.rio.write_transform(...)."
        )
    require_centres(array)
    require_even_steps(array, y, x)
    if not others:
        array = array.expand_dims(layer=[str(array.name or "values")])
        others = ["layer"]
    array = array.transpose(others[0], y, x)
    # south up or east to the left, which few programs expect
    turned = {y: transform_of(array).e > 0, x: transform_of(array).a < 0}
    array = array.isel(
        {dim: slice(None, None, -1) for dim in (y, x) if turned[dim] and dim in array.coords}
    )
    return array if array.chunks is not None else array.chunk({y: CHUNK_PIXELS, x: CHUNK_PIXELS})


def profile_of(layers: xr.DataArray) -> dict[str, Any]:
    """Creation options of the tiled GeoTIFF that is written first: fast rather than small."""
    dtype = np.dtype("uint8") if layers.dtype == bool else layers.dtype
    if dtype.kind == "c":
        raise CourseError(
            f"The array holds {dtype}, which few programs can show: write array.real, array.imag "
            "or abs(array)."
        )
    if not rasterio.dtypes.check_dtype(dtype):
        raise CourseError(
            f"The array holds {dtype}, which a GeoTIFF cannot: use array.astype(...)."
        )
    if dtype == np.float16:
        raise CourseError(
            "The array holds float16, which GDAL cannot compress well: use array.astype('float32')."
        )
    require_fitting_nodata(layers, "array.rio.write_nodata(np.nan)")
    nodata = nodata_of(layers)
    count, height, width = layers.shape
    return {
        "driver": "GTiff",
        "dtype": dtype,
        "count": count,
        "height": height,
        "width": width,
        "crs": layers.rio.crs,
        "transform": transform_of(layers),
        "nodata": np.nan if nodata is None and dtype.kind == "f" else nodata,
        "tiled": True,
        "blockxsize": TILE_PIXELS,
        "blockysize": TILE_PIXELS,
        "interleave": "band",
        "compress": "zstd",
        "zstd_level": 1,
        "sparse_ok": True,
        "bigtiff": "if_safer",
    }


def describe(file: rasterio.io.DatasetWriter, layers: xr.DataArray, codes: bool) -> None:
    """Write names, and for amounts in whole numbers their units.

    Arithmetic keeps what an array says of its units and scale, but seldom the units: fractions
    and codes that were made of percents are none, and the scale of stored numbers is never
    written, since a program that applies it to percents would show a hundredth of them.
    """
    dim: Hashable = layers.dims[0]
    names = layers[dim].values if dim in layers.coords else range(1, len(layers) + 1)
    file.descriptions = [str(name) for name in names]
    texts = {key: value for key, value in layers.attrs.items() if isinstance(value, str)}
    file.update_tags(**{key: texts[key] for key in ("long_name", "flag_meanings") if key in texts})
    if codes or layers.dtype.kind not in "iu":
        return
    if "units" in texts:
        file.units = [texts["units"]] * file.count
