"""Lesson 15 where nobody knows the truth: its cell unchanged, then with what people answered."""

import geopandas as gpd
import numpy as np
import pytest
from lesson_code import run_lesson_code

LESSON = "15_your_own_species"
WITHOUT_TRUTH = {
    "cloud = open_cloud()": "import dataclasses\n"
    "from pathlib import Path\n"
    "cloud = dataclasses.replace(open_cloud(), truth=None, outputs=Path(OWN))"
}
SAID = """\
print("answered:", came_back.exists(), "species:", SPECIES, "learnt:", is_target.sum())
if came_back.exists():
    print("visits:", len(visits), "marked:", round(hectares["marked"]))
    print("of all:", round(hectares.sum()), "area:", round(low), round(estimate), round(high))
else:
    print(*lines)
"""


def run(folder, until: str) -> str:
    return run_lesson_code(
        LESSON, f"OWN = {str(folder)!r}", SAID, replace=WITHOUT_TRUTH, until=until
    )


@pytest.mark.kit
@pytest.mark.lesson
@pytest.mark.slow
def test_it_maps_the_course_s_points_and_goes_on_with_what_people_answered(tmp_path):
    said = run(tmp_path, until="number_of_blocks = ...")
    assert "answered: False species: pines" in said
    assert "Nobody has visited yet: no area, and no accuracy, can be given" in said
    files = {path.name for path in tmp_path.glob("pines_*")}
    assert files == {
        "pines_visits.gpkg", "pines_visits.gpx", "pines_map.tif", "pines_map.json", "pines_map.pdf",
    }  # fmt: skip

    places = gpd.read_file(tmp_path / "pines_visits.gpkg")
    assert list(places.columns) == ["name", "answer", "geometry"]
    waypoints = gpd.read_file(tmp_path / "pines_visits.gpx", layer="waypoints")
    assert waypoints.to_crs(places.crs).distance(places).max() < 0.1
    places["answer"] = np.where(places.index % 4 == 0, "Yes ", "no")
    places.loc[:9, "answer"] = "unsure"
    places.loc[10:14, "answer"] = ""
    places.sample(frac=1, random_state=0).to_file(tmp_path / "pines_visits_filled_in.gpkg")
    said = run(tmp_path, until="map_path =")
    assert "answered: True" in said
    assert f"visits: {len(places) - 15} " in said
    whole, area = said.split("of all: ")[1].split(" area: ")
    low, estimate, high = map(int, area.split())
    assert estimate == pytest.approx(int(whole) / 4, rel=0.4)  # each fourth place, wherever it is
    assert low < int(whole) / 4 < high
