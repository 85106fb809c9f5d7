"""Layers for planning: tracks, and plantations with the years in which they were planted."""

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from rasterio.features import shapes
from shapely import box, coverage_simplify, line_merge, set_precision
from shapely.geometry import LineString, MultiLineString, shape

from offline_kit.build.areas import STEP
from offline_kit.build.grid import EPSG, PIXEL, Grid, Window, windows_of
from offline_kit.build.landcover import compartments_at, planted_in
from offline_kit.build.landscape import Landscape
from offline_kit.build.parallel import ordered_map
from offline_kit.build.sampling import unwarped

ROAD_PLACES = 5  # a way to so many places is a gravel road
SMALLEST_HA = 0.3
TOLERANCE_M = 20  # to which outlines are drawn


def make_tracks(landscape: Landscape) -> gpd.GeoDataFrame:
    """Draw the tracks as lines, where the scenes show them.

    Returns
    -------
    GeoDataFrame
        EPSG:32734; columns `kind` ("gravel road" or "jeep track") and `length_m`.
    """
    rim = landscape.margin
    height, width = landscape.grid.shape(landscape.grid.cell)
    near = [
        edge
        for edge in landscape.tracks
        if rim <= edge[0] < rim + height and rim <= edge[1] < rim + width
    ]
    lines: dict[str, list[LineString]] = {"gravel road": [], "jeep track": []}
    for row, column, next_row, next_column, places in near:
        t = np.linspace(0, 1, 1 + max(abs(next_row - row), abs(next_column - column)))
        way = _on_the_ground(
            landscape, row + t * (next_row - row), column + t * (next_column - column)
        )
        lines["gravel road" if places >= ROAD_PLACES else "jeep track"].append(way)
    kinds, merged, extent = [], [], box(*landscape.grid.bounds)
    for kind, parts in lines.items():
        whole = line_merge(MultiLineString(parts)).intersection(extent).simplify(2)
        ways = list(getattr(whole, "geoms", [whole]))
        kinds += [kind] * len(ways)
        merged += ways
    frame = gpd.GeoDataFrame({"kind": kinds}, geometry=set_precision(merged, 0.1), crs=EPSG)
    frame = frame[~frame.is_empty]
    frame.insert(1, "length_m", frame.length.round(0))
    return frame.reset_index(drop=True)


def _on_the_ground(landscape: Landscape, rows: NDArray, columns: NDArray) -> LineString:
    """Turn positions in cells of the coarse landscape into a line in metres."""
    grid = landscape.grid
    row, column = unwarped(landscape, rows, columns)
    x = grid.west + (column + 0.5) * PIXEL
    y = grid.north - (row + 0.5) * PIXEL
    return LineString(np.stack([x, y], axis=1))


def make_plantations(landscape: Landscape) -> gpd.GeoDataFrame:
    """Draw the compartments of the pine plantations, as a forester's register of 2018 has them.

    Returns
    -------
    GeoDataFrame
        EPSG:32734; columns `compartment` (a number), `planted` (year; missing where the stand was
        felled and given up, so that all pines there have sown themselves) and `area_ha`.
    """
    grid = landscape.grid
    coarse = Grid(grid.west, grid.north, grid.width // STEP, grid.height // STEP, grid.cell)
    numbers = np.zeros((coarse.height, coarse.width), np.int32)
    windows = windows_of(grid)

    def look(window: Window) -> NDArray[np.int32]:
        return compartments_at(landscape, window)[STEP // 2 :: STEP, STEP // 2 :: STEP]

    for window, values in zip(windows, ordered_map(look, windows), strict=True):
        row, column = window.row // STEP, window.column // STEP
        numbers[row : row + values.shape[0], column : column + values.shape[1]] = values
    found = list(shapes(numbers, mask=numbers > 0, transform=grid.transform(PIXEL * STEP)))
    frame = gpd.GeoDataFrame(
        {"number": [int(number) for _, number in found]},
        geometry=[shape(outline) for outline, _ in found],
        crs=EPSG,
    )
    frame["geometry"] = set_precision(coverage_simplify(frame.geometry.values, TOLERANCE_M), 0.1)
    frame = frame[frame.area > SMALLEST_HA * 1e4].dissolve("number").reset_index()
    frame["planted"] = [planted_in(number) or None for number in frame["number"]]
    frame["planted"] = frame["planted"].astype("Int32")
    frame["area_ha"] = frame.area.div(1e4).round(2)
    # numbered from north to south, as on a map
    frame = frame.iloc[np.argsort(-frame.centroid.y.to_numpy(), kind="stable")]
    frame["compartment"] = np.arange(1, 1 + len(frame), dtype=np.int32)
    return frame[["compartment", "planted", "area_ha", "geometry"]].reset_index(drop=True)
