"""A tiny kit in the format of the real one, so that the server's tests need no simulation."""

import hashlib
import json
from pathlib import Path

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import from_origin

WEST, NORTH = 330_000, 6_264_000  # UTM 34S, a multiple of 60 m; lon 19.20 lat -33.80 lies inside
SIZE = 720  # pixels of 10 m
EPSG = 32734

BANDS = {
    "coastal": ("B01", 60),
    "blue": ("B02", 10),
    "green": ("B03", 10),
    "red": ("B04", 10),
    "nir": ("B08", 10),
    "swir16": ("B11", 20),
    "scl": ("SCL", 20),
}

SCENES = {
    ("sentinel-2-l2a", "S2A_34HCH_20180915_0_L2A"): ("2018-09-15T08:36:01.000000Z", 0.4),
    ("sentinel-2-l2a", "S2B_34HCH_20180920_0_L2A"): ("2018-09-20T08:36:03.000000Z", 6.5),
    ("sentinel-2-l2a", "S2A_34HCH_20180925_0_L2A"): ("2018-09-25T08:36:02.000000Z", 58.0),
    ("sentinel-2-l2a", "S2B_34HCH_20230919_0_L2A"): ("2023-09-19T08:36:05.000000Z", 0.1),
    ("sentinel-2-c1-l2a", "S2B_34HCH_20230919_0_L2A"): ("2023-09-19T08:36:05.000000Z", 0.1),
}


def make_kit(folder: Path, version: str = "tiny") -> Path:
    """Write a complete tiny kit: two collections, five items, small COGs."""
    footprint = _footprint()
    for number, ((collection, name), (datetime, cloud)) in enumerate(SCENES.items()):
        scene = folder / "scenes" / collection / name
        scene.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(number)
        assets = {}
        for key, (file, metres) in BANDS.items():
            side = SIZE * 10 // metres
            top = 12 if key == "scl" else 6000
            pixels = random.integers(1, top, (1, side, side)).astype(
                "uint8" if key == "scl" else "uint16"
            )
            assets[key] = _write(scene / f"{file}.tif", pixels, metres, folder, key)
        colour = random.integers(1, 255, (3, SIZE, SIZE)).astype("uint8")
        assets["visual"] = _write(scene / "TCI.tif", colour, 10, folder, "visual")
        (scene / "thumbnail.jpg").write_bytes(b"\xff\xd8\xff\xd9")
        assets["thumbnail"] = {
            "href": str((scene / "thumbnail.jpg").relative_to(folder)),
            "type": "image/jpeg",
            "title": "Thumbnail image",
            "roles": ["thumbnail"],
        }
        item = {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": name,
            "properties": {
                "created": "2026-01-01T00:00:00.000Z",
                "platform": f"sentinel-2{name[2].lower()}",
                "constellation": "sentinel-2",
                "instruments": ["msi"],
                "eo:cloud_cover": cloud,
                "proj:epsg": EPSG,
                "grid:code": "MGRS-34HCH",
                "datetime": datetime,
                "updated": "2026-01-01T00:00:00.000Z",
                "course:simulated": True,
            },
            "geometry": footprint,
            "links": [],
            "assets": assets,
            "bbox": _bbox(footprint),
            "stac_extensions": [
                "https://stac-extensions.github.io/eo/v1.0.0/schema.json",
                "https://stac-extensions.github.io/projection/v1.0.0/schema.json",
                "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
            ],
            "collection": collection,
        }
        _dump(folder / "items" / collection / f"{name}.json", item)
    for collection in {collection for collection, _ in SCENES}:
        _dump(folder / "collections" / f"{collection}.json", _collection(collection, footprint))
    (folder / "field_points.gpkg").write_bytes(b"not read by the server")
    write_manifest(folder, version)
    return folder


def write_manifest(folder: Path, version: str = "tiny") -> None:
    files = {
        str(path.relative_to(folder)): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
    manifest = {
        "kit_version": version,
        "size": "tiny",
        "seed": 1,
        "licence": "CC0-1.0",
        "made_with": {"numpy": np.__version__},
        "files": files,
    }
    _dump(folder / "manifest.json", manifest)


def _write(path: Path, pixels: np.ndarray, metres: int, folder: Path, key: str) -> dict:
    count, height, width = pixels.shape
    transform = from_origin(WEST, NORTH, metres, metres)
    with rasterio.open(
        path,
        "w",
        driver="COG",
        count=count,
        height=height,
        width=width,
        dtype=pixels.dtype,
        crs=f"EPSG:{EPSG}",
        transform=transform,
        nodata=0,
        compress="deflate",
        blocksize=256,
    ) as dataset:
        dataset.write(pixels)
    return {
        "href": path.relative_to(folder).as_posix(),
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "title": f"{key} - {metres}m",
        "eo:bands": [{"name": key, "common_name": key}],
        "gsd": metres,
        "proj:shape": [height, width],
        "proj:transform": list(transform)[:6],
        "raster:bands": [
            {
                "nodata": 0,
                "data_type": str(pixels.dtype),
                "spatial_resolution": metres,
                "scale": 0.0001,
                "offset": 0,
            }
        ],
        "roles": ["data", "reflectance"],
    }


def _footprint() -> dict:
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    east, south = WEST + SIZE * 10, NORTH - SIZE * 10
    corners = [(WEST, NORTH), (WEST, south), (east, south), (east, NORTH), (WEST, NORTH)]
    ring = [list(to_degrees.transform(x, y)) for x, y in corners]
    return {"type": "Polygon", "coordinates": [ring]}


def _bbox(footprint: dict) -> list[float]:
    longitudes, latitudes = zip(*footprint["coordinates"][0], strict=True)
    return [min(longitudes), min(latitudes), max(longitudes), max(latitudes)]


def _collection(name: str, footprint: dict) -> dict:
    return {
        "type": "Collection",
        "id": name,
        "stac_version": "1.0.0",
        "title": "Sentinel-2 Level-2A (simulated)",
        "description": "Simulated scenes for the tests.",
        "links": [{"rel": "license", "href": "https://creativecommons.org/publicdomain/zero/1.0/"}],
        "stac_extensions": [],
        "item_assets": {"red": {"type": "image/tiff", "roles": ["data"]}},
        "extent": {
            "spatial": {"bbox": [_bbox(footprint)]},
            "temporal": {"interval": [["2018-09-01T00:00:00Z", None]]},
        },
        "license": "CC0-1.0",
        "keywords": ["simulated"],
        "providers": [{"name": "The course", "roles": ["producer"]}],
        "summaries": {"platform": ["sentinel-2a", "sentinel-2b"]},
    }


def _dump(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
