"""Draw the pictures of the offline kit in data/README.md: ``python -m tools.kit_pictures``."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling

from helpers.course import COLLECTION, SCL_COLOURS
from helpers.paths import PROJECT, kit_folder

PICTURES = PROJECT / "docs" / "pictures" / "kit"
SIZE = (540, 720)  # rows and columns
SCENES = kit_folder() / "scenes" / COLLECTION
TRUTH = kit_folder() / "truth_no_real_project_has"
CLEAR, CLOUDY = "S2A_34HCH_20180915_0_L2A", "S2B_34HCH_20180910_0_L2A"
SOME_CLOUDS, AFTER_THE_FIRE = "S2A_34HCH_20180925_0_L2A", "S2A_34HCH_20210919_0_L2A"
SECOND_PLACE = "S2A_34HDH_20250918_0_L2A"


def _read(path: Path, how: Resampling) -> NDArray[np.float32]:
    with rasterio.open(path) as file:
        return file.read(1, out_shape=SIZE, resampling=how).astype("float32")


def _composite(scene: str, bands: tuple[str, str, str], white: tuple[float, ...]) -> Image.Image:
    """Draw three bands as red, green and blue; a gamma of 1.6 lightens the shade."""
    planes = [
        np.clip(_read(SCENES / scene / f"{band}.tif", Resampling.average) * 1e-4 / most, 0, 1)
        for band, most in zip(bands, white, strict=True)
    ]
    return Image.fromarray((255 * np.stack(planes, -1) ** (1 / 1.6)).astype("uint8"))


def _classes(scene: str) -> Image.Image:
    classes = _read(SCENES / scene / "SCL.tif", Resampling.nearest).astype("uint8")
    picture = Image.fromarray(classes, "P")
    palette = np.zeros((256, 3), "uint8")
    for value, colour in enumerate(SCL_COLOURS.values()):
        palette[value] = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    picture.putpalette(palette.tobytes())
    return picture


def _pine_cover(date: str) -> Image.Image:
    """Draw the true pine cover on cividis; what is free of pines stays darkest."""
    cover = _read(TRUTH / f"pine_cover_{date}.tif", Resampling.average)
    colours = mpl.colormaps["cividis"](np.clip(cover / 100, 0, 1), bytes=True)[..., :3]
    return Image.fromarray(colours).quantize(64)


def pictures() -> Iterator[tuple[str, Image.Image]]:
    """Yield each picture with its name."""
    true_colour = (("B04", "B03", "B02"), (0.18, 0.18, 0.18))
    yield "true_colour.jpg", _composite(CLEAR, *true_colour)
    yield "false_colour.jpg", _composite(CLEAR, ("B08", "B04", "B03"), (0.45, 0.20, 0.20))
    yield "cloudy.jpg", _composite(CLOUDY, ("B04", "B03", "B02"), (0.5, 0.5, 0.5))
    yield "fire_2021.jpg", _composite(AFTER_THE_FIRE, ("B12", "B08", "B04"), (0.30, 0.40, 0.16))
    yield "scl.png", _classes(SOME_CLOUDS)
    yield "pine_2018.png", _pine_cover("20180915")
    yield "pine_2024.png", _pine_cover("20240918")
    yield "second_place.jpg", _composite(SECOND_PLACE, *true_colour)


if __name__ == "__main__":
    for name, picture in pictures():
        picture.save(PICTURES / name, quality=80, optimize=True)
