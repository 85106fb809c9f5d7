"""Drawing of the basemap's tiles.

Not by rio-tiler: it reads through a warped raster of the scene's own resolution, which at small
zoom levels has to cover all of a tile. Measured on the course's kit (two busy cores, medians of
three, in turns): 48 tiles of zoom levels 8 to 16 took 10.4 CPU seconds against 3.4 here, the
process 295 MB against 136; one tile of zoom level 5 took 12.7 CPU seconds against 0.1, and that of
level 0 had none after seven minutes.
"""

import math
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image
from rasterio import windows
from rasterio.coords import BoundingBox, disjoint_bounds
from rasterio.enums import Resampling
from rasterio.transform import Affine, from_bounds
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

WEB_MERCATOR = "EPSG:3857"
HALF_WORLD = math.pi * 6_378_137  # metres: half of the equator on the sphere of EPSG:3857
TILE_PIXELS = 256
KEPT_TILES = 300
CACHE_MEGABYTES = 32
PALE = (236, 233, 226)
BRIGHTER = 1.8  # TCI spreads reflectance 0 to 0.36 over 0 to 255; land is mostly below 0.2


def tile_bounds(z: int, x: int, y: int) -> BoundingBox:
    """Return the bounds of a tile in EPSG:3857, metres (OGC WebMercatorQuad)."""
    side = 2 * HALF_WORLD / 2**z
    west, north = x * side - HALF_WORLD, HALF_WORLD - y * side
    return BoundingBox(west, north - side, west + side, north)


@lru_cache(maxsize=KEPT_TILES)
def draw_tile(scene: Path, made_at: int, z: int, x: int, y: int) -> bytes:
    """Draw a web-mercator tile of a scene, brightened; where the scene has no pixels it is pale.

    Parameters
    ----------
    scene
        A three-band uint8 COG.
    made_at
        When the file was made, so that no tile of an older one is returned.
    z, x, y
        Zoom level, column and row.

    Returns
    -------
    bytes
        A PNG of 256 x 256 px.
    """
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MEGABYTES):
        return _png(_tile_pixels(scene, tile_bounds(z, x, y)))


def _tile_pixels(scene: Path, bounds: BoundingBox) -> np.ndarray:
    """Return the pixels (band, row, column) of a scene within bounds in EPSG:3857."""
    pale = np.array(PALE, "uint8")[:, None, None]
    pixels = np.broadcast_to(pale, (3, TILE_PIXELS, TILE_PIXELS))
    with rasterio.open(scene) as full:
        extent = transform_bounds(full.crs, WEB_MERCATOR, *full.bounds)
        level = _overview_level(full, (bounds.right - bounds.left) / TILE_PIXELS)
    if not disjoint_bounds(bounds, extent):
        transform = from_bounds(*bounds, TILE_PIXELS, TILE_PIXELS)
        options = {} if level is None else {"overview_level": level}
        with (
            rasterio.open(scene, **options) as source,
            WarpedVRT(
                source,
                crs=WEB_MERCATOR,
                transform=transform,
                width=TILE_PIXELS,
                height=TILE_PIXELS,
                resampling=Resampling.bilinear,
            ) as warped,
        ):
            is_scene = (warped.dataset_mask() > 0) & _is_within(extent, transform)
            bright = np.minimum(warped.read([1, 2, 3]) * BRIGHTER, 255).astype("uint8")
            pixels = np.where(is_scene, bright, pale)
    return pixels


def _overview_level(scene: rasterio.DatasetReader, metres: float) -> int | None:
    """Return the coarsest overview still as fine as tile pixels of this size; None for none.

    The warper reads every pixel under a tile, so that without overviews a small zoom level would
    read the whole scene.
    """
    latitude = transform_bounds(scene.crs, "EPSG:4326", *scene.bounds)[1]
    reduction = metres * math.cos(math.radians(latitude)) / scene.res[0]
    fine_enough = [factor for factor in scene.overviews(1) if factor <= reduction]
    return len(fine_enough) - 1 if fine_enough else None


def _is_within(extent: tuple[float, ...], transform: Affine) -> np.ndarray:
    """Tell which pixels of a tile touch an extent.

    A projection is meant for its own part of the world: warped to all of it, a scene would show
    up on the far side as well.
    """
    window = windows.from_bounds(*extent, transform=transform)
    rows, columns = (
        slice(max(0, math.floor(a.start)), math.ceil(a.stop)) for a in window.toslices()
    )
    within = np.zeros((TILE_PIXELS, TILE_PIXELS), bool)
    within[rows, columns] = True
    return within


def _png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(np.moveaxis(pixels, 0, -1))).save(file, "PNG")
    return file.getvalue()
