"""The estimates that lesson 11 teaches: the paper's table, and what they must refuse."""

import numpy as np
import pandas as pd
import pytest
from lesson_parts import read_lesson

NAMES = ["pine", "no pine"]


# Table 8 of Olofsson et al. 2014: deforestation, forest gain, stable forest, stable non-forest.
CLASSES = list("abcd")
COUNTS = pd.DataFrame(
    [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]], CLASSES, CLASSES
)
HECTARES = pd.Series([18000, 13500, 288000, 580500], CLASSES)


def _function(name):
    """Return a function as the lesson defines it."""
    cells = read_lesson("11_how_good_is_the_map").cells
    (code,) = [c.source for c in cells if c.source.startswith(f"def {name}(")]
    namespace = {"np": np, "pd": pd}
    exec(code, namespace)
    return namespace[name]


@pytest.fixture(scope="module")
def area_with_interval():
    return _function("area_with_interval")


@pytest.fixture(scope="module")
def precision_and_recall():
    return _function("precision_and_recall")


def test_the_example_of_the_paper(area_with_interval):
    """Section 5: 21,158 ha of deforestation, plus or minus 6,158."""
    found = area_with_interval(COUNTS, HECTARES, "a")
    assert found == pytest.approx((21158, 6158), rel=0.001)


def test_the_accuracies_of_the_paper(precision_and_recall):
    """Section 5: user's and producer's accuracy of deforestation, with their intervals."""
    found = precision_and_recall(COUNTS, HECTARES, "a").to_numpy()
    assert found == pytest.approx(np.array([[0.88, 0.07], [0.75, 0.21]]), abs=0.005)


@pytest.mark.parametrize("wanted", ["a", "c", "d"])
def test_the_intervals_are_as_wide_as_repetitions_differ(precision_and_recall, wanted):
    """Without the formula: the visits are made again and again, as chance would have it."""
    visits, random = COUNTS.sum(axis=1), np.random.default_rng(0)
    again = (visits - 1).to_numpy()
    finds = random.binomial(again, COUNTS[wanted] / visits, (100_000, 4)) / again
    there = HECTARES * pd.DataFrame(finds, columns=CLASSES)
    recall = there[wanted] / there.sum(axis=1)
    spread = 1.96 * np.array([finds[:, CLASSES.index(wanted)].std(), recall.std()])
    found = precision_and_recall(COUNTS, HECTARES, wanted)["plus or minus"]
    assert found.to_numpy() == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize("visits", [[0, 0], [1, 0], [0, 1]])
def test_a_part_that_was_hardly_visited_is_refused(area_with_interval, visits):
    counts = pd.DataFrame([visits, [2, 98]], NAMES, NAMES)
    with pytest.raises(ValueError, match="fewer than two visits where the map says pine"):
        area_with_interval(counts, pd.Series([500.0, 30_000.0], NAMES), "pine")
