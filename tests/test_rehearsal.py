"""aws mode without the internet: a proxy that opens connections, at a distance, with mishaps."""

import json
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections import Counter
from urllib.parse import urlsplit

import nbformat
import numpy as np
import pytest
import xarray as xr
from lesson_code import EARTH_SEARCH

from helpers.export import write_cog
from helpers.paths import PROJECT, kit_folder
from tools.rehearsal.cloud import rehearsed_cloud
from tools.rehearsal.hosts import COGS, PUBLISHED
from tools.rehearsal.hosts import EARTH_SEARCH as CATALOGUE
from tools.rehearsal.lessons import copy_course, published_files, rehearse

pytestmark = pytest.mark.kit

# Each library asks in its own way, as in the lessons; what it says goes to the test.
CLIENTS = """
import os, sys
import rasterio  # which puts certifi's file into the variable for GDAL
from helpers import CountedReads
from helpers.cloud import EARTH_SEARCH
from helpers.machine.certificates import hand_on_certificates
from helpers.machine.patience import ask_again, fetch

hand_on_certificates()
ask_again()
wanted, index, cog, *others = sys.argv[1:]

def by_urllib():
    assert fetch(index, 20)[1]

def by_requests():
    import pystac_client
    search = pystac_client.Client.open(EARTH_SEARCH).search(collections=["sentinel-2-l2a"], limit=2)
    assert search.matched() == len(list(search.items())) > 2

def by_aiohttp():
    with rasterio.open(cog, opener=CountedReads()) as file:
        file.read(1, window=((0, 9), (0, 9)))

def by_gdal():
    for other in others:
        with rasterio.open(other) as file:
            file.read(1)

def by_boto():
    import s3fs
    files = s3fs.S3FileSystem(client_kwargs={"region_name": os.environ["AWS_REGION"]})
    for number in range(4):
        files.pipe_file("course/file", bytes([number]))
        assert files.cat_file("course/file") == bytes([number])

def by_icechunk():
    import icechunk
    storage = icechunk.s3_storage(bucket="course", prefix="maps", region="us-west-2", from_env=True)
    repository = icechunk.Repository.open_or_create(storage)
    repository.writable_session("main").commit("nothing", allow_empty=True)

for ask in [globals()["by_" + name] for name in wanted.split()]:
    try:
        ask()
        print(ask.__name__, "well")
    except Exception as error:
        print(ask.__name__, "fails:", " ".join(str(error).split())[-300:])
"""
KINDS = {"429", "502", "cut", "half", "redirect"}


@pytest.fixture
def cloud_at(tmp_path):
    """Return a way to start a rehearsed cloud at a distance, with or without mishaps."""
    published = published_files(tmp_path, kit_folder(), tmp_path)

    def start(**options):
        return rehearsed_cloud(kit_folder(), published, EARTH_SEARCH, tmp_path, **options)

    return start


LIBRARIES = ["urllib", "requests", "aiohttp", "gdal", "boto", "icechunk"]


def ask_all(environment, libraries=LIBRARIES):
    reds = sorted(kit_folder().glob("scenes/*/*/B04.tif"))[:4]
    cogs = [f"https://{COGS}/{path.relative_to(kit_folder())}" for path in reds]
    points = f"https://{PUBLISHED}/any/where/gctwf_invasive.gpkg"
    done = subprocess.run(
        [sys.executable, "-c", CLIENTS, " ".join(libraries), points, *cogs], cwd=PROJECT,
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == len(libraries)
    return done.stdout


def test_every_library_gets_through_whatever_happens(cloud_at):
    with cloud_at() as cloud:
        said = ask_all(cloud.environment)
        assert said.count(" well\n") == 6, said
        assert set(cloud.mishaps.injected) == KINDS
        assert len(cloud.mishaps.requests) == 4  # hosts; the imagery is for browsers
        assert not cloud.line.strangers


@pytest.mark.parametrize("missing", ["SSL_CERT_FILE", "HTTPS_PROXY"])
def test_without_one_of_the_two_settings_none_does(cloud_at, missing):
    with cloud_at(mishaps=False) as cloud:
        environment = {name: text for name, text in cloud.environment.items() if name != missing}
        if missing == "HTTPS_PROXY":  # nobody may be asked in earnest, where there is an internet
            environment["HTTPS_PROXY"] = "http://127.0.0.1:9"
        said = ask_all(environment, ["urllib", "aiohttp", "gdal"])  # the others try for long
        assert " well\n" not in said, said
        assert not cloud.mishaps.requests


def connect(cloud, host, password=None):
    """Ask the proxy for a way to a host; return the connection and the answer's first line."""
    proxy = urlsplit(cloud.environment["HTTPS_PROXY"])
    proof = b64encode(f"course:{password or proxy.password}".encode()).decode()
    connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
    head = f"CONNECT {host}:443 HTTP/1.1\r\nProxy-Authorization: Basic {proof}\r\n\r\n"
    connection.sendall(head.encode())
    return connection, connection.recv(4096).partition(b"\r\n")[0]


def test_the_proxy_leads_nowhere_else(cloud_at):
    with cloud_at(mishaps=False) as cloud:
        assert b"200" in connect(cloud, CATALOGUE)[1]
        assert b"407" in connect(cloud, CATALOGUE, password="guessed")[1]
        assert b"502" in connect(cloud, "www.example.org")[1]
        assert cloud.line.strangers == {"www.example.org"}


def test_a_cloud_is_far_off(cloud_at):
    with cloud_at(mishaps=False, delay=0.3, bits_per_second=8e6) as cloud:
        start = time.perf_counter()
        raw, _ = connect(cloud, PUBLISHED)
        assert time.perf_counter() - start >= 0.6  # TCP and TLS greet
        context = ssl.create_default_context(cafile=cloud.environment["SSL_CERT_FILE"])
        with context.wrap_socket(raw, server_hostname=PUBLISHED) as connection:
            start = time.perf_counter()
            connection.sendall(
                f"GET /gctwf_invasive.gpkg HTTP/1.1\r\nHost: {PUBLISHED}\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            received = 0
            while piece := connection.recv(65_536):
                received += len(piece)
        seconds = time.perf_counter() - start
        assert received > 200_000
        assert seconds >= 0.3 + 0.9 * (received - 65_536) / 1e6
        assert cloud.line.bytes >= received


def made_map(path):
    """Write a map of pines as lesson 09 would leave it, so that lesson 10 need not wait."""
    random = np.random.default_rng(1).random((1800, 2400), "float32")
    coords = {"y": 6_267_575.0 - 10 * np.arange(1800), "x": 321_375.0 + 10 * np.arange(2400)}
    array = xr.DataArray(random, coords, ("y", "x"), name="pine_probability")
    write_cog(array.rio.write_crs(32734).rio.write_nodata(np.nan), path, progress=False)


@pytest.mark.lesson
@pytest.mark.slow
def test_lessons_in_a_rehearsal(tmp_path):
    course, work = tmp_path / "course", tmp_path / "cloud"
    (course / "outputs" / "aws").mkdir(parents=True)
    work.mkdir()
    published = published_files(tmp_path, kit_folder(), tmp_path)
    copy_course(course, published)
    made_map(course / "outputs" / "aws" / "pine_probability.tif")
    lessons = ["00_welcome", "02_find_scenes", "10_export_and_share"]
    with rehearsed_cloud(kit_folder(), published, EARTH_SEARCH, work) as cloud:
        rehearsed = list(rehearse(lessons, course, cloud))
        strangers = cloud.line.strangers
    assert [(lesson.name, lesson.fault) for lesson in rehearsed] == [(n, None) for n in lessons]
    assert not strangers
    assert set(sum((Counter(lesson.injected) for lesson in rehearsed), Counter())) == KINDS
    assert all(lesson.requests > 4 and lesson.peak_mb > 100 for lesson in rehearsed)
    executed = course / "outputs" / "aws" / "executed"
    welcome, search, _ = (nbformat.read(executed / f"{name}.ipynb", 4) for name in lessons)
    said = text_of(welcome)
    assert "All is well." in said, said
    assert "The cloud is 'aws'" in said
    if EARTH_SEARCH.is_dir():
        title = json.loads((EARTH_SEARCH / "landing.json").read_text())["title"]
        assert f"its catalogue: {title}" in said
    assert "simulated" not in text_of(search)


def text_of(notebook):
    outputs = (o for cell in notebook.cells for o in cell.get("outputs", []))
    return "".join(o.get("text", "") for o in outputs)
