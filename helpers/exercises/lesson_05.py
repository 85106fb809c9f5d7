"""Exercises of lesson 05: spectra at the points."""

from itertools import combinations

import numpy as np
import pandas as pd

from helpers.course import BANDS
from helpers.exercises.core import SEQUENCE, SERIES, TEXT, exercise

FOLDS = 5
# A pair of bands is taken if it is no more than so many standard errors behind the best one. Two
# would be usual; the best of 66 has had luck on its side, too.
ERRORS_BEHIND = 3

VISIBLE = {"coastal", "blue", "green", "red"}
PLATEAU = {"rededge2", "rededge3", "nir", "nir08", "nir09"}


@exercise(
    "05-1",
    kind=SERIES,
    right=(
        "An index is a question put to two bands. This one still grows in dense canopies, where "
        "NDVI levels off: look at its medians by class, and see whether it separates pines from "
        "the other trees any better."
    ),
    hints=[
        "The lesson has a function for all indices of this form: normalised_difference.",
        'It wants a table and the names of two bands. For NDVI these were "nir" and "red".',
        'The table is learning_points, the first band "nir", the second "rededge1".',
    ],
)
def red_edge_index(answer: pd.Series, *, learning_points: pd.DataFrame) -> str | None:
    """Compute NDRE for every learning point."""
    if len(answer) != len(learning_points):
        return (
            f"Your Series has {len(answer)} values; learning_points has {len(learning_points)} "
            "rows: compute the index for all of them."
        )
    if not pd.api.types.is_numeric_dtype(answer):
        return "Your Series doesn't hold numbers: an index is computed from two bands."
    values = answer.to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(values).all():
        return "Some of your values are missing (NaN) or infinite: have you divided by 0?"
    nir, rededge1 = learning_points["nir"].to_numpy(), learning_points["rededge1"].to_numpy()

    def is_equal(expected: np.ndarray) -> bool:
        return np.allclose(values, expected, atol=0.002)

    if is_equal((nir - rededge1) / (nir + rededge1)):
        return None
    if is_equal((rededge1 - nir) / (nir + rededge1)):
        return "The sign is wrong: the difference is nir minus rededge1, not the reverse."
    if is_equal(nir - rededge1 / nir + rededge1):
        return (
            "Division comes before subtraction: put brackets around the difference and around the "
            "sum."
        )
    if is_equal(nir - rededge1):
        return "That is the difference alone; divide it by the sum of the two bands."
    if is_equal(nir / rededge1):
        return "That is a plain ratio; take the difference divided by the sum."
    for band in BANDS:
        other = learning_points[band].to_numpy()
        if band != "rededge1" and is_equal((nir - other) / (nir + other)):
            return f"The form is right, but your second band is {band}; NDRE takes rededge1."
    if values.min() < -1 or values.max() > 1:
        return "Values outside -1 to 1: check the brackets: (nir - rededge1) / (nir + rededge1)."
    return "Not NDRE yet: the difference of nir and rededge1, divided by the sum of the same two."


@exercise(
    "05-2",
    kind=TEXT,
    right=(
        "What counts is how far two classes are apart in units of how much they vary, not the bare "
        "difference. Every test of separability, and every split of a decision tree "
        "in lesson 06, weighs the two against each other."
    ),
    hints=[
        "Take the three lines for pines and dense fynbos and put in the other class.",
        'The class is called "Bare Ground"; .loc["Bare Ground"] takes its row.',
        "(difference / mean_spread)[BANDS] leaves only the bands; .idxmax() names the largest.",
    ],
)
def band_of_bare_ground(answer: str, *, learning_points: pd.DataFrame) -> str | None:
    """Name the band in which pines and bare ground are farthest apart, in units of their spread."""
    classes = learning_points.groupby("name")[BANDS]
    middle, spread = classes.median(), classes.quantile(0.75) - classes.quantile(0.25)

    def apart(one: str, other: str) -> pd.Series:
        return (middle.loc[one] - middle.loc[other]).abs() / (spread.loc[one] + spread.loc[other])

    pines_and_ground = apart("Dense Pines", "Bare Ground")
    if answer == pines_and_ground.idxmax():
        return None
    if answer in ESA_NAMES:
        return f"'{answer}' is Sentinel-2's own name; our columns are called: {', '.join(BANDS)}."
    if answer not in BANDS:
        return f"There is no band '{answer}'; the bands are: {', '.join(BANDS)}."
    difference = (middle.loc["Dense Pines"] - middle.loc["Bare Ground"]).abs()
    if answer == difference.idxmax():
        return (
            f"The difference itself is largest in {answer}, but the classes vary much there, too: "
            "divide by the mean spread."
        )
    if answer == pines_and_ground.idxmin():
        return f"In {answer} the two classes are closest: idxmax, not idxmin."
    if answer == spread.loc[["Dense Pines", "Bare Ground"]].mean().idxmax():
        return (
            f"{answer} is the band in which they vary most: divide by the spread, not the reverse."
        )
    others = [name for name in middle.index if name not in ("Dense Pines", "Bare Ground")]
    for other in others:
        if answer == apart("Dense Pines", other).idxmax():
            return f"{answer} is the best band for {other}; the exercise asks for Bare Ground."
    rank = int(pines_and_ground.rank(ascending=False)[answer])
    return f"{answer} ranks {rank} of {len(BANDS)}: compute the measure for all the bands."


ESA_NAMES = {f"B{number:02d}" for number in range(1, 13)} | {
    f"B{number}" for number in [*range(1, 13), "8A"]
}


@exercise(
    "05-3",
    kind=SEQUENCE,
    right=(
        "Your pair is among the best: with so few points nobody can tell them apart. Do the bands "
        "differ in what your comment says? Good pairs agree about light and shade and disagree "
        "about leaves. That a pair wins in one scene doesn't mean that it wins elsewhere: the way "
        "of choosing is what you take with you."
    ),
    hints=[
        "Look at the spectra again with only the two classes shown (click the others away).",
        "One band may tell how much light there is, and how many gaps: in that the two are alike. "
        "The other should tell what is different in their leaves.",
        "Drought and pests turn the needles of some pines brown: what have these lost, and in "
        "which band does that show?",
        "Draw red against each of the others, and look for two clouds of points that lie side by "
        "side, though both may be long and thin.",
    ],
)
def best_pair_of_bands(answer: list | tuple | set, *, learning_points: pd.DataFrame) -> str | None:
    """Rank all pairs of bands by how well a line between pines and forest works on new points."""
    chosen = list(answer)
    if len(chosen) != 2:
        return f"Name two bands; your answer has {len(chosen)}."
    if not all(isinstance(band, str) for band in chosen):
        return "Give the names of the bands in quotes, as they are in the columns."
    unknown = [band for band in chosen if band not in BANDS]
    if unknown:
        return f"There is no band {' or '.join(unknown)}; the bands are: {', '.join(BANDS)}."
    if chosen[0] == chosen[1]:
        return f"You have named {chosen[0]} twice: a second band must add something."
    pair = tuple(sorted(chosen, key=BANDS.index))
    scores, errors_behind = _separation(learning_points)
    if errors_behind[pair] <= ERRORS_BEHIND:
        return None
    place = (
        f"Place {int(scores.rank(ascending=False, method='min')[pair])} of {len(scores)}: "
        f"{scores[pair]:.0%} of the points on the right side, {scores.max():.0%} for the best pair."
    )
    if set(pair) <= VISIBLE:
        return (
            f"{place} In these two bands pines and forest are nearly equally dark, and become "
            "brighter together: look for a band that shows something else."
        )
    if set(pair) <= PLATEAU:
        return (
            f"{place} These two lie on the same plateau and nearly repeat each other. Look for one "
            "that shows something else about the leaves."
        )
    reached = {band: scores[[other for other in scores.index if band in other]] for band in pair}
    keep = max(reached, key=lambda band: reached[band].max())
    return (
        f"{place} Keep {keep}: with another partner it reaches {reached[keep].max():.0%}. Draw it "
        "against each of the others, and look for two clouds of points side by side."
    )


def _separation(points: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the score of each pair of bands, and how many errors it is behind the best.

    The score is the mean share of both classes on the right side of a line. The error is the
    standard error of the *difference* to the best pair, on the same points.
    """
    right, is_pine = _right_side_of_a_line(points)
    scores = (right[is_pine].mean() + right[~is_pine].mean()) / 2
    difference = right.sub(right[scores.idxmax()], axis="index")
    variance = sum(part.var() / len(part) for part in (difference[is_pine], difference[~is_pine]))
    error = np.sqrt(variance) / 2
    behind = scores.max() - scores
    return scores, behind.div(error).where(behind > 0, 0)


def _right_side_of_a_line(points: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return, for each point and pair of bands, 1 if it lies on the right side; and who is pine.

    The line is that of a linear discriminant with equal weight for both classes; each point is
    judged by a line that was drawn without it (five folds).
    """
    points = points[points["name"].isin(["Dense Pines", "Indigenous Forest"])]
    values = points[BANDS].to_numpy(dtype=float)
    is_pine = (points["name"] == "Dense Pines").to_numpy()
    fold = np.random.default_rng(seed=0).permutation(len(points)) % FOLDS
    sides = {}
    for first, second in combinations(range(len(BANDS)), 2):
        two = values[:, [first, second]]
        right = np.empty(len(points))
        for number in range(FOLDS):
            known = fold != number
            pines, forest = two[known & is_pine], two[known & ~is_pine]
            scatter = (np.cov(pines.T) + np.cov(forest.T)) / 2
            normal = np.linalg.lstsq(scatter, pines.mean(0) - forest.mean(0), rcond=None)[0]
            side = (two - (pines.mean(0) + forest.mean(0)) / 2) @ normal
            right[~known] = ((side > 0) == is_pine)[~known]
        sides[BANDS[first], BANDS[second]] = right
    return pd.DataFrame(sides), is_pine
