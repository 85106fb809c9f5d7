"""Runs a trained model on one worker's thread, by the engine that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from threading import Lock
from typing import Literal

import cloudpickle
import numpy as np
import pandas as pd

from helpers.errors import advise
from helpers.heavy.model import Classifier, trained_bands
from helpers.heavy.one_number import OneNumber
from helpers.heavy.threads import one_thread
from helpers.heavy.units import Units, units_of

Engine = Literal["same", "fast"]
Predict = Callable[[np.ndarray], np.ndarray]


class Predictor:
    """A model that travels to a worker once and then uses one thread a call.

    Dask already hands every core pixels of its own; a model that started threads as well would
    make them wait for one another.

    Parameters
    ----------
    payload
        The pickled model.
    engine
        ``"same"`` calls the model itself, ``"fast"`` evaluates XGBoost's trees a vector of pixels
        at a time.
    """

    def __init__(self, payload: bytes, engine: Engine = "same") -> None:
        self.payload = payload
        self.engine = engine
        self._loading = Lock()

    def __reduce__(self) -> tuple[Callable[[bytes, Engine], Predictor], tuple[bytes, Engine]]:
        """Travel as the model alone: what was made of it here is made anew there."""
        return load_predictor, (self.payload, self.engine)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Probabilities, shape ``(pixel, class)``, of pixels of shape ``(pixel, band)``."""
        with self._loading:  # of several threads that call it first, one unpickles the model
            predict, observers = self._loaded
            for observer in observers:
                observer.look_at(pixels)
        return predict(pixels)

    @cached_property
    def _loaded(self) -> tuple[Predict, list[Units | OneNumber]]:
        model = cloudpickle.loads(self.payload)
        observers = [observer for observer in (units_of(model), OneNumber()) if observer]
        return _fast(model) if self.engine == "fast" else _itself(model), observers


@lru_cache(maxsize=2)
def load_predictor(payload: bytes, engine: Engine) -> Predictor:
    """Make a predictor, or return the one that this process has made of the same model."""
    return Predictor(payload, engine)


def choose_engine(model: Classifier, engine: Engine) -> Engine:
    """Return the engine that was asked for, or the model's own if that one does not suit it.

    A line of warning says why when it is not the one asked for.
    """
    reason = _objection(model) if engine == "fast" else None
    if reason is None:
        return engine
    advise(f"engine={engine!r} is not used, since {reason}.")
    return "same"


def _objection(model: Classifier) -> str | None:
    from helpers.heavy.trees import objection  # here and below: Numba only for those who use it

    return objection(model)


def _fast(model: Classifier) -> Predict:
    from helpers.heavy.trees import read_forest

    return read_forest(model).predict_proba


def _itself(model: Classifier) -> Predict:
    set_one_job(model)
    by_name = not hasattr(model, "get_booster") or model.booster == "gblinear"
    names = trained_bands(model) if by_name else None
    if names is None and type(model).__module__.startswith("xgboost."):
        return model.predict_proba  # takes its number of threads from n_jobs alone

    def predict(pixels: np.ndarray) -> np.ndarray:
        named = pixels if names is None else pd.DataFrame(pixels, columns=names, copy=False)
        with one_thread():
            return model.predict_proba(named)

    return predict


def set_one_job(model: object) -> None:
    """Set ``n_jobs`` to 1 in a model and in every model that it holds."""
    for part in _parts(model, seen=set()):
        if hasattr(part, "n_jobs"):
            part.n_jobs = 1
        if hasattr(part, "get_booster") and part.__sklearn_is_fitted__():
            part.get_booster().set_param({"nthread": 1})


def _parts(item: object, seen: set[int]) -> Iterator[object]:
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
