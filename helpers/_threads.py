"""Keeps a model to the one thread that Dask gave it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def set_one_job(model: Any) -> None:  # noqa: ANN401
    """Set ``n_jobs`` to 1 in a model and in every model that it holds."""
    for part in _parts(model, seen=set()):
        if hasattr(part, "n_jobs"):
            part.n_jobs = 1
        if hasattr(part, "get_booster") and part.__sklearn_is_fitted__():
            part.get_booster().set_param({"nthread": 1})


def _parts(item: Any, seen: set[int]) -> Iterator[Any]:  # noqa: ANN401
    """Yield the estimators in a pipeline, an ensemble or a search, itself first."""
    if id(item) in seen:
        return
    seen.add(id(item))
    if isinstance(item, list | tuple):
        inner = list(item)
    elif isinstance(item, dict):
        inner = list(item.values())
    elif hasattr(item, "get_params") and not isinstance(item, type):
        yield item
        inner = list(vars(item).values())
    else:
        return
    for value in inner:
        yield from _parts(value, seen)
