"""A machine as people have it: odd folders, no home, dead proxies, settings of other work."""

import json
import os
import shutil
import subprocess
import sys

LESSON = """
import json, os, sys
from pathlib import Path

from offline_kit.serve import ensure_server

kit, folder = map(Path, sys.argv[1:])
server = ensure_server(kit, folder)

import rasterio
import requests
import s3fs
from pystac_client import Client

items = list(Client.open(server.stac_url).search(limit=1, max_items=1).items_as_dicts())
red = items[0]["assets"]["red"]["href"]
with rasterio.open(red) as scene:
    pixels = scene.read(1)
tile = requests.get(server.tiles_url.format(z=0, x=0, y=0))
files = s3fs.S3FileSystem(
    key=server.access_key,
    secret=server.secret_key,
    endpoint_url=server.s3_url,
    client_kwargs={"region_name": server.region},
)
files.pipe("course/outputs/map é!.tif", b"x" * 2_000_000)
kept = files.cat("course/outputs/map é!.tif")
print(json.dumps([pixels.shape, tile.headers["content-type"], len(kept)]), flush=True)
sys.stdin.read()
"""
NOWHERE = "http://127.0.0.1:9"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def settings_of_other_work(folder):
    """Make what else people do on their machines: an account at AWS, PostGIS, another GDAL."""
    (folder / "config").write_text("[profile\n")
    (folder / "proj.db").touch()
    return {
        "AWS_PROFILE": "not-there",
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_CA_BUNDLE": str(folder / "gone.pem"),
        "AWS_USE_FIPS_ENDPOINT": "true",
        "PROJ_LIB": str(folder),
        "PROJ_DATA": str(folder),
        "GDAL_DATA": str(folder),
        "GDAL_SKIP": "GTiff PNG",
    }


def test_a_machine_with_odd_folders_no_home_dead_proxies_and_other_work(kit, tmp_path):
    odd = tmp_path / "Übung 1 – 100 % (Kopie)! [neu] #2 & 'so'"
    odd.mkdir()
    shutil.copytree(kit, odd / "kit")
    left_out = {"HOME", "NO_PROXY", "no_proxy", "AWS_ENDPOINT_URL"}
    environment = {name: text for name, text in os.environ.items() if name not in left_out}
    environment |= dict.fromkeys(PROXIES, NOWHERE)
    environment |= {name.lower(): NOWHERE for name in PROXIES}
    environment |= settings_of_other_work(tmp_path)
    lesson = subprocess.Popen(
        [sys.executable, "-c", LESSON, odd / "kit", odd / "bucket"],
        env=environment,
        cwd=odd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with lesson:
        done = lesson.stdout.readline()
        assert done, (odd / "bucket" / "server.log").read_text()
        assert json.loads(done) == [[720, 720], "image/png", 2_000_000]
        lesson.stdin.close()
    assert lesson.returncode == 0
