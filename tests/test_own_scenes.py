"""What people hit who search for an area of their own: tested on what the libraries really say."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import geopandas as gpd
import jupytext
import numpy as np
import pandas as pd
import pystac_client
import pytest
import rasterio
import rioxarray  # noqa: F401
import stackstac
from lesson_parts import NOTEBOOKS, PROJECT
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds
from shapely.geometry import box, mapping
from urllib3 import Retry

from helpers import CourseError, expect_scenes, open_cloud
from helpers.paths import kit_folder

ERRORS = (PROJECT / "docs" / "errors.md").read_text()
LESSON = NOTEBOOKS / "scripts" / "15_your_own_species.py"
BORDER = 24.0  # degrees east: between the zones 34 and 35


def cell_with(words: str) -> str:
    """Return the code of the one cell of lesson 15 that has these words."""
    cells = jupytext.read(LESSON).cells
    (code,) = [c.source for c in cells if c.cell_type == "code" and words in c.source]
    return code


@pytest.fixture(scope="module")
def catalogue():
    return pystac_client.Client.open(open_cloud().stac_url)


@pytest.fixture(scope="module")
def outline():
    return gpd.read_file(kit_folder() / "second_place" / "outline.kml")


@pytest.mark.kit
def test_intersects_wants_one_geometry_in_degrees(catalogue, outline):
    def found(shape) -> int:
        search = catalogue.search(collections=["sentinel-2-l2a"], intersects=shape)
        return len(list(search.items_as_dicts()))

    said = "intersects: it is not a valid GeoJSON geometry"
    assert said in ERRORS
    for layer in (outline, outline.geometry):
        with pytest.raises(pystac_client.exceptions.APIError, match=said):
            found(layer)
    assert found(outline.force_2d().union_all()) == 3
    assert found(outline.to_crs("EPSG:32734").union_all()) == 0  # metres: no error, no scene


class Unwell(BaseHTTPRequestHandler):
    """A catalogue whose front page answers, and whose search does not."""

    def do_GET(self):
        here = f"http://127.0.0.1:{self.server.server_port}"
        links = [{"rel": "search", "href": f"{here}/search", "method": "POST"}]
        links += [{"rel": rel, "href": here} for rel in ("self", "root")]
        classes = [f"https://api.stacspec.org/v1.0.0/{name}" for name in ("core", "item-search")]
        page = {"type": "Catalog", "id": "unwell", "stac_version": "1.0.0", "description": "."}
        self._answer(200, json.dumps(page | {"conformsTo": classes, "links": links}).encode())

    def do_POST(self):
        self._answer(502, b"<html>502 Bad Gateway</html>")

    def _answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        """Say nothing."""


def test_a_catalogue_that_answers_502():
    with ThreadingHTTPServer(("127.0.0.1", 0), Unwell) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        retry = Retry(1, backoff_factor=0, status_forcelist=(502,), allowed_methods=None)
        address = f"http://127.0.0.1:{server.server_port}"
        unwell = pystac_client.Client.open(
            address, stac_io=pystac_client.stac_api_io.StacApiIO(max_retries=retry)
        )
        with pytest.raises(pystac_client.exceptions.APIError) as error:
            list(unwell.search(collections=["sentinel-2-l2a"]).items())
        server.shutdown()
    assert "too many 502 error responses" in str(error.value)
    assert "too many 502 error responses" in ERRORS


def tile(folder, name: str, epsg: int, bounds: tuple, value: int, seen: float = 1) -> dict:
    """Write a tile of 60 m pixels of one value, and return its item; `seen` of it has data."""
    west, south, east, north = (60 * round(edge / 60) for edge in bounds)
    shape = (north - south) // 60, (east - west) // 60
    pixels = np.full(shape, value, "uint16")
    end = west + 60 * round(seen * shape[1])
    pixels[:, (end - west) // 60 :] = 0
    place = from_origin(west, north, 60, 60)
    profile = {"driver": "GTiff", "dtype": "uint16", "count": 1, "nodata": 0, "tiled": True}
    profile |= {"height": shape[0], "width": shape[1], "crs": epsg, "transform": place}
    with rasterio.open(folder / f"{name}.tif", "w", **profile) as file:
        file.write(pixels, 1)
    footprint = gpd.GeoSeries([box(west, south, end, north)], crs=epsg).to_crs(4326)[0]
    grid = {"proj:epsg": epsg, "proj:shape": list(shape), "proj:transform": list(place)[:6]}
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "links": [],
        "geometry": mapping(footprint), "bbox": list(footprint.bounds),
        "properties": {
            "datetime": "2025-09-18T08:00:00Z", "grid:code": f"MGRS-{epsg % 100}HXX",
            "eo:cloud_cover": 1.0, "proj:epsg": epsg,
        },
        "assets": {"red": {"href": str(folder / f"{name}.tif"), "type": "image/tiff", **grid}},
    }  # fmt: skip


@pytest.fixture
def border(tmp_path):
    """An area on the border of two zones, and a tile on each side of it."""
    area = gpd.GeoDataFrame(geometry=[box(BORDER - 0.05, -34, BORDER + 0.03, -33.95)], crs=4326)
    items = []
    for epsg, (west, east) in {32734: (-0.06, 0.0), 32735: (0.0, 0.04)}.items():
        degrees = (BORDER + west, -34.01, BORDER + east, -33.94)
        # tiles reach over the border, as real ones do
        left, bottom, right, top = transform_bounds(4326, epsg, *degrees)
        bounds = (left - 900, bottom, right + 900, top)
        items.append(tile(tmp_path, f"T{epsg}", epsg, bounds, epsg))
    return area, items


def test_two_tiles_in_two_zones_make_one_picture(border):
    area, items = border
    said = "Cannot pick a common CRS, since assets have multiple CRSs"
    assert said in ERRORS
    with pytest.raises(ValueError, match=said):
        stackstac.stack(items, assets=["red"])

    utm = area.estimate_utm_crs()
    assert utm.to_epsg() == 32734, "the zone of the area's middle"
    names = {"items": items, "stackstac": stackstac, "np": np, "utm": utm}
    names["mine"] = area.to_crs(utm).union_all()
    exec(cell_with("def read(day"), names)
    picture = names["read"]("2025-09-18", ["red"], 60).squeeze("band").compute()
    inside = picture.rio.write_crs(utm).rio.write_nodata(0).rio.clip([names["mine"]])
    west, east = inside.isel(x=8), inside.isel(x=-8)
    assert set(np.unique(west)) <= {0, 32734}
    assert set(np.unique(east)) <= {0, 32735}
    share = float((inside > 0).sum()) * 60**2 / names["mine"].area
    assert share == pytest.approx(1, abs=0.02)


def days_of(area, items) -> pd.DataFrame:
    """Run the cell of lesson 15 that says for each day what it covers."""
    utm = area.estimate_utm_crs()
    found = gpd.GeoDataFrame.from_features(items, crs="EPSG:4326").to_crs(utm)
    found["day"] = found["datetime"].str[:10]
    found["zone"] = found["grid:code"].str[5:7]
    names = {"found": found, "area": area, "utm": utm}
    exec(cell_with('days["covered"] ='), names)
    return names["days"]


def test_the_days_say_tiles_zones_and_half_a_swath(border, tmp_path):
    area, (west, east) = border
    both = days_of(area, [west, east]).loc["2025-09-18"]
    assert (both["tiles"], both["zones"]) == (2, 2)
    assert both["covered"] == pytest.approx(1, abs=0.01)
    one = days_of(area, [west]).loc["2025-09-18"]
    assert (one["tiles"], one["zones"]) == (1, 1)
    assert 0.6 < one["covered"] < 0.8
    bounds = transform_bounds(4326, 32734, *area.total_bounds)
    half = tile(tmp_path, "half", 32734, bounds, 5, seen=0.5)
    assert days_of(area, [half])["covered"].item() == pytest.approx(0.5, abs=0.03)


def test_nothing_clear_is_said_in_words():
    words = "a day on which most of the area is clear"
    assert words in cell_with("clear_days =")
    with pytest.raises(CourseError, match=f"No scene was found for {words}: widen the dates"):
        expect_scenes(pd.DataFrame(), words)
    assert f"No scene was found for {words}" in ERRORS
