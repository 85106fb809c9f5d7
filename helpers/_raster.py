"""What an array says of its pixels: where they lie, and which value marks missing ones."""

from __future__ import annotations

import numpy as np
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine

NEAR = 0.05  # of a pixel: more than coordinates lose when they are rounded


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
        coordinates. What a single row or column does not tell, the size of its pixels, is as
        written. The identity if there is neither.
    """
    written = array.rio.transform()
    dims = array.rio.x_dim, array.rio.y_dim
    turned = bool(written.b or written.d)  # of which coordinates along two axes tell nothing
    alone = written.is_identity and 1 in (array.rio.width, array.rio.height)
    if turned or alone or not all(dim in array.coords for dim in dims):
        return written
    (left, width), (top, height) = (
        _edge_and_step(array[dim].values.astype(float), size)
        for dim, size in zip(dims, (written.a, written.e), strict=True)
    )
    measured = Affine(width, 0, left, 0, height, top)
    corners = ((0, 0), (array.rio.width, array.rio.height))
    apart = np.max([abs(np.subtract(written @ at, measured @ at)) for at in corners], axis=0)
    return written if (apart < NEAR * abs(np.array([width, height]))).all() else measured


def _edge_and_step(centres: np.ndarray, size: float) -> tuple[float, float]:
    """Return where pixels begin and how far apart their centres are; one has the size given."""
    step = (centres[-1] - centres[0]) / (len(centres) - 1) if len(centres) > 1 else size
    return centres[0] - step / 2, step


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
    except (OverflowError, TypeError, ValueError):
        return None
