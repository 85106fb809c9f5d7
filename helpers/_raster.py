"""What an array says of its pixels: where they lie, and which value marks missing ones."""

from __future__ import annotations

import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine

SAME = 1e-6  # of a pixel: what coordinates lose when they are rounded


def transform_of(array: xr.DataArray) -> Affine:
    """Return the transform of the grid that an array is on now.

    rioxarray keeps the size of pixels that was once written; it is wrong after ``coarsen``, after
    a stride or when rows have been turned over. The coordinates know better.

    Parameters
    ----------
    array
        An array with ``y`` and ``x``.

    Returns
    -------
    affine.Affine
        The transform as written where the coordinates agree with it, else that of the
        coordinates. The identity if the array has neither, or is a single row or column without
        a transform.
    """
    written = array.rio.transform()
    if written.b or written.d:
        return written  # coordinates along two axes cannot tell of a rotation
    measured = array.rio.transform(recalc=True)
    same = written.almost_equals(measured, precision=SAME * abs(measured.a))
    return written if same else measured


def nodata_of(array: xr.DataArray) -> float | None:
    """Return the value that marks missing pixels.

    What is computed from an array keeps its attributes, nodata among them, even where its numbers
    cannot be that value any more.

    Parameters
    ----------
    array
        Any array.

    Returns
    -------
    float or None
        ``array.rio.nodata``; None if there is none, or if it cannot be a value of the array, as
        after ``array > 0.5``.
    """
    if array.dtype == bool:
        return None
    try:
        return array.rio.nodata
    except (OverflowError, ValueError):
        return None
