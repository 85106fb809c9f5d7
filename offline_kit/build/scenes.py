"""One scene: block by block from landscape to files."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling

from offline_kit.files import written_whole

from .bands import BAND_INDEX, BANDS
from .clouds import cloud_threshold, clouds_over
from .cog import Raster, rasters
from .grid import Grid
from .landcover import CHAR, CROP, PINE, Window, ground_at
from .landscape import Landscape
from .light import Sun, light_on, shadow_height, sun_at
from .parallel import ordered_map
from .passes import Pass
from .scl import classify_scene
from .sensor import HALO, block_mean, observe, to_dn
from .spectra import reflectance_of

BLOCK_PIXELS = 768  # divides by 6
TRUTH_NODATA = 255
LONGITUDE, LATITUDE = 19.20, -33.80  # where the sun is reckoned for
CLOUD_REFLECTANCE = np.array(
    [0.66, 0.65, 0.63, 0.64, 0.65, 0.66, 0.67, 0.68, 0.68, 0.60, 0.48, 0.36], np.float32
)


@dataclass(frozen=True)
class Block:
    """The finished pixels of one window.

    Attributes
    ----------
    window : Window
    bands : list of uint16 arrays
        Digital numbers, one array for each band at its native pixel.
    scl : uint8 array at 20 m
    visual : uint8 array (height, width, 3)
    pine : uint8 array
        True pine cover in percent.
    dominant : uint8 array
        True dominant class; 255 where none of the ten has most of the pixel.
    """

    window: Window
    bands: list[NDArray[np.uint16]]
    scl: NDArray[np.uint8]
    visual: NDArray[np.uint8]
    pine: NDArray[np.uint8]
    dominant: NDArray[np.uint8]


@dataclass(frozen=True)
class SceneFacts:
    """What an item's properties need to know of the pixels.

    Attributes
    ----------
    sun : Sun
    scl_percent : tuple of float
        Share of every SCL class, 0 to 11, in percent.
    """

    sun: Sun
    scl_percent: tuple[float, ...]


@dataclass(frozen=True)
class Painter:
    """Paints any window of one pass.

    Attributes
    ----------
    landscape : Landscape
    satellite_pass : Pass
    sun : Sun
    shadow : float32 array
        From `shadow_height`.
    threshold : float
        From `cloud_threshold`.
    """

    landscape: Landscape
    satellite_pass: Pass
    sun: Sun = field(init=False)
    shadow: NDArray[np.float32] = field(init=False)
    threshold: float = field(init=False)

    def __post_init__(self) -> None:
        satellite_pass, grid = self.satellite_pass, self.landscape.grid
        sun = sun_at(satellite_pass.time, LONGITUDE, LATITUDE)
        object.__setattr__(self, "sun", sun)
        object.__setattr__(self, "shadow", shadow_height(self.landscape, sun))
        cover = cloud_threshold(grid, satellite_pass.cloud, self.seed + 5)
        object.__setattr__(self, "threshold", cover)

    @property
    def seed(self) -> int:
        """Seed of this pass over this landscape."""
        return (self.satellite_pass.seed + self.landscape.seed) % 2**32

    def paint(self, window: Window) -> Block:
        """Simulate one window; its row, column and size divide by 6."""
        scene, seed = self.satellite_pass, self.seed
        grown = window.grown(HALO)
        inner = np.s_[HALO:-HALO, HALO:-HALO]
        ground = ground_at(self.landscape, grown, scene.year, scene.dam_level)
        reflectance = reflectance_of(ground, grown, self.landscape.seed, seed)
        direct, sky = light_on(self.landscape, self.shadow, grown, ground.elevation, self.sun)
        cloud, shade, bright = clouds_over(grown, self.sun, self.threshold, seed + 5)
        direct = direct * (np.float32(1) - np.float32(0.82) * shade)
        sky = sky * (np.float32(1) - np.float32(0.25) * shade)
        for index, band in enumerate(BANDS):
            diffuse = np.float32(band.diffuse)
            reflectance[index] *= (np.float32(1) - diffuse) * direct + diffuse * sky
            reflectance[index] += cloud * (CLOUD_REFLECTANCE[index] * bright - reflectance[index])
        seen = observe(reflectance, window.row, window.column, seed + 11)
        at_20m = [block_mean(seen[BAND_INDEX[name]], 2) for name in ("B02", "B03", "B04", "B08")]
        scl = classify_scene(
            *at_20m,
            seen[BAND_INDEX["B11"]],
            block_mean(np.ascontiguousarray(cloud[inner]), 2),
            block_mean(np.ascontiguousarray(shade[inner]), 2),
            window.row // 2,
            window.column // 2,
            seed + 13,
        )
        rgb = np.stack([seen[BAND_INDEX[name]] for name in ("B04", "B03", "B02")], axis=-1)
        visual = np.clip(np.floor(rgb * np.float32(255 / 0.3558) + np.float32(0.5)), 1, 255)
        fractions = ground.fractions[:, *inner]
        dominant = np.argmax(fractions, axis=0).astype(np.uint8)
        dominant[(dominant == CROP) | (dominant == CHAR)] = TRUTH_NODATA
        return Block(
            window,
            [to_dn(values, scene.offset) for values in seen],
            scl,
            visual.astype(np.uint8),
            np.floor(fractions[PINE] * 100 + np.float32(0.5)).astype(np.uint8),
            dominant,
        )


def windows_of(grid: Grid, size: int = BLOCK_PIXELS) -> list[Window]:
    """Cut a grid into windows of at most `size` pixels."""
    return [
        Window(row, column, min(size, grid.height - row), min(size, grid.width - column))
        for row in range(0, grid.height, size)
        for column in range(0, grid.width, size)
    ]


def write_scene(
    landscape: Landscape,
    satellite_pass: Pass,
    folder: Path,
    truth_folder: Path,
    progress: Callable[[int], object] = lambda _: None,
) -> SceneFacts:
    """Simulate one pass and write its files.

    Parameters
    ----------
    landscape : Landscape
    satellite_pass : Pass
    folder : Path
        New folder for bands, SCL, TCI and thumbnail.
    truth_folder : Path
        Folder for the true pine cover and dominant class.
    progress : callable
        Called with the number of pixels finished since the last call.
    """
    grid = landscape.grid
    painter = Painter(landscape, satellite_pass)
    folder.mkdir(parents=True)
    truth_folder.mkdir(parents=True, exist_ok=True)
    day = satellite_pass.date.replace("-", "")
    bands = [Raster(folder / f"{b.file}.tif", grid, b.pixel, "uint16", 1, 0) for b in BANDS]
    scl = Raster(folder / "SCL.tif", grid, 20, "uint8", 1, 0)
    visual = Raster(folder / "TCI.tif", grid, 10, "uint8", 3, 0)
    pine = Raster(truth_folder / f"pine_cover_{day}.tif", grid, 10, "uint8", 1, TRUTH_NODATA)
    dominant = Raster(
        truth_folder / f"dominant_class_{day}.tif", grid, 10, "uint8", 1, TRUTH_NODATA
    )
    counts = np.zeros(12, np.int64)
    with rasters(*bands, scl, visual, pine, dominant):
        for block in ordered_map(painter.paint, windows_of(grid)):
            row, column = block.window.row, block.window.column
            for raster, values in zip(bands, block.bands, strict=True):
                factor = raster.pixel // 10
                raster.put(values, row // factor, column // factor)
            scl.put(block.scl, row // 2, column // 2)
            visual.put(block.visual, row, column)
            pine.put(block.pine, row, column)
            dominant.put(block.dominant, row, column)
            counts += np.bincount(block.scl.ravel(), minlength=12)
            progress(block.window.height * block.window.width)
        for raster in (*bands, pine):
            raster.finish()
        visual.finish(picture=True)
        for raster in (scl, dominant):
            raster.finish(Resampling.mode)
    _write_thumbnail(folder)
    percent = tuple(round(float(n) / float(counts.sum()) * 100, 6) for n in counts)
    return SceneFacts(painter.sun, percent)


def _write_thumbnail(folder: Path) -> None:
    with rasterio.open(folder / "TCI.tif") as file:
        scale = 343 / max(file.width, file.height)
        shape = (3, max(1, round(file.height * scale)), max(1, round(file.width * scale)))
        picture = file.read(out_shape=shape)
    with written_whole(folder / "thumbnail.jpg") as unfinished:
        Image.fromarray(np.moveaxis(picture, 0, -1)).save(unfinished, quality=85)


def remove_folder(folder: Path) -> None:
    """Remove a folder if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
