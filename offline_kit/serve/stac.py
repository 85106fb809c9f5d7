"""The STAC API: stac-fastapi over the kit's items, in the shape of Earth Search v1."""

import copy
import json
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import attr
from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import Field, ValidationError, field_validator, model_validator
from shapely.geometry import shape
from stac_fastapi.api.app import StacApi
from stac_fastapi.api.models import EmptyRequest, GeoJSONResponse
from stac_fastapi.api.routes import create_async_endpoint
from stac_fastapi.extensions import FieldsExtension, QueryExtension, SortExtension
from stac_fastapi.extensions.fields.request import FieldsExtensionPostRequest
from stac_fastapi.extensions.query.request import QueryExtensionPostRequest
from stac_fastapi.extensions.sort.request import SortExtensionPostRequest
from stac_fastapi.types.config import ApiSettings
from stac_fastapi.types.core import AsyncBaseCoreClient
from stac_fastapi.types.errors import InvalidQueryParameter, NotFoundError
from stac_fastapi.types.requests import get_base_url
from stac_fastapi.types.rfc3339 import str_to_interval
from stac_fastapi.types.search import APIRequest, BaseSearchPostRequest
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from offline_kit.errors import KitError
from offline_kit.serve.access import OUR_PAGES
from offline_kit.serve.kit import Kit
from offline_kit.serve.search import Scene, SearchError, bbox_geometry, ordered, select, with_fields

PREFIX = "/v1"
STAC_VERSION = "1.0.0"
TITLE = "Offline kit"
DESCRIPTION = "A STAC API of the course's simulated Sentinel-2 scenes on this machine"

CONFORMANCE = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#fields",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#sort",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#query",
    "https://api.stacspec.org/v1.0.0/item-search#fields",
    "https://api.stacspec.org/v1.0.0/item-search#sort",
    "https://api.stacspec.org/v1.0.0/item-search#query",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]

JSON_TYPE = "application/json"
GEOJSON_TYPE = "application/geo+json"

# Where FastAPI found what was wrong; a parameter is named only after it.
SOURCES = ("body", "path")

Text = Annotated[str | None, Query()]


class SearchBody(
    BaseSearchPostRequest,
    QueryExtensionPostRequest,
    SortExtensionPostRequest,
    FieldsExtensionPostRequest,
):
    """What a search may ask for; it checks GET and POST alike."""

    next: int | None = Field(None, ge=0, description="Where the next page begins.")

    @model_validator(mode="before")
    @classmethod
    def validate_spatial(cls, values: object) -> object:
        """Replace the check of the same name, which fails on a body that is no object."""
        if not isinstance(values, dict):
            raise ValueError("it must be a JSON object")
        if values.get("bbox") is not None and values.get("intersects") is not None:
            raise ValueError("bbox and intersects cannot be given together")
        return values

    @field_validator("ids", "collections", mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """Accept identifiers separated by commas, as Earth Search does."""
        return value.split(",") if isinstance(value, str) else value

    @field_validator("bbox", mode="before")
    @classmethod
    def _four_or_six(cls, value: object) -> object:
        if value is not None and not (isinstance(value, list | tuple) and len(value) in (4, 6)):
            raise ValueError("it needs west, south, east, north; or six numbers with heights")
        return value

    @field_validator("datetime", mode="before")
    @classmethod
    def _strict_datetime(cls, value: object) -> object:
        """Accept RFC 3339 only; the model alone takes a comma for a point."""
        if isinstance(value, str):
            try:
                str_to_interval(value)
            except HTTPException as error:
                raise ValueError(error.detail) from error
        return value

    @field_validator("fields", mode="before")
    @classmethod
    def _no_null(cls, value: object) -> object:
        if value is None:
            raise ValueError("it must not be null")
        return value


@attr.s(auto_attribs=True)
class ItemsQuery(APIRequest):
    """Parameters of GET .../items, as text; `SearchBody` checks them."""

    collection_id: Annotated[str, Path()]
    limit: Text = None
    bbox: Text = None
    datetime: Text = None
    query: Text = None
    sortby: Text = None
    fields: Text = None
    next: Text = None


@attr.s(auto_attribs=True)
class SearchQuery(APIRequest):
    """Parameters of GET /search, as text; `SearchBody` checks them."""

    limit: Text = None
    bbox: Text = None
    intersects: Text = None
    datetime: Text = None
    ids: Text = None
    collections: Text = None
    query: Text = None
    sortby: Text = None
    fields: Text = None
    next: Text = None


@attr.s
class CatalogueClient(AsyncBaseCoreClient):
    """Answers from the items in memory.

    Parameters
    ----------
    current_kit
        Returns the kit to answer for.
    """

    current_kit: Callable[[], Kit] = attr.ib(kw_only=True)
    _scenes: tuple[Kit, list[Scene]] | None = attr.ib(default=None, init=False)

    def conformance_classes(self) -> list[str]:
        """Return the classes that Earth Search claims too."""
        return CONFORMANCE

    async def landing_page(self, request: Request, **_: Any) -> JSONResponse:
        """Answer ``GET /``."""
        root = _root(request)
        links = [
            _link("self", root),
            _link("root", root),
            _link("conformance", f"{root}/conformance"),
            _link("data", f"{root}/collections"),
            _link("search", f"{root}/search", GEOJSON_TYPE) | {"method": "GET"},
            _link("search", f"{root}/search", GEOJSON_TYPE) | {"method": "POST"},
            _link("service-desc", f"{root}/api", "application/vnd.oai.openapi+json;version=3.0"),
            _link("service-doc", f"{root}/api.html", "text/html"),
        ]
        links += [
            _link("child", f"{root}/collections/{name}") for name in self.current_kit().collections
        ]
        page = {
            "stac_version": STAC_VERSION,
            "type": "Catalog",
            "id": "offline-kit",
            "title": TITLE,
            "description": DESCRIPTION,
            "links": links,
            "conformsTo": CONFORMANCE,
        }
        return JSONResponse(page)

    async def all_collections(self, request: Request, **_: Any) -> JSONResponse:
        """Answer ``GET /collections``."""
        root = _root(request)
        found = [_linked_collection(each, root) for each in self.current_kit().collections.values()]
        links = [_link("self", f"{root}/collections"), _link("root", root)]
        counts = {"page": 1, "limit": 100, "matched": len(found), "returned": len(found)}
        return JSONResponse({"collections": found, "links": links, "context": counts})

    async def get_collection(
        self,
        collection_id: str,
        request: Request,
        **_: Any,
    ) -> JSONResponse:
        """Answer ``GET /collections/{collection_id}``."""
        return JSONResponse(_linked_collection(self._collection(collection_id), _root(request)))

    async def get_item(
        self,
        item_id: str,
        collection_id: str,
        request: Request,
        **_: Any,
    ) -> GeoJSONResponse:
        """Answer ``GET /collections/{collection_id}/items/{item_id}``."""
        self._collection(collection_id)
        found = select(self.scenes(), ids=[item_id], collections=[collection_id])
        if not found:
            raise NotFoundError(f"Collection {collection_id} has no item {item_id}.")
        return GeoJSONResponse(_linked_item(found[0], request))

    async def item_collection(
        self,
        collection_id: str,
        request: Request,
        **parameters: str | None,
    ) -> GeoJSONResponse:
        """Answer ``GET /collections/{collection_id}/items``."""
        self._collection(collection_id)
        body = _parse(parameters)
        of_collection = body.model_copy(update={"collections": [collection_id]})
        page = await run_in_threadpool(self._page, of_collection, request)
        root = _root(request)
        page["links"] += [
            _link("self", str(request.url), GEOJSON_TYPE),
            _link("root", root),
            _link("parent", f"{root}/collections/{collection_id}"),
        ]
        return GeoJSONResponse(page)

    async def get_search(self, request: Request, **parameters: str | None) -> GeoJSONResponse:
        """Answer ``GET /search``."""
        page = await run_in_threadpool(self._page, _parse(parameters), request)
        return GeoJSONResponse(page)

    async def post_search(
        self,
        search_request: SearchBody,
        request: Request,
        **_: Any,
    ) -> GeoJSONResponse:
        """Answer ``POST /search``."""
        page = await run_in_threadpool(self._page, search_request, request)
        return GeoJSONResponse(page)

    def scenes(self) -> list[Scene]:
        """Return the items, prepared for searching."""
        kit = self.current_kit()
        if self._scenes is None or self._scenes[0] is not kit:
            self._scenes = kit, [Scene.of(item) for item in kit.items]
        return self._scenes[1]

    def _collection(self, name: str) -> dict[str, Any]:
        try:
            return self.current_kit().collections[name]
        except KeyError:
            raise NotFoundError(f"There is no collection {name}.") from None

    def _page(self, body: SearchBody, request: Request) -> dict[str, Any]:
        found = ordered(
            select(
                self.scenes(),
                ids=body.ids,
                collections=body.collections,
                area=_area(body),
                start=body.start_date,
                end=body.end_date,
                query=body.query,
            ),
            [(rule.field, rule.direction.value) for rule in body.sortby or []],
        )
        first, limit = body.next or 0, body.limit or 10
        items = [_linked_item(item, request) for item in found[first : first + limit]]
        items = [_chosen_fields(item, body) for item in items]
        more = first + limit < len(found)
        return {
            "type": "FeatureCollection",
            "stac_version": STAC_VERSION,
            "stac_extensions": [],
            "context": {"limit": limit, "matched": len(found), "returned": len(items)},
            "numberMatched": len(found),
            "numberReturned": len(items),
            "features": items,
            "links": [_next_link(body, request, first + limit)] if more else [],
        }


def make_stac_app(current_kit: Callable[[], Kit]) -> FastAPI:
    """Make the web application with the STAC API under ``/v1``.

    Parameters
    ----------
    current_kit
        Returns the kit to answer for.

    Returns
    -------
    FastAPI
        The application; pages of this machine may read its answers (CORS).
    """
    settings = ApiSettings(
        stac_fastapi_title=TITLE,
        stac_fastapi_description=DESCRIPTION,
        stac_fastapi_landing_id="offline-kit",
        stac_fastapi_version="1",
    )
    client = CatalogueClient(current_kit=current_kit)
    # No Swagger page: it would be drawn by scripts from the internet.
    app = FastAPI(title=TITLE, version="1", openapi_url=f"{PREFIX}/api", docs_url=None)
    StacApi(
        settings=settings,
        client=client,
        app=app,
        router=APIRouter(prefix=PREFIX, redirect_slashes=True),
        extensions=[
            QueryExtension(conformance_classes=[]),
            SortExtension(conformance_classes=[]),
            FieldsExtension(conformance_classes=[]),
        ],
        search_get_request_model=SearchQuery,
        search_post_request_model=SearchBody,
        items_get_request_model=ItemsQuery,
        # No compression: it would break the range requests on the scenes.
        middlewares=[
            Middleware(
                CORSMiddleware,
                allow_origin_regex=OUR_PAGES,
                allow_methods=["GET", "HEAD", "POST", "OPTIONS"],
                allow_headers=["*"],
                expose_headers=["Content-Range", "Accept-Ranges", "ETag"],
            )
        ],
    )
    landing_page = create_async_endpoint(client.landing_page, EmptyRequest)
    app.add_api_route(PREFIX, landing_page, include_in_schema=False)
    app.add_api_route(f"{PREFIX}/api.html", _service_page, include_in_schema=False)
    app.add_exception_handler(SearchError, _bad_request)
    app.add_exception_handler(InvalidQueryParameter, _bad_request)
    app.add_exception_handler(NotFoundError, _not_found)
    app.add_exception_handler(KitError, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    return app


def _root(request: Request) -> str:
    return get_base_url(request).rstrip("/")


def _link(rel: str, href: str, type_: str = JSON_TYPE) -> dict[str, Any]:
    return {"rel": rel, "type": type_, "href": href}


def _linked_collection(collection: dict[str, Any], root: str) -> dict[str, Any]:
    self_url = f"{root}/collections/{collection['id']}"
    links = [
        _link("self", self_url),
        *collection.get("links", []),
        _link("parent", root),
        _link("root", root),
        _link("items", f"{self_url}/items", GEOJSON_TYPE),
    ]
    return collection | {"links": links}


def _linked_item(item: dict[str, Any], request: Request) -> dict[str, Any]:
    root = _root(request)
    data = f"{str(request.base_url).rstrip('/')}/data"
    collection_url = f"{root}/collections/{item['collection']}"
    assets = copy.deepcopy(item["assets"])
    for asset in assets.values():
        if "://" not in asset["href"]:
            asset["href"] = f"{data}/{asset['href']}"
    links = [
        _link("self", f"{collection_url}/items/{item['id']}", GEOJSON_TYPE),
        *item.get("links", []),
        _link("parent", collection_url),
        _link("collection", collection_url),
        _link("root", root),
    ]
    if "thumbnail" in assets:
        links.append({"rel": "thumbnail", "href": assets["thumbnail"]["href"]})
    return item | {"links": links, "assets": assets}


def _chosen_fields(item: dict[str, Any], body: SearchBody) -> dict[str, Any]:
    if "fields" not in body.model_fields_set:
        return item
    include, exclude = body.fields.include, body.fields.exclude
    all_but = exclude and "include" not in body.fields.model_fields_set
    return with_fields(item, None if all_but else list(include or []), list(exclude or []))


def _next_link(body: SearchBody, request: Request, first: int) -> dict[str, Any]:
    link = {"rel": "next", "title": "Next page of Items", "type": GEOJSON_TYPE}
    if request.method == "GET":
        url = request.url.include_query_params(limit=body.limit or 10, next=first)
        return link | {"method": "GET", "href": str(url)}
    next_body = body.model_dump(mode="json", exclude_unset=True) | {"next": first}
    return link | {"method": "POST", "href": str(request.url), "merge": False, "body": next_body}


def _parse(parameters: dict[str, str | None]) -> SearchBody:
    """Turn the text of a GET request into the search that a POST request would send.

    Raises
    ------
    SearchError
        A parameter is malformed.
    """
    given = {name: text for name, text in parameters.items() if text is not None}
    for name, text in given.items():
        if not text and name != "fields":
            raise SearchError(f"{name}: it is empty")
    body: dict[str, Any] = dict(given)
    if "bbox" in given:
        body["bbox"] = given["bbox"].split(",")
    for name in {"intersects", "query"} & given.keys():
        try:
            body[name] = json.loads(given[name])
        except ValueError:
            raise SearchError(f"{name}: it is not valid JSON") from None
    if "sortby" in given:
        # A plus sign in an address means a space.
        rules = [rule.strip() for rule in given["sortby"].split(",")]
        body["sortby"] = [
            {
                "field": rule.lstrip("+-"),
                "direction": "desc" if rule.startswith("-") else "asc",
            }
            for rule in rules
        ]
    if "fields" in given:
        names = [name.strip() for name in given["fields"].split(",") if name.strip()]
        include = [name.lstrip("+") for name in names if not name.startswith("-")]
        exclude = [name[1:] for name in names if name.startswith("-")]
        body["fields"] = {"exclude": exclude} | ({"include": include} if include else {})
    try:
        return SearchBody.model_validate(body)
    except ValidationError as error:
        raise SearchError(_first_problem(error.errors())) from None


def _area(body: SearchBody) -> Any:
    if body.bbox is not None:
        return bbox_geometry(body.bbox)
    if body.intersects is None:
        return None
    area = shape(body.intersects.model_dump())
    if not (area.is_valid and all(map(math.isfinite, area.bounds))):
        raise SearchError("intersects: the geometry crosses itself or has infinite coordinates")
    return area


def _first_problem(errors: list[Any]) -> str:
    """Name the parameter that a model found wrong, and why."""
    error = errors[0]
    names = [part for part in error["loc"] if isinstance(part, str) and part not in SOURCES]
    problem = error["msg"].removeprefix("Value error, ")
    if not names:
        return f"search: {problem}"
    if names[0] == "intersects":
        problem = "it is not a valid GeoJSON geometry"
    return f"{names[0]}: {problem}"


def _error(status: HTTPStatus, description: str) -> JSONResponse:
    code = status.phrase.replace(" ", "")
    return JSONResponse({"code": code, "description": description}, status_code=status)


async def _bad_request(_: Request, error: Exception) -> JSONResponse:
    return _error(HTTPStatus.BAD_REQUEST, str(error))


async def _not_found(_: Request, error: Exception) -> JSONResponse:
    return _error(HTTPStatus.NOT_FOUND, str(error))


async def _unavailable(_: Request, error: Exception) -> JSONResponse:
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, str(error))


async def _invalid_request(_: Request, error: RequestValidationError) -> JSONResponse:
    return _error(HTTPStatus.BAD_REQUEST, _first_problem(error.errors()))


async def _http_error(_: Request, error: HTTPException) -> JSONResponse:
    response = _error(HTTPStatus(error.status_code), str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _service_page(request: Request) -> HTMLResponse:
    root = _root(request)
    return HTMLResponse(
        f"<!doctype html><html lang='en'><title>{TITLE}</title><h1>{TITLE}</h1><p>{DESCRIPTION}: "
        f"<a href='{root}'>{root}</a>, described by <a href='{root}/api'>OpenAPI</a>.</p></html>"
    )
