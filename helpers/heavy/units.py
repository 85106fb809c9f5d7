"""Notices pixels in other units than those that a model was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from distributed import warn
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from helpers.heavy.model import Classifier, learner_of

FAR = 20  # times as large or as small: digital numbers are 10,000 times a reflectance
NEARLY_ALL = 0.95
SAMPLE = 1000  # pixels of a block at most
LEAST = 10  # pixels; fewer prove nothing
SPREAD = 4  # standard deviations


def sample_of(table: np.ndarray) -> np.ndarray:
    """Return evenly spaced rows of a table of pixels, at most `SAMPLE` of them."""
    return table[:: -(-len(table) // SAMPLE) or 1]


@dataclass
class Units:
    """What the trees of a model compare each band with, or how a pipeline's scaler knows it.

    Attributes
    ----------
    bands
        Columns of the bands that are looked at.
    lowest, middle, highest
        Of the thresholds of each, or of the numbers that it was scaled by.
    """

    bands: np.ndarray
    lowest: np.ndarray
    middle: np.ndarray
    highest: np.ndarray
    has_warned: bool = False

    def look_at(self, table: np.ndarray) -> None:
        """Warn once if nearly all pixels ``(pixel, band)`` lie far beyond all these numbers.

        Then each pixel takes the same way down each tree, and the map shows one class.
        """
        if self.has_warned or len(table) < LEAST:
            return
        some = sample_of(table)[:, self.bands].astype("float64")
        above = ((some > self.highest) & (some > FAR * self.middle)).all(axis=1).mean()
        below = ((some < self.lowest) & (FAR * some < self.middle)).all(axis=1).mean()
        if max(above, below) < NEARLY_ALL:
            return
        self.has_warned = True
        side, cube, model = (
            ("above", "digital numbers", "reflectance")
            if above > below
            else ("below", "reflectance", "digital numbers")
        )
        warn(
            f"Nearly all pixels lie {side} every number that the model tells bands apart by "
            f"(pixels about {np.median(some):.3g}, the model's numbers {self.lowest.min():.3g} to "
            f"{self.highest.max():.3g}), so all get the same class. The units differ: the cube "
            f"seems to hold {cube}, the model to know {model}. Give the cube the units of the "
            "training table (reflectance = numbers * scale + offset).",
            UserWarning,
        )


def units_of(model: Classifier) -> Units | None:
    """Read what a model tells bands apart by; None if it is neither trees nor begins by scaling.

    Parameters
    ----------
    model
        A model, or one that holds it: a search, or a pipeline.
    """
    model = getattr(model, "best_estimator_", model)
    first = model[0] if isinstance(model, Pipeline) and len(model) else model
    if isinstance(first, StandardScaler) and first.mean_ is not None and first.with_std:
        spread = SPREAD * first.scale_
        bands = np.arange(first.n_features_in_)
        return Units(bands, first.mean_ - spread, first.mean_, first.mean_ + spread)
    if isinstance(first, MinMaxScaler):
        low, high = first.data_min_, first.data_max_
        return Units(np.arange(first.n_features_in_), low, (low + high) / 2, high)
    splits = list(_splits(first))
    if not splits:
        return None
    features, thresholds = (np.concatenate(parts) for parts in zip(*splits, strict=True))
    bands = np.unique(features)
    if not len(bands):
        return None
    of_each = [thresholds[features == band] for band in bands]
    return Units(bands, *(np.array([f(t) for t in of_each]) for f in (np.min, np.median, np.max)))


def _splits(model: Classifier) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield for each tree the features and thresholds of its splits."""
    if hasattr(model, "get_booster"):
        booster = learner_of(model.get_booster())["gradient_booster"]
        for tree in booster.get("model", {}).get("trees", []):
            inner = np.array(tree["left_children"]) >= 0
            conditions = np.array(tree["split_conditions"])
            yield np.array(tree["split_indices"])[inner], conditions[inner]
        return
    forest = isinstance(model, RandomForestClassifier | ExtraTreesClassifier)
    for estimator in model.estimators_ if forest else [model]:
        if hasattr(estimator, "tree_"):
            inner = estimator.tree_.children_left >= 0
            yield estimator.tree_.feature[inner], estimator.tree_.threshold[inner]
