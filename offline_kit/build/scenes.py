"""One scene: block by block from landscape to files."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling

from offline_kit.build.bands import BAND_INDEX, BANDS
from offline_kit.build.clouds import (
    CIRRUS,
    cirrus_over,
    cirrus_threshold,
    cloud_threshold,
    clouds_over,
    put_clouds_over,
)
from offline_kit.build.cog import Raster, rasters
from offline_kit.build.filters import block_mean, largest
from offline_kit.build.geometry import RIM, displaced, displacement
from offline_kit.build.grid import PIXEL, Window, blocks_of
from offline_kit.build.landcover import CHAR, CLASS_NAMES, CROP, Ground, ground_at
from offline_kit.build.landscape import Landscape
from offline_kit.build.light import (
    Sun,
    illumination,
    modelled_illumination,
    put_light_on,
    shadow_edge,
    shadow_height,
    sun_at,
    take_light_off,
    terrain_shadow,
)
from offline_kit.build.parallel import ordered_map
from offline_kit.build.passes import Pass
from offline_kit.build.places import Place
from offline_kit.build.scl import TOPOGRAPHIC, classify_scene
from offline_kit.build.season import dryness
from offline_kit.build.sensor import HALO, observe, to_dn
from offline_kit.build.spectra import reflectance_of
from offline_kit.files import written_whole

TRUTH_NODATA = 255
SCL_PIXEL = 20
BRIGHTEST = 0.3558  # reflectance that is 255 in the true-colour picture


@dataclass(frozen=True)
class Block:
    """The finished pixels of one window.

    Attributes
    ----------
    window
        Where it lies.
    bands
        Digital numbers, for each band uint16 (rows, columns) at its native pixel.
    scl
        uint8 (rows, columns) at 20 m.
    visual
        uint8 (height, width, 3).
    target
        uint8 (height, width); true cover of the place's target in percent.
    dominant
        uint8 (height, width); true dominant class, 255 where none of the ten has most of the pixel.
    shadow
        uint8 (height, width); 1 in a slope's own shadow, 2 in that of a ridge, else 0.
    """

    window: Window
    bands: list[NDArray[np.uint16]]
    scl: NDArray[np.uint8]
    visual: NDArray[np.uint8]
    target: NDArray[np.uint8]
    dominant: NDArray[np.uint8]
    shadow: NDArray[np.uint8]


@dataclass(frozen=True)
class SceneFacts:
    """What an item's properties need to know of the pixels.

    Attributes
    ----------
    sun
        Where it stood.
    scl_percent
        Share of every SCL class, 0 to 11, in percent.
    """

    sun: Sun
    scl_percent: tuple[float, ...]


class Scene:
    """One pass over a landscape, of which any window can be simulated.

    Parameters
    ----------
    landscape
    satellite_pass
    """

    def __init__(self, landscape: Landscape, satellite_pass: Pass) -> None:
        self.landscape = landscape
        self.satellite_pass = satellite_pass
        self.seed = (satellite_pass.seed + landscape.seed) % 2**32
        place = landscape.place
        self.sun = sun_at(satellite_pass.time, place.longitude, place.latitude)
        self.shadow = shadow_height(landscape, self.sun)
        self.displacement = displacement(satellite_pass, landscape.seed)
        grid = landscape.grid
        self.threshold = cloud_threshold(grid, satellite_pass.cloud, self.seed + 5)
        self.cirrus_threshold = cirrus_threshold(grid, satellite_pass.cirrus, self.seed + 6)

    def simulate(self, window: Window) -> Block:
        """Simulate one window; its row, column and size divide by 6."""
        scene, grown, wide = self.satellite_pass, window.grown(HALO), window.grown(HALO + RIM)
        reflectance, elevation, terrain, truth = self._land(wide)
        cloud, shade, bright = clouds_over(wide, self.sun, self.threshold, self.seed + 5)
        edge = shadow_edge(self.landscape, self.shadow, wide)
        put_light_on(reflectance, *illumination(elevation, edge, self.sun.vector), shade)
        reflectance = displaced(reflectance, self.displacement)
        cloud, shade, bright = (
            np.ascontiguousarray(field[RIM:-RIM, RIM:-RIM]) for field in (cloud, shade, bright)
        )
        put_clouds_over(reflectance, cloud, bright)
        cirrus = cirrus_over(grown, self.cirrus_threshold, self.seed + 6)
        if scene.cirrus:
            put_clouds_over(reflectance, cirrus, np.ones_like(cirrus), CIRRUS)
        seen = observe(reflectance, window.row, window.column, self.seed + 11)
        modelled = modelled_illumination(terrain, self.sun.vector)
        corrected = take_light_off(
            seen, *(np.ascontiguousarray(_of_ground(field)) for field in modelled)
        )
        shadow = _of_ground(terrain_shadow(elevation, edge, self.sun.vector))
        return Block(
            window,
            [to_dn(values, scene.offset) for values in corrected],
            self._classify(seen, (cloud, shade, cirrus), shadow, window),
            _true_colour(corrected),
            *truth,
            shadow,
        )

    def _land(
        self, window: Window
    ) -> tuple[
        NDArray[np.float32],
        NDArray[np.float32],
        NDArray[np.float32],
        tuple[NDArray[np.uint8], NDArray[np.uint8]],
    ]:
        """Return reflectance, elevation, terrain and truth; the rest of the ground takes room."""
        scene, seed = self.satellite_pass, self.landscape.seed
        ground = ground_at(self.landscape, window, scene.year, scene.dam_level)
        reflectance = reflectance_of(ground, window, seed, self.seed, dryness(scene.year))
        truth = _truth(ground, self.landscape.place)
        return reflectance, ground.elevation, ground.terrain, truth

    def _classify(
        self,
        seen: list[NDArray[np.float32]],
        sky: tuple[NDArray[np.float32], ...],
        shadow: NDArray[np.uint8],
        window: Window,
    ) -> NDArray[np.uint8]:
        factor = SCL_PIXEL // PIXEL
        return classify_scene(
            *(block_mean(seen[BAND_INDEX[name]], factor) for name in ("B02", "B03", "B04", "B08")),
            seen[BAND_INDEX["B11"]],
            *(block_mean(np.ascontiguousarray(_inside(field)), factor) for field in sky),
            block_mean((shadow > 0).astype(np.float32), factor),
            self.satellite_pass.baseline >= TOPOGRAPHIC,
            window.row // factor,
            window.column // factor,
            self.seed + 13,
        )


def _inside(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the halo off a field, (..., height, width)."""
    return field[..., HALO:-HALO, HALO:-HALO]


def _of_ground(field: NDArray) -> NDArray:
    """Cut off a field of the ground the halo and what displacement needs, (..., height, width)."""
    return field[..., HALO + RIM : -HALO - RIM, HALO + RIM : -HALO - RIM]


def _truth(ground: Ground, place: Place) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the target's true cover in percent and the true dominant class."""
    fractions = _of_ground(ground.fractions)
    cover = fractions[CLASS_NAMES.index(place.target)]
    percent = np.floor(cover * 100 + np.float32(0.5)).astype(np.uint8)
    dominant = largest(fractions)
    dominant[(dominant == CROP) | (dominant == CHAR)] = TRUTH_NODATA
    return percent, dominant


def _true_colour(seen: list[NDArray[np.float32]]) -> NDArray[np.uint8]:
    rgb = np.stack([seen[BAND_INDEX[name]] for name in ("B04", "B03", "B02")], axis=-1)
    scaled = np.floor(rgb * np.float32(255 / BRIGHTEST) + np.float32(0.5))
    return np.clip(scaled, 1, 255).astype(np.uint8)


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
    landscape
    satellite_pass
    folder
        New folder for bands, SCL, TCI and thumbnail.
    truth_folder
        Folder for the target's true cover, dominant class and shadow.
    progress
        Called with the number of pixels finished since the last call.
    """
    grid = landscape.grid
    scene = Scene(landscape, satellite_pass)
    folder.mkdir(parents=True)
    truth_folder.mkdir(parents=True, exist_ok=True)
    day = satellite_pass.date.replace("-", "")
    bands = [Raster(folder / f"{b.file}.tif", grid, b.pixel, "uint16", 1, 0) for b in BANDS]
    scl = Raster(folder / "SCL.tif", grid, SCL_PIXEL, "uint8", 1, 0)
    visual = Raster(folder / "TCI.tif", grid, PIXEL, "uint8", 3, 0)
    target, dominant, shadow = (
        Raster(truth_folder / f"{name}_{day}.tif", grid, PIXEL, "uint8", 1, TRUTH_NODATA)
        for name in (landscape.place.cover, "dominant_class", "shadow")
    )
    counts = np.zeros(12, np.int64)
    with rasters(*bands, scl, visual, target, dominant, shadow):
        for block in ordered_map(scene.simulate, blocks_of(grid)):
            window = block.window
            for raster, values in zip(bands, block.bands, strict=True):
                raster.put(values, window)
            scl.put(block.scl, window)
            visual.put(block.visual, window)
            target.put(block.target, window)
            dominant.put(block.dominant, window)
            shadow.put(block.shadow, window)
            counts += np.bincount(block.scl.ravel(), minlength=12)
            progress(window.height * window.width)
        _finish_all((target, *bands), (scl, dominant, shadow), visual)
    _write_thumbnail(folder)
    percent = tuple(round(float(n) / float(counts.sum()) * 100, 6) for n in counts)
    return SceneFacts(scene.sun, percent)


def _finish_all(amounts: tuple[Raster, ...], classes: tuple[Raster, ...], picture: Raster) -> None:
    """Turn rasters into COGs, several at a time."""
    jobs = [raster.finish for raster in amounts]
    jobs += [partial(raster.finish, Resampling.mode) for raster in classes]
    jobs += [partial(picture.finish, picture=True)]
    for _ in ordered_map(lambda job: job(), jobs):
        pass


def _write_thumbnail(folder: Path) -> None:
    with rasterio.open(folder / "TCI.tif") as file:
        scale = 343 / max(file.width, file.height)
        shape = (3, max(1, round(file.height * scale)), max(1, round(file.width * scale)))
        picture = file.read(out_shape=shape)
    with written_whole(folder / "thumbnail.jpg") as unfinished:
        Image.fromarray(np.moveaxis(picture, 0, -1)).save(unfinished, quality=85)
