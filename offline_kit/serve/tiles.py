"""The basemap: XYZ tiles of a true-colour scene of the kit."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, Response
from starlette.exceptions import HTTPException

from offline_kit.errors import KitError
from offline_kit.serve.kit import Kit

TILE_PIXELS = 256
MAX_ZOOM = 24
KEPT_TILES = 300
PALE = (236, 233, 226)
YEAR = "2018"


def basemap_scene(kit: Kit) -> Path:
    """Return the true-colour COG of the clearest scene of 2018 (of any year if there is none).

    Raises
    ------
    KitError
        No item of the kit has a `visual` asset.
    """
    items = [item for item in kit.items if "visual" in item["assets"]]
    if not items:
        raise KitError(f"The offline kit in {kit.folder} has no scene in true colour.")
    of_the_year = [item for item in items if item["properties"]["datetime"].startswith(YEAR)]
    clearest = min(
        of_the_year or items,
        key=lambda item: (item["properties"].get("eo:cloud_cover", 100), item["id"]),
    )
    return kit.folder / clearest["assets"]["visual"]["href"]


@lru_cache(maxsize=KEPT_TILES)
def draw_tile(scene: Path, made_at: int, z: int, x: int, y: int) -> bytes:
    """Draw a web-mercator tile of a scene; where the scene has no pixels it is pale.

    Parameters
    ----------
    scene
        A three-band uint8 COG.
    made_at
        When the file was made, so that no tile of an older one is returned.
    z, x, y
        Zoom level, column and row.

    Returns
    -------
    bytes
        A PNG of 256 x 256 px.
    """
    import numpy as np
    from rio_tiler.errors import TileOutsideBounds
    from rio_tiler.io import Reader
    from rio_tiler.models import ImageData

    pale = np.empty((3, TILE_PIXELS, TILE_PIXELS), "uint8")
    pale[:] = np.array(PALE, "uint8")[:, None, None]
    try:
        with Reader(str(scene)) as reader:
            tile = reader.tile(x, y, z, tilesize=TILE_PIXELS, resampling_method="bilinear")
        pixels = np.where(tile.mask == 0, pale, tile.data[:3])
    except TileOutsideBounds:
        pixels = pale
    return ImageData(pixels).render(img_format="PNG", add_mask=False)


def add_tiles(app: FastAPI, current_kit: Callable[[], Kit]) -> None:
    """Answer ``/tiles/{z}/{x}/{y}.png``."""

    @app.get("/tiles/{z}/{x}/{y}.png", response_class=Response)
    def tile(z: int, x: int, y: int) -> Response:
        if not 0 <= z <= MAX_ZOOM:
            raise HTTPException(404, f"z: zoom levels go from 0 to {MAX_ZOOM}, not {z}")
        if not (0 <= x < 2**z and 0 <= y < 2**z):
            raise HTTPException(404, f"x, y: zoom level {z} has tiles 0 to {2**z - 1}")
        scene = basemap_scene(current_kit())
        png = draw_tile(scene, scene.stat().st_mtime_ns, z, x, y)
        return Response(png, media_type="image/png", headers={"Cache-Control": "max-age=3600"})
