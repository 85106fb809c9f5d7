"""The table "kit and reality": the kit's field points beside the published ones."""

import geopandas as gpd
import pytest
from lesson_code import REAL

from helpers.lessons import NOTEBOOKS
from tools import kit_reality
from tools.kit_reality import PUBLISHED, SEEDS, figures_of, figures_of_landscape, is_near

FIELD = REAL / "greater_cape_town"


def written() -> dict[str, list[float]]:
    """Return the rows of the table as it stands in the page: published, then each seed."""
    page = kit_reality.PAGE.read_text(encoding="utf-8")
    between = page.split(kit_reality.BEGIN)[1].split(kit_reality.END)[0]
    lines = [line.strip("| ").split(" | ") for line in between.strip().splitlines()[2:]]
    return {name: [float(value) for value in values] for name, *values in lines}


def test_the_table_is_complete_and_near():
    assert list(written()) == list(PUBLISHED)
    for row, (published, *of_seeds) in written().items():
        assert published == round(PUBLISHED[row])
        assert len(of_seeds) == len(SEEDS)
        assert all(is_near(row, value) for value in of_seeds), row


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_landscapes_are_as_the_table_says_and_near(number):
    figures = figures_of_landscape(SEEDS[number])
    far = {row: value for row, value in figures.items() if not is_near(row, value)}
    assert not far
    for row, values in written().items():
        assert abs(values[1 + number] - figures[row]) <= 1, row  # an edge may fall otherwise


@pytest.mark.skipif(not FIELD.exists(), reason="the real points are not beside the project")
def test_published_figures_are_those_of_the_published_points():
    points = gpd.read_file(FIELD / "gctwf_invasive.gpkg")
    assert figures_of(points, gpd.read_file(FIELD / "aoi.gpkg")) == PUBLISHED


def test_far_points_are_told():
    assert is_near("Gum in it (%)", 21.4) and not is_near("Gum in it (%)", 22.0)
    assert is_near(kit_reality.DISTANCE, 150) and not is_near(kit_reality.DISTANCE, 160)


def test_lesson_01_quotes_the_published_figures():
    quoted = ["all points in the area of interest (%)", "Dense Pines in it (%)", "Gum in it (%)"]
    quoted += ["testing points with a training point within 100 m (%)", kit_reality.DISTANCE]
    lesson = (NOTEBOOKS / "scripts" / "01_field_observations.py").read_text(encoding="utf-8")
    assert f'"published", {[round(PUBLISHED[row]) for row in quoted]})' in lesson
