"""The course's path on real data: a Sentinel-2 chip, the real points, recorded catalogue items.

The data stands beside the project, not in it; without it these tests are skipped.
"""

import json

import geopandas as gpd
import numpy as np
import pytest
import rioxarray
import stackstac
import xvec  # noqa: F401  the accessor
from lesson_code import EARTH_SEARCH, REAL, run_lesson_code
from xgboost import XGBClassifier

from helpers import predict_over_chunks, write_cog

CHIP = REAL / "sentinel2_chip"
FIELD = REAL / "greater_cape_town"
needs_chip = pytest.mark.skipif(
    not CHIP.exists(), reason="the real Sentinel-2 chip is not beside the project"
)
needs_field = pytest.mark.skipif(
    not FIELD.exists(), reason="the real points and area are not beside the project"
)
needs_items = pytest.mark.skipif(
    not EARTH_SEARCH.exists(), reason="the recorded Earth Search items are not beside the project"
)

BANDS = [
    "coastal", "blue", "green", "red", "rededge1", "rededge2",
    "rededge3", "nir", "nir08", "nir09", "swir16", "swir22",
]  # fmt: skip


@pytest.fixture(scope="module")
def chip():
    """Reflectance of the real chip, read as lesson 03 reads a scene."""
    item = json.loads((CHIP / "item.json").read_text())
    for asset in item["assets"].values():
        asset["href"] = str((CHIP / asset["href"]).resolve())
    item["properties"]["datetime"] = item["properties"]["start_datetime"]
    step = item["assets"]["red"]["proj:transform"][0]
    numbers = stackstac.stack(
        [item], assets=BANDS, epsg=4326, resolution=step, dtype="uint16",
        fill_value=np.uint16(0), rescale=False, xy_coords="center", chunksize=128,
    ).squeeze("time", drop=True)  # fmt: skip
    facts = item["assets"]["red"]["raster:bands"][0]
    applied = item["properties"]["earthsearch:boa_offset_applied"]
    offset = 0.0 if applied else facts["offset"]
    return numbers.where(numbers != 0) * np.float32(facts["scale"]) + np.float32(offset)


@pytest.fixture(scope="module")
def labelled(chip):
    """Random points in the chip's labelled polygons, with their spectra."""
    polygons = gpd.read_file(CHIP / "training_polygons.geojson")
    points = polygons.sample_points(12, rng=0).explode(index_parts=False)
    table = gpd.GeoDataFrame({"name": polygons["class"].loc[points.index]}, geometry=points)
    table = table.reset_index(names="polygon")
    cube = chip.xvec.extract_points(table.geometry, x_coords="x", y_coords="y").compute()
    table[BANDS] = cube.transpose("geometry", "band").values
    return table.dropna(subset=BANDS)


@needs_chip
def test_the_listed_offset_is_right_for_the_chip(chip):
    values = chip.compute()
    assert float((values < 0).mean()) < 0.01
    assert 0.15 < float(values.sel(band="nir").median()) < 0.45  # closed forest
    assert float(values.sel(band="red").median()) < 0.1


@needs_chip
def test_the_shadow_rule_takes_water_and_the_better_rule_keeps_it(labelled):
    dark = (labelled["red"] < 0.05) & (labelled["nir"] < 0.05)
    shadow = dark & (labelled["swir16"] > labelled["green"])
    water = labelled["name"] == "water"
    assert dark[water].mean() > 0.9
    assert shadow[water].mean() < dark[water].mean() / 2


@needs_chip
def test_from_real_pixels_to_a_real_map(chip, labelled, tmp_path):
    codes = labelled["name"].astype("category")
    held_out = labelled["polygon"] % 3 == 0  # whole polygons, so that no neighbour gives it away
    model = XGBClassifier(
        max_depth=7, learning_rate=0.1, subsample=0.8, n_estimators=100, tree_method="hist",
        random_state=0, n_jobs=1,
    )  # fmt: skip
    model.fit(labelled.loc[~held_out, BANDS], codes.cat.codes[~held_out])
    names = dict(enumerate(codes.cat.categories))
    guessed = [names[code] for code in model.predict(labelled.loc[held_out, BANDS])]
    assert np.mean(guessed == labelled.loc[held_out, "name"]) > 0.7

    georeferenced = chip.rio.write_crs("EPSG:4326")
    probability = predict_over_chunks(model, georeferenced, class_names=names)
    forest = probability.sel({"class": "forest"}, drop=True)
    path = tmp_path / "forest.tif"
    write_cog(forest, path)
    read_back = rioxarray.open_rasterio(path, masked=True).squeeze("band", drop=True)
    np.testing.assert_array_equal(read_back.values, forest.values)
    assert read_back.rio.crs == "EPSG:4326"
    assert float((read_back > 0.5).mean()) > 0.3, "the chip is mostly forest"


@needs_field
@pytest.mark.lesson
def test_lesson_01_on_the_real_points():
    before = f"""
        import dataclasses, pathlib, helpers
        local = helpers.open_cloud()
        real = pathlib.Path({str(FIELD)!r})
        helpers.open_cloud = lambda: dataclasses.replace(
            local, field_points=real / "gctwf_invasive.gpkg", area_of_interest=real / "aoi.gpkg"
        )
    """
    after = """
        assert len(points_utm) == 1573 and points_utm.crs == "EPSG:32734"
        assert counts.loc["Dense Pines", "all"] == 268 and counts.loc["all", "training"] == 266
        print(f"{same_group:.2f}")
    """
    printed = run_lesson_code("01_field_observations", _dedent(before), _dedent(after))
    assert float(printed) == pytest.approx(0.65, abs=0.02)


@needs_field
def test_the_real_area_of_interest_as_lesson_05_reads_it():
    area = gpd.read_file(FIELD / "aoi.gpkg").to_crs("EPSG:32734")
    assert area.area.sum() / 1e6 == pytest.approx(1290, rel=0.01)


RECORDED = ["item_2023_sentinel-2-l2a.json", "item_2025_sentinel-2-l2a.json"]

CATALOGUE_OF_ONE = """
import dataclasses, json, pathlib, tempfile
import geopandas as gpd, pystac_client, shapely, helpers
item = json.loads(pathlib.Path({path!r}).read_text())
item["properties"]["eo:cloud_cover"] = 5.0  # whatever it was: the search would not have found it
shape = shapely.geometry.shape(item["geometry"])
centre = shape.centroid
ring = gpd.GeoSeries([centre], crs=4326).to_crs({epsg}).buffer(3000).boundary
inside = gpd.GeoDataFrame(geometry=ring.sample_points(20, rng=0).explode(ignore_index=True))
inside = inside.assign(**{{"class": 0, "group": 0, "name": "Water"}})
folder = pathlib.Path(tempfile.mkdtemp())
inside.to_file(folder / "points.gpkg")
kit = helpers.open_cloud()
helpers.open_cloud = lambda: dataclasses.replace(
    kit, field_points=folder / "points.gpkg", outputs=folder)
import pystac
class OneItem:
    # stands for the remote catalogue, which can not be reached: the recorded answer, as a search
    def search(self, **asked):
        self.asked = asked
        return self
    def item_collection(self):
        return pystac.ItemCollection([pystac.Item.from_dict(item)])
    def items_as_dicts(self):
        yield item
    def pages(self):
        yield self.item_collection()
    def matched(self):
        return 1
    def get_collections(self):
        return [pystac.Collection.from_dict(json.loads(pathlib.Path({collection!r}).read_text()))]
pystac_client.Client.open = lambda address: OneItem()
"""


@needs_items
@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.lesson
def test_lesson_02_on_a_recorded_item(name):
    path = EARTH_SEARCH / name
    item = json.loads(path.read_text())
    before = CATALOGUE_OF_ONE.format(
        path=str(path), epsg=item["properties"]["proj:epsg"],
        collection=str(EARTH_SEARCH / "collection_sentinel-2-l2a.json"),
    )  # fmt: skip
    after = "print(chosen_id, assets.loc['red', 'pixel (m)'], assets.loc['coastal', 'pixel (m)'])"
    printed = run_lesson_code("02_find_scenes", before, after, until="quick_look =")
    assert printed.split() == [item["id"], "10", "60"]


@needs_items
@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.lesson
def test_lesson_03_on_a_recorded_item_as_far_as_the_pixels(name):
    path = EARTH_SEARCH / name
    item = json.loads(path.read_text())
    epsg = item["properties"]["proj:epsg"]
    before = CATALOGUE_OF_ONE.format(
        path=str(path), epsg=epsg, collection=str(EARTH_SEARCH / "collection_sentinel-2-l2a.json")
    ) + _dedent("""
        choice = folder / "chosen_scene.json"
        choice.write_text(json.dumps({"collection": item["collection"], "id": item["id"]}))
        helpers.find_or_make = lambda name: folder / name
    """)
    after = "print(list(numbers.band.values) == BANDS, numbers.dtype, numbers.shape[1:], offset)"
    printed = run_lesson_code(
        "03_open_the_scene", before, after, until="negative_share",
        skip=(
            "What is in a file: tiles and overviews",
            "What a small window costs",
            "The same place from the overview and in full",
            "Three pixel sizes on one grid",
        ),
        replace={"to_crs(CRS)": f"to_crs({epsg})", "epsg=CRS": f"epsg={epsg}"},
    )  # fmt: skip
    # both items say that the offset has been applied, and still list it
    rows, columns = (int(number) for number in printed.split("(")[1].split(")")[0].split(","))
    assert 500 < rows < 700 and 500 < columns < 700  # the points span 6 km
    assert printed.startswith("True uint16") and printed.strip().endswith(") 0.0")


def _dedent(code: str) -> str:
    import textwrap

    return textwrap.dedent(code)
