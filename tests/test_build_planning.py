"""Layers for planning: they mean what the simulated landscape shows."""

import geopandas as gpd
import numpy as np
import pytest
from build_fixtures import tiny_grid, tiny_kit, tiny_landscape  # noqa: F401 (fixtures)
from rasterio.features import geometry_mask

from offline_kit.build.grid import Window
from offline_kit.build.landcover import PINE, ground_at
from offline_kit.build.planning import make_plantations, make_tracks
from offline_kit.build.sampling import unwarped, warped_layers


@pytest.fixture(scope="module")
def plantations(tiny_landscape):  # noqa: F811
    return make_plantations(tiny_landscape)


def pixels_in(frame, grid):
    return geometry_mask(frame.geometry, grid.shape(), grid.transform(), invert=True)


def test_the_warp_is_undone(tiny_landscape):  # noqa: F811
    rim = tiny_landscape.margin
    cells = np.random.default_rng(1).uniform(rim + 5, rim + 150, (2, 40))
    row, column = unwarped(tiny_landscape, *cells)
    for r, c, wanted_row, wanted_column in zip(row, column, *cells, strict=True):
        rows, columns, _ = warped_layers(tiny_landscape, Window(round(r), round(c), 1, 1), ())
        # what the nearest pixel shows, and the part of a pixel that it lies beside
        seen = rows[0, 0] + r - round(r), columns[0, 0] + c - round(c)
        assert seen[0] == pytest.approx(3 * (wanted_row - rim) + 1, abs=0.6)
        assert seen[1] == pytest.approx(3 * (wanted_column - rim) + 1, abs=0.6)


def test_tracks_lie_where_the_landscape_has_them(tiny_landscape, tiny_grid):  # noqa: F811
    tracks = make_tracks(tiny_landscape)
    assert list(tracks.columns) == ["kind", "length_m", "geometry"]
    assert set(tracks["kind"]) <= {"gravel road", "jeep track"}
    assert tracks.crs.to_epsg() == 32734 and set(tracks.geom_type) == {"LineString"}
    assert tracks.length.sum() > 5000
    window = Window(0, 0, *tiny_grid.shape())
    (distance,) = warped_layers(tiny_landscape, window, ("track",))[2]
    ends = np.concatenate([np.array(line.coords) for line in tracks.geometry])
    column, row = (~tiny_grid.transform()) @ ends.T
    inside = (row >= 0) & (row < distance.shape[0]) & (column >= 0) & (column < distance.shape[1])
    on_track = distance[row[inside].astype(int), column[inside].astype(int)]
    assert np.percentile(on_track, 95) < 25 and on_track.max() < 60


def test_compartments_hold_pines_of_their_age(plantations, tiny_landscape, tiny_grid):  # noqa: F811
    assert list(plantations.columns) == ["compartment", "planted", "area_ha", "geometry"]
    assert plantations["compartment"].is_unique and (plantations["area_ha"] > 0).all()
    planted = plantations["planted"].dropna()
    assert planted.between(1987, 2013).all() and planted.nunique() > 5
    fractions = ground_at(tiny_landscape, Window(0, 0, *tiny_grid.shape()), 2018.7, 0.0).fractions
    cores = plantations.set_geometry(plantations.buffer(-20))
    old = pixels_in(cores[cores["planted"] < 2002], tiny_grid)
    young = pixels_in(cores[cores["planted"] >= 2010], tiny_grid)
    assert np.median(fractions[PINE][old]) > 0.9
    assert np.median(fractions[PINE][young]) < np.median(fractions[PINE][old]) - 0.05


def test_no_plantation_is_left_out(plantations, tiny_landscape, tiny_grid):  # noqa: F811
    window = Window(0, 0, *tiny_grid.shape())
    (planted,) = warped_layers(tiny_landscape, window, ("plantation",))[2]
    drawn = pixels_in(plantations, tiny_grid)
    assert drawn[planted > 0.05].mean() > 0.9
    assert (planted[drawn] > -0.03).mean() > 0.9


@pytest.mark.kit
def test_the_kit_has_both(tiny_kit, plantations):  # noqa: F811
    stored = gpd.read_file(tiny_kit / "plantations.gpkg")
    assert stored["planted"].isna().sum() == plantations["planted"].isna().sum()
    assert stored.geometry.geom_equals(plantations.geometry).all()
    assert len(gpd.read_file(tiny_kit / "tracks.gpkg")) > 0
