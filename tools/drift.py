"""Ask the live services whether they still are as the course expects: ``make drift``.

It asks the internet, so it wants ``COURSE_CLOUD=aws`` like all that does, and changes nothing. A
line for each thing: ``ok``, or ``DRIFT`` and what to do; where nothing answers, ``unknown``.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import numpy as np
import pystac_client
import rasterio
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pystac_client.exceptions import APIError
from rasterio.errors import RasterioError

from helpers.cloud import EARTH_SEARCH, ESRI_WORLD_IMAGERY
from helpers.course import (
    BANDS,
    COLLECTION,
    PLACE,
    PUBLISHED_AREA_OF_INTEREST,
    PUBLISHED_POINTS,
)
from helpers.doctor._check import one_line
from helpers.doctor._cloud import COLOURS, ZOOM, count_colours, tile_at
from helpers.errors import CourseError
from helpers.machine.certificates import hand_on_certificates
from helpers.machine.patience import ask_again, fetch
from helpers.paths import PROJECT
from helpers.traffic import CountedReads
from offline_kit.serve.stac.routes import CONFORMANCE, STAC_VERSION

SECONDS = 30
NEWER = "sentinel-2-c1-l2a"
HOSTS = {
    COLLECTION: "sentinel-cogs.s3.us-west-2.amazonaws.com",
    NEWER: "e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
}
LATE = "2022-09-01/2024-09-30"
SCENES = ((COLLECTION, "2018-09-01/2018-09-30"), (COLLECTION, LATE), (NEWER, LATE))
PROPERTIES = (  # that lessons read
    "datetime", "platform", "grid:code", "eo:cloud_cover", "proj:epsg", "view:sun_azimuth",
    "view:sun_elevation", "s2:processing_baseline",
)  # fmt: skip
ASSETS = (*BANDS, "scl", "visual")
OFFSET = -0.1  # what items list since processing baseline 04.00, whether it is applied or not
FLAG = "earthsearch:boa_offset_applied"
DARKEST = 0.05  # no hundredth of red is brighter, once the offset is right


class Drifted(CourseError):
    """Something is not as the course expects; the message says what to do."""


@dataclass(frozen=True)
class Services:
    """Where the live services are."""

    catalogue: str = EARTH_SEARCH
    published: tuple[tuple[str, str], ...] = (PUBLISHED_POINTS, PUBLISHED_AREA_OF_INTEREST)
    imagery: str = ESRI_WORLD_IMAGERY.url

    def scene(self, collection: str, datetime: str) -> dict[str, Any]:
        """Return a scene of the course's place with hardly any cloud, as lessons find it."""
        search = pystac_client.Client.open(self.catalogue).search(
            collections=[collection],
            intersects={"type": "Point", "coordinates": PLACE},
            datetime=datetime,
            query={"eo:cloud_cover": {"lt": 10}},
            max_items=1,
        )
        found = list(search.items_as_dicts())
        if not found:
            raise Drifted(
                f"{collection} has no clear scene at {PLACE} in {datetime}: check in the catalogue "
                "whether the collection has moved, and change lessons 02 and 03."
            )
        return found[0]


def look_at_conformance(services: Services) -> str:
    """Compare what the catalogue says of itself with what the offline kit says."""
    landing = json.loads(fetch(services.catalogue, SECONDS)[1])
    if landing.get("stac_version") != STAC_VERSION:
        raise Drifted(
            f"The catalogue speaks STAC {landing.get('stac_version')}, not {STAC_VERSION}: try the "
            "lessons with `COURSE_CLOUD=aws make map`, then update offline_kit/serve/stac."
        )
    claimed = set(landing.get("conformsTo", []))
    gone, new = sorted(set(CONFORMANCE) - claimed), sorted(claimed - set(CONFORMANCE))
    if gone:
        raise Drifted(
            f"The catalogue no longer conforms to {', '.join(gone)}: try lessons 02 and 03 in aws "
            "mode, then take it out of offline_kit/serve/stac/routes.py."
        )
    return f"STAC {STAC_VERSION}, all {len(CONFORMANCE)} classes" + (
        f"; beyond the kit's: {', '.join(new)}" if new else ""
    )


def look_at_fields(services: Services) -> str:
    """Look whether scenes have the properties and assets that lessons read."""
    for collection, dates in SCENES:
        scene = services.scene(collection, dates)
        missing = [name for name in PROPERTIES if name not in scene["properties"]]
        missing += [name for name in ASSETS if name not in scene["assets"]]
        images = {name: scene["assets"][name] for name in ASSETS if name in scene["assets"]}
        missing += [
            f"{name} of {key}"
            for key, image in images.items()
            for name in ("proj:shape", "proj:transform", "raster:bands")
            if name not in image
        ]
        if missing:
            raise Drifted(
                f"{scene['id']} of {collection} lacks {', '.join(missing)}: update lessons 02 to "
                "05 and offline_kit/build/stac.py."
            )
    return f"{len(PROPERTIES)} properties and {len(ASSETS)} assets, in {len(SCENES)} scenes"


def look_at_hosts(services: Services) -> str:
    """Look where the pixels lie, and whether they can be read in parts."""
    for collection, host in HOSTS.items():
        scene = services.scene(collection, LATE)
        address = scene["assets"]["red"]["href"]
        if urlsplit(address).hostname != host:
            raise Drifted(
                f"The pixels of {collection} lie at {urlsplit(address).hostname}, not at {host}: "
                "tell workshops whose firewall has a list, and change HOSTS in tools/drift.py and "
                "COGS in tools/rehearsal/hosts.py."
            )
    return ", ".join(HOSTS.values())


def look_at_offset(services: Services) -> str:
    """Look whether listed offset, flag and pixels agree as lesson 03 says."""
    said = []
    for collection, applied in ((COLLECTION, True), (NEWER, None)):
        scene = services.scene(collection, LATE)
        flag = scene["properties"].get(FLAG)
        listed = scene["assets"]["red"]["raster:bands"][0].get("offset")
        if (flag, listed) != (applied, OFFSET):
            raise Drifted(
                f"{scene['id']} of {collection} lists offset {listed} and says {FLAG}: {flag}, not "
                f"{OFFSET} and {applied}: check what lesson 03 says about the offset."
            )
        darkest = _darkest_red(scene) + (0 if flag else listed)
        if abs(darkest) > DARKEST:
            raise Drifted(
                f"The darkest red of {scene['id']} of {collection} is {darkest:.2f} with the "
                "offset as its flag says: lesson 03's test would stop there, so name another scene "
                "or tell Element 84."
            )
        said.append(f"{collection}: darkest red {darkest:.3f}")
    return "; ".join(said)


def _darkest_red(scene: dict[str, Any]) -> float:
    red = scene["assets"]["red"]
    with rasterio.open(red["href"], opener=CountedReads()) as image:
        pixels = image.read(1, out_shape=(300, 300), masked=True).compressed()
    return float(np.percentile(pixels, 1)) * red["raster:bands"][0]["scale"]


def look_at_published(services: Services) -> str:
    """Compare the published points and area with the sums in helpers/course.py."""
    for address, sha256 in services.published:
        found = hashlib.sha256(fetch(address, SECONDS)[1]).hexdigest()
        if found != sha256:
            raise Drifted(
                f"{address} has changed (SHA-256 {found}): see what is new in it, try the lessons "
                "in aws mode, then change the sum in helpers/course.py."
            )
    return f"{len(services.published)} files, as when the course was made"


def look_at_imagery(services: Services) -> str:
    """Fetch a tile of the basemap and look whether there is a picture in it."""
    column, row = tile_at(*PLACE, ZOOM)
    address = services.imagery.format(z=ZOOM, x=column, y=row)
    colours = count_colours(fetch(address, SECONDS)[1])
    if colours < COLOURS:
        raise Drifted(
            f"{address} is no longer a picture ({colours} colours): name another basemap in "
            "helpers/cloud.py, and read its terms."
        )
    return f"a tile with {colours} colours"


def look_at_versions(_: Services) -> str:
    """Ask the package index, through uv, which of our own requirements have newer versions."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    texts = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    ours = {canonicalize_name(need.name): need for need in map(Requirement, texts)}
    command = [sys.executable, "-m", "uv", "pip", "list", "--outdated", "--format=json"]
    done = subprocess.run(
        [*command, "--python", sys.executable], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(done.stderr)
    older = [each for each in json.loads(done.stdout) if each["name"] in ours]
    free = [each for each in older if each["latest_version"] in ours[each["name"]].specifier]
    steps = ", ".join(f"{e['name']} {e['version']} -> {e['latest_version']}" for e in free)
    if free:
        raise Drifted(
            f"{len(free)} of {len(ours)} are not the newest: {steps}. Remove requirements.lock, "
            "then `make lock` and `make test`."
        )
    return f"all {len(ours)} are the newest, but for {len(older)} that pyproject.toml holds back"


CHECKS: dict[str, Callable[[Services], str]] = {
    "conformance": look_at_conformance,
    "fields": look_at_fields,
    "hosts": look_at_hosts,
    "offset": look_at_offset,
    "published": look_at_published,
    "imagery": look_at_imagery,
    "versions": look_at_versions,
}


def print_drift(services: Services) -> bool:
    """Print a line for each check; return whether all is as expected."""
    states = [_look(name, services) for name in CHECKS]
    return set(states) == {"ok"}


def _look(name: str, services: Services) -> str:
    try:
        state, text = "ok", CHECKS[name](services)
    except Drifted as error:
        state, text = "DRIFT", str(error)
    except HTTPError as error:
        state = "DRIFT" if error.code < 500 else "unknown"
        text = f"{error.url} answers {error.code} {error.reason}: find out where it has gone."
    except (OSError, ValueError, HTTPException, APIError, RasterioError) as error:
        state, text = "unknown", f"no answer ({one_line(str(error))[:200]}): check the network."
    print(f"{state:<8}{name:<12} {text}", flush=True)
    return state


def main() -> int:
    """Look at everything; return 1 unless all is as expected."""
    if os.environ.get("COURSE_CLOUD") != "aws":
        print("This asks the internet: run `make drift`, or set COURSE_CLOUD=aws.")
        return 1
    hand_on_certificates()
    ask_again()
    return 0 if print_drift(Services()) else 1


if __name__ == "__main__":
    sys.exit(main())
