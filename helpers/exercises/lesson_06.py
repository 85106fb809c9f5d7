"""Exercises of lesson 06: train a classifier."""

from numbers import Real

import pandas as pd
from sklearn.metrics import log_loss
from xgboost import XGBClassifier

from helpers.course import BANDS
from helpers.exercises.core import DICTIONARY, NUMBER, call, exercise, same

PATIENCE = 10
THREE_DECIMALS = 0.001  # so close is an answer that has been rounded to three decimals
MOST_ROUNDS = 300  # more would make the check slow


@exercise(
    "06-1",
    kind=NUMBER,
    right="Less than half the depth, and about as many points named rightly: with a few hundred "
    "points to learn from, deep trees find little more that holds elsewhere.",
    hints=[
        'The settings are PUBLISHED | {"max_depth": 3}; make a new XGBClassifier with them.',
        'Fit it to training[BANDS] and training["class"]; only then judge it with validation.',
        'model_depth_3.score(validation[BANDS], validation["class"]) is the accuracy.',
    ],
)
def accuracy_of_shallower_trees(
    answer: float,
    *,
    model: XGBClassifier,
    spectra: pd.DataFrame,
) -> str | None:
    """Accuracy on the validation points with trees of three questions."""
    training, validation, testing = _groups(spectra)
    shallower = _trained(model, training, max_depth=3)
    right = _accuracy(shallower, validation)
    if same(answer, right, within=THREE_DECIMALS):
        return None
    if same(answer, _accuracy(shallower, testing), within=THREE_DECIMALS):
        return (
            "That is the accuracy on the testing points. The exam is over: settings are compared "
            "on the validation points."
        )
    if same(answer, 100 * right):
        return "That is per cent; the exercise asks for a number between 0 and 1."
    if same(answer, 1 - right):
        return "That is the share of points that are named wrongly; accuracy is the rest."
    if same(answer, _accuracy(shallower, training), within=THREE_DECIMALS):
        return (
            "That is the accuracy on the points that it has learnt from, and those it knows by "
            "heart. Judge it with the validation points."
        )
    if same(answer, _accuracy(model, validation), within=THREE_DECIMALS):
        return (
            "That is the accuracy of the lesson's model, seven questions deep: train a new one, "
            "three deep. (If you have, another setting differs: the others are as in PUBLISHED.)"
        )
    if abs(answer - right) < 0.02:
        return (
            "Close. If you have rounded, give three decimals. If not, it is the accuracy of "
            'another model: are all settings but max_depth as in PUBLISHED | {"max_depth": 3}?'
        )
    return (
        "That is not the accuracy of this model on the validation points: published settings, "
        "max_depth 3, all twelve bands, learnt from the training points alone; not rounded."
    )


@exercise(
    "06-2",
    kind=NUMBER,
    right="With ten classes a round is ten trees, and each of them is asked for every pixel of the "
    "map: stopping early makes the map not only better but also faster.",
    hints=[
        "Settings and early_stopping_rounds go to XGBClassifier(...), eval_set goes to fit(...).",
        "best_iteration is the best round, counted from 0.",
        "Trees = rounds up to the best one, times the number of classes, len(class_names).",
    ],
)
def trees_worth_keeping(
    answer: float,
    *,
    model: XGBClassifier,
    spectra: pd.DataFrame,
) -> str | None:
    """Count the trees up to the best round of a faster model with early stopping."""
    training, validation, testing = _groups(spectra)
    best = _best_round(model, training, validation, learning_rate=0.3)
    classes = len(model.classes_)
    if same(answer, best * classes, within=1e-6):
        return None
    if answer in (best, best - 1):
        return "Those are rounds: with ten classes each round adds more than one tree."
    if answer in (best + PATIENCE, best + PATIENCE - 1):
        return (
            "So many rounds were trained, the ten of its patience among them. Count up to the best "
            "round, and count trees: with ten classes each round adds more than one."
        )
    if same(answer, (best - 1) * classes, within=1e-6):
        return "One round is missing: best_iteration counts from 0, so the first round is number 0."
    if same(answer, (best + PATIENCE) * classes, within=1e-6):
        return (
            "That counts the last ten rounds, too. They were the model's patience and brought "
            "nothing: count up to the best round only."
        )
    if same(answer, _best_round(model, training, validation) * classes, within=1e-6):
        return "That is for the published learning rate; this exercise wants steps of 0.3."
    if same(answer, _best_round(model, training, testing, learning_rate=0.3) * classes):
        return "Those are the rounds that suit the testing points: keep the exam closed."
    if answer > 100 * classes:
        return (
            "So many rounds? On the points that it learns from the loss falls and falls: watch "
            "the validation points alone."
        )
    return (
        "That is not the number of trees up to the best round. Settings: published, but "
        "learning_rate 0.3 and n_estimators 1000, with early_stopping_rounds=10."
    )


@exercise(
    "06-3",
    kind=DICTIONARY,
    right="Lower than the published settings, and found without opening the exam: so the testing "
    "points can still tell you honestly how good your choice is. Real projects choose like this.",
    hints=[
        "Look at the plot of learning rates: what goes wrong with large steps, and what with very "
        "small ones?",
        "Either stop sooner (the best round of early stopping is a good n_estimators) or use "
        "smaller trees.",
        "Try max_depth 1, 2 and 3 with learning_rate 0.1, and write down the loss of each.",
    ],
)
def own_settings(
    answer: dict,
    *,
    model: XGBClassifier,
    spectra: pd.DataFrame,
) -> str | None:
    """Compare the learner's settings, and the loss claimed for them, with the lesson's model."""
    training, validation, testing = _groups(spectra)
    wanted = {"max_depth", "learning_rate", "n_estimators", "validation_loss"}
    if set(answer) != wanted:
        return f"The dictionary needs exactly these entries: {', '.join(sorted(wanted))}."
    if not all(isinstance(value, Real) for value in answer.values()):
        return "Each of the four entries should be a number."
    settings = {name: value for name, value in answer.items() if name != "validation_loss"}
    if settings["n_estimators"] > MOST_ROUNDS:
        return f"At most {MOST_ROUNDS} rounds here, so that nobody waits long: lower n_estimators."
    if any(settings[name] != int(settings[name]) for name in ("max_depth", "n_estimators")):
        return "Questions and rounds are counted: max_depth and n_estimators are whole numbers."
    if not 1 <= settings["max_depth"] <= 15 or not 0 < settings["learning_rate"] <= 2:
        return "Such settings make no trees: max_depth 1 to 15, learning_rate above 0 and up to 2."
    if settings["n_estimators"] < 1:
        return "At least one round: n_estimators is the number of rounds."
    chosen = call(_trained, model, training, **settings)
    claimed, loss = answer["validation_loss"], _loss(chosen, validation)
    to_beat = _loss(model, validation)
    if not same(claimed, loss):
        return _not_its_loss(claimed, chosen, training, testing)
    if loss < to_beat:
        return None
    if same(loss, to_beat, within=1e-6):
        return "That is as good as the published settings, not better. Change something."
    if _loss(chosen, training) < _loss(model, training):
        return (
            f"The loss on the validation points is {loss:.3f}, and {to_beat:.3f} is to be beaten. "
            "On the training points these settings have less loss than ours: they learn even more "
            "by heart. Go the other way: smaller trees, or fewer rounds."
        )
    return (
        f"The loss on the validation points is {loss:.3f}, and {to_beat:.3f} is to be beaten. On "
        "the training points it is higher than ours, too: the model has not arrived yet. Give it "
        "more rounds or larger steps."
    )


def _not_its_loss(
    claimed: float,
    chosen: XGBClassifier,
    training: pd.DataFrame,
    testing: pd.DataFrame,
) -> str:
    """Say whose loss the learner has taken for the loss on the validation points."""
    if same(claimed, _loss(chosen, testing)):
        return (
            "That is the loss on the testing points. Whoever chooses by the exam cannot trust "
            "the exam any more: use the validation points."
        )
    if same(claimed, _loss(chosen, training)):
        return (
            "That is the loss on the training points, which falls with every round, helpful or "
            "not. Use the validation points."
        )
    return (
        "These settings do not lead to that validation_loss: train with exactly the three settings "
        "you give (the others as published) and round to three decimals, not fewer. If you used "
        "early stopping, n_estimators is the best round, counted from 1."
    )


def _groups(spectra: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the points for training, validation and testing."""
    return [spectra[spectra["job"] == job] for job in ("training", "validation", "testing")]


def _trained(model: XGBClassifier, training: pd.DataFrame, **changes: float) -> XGBClassifier:
    """Return a new model with the settings of another, but for some changes, trained."""
    fresh = type(model)(**model.get_params() | {"n_jobs": 1} | changes)
    return fresh.fit(training[BANDS], training["class"])


def _best_round(
    model: XGBClassifier,
    training: pd.DataFrame,
    watched: pd.DataFrame,
    **changes: float,
) -> int:
    """Return the round, counted from 1, that early stopping finds best."""
    settings = model.get_params() | {"n_jobs": 1} | changes
    settings |= {"n_estimators": 1000, "early_stopping_rounds": PATIENCE}
    patient = type(model)(**settings)
    watched = [(watched[BANDS], watched["class"])]
    patient.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
    return patient.best_iteration + 1


def _accuracy(model: XGBClassifier, points: pd.DataFrame) -> float:
    return float((model.predict(points[BANDS]) == points["class"]).mean())


def _loss(model: XGBClassifier, points: pd.DataFrame) -> float:
    return float(
        log_loss(points["class"], model.predict_proba(points[BANDS]), labels=model.classes_)
    )
