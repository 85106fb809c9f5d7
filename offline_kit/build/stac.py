"""STAC items and collections in the shape of Earth Search v1."""

from datetime import timedelta
from typing import Any

from pyproj import Transformer

from offline_kit.build.bands import BANDS, Band
from offline_kit.build.grid import EPSG, Grid
from offline_kit.build.passes import Pass
from offline_kit.build.scenes import SceneFacts

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
DESCRIPTION = {
    "sentinel-2-l2a": "Sentinel-2 Level-2A",
    "sentinel-2-c1-l2a": "Sentinel-2 Collection 1 Level-2A",
}


def schema(extension: str) -> str:
    """Return the address of the schema of a STAC extension."""
    return f"https://stac-extensions.github.io/{extension}/schema.json"


def footprint(grid: Grid) -> tuple[dict[str, Any], list[float]]:
    """Return outline and bounding box of a grid in longitude and latitude."""
    transformer = Transformer.from_crs(EPSG, 4326, always_xy=True)
    west, south, east, north = grid.bounds
    corners = [(west, north), (west, south), (east, south), (east, north), (west, north)]
    ring = [[round(v, 6) for v in transformer.transform(*corner)] for corner in corners]
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return geometry, [min(xs), min(ys), max(xs), max(ys)]


def _eo_band(band: Band) -> dict[str, Any]:
    return {
        "name": band.key,
        "common_name": band.common_name,
        "description": band.description,
        "center_wavelength": band.center,
        "full_width_half_max": band.width,
    }


def _on(grid: Grid, pixel: int) -> dict[str, Any]:
    return {
        "proj:shape": list(grid.shape(pixel)),
        "proj:transform": list(grid.transform(pixel))[:6],
    }


def _assets(grid: Grid, base: str, offset: float) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for band in BANDS:
        made[band.key] = {
            "href": f"{base}/{band.file}.tif",
            "type": COG,
            "title": f"{band.description} - {band.pixel}m",
            "eo:bands": [_eo_band(band)],
            "gsd": band.pixel,
            **_on(grid, band.pixel),
            "raster:bands": [
                {
                    "nodata": 0,
                    "data_type": "uint16",
                    "bits_per_sample": 15,
                    "spatial_resolution": band.pixel,
                    "scale": 0.0001,
                    "offset": offset,
                }
            ],
            "roles": ["data", "reflectance"],
        }
    made["scl"] = {
        "href": f"{base}/SCL.tif",
        "type": COG,
        "title": "Scene classification map (SCL)",
        **_on(grid, 20),
        "raster:bands": [{"nodata": 0, "data_type": "uint8", "spatial_resolution": 20}],
        "roles": ["data", "reflectance"],
    }
    made["thumbnail"] = {
        "href": f"{base}/thumbnail.jpg",
        "type": "image/jpeg",
        "title": "Thumbnail image",
        "roles": ["thumbnail"],
    }
    made["visual"] = {
        "href": f"{base}/TCI.tif",
        "type": COG,
        "title": "True color image",
        "eo:bands": [_eo_band(band) for band in BANDS if band.key in ("red", "green", "blue")][
            ::-1
        ],
        **_on(grid, 10),
        "roles": ["visual"],
    }
    return dict(sorted(made.items()))


def _percentages(share: tuple[float, ...]) -> dict[str, Any]:
    """Return the properties that are counted from the SCL, class by class."""
    return {
        "s2:degraded_msi_data_percentage": 0,
        "s2:nodata_pixel_percentage": share[0],
        "s2:saturated_defective_pixel_percentage": share[1],
        "s2:dark_features_percentage": share[2],
        "s2:cloud_shadow_percentage": share[3],
        "s2:vegetation_percentage": share[4],
        "s2:not_vegetated_percentage": share[5],
        "s2:water_percentage": share[6],
        "s2:unclassified_percentage": share[7],
        "s2:medium_proba_clouds_percentage": share[8],
        "s2:high_proba_clouds_percentage": share[9],
        "s2:thin_cirrus_percentage": share[10],
        "s2:snow_ice_percentage": share[11],
    }


def _properties(scene: Pass, facts: SceneFacts) -> dict[str, Any]:
    stamp = scene.time.strftime("%Y%m%dT%H%M%S")
    made = (scene.time + timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    number = scene.baseline.replace(".", "")
    share = facts.scl_percent
    product = f"{scene.platform}_MSIL2A_{stamp}_N{number}_R121_T{scene.tile}_{stamp}.SAFE"
    properties = {
        "created": made,
        "platform": f"sentinel-2{scene.platform[-1].lower()}",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "eo:cloud_cover": round(share[8] + share[9] + share[10], 6),
        "proj:epsg": EPSG,
        "mgrs:utm_zone": int(scene.tile[:2]),
        "mgrs:latitude_band": scene.tile[2],
        "mgrs:grid_square": scene.tile[3:],
        "grid:code": f"MGRS-{scene.tile}",
        "view:sun_azimuth": facts.sun.azimuth,
        "view:sun_elevation": round(90 - facts.sun.zenith, 2),
        **_percentages(share),
        "s2:product_type": "S2MSI2A",
        "s2:processing_baseline": scene.baseline,
        "s2:product_uri": product,
        "s2:datatake_type": "INS-NOBS",
        "datetime": scene.time.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        "s2:sequence": "0",
    }
    if scene.collection == "sentinel-2-l2a":
        removed = scene.baseline >= "04"
        properties["earthsearch:boa_offset_applied"] = removed and not scene.flag_lies
    return properties | {"updated": made, "course:simulated": True}


def make_item(grid: Grid, satellite_pass: Pass, facts: SceneFacts) -> dict[str, Any]:
    """Return the STAC 1.0.0 item of a scene; hrefs are relative to the kit, links are left empty.

    Parameters
    ----------
    grid
    satellite_pass
    facts
        From `scenes.write_scene`.
    """
    scene = satellite_pass
    geometry, bbox = footprint(grid)
    offset = 0 if scene.baseline < "04" else -0.1
    base = f"scenes/{scene.collection}/{scene.item_id}"
    extensions = ("grid/v1.0.0", "raster/v1.1.0", "view/v1.0.0", "projection/v1.1.0",
                  "mgrs/v1.0.0", "eo/v1.1.0")  # fmt: skip
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": scene.item_id,
        "properties": _properties(scene, facts),
        "geometry": geometry,
        "links": [],
        "assets": _assets(grid, base, offset),
        "bbox": bbox,
        "stac_extensions": [schema(extension) for extension in extensions],
        "collection": scene.collection,
    }


def spatial_extent(boxes: list[list[float]]) -> dict[str, Any]:
    """Return the spatial extent of a collection: the whole, and where there are more its parts."""
    wests, souths, easts, norths = zip(*boxes, strict=True)
    whole = [min(wests), min(souths), max(easts), max(norths)]
    return {"bbox": [whole, *(boxes if len(boxes) > 1 else [])]}


def make_collection(collection: str, grids: list[Grid], scenes: list[Pass]) -> dict[str, Any]:
    """Return a STAC 1.0.0 collection of simulated scenes, without links.

    Parameters
    ----------
    collection
        Identifier.
    grids
        Where its scenes lie.
    scenes
        All scenes of this collection.
    """
    times = sorted(scene.time for scene in scenes)
    interval = [f"{t:%Y-%m-%dT%H:%M:%S}.000000Z" for t in (times[0], times[-1])] if times else None
    assets = _assets(grids[0], "", -0.1 if collection == "sentinel-2-c1-l2a" else 0)
    for asset in assets.values():
        del asset["href"]
    return {
        "type": "Collection",
        "id": collection,
        "stac_version": "1.0.0",
        "title": DESCRIPTION[collection],
        "description": f"{DESCRIPTION[collection]}: SIMULATED scenes of the course, "
        "in the shape of the collection of the same name on Earth Search",
        "links": [],
        "stac_extensions": [
            schema("item-assets/v1.0.0"),
            schema("view/v1.0.0"),
            schema("raster/v1.1.0"),
            schema("eo/v1.0.0"),
        ],
        "item_assets": assets,
        "extent": {
            "spatial": spatial_extent([footprint(grid)[1] for grid in grids]),
            "temporal": {"interval": [interval or [None, None]]},
        },
        "license": "CC-BY-4.0",
        "keywords": ["sentinel", "earth observation", "simulated", "course"],
        "providers": [{"name": "Pines from Space (simulation)", "roles": ["producer", "host"]}],
        "summaries": {
            "platform": ["sentinel-2a", "sentinel-2b"],
            "constellation": ["sentinel-2"],
            "instruments": ["msi"],
            "gsd": [10, 20, 60],
            "view:off_nadir": [0],
            "eo:bands": [_eo_band(band) for band in BANDS],
        },
    }
