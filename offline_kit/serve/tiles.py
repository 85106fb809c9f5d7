"""The basemap: XYZ tiles of the true-colour scenes of the kit, one for each place."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fastapi import FastAPI, Response
from starlette.exceptions import HTTPException

from offline_kit.errors import CourseError
from offline_kit.serve.kit import Kit

MAX_ZOOM = 24
YEAR = "2018"


def basemap_scene(kit: Kit, bbox: tuple[float, float, float, float]) -> Path:
    """Return the true-colour COG that shows a place: of its scenes the clearest of 2018, or of all.

    Parameters
    ----------
    kit
    bbox
        West, south, east, north in degrees; where no scene lies there, any other is returned.

    Raises
    ------
    CourseError
        No item of the kit has a `visual` asset.
    """
    items = [item for item in kit.items if "visual" in item["assets"]]
    if not items:
        raise CourseError(f"The offline kit in {kit.folder} has no scene in true colour.")
    items = [item for item in items if _touch(item["bbox"], bbox)] or items
    of_the_year = [item for item in items if item["properties"]["datetime"].startswith(YEAR)]
    clearest = min(
        of_the_year or items,
        key=lambda item: (item["properties"].get("eo:cloud_cover", 100), item["id"]),
    )
    return kit.folder / clearest["assets"]["visual"]["href"]


def _touch(a: list[float], b: tuple[float, float, float, float]) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _degrees(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return the bounds of a tile, west, south, east, north, in degrees."""

    def latitude(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**z))))

    return 360 * x / 2**z - 180, latitude(y + 1), 360 * (x + 1) / 2**z - 180, latitude(y)


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
        scene = basemap_scene(current_kit(), _degrees(z, x, y))
        if not scene.is_file():
            raise HTTPException(404, f"{scene.name} is not there; is the kit being built again?")
        drawing = asyncio.get_running_loop().run_in_executor(threads, _draw, scene, z, x, y)
        headers = {"Cache-Control": "private, max-age=3600"}
        return Response(await drawing, media_type="image/png", headers=headers)


def _draw(scene: Path, z: int, x: int, y: int) -> bytes:
    from offline_kit.serve.draw import draw_tile  # the server is up before GDAL is loaded

    return draw_tile(scene, scene.stat().st_mtime_ns, z, x, y)
