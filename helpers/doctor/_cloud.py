"""The cloud, on this machine or on AWS: the kit, the catalogue, pixels, basemap, bucket."""

from __future__ import annotations

import json
import math
import os
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from helpers.course import COLLECTION, PLACE
from helpers.doctor._check import NotNeeded, ToFix, one_line
from helpers.machine.certificates import CURE, hand_on_certificates, is_about_certificates
from helpers.machine.patience import fetch, retry
from helpers.paths import kit_folder

NETWORK_SECONDS = 5
BUCKET_SECONDS = 15  # the bucket on this machine opens a few seconds after the rest
FIRST_BYTES = 16_384
ZOOM = 11
COLOURS = 20  # a tile with fewer is blank, or says that there is no picture
TIFF = (b"II*\0", b"II+\0", b"MM\0*", b"MM\0+")


def look_at_kit() -> str:
    """Compare every file of the offline kit with the manifest."""
    from offline_kit.manifest import check_kit

    files = check_kit(kit_folder(), sums=True)["files"]
    size = sum(entry["bytes"] for entry in files.values())
    return f"{len(files)} files, {size / 1e6:.0f} MB, as in the manifest of {kit_folder()}"


def look_at_network() -> str:
    """Look whether Earth Search can be reached (aws mode)."""
    from helpers.cloud import EARTH_SEARCH

    hand_on_certificates()
    _ask(EARTH_SEARCH)
    return f"{EARTH_SEARCH} answers"


def look_at_certificates() -> str:
    """Ask Earth Search through requests, which trusts a list of its own (aws mode)."""
    import requests

    from helpers.cloud import EARTH_SEARCH

    session = requests.Session()
    session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry()))
    try:
        session.get(EARTH_SEARCH, timeout=NETWORK_SECONDS)
    except requests.exceptions.SSLError:
        raise ToFix(f"requests does not trust {EARTH_SEARCH}: {CURE}.") from None
    return "Python and requests trust the servers"


def look_at_cloud() -> str:
    """Open the cloud as a lesson does: this starts the server, or fetches the field data."""
    from helpers.cloud import open_cloud

    cloud = open_cloud()
    return f"'{cloud.name}' opens; its catalogue is {cloud.stac_url}"


def look_at_search() -> str:
    """Search the catalogue for one scene of the course's mountains."""
    item = find_scene(_opened().stac_url)
    return f"finds {item['id']}"


def look_at_pixels() -> str:
    """Read the first bytes of a scene by range request, then some pixels of it."""
    address = find_scene(_opened().stac_url)["assets"]["red"]["href"]
    request = urllib.request.Request(address, headers={"Range": f"bytes=0-{FIRST_BYTES - 1}"})
    status, content = _ask(request)
    if status != 206 or len(content) > FIRST_BYTES:
        raise ToFix(
            f"{address} answers a range request with the whole file (status {status}): a proxy in "
            "between removes the range, so ask for a way round it, or work offline by unsetting "
            "COURSE_CLOUD."
        )
    if not content.startswith(TIFF):
        raise ToFix(
            f"{address} is not a TIFF (it begins with {content[:12]!r}): a proxy or a login page "
            "answers in its place, so ask for a way round it."
        )
    return f"{len(content)} bytes by range request, {_read_window(address)}"


def _read_window(address: str) -> str:
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.windows import Window

    try:
        with (
            rasterio.Env(
                GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
                GDAL_HTTP_TIMEOUT=NETWORK_SECONDS,
                GDAL_HTTP_MAX_RETRY=2,
                GDAL_HTTP_RETRY_DELAY=1,
            ),
            rasterio.open(address) as scene,
        ):
            pixels = scene.read(1, window=Window(0, 0, 64, 64))
    except RasterioError as error:
        cure = "look at the variables GDAL_*, CURL_* and *_PROXY of this environment"
        if is_about_certificates(error):
            cure = CURE
        raise ToFix(
            f"GDAL cannot read {address} ({one_line(str(error))}), although the address answers: "
            f"{cure}."
        ) from None
    return f"{pixels.shape[0]} x {pixels.shape[1]} pixels"


def look_at_tile() -> str:
    """Fetch a tile of the basemap and look whether there is a picture in it."""
    cloud = _opened()
    x, y = tile_at(*PLACE, ZOOM)
    template = cloud.basemap.url
    if template.startswith("/"):  # as a browser sees it, through the hub; from here it is shorter
        template = cloud.stac_url.removesuffix("/v1") + "/tiles/{z}/{x}/{y}.png"
    address = template.format(x=x, y=y, z=ZOOM)
    _, content = _ask(address)
    colours = count_colours(content)
    if colours < COLOURS:
        raise ToFix(
            f"The basemap's tile {address} is blank ({colours} colours): maps will have no "
            "background; build the kit again with `make kit`, or check the network in aws mode."
        )
    return f"a tile with {colours} colours"


def look_at_bucket() -> str:
    """Write an object to the bucket, read it back and remove it."""
    cloud = _opened()
    if cloud.bucket_name is None:
        raise NotNeeded(
            "only lesson 10 needs a bucket: name one of your own with COURSE_BUCKET by then"
        )
    from botocore.exceptions import BotoCoreError, ClientError
    from fsspec.asyn import get_loop, sync

    name, content = f"{cloud.bucket}/doctor-{uuid4().hex}", b"written by the doctor"
    limits = {
        "connect_timeout": NETWORK_SECONDS,
        "read_timeout": BUCKET_SECONDS,
        "retries": {"max_attempts": 3},
    }
    options = cloud.s3 | {"config_kwargs": cloud.s3.get("config_kwargs", {}) | limits}
    try:
        back = sync(get_loop(), _write_and_read, options, name, content)
    except (OSError, ClientError, BotoCoreError) as error:
        raise ToFix(
            f"The bucket '{cloud.bucket}' cannot be written ({one_line(str(error))}): "
            + _how_to_write(cloud.name)
        ) from None
    if back != content:
        raise ToFix(
            f"The bucket '{cloud.bucket}' gives back bytes that differ from those written: "
            + _how_to_write(cloud.name)
        )
    return f"'{cloud.bucket}' is written and read"


async def _write_and_read(options: dict[str, Any], name: str, content: bytes) -> bytes:
    """Write an object, read it back, remove it, and close the connections.

    Left to the garbage collector, they would be closed by whatever event loop runs at that moment,
    which complains.
    """
    import s3fs

    bucket = s3fs.S3FileSystem(**options, asynchronous=True, skip_instance_cache=True)
    bucket.retries = 2
    session = await bucket.set_session()
    try:
        await bucket._pipe_file(name, content)
        back = await bucket._cat_file(name)
        await bucket._rm_file(name)
    finally:
        await session.close()
    return back


def _how_to_write(cloud: str) -> str:
    if cloud == "aws":
        return "look at COURSE_BUCKET, AWS_REGION, your AWS credentials and the bucket's policy."
    return "shut down all kernels, wait ten seconds for the server to end, and try again."


def _opened() -> Any:
    from helpers.cloud import open_cloud

    return open_cloud()


def find_scene(stac_url: str) -> dict[str, Any]:
    """Return one STAC item of the course's mountains."""
    (longitude, latitude), near = PLACE, 0.01  # degrees
    box = (longitude - near, latitude - near, longitude + near, latitude + near)
    wanted = {"collections": COLLECTION, "bbox": ",".join(map(str, box)), "limit": 1}
    address = f"{stac_url}/search?{urlencode(wanted)}"
    _, content = _ask(address)
    try:
        items = json.loads(content)["features"]
    except (ValueError, KeyError, TypeError):
        raise ToFix(
            f"{address} answers, but not as a STAC catalogue (it begins with "
            f"{content[:30]!r}): a proxy or a login page answers in its place."
        ) from None
    if not items:
        raise ToFix(f"{address} finds no scene: build the kit again with `make kit`.")
    return items[0]


def tile_at(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Return the column and the row of the XYZ tile that holds a place."""
    tiles = 2**zoom
    height = math.asinh(math.tan(math.radians(latitude)))
    return int((longitude + 180) / 360 * tiles), int((1 - height / math.pi) / 2 * tiles)


def count_colours(picture: bytes) -> int:
    from io import BytesIO

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(picture)) as image:
            return len(image.convert("RGB").getcolors(maxcolors=2**24) or [])
    except UnidentifiedImageError:
        return 0


def _ask(request: str | urllib.request.Request) -> tuple[int, bytes]:
    """Return status and content of a web address; one sentence if it does not answer."""
    address = request if isinstance(request, str) else request.full_url
    try:
        return fetch(request, NETWORK_SECONDS)
    except (OSError, HTTPException, ValueError) as error:
        reason = one_line(str(getattr(error, "reason", error)))
        cure = f"{CURE}." if is_about_certificates(error) else _how_to_reach()
        raise ToFix(f"{address} does not answer ({reason}): {cure}") from None


def _how_to_reach() -> str:
    if os.environ.get("COURSE_CLOUD") == "aws":
        return "check the network and HTTPS_PROXY, or work offline by unsetting COURSE_CLOUD."
    return "shut down all kernels, wait ten seconds for the server to end, and try again."
