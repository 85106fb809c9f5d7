"""Exercises of lesson 06: train a classifier."""

import pickle
from collections.abc import Callable
from functools import wraps
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from xgboost import XGBClassifier

from helpers.course import BANDS
from helpers.exercises.core import DICTIONARY, NUMBER, call, exercise, same

Parts = list[tuple[np.ndarray, np.ndarray]]

EXACT = 1e-6
THREE_DECIMALS = 0.001  # so close is an answer that has been rounded to three decimals
MOST_ROUNDS = 300  # more would make the check slow
SETTINGS = ("max_depth", "learning_rate", "n_estimators")
STOPPED_EARLIER = (
    "That is lower, but it is the lesson's own model with fewer rounds. Change max_depth or "
    "learning_rate, too."
)
SEVEN_DEEP = (
    "That is the accuracy of the lesson's model, seven questions deep: train a new one, "
    "three deep. (If you have, another setting differs: the others are as in PUBLISHED.)"
)
OTHER_POINTS = {
    "testing": "testing points. The exam stays closed: if you choose by it, you can no longer "
    "trust it. Choose by the five parts.",
    "validation": "validation points, one group with neighbours among the training points. Choose "
    "by the five parts.",
    "training": "training points, and those a model knows by heart. Choose by the five parts.",
}


@exercise(
    "06-1",
    kind=NUMBER,
    right="Less than half the depth, and about as many points named correctly: with a few hundred "
    "points to learn from, deep trees find little more that holds elsewhere.",
    hints=[
        'The settings are PUBLISHED | {"max_depth": 3}; make a new XGBClassifier with them.',
        "cross_val_score(model, features, labels, cv=parts) trains and judges it five times.",
        "That gives five figures, one for each part: take their .mean().",
    ],
)
def accuracy_of_shallower_trees(
    answer: float, *, model: XGBClassifier, spectra: pd.DataFrame, parts: Parts
) -> str | None:
    """Mean accuracy on the parts with trees of three questions."""
    right = _accuracy(model, spectra, parts, max_depth=3)
    if same(answer, right, within=EXACT):
        return None
    as_deep = _accuracy(model, spectra, parts)
    if same(answer, as_deep, within=EXACT):
        return SEVEN_DEEP  # even where the two are the same in three decimals
    if same(answer, right, within=THREE_DECIMALS):
        return None
    if same(answer, round(right, 2), within=EXACT):
        return (
            "With two decimals other models look the same: give three decimals. (If you have, is "
            'the model three deep, and all else as in PUBLISHED | {"max_depth": 3}?)'
        )
    if same(answer, 100 * right):
        return "That is per cent; the exercise asks for a number between 0 and 1."
    if same(answer, 1 - right):
        return "That is the share of points that are named wrongly; accuracy is the rest."
    other_points = _on_points(answer, _fresh(model, max_depth=3), spectra)
    if other_points:
        return other_points
    if same(answer, as_deep, within=THREE_DECIMALS):
        return SEVEN_DEEP
    if same(answer, _accuracy(model, spectra, 5, max_depth=3), within=THREE_DECIMALS):
        return (
            "That is the mean over parts that are not made of blocks, so neighbours give answers "
            "away: pass the lesson's parts, cv=parts."
        )
    if abs(answer - right) < 0.02:
        return (
            "Close. If you have rounded, give three decimals. If not, it is the accuracy of "
            'another model: are all settings but max_depth as in PUBLISHED | {"max_depth": 3}?'
        )
    return (
        "That is not the mean accuracy on the five parts: published settings, max_depth 3, all "
        "twelve bands (features), and cv=parts; not rounded."
    )


@exercise(
    "06-2",
    kind=NUMBER,
    right="With ten classes a round is ten trees, and each of them is asked for every pixel of the "
    "map: stopping early makes the map not only better but also faster.",
    hints=[
        'loss_by_round(PUBLISHED | {"learning_rate": 0.3}) gives a column for each part.',
        '.mean(axis="columns") is the mean curve, and .idxmin() the round where it is lowest.',
        "Trees = rounds up to the best one, times the number of classes, len(class_names).",
    ],
)
def trees_worth_keeping(
    answer: float, *, model: XGBClassifier, spectra: pd.DataFrame, parts: Parts
) -> str | None:
    """Count the trees up to the round that serves the parts best, with larger steps."""
    _, by_part = _losses(model, spectra, parts, learning_rate=0.3)
    rounds, classes = len(by_part), len(model.classes_)
    best = by_part.mean(axis="columns").idxmin()
    if same(answer, best * classes, within=1e-6):
        return None
    if answer in (best, best - 1):
        return "Those are rounds: with ten classes each round adds more than one tree."
    if same(answer, (best - 1) * classes, within=1e-6):
        return "One round is missing: rounds are counted from 1, places in an array from 0."
    if same(answer, rounds * classes, within=1e-6):
        return (
            "Those are the trees of all rounds that were trained. On the points that a model "
            "learns from the loss falls and falls; on the parts left out it is lowest earlier."
        )
    if same(answer, best * len(BANDS), within=1e-6):
        return "You have multiplied by the bands: a round adds one tree for each class."
    if same(answer, by_part.idxmin().mean() * classes, within=1e-6):
        return (
            "That is the mean of the five best rounds. Take the mean of the five curves first, "
            "and then the round where it is lowest."
        )
    _, published = _losses(model, spectra, parts)
    if same(answer, published.mean(axis="columns").idxmin() * classes, within=1e-6):
        return "That is for the published learning rate; this exercise wants steps of 0.3."
    if answer / classes in _best_on_validation(model, spectra, learning_rate=0.3):
        return f"Those are the trees that suit the {OTHER_POINTS['validation']}"
    return (
        "That is not the number of trees up to the best round. Settings: published, but "
        "learning_rate 0.3; the mean loss on the five parts, and the round where it is lowest."
    )


@exercise(
    "06-3",
    kind=DICTIONARY,
    right="Lower than the published settings, and found without opening the exam: so the testing "
    "points can still tell you honestly how good your choice is. Real projects choose like this.",
    hints=[
        "What goes wrong with large steps, and what with very small ones? And with many rounds?",
        "Use smaller trees, or smaller steps, and stop in time: the best round is a good "
        "n_estimators.",
        "Try max_depth 1, 2 and 3 with learning_rate 0.1, and write down the loss of each.",
    ],
)
def own_settings(
    answer: dict, *, model: XGBClassifier, spectra: pd.DataFrame, parts: Parts
) -> str | None:
    """Compare the learner's settings, and the loss claimed for them, with the lesson's model."""
    settings = {name: answer[name] for name in SETTINGS if name in answer}
    impossible = _impossible(answer, settings)
    if impossible:
        return impossible
    learnt, by_part = call(_losses, model, spectra, parts, **settings)
    curve = by_part.mean(axis="columns")
    loss, claimed = curve.iloc[-1], answer["loss"]
    if not same(claimed, loss):
        return _not_its_loss(claimed, curve, learnt, _fresh(model, **settings), spectra)
    published_learnt, published = _losses(model, spectra, parts)
    to_beat = published.mean(axis="columns").iloc[-1]
    if same(loss, to_beat, within=1e-6):
        return "That is as good as the published settings, not better. Change something."
    if loss < to_beat:
        lessons = model.get_params()
        only_fewer = all(settings[name] == lessons[name] for name in ("max_depth", "learning_rate"))
        return STOPPED_EARLIER if only_fewer else None
    compared = f"The mean loss on the parts is {loss:.3f}, and {to_beat:.3f} is the loss to beat. "
    if learnt < published_learnt:
        return compared + (
            "On the points that they learn from, these settings have a lower loss than ours: they "
            "learn even more by heart. Go the other way: smaller trees, or fewer rounds."
        )
    return compared + (
        "On the points that it learns from, it is higher than ours, too: the model has not learnt "
        "enough yet. Give it more rounds or larger steps."
    )


def _impossible(answer: dict, settings: dict) -> str | None:
    """Say what is wrong with settings that no model can be trained with, or return None."""
    if set(answer) != {*SETTINGS, "loss"}:
        return f"The dictionary needs exactly these entries: {', '.join([*SETTINGS, 'loss'])}."
    if not all(isinstance(value, Real) for value in answer.values()):
        return "Each of the four entries should be a number."
    if settings["n_estimators"] > MOST_ROUNDS:
        return f"At most {MOST_ROUNDS} rounds here, so that nobody waits long: lower n_estimators."
    if any(settings[name] != int(settings[name]) for name in ("max_depth", "n_estimators")):
        return "Questions and rounds are counted: max_depth and n_estimators are whole numbers."
    if not 1 <= settings["max_depth"] <= 15 or not 0 < settings["learning_rate"] <= 2:
        return "These settings make no trees: max_depth 1 to 15, learning_rate above 0 and up to 2."
    if settings["n_estimators"] < 1:
        return "At least one round: n_estimators is the number of rounds."
    return None


def _not_its_loss(
    claimed: float,
    curve: pd.Series,
    learnt: float,
    chosen: XGBClassifier,
    spectra: pd.DataFrame,
) -> str:
    """Say whose loss the learner has taken for the mean loss on the parts."""
    if same(claimed, curve.min()):
        return (
            f"That is the lowest loss on the way, at round {curve.idxmin()}. Your model has "
            f"{len(curve)} rounds: give it fewer, or report the loss it has at the end."
        )
    if same(claimed, learnt):
        return (
            "That is the loss on the points that it learns from, which falls with every round, "
            "helpful or not. Take the loss on the parts left out."
        )
    training = _group(spectra, "training")
    chosen.fit(training[BANDS], training["class"])
    for job, said in OTHER_POINTS.items():
        points = _group(spectra, job)
        found = log_loss(
            points["class"], chosen.predict_proba(points[BANDS]), labels=chosen.classes_
        )
        if same(claimed, found):
            return f"That is the loss on the {said}"
    return (
        "These settings do not give that loss: take exactly the three settings you give (the "
        "others as published), the mean of the five parts, the last round, three decimals."
    )


def _group(spectra: pd.DataFrame, job: str) -> pd.DataFrame:
    return spectra[spectra["job"] == job]


def _learning_points(spectra: pd.DataFrame) -> pd.DataFrame:
    """Return the points that decisions may use, in the order to which the parts refer."""
    return spectra[spectra["job"] != "testing"]


def _fresh(model: XGBClassifier, **changes: float) -> XGBClassifier:
    """Return a new model with the settings of another, but for some changes."""
    return type(model)(**model.get_params() | {"n_jobs": 1} | changes)


def _once(train: Callable[..., Any]) -> Callable[..., Any]:
    """Return what the same training has given before: learners ask for feedback again and again."""
    given: dict[bytes, Any] = {}

    @wraps(train)
    def asked(model: XGBClassifier, spectra: pd.DataFrame, parts: Any, **changes: float) -> Any:
        points = spectra[[*BANDS, "class", "job"]].to_dict("list")
        key = pickle.dumps((model.get_params(), points, parts, changes))
        if key not in given:
            given[key] = train(model, spectra, parts, **changes)
        return given[key]

    return asked


@_once
def _accuracy(
    model: XGBClassifier, spectra: pd.DataFrame, parts: Parts | int, **changes: float
) -> float:
    """Return the mean accuracy on parts, each judged by a model that has not learnt from it."""
    points, fresh = _learning_points(spectra), _fresh(model, **changes)
    return float(cross_val_score(fresh, points[BANDS], points["class"], cv=parts).mean())


def _on_points(answer: float, shallower: XGBClassifier, spectra: pd.DataFrame) -> str | None:
    """Say on which points a model was judged that has learnt from some of them, or return None."""
    for learnt_from in (("training", "validation"), ("training",)):
        learnt = spectra[spectra["job"].isin(learnt_from)]
        shallower.fit(learnt[BANDS], learnt["class"])
        judges = {job: _group(spectra, job) for job in ("training", "validation", "testing")}
        for job, points in {"all": learnt, **judges}.items():
            found = shallower.score(points[BANDS], points["class"])
            if not same(answer, found, within=THREE_DECIMALS):
                continue
            if job in ("all", *learnt_from):
                return (
                    "That is the accuracy on the points that it has learnt from, and those it "
                    "knows by heart. Judge it on the parts, each by a model that has not learnt "
                    "from it."
                )
            return f"That is the accuracy on the {OTHER_POINTS[job]}"
    return None


@_once
def _losses(
    model: XGBClassifier, spectra: pd.DataFrame, parts: Parts, **changes: float
) -> tuple[float, pd.DataFrame]:
    """Return the last loss on what is learnt, and the loss on each part by round."""
    points, learnt, by_part = _learning_points(spectra), [], {}
    features, labels = points[BANDS], points["class"]
    for number, rows in enumerate(parts):
        trial = _fresh(model, **changes)
        watched = [(features.iloc[some], labels.iloc[some]) for some in rows]
        trial.fit(*watched[0], eval_set=watched, verbose=False)
        noted = [scores["mlogloss"] for scores in trial.evals_result().values()]
        learnt.append(noted[0][-1])
        by_part[number] = noted[1]
    return float(np.mean(learnt)), pd.DataFrame(by_part).rename(index=lambda place: place + 1)


def _best_on_validation(
    model: XGBClassifier, spectra: pd.DataFrame, **changes: float
) -> tuple[int, int]:
    """Return the rounds, counted from 1, that serve the validation points best.

    The best of all rounds, and the one at which early stopping with a patience of ten would end.
    """
    training, validation = _group(spectra, "training"), _group(spectra, "validation")
    trial = _fresh(model, **changes)
    watched = [(validation[BANDS], validation["class"])]
    trial.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
    losses = np.array(trial.evals_result()["validation_0"]["mlogloss"])
    stopped = next(n for n in range(len(losses)) if losses[n] == losses[: n + 11].min())
    return int(losses.argmin()) + 1, stopped + 1
