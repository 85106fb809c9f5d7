"""Bundles the tasks that read a block of a cube, so that Dask reads it when it is wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.optimization import cull
from dask.typing import Key


@dataclass(frozen=True)
class ReadBlock:
    """Runs the tasks that one block alone needs, and returns the chunks of its bands.

    Attributes
    ----------
    tasks
        The tasks, from key to task.
    waits_for
        Keys of what they need from outside.
    chunks
        Keys of the chunks.
    """

    tasks: Mapping[Key, Any]
    waits_for: Sequence[Key]
    chunks: Sequence[Key]

    def __call__(self, values: Sequence[Any], _first: Any = None) -> list[np.ndarray]:  # noqa: ANN401
        """Compute the chunks, given what the tasks wait for, once `_first` is there, too."""
        given = {key: literal(value) for key, value in zip(self.waits_for, values, strict=True)}
        return list(dask.get({**self.tasks, **given}, list(self.chunks)))


def bundle_reads(
    cube: da.Array, chunks_of: Mapping[Hashable, Sequence[Key]]
) -> tuple[dict[Key, Any], dict[Hashable, tuple[ReadBlock, list[Key]]]]:
    """Make one task of all that reads a block.

    Dask's threads take next what has become ready last. Once the file of a band is open, all of
    that band's chunks are ready, so they would be read for every block, and held, before the next
    band is begun. A bundle waits for the files of all bands, so blocks are read one by one. What
    several blocks need (an open file), and what waits for nothing, stay tasks of their own.

    Parameters
    ----------
    cube
        The array that is read.
    chunks_of
        For each block the keys of its chunks in `cube`, a chunk a band.

    Returns
    -------
    shared : dict
        Tasks that bundles wait for, and what those wait for in turn.
    bundles : dict
        For each block a function and the keys that it is called with: a task.
    """
    (cube,) = dask.optimize(cube)
    graph = dict(cube.__dask_graph__())
    needed = {block: cull(graph, list(chunks)) for block, chunks in chunks_of.items()}
    uses = Counter(key for tasks, _ in needed.values() for key in tasks)
    shared: dict[Key, Any] = {}
    bundles = {}
    for block, (tasks, dependencies) in needed.items():
        apart = {key for key in tasks if uses[key] > 1 or not dependencies[key]}
        own = {key: task for key, task in tasks.items() if key not in apart}
        wanted = set(chunks_of[block]).union(*(dependencies[key] for key in own))
        waits_for = [key for key in tasks if key in apart & wanted]
        shared |= {key: tasks[key] for key in apart}
        bundles[block] = (ReadBlock(own, waits_for, list(chunks_of[block])), waits_for)
    return shared, bundles


def literal(value: Any) -> tuple[partial[Any]]:  # noqa: ANN401
    """Return a task whose result is a value, even one that looks like a task or a key."""
    return (partial(_itself, value),)


def _itself(value: Any) -> Any:  # noqa: ANN401
    return value
