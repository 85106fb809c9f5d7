"""The terrain model: where its pixels lie, what they say, and how a client finds and reads it."""

from itertools import pairwise

import numpy as np
import pystac
import pystac_client
import pytest
import rasterio
import rioxarray
import stackstac
from build_fixtures import served_kit, tiny_grid, tiny_kit, tiny_landscape  # noqa: F401 (fixtures)
from pystac.validation.stac_validator import JsonSchemaSTACValidator
from rio_cogeo.cogeo import cog_validate

from offline_kit.build.dem import DEM, dem_tiles
from offline_kit.build.grid import Window, grid_of
from offline_kit.build.landcover import WATER, ground_at

POINT = {"type": "Point", "coordinates": [19.20, -33.80]}


@pytest.mark.parametrize("size", ["tiny", "course", "study", "tile"])
def test_tiles_are_those_of_the_real_model_and_meet_without_a_gap(size):
    tiles = list(dem_tiles(grid_of(size)))
    assert len({tile.item_id for tile in tiles}) == len(tiles)
    assert "Copernicus_DSM_COG_10_S34_00_E019_00_DEM" in [tile.item_id for tile in tiles]
    pixels = set()
    for tile in tiles:
        assert 0 <= tile.row < tile.row + tile.height <= 3600
        assert 0 <= tile.column < tile.column + tile.width <= 3600
        x, y = tile.transform @ (0.5, 0.5)  # centres lie on whole seconds of arc
        assert x * 3600 == pytest.approx(round(x * 3600), abs=1e-5)
        assert y * 3600 == pytest.approx(round(y * 3600), abs=1e-5)
        pixels.add((round(y * 3600), round(y * 3600) - tile.height + 1))
    rows = sorted(pixels, reverse=True)
    assert all(upper[1] - 1 == lower[0] for upper, lower in pairwise(rows))


@pytest.mark.kit
def test_heights_are_those_of_the_ground_and_of_the_water(tiny_kit, tiny_landscape):  # noqa: F811
    (path,) = tiny_kit.glob(f"scenes/{DEM}/*E019*/*.tif")
    valid, errors, warnings = cog_validate(path)
    assert valid and not errors, (path, errors, warnings)
    grid = tiny_landscape.grid
    with rioxarray.open_rasterio(path) as model:
        assert model.dtype == "float32" and model.rio.crs.to_epsg() == 4326
        on_grid = model.rio.reproject(
            "EPSG:32734",
            shape=grid.shape(),
            transform=grid.transform(),
            resampling=rasterio.enums.Resampling.bilinear,
        )[0].to_numpy()
    ground = ground_at(tiny_landscape, Window(0, 0, *grid.shape()), 2018.7, 0.0)
    difference = on_grid - ground.elevation
    land = ground.fractions[WATER] == 0
    assert abs(np.median(difference[land])) < 0.5
    assert np.percentile(np.abs(difference[land]), 95) < 12  # 10 m ground on steep slopes
    dam = ground.fractions[WATER] > 0.99
    assert difference[dam].max() > 3  # the model has the water's level, not the ground below it


@pytest.mark.kit
def test_the_item_has_the_fields_of_the_public_one(tiny_kit):  # noqa: F811
    (path,) = tiny_kit.glob(f"items/{DEM}/*E019*.json")
    item = pystac.Item.from_file(path)
    raw = pystac.StacIO.default().read_json(path)
    link = {"rel": "collection", "href": f"../../collections/{DEM}.json"}
    newer = raw | {"stac_version": "1.1.0", "links": [link]}
    JsonSchemaSTACValidator().validate_core(newer, pystac.STACObjectType.ITEM, "1.1.0")
    assert item.id == path.stem == "Copernicus_DSM_COG_10_S34_00_E019_00_DEM"
    properties = raw["properties"]
    assert properties["datetime"] == "2021-04-22T00:00:00Z"
    assert (properties["platform"], properties["gsd"]) == ("tandem-x", 30)
    assert (properties["proj:epsg"], properties["grid:code"]) == (4326, "CDEM-S34E019")
    assert properties["course:simulated"] is True
    assert list(raw["assets"]) == ["data"]
    with rasterio.open(tiny_kit / raw["assets"]["data"]["href"]) as file:
        assert list(file.shape) == properties["proj:shape"]
        assert list(file.transform)[:6] == properties["proj:transform"]
        assert list(file.bounds) == pytest.approx(raw["bbox"])


@pytest.mark.kit
def test_a_client_finds_it_and_stackstac_lays_it_on_the_scenes_pixels(
    served_kit,  # noqa: F811
    tiny_kit,  # noqa: F811
    tiny_grid,  # noqa: F811
):
    catalogue = pystac_client.Client.open(served_kit.stac_url)
    assert DEM in [collection.id for collection in catalogue.get_collections()]
    found = list(catalogue.search(collections=[DEM], intersects=POINT).items_as_dicts())
    assert len(found) == 1
    west, south, east, north = tiny_grid.bounds
    bounds = (west + 600, south + 600, east - 600, north - 600)
    stack = stackstac.stack(
        found, assets=["data"], epsg=32734, resolution=10, bounds=bounds, dtype="float32",
        fill_value=np.float32("nan"), rescale=False, xy_coords="center",
        resampling=rasterio.enums.Resampling.bilinear,
    )  # fmt: skip
    heights = stack.squeeze(["time", "band"]).to_numpy()
    assert np.isfinite(heights).all()
    with rioxarray.open_rasterio(
        tiny_kit / f"scenes/{DEM}/{found[0]['id']}/{found[0]['id']}.tif"
    ) as model:
        own = model.rio.reproject("EPSG:32734", resolution=10).rio.clip_box(*bounds)
        assert heights.mean() == pytest.approx(float(own.mean()), abs=0.5)
