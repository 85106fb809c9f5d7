"""Which pixels of a grid lie inside polygons, kept small enough for any grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from pyproj import CRS as ProjCRS
from pyproj.exceptions import CRSError, ProjError
from rasterio.crs import CRS
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from helpers.errors import CourseError

PIXELS = 2**25  # rasterised at a time, one byte each

Polygons = gpd.GeoSeries | gpd.GeoDataFrame | BaseGeometry


@dataclass(frozen=True)
class PixelMask:
    """True where a pixel's centre lies inside the polygons; one bit per pixel.

    The whole grid is rasterised in the same strips however the cube is chunked, so that the
    choice of chunks cannot move a pixel across a border.
    """

    bits: np.ndarray

    def window(self, rows: slice, columns: slice) -> np.ndarray:
        """Return one window of the mask as a boolean array."""
        first = columns.start // 8
        packed = self.bits[rows, first : -(-columns.stop // 8)]
        unpacked = np.unpackbits(packed, axis=1).view(bool)
        return unpacked[:, columns.start - 8 * first : columns.stop - 8 * first]


def rasterise(
    within: Polygons, shape: tuple[int, int], transform: Affine | None, crs: CRS | None
) -> PixelMask:
    """Find the pixels whose centres lie inside polygons."""
    geometries = _in_crs(within, crs)
    if transform is None:
        raise CourseError(
            "The cube is a single row or column, so the size of its pixels is unknown: write it "
            "with cube.rio.write_transform(...)."
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
        raise CourseError(_why_empty(geometries, shape, transform))
    return PixelMask(bits)


def _why_empty(geometries: list[BaseGeometry], shape: tuple[int, int], transform: Affine) -> str:
    rows, columns = shape
    corners = [transform @ at for at in ((0, 0), (columns, 0), (columns, rows), (0, rows))]
    if shapely.intersects(shapely.Polygon(corners), geometries).any():
        return (
            "The polygons in `within` are so small or narrow that the centre of no pixel lies in "
            "them: widen them with within.buffer(...), by half a pixel or more."
        )
    return (
        "The polygons in `within` miss the cube: no pixel lies inside them, so compare "
        "within.total_bounds, in the cube's CRS, with cube.rio.bounds()."
    )


def _in_crs(within: Polygons, crs: CRS | None) -> list[BaseGeometry]:
    if isinstance(within, BaseGeometry):
        geometries = gpd.GeoSeries([within])
    elif isinstance(within, gpd.GeoDataFrame) and within.active_geometry_name is None:
        raise CourseError(
            "`within` is a GeoDataFrame without geometries: name the column that holds them with "
            "within.set_geometry(...)."
        )
    elif isinstance(within, gpd.GeoSeries | gpd.GeoDataFrame):
        geometries = within.geometry
    else:
        raise CourseError(
            f"`within` is a {type(within).__name__}, but a GeoDataFrame, a GeoSeries or a shapely "
            "polygon is needed."
        )
    geometries = geometries[~(geometries.isna() | geometries.is_empty)]
    if not isinstance(within, BaseGeometry):
        if geometries.empty:
            raise CourseError(
                "`within` holds no polygon: its table has no row, or none with a geometry, so look "
                "at what was picked from it."
            )
        geometries = _to_crs(geometries, crs)
    areal = ["Polygon", "MultiPolygon", "GeometryCollection"]
    polygons = [part for shape in geometries for part in _polygons_in(shape)]
    if not polygons or not geometries.geom_type.isin(areal).all():
        kinds = ", ".join(sorted(set(geometries.geom_type))) or "nothing"
        raise CourseError(f"`within` holds {kinds}, but polygons are needed.")
    return polygons


def _polygons_in(shape: BaseGeometry) -> Iterator[shapely.Polygon]:
    """Yield the polygons in a shape; `clip` and `make_valid` leave lines and points among them."""
    if isinstance(shape, shapely.Polygon):
        if not shape.is_empty:
            yield shape
    else:
        for part in getattr(shape, "geoms", ()):
            yield from _polygons_in(part)


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
    try:
        moved = geometries.to_crs(crs.to_wkt())
    except (ProjError, CRSError) as error:
        raise CourseError(
            f"The polygons in `within` cannot be brought from their CRS ({geometries.crs.name}) to "
            f"the cube's ({_name(crs)}): say which one they are really in with "
            "within.set_crs(..., allow_override=True), or with cube.rio.write_crs(...)."
        ) from error
    if not np.isfinite(moved.total_bounds).all():
        raise CourseError(
            f"The polygons in `within` lie where the cube's CRS ({_name(crs)}) does not reach: "
            "compare within.total_bounds with the CRS that they say they are in."
        )
    return moved


def _name(crs: CRS) -> str:
    return ProjCRS(crs.to_wkt()).name
