"""Lesson 11 where nobody knows the truth: it draws places, and goes on when they are answered."""

import geopandas as gpd
import numpy as np
import pytest
import rioxarray
from lesson_code import run_lesson_code

from helpers import find_or_make

LESSON = "11_how_good_is_the_map"
WITHOUT_TRUTH = {
    "cloud = open_cloud()": "import dataclasses\n"
    "from pathlib import Path\n"
    "cloud = dataclasses.replace(open_cloud(), truth=None, outputs=Path(OWN))"
}
SAID = """\
print("places:", len(gpd.read_file(cloud.outputs / "places_to_visit.gpkg")))
print("in degrees:", in_degrees.total_bounds.round(1).tolist())
print("answered:", filled_in.exists())
if filled_in.exists():
    print("visits:", counts.to_numpy().sum(), "area:", round(area), "+-", round(margin))
    print("mended:", round(recalibrated.sum().item() / 100))
"""


def run(folder) -> str:
    return run_lesson_code(
        LESSON, f"OWN = {str(folder)!r}", SAID, replace=WITHOUT_TRUTH, until="overall_accuracy ="
    )


@pytest.mark.kit
@pytest.mark.lesson
def test_the_lesson_goes_on_with_what_people_have_answered(tmp_path):
    pine_map = rioxarray.open_rasterio(find_or_make("pine_probability.tif"), masked=True)[0]
    said = run(tmp_path)
    assert "places: 600\n" in said
    assert "answered: False" in said

    places = gpd.read_file(tmp_path / "places_to_visit.gpkg")
    assert list(places.columns) == ["name", "interpreter_1", "interpreter_2", "geometry"]
    for driver, layer in {"kml": None, "gpx": "waypoints"}.items():
        copy = gpd.read_file(tmp_path / f"places_to_visit.{driver}", layer=layer)
        assert len(copy) == 600
        in_metres = copy.to_crs(places.crs).geometry
        assert in_metres.distance(places.geometry).max() < 0.1
    probability = pine_map.sel(
        x=places.geometry.x.to_xarray(), y=places.geometry.y.to_xarray(), method="nearest"
    )
    assert probability.notnull().all(), "a place that the map does not cover"

    random = np.random.default_rng(0)
    is_pine = random.uniform(size=600) < probability.to_numpy()
    places["interpreter_1"] = np.where(is_pine, "Dense Pines", "Rock")
    places["interpreter_2"] = places["interpreter_1"]
    places.loc[:4, "interpreter_1"] = "unsure"
    places.loc[5:9, "interpreter_1"] = ""
    places.to_file(tmp_path / "places_filled_in.gpkg")
    said = run(tmp_path)
    assert "answered: True" in said
    assert "visits: 590 " in said
    expected = float(pine_map.sum()) / 100  # the answers were drawn with these very chances
    mended = float(said.split("mended: ")[1])
    assert mended == pytest.approx(expected, rel=0.5)
