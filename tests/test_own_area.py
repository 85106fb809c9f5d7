"""Outlines as people draw them: in any format, crossing themselves, or not an outline at all."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely.geometry import LineString, Point, Polygon, box

from helpers import CourseError
from helpers.own_points import read_area

SQUARE = box(20.40, -34.30, 20.50, -34.20)
BOW = Polygon([(20.4, -34.3), (20.5, -34.2), (20.5, -34.3), (20.4, -34.2)])


def write(path, *shapes, crs=4326):
    names = [str(number) for number, _ in enumerate(shapes)]
    layer = gpd.GeoDataFrame({"name": names}, geometry=list(shapes), crs="EPSG:4326")
    layer.to_crs(crs).to_file(path)
    return path


def test_the_polygons_are_kept_and_valid(tmp_path):
    area = read_area(write(tmp_path / "a.geojson", Point(20.45, -34.25), SQUARE, BOW))
    assert area.geom_type.str.endswith("Polygon").tolist() == [True, True]
    assert area.is_valid.all()
    assert area.geometry.iloc[0].equals(SQUARE)
    assert area.geometry.iloc[1].area == pytest.approx(SQUARE.area / 2)


def test_a_drawn_line_is_no_outline(tmp_path):
    path = write(tmp_path / "a.geojson", LineString(SQUARE.exterior.coords))
    with pytest.raises(CourseError, match="no polygon in a.geojson: draw the outline as a polygon"):
        read_area(path)


def test_a_projection_that_is_missing_can_be_said(tmp_path):
    path = write(tmp_path / "a.shp", SQUARE, crs="EPSG:2048")
    (tmp_path / "a.prj").unlink()
    with pytest.raises(CourseError, match=r"a.shp names no projection: .*read_area\(AREA, crs="):
        read_area(path)
    area = read_area(path, crs="EPSG:2048").to_crs("EPSG:4326")
    assert area.total_bounds == pytest.approx(SQUARE.bounds, abs=1e-4)


def test_what_cannot_be_read_is_said_in_words(tmp_path):
    with pytest.raises(CourseError, match="There is no file .*none.kml"):
        read_area(tmp_path / "none.kml")
    (tmp_path / "a.gpkg").write_text("nothing")
    with pytest.raises(CourseError, match="a.gpkg cannot be read"):
        read_area(tmp_path / "a.gpkg")
    (tmp_path / "a.csv").write_text("lat,lon\n-34.2,20.4\n")
    with pytest.raises(CourseError, match="no polygon in a.csv"):
        read_area(tmp_path / "a.csv")
