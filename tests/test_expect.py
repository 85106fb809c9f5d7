"""What is missing from the data at hand is said early and in one sentence."""

import geopandas as gpd
import pytest
from shapely import MultiPoint, Point

from helpers import CourseError, expect_columns, expect_inside, expect_scenes


@pytest.fixture
def points():
    geometry = gpd.points_from_xy([310_000, 320_000, 330_000], [6_240_000, 6_250_000, 6_260_000])
    return gpd.GeoDataFrame({"class": [0, 1, 2]}, geometry=geometry, crs="EPSG:32734")


def test_columns_that_are_there_pass(points):
    expect_columns(points, ["class"], "points.gpkg")


def test_a_missing_column_is_named_with_those_there(points):
    with pytest.raises(
        CourseError, match=r"points\.gpkg has no column group, name \(it has: class"
    ):
        expect_columns(points, ["class", "group", "name"], "points.gpkg")


def test_no_scene_says_what_was_asked():
    expect_scenes(["a scene"], "September")
    with pytest.raises(CourseError, match="No scene was found for September"):
        expect_scenes([], "September")


def test_points_inside_pass(points):
    expect_inside(points, (300_000, 6_230_000, 340_000, 6_270_000))


def test_points_outside_say_where_both_are(points):
    with pytest.raises(CourseError, match=r"Only 0 of 3 points .* 310000, .* the scene 0, 0, 9, 9"):
        expect_inside(points, (0, 0, 9, 9))


def test_points_in_degrees_are_outside_a_scene_in_metres(points):
    with pytest.raises(CourseError, match="reproject the points"):
        expect_inside(points.to_crs("EPSG:4326"), (300_000, 6_230_000, 340_000, 6_270_000))


def test_one_point_outside_is_too_many_and_the_wider_bounds_are_said(points):
    read = (300_000, 6_230_000, 325_000, 6_270_000)
    with pytest.raises(CourseError, match="Only 2 of 3 .* widen") as refused:
        expect_inside(points, read)
    assert "to 300000, 6230000, 330000, 6270000" in str(refused.value)
    expect_inside(points, (300_000, 6_230_000, 330_000, 6_270_000))


def test_whoever_says_how_many_may_be_outside_is_believed(points):
    read = (300_000, 6_230_000, 315_000, 6_270_000)
    with pytest.raises(CourseError, match=r"Only 1 of 3 .* may_be_outside=2\.$"):
        expect_inside(points, read, may_be_outside=1)
    expect_inside(points, read, may_be_outside=2)


def test_degrees_are_written_with_decimals(points):
    with pytest.raises(CourseError, match=r"the points span 18\.9436, -33\.9634"):
        expect_inside(points.to_crs("EPSG:4326"), (10.5, -20, 11, -19))


def test_no_points_at_all_are_told(points):
    with pytest.raises(CourseError, match="no points"):
        expect_inside(points.iloc[:0], (0, 0, 9, 9))


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (MultiPoint([(1, 1), (2, 2)]), "row 1, has a MultiPoint: .*explode"),
        (Point(1, 1).buffer(1), "row 1, has a Polygon"),
        (Point(), "row 1, has no geometry"),
        (None, "row 1, has no geometry"),
    ],
)
def test_rows_that_are_no_single_point_are_named(points, geometry, words):
    mixed = points.set_geometry(
        gpd.GeoSeries([points.geometry[0], geometry, points.geometry[2]], crs=points.crs)
    )
    with pytest.raises(CourseError, match=words):
        expect_inside(mixed, (300_000, 6_230_000, 340_000, 6_270_000))
