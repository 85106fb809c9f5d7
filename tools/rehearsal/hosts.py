"""Who answers under which name: the hosts that ``COURSE_CLOUD=aws`` asks, and a kit behind them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Host, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from helpers.course import COLLECTION
from offline_kit.build.grid import grid_of
from offline_kit.build.stac import footprint
from offline_kit.serve.kit import KitOnDisk
from offline_kit.serve.stac import make_stac_app
from offline_kit.serve.tiles import add_tiles

REGION = "us-west-2"
EARTH_SEARCH = "earth-search.aws.element84.com"
COGS = f"sentinel-cogs.s3.{REGION}.amazonaws.com"
PUBLISHED = "raw.githubusercontent.com"
IMAGERY = "server.arcgisonline.com"
S3 = (f".s3.{REGION}.amazonaws.com", ".s3.amazonaws.com")  # behind the name of a bucket
HOSTS = (EARTH_SEARCH, COGS, PUBLISHED, IMAGERY, *S3)
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
OF_ONE_CONNECTION = {"connection", "transfer-encoding", "keep-alive"}


def make_hosts(kit: Path, published: dict[str, Path], bucket: str, recorded: Path) -> ASGIApp:
    """Make the application that answers for every host.

    Parameters
    ----------
    kit
        Folder of the offline kit whose items and pixels are shown.
    published
        The published files, by name.
    bucket
        Address of the S3 server.
    recorded
        Folder of recorded answers of Earth Search; where one is missing, the kit's is given.
    """
    on_disk = KitOnDisk(kit)
    app = make_stac_app(on_disk.current)
    add_tiles(app, on_disk.current)
    local = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"https://{EARTH_SEARCH}"
    )
    hosts = Starlette(
        routes=[
            Host(EARTH_SEARCH, _everything(_Catalogue(local, recorded).answer)),
            Host(COGS, StaticFiles(directory=kit)),
            Host(PUBLISHED, _everything(_Files(published).answer)),
            Host(IMAGERY, _everything(_Imagery(local).answer)),
            Host("{bucket}.{rest:path}", _everything(_Bucket(bucket).answer)),
        ]
    )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        # icechunk names the host before the path, too, as HTTP allows
        before = f"https://{Headers(scope=scope)['host']}"
        raw_path = scope["raw_path"].removeprefix(before.encode())
        scope |= {"path": scope["path"].removeprefix(before), "raw_path": raw_path}
        await hosts(scope, receive, send)

    return answer


def _everything(answer: Any) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


class _Catalogue:
    """The kit's STAC API in the shape of Earth Search."""

    def __init__(self, local: httpx.AsyncClient, recorded: Path) -> None:
        self._local = local
        self._recorded = {
            f"/v1{place}": json.loads(file.read_text(encoding="utf-8"))
            for place, file in {
                "": recorded / "landing.json",
                f"/collections/{COLLECTION}": recorded / f"collection_{COLLECTION}.json",
                "/collections/sentinel-2-c1-l2a": recorded / "collection_sentinel-2-c1-l2a.json",
            }.items()
            if file.is_file()
        }

    async def answer(self, request: Request) -> Response:
        if request.url.path in self._recorded:
            return JSONResponse(self._recorded[request.url.path])
        given = await self._local.request(
            request.method,
            str(request.url),
            content=await request.body(),
            headers={"content-type": request.headers.get("content-type", "application/json")},
        )
        if "json" not in given.headers["content-type"] or given.is_error:
            return Response(given.content, given.status_code)
        text = given.text.replace(f"https://{EARTH_SEARCH}/data/", f"https://{COGS}/")
        content = json.loads(text)
        for item in content.get("features", [content]):
            _widen(item)
        return JSONResponse(content)


def _widen(item: dict[str, Any]) -> None:
    """Give a scene the outline of its whole tile, which a real one has."""
    if item.get("collection", "").startswith(COLLECTION.partition("-l2a")[0]) and "bbox" in item:
        item["geometry"], item["bbox"] = footprint(grid_of("tile"))


class _Files:
    """Published files, wherever they are said to lie."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    async def answer(self, request: Request) -> Response:
        file = self._files.get(request.url.path.rsplit("/", 1)[1])
        return FileResponse(file) if file else Response("404: Not Found", 404)


class _Imagery:
    """The kit's basemap, row before column as in ArcGIS."""

    def __init__(self, local: httpx.AsyncClient) -> None:
        self._local = local

    async def answer(self, request: Request) -> Response:
        zoom, row, column = request.url.path.rsplit("/", 3)[1:]
        tile = await self._local.get(f"/tiles/{zoom}/{column}/{row}.png")
        return Response(tile.content, tile.status_code, media_type="image/png")


class _Bucket:
    """S3: the request as it is, signature and name of the bucket in the host among it."""

    def __init__(self, address: str) -> None:
        self._address = httpx.URL(address)
        self._client = httpx.AsyncClient(timeout=60)

    async def answer(self, request: Request) -> Response:
        query = request.scope["query_string"]
        path = request.scope["raw_path"] + (b"?" + query if query else b"")
        url = self._address.copy_with(raw_path=path)
        kept = [(k, v) for k, v in request.headers.raw if k.decode() not in OF_ONE_CONNECTION]
        question = httpx.Request(request.method, url, headers=kept, content=await request.body())
        given = await self._client.send(question, stream=True)
        headers = {k: v for k, v in given.headers.items() if k not in OF_ONE_CONNECTION}
        if headers.get("content-encoding") == "aws-chunked":
            del headers["content-encoding"]  # which was that of the upload, and AWS forgets it
        return StreamingResponse(_raw(given), given.status_code, headers)


async def _raw(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for piece in answer.aiter_raw():
        yield piece
    await answer.aclose()
