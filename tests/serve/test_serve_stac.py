"""The STAC API, asked by clients that nobody here wrote."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pystac
import pytest
from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.warnings import DoesNotConformTo
from tiny_kit import SCENES

RECORDED = Path(__file__).parents[3] / "shared" / "earth-search"
POINT = {"type": "Point", "coordinates": [19.20, -33.80]}
NEWEST_FIRST = sorted(
    SCENES, key=lambda scene: (SCENES[scene][0], scene[1], scene[0]), reverse=True
)


@pytest.fixture(scope="module")
def catalogue(server):
    return Client.open(server.stac_url)


def ids(items):
    return [(item["collection"], item["id"]) for item in items]


def recorded(name):
    path = RECORDED / name
    if not path.is_file():
        pytest.skip(f"the recorded answers of Earth Search are not here ({path.name})")
    return json.loads(path.read_text())


def test_the_lessons_search(catalogue):
    search = catalogue.search(
        collections=["sentinel-2-l2a"],
        intersects=POINT,
        datetime="2018-09-01/2018-09-30",
        query={"eo:cloud_cover": {"lt": 10}},
    )
    assert search.matched() == 2
    assert [item["id"] for item in search.items_as_dicts()] == [
        "S2B_34HCH_20180920_0_L2A",
        "S2A_34HCH_20180915_0_L2A",
    ]
    without_filter = catalogue.search(
        collections=["sentinel-2-l2a"], intersects=POINT, datetime="2018-09-01/2018-09-30"
    )
    assert without_filter.matched() == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_hold_every_item_once_and_in_order(catalogue, method):
    search = catalogue.search(method=method, limit=2, intersects=POINT, fields=["id", "bbox"])
    pages = list(search.pages_as_dicts())
    assert [len(page["features"]) for page in pages] == [2, 2, 1]
    assert ids(item for page in pages for item in page["features"]) == NEWEST_FIRST
    assert all("bbox" in item and "assets" not in item for p in pages for item in p["features"])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"ids": ["S2A_34HCH_20180915_0_L2A"]}, 1),
        ({"ids": ["S2B_34HCH_20230919_0_L2A"]}, 2),
        ({"collections": ["sentinel-2-c1-l2a"]}, 1),
        ({"bbox": [19.0, -34.0, 19.5, -33.5]}, 5),
        ({"bbox": [0, 0, 1, 1]}, 0),
        ({"datetime": "2018-09-15T08:36:01Z"}, 1),
        ({"datetime": "../2018-09-20T08:36:03Z"}, 2),
        ({"datetime": "2020-01-01T00:00:00Z/.."}, 2),
        ({"query": {"eo:cloud_cover": {"gte": 6.5, "lt": 58}}}, 1),
        ({"query": {"platform": {"eq": "sentinel-2a"}}}, 2),
    ],
)
def test_conditions(catalogue, method, parameters, expected):
    assert catalogue.search(method=method, **parameters).matched() == expected


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sorting(catalogue, method):
    search = catalogue.search(
        method=method, collections=["sentinel-2-l2a"], sortby=["+properties.eo:cloud_cover"]
    )
    clouds = [item["properties"]["eo:cloud_cover"] for item in search.items_as_dicts()]
    assert clouds == [0.1, 0.4, 6.5, 58.0]


def test_items_of_a_collection(catalogue, web):
    items = list(catalogue.get_collection("sentinel-2-l2a").get_items())
    assert len(items) == 4
    page = web.get(
        "/v1/collections/sentinel-2-l2a/items",
        params={"limit": 1, "query": '{"eo:cloud_cover":{"lt":10}}', "sortby": "datetime"},
    ).json()
    assert ids(page["features"]) == [("sentinel-2-l2a", "S2A_34HCH_20180915_0_L2A")]
    next_page = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert ids(web.get(next_page).json()["features"]) == [
        ("sentinel-2-l2a", "S2B_34HCH_20180920_0_L2A")
    ]


def test_every_link_and_asset_answers(web, server):
    answers = web.post("/v1/search", json={"limit": 100}).json()["features"]
    collections = web.get("/v1/collections").json()["collections"]
    landing = web.get("/v1").json()
    for thing in [landing, *collections, *answers]:
        for link in thing["links"]:
            if not link["href"].startswith(server.http_url):
                assert link["rel"] == "license"
                continue
            answer = web.request(link.get("method", "GET"), link["href"], json={})
            assert answer.status_code == 200, link
            if link["rel"] != "thumbnail":
                assert answer.headers["content-type"].startswith(link["type"].split(";")[0]), link
            if link["rel"] == "self":
                assert answer.json() == thing
    for asset in (asset for item in answers for asset in item["assets"].values()):
        assert asset["href"].startswith(f"{server.data_url}/scenes/")
        assert web.head(asset["href"]).status_code == 200


def test_addresses_are_those_by_which_the_server_was_asked(web, server):
    address = urlsplit(server.http_url)
    item = web.get(
        "/v1/collections/sentinel-2-l2a/items/S2A_34HCH_20180915_0_L2A",
        headers={"Host": f"localhost:{address.port}"},
    ).json()
    hrefs = [link["href"] for link in item["links"]]
    hrefs += [asset["href"] for asset in item["assets"].values()]
    root = f"http://localhost:{address.port}{address.path}/"
    assert all(href.startswith(root) for href in hrefs)


MALFORMED = [
    ("bbox", "1,2,3"),
    ("bbox", "a,b,c,d"),
    ("bbox", "0,10,1,5"),
    ("bbox", ""),
    ("intersects", "{"),
    ("intersects", '{"type": "Point"}'),
    ("intersects", '{"type": "Feature", "geometry": null}'),
    ("intersects", '{"type": "Point", "coordinates": [1e400, 1]}'),
    ("intersects", '{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,1],[1,0],[0,0]]]}'),
    ("datetime", "2018"),
    ("datetime", "../.."),
    ("datetime", "1985-04-12T23:20:50,52Z"),
    ("datetime", "2018-10-01T00:00:00Z/2018-09-01T00:00:00Z"),
    ("limit", "0"),
    ("limit", "many"),
    ("next", "-1"),
    ("query", "{"),
    ("query", "[]"),
    ("query", '{"eo:cloud_cover": {"le": 10}}'),
    ("query", '{"eo:cloud_cover": {"lt": "ten"}}'),
    ("sortby", ""),
    ("sortby", "geometry"),
    ("filter", "eo:cloud_cover < 10"),
    ("filter-lang", "cql2-text"),
    ("filter-crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
    ("cloud_cover", "10"),
    ("collection", "sentinel-2-l2a"),
    ("Limit", "3"),
    ("filter", ""),
    ("limit", ["1", "2"]),
    ("collections", ["sentinel-2-l2a", "sentinel-2-c1-l2a"]),
]


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (path, *parameter)
        for path in ("/v1/search", "/v1/collections/sentinel-2-l2a/items")
        for parameter in MALFORMED
    ],
)
def test_malformed_get_is_answered_with_the_parameters_name(web, path, name, value):
    answer = web.get(path, params={name: value})
    assert answer.status_code == 400
    assert answer.json()["description"].startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("{", "search"),
        ("[]", "search"),
        ("null", "search"),
        ('{"bbox": "1,2,3,4"}', "bbox"),
        ('{"bbox": [1, 2, "x", 4]}', "bbox"),
        ('{"bbox": [1,2,3,4], "intersects": {"type": "Point", "coordinates": [1,2]}}', "search"),
        ('{"datetime": 5}', "datetime"),
        ('{"limit": -1}', "limit"),
        ('{"query": {"a": {"like": 1}}}', "query"),
        ('{"query": {"a": 3}}', "query"),
        ('{"sortby": "datetime"}', "sortby"),
        ('{"sortby": [{"field": "datetime", "direction": "up"}]}', "sortby"),
        ('{"fields": null}', "fields"),
        ('{"fields": ["id"]}', "fields"),
        ('{"collections": 5}', "collections"),
        ('{"ids": [1]}', "ids"),
        ('{"filter": {"op": "<", "args": [{"property": "eo:cloud_cover"}, 10]}}', "filter"),
        ('{"filter": null}', "filter"),
        ('{"filter-lang": "cql2-json"}', "filter-lang"),
        ('{"collection": "sentinel-2-l2a"}', "collection"),
        ('{"fields": {"includes": ["id"]}}', "fields"),
        ('{"sortby": [{"field": "id", "direction": "asc", "order": "desc"}]}', "sortby"),
    ],
)
def test_malformed_post_is_answered_with_the_parameters_name(web, body, name):
    answer = web.post("/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["description"].startswith(f"{name}: ")


def test_what_is_not_supported_is_told_with_what_is(web):
    answers = [
        web.get("/v1/search", params={"filter": "eo:cloud_cover < 10"}),
        web.post("/v1/search", json={"filter": {"op": "isNull", "args": []}}),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert answer.json()["description"] == (
            "filter: there is no such parameter; a search takes bbox, collections, datetime, "
            "fields, ids, intersects, limit, next, query, sortby (conditions on properties go "
            "into query)"
        )


def test_parameters_of_a_post_are_not_in_its_address(web):
    answer = web.post("/v1/search", params={"filter": "eo:cloud_cover < 10"}, json={})
    assert answer.status_code == 400
    assert answer.json()["description"] == (
        "filter: parameters of a POST request belong in its body"
    )


def test_a_filter_of_pystac_client_is_refused(catalogue):
    condition = {"op": "<", "args": [{"property": "eo:cloud_cover"}, 10]}
    for method in ("GET", "POST"):
        with pytest.warns(DoesNotConformTo), pytest.raises(APIError, match="filter: there is no"):
            catalogue.search(method=method, filter=condition, filter_lang="cql2-json").matched()


def test_items_of_one_collection_are_not_those_of_another(web):
    path = "/v1/collections/sentinel-2-l2a/items"
    for names, status in (("sentinel-2-c1-l2a,sentinel-2-l2a", 200), ("sentinel-2-c1-l2a", 400)):
        answer = web.get(path, params={"collections": names})
        assert answer.status_code == status
    one = web.get(path, params={"ids": "S2B_34HCH_20230919_0_L2A"}).json()
    assert ids(one["features"]) == [("sentinel-2-l2a", "S2B_34HCH_20230919_0_L2A")]


def test_what_pystac_client_asks_of_collections_is_answered(catalogue):
    """It sends what it searches for also to servers without such a search, and filters itself."""
    with pytest.warns(DoesNotConformTo):
        search = catalogue.collection_search(q="simulated", bbox=[19.0, -34.0, 19.5, -33.5])
    assert {each.id for each in search.collections()} == {name for name, _ in SCENES}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/collections/nothing",
        "/v1/collections/nothing/items",
        "/v1/collections/sentinel-2-l2a/items/nothing",
        "/v1/nothing",
    ],
)
def test_what_is_not_there(web, path):
    answer = web.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"


def test_landing_page_has_the_shape_of_earth_search(web):
    theirs, ours = recorded("landing.json"), web.get("/v1").json()
    assert set(ours) == set(theirs)
    # Not offered here: aggregation, CQL2 queryables, and a page about another server.
    unneeded = {
        "aggregate",
        "aggregations",
        "server",
        "http://www.opengis.net/def/rel/ogc/1.0/queryables",
    }
    assert {link["rel"] for link in ours["links"]} == {
        link["rel"] for link in theirs["links"]
    } - unneeded
    assert set(ours["conformsTo"]) == {
        name for name in theirs["conformsTo"] if "aggregation" not in name
    }


def test_collection_has_the_shape_of_earth_search(web):
    theirs = recorded("collection_sentinel-2-l2a.json")
    ours = web.get("/v1/collections/sentinel-2-l2a").json()
    assert set(ours) == set(theirs)
    their_links = {link["rel"]: set(link) for link in theirs["links"]}
    for link in ours["links"]:
        assert set(link) | {"title"} == their_links[link["rel"]] | {"title"}


def test_item_has_the_shape_of_earth_search(web):
    theirs = recorded("item_2023_sentinel-2-l2a.json")
    ours = web.post("/v1/search", json={"limit": 1}).json()["features"][0]
    assert set(ours) == set(theirs)
    their_links = {link["rel"]: set(link) for link in theirs["links"]}
    assert {"self", "parent", "collection", "root", "thumbnail"} <= {
        link["rel"] for link in ours["links"]
    }
    for link in ours["links"]:
        assert set(link) == their_links[link["rel"]]


def test_everything_is_valid_stac(catalogue):
    """With the schemas that pystac bundles, which are of version 1.1.0: pystac migrates to it."""
    for item in catalogue.search().items():
        as_1_1 = item.to_dict() | {"stac_extensions": []}
        pystac.Item.from_dict(as_1_1).validate()
    for collection in catalogue.get_collections():
        pystac.Collection.from_dict(collection.to_dict() | {"stac_extensions": []}).validate()


# Schemas are on the internet; STAC 1.1.0's own ones are in pystac, and differ from 1.0.0's in
# fields that no kit uses. Those of extensions are not on this machine: they accept everything here.
VALIDATOR = """
import importlib.resources, json, re, sys
import stac_validator.utilities as utilities
from stac_api_validator.__main__ import main

schemas = importlib.resources.files("pystac.validation.jsonschemas")
def bundled(address, *_, **__):
    if not address.startswith("https://"):
        with open(address) as file:
            return json.load(file)
    if address.startswith("https://geojson.org/schema/"):
        name = "geojson/" + address.rsplit("/", 1)[1]
    elif address.startswith("https://schemas.stacspec.org/"):
        name = "stac-spec/v1.1.0/" + address.rsplit("/", 1)[1]
    else:
        return {}
    return json.loads(schemas.joinpath(name).read_text().replace("1.1.0", "1.0.0"))
utilities.fetch_and_parse_file = bundled
main()
"""


def test_stac_api_validator_finds_no_error(server):
    classes = "core collections features item-search"
    extensions = "query sort fields"
    names = classes.split() + [f"item-search#{name}" for name in extensions.split()]
    names += [f"features#{name}" for name in extensions.split()]
    options = {
        "--root-url": server.stac_url,
        "--collection": "sentinel-2-l2a",
        "--geometry": json.dumps(POINT),
        "--fields-nested-property": "properties.eo:cloud_cover",
        "--query-comparison-field": "eo:cloud_cover",
        **{f"--query-{operator}-value": "0.4" for operator in ("eq", "neq")},
        **{f"--query-{operator}-value": "6.5" for operator in ("lt", "lte", "gt", "gte")},
        "--query-substring-field": "platform",
        "--query-starts-with-value": "sentinel",
        "--query-ends-with-value": "2a",
        "--query-contains-value": "nel-2",
        "--query-in-field": "instruments",
        "--query-in-values": "msi,olci",
    }
    arguments = [text for option in options.items() for text in option]
    arguments += [text for name in names for text in ("--conformance", name)]
    run = subprocess.run(
        [sys.executable, "-c", VALIDATOR, *arguments, "--validate-pagination"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Errors: none" in run.stdout, run.stdout + run.stderr
