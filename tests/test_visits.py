"""The simulated team of lesson 12 errs as the field points do, and always in the same way."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from helpers import visit
from helpers.course import CLASS_CODES, CRS

NAMES = list(CLASS_CODES)


def write_truth(path, codes):
    """Write a raster of classes with pixels of 10 m."""
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": CRS}
    profile |= {"height": codes.shape[0], "width": codes.shape[1]}
    with rasterio.open(path, "w", transform=from_origin(0, 4000, 10, 10), **profile) as raster:
        raster.write(codes, 1)
    return path


def places_at(x, y):
    return gpd.GeoDataFrame({"name": range(len(x))}, geometry=gpd.points_from_xy(x, y), crs=CRS)


@pytest.fixture
def scattered():
    random = np.random.default_rng(0)
    return places_at(*random.uniform(1000, 3000, (2, 2000)))


def test_three_labels_in_a_hundred_are_wrong(tmp_path, scattered):
    codes = np.repeat(np.arange(400) % 200 // 20, 400).reshape(400, 400).T.astype("uint8")
    truth = write_truth(tmp_path / "truth.tif", codes)
    answered = visit(scattered, truth)
    assert list(answered.columns) == ["name", "geometry", "answer"]
    column = (answered.geometry.x // 10).astype(int)
    # stripes of 200 m: who is well inside one cannot have slipped into the next
    inside = (answered.geometry.x % 200).between(30, 170)
    right = answered["answer"] == [NAMES[codes[0, c]] for c in column]
    assert 0.01 < (~right[inside]).mean() < 0.05


def test_they_stand_a_few_metres_beside_the_place(tmp_path):
    codes = np.zeros((400, 400), "uint8")
    codes[:, 200:] = 9
    truth = write_truth(tmp_path / "truth.tif", codes)
    names = {}
    for away in [-30, -4, 30]:
        there = places_at(np.full(4000, 2000.0 + away), np.full(4000, 2000.0))
        names[away] = (visit(there, truth)["answer"] == NAMES[9]).mean()
    assert names[-30] < 0.04
    assert 0.13 < names[-4] < 0.20  # one standard deviation
    assert names[30] > 0.96


def test_what_is_none_of_the_ten_is_unsure_and_repetitions_agree(tmp_path, scattered):
    truth = write_truth(tmp_path / "truth.tif", np.full((400, 400), 255, "uint8"))
    assert (visit(scattered, truth)["answer"] == "unsure").all()
    codes = np.random.default_rng(1).integers(0, 10, (400, 400)).astype("uint8")
    truth = write_truth(tmp_path / "other.tif", codes)
    assert visit(scattered, truth).equals(visit(scattered.copy(), truth))
    in_degrees = visit(scattered.to_crs("EPSG:4326"), truth)
    assert (in_degrees["answer"] == visit(scattered, truth)["answer"]).mean() > 0.99
    assert "answer" not in scattered
