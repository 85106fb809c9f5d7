"""Reference samples with the answers that people give: to judge a map by, and to measure change."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.features import geometry_mask
from scipy.ndimage import distance_transform_edt
from shapely import contains_xy

from offline_kit.build.grid import EPSG, PIXEL, Grid, Window
from offline_kit.build.landcover import (
    BARE,
    CLASS_NAMES,
    COMPONENTS,
    FOREST,
    FYNBOS_HIGH,
    FYNBOS_LOW,
    GUM,
    PINE,
    ROCK,
    WATER,
    WATTLE,
    WETLAND,
    ground_at,
)
from offline_kit.build.landscape import Landscape
from offline_kit.build.noise import fractal_noise
from offline_kit.build.passes import CLEAR_2018, CLEAR_2024, Pass

VALIDATION_POINTS = 600
ANOTHER = 1_000_003  # step of the seed from one sample to the next
INTERPRETERS = {"interpreter_1": 0.7, "interpreter_2": 1.2}  # how often each errs, to the average
UNSURE = -1
# What people take each class for on aerial imagery of 0.5 m: how often, and for which others.
MISTAKEN = {
    BARE: (0.02, {FYNBOS_LOW: 0.7, ROCK: 0.3}),
    WATTLE: (0.06, {FOREST: 0.6, GUM: 0.2, FYNBOS_HIGH: 0.1, PINE: 0.1}),
    PINE: (0.04, {GUM: 0.5, FOREST: 0.3, FYNBOS_HIGH: 0.2}),
    FYNBOS_HIGH: (0.02, {FYNBOS_LOW: 0.7, WETLAND: 0.2, WATTLE: 0.1}),
    FYNBOS_LOW: (0.03, {BARE: 0.6, FYNBOS_HIGH: 0.3, ROCK: 0.1}),
    GUM: (0.06, {PINE: 0.7, WATTLE: 0.2, FOREST: 0.1}),
    FOREST: (0.05, {WATTLE: 0.5, PINE: 0.3, FYNBOS_HIGH: 0.2}),
    ROCK: (0.03, {BARE: 0.5, FYNBOS_LOW: 0.5}),
    WETLAND: (0.05, {FYNBOS_LOW: 0.5, FYNBOS_HIGH: 0.4, WATER: 0.1}),
    WATER: (0.02, {WETLAND: 0.5, FOREST: 0.3, BARE: 0.2}),
}
# Where the two largest shares of a pixel are this close, one may name the second, or neither.
CLOSE, SECOND_NAMED, NEITHER_NAMED = 0.20, 0.35, 0.25
SELDOM_UNSURE = 0.005

CHANGES = ("no pine", "pine gain", "pine loss", "stable pine")  # 2 * (pine before) + (pine after)
STRATA = {"pine loss": 80, "pine gain": 80, "stable pine": 80, "near pine": 120, "no pine": 160}
STRATA_M = 30  # pixel of the rough map of change that the strata come from
MAP_ERROR = 0.16  # of that map's cover of pines, in the same patches on both dates and in others
NEAR_M = 75  # a change that the rough map has missed is most likely so near to its pines


def shares_at(
    landscape: Landscape, rows: NDArray, columns: NDArray, scene: Pass
) -> NDArray[np.float32]:
    """Return the true shares of cover of single pixels on a date, (pixel, component)."""
    out = np.empty((rows.size, COMPONENTS), np.float32)
    for i, (r, c) in enumerate(zip(rows, columns, strict=True)):
        around = Window(int(r) - 1, int(c) - 1, 3, 3)
        ground = ground_at(landscape, around, scene.year, scene.dam_level)
        out[i] = ground.fractions[:, 1, 1]
    return out


def interpret(
    shares: NDArray[np.float32], carelessness: float, chance: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Name the classes of pixels as an interpreter of aerial imagery does.

    Parameters
    ----------
    shares
        float32 (pixel, component), from `shares_at`; the class with the largest is the true one.
    carelessness
        How often this interpreter errs, relative to the average.
    chance
        float64 (pixel, 3); uniform in [0, 1). The same pixel with the same numbers is given the
        same answer on every date, unless it has changed.

    Returns
    -------
    array
        Class by pixel, `UNSURE` where the interpreter will not say.
    """
    ten = shares[:, : len(CLASS_NAMES)]
    order = np.argsort(-ten, axis=1, kind="stable")
    answers, second = order[:, 0].copy(), order[:, 1]
    gap = np.take_along_axis(ten, order[:, :2], axis=1)
    close = np.clip(1 - (gap[:, 0] - gap[:, 1]) / CLOSE, 0, 1) * carelessness
    named_second = chance[:, 0] < SECOND_NAMED * close
    for label, (often, others) in MISTAKEN.items():
        wrong = (order[:, 0] == label) & ~named_second & (chance[:, 1] < often * carelessness)
        pick = np.searchsorted(np.cumsum(list(others.values())), chance[wrong, 2])
        answers[wrong] = np.array([*others])[np.minimum(pick, len(others) - 1)]
    answers[named_second] = second[named_second]
    unsure = chance[:, 0] > 1 - (SELDOM_UNSURE * carelessness + NEITHER_NAMED * close)
    answers[unsure] = UNSURE
    return answers


def make_validation_points(
    landscape: Landscape, area: gpd.GeoDataFrame, draw: int = 0
) -> gpd.GeoDataFrame:
    """Draw a simple random sample of the area of interest, with the truth and people's answers.

    Parameters
    ----------
    landscape
    area
        From `areas.make_areas`.
    draw
        Which of many samples; the kit has the first.

    Returns
    -------
    GeoDataFrame
        EPSG:32734; columns `class` and `name` (the truth), `interpreter_1` and `interpreter_2`
        (name of a class, or "unsure").
    """
    grid = landscape.grid
    generator = np.random.Generator(np.random.PCG64(landscape.seed + 403 + ANOTHER * draw))
    polygon = area.to_crs(EPSG).geometry.iloc[0]
    rows, columns = np.empty(0, int), np.empty(0, int)
    for _ in range(200):
        if rows.size >= VALIDATION_POINTS:
            break
        r = generator.integers(0, grid.height, 4000)
        c = generator.integers(0, grid.width, 4000)
        x, y = grid.west + (c + 0.5) * PIXEL, grid.north - (r + 0.5) * PIXEL
        good = contains_xy(polygon, x, y)
        rows, columns = np.concatenate([rows, r[good]]), np.concatenate([columns, c[good]])
    rows, columns = rows[:VALIDATION_POINTS], columns[:VALIDATION_POINTS]
    shares = shares_at(landscape, rows, columns, CLEAR_2018)
    label = shares.argmax(axis=1)
    ten = label < len(CLASS_NAMES)
    shares, label, rows, columns = shares[ten], label[ten], rows[ten], columns[ten]
    named = {"class": label.astype(np.int64), "name": [CLASS_NAMES[k] for k in label]}
    generator = np.random.Generator(np.random.PCG64(landscape.seed + 404 + ANOTHER * draw))
    for who, carelessness in INTERPRETERS.items():
        answers = interpret(shares, carelessness, generator.random((label.size, 3)))
        named[who] = ["unsure" if k == UNSURE else CLASS_NAMES[k] for k in answers]
    frame = gpd.GeoDataFrame(named, geometry=_centres(grid, rows, columns), crs=EPSG)
    return frame.sort_values("class", kind="stable").reset_index(drop=True)


def _centres(grid: Grid, rows: NDArray, columns: NDArray) -> gpd.array.GeometryArray:
    x = grid.west + (columns + 0.5) * PIXEL
    y = grid.north - (rows + 0.5) * PIXEL
    return gpd.points_from_xy(x, y)


def rough_change(landscape: Landscape, cover: list[NDArray[np.float32]]) -> NDArray[np.int64]:
    """Return the stratum of pixels of 30 m by a rough map of change, from 0, as `STRATA` has them.

    Parameters
    ----------
    landscape
    cover
        float32 (rows, columns); true cover of pines before and after, 0 to 1.
    """
    shape, seed = cover[0].shape, landscape.seed
    always = fractal_noise(0, 0, *shape, 6.0, 3, seed + 811)
    pine = [
        share + np.float32(MAP_ERROR) * (always + fractal_noise(0, 0, *shape, 4.0, 3, key)) > 0.5
        for share, key in zip(cover, (seed + 821, seed + 831), strict=True)
    ]
    before, after = pine
    near = distance_transform_edt(~(before | after)) * STRATA_M <= NEAR_M
    return np.select([before & ~after, after & ~before, before, near], range(4), 4)


def make_change_points(
    landscape: Landscape, area: gpd.GeoDataFrame, truth: Path, draw: int = 0
) -> gpd.GeoDataFrame:
    """Draw a stratified random sample of the area of interest, for change from 2018 to 2024.

    Parameters
    ----------
    landscape
    area
        From `areas.make_areas`.
    truth
        Folder with the true pine cover of both dates.
    draw
        Which of many samples; the kit has the first.

    Returns
    -------
    GeoDataFrame
        EPSG:32734; columns `stratum`, `stratum_ha` (its area), `truth`, `interpreter_1` and
        `interpreter_2` (one of `CHANGES`, or "unsure").
    """
    grid, dates = landscape.grid, (CLEAR_2018, CLEAR_2024)
    shape = grid.shape(STRATA_M)
    cover = [_cover(truth / f"pine_cover_{d.date.replace('-', '')}.tif", shape) for d in dates]
    stratum = rough_change(landscape, cover)
    outline = area.to_crs(EPSG).geometry
    inside = geometry_mask(outline, shape, grid.transform(STRATA_M), invert=True)
    generator = np.random.Generator(np.random.PCG64(landscape.seed + 405 + ANOTHER * draw))
    picked, names, areas, side = [], [], [], STRATA_M // PIXEL
    for number, (name, wanted) in enumerate(STRATA.items()):
        own = np.flatnonzero(inside & (stratum == number))
        chosen = generator.permutation(own)[:wanted]
        picked.append(chosen)
        names += [name] * chosen.size
        areas += [round(own.size * STRATA_M**2 / 1e4, 2)] * chosen.size
    row, column = np.divmod(np.concatenate(picked), shape[1])
    rows, columns = np.stack([row, column]) * side + generator.integers(0, side, (2, row.size))
    shares = [shares_at(landscape, rows, columns, date) for date in dates]
    columns_of = {"stratum": names, "stratum_ha": areas}
    columns_of["truth"] = _changes([s.argmax(axis=1) for s in shares])
    for who, carelessness in INTERPRETERS.items():
        chance = generator.random((row.size, 3))
        columns_of[who] = _changes([interpret(s, carelessness, chance) for s in shares])
    return gpd.GeoDataFrame(columns_of, geometry=_centres(grid, rows, columns), crs=EPSG)


def _cover(path: Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    with rasterio.open(path) as file:
        percent = file.read(1, out_shape=shape, out_dtype="float32", resampling=Resampling.average)
    return percent / np.float32(100)


def _changes(labels: list[NDArray[np.int64]]) -> list[str]:
    before, after = labels
    kind = 2 * (before == PINE) + (after == PINE)
    unsure = (before == UNSURE) | (after == UNSURE)
    return ["unsure" if u else CHANGES[k] for u, k in zip(unsure, kind, strict=True)]
