"""Scenes by range request, and the basemap."""

import random
import socket
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
import pytest
import rasterio
import stackstac
from PIL import Image
from rasterio.enums import Resampling
from rasterio.transform import from_bounds
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from tiny_kit import SIZE

from helpers import CountedReads

RED = "scenes/sentinel-2-l2a/S2A_34HCH_20180915_0_L2A/B04.tif"
VISUAL = "scenes/sentinel-2-l2a/S2A_34HCH_20180915_0_L2A/TCI.tif"
PALE = (236, 233, 226)
BRIGHTER = 1.8


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-99", 0, 100), ("bytes=1000-1000", 1000, 1001), ("bytes=-50", -50, None)],
)
def test_ranges(web, kit, wanted, first, last):
    answer = web.get(f"/data/{RED}", headers={"Range": wanted, "Accept-Encoding": "br, gzip"})
    assert answer.status_code == 206
    assert answer.content == (kit / RED).read_bytes()[first:last]
    assert "content-encoding" not in answer.headers


def test_a_range_that_does_not_exist(web):
    assert web.get(f"/data/{RED}", headers={"Range": "bytes=999999999-"}).status_code == 416


def test_traffic_counts_requests_and_bytes(web, kit):
    before = web.get("/traffic").json()
    web.get(f"/data/{RED}", headers={"Range": "bytes=0-99"})
    web.get(f"/data/{RED}")
    after = web.get("/traffic").json()
    assert after["requests"] - before["requests"] == 2
    assert after["bytes"] - before["bytes"] == 100 + (kit / RED).stat().st_size


def test_a_window_needs_a_small_part_of_the_file(server, web, kit):
    before = web.get("/traffic").json()
    with rasterio.open(f"{server.data_url}/{VISUAL}") as scene:
        scene.read(window=Window(0, 0, 64, 64))
    after = web.get("/traffic").json()
    assert 0 < after["bytes"] - before["bytes"] < (kit / VISUAL).stat().st_size / 4


def test_reads_that_a_lesson_counts_are_those_that_the_server_answers(server, web, kit):
    before = web.get("/traffic").json()
    traffic = CountedReads()
    with rasterio.open(f"{server.data_url}/{VISUAL}", opener=traffic) as scene:
        pixels = scene.read(1, window=Window(0, 0, 64, 64))
    after = web.get("/traffic").json()
    with rasterio.open(kit / VISUAL) as scene:
        np.testing.assert_array_equal(pixels, scene.read(1, window=Window(0, 0, 64, 64)))
    assert traffic.megabytes * 1e6 == after["bytes"] - before["bytes"]
    assert 0 < traffic.requests <= after["requests"] - before["requests"]
    assert traffic.file_megabytes * 1e6 == (kit / VISUAL).stat().st_size
    assert repr(traffic).startswith(f"{traffic.requests} requests, ")


def test_32_clients_read_random_windows(server, kit):
    with rasterio.open(kit / RED) as scene:
        everything = scene.read(1)

    def read_windows(seed):
        chance = random.Random(seed)
        with rasterio.open(f"{server.data_url}/{RED}") as scene:
            for _ in range(5):
                column, row = chance.randrange(SIZE - 100), chance.randrange(SIZE - 100)
                width, height = chance.randrange(1, 100), chance.randrange(1, 100)
                pixels = scene.read(1, window=Window(column, row, width, height))
                expected = everything[row : row + height, column : column + width]
                np.testing.assert_array_equal(pixels, expected)
        return seed

    with ThreadPoolExecutor(32) as clients:
        assert list(clients.map(read_windows, range(32))) == list(range(32))


def test_stackstac_reads_what_is_in_the_kit(web, kit):
    items = web.post("/v1/search", json={"ids": ["S2A_34HCH_20180915_0_L2A"]}).json()["features"]
    stack = stackstac.stack(
        items,
        assets=["red", "nir"],
        epsg=32734,
        resolution=10,
        dtype="uint16",
        fill_value=np.uint16(0),
        rescale=False,
    )
    with rasterio.open(kit / RED) as scene:
        expected = scene.read(1)
    np.testing.assert_array_equal(stack.sel(band="red").squeeze("time").to_numpy(), expected)


def answer_line(server, path):
    """Ask for a path exactly as it is written: clients tidy it up before they send it."""
    address = urlsplit(server.http_url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        request = f"GET {address.path}{path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        request += "Connection: close\r\n\r\n"
        connection.sendall(request.encode())
        return connection.makefile("rb").read()


@pytest.mark.parametrize(
    "path",
    [
        "/data/../secret.txt",
        "/data/%2e%2e/secret.txt",
        "/data/..%2fsecret.txt",
        "/data/scenes/../../secret.txt",
        "/data/scenes/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/data//secret.txt",
        "/data/..\\secret.txt",
        "/data/link.txt",
        "/data/manifest.json%00.tif",
        "/data/" + "a" * 5000,
    ],
)
def test_nothing_outside_the_kit_is_served(server, kit, path):
    secret = kit.parent / "secret.txt"
    secret.write_text("secret")
    link = kit / "link.txt"
    if not link.is_symlink():
        link.symlink_to(secret)
    answer = answer_line(server, path)
    assert answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert b"secret" not in answer.split(b"\r\n\r\n", 1)[1]


@pytest.mark.parametrize("request_line", ["nonsense", "GET", "GET / HTTP/9.9"])
def test_what_is_no_http_does_not_end_the_server(server, web, request_line):
    address = urlsplit(server.http_url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(f"{request_line}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 4")
    assert web.get("/health").status_code == 200


def tile_of(longitude, latitude, zoom):
    """Column and row of the tile that holds a point (slippy-map formula)."""
    column = (longitude + 180) / 360 * 2**zoom
    row = (1 - np.arcsinh(np.tan(np.radians(latitude))) / np.pi) / 2 * 2**zoom
    return int(column), int(row)


def read_tile(web, z, x, y):
    answer = web.get(f"/tiles/{z}/{x}/{y}.png", headers={"Origin": "http://localhost:8888"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["access-control-allow-origin"] == "http://localhost:8888"
    pixels = np.asarray(Image.open(BytesIO(answer.content)))
    assert pixels.shape == (256, 256, 3)
    return pixels


def test_a_tile_shows_the_clearest_scene_of_2018_brightened(web, kit):
    z = 13
    x, y = tile_of(19.20, -33.80, z)
    half = 20037508.342789244
    side = 2 * half / 2**z
    bounds = (x * side - half, half - (y + 1) * side, (x + 1) * side - half, half - y * side)
    with (
        rasterio.open(kit / VISUAL) as scene,
        WarpedVRT(
            scene,
            crs="EPSG:3857",
            transform=from_bounds(*bounds, 256, 256),
            width=256,
            height=256,
            resampling=Resampling.bilinear,
        ) as warped,
    ):
        expected = np.minimum(np.moveaxis(warped.read(), 0, -1) * BRIGHTER, 255)
    tile = read_tile(web, z, x, y)
    is_scene = expected.any(axis=-1)
    assert 0.2 < is_scene.mean() < 1
    assert np.median(np.abs(tile.astype(int) - expected)[is_scene]) <= 2
    assert (tile[~is_scene] == PALE).mean() > 0.98


def test_tiles_are_pale_outside_the_scene_and_whole_far_inside(web):
    assert (read_tile(web, 13, 0, 0) == PALE).all()
    x, y = tile_of(19.20, -33.80, 18)
    assert len(np.unique(read_tile(web, 18, x, y))) > 20
    world = read_tile(web, 0, 0, 0)
    assert (world == PALE).all(axis=-1).mean() > 0.99


@pytest.mark.parametrize(
    "path", ["a/0/0", "1/2/0", "1/0/2", "-1/0/0", "25/0/0", "1/-1/0", "1/1.5/0", "1//0"]
)
def test_tiles_that_do_not_exist(web, path):
    assert 400 <= web.get(f"/tiles/{path}.png").status_code < 500


def test_health_names_the_kit(web, server):
    health = web.get("/health").json()
    assert health["kit"] == "tiny"
    assert health["pid"] == server.pid
