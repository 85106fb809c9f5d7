"""Say early, and in one sentence, what is missing from the data at hand."""

from collections.abc import Sequence, Sized

import geopandas as gpd

from helpers.errors import CourseError


def expect_columns(table: gpd.GeoDataFrame, columns: Sequence[str], source: object) -> None:
    """Make sure that a table of field observations has the columns that the lesson needs.

    Parameters
    ----------
    table : geopandas.GeoDataFrame
        The observations.
    columns : sequence of str
        Names of the columns needed.
    source : object
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
    scenes : sized (list, ItemCollection, table)
        What the search returned.
    asked : str
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
    points: gpd.GeoDataFrame, bounds: Sequence[float], least_share: float = 0.5
) -> None:
    """Make sure that field points lie inside a scene.

    Parameters
    ----------
    points : geopandas.GeoDataFrame
        The points, in the coordinate reference system of ``bounds``.
    bounds : sequence of float
        West, south, east and north edge of the scene.
    least_share : float, default 0.5
        The share of the points that must lie inside.

    Raises
    ------
    CourseError
        If fewer do; the message says where the points and the scene are.
    """
    west, south, east, north = (float(edge) for edge in bounds)
    inside = points.geometry.x.between(west, east) & points.geometry.y.between(south, north)
    if inside.mean() < least_share:
        where = ", ".join(f"{edge:.0f}" for edge in points.total_bounds)
        scene = ", ".join(f"{edge:.0f}" for edge in (west, south, east, north))
        raise CourseError(
            f"Only {inside.sum()} of {len(points)} points lie inside the scene: the points span "
            f"{where}, the scene {scene} (west, south, east, north): reproject the points to the "
            "scene's coordinate reference system, or choose a scene that covers them."
        )
