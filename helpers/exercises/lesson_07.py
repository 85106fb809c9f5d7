"""Exercises of lesson 07: how good is the model."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from helpers.exercises.core import NUMBER, SERIES, exercise

PINES, FOREST = "Dense Pines", "Indigenous Forest"
MISSED_PINE, FALSE_ALARM = 10, 1  # what each costs
THRESHOLDS = np.arange(1, 100) / 100
BLOCK_METRES = 2000
TWO_DECIMALS = 0.0051
THREE_DECIMALS = 0.00051  # so close is an answer that has been rounded to three decimals


@exercise(
    "07-1",
    kind=NUMBER,
    right="Native forest is protected, so this is the share of the column that must be known "
    "before anyone is sent to fell trees. But not from these points: among them pines are far more "
    "common than in the mountains. On the map it can be twice as large, or more; lesson 11 asks a "
    "random sample.",
    hints=[
        "Everything that the model calls Dense Pines is in one column of counts.",
        'counts["Dense Pines"] is that column; counts["Dense Pines"]["Indigenous Forest"] is one '
        "cell of it.",
        "Divide that cell by the sum of the column, and give three decimals.",
    ],
)
def forest_among_called_pines(answer: float, *, counts: pd.DataFrame) -> str | None:
    """Share of forest among what is called pine: a column of the confusion matrix."""
    cell, mirrored = counts.loc[FOREST, PINES], counts.loc[PINES, FOREST]
    called_pines = counts[PINES].sum()
    pines = counts.loc[PINES, PINES]
    meanings = [
        (cell / called_pines, None),
        (
            cell / counts.loc[FOREST].sum(),
            "You divided by the row: that is the share of the forest that is called pine. The team "
            "starts from what the map calls pine, and that is a column.",
        ),
        (
            cell / counts.loc[PINES].sum(),
            "You divided by how many points truly are pine, the sum of a row. The places on the "
            "team's list are those that are called pine: the sum of the column.",
        ),
        (
            cell / counts.to_numpy().sum(),
            "You divided by all testing points; the team visits only those called Dense Pines.",
        ),
        (
            mirrored / counts.loc[PINES].sum(),
            "That starts from what truly is pine, and asks how much of it is called forest: the "
            "missed pines. The question starts from what is called pine.",
        ),
        (
            mirrored / counts[FOREST].sum(),
            "That is the share of pines in what is called forest: the two classes are swapped.",
        ),
        (
            pines / called_pines,
            "That is the share of true pines in the column, the precision; look at the forest.",
        ),
        (cell, "That is a number of points: divide it by how many are called Dense Pines."),
        (100 * cell / called_pines, "That is per cent; the answer is a number between 0 and 1."),
    ]
    known = [(value, meaning) for value, meaning in meanings if np.isfinite(value)]
    value, meaning = min(known, key=lambda pair: abs(answer - pair[0]))
    if abs(answer - value) <= max(THREE_DECIMALS, 0.005 * value):
        return meaning
    if abs(answer - round(cell / called_pines, 2)) < 1e-6:
        return "Rounded to two decimals, several ways of dividing look alike: give three."
    return "That is not it: which cell counts forest that is called pine, and what sum is below it?"


@exercise(
    "07-2",
    kind=NUMBER,
    right="A threshold puts a price on each kind of mistake. Where a missed seed tree is "
    "expensive, a map must call pine early and accept walks for nothing; state the costs with the "
    "map, so that others can disagree.",
    hints=[
        "For one threshold t: missed = (is_pine & (pine_probability < t)).sum().",
        "false_alarms = (~is_pine & (pine_probability >= t)).sum(); "
        "the cost is 10 * missed + false_alarms.",
        "Do it for every t in a loop, collect the costs in a list, and take "
        "thresholds[np.argmin(costs)].",
    ],
)
def cheapest_threshold(
    answer: float,
    *,
    is_pine: ArrayLike,
    pine_probability: ArrayLike,
    testing_is_pine: ArrayLike,
    testing_probability: ArrayLike,
) -> str | None:
    """Find the threshold at which misses and false alarms together cost least."""
    costs = _costs(is_pine, pine_probability)
    if answer > 1:
        return (
            "A threshold is a probability between 0 and 1. If you have the lowest cost, or its "
            "place in the list (np.argmin): thresholds[place] is the threshold that belongs to it."
        )
    if _costs(is_pine, pine_probability, [answer])[0] <= costs.min():
        return None
    swapped = _costs(is_pine, pine_probability, missed_pine=FALSE_ALARM, false_alarm=MISSED_PINE)
    if _is_cheapest(answer, swapped) or _is_cheapest(answer, -costs):
        return (
            "At that threshold most pines are missed. Either the costs are swapped, ten times as "
            "much for a false alarm as for a missed pine, or you have taken the highest cost for "
            "the lowest."
        )
    if _is_cheapest(answer, _costs(is_pine, pine_probability, missed_pine=1)):
        return "That is the cheapest threshold if both mistakes cost the same: weigh missed pines."
    if _is_balanced(answer, is_pine, pine_probability):
        return (
            "There are as many missed pines as false alarms there, the balance of the lesson. It "
            "says nothing about costs: count each missed pine ten times."
        )
    if abs(answer - FALSE_ALARM / (FALSE_ALARM + MISSED_PINE)) < TWO_DECIMALS:
        return (
            "Well reasoned: that would be the answer if the probabilities were exactly right. They "
            "are not; count the costs on the validation points."
        )
    if _is_cheapest(answer, _costs(testing_is_pine, testing_probability)):
        return (
            "That suits the testing points. A threshold is a decision: use the validation points."
        )
    return (
        "There is a cheaper threshold: count the missed pines below t ten times and add the "
        "false alarms from t on, for each t from 0.01 to 0.99."
    )


def _costs(
    truth: ArrayLike,
    probability: ArrayLike,
    thresholds: ArrayLike = THRESHOLDS,
    missed_pine: float = MISSED_PINE,
    false_alarm: float = FALSE_ALARM,
) -> np.ndarray:
    """Return the cost of each threshold."""
    truth, probability = np.asarray(truth, bool), np.asarray(probability, float)
    called = probability >= np.asarray(thresholds)[:, None]
    missed, false_alarms = (truth & ~called).sum(axis=1), (~truth & called).sum(axis=1)
    return missed_pine * missed + false_alarm * false_alarms


def _is_balanced(answer: float, truth: ArrayLike, probability: ArrayLike) -> bool:
    """Say whether misses and false alarms are as close to equal as at any threshold."""
    gaps = np.abs(_costs(truth, probability, [answer, *THRESHOLDS], missed_pine=1, false_alarm=-1))
    return bool(gaps[0] == gaps.min())


def _is_cheapest(answer: float, costs: np.ndarray) -> bool:
    return bool(np.isclose(THRESHOLDS[costs == costs.min()], answer).any())


@exercise(
    "07-3",
    kind=SERIES,
    right="Now run the lesson's test with them. A clear fall would mean that a neighbour's help "
    "reaches farther than a kilometre. A change of a hundredth or two, down or up, is within the "
    "uncertainty of so few places.",
    hints=[
        "A block is a column number and a row number, both whole numbers; put them into one label.",
        "A column number is the distance east, spectra.geometry.x, divided by the width of a block "
        "and rounded down.",
        "Take the lesson's three lines and put 2000 in place of BLOCK_METRES.",
    ],
)
def wider_blocks(answer: pd.Series, *, spectra: gpd.GeoDataFrame) -> str | None:
    """Compare labels with squares of two kilometres: the same points belong together."""
    if len(answer) != len(spectra):
        return f"There are {len(spectra)} points, but {len(answer)} labels: one for each point."
    if answer.isna().any():
        return "Some points have no label."
    x, y = spectra.geometry.x.to_numpy(), spectra.geometry.y.to_numpy()
    labels = answer.to_numpy()
    east, north = np.floor(x / BLOCK_METRES), np.floor(y / BLOCK_METRES)
    moved = [np.floor(along / BLOCK_METRES + 0.5) for along in (x, y)]
    from_corner = [np.floor((along - along.min()) / BLOCK_METRES) for along in (x, y)]
    squares = [_pairs(east, north), _pairs(*moved), _pairs(*from_corner)]
    if any(_alike(labels, blocks) for blocks in squares):
        return None
    if _alike(labels, _pairs(np.floor(x / 1000), np.floor(y / 1000))):
        return (
            "Those are still the blocks of one kilometre: make column and row again, too, with "
            "2000 in place of BLOCK_METRES."
        )
    if _alike(labels, east) or _alike(labels, north):
        return (
            "Those are stripes: blocks need a column (from x) and a row (from y), so that they end "
            "in both directions."
        )
    if _alike(labels, east + north) or _alike(labels, east * north):
        return (
            "Different blocks get the same number: 3 + 5 and 4 + 4 are both 8. Keep column and row "
            "apart, for example as text with a sign between them."
        )
    if answer.nunique() > 0.9 * len(answer):
        return (
            "Nearly every point has a block of its own. Divide metres by 2000, and round down "
            "with np.floor."
        )
    return "Those are not squares of 2 km: np.floor(x / 2000) and np.floor(y / 2000), in one label."


def _pairs(column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return one number for each pair of column and row."""
    return np.unique(np.stack([column, row]), axis=1, return_inverse=True)[1].ravel()


def _alike(labels: np.ndarray, others: np.ndarray) -> bool:
    """Say whether two lists of labels put the same points together."""
    ours, theirs = pd.factorize(labels)[0], pd.factorize(others)[0]
    pairs = len(set(zip(ours.tolist(), theirs.tolist(), strict=True)))
    return pairs == len(set(ours.tolist())) == len(set(theirs.tolist()))
