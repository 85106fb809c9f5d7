"""Addresses in the API's answers: those by which it was asked, so that they hold behind a proxy."""

import copy
from typing import Any

from fastapi import Request
from stac_fastapi.types.requests import get_base_url

from offline_kit.serve.stac.parsing import SearchBody

JSON_TYPE = "application/json"
GEOJSON_TYPE = "application/geo+json"
OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"

Link = dict[str, Any]


def root_url(request: Request) -> str:
    """Return the address of the landing page, without a slash at its end."""
    return get_base_url(request).rstrip("/")


def make_link(rel: str, href: str, media_type: str = JSON_TYPE) -> Link:
    """Make a link of a STAC object."""
    return {"rel": rel, "type": media_type, "href": href}


def landing_links(root: str, collections: list[str]) -> list[Link]:
    """Return the links of the landing page, with one for each collection."""
    return [
        make_link("self", root),
        make_link("root", root),
        make_link("conformance", f"{root}/conformance"),
        make_link("data", f"{root}/collections"),
        make_link("search", f"{root}/search", GEOJSON_TYPE) | {"method": "GET"},
        make_link("search", f"{root}/search", GEOJSON_TYPE) | {"method": "POST"},
        make_link("service-desc", f"{root}/api", OPENAPI_TYPE),
        make_link("service-doc", f"{root}/api.html", "text/html"),
        *(make_link("child", f"{root}/collections/{name}") for name in collections),
    ]


def linked_collection(collection: dict[str, Any], root: str) -> dict[str, Any]:
    """Return a collection with its links."""
    self_url = f"{root}/collections/{collection['id']}"
    links = [
        make_link("self", self_url),
        *collection.get("links", []),
        make_link("parent", root),
        make_link("root", root),
        make_link("items", f"{self_url}/items", GEOJSON_TYPE),
    ]
    return collection | {"links": links}


def linked_item(item: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return an item with its links, and its assets with the addresses of their files."""
    root = root_url(request)
    data = f"{str(request.base_url).rstrip('/')}/data"
    collection_url = f"{root}/collections/{item['collection']}"
    assets = copy.deepcopy(item["assets"])
    for asset in assets.values():
        if "://" not in asset["href"]:
            asset["href"] = f"{data}/{asset['href']}"
    links = [
        make_link("self", f"{collection_url}/items/{item['id']}", GEOJSON_TYPE),
        *item.get("links", []),
        make_link("parent", collection_url),
        make_link("collection", collection_url),
        make_link("root", root),
    ]
    if "thumbnail" in assets:
        links.append({"rel": "thumbnail", "href": assets["thumbnail"]["href"]})
    return item | {"links": links, "assets": assets}


def next_link(body: SearchBody, request: Request, first: int) -> Link:
    """Return the link to the page of a search that begins with the item of this number."""
    link = {"rel": "next", "title": "Next page of Items", "type": GEOJSON_TYPE}
    if request.method == "GET":
        url = request.url.include_query_params(limit=body.limit or 10, next=first)
        return link | {"method": "GET", "href": str(url)}
    next_body = body.model_dump(mode="json", exclude_unset=True) | {"next": first}
    return link | {"method": "POST", "href": str(request.url), "merge": False, "body": next_body}
