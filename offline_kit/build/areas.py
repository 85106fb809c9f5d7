"""The area of interest and the catchments."""

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from rasterio.features import shapes, sieve
from rasterio.transform import Affine
from shapely import make_valid, set_precision
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.ops import unary_union

from offline_kit.build.grid import EPSG, PIXEL, windows_of
from offline_kit.build.landscape import Landscape
from offline_kit.build.parallel import ordered_map
from offline_kit.build.sampling import warped_layers

CATCHMENT_NAMES = (
    "Witpoort", "Kloofrivier", "Bergsig", "Suurvlakte", "Baviaanskop", "Elandspad",
)  # fmt: skip
NOT_WILD = ("farm", "plantation")
STEP = 3  # outlines are drawn on every third pixel
SMALLEST_HA = 4


def _outlines(
    landscape: Landscape,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Affine]:
    """Catchment number and natural vegetation on every third pixel."""
    grid = landscape.grid
    rows, columns = grid.height // STEP, grid.width // STEP
    catchment = np.zeros((rows, columns), np.uint8)
    natural = np.zeros((rows, columns), np.uint8)
    per_cell = PIXEL / grid.cell
    windows = windows_of(grid)
    sampled = ordered_map(lambda window: warped_layers(landscape, window, NOT_WILD), windows)
    for window, (r, c, layers) in zip(windows, sampled, strict=True):
        at = np.s_[STEP // 2 :: STEP, STEP // 2 :: STEP]
        i = np.floor((r[at] + 0.5) * per_cell).astype(int) + landscape.margin
        j = np.floor((c[at] + 0.5) * per_cell).astype(int) + landscape.margin
        here = landscape.catchment[
            np.clip(i, 0, landscape.catchment.shape[0] - 1),
            np.clip(j, 0, landscape.catchment.shape[1] - 1),
        ]
        target = np.s_[
            window.row // STEP : (window.row + window.height) // STEP,
            window.column // STEP : (window.column + window.width) // STEP,
        ]
        catchment[target] = here
        farm, planted = (layer[at] for layer in layers)
        natural[target] = (here > 0) & (farm < 0) & (planted < 0)
    transform = grid.transform(PIXEL * STEP)
    return catchment, natural, transform


def _polygons(mask: NDArray[np.uint8], transform: Affine) -> MultiPolygon:
    # sieving by cells keeps slivers and holes too small for a map out of the outline
    cells = int(SMALLEST_HA * 1e4 / abs(transform.a) ** 2)
    tidy = sieve(mask, max(2, cells))
    parts = [shape(s) for s, value in shapes(tidy, mask=tidy > 0, transform=transform) if value]
    merged = make_valid(unary_union(parts).simplify(18))
    polygons = [
        p for p in getattr(merged, "geoms", [merged]) if isinstance(p, Polygon) and p.area > 1e4
    ]
    return MultiPolygon(polygons)


def _to_degrees(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    frame = frame.to_crs(4326)
    # a tenth of a metre, so that the last bits of a projection library do not matter
    frame["geometry"] = set_precision(frame.geometry.values, 1e-6)
    return frame


def make_areas(landscape: Landscape) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Draw the area of interest and the catchments.

    Returns
    -------
    area_of_interest
        EPSG:4326; one MultiPolygon: natural vegetation (with its wilding pines) in the catchments,
        without farmland and plantations.
    catchments
        EPSG:4326; columns `name` and `area_ha`.
    """
    numbers, natural, transform = _outlines(landscape)
    names, outlines = [], []
    for number in range(1, int(numbers.max()) + 1):
        outline = _polygons((numbers == number).astype(np.uint8), transform)
        if outline.is_empty:
            continue
        names.append(CATCHMENT_NAMES[number - 1])
        outlines.append(outline)
    catchments = gpd.GeoDataFrame({"name": names}, geometry=outlines, crs=EPSG)
    catchments["area_ha"] = catchments.area.div(1e4).round(1)
    area = gpd.GeoDataFrame(
        {"name": ["natural vegetation"]}, geometry=[_polygons(natural, transform)], crs=EPSG
    )
    return _to_degrees(area), _to_degrees(catchments[["name", "area_ha", "geometry"]])
