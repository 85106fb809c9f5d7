"""Bundles the tasks that read a block of a cube, so that Dask reads it when it is wanted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.optimization import cull
from dask.typing import Key

GROUP_SIDE = 2048  # pixels: what a tile of 1024 of a 20 m band covers on a grid of 10 m

Place = tuple[int, ...]


@dataclass(frozen=True)
class ReadBlock:
    """Runs the tasks that one block alone needs, and returns the chunks of its bands.

    Attributes
    ----------
    tasks
        The tasks, from key to task.
    waits_for
        Keys of what they need from outside, beside what all blocks need.
    chunks
        Keys of the chunks.
    """

    tasks: Mapping[Key, Any]
    waits_for: Sequence[Key]
    chunks: Sequence[Key]

    def __call__(self, common: Mapping[Key, Any], values: Sequence[Any]) -> list[np.ndarray]:
        """Compute the chunks, given what all blocks need and what this one waits for."""
        values_of = {**common, **dict(zip(self.waits_for, values, strict=True))}
        given = {key: literal(value) for key, value in values_of.items()}
        return list(dask.get({**self.tasks, **given}, list(self.chunks)))


@dataclass(frozen=True)
class Common:
    """Holds together, for one group of blocks, what all blocks need, such as the open files.

    Attributes
    ----------
    keys
        What they need.
    """

    keys: Sequence[Key]

    def __call__(self, values: Sequence[Any], _first: Any) -> dict[Key, Any]:  # noqa: ANN401
        """Return the values by their keys, once `_first` is there, too."""
        return dict(zip(self.keys, values, strict=True))


def bundle_reads(
    cube: da.Array, chunks_of: Mapping[Place, Sequence[Key]], token: str, first: Key
) -> tuple[dict[Key, Any], dict[Place, Key]]:
    """Make one task of all that reads a block, and keep neighbours together.

    Dask's threads take next what has become ready last. Once the file of a band is open, all of
    that band's chunks are ready, so they would be read for every block, and held, before the next
    band is begun. A bundle waits for the files of all bands, so blocks are read one by one. What
    several blocks need (an open file), and what waits for nothing, stay tasks of their own.

    A cluster runs a task where what it waits for is. Open files are soon everywhere; so they are
    handed to a group of neighbouring blocks as one value, and the group is read by the worker
    that has this value, unless another one has nothing to do. Thus a tile of a file that lies
    under four blocks is read once, not by each worker.

    Parameters
    ----------
    cube
        The array that is read.
    chunks_of
        For each block, by its place ``(..., y, x)``, the keys of its chunks, a chunk a band.
    token
        Ends the names of the tasks.
    first
        Key of a task that comes before all reading.

    Returns
    -------
    tasks : dict
        All tasks that reading needs.
    reads : dict
        For each block the key of the task that returns its chunks.
    """
    (cube,) = dask.optimize(cube)
    graph = dict(cube.__dask_graph__())
    needed = {place: cull(graph, list(chunks)) for place, chunks in chunks_of.items()}
    uses = Counter(key for tasks, _ in needed.values() for key in tasks)
    layer: dict[Key, Any] = {}
    bundles: dict[Place, ReadBlock] = {}
    for place, (tasks, dependencies) in needed.items():
        apart = {key for key in tasks if uses[key] > 1 or not dependencies[key]}
        own = {key: task for key, task in tasks.items() if key not in apart}
        wanted = set(chunks_of[place]).union(*(dependencies[key] for key in own))
        layer |= {key: tasks[key] for key in apart}
        waits_for = [key for key in tasks if key in apart & wanted]
        bundles[place] = ReadBlock(own, waits_for, list(chunks_of[place]))
    group_of = groups_of_blocks(cube)
    common = _needed_by_all(bundles)
    reads: dict[Place, Key] = {}
    for (*dates, y, x), bundle in bundles.items():
        shared = common[*dates]
        group = (f"group-{token}", *group_of((*dates, y, x)))
        layer[group] = (Common(shared), shared, first)
        alone = [key for key in bundle.waits_for if key not in shared]
        reads[*dates, y, x] = (f"read-{token}", *dates, y, x)
        layer[reads[*dates, y, x]] = (ReadBlock(bundle.tasks, alone, bundle.chunks), group, alone)
    return layer, reads


def groups_of_blocks(array: da.Array) -> Callable[[Place], Place]:
    """Return a function from a block's place ``(..., y, x)`` to that of its group."""
    sides = [max(1, GROUP_SIDE // max(sizes)) for sizes in array.chunks[-2:]]
    return lambda place: (*place[:-2], place[-2] // sides[0], place[-1] // sides[1])


def literal(value: Any) -> tuple[partial[Any]]:  # noqa: ANN401
    """Return a task whose result is a value, even one that looks like a task or a key."""
    return (partial(_itself, value),)


def _itself(value: Any) -> Any:  # noqa: ANN401
    return value


def _needed_by_all(bundles: Mapping[Place, ReadBlock]) -> dict[Place, list[Key]]:
    """Find what all blocks of a date wait for, if there are several."""
    of_date: dict[Place, list[ReadBlock]] = defaultdict(list)
    for place, bundle in bundles.items():
        of_date[place[:-2]].append(bundle)
    return {
        date: [key for key in blocks[0].waits_for if all(key in b.waits_for for b in blocks)]
        if len(blocks) > 1
        else []
        for date, blocks in of_date.items()
    }
