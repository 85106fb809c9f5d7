"""make drift: each thing is made to drift on purpose, at a server on this machine."""

import copy
import hashlib
import http.server
import io
import json
import subprocess
import sys
import threading

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from helpers.course import COLLECTION, PLACE
from offline_kit.serve.stac.routes import CONFORMANCE
from tools import drift
from tools.drift import ASSETS, NEWER, PROPERTIES, Services

TILE = "/{0}/{2}/{1}.png".format(drift.ZOOM, *drift.tile_at(*PLACE, drift.ZOOM))


class Live(http.server.BaseHTTPRequestHandler):
    """What the live services answer: files by path, and one scene for each collection."""

    def do_GET(self):
        self.send(self.server.files.get(self.path.partition("?")[0]))

    do_HEAD = do_GET

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        (collection,) = asked["collections"]
        found = [item for item in self.server.scenes if item["collection"] == collection]
        page = {"type": "FeatureCollection", "features": found, "links": []}
        self.send(json.dumps(page).encode())

    def send(self, content):
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        if self.path.startswith("/simple/"):
            self.send_header("Content-Type", "text/html")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


def red_image(digital_number):
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=64, height=64, count=1, dtype="uint16", nodata=0, crs=32734,
            transform=from_origin(300_000, 6_300_000, 10, 10),
        ) as file:  # fmt: skip
            file.write(np.full((1, 64, 64), digital_number, "uint16"))
        return memory.read()


def picture():
    colours = np.random.default_rng(1).integers(0, 255, (16, 16, 3)).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "PNG")
    return file.getvalue()


def scene(address, collection):
    image = {
        "href": f"{address}/{collection}.tif",
        "proj:shape": [64, 64],
        "proj:transform": [10, 0, 300_000, 0, -10, 6_300_000],
        "raster:bands": [{"scale": 0.0001, "offset": -0.1}],
    }
    properties = dict.fromkeys(PROPERTIES, 1) | {"datetime": "2023-09-19T08:36:01Z"}
    if collection == COLLECTION:
        properties[drift.FLAG] = True
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": f"of-{collection}", "geometry": None,
        "collection": collection, "properties": properties, "links": [],
        "assets": {name: copy.deepcopy(image) for name in ASSETS},
    }  # fmt: skip


@pytest.fixture
def live(monkeypatch):
    """The live services as the course expects them, to be changed; and where they are."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Live)
    address = f"http://127.0.0.1:{server.server_port}"
    search = {
        "rel": "search",
        "href": f"{address}/v1/search",
        "method": "POST",
        "type": "application/geo+json",
    }
    server.landing = {
        "type": "Catalog", "stac_version": "1.0.0", "id": "live", "description": "live",
        "conformsTo": list(CONFORMANCE), "links": [search],
    }  # fmt: skip
    server.files = {
        f"/{COLLECTION}.tif": red_image(200),
        f"/{NEWER}.tif": red_image(1200),
        "/points.gpkg": b"points",
        TILE: picture(),
    }
    server.scenes = [scene(address, name) for name in (COLLECTION, NEWER)]
    monkeypatch.setattr(drift, "HOSTS", dict.fromkeys(drift.HOSTS, "127.0.0.1"))
    monkeypatch.delitem(drift.CHECKS, "versions")
    server.services = Services(
        f"{address}/v1",
        ((f"{address}/points.gpkg", hashlib.sha256(b"points").hexdigest()),),
        f"{address}/{{z}}/{{y}}/{{x}}.png",
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def look(live, capsys):
    """Return what is said, by the name of the check."""
    live.files["/v1"] = json.dumps(live.landing).encode()
    well = drift.print_drift(live.services)
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    said = {name: (state, text) for state, name, text in lines}
    assert well == all(state == "ok" for state, _ in said.values())
    return said


def drifted(live, capsys):
    """Return the one check that is not well, and what it says."""
    said = look(live, capsys)
    ((name, (state, text)),) = [item for item in said.items() if item[1][0] != "ok"]
    assert state == "DRIFT"
    return name, text


def test_nothing_has_drifted(live, capsys):
    said = look(live, capsys)
    assert list(said) == ["conformance", "fields", "hosts", "offset", "published", "imagery"]
    assert {state for state, _ in said.values()} == {"ok"}


def test_another_version_of_stac(live, capsys):
    live.landing["stac_version"] = "1.1.0"
    name, text = drifted(live, capsys)
    assert name == "conformance" and "speaks STAC 1.1.0, not 1.0.0" in text


def test_a_class_of_conformance_is_gone(live, capsys):
    gone = live.landing["conformsTo"].pop()
    name, text = drifted(live, capsys)
    assert name == "conformance" and gone in text


def test_a_new_class_is_told_and_no_drift(live, capsys):
    live.landing["conformsTo"].append("https://api.stacspec.org/v1.0.0/item-search#filter")
    assert look(live, capsys)["conformance"][1].endswith("item-search#filter")


@pytest.mark.parametrize("field", ["grid:code", "view:sun_azimuth"])
def test_a_property_is_gone(live, capsys, field):
    del live.scenes[1]["properties"][field]
    name, text = drifted(live, capsys)
    assert name == "fields" and f"of-{NEWER} of {NEWER} lacks {field}" in text


def test_an_asset_is_called_otherwise(live, capsys):
    live.scenes[0]["assets"]["B8A"] = live.scenes[0]["assets"].pop("nir08")
    name, text = drifted(live, capsys)
    assert name == "fields" and "lacks nir08" in text


def test_an_asset_says_less(live, capsys):
    del live.scenes[0]["assets"]["scl"]["proj:transform"]
    name, text = drifted(live, capsys)
    assert name == "fields" and "proj:transform of scl" in text


def test_pixels_have_moved(live, capsys):
    red = live.scenes[0]["assets"]["red"]
    red["href"] = red["href"].replace("127.0.0.1", "localhost")
    name, text = drifted(live, capsys)
    assert name == "hosts" and "lie at localhost, not at 127.0.0.1" in text


def test_the_flag_is_gone(live, capsys):
    del live.scenes[0]["properties"][drift.FLAG]
    name, text = drifted(live, capsys)
    assert name == "offset" and "boa_offset_applied: None, not -0.1 and True" in text


def test_another_offset_is_listed(live, capsys):
    live.scenes[1]["assets"]["red"]["raster:bands"][0]["offset"] = 0
    name, text = drifted(live, capsys)
    assert name == "offset" and "lists offset 0" in text


def test_pixels_and_flag_disagree(live, capsys):
    live.files[f"/{COLLECTION}.tif"] = red_image(1200)
    name, text = drifted(live, capsys)
    assert name == "offset" and "darkest red" in text and "is 0.12" in text


def test_a_published_file_has_changed(live, capsys):
    live.files["/points.gpkg"] = b"other points"
    name, text = drifted(live, capsys)
    assert name == "published" and hashlib.sha256(b"other points").hexdigest() in text


def test_a_published_file_is_gone(live, capsys):
    del live.files["/points.gpkg"]
    name, text = drifted(live, capsys)
    assert name == "published" and "answers 404" in text


def test_the_imagery_is_blank(live, capsys):
    blank = io.BytesIO()
    Image.new("RGB", (16, 16)).save(blank, "PNG")
    live.files[TILE] = blank.getvalue()
    name, text = drifted(live, capsys)
    assert name == "imagery" and "(1 colours)" in text


def test_a_collection_is_empty(live, capsys):
    live.scenes.pop(0)
    said = look(live, capsys)
    assert {name for name, (state, _) in said.items() if state == "DRIFT"} == {
        "fields", "hosts", "offset",
    }  # fmt: skip


def test_nobody_answers_is_no_drift(capsys, monkeypatch):
    monkeypatch.delitem(drift.CHECKS, "versions")
    nobody = "http://127.0.0.1:9"
    services = Services(f"{nobody}/v1", ((f"{nobody}/points.gpkg", ""),), f"{nobody}/{{z}}.png")
    assert not drift.print_drift(services)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 6 and all(line.startswith("unknown") for line in said)


@pytest.mark.parametrize(("name", "newest"), [("bokeh", "99.0"), ("pandas", "99.0"), ("", "")])
def test_newer_versions(live, monkeypatch, name, newest):
    address = f"http://127.0.0.1:{live.server_port}"
    wheel = f"{name}-{newest}-py3-none-any.whl"
    live.files[f"/simple/{name}/"] = f'<a href="{wheel}">{wheel}</a>'.encode()
    run = subprocess.run

    def ask_here(command, **options):
        assert command[:3] == [sys.executable, "-m", "uv"]
        return run([*command, "--no-config", "--default-index", f"{address}/simple"], **options)

    monkeypatch.setattr(drift.subprocess, "run", ask_here)
    if name == "bokeh":
        with pytest.raises(drift.Drifted, match=r"1 of \d+ are not the newest: bokeh .* -> 99.0"):
            drift.look_at_versions(live.services)
    else:  # pyproject.toml holds pandas back
        assert drift.look_at_versions(live.services).endswith(
            f"but for {int(bool(name))} that pyproject.toml holds back"
        )


def test_it_asks_the_internet_only_when_told_so(monkeypatch, capsys):
    monkeypatch.setattr(drift, "print_drift", lambda _: pytest.fail("it asked"))
    for name in ("", "local"):
        monkeypatch.setenv("COURSE_CLOUD", name)
        assert drift.main() == 1
        assert "set COURSE_CLOUD=aws" in capsys.readouterr().out
