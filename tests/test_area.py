"""The estimate of an area that lesson 09 teaches: the paper's table, and what it must refuse."""

import numpy as np
import pandas as pd
import pytest
from lesson_parts import read_lesson

NAMES = ["pine", "no pine"]


@pytest.fixture(scope="module")
def area_with_interval():
    """The function, as the lesson defines it."""
    cells = read_lesson("09_map_the_study_area").cells
    (code,) = [c.source for c in cells if c.source.startswith("def area_with_interval(")]
    namespace = {"np": np}
    exec(code, namespace)
    return namespace["area_with_interval"]


def test_the_example_of_the_paper(area_with_interval):
    """Olofsson et al. 2014, section 5: 21,158 ha of deforestation, plus or minus 6,158."""
    counts = pd.DataFrame(
        [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]], columns=list("abcd")
    )
    hectares = pd.Series([18000, 13500, 288000, 580500])
    assert area_with_interval(counts, hectares, "a") == pytest.approx((21158, 6158), rel=0.001)


@pytest.mark.parametrize("visits", [[0, 0], [1, 0], [0, 1]])
def test_a_part_that_was_hardly_visited_is_refused(area_with_interval, visits):
    counts = pd.DataFrame([visits, [2, 98]], NAMES, NAMES)
    with pytest.raises(ValueError, match="Fewer than two visits to the part 'pine'"):
        area_with_interval(counts, pd.Series([500.0, 30_000.0], NAMES), "pine")
