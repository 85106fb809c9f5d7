"""Reads what a cube says about itself, once, before any pixel is touched."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine
from rasterio.crs import CRS

from helpers.errors import CourseError, advise
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

CHUNK_PIXELS = 1024  # along a side of a chunk by default: the tiles of Sentinel-2 COGs
TIME = "time"


@dataclass(frozen=True)
class Cube:
    """A stack of bands in one known order of dimensions, with its georeference.

    Attributes
    ----------
    data
        Dask array with dimensions ``(time, band, y, x)``, or ``(band, y, x)`` without time.
    template
        The cube without its bands, dimensions ``(y, x)`` or ``(time, y, x)``: its coordinates
        and nothing to compute.
    band_names
        Names of the bands in the order of `data`, or None if the cube names none.
    nodata
        The value that marks a missing pixel, beside NaN; None if there is none.
    crs, transform
        Georeference; None if the cube has none.
    band_labels
        By what each band is chosen from the cube that was given: names, or the numbers of a file.
    band_dim
        The dimension of the bands in the cube that was given; None for the variables of a Dataset.
    """

    data: da.Array
    template: xr.DataArray
    band_names: tuple[str, ...] | None
    nodata: float | None
    crs: CRS | None
    transform: Affine | None
    band_labels: tuple[Any, ...] = ()
    band_dim: Hashable | None = "band"

    def choose(self, names: Sequence[str]) -> str:
        """Write the line of code that chooses bands, in an order, from the cube that was given."""
        labels = dict(zip(self.band_names or (), self.band_labels, strict=True))
        wanted = [labels.get(name, name) for name in names]
        return f"cube[{wanted}]" if self.band_dim is None else f"cube.sel({self.band_dim}={wanted})"

    @property
    def has_time(self) -> bool:
        """Whether the first dimension is time."""
        return self.data.ndim == 4

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.data.shape[-2:]


def read_cube(cube: xr.DataArray | xr.Dataset, nodata: float | None = None) -> Cube:
    """Bring a stack of bands into one order of dimensions and settle its metadata."""
    is_dataset = isinstance(cube, xr.Dataset)
    if is_dataset:
        cube = _bands_of_dataset(cube, nodata)
    if not isinstance(cube, xr.DataArray):
        raise CourseError(
            f"The cube is a {type(cube).__name__}, but an xarray DataArray or Dataset is needed."
        )
    cube = with_one_nodata(cube)
    y, x = spatial_dims(cube, "cube")
    band = _band_dim(cube, y, x)
    _require_pixels(cube)
    require_centres(cube)
    require_even_steps(cube, *(dim for dim in (y, x) if dim in cube.coords))
    if nodata is None:
        require_fitting_nodata(cube, "nodata=np.nan")
    order = (TIME, band, y, x) if TIME in cube.dims else (band, y, x)
    cube = cube.transpose(*order)
    found_nodata = _found_nodata(cube) if nodata is None else _given_nodata(nodata, cube.dtype)
    if cube.chunks is None:
        _require_data(cube, found_nodata)
        sizes = {TIME: 1, y: CHUNK_PIXELS, x: CHUNK_PIXELS}
        cube = cube.chunk({dim: size for dim, size in sizes.items() if dim in order})
    template = cube.isel({band: 0}, drop=True)
    template = template.drop_vars([c for c in template.coords if template[c].dtype == object])
    return Cube(
        data=cube.data,
        template=template.copy(data=da.zeros(template.shape, chunks=-1)),
        band_names=_band_names(cube, band),
        nodata=None if found_nodata is None or np.isnan(found_nodata) else found_nodata,
        crs=cube.rio.crs,
        transform=_transform_of(cube),
        band_labels=tuple(cube[band].values.tolist()),
        band_dim=None if is_dataset else band,
    )


def _band_dim(cube: xr.DataArray, y: Hashable, x: Hashable) -> Hashable:
    others = [dim for dim in cube.dims if dim not in (y, x, TIME)]
    if len(others) != 1:
        raise CourseError(
            f"The cube has the dimensions {tuple(cube.dims)}, but exactly one for the bands is "
            f"needed besides {y!r}, {x!r} and perhaps 'time'."
        )
    return others[0]


def _require_pixels(cube: xr.DataArray) -> None:
    require_known_chunks(cube, "cube")
    empty = [dim for dim, size in cube.sizes.items() if size == 0]
    if empty:
        raise CourseError(
            f"The cube is empty: its dimension {empty[0]!r} has length 0, so check the area and "
            "the dates it was cut to."
        )
    if cube.dtype.kind not in "iuf":
        raise CourseError(f"The cube holds {cube.dtype}, but real numbers are needed.")


def _require_data(cube: xr.DataArray, nodata: float | None) -> None:
    """Reject a cube in memory in which every pixel is missing."""
    values = cube.values
    if (
        not np.isfinite(values).any()
        if np.issubdtype(cube.dtype, np.floating)
        else (nodata is not None and (values == nodata).all())
    ):
        raise CourseError(
            "Every pixel of the cube is nodata, so there is nothing to predict: check the area "
            "and the date it was read for."
        )


def _given_nodata(nodata: float, dtype: np.dtype) -> float:
    """Return the value that the caller says marks a missing pixel, if it is one that can occur."""
    try:
        value = float(nodata)
    except (TypeError, ValueError):
        raise CourseError(
            f"`nodata` is a {type(nodata).__name__}, but a number is needed."
        ) from None
    if dtype.kind in "iu" and not np.isnan(value):
        limits = np.iinfo(dtype)
        if value != np.rint(value) or not limits.min <= value <= limits.max:
            raise CourseError(
                f"`nodata` is {nodata}, which no pixel of {dtype} can be, so it would mark none: "
                "pass the value that marks missing pixels in this cube, or np.nan if none does."
            )
    return value


def _nodata_of(cube: xr.DataArray) -> float | None:
    """Nodata value from rioxarray's attributes or encoding, as far as the numbers can hold it."""
    encoded = None
    with suppress(OverflowError, ValueError):
        encoded = cube.rio.encoded_nodata
    values = (nodata_of(cube), encoded, cube.attrs.get("nodata"))
    found = next((value for value in values if value is not None), None)
    return None if found is None else float(found)


def _found_nodata(cube: xr.DataArray) -> float | None:
    """Return the cube's nodata value; warn where it may be left over from whole numbers."""
    found = _nodata_of(cube)
    if found == 0 and np.issubdtype(cube.dtype, np.floating):
        advise(
            f"The cube holds {cube.dtype} and says that 0 marks a missing pixel, so pixels that "
            "are 0 are not predicted: pass nodata=0 if that is meant, or nodata=np.nan if missing "
            "pixels are NaN."
        )
    return found


def _transform_of(cube: xr.DataArray) -> Affine | None:
    """Return the transform; None if coordinates of a single row or column do not tell it."""
    transform = transform_of(cube)
    return None if transform.is_identity and 1 in (cube.rio.width, cube.rio.height) else transform


def _band_names(cube: xr.DataArray, band: Hashable) -> tuple[str, ...] | None:
    """Names from the coordinate of the bands, or from GDAL's band descriptions."""
    if band in cube.coords and cube[band].dtype.kind in "OUST":
        return tuple(str(name) for name in cube[band].values)
    names: Any = cube.attrs.get("long_name")
    if not isinstance(names, tuple | list):
        return None
    # rioxarray numbers the bands of a file; after a choice of bands it still lists all their names
    numbers = cube[band].values if band in cube.coords else np.arange(cube.sizes[band]) + 1
    known = {number: str(name) for number, name in enumerate(names, start=1)}
    if band not in cube.coords and len(names) != cube.sizes[band]:
        return None
    return tuple(known[n] for n in numbers) if set(numbers) <= set(known) else None


def _bands_of_dataset(cube: xr.Dataset, given_nodata: float | None) -> xr.DataArray:
    """Stack the variables of a Dataset, if they share dimensions, chunks and nodata."""
    crs = [name for name, variable in cube.data_vars.items() if "crs_wkt" in variable.attrs]
    cube = cube.set_coords(crs)  # a file that was not opened with decode_coords="all"
    if not cube.data_vars:
        raise CourseError("The cube is empty: the Dataset has no variable, so no band.")
    bands = {name: with_one_nodata(band) for name, band in cube.data_vars.items()}
    first = next(iter(bands))
    for name, band in bands.items():
        if set(band.dims) != set(bands[first].dims):
            raise CourseError(
                f"Band {name!r} has the dimensions {band.dims}, but band {first!r} has "
                f"{bands[first].dims}: give all bands the same."
            )
    bands = {name: band.transpose(*bands[first].dims) for name, band in bands.items()}
    lazy = {name: band for name, band in bands.items() if band.chunks is not None}
    if lazy:
        reference, chunks = next((name, band.chunks) for name, band in lazy.items())
        for name, band in lazy.items():
            if band.chunks != chunks:
                raise CourseError(
                    f"Band {name!r} is chunked apart from band {reference!r}: give all bands the "
                    "same chunks, for example with cube.chunk(x=1024, y=1024)."
                )
        sizes = dict(zip(bands[first].dims, chunks, strict=True))
        bands = {name: band.chunk(sizes) for name, band in bands.items()}
    if given_nodata is None:
        for band in bands.values():
            require_fitting_nodata(band, "nodata=np.nan")
    nodata = {_nodata_of(band) for band in bands.values()}
    nodata = {None if value is None or np.isnan(value) else value for value in nodata}
    if len(nodata) > 1:
        raise CourseError(
            f"The bands mark missing pixels by different values ({sorted(map(str, nodata))}): "
            "give them one nodata value, or mask them with NaN."
        )
    stacked = cube.assign(bands).to_dataarray("band")
    value = nodata.pop()
    return stacked if value is None else stacked.rio.write_nodata(value)
