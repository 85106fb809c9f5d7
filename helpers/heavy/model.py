"""What a trained model says about itself, checked before any pixel is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from helpers.errors import CourseError, advise

if TYPE_CHECKING:
    from xgboost import Booster, XGBClassifier


PROBES = 3  # pixels that a model is asked for before the work
NEAR = 0.001  # of a probability


class Classifier(Protocol):
    """Anything that gives a probability for each class: scikit-learn, XGBoost, LightGBM."""

    def predict_proba(self, X: object) -> np.ndarray:
        """Return probabilities, one row per pixel and one column per class."""
        ...


def require_fitted(model: Classifier) -> None:
    """Raise CourseError unless the model can predict probabilities now."""
    if isinstance(model, type):
        raise CourseError(
            f"{model.__name__} is a class, not a model: make one and fit it, as in "
            f"{model.__name__}(...).fit(table, classes)."
        )
    if type(model).__name__ == "Booster":
        raise CourseError(
            "A Booster gives no probabilities by class: use XGBClassifier, whose load_model reads "
            "what the Booster has saved."
        )
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


def used_booster(model: XGBClassifier) -> Booster:
    """Return the trees that an XGBoost model predicts with: up to its best round, if it has one.

    ``predict_proba`` goes by the best round after early stopping; the booster itself does not.
    """
    booster = model.get_booster()
    best = getattr(model, "best_iteration", None)
    return booster if best is None else booster[: best + 1]


def learner_of(booster: Booster) -> dict[str, Any]:
    """Return what XGBoost writes of a model, in its documented JSON."""
    return json.loads(booster.save_raw("json"))["learner"]


def number_for_missing(model: object) -> float | None:
    """Return the number that an XGBoost model takes for a missing value; None if only NaN is."""
    value = getattr(model, "missing", None)
    return None if value is None or np.isnan(value) else float(value)


def require_bands(
    model: Classifier,
    bands: Sequence[str] | None,
    count: int,
    choose: Callable[[Sequence[str]], str],
) -> None:
    """Raise CourseError unless the cube has the bands of the model, in the model's order.

    `choose` writes the line of code that picks bands of the cube by these names.
    """
    trained = trained_bands(model)
    needed = len(trained) if trained else getattr(model, "n_features_in_", count)
    if trained and bands is None and count == needed:
        raise CourseError(
            f"The model was trained on the bands {', '.join(trained)}, but the cube's bands have "
            "no names: give the cube's dimension of bands these names with "
            f"cube.assign_coords(...), as in band={list(trained)}."
        )
    if trained and bands is not None and tuple(bands) != trained:
        raise CourseError(_difference(trained, tuple(bands), choose))
    if count != needed:
        raise CourseError(
            f"The model was trained on {needed} bands, but the cube has {count}: select the same "
            "ones."
        )


def _difference(
    trained: tuple[str, ...], bands: tuple[str, ...], choose: Callable[[Sequence[str]], str]
) -> str:
    missing = [name for name in trained if name not in bands]
    unknown = [name for name in bands if name not in trained]
    if missing:
        return (
            f"The cube lacks {', '.join(missing)}, which the model was trained on; it has "
            f"{', '.join(bands)}."
        )
    cure = f"choose with {choose(trained)}."
    if unknown:
        return f"The cube has {', '.join(unknown)}, which the model was not trained on: {cure}"
    return (
        f"The cube's bands are in another order ({', '.join(bands)}) than those the model was "
        f"trained on ({', '.join(trained)}): {cure}"
    )


def count_classes(model: Classifier, probabilities: np.ndarray) -> int:
    """Return how many classes a model tells apart, by its answer for a pixel."""
    classes = getattr(model, "classes_", None)
    if classes is not None and len(classes) == 1 and not isinstance(classes[0], np.ndarray):
        raise CourseError(
            f"The model knows one class only ({classes[0]}), so every pixel would be that: train "
            "it with points of two classes at least."
        )
    if isinstance(probabilities, np.ndarray) and probabilities.ndim == 2:
        columns = probabilities.shape[1]
        _require_probabilities(model, probabilities)
        if classes is None or len(classes) == columns:
            return columns
    several = (
        isinstance(probabilities, list)
        and all(isinstance(answer, np.ndarray) for answer in probabilities)
    ) or getattr(probabilities, "ndim", 1) > 1
    if several and not isinstance(probabilities, pd.DataFrame):
        raise CourseError(
            f"This {type(model).__name__} answers several questions at once, but one probability "
            "per class is needed: train a model for each."
        )
    raise CourseError(
        f"predict_proba of this {type(model).__name__} gives a {type(probabilities).__name__}, "
        "but an array with a row per pixel and a column per class is needed."
    )


def _require_probabilities(model: Classifier, answers: np.ndarray) -> None:
    """Refuse answers for some pixels that are no probabilities; advise if they do not add up."""
    if len(answers) != PROBES:
        raise CourseError(
            f"predict_proba of this {type(model).__name__} gives {len(answers)} rows for {PROBES} "
            "pixels, but a row per pixel is needed."
        )
    if (answers < -NEAR).any() or (answers > 1 + NEAR).any():
        raise CourseError(
            f"predict_proba of this {type(model).__name__} gives numbers from {answers.min():.3g} "
            f"to {answers.max():.3g}, but probabilities lie between 0 and 1: wrap the model in a "
            "class whose predict_proba returns them."
        )
    total = answers[0].sum()
    if abs(total - 1) > NEAR:
        advise(
            f"The probabilities of this {type(model).__name__} add up to {total:.3g}, not to 1: "
            "it judges each class by itself, or answers several questions at once, so do not "
            "compare the classes of a pixel with each other."
        )


def require_codes(model: Classifier) -> None:
    """Refuse an XGBoost model of categories whose numbers in a cube it would misunderstand.

    It knows the place of each category in its list, which a bare number is taken for.
    """
    if not hasattr(model, "get_booster") or "c" not in (model.get_booster().feature_types or ()):
        return
    for band, categories in model.get_booster().get_categories(export_to_arrow=True).to_arrow():
        names = [] if categories is None else categories.to_pylist()
        if names != list(range(len(names))):
            raise CourseError(
                f"The model was trained on {band} as categories ({', '.join(map(str, names[:3]))} "
                "...), but takes the numbers of a cube for their places in that list: train it "
                f"with {band} as plain numbers, or number the categories 0, 1, 2 ... in both."
            )


def class_labels(
    model: Classifier, names: Mapping[Any, str] | Sequence[str] | None, columns: int
) -> np.ndarray:
    """Labels of the model's classes in the order of its probabilities.

    Names are a mapping from class to name, as anything with an index is (a Series), or one name a
    class in the order of ``model.classes_``.
    """
    classes = class_values(model, columns).tolist()
    if names is None:
        return np.asarray(classes)
    if hasattr(names, "to_series"):  # an xarray.DataArray, or an Index, whose index is itself
        names = list(names) if isinstance(names, pd.Index) else names.to_series()
    if isinstance(names, pd.Series):
        if not names.index.is_unique:
            raise CourseError("`class_names` names a class twice: give each class one row.")
        names = names.to_dict()
    if isinstance(names, Mapping):
        nameless = [value for value in classes if value not in names]
        if nameless:
            raise CourseError(
                f"`class_names` has no name for the class {nameless[0]!r}: it names "
                f"{', '.join(map(repr, names))}."
            )
        labels = [names[value] for value in classes]
    elif isinstance(names, str | set | frozenset | pd.DataFrame) or np.ndim(names) != 1:
        raise CourseError(
            f"`class_names` is a {type(names).__name__}, which does not say which class each name "
            "is for: give a mapping from class to name."
        )
    else:
        labels = list(names)
    if len(labels) != columns:
        raise CourseError(
            f"`class_names` has {len(labels)} names, but the model knows {columns} classes: "
            f"{', '.join(map(str, classes))}."
        )
    unnamed = [value for value, label in zip(classes, labels, strict=True) if pd.isna(label)]
    if unnamed:
        raise CourseError(f"The name that `class_names` has for the class {unnamed[0]!r} is empty.")
    _require_different(labels, classes)
    return np.asarray(labels)


def _require_different(labels: Sequence[Any], classes: Sequence[Any]) -> None:
    for place, label in enumerate(labels):
        if label in labels[:place]:
            first = classes[labels.index(label)]
            raise CourseError(
                f"`class_names` gives the name {label!r} to two classes, {first!r} and "
                f"{classes[place]!r}: give each its own."
            )


def class_values(model: Classifier, columns: int) -> np.ndarray:
    """Values of the model's classes, ``0 ... columns - 1`` where it does not tell.

    Whole numbers that a table has kept as fractions are whole numbers again.
    """
    classes = getattr(model, "classes_", None)
    if classes is None:
        return np.arange(columns)
    classes = np.asarray(classes)
    whole = classes.dtype.kind == "f" and (classes == np.rint(classes)).all()
    return classes.astype(int) if whole else classes


def columns_of(classes: Sequence[Any] | None, labels: np.ndarray, values: np.ndarray) -> list[int]:
    """Which columns of the probabilities hold the chosen classes, by label or by value."""
    if classes is None:
        return list(range(len(labels)))
    if isinstance(classes, str) or (np.ndim(classes) == 0 and not isinstance(classes, Iterable)):
        classes = [classes]
    positions = dict(zip(values.tolist(), range(len(values)), strict=True))
    positions |= dict(zip(labels.tolist(), range(len(labels)), strict=True))
    chosen = [item.item() if hasattr(item, "item") else item for item in classes]
    nested = [item for item in chosen if not isinstance(item, Hashable)]
    if nested:
        raise CourseError(
            f"`classes` holds a {type(nested[0]).__name__}, but it must be a plain list of classes."
        )
    unseen = [item for item in chosen if item not in positions]
    if unseen or not chosen:
        wrong = f"has never seen the class {unseen[0]!r}" if unseen else "was asked for no class"
        raise CourseError(f"The model {wrong}: it knows {', '.join(map(str, labels))}.")
    columns = [positions[item] for item in chosen]
    if isinstance(classes, Set):  # which has no order of its own
        return sorted(set(columns))
    if len(set(columns)) < len(columns):
        raise CourseError(f"`classes` asks for a class twice: {', '.join(map(repr, chosen))}.")
    return columns
