"""What is missing from the data at hand is said early and in one sentence."""

import geopandas as gpd
import pytest

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


def test_half_of_the_points_are_enough(points):
    expect_inside(points, (300_000, 6_230_000, 325_000, 6_270_000))
    with pytest.raises(CourseError, match="Only 1 of 3"):
        expect_inside(points, (300_000, 6_230_000, 315_000, 6_270_000))
