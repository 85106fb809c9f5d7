"""The table "kit and reality" in data/README.md: ``python -m tools.kit_reality``.

It sets the field points of three simulated landscapes beside the published ones of the Greater Cape
Town Water Fund (github.com/TNC-Geospatial-Conservation-Tech/ocs-training-2026-advanced-mybinder,
commit 861e4c4, Apache-2.0), whose figures stand here and whose data is not in the project.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from scipy.spatial import cKDTree

from helpers.paths import PROJECT
from offline_kit.build import SEED
from offline_kit.build.areas import make_areas
from offline_kit.build.candidates import find_candidates
from offline_kit.build.grid import grid_of
from offline_kit.build.landcover import CLASS_NAMES
from offline_kit.build.landscape import make_landscape
from offline_kit.build.points import APART_M, make_field_points
from offline_kit.files import written_whole
from tools.marks import put_between

BEGIN, END = "<!-- kit and reality: made by tools/kit_reality.py -->", "<!-- end of table -->"
PAGE = PROJECT / "data" / "README.md"
SEEDS = (SEED, 7, 99)
DISTANCE = "median distance to the nearest point (m)"
PUBLISHED = {
    "all points in the area of interest (%)": 78.3,
    "Bare Ground in it (%)": 45.9,
    "Black Wattle in it (%)": 14.0,
    "Dense Pines in it (%)": 89.6,
    "Fynbos High Density in it (%)": 83.2,
    "Fynbos Low Density in it (%)": 85.7,
    "Gum in it (%)": 16.5,
    "Indigenous Forest in it (%)": 97.5,
    "Rock in it (%)": 92.0,
    "Wetland in it (%)": 95.9,
    "Water in it (%)": 49.4,
    "testing points with a training point within 100 m (%)": 4.3,
    "points set aside with a training point within 100 m (%)": 14.6,
    "points of the same group as their nearest neighbour (%)": 64.8,
    DISTANCE: 128.0,
}
POINTS, SHARE = 5.0, 0.20  # how far the kit may be off: in per cent of points; of a distance


def figures_of(points: gpd.GeoDataFrame, area: gpd.GeoDataFrame) -> dict[str, float]:
    """Return the figures of labelled points that the table compares.

    Parameters
    ----------
    points
        In metres; with the columns `name` and `group`.
    area
        One outline, in any CRS.
    """
    inside = points.within(area.to_crs(points.crs).geometry.iloc[0]).to_numpy()
    name, group = points["name"].to_numpy(), points["group"].to_numpy()
    places = np.column_stack([points.geometry.x, points.geometry.y])
    to_training = cKDTree(places[group == 1]).query(places)[0]
    (distance, nearest) = (each[:, 1] for each in cKDTree(places).query(places, 2))
    values = [
        100 * inside.mean(),
        *(100 * inside[name == each].mean() for each in CLASS_NAMES),
        *(100 * (to_training[group == number] < APART_M).mean() for number in (2, 0)),
        100 * (group == group[nearest]).mean(),
        np.median(distance),
    ]
    return {row: round(float(value), 1) for row, value in zip(PUBLISHED, values, strict=True)}


def is_near(row: str, value: float) -> bool:
    """Tell whether a figure of the kit is as near to the published one as it should be."""
    margin = SHARE * PUBLISHED[row] if row == DISTANCE else POINTS
    return abs(value - PUBLISHED[row]) <= margin


def figures_of_landscape(seed: int) -> dict[str, float]:
    """Return the figures of the field points that a kit of this seed has."""
    landscape = make_landscape(grid_of("course"), seed)
    area, _ = make_areas(landscape)
    points = make_field_points(landscape, find_candidates(landscape), area)
    return figures_of(points, area)


def table(of_seeds: dict[int, dict[str, float]]) -> str:
    """Return the table as Markdown, one column for each landscape."""
    heads = [f"kit, seed {seed}" for seed in of_seeds]
    rows = [f"| | published | {' | '.join(heads)} |", "|---|---|" + "---|" * len(heads)]
    for row, published in PUBLISHED.items():
        cells = [f"{figures[row]:.0f}" for figures in of_seeds.values()]
        rows.append(f"| {row} | {published:.0f} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Measure the three landscapes and write the table."""
    made = table({seed: figures_of_landscape(seed) for seed in SEEDS})
    page = put_between(BEGIN, END, PAGE.read_text(encoding="utf-8"), made, PAGE.name)
    with written_whole(PAGE) as unfinished:
        unfinished.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
