"""Writes results into an Icechunk repository: arrays in a bucket, with a history."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import nullcontext
from itertools import accumulate
from typing import Any, Literal

import icechunk
import numpy as np
import xarray as xr
import zarr
from dask.diagnostics import ProgressBar
from icechunk.xarray import to_icechunk
from rioxarray.exceptions import RioXarrayError

from helpers._raster import nodata_of, transform_of
from helpers._stream import active_client
from helpers.errors import CourseError

OnConflict = Literal["stop", "ours", "theirs"]

_SOLVERS = {
    "stop": icechunk.ConflictDetector(),
    "ours": icechunk.BasicConflictSolver(on_chunk_conflict=icechunk.VersionSelection.UseOurs),
    "theirs": icechunk.BasicConflictSolver(on_chunk_conflict=icechunk.VersionSelection.UseTheirs),
}


def write_icechunk(
    result: xr.DataArray | xr.Dataset,
    repository: icechunk.Repository,
    message: str,
    *,
    group: str | None = None,
    branch: str = "main",
    overwrite: bool = False,
    on_conflict: OnConflict = "stop",
    progress: bool = True,
) -> str:
    """Write a result into an Icechunk repository as one transaction, block by block.

    ``icechunk.xarray.to_icechunk`` does the writing: each Dask worker stores the chunks that it
    has computed, and chunks without data are left out. Readers see nothing before the commit and
    everything after it; when the writing is cut off, the repository is as it was.

    If somebody else commits to the branch meanwhile, the changes are put on top of theirs. Where
    both changed the same arrays, that is a conflict, and `on_conflict` decides.

    Parameters
    ----------
    result
        What to write, lazy or not.
    repository
        An open repository.
    message
        What the commit is about.
    group
        Group of the repository to write to; its root by default.
    branch
        Branch to commit to.
    overwrite
        Whether to put a new version in the place of the arrays that the group holds. Old versions
        remain, and so do groups inside the group.
    on_conflict
        ``"stop"`` raises an error and commits nothing, ``"ours"`` keeps this result,
        ``"theirs"`` keeps what was committed meanwhile, chunk by chunk. Arrays that one of them
        made anew, as on another grid or with other attributes, cannot be reconciled and raise the
        error too.
    progress
        Whether to show a progress bar (threads only: a cluster has its dashboard).

    Returns
    -------
    str
        Identifier of the new version.

    Raises
    ------
    CourseError
        Before any work starts if the branch is missing, the group exists or the bucket refuses;
        at the end in a conflict.

    Examples
    --------
    >>> version = write_icechunk(probability, repository, "Spring 2018")  # doctest: +SKIP
    >>> repository.create_tag("spring-2018", version)  # doctest: +SKIP
    >>> old = repository.readonly_session(tag="spring-2018")  # doctest: +SKIP
    >>> xr.open_zarr(old.store, consolidated=False, decode_coords="all")  # doctest: +SKIP
    """
    if on_conflict not in _SOLVERS:
        raise CourseError(
            f"`on_conflict` is {on_conflict!r}, but it must be 'stop', 'ours' or 'theirs'."
        )
    if not isinstance(result, xr.DataArray | xr.Dataset):
        raise CourseError(
            f"write_icechunk was given a {type(result).__name__}, but a DataArray or a Dataset is "
            "needed."
        )
    dataset = _as_stored(result)
    session = _writable_session(repository, branch)
    _require_room(session, group, dataset, overwrite)
    with ProgressBar() if progress and _is_local(dataset) else nullcontext():
        in_place = _write(dataset, session, group)
    try:
        # Of two arrays made anew Icechunk keeps one of its own choice.
        solver = _SOLVERS[on_conflict if in_place else "stop"]
        return session.commit(message, rebase_with=solver)
    except icechunk.RebaseFailedError as error:
        arrays = ", ".join(sorted({conflict.path for conflict in error.conflicts}))
        raise CourseError(
            f"Somebody else has committed to {branch!r} meanwhile and changed {arrays} too, so "
            "nothing was committed: look at their version, then decide whether to write again."
        ) from None


def _writable_session(repository: icechunk.Repository, branch: str) -> icechunk.Session:
    try:
        return repository.writable_session(branch)
    except icechunk.NotFoundError:
        raise CourseError(
            f"The repository has no branch {branch!r}; it has "
            f"{', '.join(sorted(repository.list_branches()))}."
        ) from None
    except icechunk.IcechunkError as error:
        raise CourseError(
            f"The repository cannot be written to: {str(error).splitlines()[0]}."
        ) from None


def _require_room(
    session: icechunk.Session, group: str | None, dataset: xr.Dataset, overwrite: bool
) -> None:
    """Raise CourseError if the group holds arrays already, or groups with the names of new ones."""
    root = _opened(session, None)
    if root is None:
        return
    for path in accumulate((group or "").split("/"), "{}/{}".format):
        if path and isinstance(root.get(path), zarr.Array):
            raise CourseError(
                f"The repository holds an array named {path!r}, so no group can have that name: "
                "choose another group."
            )
    opened = _opened(session, group)
    if opened is None:
        return
    where = f"The group {group!r}" if group else "The repository"
    held = sorted(opened.array_keys())
    held = [name for name in held if name not in dataset.coords] or held
    if held and not overwrite:
        raise CourseError(
            f"{where} already holds {', '.join(held)}: pass overwrite=True to put a new version "
            "in their place (the old one remains in the history), or choose another group."
        )
    taken = sorted(set(opened.group_keys()) & set(map(str, dataset.variables)))
    if taken:
        raise CourseError(
            f"{where} holds a group named {taken[0]!r}, so no array can have that name: rename "
            "the array with result.rename(...), or choose another group."
        )


def _opened(session: icechunk.Session, group: str | None) -> zarr.Group | None:
    try:
        return zarr.open_group(session.store, path=group, mode="r+")
    except FileNotFoundError:
        return None


def _write(dataset: xr.Dataset, session: icechunk.Session, group: str | None) -> bool:
    """Store the chunks, in the arrays that are there if these suit; return whether they do.

    Icechunk resolves a conflict between chunks of the same array, but not between arrays that a
    writer has made anew.
    """
    opened = _opened(session, group)
    nodata = {name: array.attrs.get("_FillValue") for name, array in dataset.items()}
    fills = {name: {"fill_value": value} for name, value in nodata.items() if value is not None}
    if opened is not None and _suits(dataset, opened, fills):
        values = dataset.drop_vars(list(dataset.coords)).drop_attrs()
        everything = {dim: slice(0, size) for dim, size in values.sizes.items()}
        to_icechunk(values, session, group=group, region=everything, mode="r+")
        return True
    if opened is not None:
        held = list(opened.array_keys())
        for name in held:
            del opened[name]
        if not held:
            dataset = dataset.assign_attrs({**opened.attrs, **dataset.attrs})
    to_icechunk(dataset, session, group=group, mode="a", encoding=fills)
    return False


def _suits(dataset: xr.Dataset, opened: zarr.Group, fills: dict[Hashable, dict[str, Any]]) -> bool:
    """Whether arrays made anew would differ in nothing but the values of the variables.

    xarray scales what it writes into an array that has a scale, and cannot write a single number
    into one that is there; these do not suit.
    """
    for array in dataset.data_vars.values():
        if not array.ndim or {"scale_factor", "add_offset"} & set(array.attrs):
            return False
    store = zarr.storage.MemoryStore()
    dataset.to_zarr(store, compute=False, encoding=fills, consolidated=False)
    new = zarr.open_group(store, mode="r")
    return (
        set(opened.array_keys()) == set(new.array_keys())
        and dict(opened.attrs) == dict(new.attrs)
        and all(_kind(opened[name]) == _kind(array) for name, array in new.arrays())
        and all(np.array_equal(opened[name][...], new[name][...]) for name in dataset.coords)
    )


def _kind(array: zarr.Array) -> tuple[Any, ...]:
    """Return what an array says of itself; as text where NaN would differ from itself."""
    names = array.metadata.dimension_names
    return array.shape, array.chunks, array.dtype, names, repr(array.fill_value), dict(array.attrs)


def _as_stored(result: xr.DataArray | xr.Dataset) -> xr.Dataset:
    """Make a Dataset that describes itself rightly, in chunks of one size, as Zarr needs them."""
    if isinstance(result, xr.DataArray):
        result = result.to_dataset(name=result.name or "values")
    result = result.chunk().unify_chunks()
    sizes = {dim: max(chunks) for dim, chunks in result.chunks.items()}
    even = all(set(chunks[:-1]) <= {sizes[dim]} for dim, chunks in result.chunks.items())
    result = result if even else result.chunk(sizes)
    result = result.assign_coords(result.coords.to_dataset().compute().coords)
    return _with_own_nodata(_with_own_transform(result)).drop_encoding()


def _with_own_nodata(result: xr.Dataset) -> xr.Dataset:
    """Drop a nodata value that the numbers cannot be, as after ``array > 0.5``."""
    result = result.copy()
    for array in result.data_vars.values():
        if nodata_of(array) is None:
            array.attrs.pop("_FillValue", None)
    return result


def _with_own_transform(result: xr.Dataset) -> xr.Dataset:
    """Bring the stored transform up to date; that of before a ``coarsen`` may have been kept."""
    for array in result.data_vars.values():
        try:
            reference = result.coords.get(array.rio.grid_mapping)
            if reference is not None and "GeoTransform" in reference.attrs:
                transform = transform_of(array)
                text = " ".join(map(str, transform.to_gdal()))
                changed = reference.assign_attrs(GeoTransform=text)
                result = result.assign_coords({reference.name: changed})
        except RioXarrayError:
            continue  # not an array with y and x
    return result


def _is_local(dataset: xr.Dataset) -> bool:
    return all(active_client(array.data) is None for array in dataset.data_vars.values())
