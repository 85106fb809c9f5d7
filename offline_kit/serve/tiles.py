"""The basemap: XYZ tiles of a true-colour scene of the kit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fastapi import FastAPI, Response
from starlette.exceptions import HTTPException

from offline_kit.errors import CourseError
from offline_kit.serve.kit import Kit

MAX_ZOOM = 24
YEAR = "2018"


def basemap_scene(kit: Kit) -> Path:
    """Return the true-colour COG of the clearest scene of 2018 (of any year if there is none).

    Raises
    ------
    CourseError
        No item of the kit has a `visual` asset.
    """
    items = [item for item in kit.items if "visual" in item["assets"]]
    if not items:
        raise CourseError(f"The offline kit in {kit.folder} has no scene in true colour.")
    of_the_year = [item for item in items if item["properties"]["datetime"].startswith(YEAR)]
    clearest = min(
        of_the_year or items,
        key=lambda item: (item["properties"].get("eo:cloud_cover", 100), item["id"]),
    )
    return kit.folder / clearest["assets"]["visual"]["href"]


def add_tiles(app: FastAPI, current_kit: Callable[[], Kit]) -> None:
    """Answer ``/tiles/{z}/{x}/{y}.png``."""
    # A map asks for dozens of tiles at once, and every thread that draws keeps memory of its own.
    threads = ThreadPoolExecutor(2, "tile")

    @app.get("/tiles/{z}/{x}/{y}.png", response_class=Response)
    async def tile(z: int, x: int, y: int) -> Response:
        if not 0 <= z <= MAX_ZOOM:
            raise HTTPException(404, f"z: zoom levels go from 0 to {MAX_ZOOM}, not {z}")
        if not (0 <= x < 2**z and 0 <= y < 2**z):
            raise HTTPException(404, f"x, y: zoom level {z} has tiles 0 to {2**z - 1}")
        scene = basemap_scene(current_kit())
        if not scene.is_file():
            raise HTTPException(404, f"{scene.name} is not there; is the kit being built again?")
        drawing = asyncio.get_running_loop().run_in_executor(threads, _draw, scene, z, x, y)
        headers = {"Cache-Control": "private, max-age=3600"}
        return Response(await drawing, media_type="image/png", headers=headers)


def _draw(scene: Path, z: int, x: int, y: int) -> bytes:
    from offline_kit.serve.draw import draw_tile  # the server is up before GDAL is loaded

    return draw_tile(scene, scene.stat().st_mtime_ns, z, x, y)
