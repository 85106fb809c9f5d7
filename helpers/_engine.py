"""Runs a trained model on one worker's thread, by the engine that was asked for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any, Literal

import cloudpickle
import numpy as np
import pandas as pd
from threadpoolctl import ThreadpoolController

from helpers._model import Classifier, own_missing_value, trained_bands, used_booster
from helpers._threads import set_one_job

Engine = Literal["same", "fast", "gpu"]


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
        at a time, ``"gpu"`` on a GPU.
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
            predict = self._predict
        return predict(pixels)

    @property
    def batch(self) -> int:
        """At most how many pixels a task predicts: few, so that all cores end together."""
        return 1_048_576 if self.engine == "gpu" else 32_768

    @cached_property
    def _predict(self) -> Any:  # noqa: ANN401
        model = cloudpickle.loads(self.payload)
        if self.engine == "fast":
            return _fast(model)
        if self.engine == "gpu":
            return _on_gpu(model)
        return _itself(model)


@lru_cache(maxsize=2)
def load_predictor(payload: bytes, engine: Engine) -> Predictor:
    """Make a predictor, or return the one that this process has made of the same model."""
    return Predictor(payload, engine)


def choose_engine(model: Classifier, engine: Engine) -> Engine:
    """Return the engine that can be had here: the one asked for, or the model's own.

    A line of warning says why when it is not the one asked for.
    """
    why_not = {"same": None, "fast": _why_not_fast, "gpu": _why_not_gpu}[engine]
    reason = why_not(model) if why_not else None
    if reason is None:
        return engine
    warnings.warn(f"engine={engine!r} is not used, since {reason}.", UserWarning, stacklevel=4)
    return "same"


def _itself(model: Classifier) -> Any:  # noqa: ANN401
    set_one_job(model)
    by_name = not hasattr(model, "get_booster") or model.booster == "gblinear"
    names = trained_bands(model) if by_name else None
    if names is None and type(model).__module__.startswith("xgboost."):
        return model.predict_proba  # heeds its own number of jobs alone
    pools = ThreadpoolController()

    def predict(pixels: np.ndarray) -> np.ndarray:
        named = pixels if names is None else pd.DataFrame(pixels, columns=names, copy=False)
        with pools.limit(limits=1):  # OpenMP and BLAS
            return model.predict_proba(named)

    return predict


def _why_not_fast(model: Classifier) -> str | None:
    from helpers._trees import why_not  # here and below: Numba is loaded by those who use it

    return why_not(model)


def _fast(model: Classifier) -> Any:  # noqa: ANN401
    from helpers._trees import read_forest

    return read_forest(model).predict_proba


def _why_not_gpu(model: Classifier) -> str | None:
    if not hasattr(model, "get_booster"):
        return f"only XGBoost's models run on a GPU here, not {type(model).__name__}"
    if (value := own_missing_value(model)) is not None:
        return f"the model takes {value} for a missing value"
    import xgboost

    if not xgboost.build_info().get("USE_CUDA"):
        return "this XGBoost was built for CPUs only (install xgboost in place of xgboost-cpu)"
    try:
        model.get_booster().copy().set_param({"device": "cuda:0"})
    except xgboost.core.XGBoostError:
        return "no GPU was found"
    return None


def _on_gpu(model: Any) -> Any:  # noqa: ANN401
    import xgboost

    booster = used_booster(model)
    booster.set_param({"device": "cuda"})
    alone = Lock()  # the batches of several threads take turns on one GPU

    def predict(pixels: np.ndarray) -> np.ndarray:
        with alone:
            matrix = xgboost.DMatrix(pixels, nthread=1)
            probabilities = booster.predict(matrix, validate_features=False)
        if probabilities.ndim == 1:  # two classes: XGBoost gives the second one's alone
            probabilities = np.stack([1 - probabilities, probabilities], axis=1)
        return probabilities

    return predict
