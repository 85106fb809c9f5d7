"""Say early, and in one sentence, what is missing from the data at hand."""

from collections.abc import Iterable, Sequence, Sized
from math import ceil, floor

import geopandas as gpd

from helpers.errors import CourseError


def expect_columns(table: gpd.GeoDataFrame, columns: Sequence[str], source: object) -> None:
    """Make sure that a table of field observations has the columns that the lesson needs.

    Parameters
    ----------
    table
        The observations.
    columns
        Names of the columns needed.
    source
        Where the table came from, for the message: a path or an address.

    Raises
    ------
    CourseError
        If a column is missing; the message lists the missing ones and those that are there.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise CourseError(
            f"{source} has no column {', '.join(missing)} (it has: {', '.join(table.columns)}): "
            "rename your columns to these names, or read another file."
        )


def expect_scenes(scenes: Sized, asked: str) -> None:
    """Make sure that a search has found at least one scene.

    Parameters
    ----------
    scenes
        What the search returned: a list, ItemCollection or table.
    asked
        What was asked for, in words, for the message.

    Raises
    ------
    CourseError
        If there is none.
    """
    if len(scenes) == 0:
        raise CourseError(
            f"No scene was found for {asked}: widen the dates, allow more cloud, or check that "
            "the point is given as longitude, latitude."
        )


def expect_inside(
    points: gpd.GeoDataFrame, bounds: Sequence[float], may_be_outside: int = 0
) -> None:
    """Make sure that field points lie inside a scene.

    Where a point lies outside, xvec takes the value of the pixel at the edge, and says nothing.

    Parameters
    ----------
    points
        The points, in the coordinate reference system of ``bounds``.
    bounds
        West, south, east and north edge of the scene: the outer edges of its pixels, such as
        ``array.rio.bounds()``.
    may_be_outside
        How many points may lie outside.

    Raises
    ------
    CourseError
        If there are no points, if a row has no point or several, or if more points lie outside;
        the message says where the points and the scene are, and how to widen the bounds.
    """
    if len(points) == 0:
        raise CourseError(
            "There are no points to look for in the scene, the table has no rows: look at the "
            "file, or at how they were selected."
        )
    _expect_single_points(points.geometry)
    west, south, east, north = (float(edge) for edge in bounds)
    inside = points.geometry.x.between(west, east) & points.geometry.y.between(south, north)
    outside = int((~inside).sum())
    if outside > may_be_outside:
        raise CourseError(
            f"Only {len(points) - outside} of {len(points)} points lie inside the scene: the "
            f"points span {_edges(points.total_bounds)}, the scene "
            f"{_edges((west, south, east, north))} (west, south, east, north): reproject the "
            "points to the scene's coordinate reference system if these are other units; widen "
            f"the bounds that you read to {_edges(_around(points, bounds))}, or choose a scene "
            f"that covers them; or leave these points out, or allow them: "
            f"may_be_outside={outside}."
        )


def _expect_single_points(geometry: gpd.GeoSeries) -> None:
    """Make sure that each geometry is one point with coordinates."""
    other = geometry.isna() | geometry.is_empty | (geometry.geom_type != "Point")
    if other.any():
        row = other.idxmax()
        found = geometry[other].iloc[0]
        kind = "no geometry" if found is None or found.is_empty else f"a {found.geom_type}"
        raise CourseError(
            f"{other.sum()} of {len(geometry)} rows have no single point, the first of them, row "
            f"{row}, has {kind}: points.explode(index_parts=False) makes single points of "
            "MultiPoints; drop rows without a geometry, and take .representative_point() of areas."
        )


def _around(points: gpd.GeoDataFrame, bounds: Sequence[float]) -> list[float]:
    """Return bounds that hold all points, and the former bounds, rounded outwards."""
    least = [*map(min, points.total_bounds[:2], bounds[:2])]
    most = [*map(max, points.total_bounds[2:], bounds[2:])]
    whole = 10 ** _decimals([*least, *most])
    return [floor(edge * whole) / whole for edge in least] + [
        ceil(edge * whole) / whole for edge in most
    ]


def _edges(bounds: Iterable[float]) -> str:
    """Write the edges of an area, degrees with as many decimals as tell pixels apart."""
    edges = [float(edge) for edge in bounds]
    return ", ".join(f"{round(edge, _decimals(edges)):.10g}" for edge in edges)


def _decimals(edges: Sequence[float]) -> int:
    return 4 if all(abs(edge) <= 360 for edge in edges) else 0
