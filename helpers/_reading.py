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
from distributed import Future

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
        """Compute the chunks, given what all blocks need and what this one alone waits for."""
        values_of = {**common, **dict(zip(self.waits_for, values, strict=True))}
        given = {key: literal(value) for key, value in values_of.items()}
        return list(dask.get({**self.tasks, **given}, list(self.chunks)))


@dataclass(frozen=True)
class GroupValues:
    """Makes one value, for a group of blocks, of what all blocks need, such as the open files.

    Attributes
    ----------
    keys
        Keys of what they need.
    """

    keys: Sequence[Key]

    def __call__(self, values: Sequence[Any], _first: Any) -> dict[Key, Any]:  # noqa: ANN401
        """Return the values by their keys, once `_first` is there, too."""
        return dict(zip(self.keys, values, strict=True))


def bundle_reads(
    cube: da.Array, chunks_of: Mapping[Place, Sequence[Key]], name: str, first: Key
) -> tuple[dict[Key, Any], dict[Place, tuple[Any, ...]]]:
    """Make one call of all that reads a block, and keep neighbours together.

    Dask's threads take next what has become ready last. Once the file of a band is open, all of
    that band's chunks are ready, so they would be read for every block, and held, before the next
    band is begun. A bundle waits for the files of all bands, so blocks are read one by one. What
    several blocks need (an open file), and what waits for nothing, stay tasks of their own.

    A cluster runs a task on a worker that has something the task needs. Every worker soon has the
    open files, so these say nothing about where. Therefore they are handed to each group of
    neighbouring blocks as one value: the worker that has it reads the group, unless another has
    nothing to do. A tile of a file that lies under four blocks is then mostly fetched once.

    Parameters
    ----------
    cube
        The array that is read.
    chunks_of
        For each block, by its place ``(..., y, x)``, the keys of its chunks, a chunk a band.
    name
        First part of the keys of the blocks' tasks.
    first
        Key of a task that comes before all reading.

    Returns
    -------
    tasks : dict
        The tasks that reading needs beside the blocks' own.
    reads : dict
        For each block the call that returns its chunks.
    """
    graph, held = optimised_graph(cube)
    graph |= dict.fromkeys(held)
    needed = {place: cull(graph, list(chunks)) for place, chunks in chunks_of.items()}
    uses = Counter(key for tasks, _ in needed.values() for key in tasks)
    layer: dict[Key, Any] = {}
    own: dict[Place, dict[Key, Any]] = {}
    waits_for: dict[Place, list[Key]] = {}
    for place, (tasks, dependencies) in needed.items():
        apart = {key for key in tasks if uses[key] > 1 or not dependencies[key]}
        layer |= {key: held.get(key, tasks[key]) for key in apart}
        own[place] = {key: task for key, task in tasks.items() if key not in apart}
        wanted = apart & set(chunks_of[place]).union(*(dependencies[key] for key in own[place]))
        waits_for[place] = [key for key in tasks if key in wanted]
    common = _needed_by_all(waits_for)
    group_of = groups_of_blocks(cube)
    reads: dict[Place, tuple[Any, ...]] = {}
    for place in chunks_of:
        shared = common[place[:-2]]
        # Named like the blocks' tasks, so that Dask sees these wait for many tasks: what waits
        # for a few only it takes for a beginning, which may run anywhere.
        group = (name, "group", *group_of(place))
        layer[group] = (GroupValues(list(shared)), list(shared), first)
        alone = [key for key in waits_for[place] if key not in shared]
        reads[place] = (ReadBlock(own[place], alone, list(chunks_of[place])), group, alone)
    return layer, reads


def optimised_graph(array: da.Array) -> tuple[dict[Key, Any], dict[Key, Future]]:
    """Return the optimised graph of an array, and the futures in it, which Dask would drop.

    The futures are chunks that the workers of a cluster hold, after ``persist``.
    """
    futures = {
        key: value
        for key, value in dict(array.__dask_graph__()).items()
        if isinstance(value, Future)
    }
    (array,) = dask.optimize(array)
    return dict(array.__dask_graph__()), futures


def groups_of_blocks(array: da.Array) -> Callable[[Place], Place]:
    """Return a function from a block's place ``(..., y, x)`` to that of its group."""
    sides = [max(1, GROUP_SIDE // max(sizes)) for sizes in array.chunks[-2:]]
    return lambda place: (*place[:-2], place[-2] // sides[0], place[-1] // sides[1])


def literal(value: Any) -> tuple[partial[Any]]:  # noqa: ANN401
    """Return a task whose result is a value, even one that looks like a task or a key."""
    return (partial(_itself, value),)


def _itself(value: Any) -> Any:  # noqa: ANN401
    return value


def _needed_by_all(waits_for: Mapping[Place, list[Key]]) -> dict[Place, dict[Key, None]]:
    """Find what all blocks of a date wait for, in order, if there are several."""
    of_date: dict[Place, list[list[Key]]] = defaultdict(list)
    for place, keys in waits_for.items():
        of_date[place[:-2]].append(keys)
    common = {}
    for date, blocks in of_date.items():
        everywhere = set.intersection(*map(set, blocks)) if len(blocks) > 1 else set()
        common[date] = {key: None for key in blocks[0] if key in everywhere}
    return common
