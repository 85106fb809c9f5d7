"""What lesson 12 writes in the open, held to published examples and to cases worked by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rioxarray
from lesson_code import run_lesson_code
from lesson_parts import read_lesson
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist
from scipy.stats import wasserstein_distance
from sklearn.decomposition import PCA

from helpers import find_or_make

LESSON = "12_one_round_better"


def functions(lesson, *names, **known):
    """Return functions as a lesson defines them."""
    found = {"np": np, "pd": pd, "cKDTree": cKDTree, "pdist": pdist, "linkage": linkage} | known
    found |= {"fcluster": fcluster, "PCA": PCA, "wasserstein_distance": wasserstein_distance}
    for cell in read_lesson(lesson).cells:
        if any(f"def {name}(" in cell.source for name in names):
            exec(cell.source, found)
    return [found[name] for name in names]


def test_folds_are_matched_as_in_the_authors_package():
    """From the tests of the R package CAST (test-knndm.R, prediction points without a CRS)."""
    *_, matched_folds = functions(LESSON, "distance_to_others", "deal", "matched_folds")
    points = np.array([(1, 1), (1, 2), (2, 2), (2, 3), (1, 4), (5, 4)], float)
    # 20 places of a regular grid in a square of 10, begun where R's set.seed(1) begins it
    step = np.sqrt(100 / 20)
    begin = 10 * np.array([0.2655087, 0.3721239]) % step
    places = np.stack(np.meshgrid(*(np.arange(b, 10, step) for b in begin)), axis=-1)
    folds, miss = matched_folds(points, places.reshape(-1, 2), k=2, most=0.8)
    assert len(places.reshape(-1, 2)) == 20
    assert miss == pytest.approx(1.091896, abs=5e-7)
    assert len(np.unique(folds[:4])) == 1  # three clusters: the four in the south, and one each


def test_large_clusters_stay_alone_and_the_others_take_turns():
    (deal,) = functions(LESSON, "deal")
    cluster = np.repeat([1, 2, 3, 4, 5], [5, 1, 1, 1, 2])
    along = np.repeat([0.0, 4.0, 1.0, 3.0, 2.0], [5, 1, 1, 1, 2])
    # fold 0: the cluster of five; the others from west to east: 3, 5, 4, 2 in turn
    assert deal(cluster, along, 3).tolist() == [0] * 5 + [2, 1, 1, 2, 2]


def test_a_stranger_by_hand():
    (dissimilarity,) = functions(LESSON, "dissimilarity")
    known = np.array([[0, 0], [3, 4], [6, 8]])  # distances 5, 5 and 10
    new = np.array([[3, 0], [0, 0], [6, 8.5]])
    assert dissimilarity(new, known) == pytest.approx([0.45, 0, 0.075])


def test_one_sample_judges_as_in_lesson_11():
    area_with_interval, precision_and_recall = functions(
        "11_how_good_is_the_map", "area_with_interval", "precision_and_recall"
    )
    random = np.random.default_rng(0)
    is_pine = pd.Series(random.uniform(size=500) < 0.1)
    calls = is_pine ^ (random.uniform(size=500) < 0.05)
    (judge,) = functions(LESSON, "judge", is_pine=is_pine)
    found = judge(calls, pd.Series({True: 700.0, False: 9000.0}))
    names = {True: "pine", False: "no pine"}
    counts = pd.crosstab(calls.map(names), is_pine.map(names))
    hectares = pd.Series({"pine": 700.0, "no pine": 9000.0})
    wanted = precision_and_recall(counts, hectares, "pine").to_numpy()
    assert found.iloc[:2].to_numpy() == pytest.approx(wanted)
    assert found.loc["hectares"].to_numpy() == pytest.approx(
        area_with_interval(counts, hectares, "pine")
    )


WITHOUT_TRUTH = {
    "cloud = open_cloud()": "import dataclasses\n"
    "from pathlib import Path\n"
    "cloud = dataclasses.replace(open_cloud(), truth=None, outputs=Path(OWN))"
}
SAID = 'print("maps:", list(maps)); print("sample:", filled_in.exists())'


@pytest.mark.kit
@pytest.mark.lesson
def test_it_goes_on_with_what_people_have_answered(tmp_path):
    """Where nobody knows the truth: first without any answers, then with visits and a sample."""

    pine_path = find_or_make("pine_probability.tif")  # made here, it takes no cell's time
    for name in ("chosen_scene.json", "spectra_at_points.parquet"):
        find_or_make(name)

    def run(until):
        before = f"OWN = {str(tmp_path)!r}"
        return run_lesson_code(LESSON, before, SAID, replace=WITHOUT_TRUTH, until=until)

    said = run("index_of_new_row =")
    assert "maps: ['as it was', 'with all points']" in said
    assert "sample: False" in said
    places = gpd.read_file(tmp_path / "fifty_visits.gpkg")
    assert len(places) == 200
    waypoints = gpd.read_file(tmp_path / "fifty_visits.gpx", layer="waypoints")
    assert waypoints.to_crs(places.crs).distance(places.geometry).max() < 0.1

    places["answer"] = np.resize(["Dense Pines", "Rock", "", "unsure"], 200)
    places.to_file(tmp_path / "fifty_visits_filled_in.gpkg")
    pine_map = rioxarray.open_rasterio(pine_path, masked=True)[0]
    rows, columns = np.nonzero(pine_map.notnull().values)
    drawn = np.random.default_rng(0).choice(rows.size, 300, replace=False)
    x, y = pine_map.x.values[columns[drawn]], pine_map.y.values[rows[drawn]]
    sample = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=places.crs)
    sample["interpreter_1"] = np.resize(["Dense Pines", "Rock", "unsure"], 300)
    sample.to_file(tmp_path / "places_filled_in.gpkg")
    said = run("KINDS = {")
    assert "maps: ['as it was', 'with the visits', 'with all points']" in said
    assert "sample: True" in said
    answered = gpd.read_file(tmp_path / "fifty_visits.gpkg")
    known = sample[sample["interpreter_1"] != "unsure"]
    apart = cKDTree(known.get_coordinates()).query(answered.get_coordinates())[0]
    assert apart[::4].min() > 100, "a visit to a place of the sample"
