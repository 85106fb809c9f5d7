"""What lessons 11 and 12 show, on three landscapes: two surveys, and one round of visits.

    python benchmarks/rounds.py

Prints two Markdown tables. Only the clear scene of 2018 is simulated, in memory, with the bands
of 10 and 20 m: about two minutes for each landscape.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import rasterio
from accuracy import SEEDS, Scores, Simulated, at_points, model, on_the_map, scores, simulate, table
from numpy.typing import NDArray

from helpers.course import CLASS_CODES
from helpers.visits import visit
from offline_kit.build.grid import EPSG, PIXEL
from offline_kit.build.landcover import PINE

DRAWS = 3  # of the places to visit
PLACES, SPOTS, AROUND_M = 25, 4, 50  # as in lesson 12, of each of the two kinds


def as_text(found: Scores) -> str:
    """Return accuracy, precision and recall in one cell of a table."""
    return " / ".join(f"{value:.2f}" for value in found)


def two_surveys(scene: Simulated) -> list[str]:
    """Return the scores of both surveys: on their own testing points, and on the map."""
    cells = []
    for points in scene.surveys.values():
        features, label, _ = at_points(scene, points)
        group = points["group"].to_numpy()
        fitted = model().fit(features[group == 1], label[group == 1])
        on_points = scores(label[group == 2], fitted.predict(features[group == 2]))
        cells += [as_text(on_points), as_text(on_the_map(scene, fitted))]
    return cells


def visited(scene: Simulated, probability: NDArray, inside: NDArray, seed: int) -> tuple:
    """Return the features and labels that a simulated team brings from fifty places."""
    random = np.random.default_rng(seed)
    kinds = [probability > 0.5, (probability >= 0.1) & (probability <= 0.5)]
    places = [random.choice(np.flatnonzero(kind), PLACES, replace=False) for kind in kinds]
    rows, columns = np.unravel_index(inside[np.concatenate(places)], scene.area.shape)
    around = np.round(random.uniform(-AROUND_M, AROUND_M, (2, 2 * PLACES, SPOTS)) / PIXEL) * PIXEL
    around[:, :, 0] = 0
    x = scene.grid.west + (columns[:, np.newaxis] + 0.5) * PIXEL + around[0]
    y = scene.grid.north - (rows[:, np.newaxis] + 0.5) * PIXEL + around[1]
    x = x.clip(scene.grid.west + 1, scene.grid.east - 1).ravel()
    y = y.clip(scene.grid.south + 1, scene.grid.north - 1).ravel()
    spots = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=EPSG)
    with TemporaryDirectory() as folder:
        truth = Path(folder) / "dominant_class.tif"
        height, width = scene.dominant.shape
        profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": EPSG}
        profile |= {"height": height, "width": width, "transform": scene.grid.transform(PIXEL)}
        with rasterio.open(truth, "w", **profile) as raster:
            raster.write(scene.dominant, 1)
        found = visit(spots, truth, seed=seed)
    found = found[found["answer"].isin(list(CLASS_CODES))]
    found = found.assign(**{"class": found["answer"].map(CLASS_CODES)})
    features, label, _ = at_points(scene, found)
    return features, label


def one_round(scene: Simulated, seed: int) -> list[Scores]:
    """Return the scores of the map as it was, with visits, with all points, and with both.

    The first number of each is the accuracy on the testing points, the others are of the map.
    """
    points = scene.surveys["field points"]
    features, label, _ = at_points(scene, points)
    group = points["group"].to_numpy()
    testing, expected = features[group == 2], label[group == 2]
    train = features[group == 1], label[group == 1]
    first = model().fit(*train)
    inside = np.flatnonzero(scene.area)
    cube = scene.bands.reshape(len(scene.bands), -1)
    parts = np.array_split(inside, 20)
    chances = [first.predict_proba(cube[:, part].T * 1e-4)[:, PINE] for part in parts]
    new = visited(scene, np.concatenate(chances), inside, seed)
    whole = features, label
    rounds = [train, _together(train, new), whole, _together(whole, new)]
    found = []
    for learnt in rounds:
        fitted = model().fit(*learnt)
        accuracy = (fitted.predict(testing) == expected).mean()
        found.append((accuracy, *on_the_map(scene, fitted)[1:]))
    return found


def _together(first: tuple, second: tuple) -> tuple[NDArray, NDArray]:
    return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])


def print_rounds() -> None:
    """Print both tables."""
    surveys, rounds = [], []
    for seed in SEEDS:
        scene = simulate(seed)
        surveys.append((seed, *two_surveys(scene)))
        rounds += [(seed, draw, *map(as_text, one_round(scene, draw))) for draw in range(DRAWS)]
    print("## Two surveys (accuracy / precision of pines / recall of pines)\n")
    head = ("field points, themselves", "their map", "roadside points, themselves", "their map")
    table(("seed", *head), surveys)
    print("## One round (accuracy on the testing points / precision / recall of the map)\n")
    head = ("as it was", "with the visits", "with all points", "with both")
    table(("seed", "draw", *head), rounds)


if __name__ == "__main__":
    print_rounds()
