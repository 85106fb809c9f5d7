"""The terrain model: elevation in the shape of the Copernicus DEM GLO-30, and its STAC items.

Real tiles cover a degree by a degree, in pixels of one second of arc whose centres lie on whole
seconds. Ours lie on the same pixels, cut to what the kit covers.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.shutil import copy as raster_copy
from rasterio.transform import Affine
from rasterio.warp import reproject

from offline_kit.build.cog import require_tiles
from offline_kit.build.filters import block_mean
from offline_kit.build.grid import EPSG, PIXEL, Grid, Window, windows_of
from offline_kit.build.landscape import Landscape
from offline_kit.build.noise import fractal_noise
from offline_kit.build.parallel import ordered_map
from offline_kit.build.sampling import warped_layers
from offline_kit.build.stac import COG, footprint, schema, spatial_extent
from offline_kit.files import written_whole

DEM = "cop-dem-glo-30"
RELEASED = "2021-04-22T00:00:00Z"
PER_DEGREE = 3600
METRES = 30  # of the pixels before they are turned into seconds of arc
ERROR_M = 1.2  # of the radar, correlated over a few pixels; see `make_dem`
LAST_BITS = 64  # heights are multiples of a 64th of a metre
PROVIDERS = [{"name": "Pines from Space (simulation)", "roles": ["producer", "host"]}]


@dataclass(frozen=True)
class DemTile:
    """The part of a one-degree tile that a kit covers.

    Attributes
    ----------
    south, west
        Whole degrees: the lower left corner that names the tile.
    row, column
        First pixel, counted from the tile's upper left corner.
    height, width
        Size in pixels.
    """

    south: int
    west: int
    row: int
    column: int
    height: int
    width: int

    @property
    def _place(self) -> tuple[str, str]:
        return (
            f"{'S' if self.south < 0 else 'N'}{abs(self.south):02d}",
            f"{'W' if self.west < 0 else 'E'}{abs(self.west):03d}",
        )

    @property
    def item_id(self) -> str:
        """Identifier, as that of the real tile."""
        south, west = self._place
        return f"Copernicus_DSM_COG_10_{south}_00_{west}_00_DEM"

    @property
    def grid_code(self) -> str:
        """Code of the STAC grid extension."""
        return f"CDEM-{''.join(self._place)}"

    @property
    def transform(self) -> Affine:
        """Affine transform in degrees, EPSG:4326."""
        side = 1 / PER_DEGREE
        west = self.west + (self.column - 0.5) * side
        north = self.south + 1 - (self.row - 0.5) * side
        return Affine(side, 0, west, 0, -side, north)

    @property
    def bbox(self) -> list[float]:
        """West, south, east, north in degrees."""
        west, north = self.transform @ (0, 0)
        east, south = self.transform @ (self.width, self.height)
        return [west, south, east, north]


def dem_tiles(grid: Grid) -> Iterator[DemTile]:
    """Cut the surroundings of a grid into parts of one-degree tiles."""
    west, south, east, north = footprint(grid)[1]
    for top in range(math.floor(south), math.floor(north) + 1):
        first = max(0, math.floor((top + 1 - north) * PER_DEGREE))
        last = min(PER_DEGREE, math.ceil((top + 1 - south) * PER_DEGREE) + 1)
        for left in range(math.floor(west), math.floor(east) + 1):
            begin = max(0, math.floor((west - left) * PER_DEGREE))
            end = min(PER_DEGREE, math.ceil((east - left) * PER_DEGREE) + 1)
            yield DemTile(top, left, first, begin, last - first, end - begin)


def make_surface(landscape: Landscape) -> tuple[NDArray[np.float32], Affine]:
    """Return elevation on pixels of 30 m, the landscape's margin with it.

    What a radar sees: the level of the water in dams, none of the gullies and outcrops that are
    smaller than its pixels, and errors of about a metre.
    """
    grid, cells = landscape.grid, METRES // PIXEL
    rim = landscape.margin * grid.cell // PIXEL
    whole = Grid(
        grid.west - rim * PIXEL,
        grid.north + rim * PIXEL,
        grid.width + 2 * rim,
        grid.height + 2 * rim,
        grid.cell,
    )

    def surface(window: Window) -> NDArray[np.float32]:
        layers = warped_layers(landscape, window.moved(-rim, -rim), ("elevation", "water"))[2]
        return block_mean(layers[0] + np.maximum(layers[1], 0), cells)

    windows = windows_of(whole)
    out = np.empty(whole.shape(METRES), np.float32)
    for window, values in zip(windows, ordered_map(surface, windows), strict=True):
        row, column = window.row // cells, window.column // cells
        out[row : row + values.shape[0], column : column + values.shape[1]] = values
    out += np.float32(ERROR_M) * fractal_noise(0, 0, *out.shape, 3.0, 2, landscape.seed + 801)
    return out, whole.transform(METRES)


def write_dem(surface: NDArray[np.float32], transform: Affine, tile: DemTile, path: Path) -> None:
    """Write one tile of the terrain model as a COG of float32 metres.

    Parameters
    ----------
    surface, transform
        From `make_surface`.
    tile
    path
    """
    heights = np.empty((tile.height, tile.width), np.float32)
    reproject(
        surface,
        heights,
        src_transform=transform,
        src_crs=f"EPSG:{EPSG}",
        dst_transform=tile.transform,
        dst_crs="EPSG:4326",
        resampling=Resampling.bilinear,
    )
    heights = np.round(heights * LAST_BITS) / LAST_BITS  # the rest is noise that costs space
    with written_whole(path, check=require_tiles) as cog, MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=tile.height, width=tile.width, count=1, dtype="float32",
            crs="EPSG:4326", transform=tile.transform,
        ) as rough:  # fmt: skip
            rough.write(heights, 1)
        with rasterio.open(memory.name) as rough:
            raster_copy(
                rough, cog, driver="COG", BLOCKSIZE=1024, COMPRESS="DEFLATE", LEVEL=9,
                PREDICTOR="YES", RESAMPLING="AVERAGE",
            )  # fmt: skip


def make_dem_item(tile: DemTile) -> dict[str, Any]:
    """Return the STAC 1.0.0 item of a tile; its href is relative to the kit, links are left empty.

    Its fields are those of the collection of the same name on Earth Search.
    """
    west, south, east, north = tile.bbox
    ring = [[east, south], [east, north], [west, north], [west, south], [east, south]]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": tile.item_id,
        "properties": {
            "platform": "tandem-x",
            "gsd": METRES,
            "providers": PROVIDERS,
            "license": "CC-BY-4.0",
            "proj:epsg": 4326,
            "proj:transform": list(tile.transform)[:6],
            "proj:shape": [tile.height, tile.width],
            "grid:code": tile.grid_code,
            "datetime": RELEASED,
            "course:simulated": True,
        },
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "links": [],
        "assets": {
            "data": {
                "href": f"scenes/{DEM}/{tile.item_id}/{tile.item_id}.tif",
                "type": COG,
                "title": "Data",
                "raster:bands": [
                    {
                        "sampling": "point",
                        "data_type": "float32",
                        "spatial_resolution": METRES,
                        "unit": "meter",
                    }
                ],
                "roles": ["data"],
            }
        },
        "bbox": tile.bbox,
        "stac_extensions": [
            schema(n) for n in ("raster/v1.1.0", "projection/v1.1.0", "grid/v1.0.0")
        ],
        "collection": DEM,
    }


def make_dem_collection(tiles: list[DemTile]) -> dict[str, Any]:
    """Return the STAC 1.0.0 collection of the terrain model, without links."""
    return {
        "type": "Collection",
        "id": DEM,
        "stac_version": "1.0.0",
        "title": "Copernicus DEM GLO-30",
        "description": "Copernicus DEM GLO-30: SIMULATED terrain of the course, in the shape of "
        "the collection of the same name on Earth Search. A surface model: heights of the ground "
        "and of the water in dams, in metres",
        "links": [],
        "stac_extensions": [
            schema(name) for name in ("item-assets/v1.0.0", "projection/v1.1.0", "raster/v1.1.0")
        ],
        "item_assets": {"data": {"type": COG, "roles": ["data"]}},
        "extent": {
            "spatial": spatial_extent([tile.bbox for tile in tiles]),
            "temporal": {"interval": [[RELEASED, RELEASED]]},
        },
        "license": "CC-BY-4.0",
        "keywords": ["Copernicus", "DEM", "DSM", "Elevation", "simulated", "course"],
        "providers": PROVIDERS,
        "summaries": {"gsd": [METRES], "platform": ["tandem-x"]},
    }
