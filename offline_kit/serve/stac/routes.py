"""What the STAC API answers to each request."""

from collections.abc import Callable
from typing import Any

import attr
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from stac_fastapi.api.app import StacApi
from stac_fastapi.api.models import EmptyRequest, GeoJSONResponse
from stac_fastapi.api.routes import create_async_endpoint
from stac_fastapi.extensions import FieldsExtension, QueryExtension, SortExtension
from stac_fastapi.types.config import ApiSettings
from stac_fastapi.types.core import AsyncBaseCoreClient
from stac_fastapi.types.errors import NotFoundError
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from offline_kit.serve.access import OUR_PAGES
from offline_kit.serve.kit import Kit
from offline_kit.serve.stac.errors import add_error_handlers
from offline_kit.serve.stac.links import (
    GEOJSON_TYPE,
    landing_links,
    linked_collection,
    linked_item,
    make_link,
    next_link,
    root_url,
)
from offline_kit.serve.stac.parsing import (
    ItemsQuery,
    SearchBody,
    SearchQuery,
    check_no_query,
    read_query,
)
from offline_kit.serve.stac.search import Scene, ordered, select

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
        page = {
            "stac_version": STAC_VERSION,
            "type": "Catalog",
            "id": "offline-kit",
            "title": TITLE,
            "description": DESCRIPTION,
            "links": landing_links(root_url(request), list(self.current_kit().collections)),
            "conformsTo": CONFORMANCE,
        }
        return JSONResponse(page)

    async def all_collections(self, request: Request, **_: Any) -> JSONResponse:
        """Answer ``GET /collections``; clients that search for collections do so themselves."""
        root = root_url(request)
        found = [linked_collection(each, root) for each in self.current_kit().collections.values()]
        links = [make_link("self", f"{root}/collections"), make_link("root", root)]
        counts = {"page": 1, "limit": 100, "matched": len(found), "returned": len(found)}
        return JSONResponse({"collections": found, "links": links, "context": counts})

    async def get_collection(self, collection_id: str, request: Request, **_: Any) -> JSONResponse:
        """Answer ``GET /collections/{collection_id}``."""
        collection = self._collection(collection_id)
        return JSONResponse(linked_collection(collection, root_url(request)))

    async def get_item(
        self, item_id: str, collection_id: str, request: Request, **_: Any
    ) -> GeoJSONResponse:
        """Answer ``GET /collections/{collection_id}/items/{item_id}``."""
        self._collection(collection_id)
        found = select(self.scenes(), ids=[item_id], collections=[collection_id])
        if not found:
            raise NotFoundError(f"Collection {collection_id} has no item {item_id}.")
        return GeoJSONResponse(linked_item(found[0], request))

    async def item_collection(
        self, collection_id: str, request: Request, **_: Any
    ) -> GeoJSONResponse:
        """Answer ``GET /collections/{collection_id}/items``."""
        self._collection(collection_id)
        body = read_query(request.query_params, collection_id)
        page = await run_in_threadpool(self._page, body, request)
        root = root_url(request)
        page["links"] += [
            make_link("self", str(request.url), GEOJSON_TYPE),
            make_link("root", root),
            make_link("parent", f"{root}/collections/{collection_id}"),
        ]
        return GeoJSONResponse(page)

    async def get_search(self, request: Request, **_: Any) -> GeoJSONResponse:
        """Answer ``GET /search``."""
        body = read_query(request.query_params)
        return GeoJSONResponse(await run_in_threadpool(self._page, body, request))

    async def post_search(
        self, search_request: SearchBody, request: Request, **_: Any
    ) -> GeoJSONResponse:
        """Answer ``POST /search``."""
        check_no_query(request.query_params)
        return GeoJSONResponse(await run_in_threadpool(self._page, search_request, request))

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
                area=body.area(),
                start=body.start_date,
                end=body.end_date,
                query=body.query,
            ),
            [(rule.field, rule.direction.value) for rule in body.sortby or []],
        )
        first, limit = body.next or 0, body.limit or 10
        items = [linked_item(item, request) for item in found[first : first + limit]]
        items = [body.chosen_fields(item) for item in items]
        more = first + limit < len(found)
        return {
            "type": "FeatureCollection",
            "stac_version": STAC_VERSION,
            "stac_extensions": [],
            "context": {"limit": limit, "matched": len(found), "returned": len(items)},
            "numberMatched": len(found),
            "numberReturned": len(items),
            "features": items,
            "links": [next_link(body, request, first + limit)] if more else [],
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
    add_error_handlers(app)
    return app


async def _service_page(request: Request) -> HTMLResponse:
    root = root_url(request)
    return HTMLResponse(
        f"<!doctype html><html lang='en'><title>{TITLE}</title><h1>{TITLE}</h1><p>{DESCRIPTION}: "
        f"<a href='{root}'>{root}</a>, described by <a href='{root}/api'>OpenAPI</a>.</p></html>"
    )
