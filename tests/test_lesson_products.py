"""What each lesson leaves for later ones has the shape, type, place and range that it should."""

import json

import geopandas as gpd
import numpy as np
import pytest
import rioxarray
from xgboost import XGBClassifier

from helpers import BANDS, find_or_make, open_cloud

pytestmark = pytest.mark.xdist_group("lessons")


@pytest.fixture(scope="module")
def points():
    return gpd.read_file(open_cloud().field_points).to_crs("EPSG:32734")


def test_chosen_scene():
    choice = json.loads(find_or_make("chosen_scene.json").read_text())
    assert choice["collection"] == "sentinel-2-l2a"
    assert "_201809" in choice["id"]


def test_usable_pixels(points):
    mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"))
    assert mask.rio.crs.to_epsg() == 32734
    assert mask.dtype == "uint8"
    assert mask.rio.resolution() == (10, -10)
    west, south, east, north = points.total_bounds
    assert mask.sizes["x"] == pytest.approx((east - west) / 10, abs=1.01)
    assert mask.sizes["y"] == pytest.approx((north - south) / 10, abs=1.01)
    assert set(np.unique(mask)) == {0, 1}
    assert 0.5 < float(mask.mean()) < 1


def test_spectra_at_points(points):
    spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet"))
    assert spectra.crs.to_epsg() == 32734
    assert {*BANDS, "class", "group", "name", "geometry"} <= set(spectra.columns)
    assert 0.9 * len(points) < len(spectra) <= len(points)
    assert spectra[BANDS].notna().all(axis=None)
    assert spectra[BANDS].min(axis=None) > -0.05
    assert spectra[BANDS].max(axis=None) < 1.2
    assert set(spectra["class"]) == set(points["class"])


def test_pine_classifier(points):
    model = XGBClassifier()
    model.load_model(find_or_make("pine_classifier.ubj"))
    assert model.get_booster().feature_names == list(BANDS)
    assert list(model.classes_) == sorted(points["class"].unique())
    assert model.get_booster().num_boosted_rounds() == 100


def test_pine_probability():
    path = find_or_make("pine_probability.tif")
    pines = rioxarray.open_rasterio(path, masked=True)
    mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"))
    assert pines.rio.crs.to_epsg() == 32734
    assert pines.dtype == "float32"
    assert pines.shape == mask.shape
    assert pines.rio.transform() == mask.rio.transform()
    mapped = pines.notnull()
    assert 0.1 < float(mapped.mean()) < 0.9
    assert not mapped.where(mask == 0, False).any(), "masked pixels have a probability"
    assert 0 <= float(pines.min()) < 0.1
    assert 0.9 < float(pines.max()) <= 1
