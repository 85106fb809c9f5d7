"""Reads the outline of an area, as people draw it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd

from helpers.course import CRS
from helpers.errors import CourseError
from helpers.own_points.given import existing_file, known_projection


def read_area(path: str | Path, crs: Any = None) -> gpd.GeoDataFrame:
    """Read the outline of an area: the polygons in the first layer of a file.

    Parameters
    ----------
    path
        A layer (GeoPackage, shapefile, KML, GeoJSON), zipped or not.
    crs
        In which its coordinates are, where the file does not say so.

    Returns
    -------
    GeoDataFrame
        Its polygons. Outlines that cross themselves are made valid; points and lines are left out.

    Raises
    ------
    CourseError
        If there is no such file, if it cannot be read, if it has no polygon, or if nothing says in
        which projection it is.
    """
    path, crs = existing_file(path), known_projection(crs)
    try:
        layer = gpd.read_file(path, layer=0)
    except (OSError, RuntimeError, ValueError) as error:
        raise CourseError(
            f"{path.name} cannot be read ({str(error).splitlines()[0]}): save it as GeoPackage."
        ) from None
    if not isinstance(layer, gpd.GeoDataFrame) or not layer.geom_type.str.endswith("Polygon").any():
        raise CourseError(
            f"There is no polygon in {path.name}: draw the outline as a polygon, not as a line."
        )
    if layer.crs is None and crs is None:
        raise CourseError(
            f"{path.name} names no projection: put its .prj file beside it, or say it, such as "
            f'read_area(AREA, crs="EPSG:{CRS}").'
        )
    layer = layer.set_crs(crs) if layer.crs is None else layer
    polygons = layer[layer.geom_type.str.endswith("Polygon").fillna(False).astype(bool)]
    return polygons.set_geometry(polygons.make_valid())
