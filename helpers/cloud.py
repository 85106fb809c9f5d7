"""Where the imagery, the points, the basemap and the bucket are: on this machine, or on AWS."""

import hashlib
import os
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from xyzservices import TileProvider

from helpers.course import PUBLISHED_AREA_OF_INTEREST, PUBLISHED_POINTS
from helpers.errors import CourseError
from helpers.machine.browser import configure_dask, is_behind_proxy, public_url
from helpers.machine.certificates import CURE, hand_on_certificates, is_about_certificates
from helpers.machine.patience import ask_again, fetch
from helpers.paths import (
    PROJECT,
    kit_folder,
    make_outputs_folder,
    require_readable_name,
)
from offline_kit.files import written_whole
from offline_kit.serve import ensure_server

# On the light ground that BokehJS gives it, in any theme of JupyterLab.
_ATTRIBUTION = '<span style="color: #333333">{}</span>'
EARTH_SEARCH = "https://earth-search.aws.element84.com/v1"
ESRI_WORLD_IMAGERY = TileProvider(
    name="Esri World Imagery",
    url="https://server.arcgisonline.com/ArcGIS/rest/services/World_Imagery/MapServer/tile/{z}/{y}/{x}",
    attribution=_ATTRIBUTION.format(
        "Tiles (C) Esri: Maxar, Earthstar Geographics and the GIS user community"
    ),
)
NETWORK_SECONDS = 20


@dataclass(frozen=True)
class Cloud:
    """The addresses that a lesson needs; the same names whichever cloud it is.

    Attributes
    ----------
    name : str
        ``"local"`` (the offline kit on this machine) or ``"aws"``.
    stac_url : str
        Address of the STAC API.
    field_points : Path
        GeoPackage of labelled points: ``class`` (code), ``group`` (code), ``name`` of the class.
    area_of_interest : Path
        GeoPackage of the area to map.
    basemap : xyzservices.TileProvider
        Background tiles; hvplot, geoviews and folium take it as it is.
    outputs : Path
        Folder for what the lessons make.
    s3 : dict
        Keywords for ``s3fs.S3FileSystem``.
    icechunk : dict
        Keywords for ``icechunk.s3_storage``, next to ``bucket`` and ``prefix``.
    truth : Path or None
        Folder with the answers that only a simulated scene can have; None for the real world.
    bucket_name : str or None
        Name of the bucket, if there is one; lessons read it as ``bucket``.
    """

    name: str
    stac_url: str
    field_points: Path
    area_of_interest: Path
    basemap: TileProvider
    outputs: Path
    s3: dict[str, Any] = field(repr=False)
    icechunk: dict[str, Any] = field(repr=False)
    truth: Path | None = None
    bucket_name: str | None = None

    @property
    def bucket(self) -> str:
        """Name of the S3 bucket to write to.

        Raises
        ------
        CourseError
            In aws mode, if no bucket of the learner's own was named.
        """
        if self.bucket_name is None:
            raise CourseError(
                "No bucket is named: set COURSE_BUCKET to an S3 bucket of your own that you may "
                "write to, then restart the kernel."
            )
        return self.bucket_name

    def map_title(self, title: str) -> str:
        """Return the title of a map, marked where its pixels are simulated."""
        return f"{title} (simulated scene)" if self.name == "local" else title


def open_cloud() -> Cloud:
    """Open the course's cloud: imagery, field data, basemap and bucket.

    The environment variable ``COURSE_CLOUD`` chooses: ``local`` (the default) starts the offline
    kit's server on this machine if none runs; ``aws`` uses Earth Search, the published field
    data, Esri's imagery and the bucket named by ``COURSE_BUCKET``. In both, dashboards of Dask
    that are started later are reached as the basemap is: through Jupyter, where it is on a hub.

    Returns
    -------
    Cloud
        The addresses, under the same names in both.

    Raises
    ------
    CourseError
        If ``COURSE_CLOUD`` is neither, if the kit is missing or damaged, if the network does not
        answer, or if the folder for what the lessons make cannot be written to.
    """
    configure_dask()
    name = os.environ.get("COURSE_CLOUD") or "local"
    if name == "local":
        return _open_local()
    if name == "aws":
        return _open_aws()
    raise CourseError(
        f"COURSE_CLOUD is '{name}', but there are only two clouds: 'local' (offline, the default) "
        "and 'aws'; set it to one of them, or unset it, and restart the kernel."
    )


def _open_local() -> Cloud:
    kit = kit_folder()
    require_readable_name(kit, "COURSE_KIT")
    outputs = make_outputs_folder()
    server = ensure_server(kit, outputs / "bucket", is_behind_proxy())
    return Cloud(
        name="local",
        stac_url=server.stac_url,
        field_points=kit / "field_points.gpkg",
        area_of_interest=kit / "area_of_interest.gpkg",
        basemap=TileProvider(
            name="Simulated true colour",
            url=public_url(server.tiles_url),
            attribution=_ATTRIBUTION.format("simulated scene"),
        ),
        outputs=outputs,
        s3={
            "key": server.access_key,
            "secret": server.secret_key,
            "endpoint_url": server.s3_url,
            "client_kwargs": {"region_name": server.region},
        },
        icechunk={
            "access_key_id": server.access_key,
            "secret_access_key": server.secret_key,
            "region": server.region,
            "endpoint_url": server.s3_url,
            "allow_http": True,
            "force_path_style": True,
        },
        truth=kit / "truth_no_real_project_has",
        bucket_name=server.bucket,
    )


def _open_aws() -> Cloud:
    hand_on_certificates()
    ask_again()
    _reach(EARTH_SEARCH)
    region = os.environ.get("AWS_REGION", "us-west-2")
    downloads = PROJECT / "data" / "published"
    outputs = make_outputs_folder(PROJECT / "outputs" / "aws")
    return Cloud(
        name="aws",
        stac_url=EARTH_SEARCH,
        field_points=fetch_published(*PUBLISHED_POINTS, downloads),
        area_of_interest=fetch_published(*PUBLISHED_AREA_OF_INTEREST, downloads),
        basemap=ESRI_WORLD_IMAGERY,
        outputs=outputs,
        # Of its own accord boto looks for the region elsewhere, and signs links in the old way,
        # which buckets made since June 2020 do not take.
        s3={
            "client_kwargs": {"region_name": region},
            "config_kwargs": {"signature_version": "s3v4", "s3": {"addressing_style": "virtual"}},
        },
        icechunk={"region": region, "from_env": True},
        bucket_name=os.environ.get("COURSE_BUCKET"),
    )


def _reach(address: str) -> bytes:
    try:
        return fetch(address, NETWORK_SECONDS)[1]
    except (OSError, HTTPException) as error:
        cure = CURE if is_about_certificates(error) else "check the network"
        raise CourseError(
            f"{address} does not answer ({getattr(error, 'reason', error)}): {cure}, "
            "or work offline by unsetting COURSE_CLOUD, and restart the kernel."
        ) from None


def fetch_published(address: str, sha256: str, folder: Path) -> Path:
    """Download a file once and make sure that it is the very file that the course was made with.

    Parameters
    ----------
    address : str
        Where the file is published.
    sha256 : str
        Its SHA-256 sum, as hexadecimal digits.
    folder : Path
        Where to keep it.

    Returns
    -------
    Path
        The file on this machine.

    Raises
    ------
    CourseError
        If the network does not answer, if the file is another one than expected, or if it cannot
        be written.
    """
    path = folder / address.rsplit("/", 1)[1]
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
        return path
    content = _reach(address)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CourseError(
            f"The file at {address} has changed since the course was made (SHA-256 "
            f"{found[:12]}..., expected {sha256[:12]}...): nothing was kept; work offline by "
            "unsetting COURSE_CLOUD, or tell the authors."
        )
    with written_whole(path) as unfinished:
        unfinished.write_bytes(content)
    return path
