"""What a trained model says about itself, checked before any pixel is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from helpers.errors import CourseError


class Classifier(Protocol):
    """Anything that gives a probability for each class: scikit-learn, XGBoost, LightGBM."""

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: ANN401
        """Return probabilities, one row a pixel and one column a class."""
        ...


def require_fitted(model: Classifier) -> None:
    """Raise CourseError unless the model can predict probabilities now."""
    if not hasattr(model, "predict_proba"):
        raise CourseError(
            f"{type(model).__name__} has no predict_proba, so it gives no probabilities: use a "
            "classifier that does, such as XGBClassifier."
        )
    if not hasattr(model, "fit"):
        return
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise CourseError(
            f"This {type(model).__name__} is not fitted yet: call model.fit(...) first."
        ) from None


def trained_bands(model: Classifier) -> tuple[str, ...] | None:
    """Names of the features the model was trained on, in order; None if it was given none."""
    names = getattr(model, "feature_names_in_", None)
    if names is None and hasattr(model, "get_booster"):
        names = model.get_booster().feature_names
    if names is None or list(names) == [f"Column_{i}" for i in range(len(names))]:
        return None  # LightGBM numbers features that had no names
    return tuple(str(name) for name in names)


def used_booster(model: Any) -> Any:  # noqa: ANN401
    """Return the trees that an XGBoost model predicts with: up to its best round, if it has one.

    ``predict_proba`` goes by the best round after early stopping; the booster itself does not.
    """
    booster = model.get_booster()
    best = getattr(model, "best_iteration", None)
    return booster if best is None else booster[: best + 1]


def own_missing_value(model: Any) -> float | None:  # noqa: ANN401
    """Return the number that an XGBoost model takes for a missing value; None if only NaN is."""
    value = getattr(model, "missing", None)
    return None if value is None or np.isnan(value) else float(value)


def require_bands(model: Classifier, bands: Sequence[str] | None, count: int) -> None:
    """Raise CourseError unless the cube has the bands of the model, in the model's order.

    Parameters
    ----------
    bands
        Names of the cube's bands, None if it has none.
    count
        Number of the cube's bands.
    """
    trained = trained_bands(model)
    needed = len(trained) if trained else getattr(model, "n_features_in_", count)
    if trained and bands is None and count == needed:
        raise CourseError(
            f"The model was trained on the bands {', '.join(trained)}, but the cube's bands have "
            "no names: name them with cube.assign_coords(band=[...])."
        )
    if trained and bands is not None and tuple(bands) != trained:
        raise CourseError(_difference(trained, tuple(bands)))
    if count != needed:
        raise CourseError(
            f"The model was trained on {needed} bands, but the cube has {count}: select the same "
            "ones with cube.sel(band=[...])."
        )


def _difference(trained: tuple[str, ...], bands: tuple[str, ...]) -> str:
    missing = [name for name in trained if name not in bands]
    unknown = [name for name in bands if name not in trained]
    if missing:
        return (
            f"The cube lacks {', '.join(missing)}, which the model was trained on; it has "
            f"{', '.join(bands)}."
        )
    mend = f"reorder them with cube.sel(band={list(trained)})."
    if unknown:
        return f"The cube has {', '.join(unknown)}, which the model was not trained on: {mend}"
    return (
        f"The cube's bands are in another order ({', '.join(bands)}) than those the model was "
        f"trained on ({', '.join(trained)}): {mend}"
    )


def count_classes(model: Classifier, probabilities: np.ndarray) -> int:
    """Return how many classes a model tells apart, by its answer for a pixel.

    Raises
    ------
    CourseError
        If the answer is not one probability a class.
    """
    classes = getattr(model, "classes_", None)
    if isinstance(probabilities, np.ndarray) and probabilities.ndim == 2:
        columns = probabilities.shape[1]
        if classes is None or len(classes) == columns:
            return columns
    several = isinstance(probabilities, list) or getattr(probabilities, "ndim", 1) > 1
    if several and not isinstance(probabilities, pd.DataFrame):
        raise CourseError(
            f"This {type(model).__name__} answers several questions at once, but one probability "
            "a class is needed: train a model for each."
        )
    raise CourseError(
        f"predict_proba of this {type(model).__name__} gives a {type(probabilities).__name__}, "
        "but an array with a row a pixel and a column a class is needed."
    )


def class_labels(
    model: Classifier, names: Mapping[Any, str] | Sequence[str] | None, columns: int
) -> np.ndarray:
    """Labels of the model's classes in the order of its probabilities.

    Parameters
    ----------
    names
        Names for the classes: a mapping from class to name, or one name a class in the order of
        ``model.classes_``. None labels them by ``model.classes_`` itself.
    columns
        How many probabilities the model gives a pixel.

    Raises
    ------
    CourseError
        If a class has no name.
    """
    classes = class_values(model, columns)
    if names is None:
        return classes
    if isinstance(names, Mapping):
        nameless = [value for value in classes.tolist() if value not in names]
        if nameless:
            raise CourseError(f"`class_names` has no name for the class {nameless[0]!r}.")
        return np.asarray([names[value] for value in classes.tolist()])
    if len(names) != columns:
        raise CourseError(
            f"`class_names` has {len(names)} names, but the model knows {columns} classes: "
            f"{', '.join(map(str, classes))}."
        )
    return np.asarray(list(names))


def class_values(model: Classifier, columns: int) -> np.ndarray:
    """Values of the model's classes, ``0 ... columns - 1`` where it does not tell."""
    classes = getattr(model, "classes_", None)
    return np.arange(columns) if classes is None else np.asarray(classes)


def columns_of(classes: Sequence[Any] | None, labels: np.ndarray, values: np.ndarray) -> list[int]:
    """Which columns of the probabilities hold the chosen classes, by label or by value.

    Raises
    ------
    CourseError
        If the model never saw one of them.
    """
    if classes is None:
        return list(range(len(labels)))
    if isinstance(classes, str) or not isinstance(classes, Sequence | np.ndarray):
        classes = [classes]
    positions = dict(zip(values.tolist(), range(len(values)), strict=True))
    positions |= dict(zip(labels.tolist(), range(len(labels)), strict=True))
    chosen = [item.item() if isinstance(item, np.generic) else item for item in classes]
    unseen = [item for item in chosen if item not in positions]
    if unseen or not chosen:
        wrong = f"has never seen the class {unseen[0]!r}" if unseen else "was asked for no class"
        raise CourseError(f"The model {wrong}: it knows {', '.join(map(str, labels))}.")
    return [positions[item] for item in chosen]
