"""The second place: found by where it is, and by nobody who asks for the course's place."""

import csv
import io
import re
from collections import Counter

import geopandas as gpd
import httpx
import numpy as np
import pandas as pd
import pystac_client
import pytest
import rasterio
from build_fixtures import SEED, served_kit, tiny_kit  # noqa: F401 (fixtures)
from PIL import Image

from helpers.course import PLACE
from offline_kit.build.grid import SIZES, TILE_NORTH
from offline_kit.build.landcover import CLASS_NAMES
from offline_kit.build.landscape import make_landscape
from offline_kit.build.office import COLUMNS, SPELLINGS, TYPING_ERRORS, make_outline, make_records
from offline_kit.build.places import SECOND, SECOND_GRIDS, SECOND_PASSES, parts_of
from offline_kit.build.stac import footprint

pytestmark = pytest.mark.kit
COURSE_POINT = {"type": "Point", "coordinates": list(PLACE)}
SECOND_POINT = {"type": "Point", "coordinates": [SECOND.longitude, SECOND.latitude]}


@pytest.fixture(scope="module")
def landscape():
    return make_landscape(SECOND_GRIDS["tiny"], SEED, SECOND)


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_it_lies_on_the_lattice_of_another_tile_and_apart_from_every_size():
    for size, grid in SECOND_GRIDS.items():
        assert (grid.west - 399_960) % 60 == 0 and (TILE_NORTH - grid.north) % 60 == 0
        assert grid.width % 6 == 0 and grid.height % 6 == 0
        west, south, east, north = footprint(grid)[1]
        assert west < SECOND.longitude < east and south < SECOND.latitude < north
        assert parts_of(size)[1].grid is grid
    for grid in SIZES.values():
        assert grid.east < SECOND_GRIDS["course"].west
    assert len(parts_of("study")) == len(parts_of("tile")) == 1
    assert len(parts_of("tile")[0].passes) == 1


def test_a_search_by_place_tells_the_two_apart(served_kit):  # noqa: F811
    catalogue = pystac_client.Client.open(served_kit.stac_url)
    bounds = footprint(SECOND_GRIDS["tiny"])[1]
    for where in ({"bbox": bounds}, {"intersects": SECOND_POINT}):
        found = catalogue.search(collections=["sentinel-2-l2a"], **where).item_collection()
        assert {item.id for item in found} == {p.item_id for p in SECOND_PASSES}
        assert all(item.properties["grid:code"] == "MGRS-34HDH" for item in found)
        (terrain,) = catalogue.search(collections=["cop-dem-glo-30"], **where).items()
        assert terrain.id == "Copernicus_DSM_COG_10_S35_00_E020_00_DEM"
    for item in catalogue.search(intersects=COURSE_POINT).items():
        assert item.properties["grid:code"] in ("MGRS-34HCH", "CDEM-S34E019")


@pytest.mark.parametrize("place", [PLACE, (SECOND.longitude, SECOND.latitude)])
def test_the_basemap_shows_either_place(place, served_kit):  # noqa: F811
    longitude, latitude = place
    x = int((longitude + 180) / 360 * 2**15)
    y = int((1 - np.arcsinh(np.tan(np.radians(latitude))) / np.pi) / 2 * 2**15)
    answer = httpx.get(served_kit.tiles_url.format(z=15, x=x, y=y), timeout=60)
    with Image.open(io.BytesIO(answer.content)) as tile:
        assert len(tile.convert("RGB").getcolors(maxcolors=2**16)) > 200


def test_the_truth_tells_the_cover_of_its_own_species(tiny_kit):  # noqa: F811
    folder = tiny_kit / "truth_no_real_project_has" / SECOND.folder
    wattle = CLASS_NAMES.index(SECOND.target)
    for one in SECOND_PASSES:
        day = one.date.replace("-", "")
        with (
            rasterio.open(folder / f"wattle_cover_{day}.tif") as cover,
            rasterio.open(folder / f"dominant_class_{day}.tif") as dominant,
        ):
            assert cover.shape == SECOND_GRIDS["tiny"].shape()
            percent, label = cover.read(1), dominant.read(1)
        assert (label[percent > 50] == wattle).all() and (percent[label == wattle] > 15).all()
        assert 0.01 < (label == wattle).mean() < 0.3
        assert (folder / f"shadow_{day}.tif").is_file()


def test_the_outline_is_a_polygon_in_degrees_within_the_scenes(tiny_kit, landscape):  # noqa: F811
    outline = gpd.read_file(tiny_kit / SECOND.folder / "outline.kml")
    assert outline.crs.to_epsg() == 4326 and outline.geom_type.tolist() == ["Polygon"]
    drawn = outline.to_crs(32734).geometry.iloc[0]
    assert drawn.symmetric_difference(make_outline(landscape)).area < 1000  # a tenth of a metre
    grid = landscape.grid
    assert grid.west < drawn.bounds[0] and drawn.bounds[2] < grid.east
    assert grid.south < drawn.bounds[1] and drawn.bounds[3] < grid.north
    assert drawn.area > 0.6 * (grid.east - grid.west) * (grid.north - grid.south)


def test_records_are_typed_as_people_do(tiny_kit):  # noqa: F811
    rows = read((tiny_kit / SECOND.folder / "records.csv").read_text(encoding="utf-8"))
    truth = read(
        (tiny_kit / "truth_no_real_project_has" / SECOND.folder / "records.csv").read_text("utf-8")
    )
    assert list(rows[0]) == list(COLUMNS)
    assert [row["no"] for row in rows] == [row["no"] for row in truth]
    assert {row["type"] for row in rows} == {"presence", "background"}
    presence = [row for row in rows if row["type"] == "presence"]
    assert len({row["species"] for row in presence} & set(SPELLINGS)) >= 5
    styles = Counter(re.sub(r"[A-Za-z]+", "b", re.sub(r"\d", "9", r["date"])) for r in presence)
    assert {"9999-99-99", "99/99/9999", ""} <= set(styles)
    blank = sum(row["accuracy_m"] == "" for row in presence)
    assert 0 < blank < len(presence) / 4
    by_error = Counter(error for row in truth for error in row["error"].split("; ") if error)
    assert set(by_error) <= {*TYPING_ERRORS, "typed twice", "same tree as another record"}
    assert by_error["typed twice"] > 0 and by_error.total() < len(presence) / 4


def test_what_is_not_mistyped_lies_where_it_is_said_to(tiny_kit):  # noqa: F811
    folder = tiny_kit / "truth_no_real_project_has" / SECOND.folder
    rows = pd.read_csv(tiny_kit / SECOND.folder / "records.csv", dtype=str)
    truth = pd.read_csv(folder / "records.csv", dtype={"no": str, "error": str})
    good = truth["error"].isna()
    said = gpd.points_from_xy(
        rows["lon"][good].astype(float), rows["lat"][good].astype(float), crs=4326
    ).to_crs(32734)
    off = said.distance(gpd.points_from_xy(truth["x"], truth["y"], crs=32734)[good])
    accuracy = rows["accuracy_m"][good].astype(float)
    known = accuracy.notna().to_numpy()
    # as a receiver means it: two places in three lie within the accuracy
    assert 0.4 < (off[known] < accuracy[known]).mean() < 0.85
    assert off[(rows["type"][good] == "background").to_numpy()].max() < 2
    with rasterio.open(
        folder / f"dominant_class_{SECOND_PASSES[-1].date.replace('-', '')}.tif"
    ) as f:
        label = np.array([v[0] for v in f.sample(truth[["x", "y"]].to_numpy())])
    species = rows["species"].str.strip().isin([s.strip() for s in SPELLINGS]).to_numpy()
    assert (label[species] == CLASS_NAMES.index(SECOND.target)).mean() > 0.97
    background = (rows["type"] == "background").to_numpy()
    wattle = (label[background] == CLASS_NAMES.index(SECOND.target)).mean()
    assert 0 < wattle < 0.3  # nobody has looked: some of it is the species


def test_the_same_seed_gives_the_same_records(landscape):
    outline = make_outline(landscape)
    first = make_records(landscape, outline, SECOND_PASSES[-1])
    again = make_records(landscape, make_outline(landscape), SECOND_PASSES[-1])
    assert first == again
