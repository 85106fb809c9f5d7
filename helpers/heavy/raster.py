"""What an array says of its pixels: where they lie, and which value marks missing ones."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import product

import numpy as np
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine
from rioxarray.exceptions import RioXarrayError

from helpers.errors import CourseError

NEAR = 0.05  # of a pixel: more than coordinates lose when they are rounded
NODATA_NAMES = ("_FillValue", "missing_value", "fill_value", "nodata")


def spatial_dims(array: xr.DataArray, what: str) -> tuple[Hashable, Hashable]:
    """Return the names of an array's dimensions ``y`` and ``x``; refuse one that has not both.

    Parameters
    ----------
    array
        What was given to a step.
    what
        What the step calls it, such as ``"cube"``.

    Raises
    ------
    CourseError
        If it has no such dimensions.
    """
    try:
        return array.rio.y_dim, array.rio.x_dim
    except RioXarrayError:
        raise CourseError(
            f"The {what} has the dimensions {tuple(array.dims)}, but 'y' and 'x' are needed: "
            f"rename them with {what}.rename(...)."
        ) from None


def require_known_chunks(array: xr.DataArray, what: str) -> None:
    """Refuse an array whose chunks have unknown sizes; `what` is what the step calls it.

    Raises
    ------
    CourseError
        If the size of a chunk is not known.
    """
    if np.isnan(sum(array.shape)):
        raise CourseError(
            f"The {what} does not know how large its chunks are, as after choosing pixels by what "
            f"they hold: compute it first, or choose them with {what}.where(...)."
        )


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


def with_one_nodata(array: xr.DataArray) -> xr.DataArray:
    """Make a nodata value that is written as a list, as some files have it, a single one."""
    array = array.copy(deep=False)
    for notes, name in product((array.attrs, array.encoding), NODATA_NAMES):
        if not np.ndim(notes.get(name)):
            continue
        values = np.unique(notes[name])
        if len(values) != 1:
            raise CourseError(
                f"The attribute {name} marks missing pixels by {len(values)} values: mask them "
                "with NaN, or write one value with .rio.write_nodata(...)."
            )
        notes[name] = values[0]
    return array


def nodata_of(array: xr.DataArray) -> float | None:
    """Return the value that marks missing pixels, None if there is none or it cannot be one.

    What is computed from an array keeps its attributes, nodata among them, even where its numbers
    cannot be that value any more.
    """
    if array.dtype == bool:
        return None
    try:
        return array.rio.nodata
    except (OverflowError, TypeError, ValueError):
        return None


def require_fitting_nodata(array: xr.DataArray, cure: str) -> None:
    """Refuse fractions that say which *whole* number marks a missing pixel.

    Arithmetic keeps an array's attributes: after ``numbers * 0.0001`` missing pixels are no longer
    -9999, and after ``numbers.where(numbers != 0)`` they are NaN, but the attribute is as before.
    rioxarray writes it in the type of the numbers, so it tells where it comes from.
    """
    if array.dtype.kind != "f":
        return
    left_over = [array.attrs[name] for name in NODATA_NAMES if name in array.attrs]
    if left_over and isinstance(left_over[0], int | np.integer | str):
        raise CourseError(
            f"The array holds {array.dtype}, but its nodata value {left_over[0]} is that of the "
            "whole numbers it was made of, and may have been scaled with them: mask those before "
            f"you calculate, as in numbers.where(numbers != {left_over[0]}), then say that NaN is "
            f"missing with {cure}."
        )


def require_even_steps(array: xr.DataArray, *dims: Hashable) -> None:
    """Refuse coordinates that no transform describes, as after leaving out rows."""
    for dim in dims:
        steps = np.diff(array[dim].values.astype(float))
        if steps.size and abs(steps - steps.mean()).max() > NEAR * abs(steps.mean()):
            raise CourseError(
                f"The coordinates of {dim!r} are not the same step apart, so no transform "
                "describes them: choose pixels by a slice, or bring the array to a grid."
            )


def require_centres(array: xr.DataArray) -> None:
    """Refuse a cube of stackstac whose coordinates are the corners of its pixels.

    stackstac leaves its transform in the attributes: a centre lies half a pixel from its lines.
    """
    grid = array.attrs.get("transform")
    if "spec" not in array.attrs or not isinstance(grid, Affine):
        return
    sides = {array.rio.x_dim: (grid.c, grid.a), array.rio.y_dim: (grid.f, grid.e)}
    for dim, (edge, size) in sides.items():
        if dim not in array.coords or not array.sizes[dim]:
            return
        places = (array[dim].values[:2].astype(float) - edge) / size
        on_a_line = abs(places - np.rint(places)).max() < NEAR
        if not on_a_line or (len(places) > 1 and abs(places[1] - places[0] - 1) > NEAR):
            return
    raise CourseError(
        "The coordinates are the upper left corners of the pixels, as stackstac gives them by "
        "default, so everything would lie half a pixel off: stack with xy_coords='center'."
    )
