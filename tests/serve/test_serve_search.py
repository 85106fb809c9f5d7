"""The rules of searching, on items without a server."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from offline_kit.serve.stac.search import (
    ALWAYS_FIELDS,
    Scene,
    SearchError,
    bbox_geometry,
    check_query,
    field_value,
    matches_query,
    ordered,
    select,
    with_fields,
)


def make_item(name="a", time="2018-09-15T08:36:01Z", west=19.0, **properties):
    ring = [[west, -34], [west + 1, -34], [west + 1, -33], [west, -33], [west, -34]]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "c",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, -34, west + 1, -33],
        "links": [],
        "assets": {},
        "properties": {"datetime": time, **properties},
    }


def names(items):
    return [item["id"] for item in items]


@given(
    values=st.lists(st.floats(0, 100), max_size=8),
    wanted=st.floats(0, 100),
    as_text=st.booleans(),
)
def test_comparisons_select_what_python_would(values, wanted, as_text):
    items = [make_item(str(i), **{"eo:cloud_cover": value}) for i, value in enumerate(values)]
    scenes = [Scene.of(item) for item in items]
    expected = {
        "eq": [v == wanted for v in values],
        "neq": [v != wanted for v in values],
        "lt": [v < wanted for v in values],
        "lte": [v <= wanted for v in values],
        "gt": [v > wanted for v in values],
        "gte": [v >= wanted for v in values],
    }
    for operator, chosen in expected.items():
        query = {"eo:cloud_cover": {operator: repr(wanted) if as_text else wanted}}
        found = select(scenes, query=query)
        assert names(found) == [str(i) for i, yes in enumerate(chosen) if yes]


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ({"startsWith": "sentinel"}, True),
        ({"startsWith": "2a"}, False),
        ({"endsWith": "2a"}, True),
        ({"contains": "nel-2"}, True),
        ({"contains": "nel2"}, False),
        ({"in": ["landsat-8", "sentinel-2a"]}, True),
        ({"in": []}, False),
        ({"startsWith": "sentinel", "endsWith": "2b"}, False),
    ],
)
def test_text_conditions(condition, matches):
    assert matches_query(make_item(platform="sentinel-2a"), {"platform": condition}) is matches


def test_a_list_matches_by_any_of_its_values_but_differs_only_by_all():
    item = make_item(instruments=["msi", "olci"])
    assert matches_query(item, {"instruments": {"eq": "msi"}})
    assert matches_query(item, {"instruments": {"in": ["olci"]}})
    assert not matches_query(item, {"instruments": {"neq": "msi"}})
    assert matches_query(item, {"instruments": {"neq": "oli"}})


def test_an_absent_property_matches_nothing_but_neq():
    assert not matches_query(make_item(), {"gsd": {"lt": 100}})
    assert not matches_query(make_item(gsd=None), {"gsd": {"eq": 10}})
    assert matches_query(make_item(), {"gsd": {"neq": 10}})


@pytest.mark.parametrize(
    "condition",
    [{"le": 3}, {"in": "sentinel-2a"}, {"lt": None}, {"lt": [1]}, {"gt": True}, {"endsWith": 2}],
)
def test_malformed_conditions_name_the_property(condition):
    with pytest.raises(SearchError, match=r"query: .*'gsd'"):
        check_query({"gsd": condition})


def test_values_that_cannot_be_compared_are_an_error():
    with pytest.raises(SearchError, match=r"query: .*'platform'"):
        matches_query(make_item(platform="sentinel-2a"), {"platform": {"lt": 3}})
    with pytest.raises(SearchError, match=r"query: .*'gsd'"):
        matches_query(make_item(gsd=10), {"gsd": {"lt": "ten"}})


def test_time_intervals_are_closed_and_may_be_open_ended():
    scenes = [Scene.of(make_item(str(day), f"2018-09-{day}T00:00:00Z")) for day in (10, 15, 20)]
    first, last = datetime(2018, 9, 10, tzinfo=UTC), datetime(2018, 9, 15, tzinfo=UTC)
    assert names(select(scenes, start=first, end=last)) == ["10", "15"]
    assert names(select(scenes, start=last)) == ["15", "20"]
    assert names(select(scenes, end=first)) == ["10"]


def test_an_item_that_covers_a_time_is_found_inside_it():
    item = make_item(
        start_datetime="2018-09-01T00:00:00Z", end_datetime="2018-09-30T00:00:00Z", time=None
    )
    noon = datetime(2018, 9, 15, 12, tzinfo=UTC)
    assert select([Scene.of(item)], start=noon, end=noon)


def test_space():
    scenes = [Scene.of(make_item("west", west=19.0)), Scene.of(make_item("east", west=21.0))]
    assert names(select(scenes, area=Point(19.2, -33.8))) == ["west"]
    assert names(select(scenes, area=bbox_geometry((18, -35, 25, -30)))) == ["west", "east"]
    assert names(select(scenes, area=bbox_geometry((20.5, -33.5, 0, 25, -33, 100)))) == ["east"]


@given(
    west=st.floats(-180, 180),
    east=st.floats(-180, 180),
    longitude=st.floats(-180, 180),
)
def test_bbox_contains_the_longitudes_from_west_to_east(west, east, longitude):
    inside = west <= longitude <= east if west <= east else longitude >= west or longitude <= east
    assert bbox_geometry((west, -10, east, 10)).intersects(Point(longitude, 0)) == inside


@pytest.mark.parametrize(
    "bbox", [(0, 10, 1, 5), (0, 0, 0, 91), (-181, 0, 0, 1), (float("nan"), 0, 1, 1)]
)
def test_bbox_outside_the_world(bbox):
    with pytest.raises(SearchError, match=r"^bbox: "):
        bbox_geometry(bbox)


def test_newest_first_and_ties_by_id():
    items = [
        make_item("a", "2018-09-15T00:00:00Z"),
        make_item("b", "2018-09-15T00:00:00Z"),
        make_item("c", "2023-09-15T00:00:00Z"),
    ]
    assert names(ordered(items, None)) == ["c", "b", "a"]


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.integers(0, 5)), st.integers(0, 5)),
        max_size=10,
    ),
    st.sampled_from(["asc", "desc"]),
    st.sampled_from(["asc", "desc"]),
)
def test_sorting_by_two_fields(rows, first, second):
    items = [make_item(str(i), one=one, two=two) for i, (one, two) in enumerate(rows)]
    result = ordered(items, [("properties.one", first), ("two", second)])
    assert sorted(names(result)) == sorted(names(items))
    keys = [(item["properties"]["one"], item["properties"]["two"]) for item in result]
    sign = {"asc": 1, "desc": -1}
    signed = [
        (one is None, sign[first] * (one or 0), sign[second] * two) for one, two in keys
    ]  # None last
    assert signed == sorted(signed)


def test_sorting_by_what_has_no_order():
    with pytest.raises(SearchError, match=r"sortby: .*'geometry'"):
        ordered([make_item("a"), make_item("b")], [("geometry", "asc")])


def test_field_value_finds_properties_and_other_fields():
    item = make_item(**{"eo:cloud_cover": 3, "a.b": 5})
    assert field_value(item, "eo:cloud_cover") == 3
    assert field_value(item, "properties.eo:cloud_cover") == 3
    assert field_value(item, "a.b") == 5
    assert field_value(item, "id") == "a"
    assert field_value(item, "nothing.here") is None


def test_fields():
    item = make_item(platform="sentinel-2a", gsd=10)
    assert set(with_fields(item, ["bbox"], [])) == {*ALWAYS_FIELDS, "bbox"}
    assert with_fields(item, [], [])["properties"] == {"datetime": item["properties"]["datetime"]}
    assert with_fields(item, None, ["geometry"]) == {
        k: v for k, v in item.items() if k != "geometry"
    }
    assert "geometry" in with_fields(item, ["geometry"], ["geometry"])
    some = with_fields(item, ["properties.gsd"], ["properties"])
    assert some["properties"] == {"gsd": 10}
    others = with_fields(item, ["properties"], ["properties.gsd"])
    assert set(others["properties"]) == {"datetime", "platform"}
    assert item == make_item(platform="sentinel-2a", gsd=10), "the item itself must not change"


def test_footprint_touching_counts_as_intersecting():
    assert select([Scene.of(make_item())], area=box(20, -34, 21, -33))
