"""Pixels that somebody could label, and how points are made of them."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from offline_kit.build.grid import EPSG, PIXEL, Grid, Window, windows_of
from offline_kit.build.landcover import CLASS_NAMES, ground_at
from offline_kit.build.landscape import Landscape
from offline_kit.build.noise import uniform_field
from offline_kit.build.parallel import ordered_map
from offline_kit.build.passes import CLEAR_2018

# points of each class in groups 0, 1 and 2: the counts of the published field data
COUNTS = (
    (16, 13, 45),
    (17, 9, 17),
    (79, 56, 133),
    (47, 51, 229),
    (40, 33, 179),
    (19, 16, 68),
    (28, 24, 67),
    (17, 21, 75),
    (32, 27, 138),
    (19, 16, 42),
)
CLEAR_ENOUGH = 0.78  # share of a pixel that a class must cover to be labelled
WRONG_SHARE = 0.03


@dataclass(frozen=True)
class Candidates:
    """Pixels that one class covers clearly enough to be labelled.

    Attributes
    ----------
    row, column
    label
        Number of the class.
    distance
        To the nearest track, in metres.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    label: NDArray[np.uint8]
    distance: NDArray[np.float32]


def find_candidates(landscape: Landscape) -> Candidates:
    """Find what could be labelled on the clear date of 2018, or enough of it to choose from."""
    grid = landscape.grid
    share = min(1.0, 1.2e6 / (grid.width * grid.height))

    def choose(window: Window) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        ground = ground_at(landscape, window, CLEAR_2018.year, CLEAR_2018.dam_level)
        ten = ground.fractions[: len(CLASS_NAMES)]
        label = ten.argmax(axis=0)
        clear_enough = ten.max(axis=0) > CLEAR_ENOUGH
        clear_enough &= uniform_field(*window, landscape.seed + 401) < share
        r, c = np.nonzero(clear_enough)
        return r + window.row, c + window.column, label[r, c], ground.track[r, c]

    parts = list(ordered_map(choose, windows_of(grid)))
    row, column, label, distance = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Candidates(row, column, label.astype(np.uint8), distance)


def scattered_order(
    weights: NDArray[np.floating], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return a random order in which what weighs more tends to come first.

    Weighted sampling without replacement (Efraimidis & Spirakis 2006), with powers avoided.
    """
    return np.argsort((1.0 - generator.random(weights.size)) / weights, kind="stable")


def near_normal(generator: np.random.Generator, size: tuple[int, ...]) -> NDArray[np.float64]:
    """Return nearly normal numbers, sums of uniform ones: the same on every machine."""
    return generator.random((12, *size)).sum(axis=0) - 6.0


def as_points(
    pool: Candidates,
    chosen: NDArray[np.int64],
    label: NDArray[np.int64],
    group: NDArray[np.int64],
    part: NDArray[np.int64],
    slip: NDArray[np.float64],
    grid: Grid,
    generator: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Make points of chosen candidates, with wrong labels and errors of position.

    Wrong labels trade places within a part, so that the counts of each class in it stay exact.

    Parameters
    ----------
    pool
    chosen
        Indices into the pool.
    label, group
        Of each point.
    part
        The same for points that may trade their labels: of one group, at least.
    slip
        float64 (2, point); error of its position to the east and north in metres.
    grid
    generator

    Returns
    -------
    GeoDataFrame
        EPSG:32734; columns `class`, `group`, `name`, in the order of `chosen`.
    """
    label = label.copy()
    for number in np.unique(part):
        members = np.flatnonzero(part == number)
        wrong = members[generator.permutation(members.size)]
        wrong = wrong[: 2 * round(members.size * WRONG_SHARE / 2)]
        for a, b in zip(wrong[::2], wrong[1::2], strict=True):
            label[a], label[b] = label[b], label[a]
    inside = generator.random((2, label.size))
    x = grid.west + (pool.column[chosen] + inside[0]) * PIXEL + slip[0]
    y = grid.north - (pool.row[chosen] + inside[1]) * PIXEL + slip[1]
    x = np.clip(x, grid.west + 1, grid.east - 1).round(3)
    y = np.clip(y, grid.south + 1, grid.north - 1).round(3)
    columns = {
        "class": label.astype(np.int64),
        "group": group.astype(np.int32),
        "name": [CLASS_NAMES[k] for k in label],
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x, y), crs=EPSG)
