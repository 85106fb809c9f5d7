"""Which pixels of a grid lie inside polygons, kept small enough for any grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from helpers.errors import CourseError

PIXELS = 2**25  # rasterised at a time, one byte each

Polygons = gpd.GeoSeries | gpd.GeoDataFrame | BaseGeometry


@dataclass(frozen=True)
class PixelMask:
    """True where a pixel's centre lies inside the polygons; one bit a pixel.

    The whole grid is rasterised in the same strips however the cube is chunked, so that the
    choice of chunks cannot move a pixel across a border.
    """

    bits: np.ndarray
    shape: tuple[int, int]

    def window(self, rows: slice, columns: slice) -> np.ndarray:
        """Return one window of the mask as a boolean array."""
        first = columns.start // 8
        packed = self.bits[rows, first : -(-columns.stop // 8)]
        unpacked = np.unpackbits(packed, axis=1).view(bool)
        return unpacked[:, columns.start - 8 * first : columns.stop - 8 * first]


def rasterise(
    within: Polygons, shape: tuple[int, int], transform: Affine | None, crs: CRS | None
) -> PixelMask:
    """Find the pixels whose centres lie inside polygons.

    Parameters
    ----------
    within
        Polygons in any CRS; a bare shapely geometry is taken to be in the grid's.
    shape, transform, crs
        Rows and columns of the grid, its transform and CRS.

    Raises
    ------
    CourseError
        If the polygons are none, have no CRS or miss the grid, or if the grid has no transform.
    """
    geometries = _in_crs(within, crs)
    if transform is None:
        raise CourseError(
            "The cube is a single row or column, so the size of its pixels cannot be told: write "
            "it with cube.rio.write_transform(...)."
        )
    rows, columns = shape
    bits = np.zeros((rows, -(-columns // 8)), dtype=np.uint8)
    tree = shapely.STRtree(geometries)
    outlines = [shapely.geometry.mapping(geometry) for geometry in geometries]
    step = max(1, PIXELS // columns)
    for start in range(0, rows, step):
        height = min(step, rows - start)
        strip = transform @ Affine.translation(0, start)
        corners = [strip @ corner for corner in product((0, columns), (0, height))]
        box = shapely.box(*np.min(corners, axis=0), *np.max(corners, axis=0))
        touching = [outlines[i] for i in tree.query(box)]
        if touching:
            inside = rasterize(
                touching, out_shape=(height, columns), transform=strip, dtype="uint8"
            )
            bits[start : start + height] = np.packbits(inside.view(bool), axis=1)
    if not bits.any():
        raise CourseError(
            "The polygons in `within` miss the cube: no pixel lies inside them, so compare "
            "within.total_bounds, in the cube's CRS, with cube.rio.bounds()."
        )
    return PixelMask(bits, shape)


def _in_crs(within: Polygons, crs: CRS | None) -> list[BaseGeometry]:
    if isinstance(within, BaseGeometry):
        geometries = gpd.GeoSeries([within])
    elif isinstance(within, gpd.GeoDataFrame) and within.active_geometry_name is None:
        raise CourseError(
            "`within` is a GeoDataFrame without geometries: name the column that holds them with "
            "within.set_geometry(...)."
        )
    elif isinstance(within, gpd.GeoSeries | gpd.GeoDataFrame):
        geometries = _to_crs(within.geometry, crs)
    else:
        raise CourseError(
            f"`within` is a {type(within).__name__}, but a GeoDataFrame, a GeoSeries or a shapely "
            "polygon is needed."
        )
    geometries = geometries[~(geometries.isna() | geometries.is_empty)]
    if geometries.empty or not geometries.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        kinds = ", ".join(sorted(set(geometries.geom_type))) or "nothing"
        raise CourseError(f"`within` holds {kinds}, but polygons are needed.")
    return list(geometries)


def _to_crs(geometries: gpd.GeoSeries, crs: CRS | None) -> gpd.GeoSeries:
    if geometries.crs is None:
        raise CourseError(
            "The polygons in `within` have no CRS: say which one they are in with "
            "within.set_crs(...)."
        )
    if crs is None:
        raise CourseError(
            "The cube has no CRS, so the polygons in `within` cannot be laid over it: write it "
            "with cube.rio.write_crs(...)."
        )
    return geometries.to_crs(crs.to_wkt())
