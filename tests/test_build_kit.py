"""A whole kit: files, metadata, points, and what happens when a build is disturbed."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pystac
import pytest
import rasterio
from build_fixtures import SEED, SIZE, tiny_grid, tiny_kit  # noqa: F401 (fixtures)
from pystac.validation.stac_validator import JsonSchemaSTACValidator
from rasterio.features import geometry_mask
from rio_cogeo.cogeo import cog_validate
from scipy.spatial import cKDTree

from offline_kit.__main__ import main
from offline_kit.build import build_kit
from offline_kit.build.bands import BANDS
from offline_kit.build.candidates import COUNTS
from offline_kit.build.dem import DEM
from offline_kit.build.landcover import CLASS_NAMES, FYNBOS_LOW, PINE
from offline_kit.build.passes import PASSES
from offline_kit.build.preparation import prepare
from offline_kit.build.references import (
    CHANGES,
    INTERPRETERS,
    MISTAKEN,
    STRATA,
    UNSURE,
    interpret,
)
from offline_kit.errors import CourseError
from offline_kit.manifest import KIT_VERSION, check_kit, sha256_of

pytestmark = pytest.mark.kit

COMMAND = [sys.executable, "-m", "offline_kit"]
CLEAR = "S2A_34HCH_20180915_0_L2A"
LYING = "S2B_34HCH_20220919_0_L2A"  # its flag says that the offset is still in its pixels


def read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def items_of(kit: Path) -> list[dict]:
    return [read_json(path) for path in sorted(kit.glob("items/sentinel-2-*/*34HCH_*.json"))]


def values_of(path: Path, shape: tuple[int, int] | None = None) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read(1, out_shape=shape)


def test_the_manifest_lists_every_file(tiny_kit):  # noqa: F811
    manifest = read_json(tiny_kit / "manifest.json")
    found = {
        path.relative_to(tiny_kit).as_posix()
        for path in tiny_kit.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == set(manifest["files"])
    assert manifest["size"] == SIZE and manifest["seed"] == SEED
    assert manifest["licence"] == "CC-BY-4.0" and manifest["simulated"] is True
    assert {"numpy", "numba", "rasterio"} <= set(manifest["made_with"])
    assert len(check_kit(tiny_kit, sums=True)["files"]) == len(found)


def test_rasters_are_cogs_on_their_native_grids(tiny_kit, tiny_grid):  # noqa: F811
    pixels = {b.file: b.pixel for b in BANDS} | {"SCL": 20, "TCI": 10}
    for item in items_of(tiny_kit):
        folder = tiny_kit / "scenes" / item["collection"] / item["id"]
        assert {p.stem for p in folder.glob("*.tif")} == set(pixels)
        for name, pixel in pixels.items():
            path = folder / f"{name}.tif"
            valid, errors, warnings = cog_validate(path)
            assert valid and not errors, (path, errors, warnings)
            with rasterio.open(path) as file:
                assert file.shape == tiny_grid.shape(pixel)
                assert file.transform == tiny_grid.transform(pixel)
                assert file.crs.to_epsg() == 32734 and file.nodata == 0
                assert file.dtypes[0] == ("uint8" if name in ("SCL", "TCI") else "uint16")
                assert file.count == (3 if name == "TCI" else 1)
                assert file.block_shapes[0] == (1024, 1024)
        for name in ("B02", "B05", "B09"):
            assert values_of(folder / f"{name}.tif").min() > 0
        assert set(np.unique(values_of(folder / "SCL.tif"))) <= set(range(2, 11))
        assert (folder / "thumbnail.jpg").stat().st_size > 2000


def test_items_are_valid_stac_in_the_shape_of_earth_search(tiny_kit):  # noqa: F811
    validator = JsonSchemaSTACValidator()
    for item in items_of(tiny_kit):
        # the version whose schema pystac brings along; the link is added by the server
        link = {"rel": "collection", "href": f"../../collections/{item['collection']}.json"}
        newer = item | {"stac_version": "1.1.0", "links": [link]}
        validator.validate_core(newer, pystac.STACObjectType.ITEM, "1.1.0")
        assert pystac.Item.from_dict(item).id == item["id"]
        properties = item["properties"]
        assert properties["course:simulated"] is True
        assert properties["proj:epsg"] == 32734 and "proj:code" not in properties
        assert properties["grid:code"] == "MGRS-34HCH"
        assert item["links"] == []
        west, south, east, north = item["bbox"]
        assert west < 19.20 < east and south < -33.80 < north
        shares = [v for k, v in properties.items() if k.endswith("_percentage")]
        assert sum(shares) == pytest.approx(100, abs=0.001)
        assert properties["eo:cloud_cover"] == pytest.approx(
            properties["s2:medium_proba_clouds_percentage"]
            + properties["s2:high_proba_clouds_percentage"]
            + properties["s2:thin_cirrus_percentage"],
            abs=1e-5,
        )
        for key, asset in item["assets"].items():
            assert (tiny_kit / asset["href"]).is_file(), key
            if "proj:shape" in asset:
                with rasterio.open(tiny_kit / asset["href"]) as file:
                    assert list(file.shape) == asset["proj:shape"]
                    assert list(file.transform)[:6] == asset["proj:transform"]


def test_collections_are_valid_stac(tiny_kit):  # noqa: F811
    validator = JsonSchemaSTACValidator()
    for name in ("sentinel-2-l2a", "sentinel-2-c1-l2a", DEM):
        collection = read_json(tiny_kit / "collections" / f"{name}.json")
        assert collection["id"] == name
        assert "SIMULATED" in collection["description"]
        newer = collection | {"stac_version": "1.1.0"}
        validator.validate_core(newer, pystac.STACObjectType.COLLECTION, "1.1.0")


def test_september_2018_has_a_clear_a_slightly_cloudy_and_a_cloudy_scene(tiny_kit):  # noqa: F811
    clouds = {
        item["id"]: item["properties"]["eo:cloud_cover"]
        for item in items_of(tiny_kit)
        if item["collection"] == "sentinel-2-l2a"
        and item["properties"]["datetime"].startswith("2018-09")
    }
    low = sorted(c for c in clouds.values() if c < 10)
    assert len(low) >= 2 and low[0] < 0.5 and low[-1] > 0.5
    assert any(c > 30 for c in clouds.values())


def test_thin_cirrus_lies_over_part_of_one_scene(tiny_kit):  # noqa: F811
    share = {
        item["id"]: item["properties"]["s2:thin_cirrus_percentage"]
        for item in items_of(tiny_kit)
        if item["collection"] == "sentinel-2-l2a"
    }
    (cirrus,) = [name for name, percent in share.items() if percent > 5]
    assert cirrus == "S2A_34HCH_20181005_0_L2A" and share[cirrus] < 60
    folder = tiny_kit / "scenes/sentinel-2-l2a"
    veiled = values_of(folder / cirrus / "SCL.tif") == 10
    added = {}
    for band in ("B02", "B12"):
        after, before = (
            values_of(folder / name / f"{band}.tif", veiled.shape) for name in (cirrus, CLEAR)
        )
        more = after.astype(float) - before
        added[band] = np.median(more[veiled]) - np.median(more[~veiled])
    assert 150 < added["B02"] < 600  # the ground shows through, more of it in longer waves
    assert added["B12"] < 0.4 * added["B02"]


def test_summer_dries_shrubs_and_not_trees(tiny_kit):  # noqa: F811
    folder = tiny_kit / "scenes/sentinel-2-l2a"
    truth = tiny_kit / "truth_no_real_project_has"
    stays = np.logical_and(
        *(values_of(truth / f"shadow_{day}.tif") == 0 for day in ("20180915", "20190113"))
    )
    classes = [values_of(truth / f"dominant_class_{day}.tif") for day in ("20180915", "20190113")]
    ndvi = {}
    for name in (CLEAR, "S2A_34HCH_20190113_0_L2A"):
        red, nir = (
            values_of(folder / name / f"{band}.tif").astype(float) for band in ("B04", "B08")
        )
        ndvi[name] = (nir - red) / (nir + red)
    before, after = ndvi.values()

    def change(code):
        same = stays & (classes[0] == code) & (classes[1] == code)
        return np.median(after[same]) - np.median(before[same])

    assert change(FYNBOS_LOW) < -0.05
    assert abs(change(PINE)) < 0.02


@pytest.mark.parametrize("item_id", [LYING, "S2B_34HCH_20240918_0_L2A"])
def test_the_darkest_hundredth_tells_where_the_flag_lies(tiny_kit, item_id):  # noqa: F811
    item = next(i for i in items_of(tiny_kit) if i["id"] == item_id)
    listed = item["assets"]["red"]["raster:bands"][0]
    applied = item["properties"]["earthsearch:boa_offset_applied"]
    dn = values_of(tiny_kit / item["assets"]["red"]["href"])
    darkest = np.percentile(dn, 1) * listed["scale"] + (0.0 if applied else listed["offset"])
    assert (abs(darkest) > 0.05) == (item_id == LYING)  # the test of lesson 03


def test_offsets_are_as_on_earth_search(tiny_kit):  # noqa: F811
    medians = {}
    for item in items_of(tiny_kit):
        properties = item["properties"]
        listed = item["assets"]["red"]["raster:bands"][0]
        assert listed["scale"] == 0.0001
        dn = values_of(tiny_kit / item["assets"]["swir16"]["href"])
        medians[item["id"]] = np.median(dn)
        if item["collection"] == "sentinel-2-c1-l2a":
            assert "earthsearch:boa_offset_applied" not in properties
            assert listed["offset"] == -0.1
        elif properties["s2:processing_baseline"] < "04":
            assert properties["earthsearch:boa_offset_applied"] is False
            assert listed["offset"] == 0
        else:
            assert properties["earthsearch:boa_offset_applied"] is (item["id"] != LYING)
            assert listed["offset"] == -0.1
    c1 = next(i["id"] for i in items_of(tiny_kit) if i["collection"] == "sentinel-2-c1-l2a")
    year_after = "S2B_34HCH_20240918_0_L2A"
    assert 850 < medians[c1] - medians[year_after] < 1150


def test_truth_belongs_to_every_date(tiny_kit, tiny_grid):  # noqa: F811
    folder = tiny_kit / "truth_no_real_project_has"
    days = {p.date.replace("-", "") for p in PASSES}
    assert {p.stem.rsplit("_", 1)[1] for p in folder.glob("pine_cover_*.tif")} == days
    shaded = {}
    for day in days:
        pine = values_of(folder / f"pine_cover_{day}.tif")
        dominant = values_of(folder / f"dominant_class_{day}.tif")
        shadow = values_of(folder / f"shadow_{day}.tif")
        assert pine.shape == dominant.shape == shadow.shape == tiny_grid.shape()
        assert set(np.unique(shadow)) <= {0, 1, 2}
        shaded[day] = (shadow > 0).mean()
        assert pine.max() <= 100
        assert set(np.unique(dominant)) <= {*range(10), 255}
        assert (pine[dominant == 2] > 15).all()
        assert (dominant[pine > 50] == 2).all()
    assert all(0.001 < share < 0.3 for day, share in shaded.items() if day[4:6] == "09")
    # from 10 September to 13 January the sun stands higher with every date
    season = [shaded[day] for day in sorted(days) if day < "2020"]
    assert season == sorted(season, reverse=True)
    early = values_of(folder / "pine_cover_20180915.tif").mean()
    assert values_of(folder / "pine_cover_20240918.tif").mean() > 1.05 * early


def test_field_points_have_the_counts_of_the_real_ones(tiny_kit, tiny_grid):  # noqa: F811
    points = gpd.read_file(tiny_kit / "field_points.gpkg")
    assert pyogrio.list_layers(tiny_kit / "field_points.gpkg")[:, 0].tolist() == ["field_points"]
    assert points.crs.to_epsg() == 32734
    assert list(points.columns) == ["class", "group", "name", "source", "geometry"]
    assert 0.3 < (points["source"] == "imagery").mean() < 0.5
    roadside = gpd.read_file(tiny_kit / "field_points_roadside.gpkg")
    assert list(roadside.columns) == ["class", "group", "name", "geometry"]
    same = ["class", "group"]
    assert roadside[same].value_counts().to_dict() == points[same].value_counts().to_dict()
    assert set(points.geom_type) == {"Point"}
    counts = Counter(zip(points["class"], points["group"], strict=True))
    for code, wanted in enumerate(COUNTS):
        assert tuple(counts[code, group] for group in range(3)) == wanted
    assert points.groupby("class")["name"].nunique().eq(1).all()
    west, south, east, north = points.total_bounds
    assert tiny_grid.west <= west and east <= tiny_grid.east
    assert tiny_grid.south <= south and north <= tiny_grid.north


def test_field_points_have_the_flaws_of_real_ones(tiny_kit):  # noqa: F811
    points = gpd.read_file(tiny_kit / "field_points.gpkg")
    xy = np.column_stack([points.geometry.x, points.geometry.y])
    nearest = cKDTree(xy).query(xy, 2)[1][:, 1]
    shared = (points["group"].to_numpy() == points["group"].to_numpy()[nearest]).mean()
    assert 0.56 < shared < 0.76  # groups are not spatially independent
    with rasterio.open(tiny_kit / "truth_no_real_project_has/dominant_class_20180915.tif") as file:
        truth = np.array([v[0] for v in file.sample(xy)])
    wrong = (truth != points["class"].to_numpy()).mean()
    assert 0.02 < wrong < 0.25  # wrong labels, and positions a pixel off at edges


def test_validation_points_are_true_and_lie_in_the_area(tiny_kit):  # noqa: F811
    points = gpd.read_file(tiny_kit / "validation_points.gpkg")
    assert list(points.columns) == ["class", "name", *INTERPRETERS, "geometry"]
    assert points.crs.to_epsg() == 32734 and len(points) > 300
    xy = np.column_stack([points.geometry.x, points.geometry.y])
    with rasterio.open(tiny_kit / "truth_no_real_project_has/dominant_class_20180915.tif") as file:
        truth = np.array([v[0] for v in file.sample(xy)])
    np.testing.assert_array_equal(truth, points["class"])
    area = gpd.read_file(tiny_kit / "area_of_interest.gpkg").to_crs(32734).geometry.iloc[0]
    assert points.within(area.buffer(1)).all()


def test_interpreters_err_and_doubt_a_little(tiny_kit):  # noqa: F811
    points = gpd.read_file(tiny_kit / "validation_points.gpkg")
    wrong = {}
    for who in INTERPRETERS:
        assert set(points[who]) <= {*CLASS_NAMES, "unsure"}
        sure = points[who] != "unsure"
        assert 0 < (~sure).mean() < 0.06
        wrong[who] = (points[who] != points["name"])[sure].mean()
    assert 0.01 < wrong["interpreter_1"] < wrong["interpreter_2"] < 0.12
    agreed = (points["interpreter_1"] == points["interpreter_2"]) & (
        points["interpreter_1"] != "unsure"
    )
    assert (points["name"] != points["interpreter_1"])[agreed].mean() < wrong["interpreter_1"]


def test_change_points_measure_change(tiny_kit, tiny_grid):  # noqa: F811
    points = gpd.read_file(tiny_kit / "change_points.gpkg")
    assert list(points.columns) == ["stratum", "stratum_ha", "truth", *INTERPRETERS, "geometry"]
    assert set(points["truth"]) <= set(CHANGES) and set(points["stratum"]) <= set(STRATA)
    for who in INTERPRETERS:
        assert set(points[who]) <= {*CHANGES, "unsure"}
        assert 0 < (points[who] != points["truth"]).mean() < 0.2
    sizes = points["stratum"].value_counts()
    assert all(sizes[name] <= STRATA[name] for name in sizes.index)
    areas = points.groupby("stratum")["stratum_ha"]
    assert areas.nunique().eq(1).all()
    area = gpd.read_file(tiny_kit / "area_of_interest.gpkg").to_crs(32734)
    assert areas.first().sum() == pytest.approx(area.area.sum() / 1e4, rel=0.02)
    folder = tiny_kit / "truth_no_real_project_has"
    before, after = (
        values_of(folder / f"dominant_class_{day}.tif") == 2 for day in ("20180915", "20240918")
    )
    column, row = np.floor((~tiny_grid.transform()) @ points.get_coordinates().to_numpy().T)
    kind = 2 * before + 1 * after
    seen = [CHANGES[k] for k in kind[row.astype(int), column.astype(int)]]
    assert points["truth"].tolist() == seen
    inside = geometry_mask(area.geometry, tiny_grid.shape(), tiny_grid.transform(), invert=True)
    for change in ("pine gain", "stable pine"):
        share = (points["truth"] == change).groupby(points["stratum"]).agg(["mean", "count"])
        weight = areas.first()
        estimate = (share["mean"] * weight).sum()
        variance = share["mean"] * (1 - share["mean"]) / (share["count"] - 1) * weight**2
        true = (inside & (kind == CHANGES.index(change))).sum() / 100
        assert abs(estimate - true) < 3 * variance.sum() ** 0.5


def test_an_interpreter_gives_what_did_not_change_the_same_answer():
    shares = np.random.default_rng(2).dirichlet([0.4] * 12, 500).astype("float32")
    chance = np.random.default_rng(3).random((500, 3))
    first, again = interpret(shares, 1.0, chance), interpret(shares.copy(), 1.0, chance)
    np.testing.assert_array_equal(first, again)
    careful = interpret(shares, 0.0, chance)
    np.testing.assert_array_equal(careful, shares[:, :10].argmax(axis=1))
    pure = np.eye(12, dtype="float32")[np.repeat(np.arange(10), 50)]
    answers = interpret(pure, 2.0, chance)
    for label, (_, others) in MISTAKEN.items():
        assert sum(others.values()) == pytest.approx(1)
        assert set(answers[pure[:, label] == 1]) <= {label, UNSURE, *others}


def test_areas(tiny_kit):  # noqa: F811
    path = tiny_kit / "area_of_interest.gpkg"
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["area_of_interest", "catchments"]
    area = gpd.read_file(path)  # what a reader who names no layer gets
    assert area.crs.to_epsg() == 4326 and area.geom_type.tolist() == ["MultiPolygon"]
    assert area.is_valid.all()
    catchments = gpd.read_file(path, layer="catchments")
    assert catchments["name"].is_unique and catchments.is_valid.all()
    hectares = catchments.to_crs(32734).area / 1e4
    np.testing.assert_allclose(catchments["area_ha"], hectares, rtol=0.01)
    outside = area.geometry.iloc[0].difference(catchments.union_all().buffer(0.0005))
    assert outside.area < 0.02 * area.geometry.iloc[0].area


def test_a_scene_rebuilt_alone_is_the_same(tiny_kit, tmp_path):  # noqa: F811
    kit = tmp_path / "kit"
    shutil.copytree(tiny_kit, kit)
    band = kit / "scenes/sentinel-2-l2a" / CLEAR / "B04.tif"
    other = kit / "scenes/sentinel-2-l2a/S2B_34HCH_20180910_0_L2A/B04.tif"
    before, untouched = sha256_of(band), other.stat().st_mtime_ns
    band.write_bytes(b"damaged")
    with pytest.raises(CourseError, match="B04.tif has 7 bytes instead of"):
        check_kit(kit, sums=True)
    build_kit(SIZE, kit, SEED, scene=CLEAR)
    assert sha256_of(band) == before
    assert other.stat().st_mtime_ns == untouched
    assert (kit / "manifest.json").read_bytes() == (tiny_kit / "manifest.json").read_bytes()


def test_a_killed_build_goes_on_where_it_was(tiny_kit, tmp_path):  # noqa: F811
    kit = tmp_path / "kit"
    command = [*COMMAND, "build", "--size", SIZE, "--seed", str(SEED), "--out", str(kit)]
    with (tmp_path / "log").open("w") as log:
        build = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 300
        while not list(kit.glob("items/sentinel-2-*/*.json")):
            assert build.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.4)  # well into the next scene
        build.send_signal(signal.SIGKILL)
        build.wait()
    assert not (kit / "manifest.json").exists()
    with pytest.raises(CourseError, match="python -m offline_kit build"):
        check_kit(kit, sums=True)
    done = {p: p.stat().st_mtime_ns for p in kit.glob("items/*/*.json")}
    build_kit(SIZE, kit, SEED)
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in done.items())
    assert (kit / "manifest.json").read_bytes() == (tiny_kit / "manifest.json").read_bytes()
    assert not (kit / ".building").exists() and not (kit / "building.json").exists()


def test_a_damaged_kit_is_made_again(tiny_kit, tmp_path, capsys):  # noqa: F811
    kit = tmp_path / "kit"
    shutil.copytree(tiny_kit, kit)
    (kit / "field_points.gpkg").write_bytes(b"damaged")
    build_kit(SIZE, kit, SEED)
    assert "field_points.gpkg has 7 bytes instead of" in capsys.readouterr().out
    check_kit(kit, sums=True)


def test_a_kit_with_an_unreadable_manifest_makes_way_when_asked(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    plan = {"kit_version": KIT_VERSION, "size": SIZE, "seed": SEED}
    with pytest.raises(CourseError, match="--replace"):
        prepare(tmp_path, plan, replace=False, scene=None)
    assert prepare(tmp_path, plan, replace=True, scene=None)
    assert [path.name for path in tmp_path.iterdir()] == ["building.json"]


def test_a_manifest_of_something_else_is_not_replaced_even_when_asked(tmp_path):
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "thesis.txt").write_text("precious")
    plan = {"kit_version": KIT_VERSION, "size": SIZE, "seed": SEED}
    for name, content in {"manifest.json": '{"name": "a web page"}', "index.html": ""}.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(CourseError, match="nothing was removed"):
            prepare(tmp_path, plan, replace=True, scene=None)
    assert (tmp_path / "items" / "thesis.txt").read_text() == "precious"


def test_a_complete_kit_is_left_alone(tiny_kit):  # noqa: F811
    stamp = (tiny_kit / "manifest.json").stat().st_mtime_ns
    build_kit(SIZE, tiny_kit, SEED)
    assert (tiny_kit / "manifest.json").stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", "huge"], "no kit size 'huge'"),
        (["--size", "tiny", "--scene", "S2A_X"], "no scene 'S2A_X'.*S2A_34HCH_20180915_0_L2A"),
        (["--size", "tiny", "--seed", "-4"], "seed must lie between"),
    ],
)
def test_bad_arguments_are_named(arguments, words, tmp_path, capsys):
    assert main(["build", "--out", str(tmp_path / "kit"), *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: ") and said.count("\n") == 1
    assert re.search(words, said)
    assert not (tmp_path / "kit").exists()


def test_a_folder_with_something_else_is_not_touched(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("precious")
    assert main(["build", "--size", "tiny", "--out", str(tmp_path)]) == 1
    assert "is not empty and holds no kit" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_another_kit_is_only_replaced_when_asked(tiny_kit, capsys):  # noqa: F811
    assert main(["build", "--size", "tiny", "--seed", "5", "--out", str(tiny_kit)]) == 1
    assert "--replace" in capsys.readouterr().err
    assert (tiny_kit / "manifest.json").exists()


def test_a_kit_of_an_older_version_makes_way(tmp_path):
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "old.tif").write_text("old pixels")
    old = {"kit_version": 0, "size": SIZE, "seed": SEED, "files": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(old))
    plan = {"kit_version": KIT_VERSION, "size": SIZE, "seed": SEED}
    assert prepare(tmp_path, plan, replace=False, scene=None)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["building.json"]


def test_verify_says_what_is_wrong(tiny_kit, tmp_path, capsys):  # noqa: F811
    assert main(["verify", str(tiny_kit)]) == 0
    assert "is whole" in capsys.readouterr().out
    assert main(["verify", str(tmp_path)]) == 1
    assert "There is no offline kit" in capsys.readouterr().err
    (tmp_path / "manifest.json").write_text("{")
    assert main(["verify", str(tmp_path)]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["build", "--size", "tiny", "--out", str(tmp_path / "file" / "kit")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux namespaces")
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_full_disk_gives_one_sentence_and_no_broken_kit(tmp_path, when):
    disk = tmp_path / "disk"
    disk.mkdir()
    build = f"{' '.join(COMMAND)} build --size tiny --seed {SEED} --out {disk}/kit"
    if when == "before":  # too small from the start
        script = f"mount -t tmpfs -o size=20m none {disk} || exit 9; {build}; echo status $?;"
    else:  # large enough at first; then something else fills it while a scene is written
        script = (
            f"mount -t tmpfs -o size=80m none {disk} || exit 9; {build} & "
            f"until ls {disk}/kit/.building/*/scene/*.rough.tif >/dev/null 2>&1; "
            "do sleep 0.05; done; "
            f"cat /dev/zero > {disk}/ballast 2>/dev/null; wait $!; echo status $?;"
        )
    script += f" ls -A {disk}/kit"
    made = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    if "status" not in made.stdout:
        pytest.skip(f"no private mounts here: {made.stderr.strip()[-100:]}")
    errors = [line for line in made.stderr.splitlines() if "Error: " in line]
    assert "status 1" in made.stdout and len(errors) == 1, made.stderr[-2000:]
    assert "free" in errors[0]
    assert "Traceback" not in made.stderr
    left = made.stdout.split("status 1")[1].split()
    assert "manifest.json" not in left and ".building" not in left
