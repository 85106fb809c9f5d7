"""Field points as people collect them."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from offline_kit.build.grid import EPSG, PIXEL, Grid, Window, windows_of
from offline_kit.build.landcover import CLASS_NAMES, ground_at
from offline_kit.build.landscape import Landscape
from offline_kit.build.noise import uniform_field
from offline_kit.build.parallel import ordered_map
from offline_kit.build.passes import CLEAR_2018
from offline_kit.errors import CourseError

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
GPS_ERROR_M = 4.0
SAME_VISIT = 0.52  # chance that a point takes the group of its visit


@dataclass(frozen=True)
class _Candidates:
    """Pixels that somebody on a track could label."""

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    label: NDArray[np.uint8]
    distance: NDArray[np.float32]


def _candidates(landscape: Landscape) -> _Candidates:
    grid = landscape.grid
    share = min(1.0, 1.2e6 / (grid.width * grid.height))  # enough to choose from on any size

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
    return _Candidates(row, column, label.astype(np.uint8), distance)


def _near_normal(generator: np.random.Generator, size: tuple[int, ...]) -> NDArray[np.float64]:
    return generator.random((12, *size)).sum(axis=0) - 6.0


def _visits(
    pool: _Candidates, wanted: int, label: int, grid: Grid, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose `wanted` candidates of a class in small clusters near tracks.

    Returns
    -------
    chosen, visit
        int; Indices into the pool and the number of the visit that each point belongs to.
    """
    own = np.flatnonzero(pool.label == label)
    if own.size < wanted:
        raise CourseError(
            f"This landscape has only {own.size} pixels of {CLASS_NAMES[label]}, fewer than the "
            f"{wanted} field points wanted: choose another --seed or a larger --size."
        )
    places = np.stack([pool.row[own], pool.column[own]], axis=1) * float(PIXEL)
    tree = cKDTree(places)
    reach = 1.0 / (1.0 + (pool.distance[own] / 180.0) ** 2) + 0.004
    # weighted order without replacement (Efraimidis & Spirakis 2006), with powers avoided
    order = np.argsort((1.0 - generator.random(own.size)) / reach, kind="stable")
    taken: list[int] = []
    visit: list[int] = []
    free = np.ones(own.size, bool)
    number = 0
    spacing = 20.0
    while len(taken) < wanted:
        before = len(taken)
        for centre in order:
            if len(taken) == wanted:
                break
            if not free[centre]:
                continue
            size = 1 + int(18 * generator.random())
            near = np.array(sorted(tree.query_ball_point(places[centre], 100.0)))
            near = near[generator.permutation(near.size)]
            got = 0
            for i in np.concatenate([[centre], near]):
                if got == size or len(taken) == wanted:
                    break
                if not free[i]:
                    continue
                free[tree.query_ball_point(places[i], spacing)] = False
                taken.append(int(i))
                visit.append(number)
                got += 1
            number += 1
        if len(taken) == before:
            spacing /= 2
            free[:] = True
            free[taken] = False
    return own[np.array(taken)], np.array(visit)


def _groups(
    visit: NDArray[np.int64], quota: tuple[int, int, int], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Deal out groups so that quotas hold exactly; points of one visit tend to share theirs."""
    left = list(quota)
    groups = np.empty(visit.size, np.int64)

    def draw() -> int:
        pick = int(generator.random() * sum(left))
        for group, count in enumerate(left):
            pick -= count
            if pick < 0:
                return group
        raise AssertionError("quotas are used up")

    of_visit: dict[int, int] = {}
    for i, number in enumerate(visit):
        group = draw()
        keep = of_visit.setdefault(int(number), group)
        if generator.random() < SAME_VISIT and left[keep] > 0:
            group = keep
        left[group] -= 1
        groups[i] = group
    return groups


def make_field_points(landscape: Landscape) -> gpd.GeoDataFrame:
    """Collect labelled points the way people do: in clusters along tracks, with errors.

    The counts by class and group are exact; positions err by a few metres; about three in a
    hundred labels are wrong; the groups are not spatially independent of each other.

    Returns
    -------
    GeoDataFrame
        EPSG:32734; columns `class`, `group`, `name`.
    """
    grid = landscape.grid
    generator = np.random.Generator(np.random.PCG64(landscape.seed + 402))
    pool = _candidates(landscape)
    labels, groups, rows, columns = [], [], [], []
    for label, quota in enumerate(COUNTS):
        chosen, visit = _visits(pool, sum(quota), label, grid, generator)
        labels.append(np.full(chosen.size, label))
        groups.append(_groups(visit, quota, generator))
        rows.append(pool.row[chosen])
        columns.append(pool.column[chosen])
    label, group = np.concatenate(labels), np.concatenate(groups)
    row, column = np.concatenate(rows), np.concatenate(columns)
    # wrong labels trade places, so that the counts of each class and group stay exact
    for number in range(3):
        members = np.flatnonzero(group == number)
        wrong = members[generator.permutation(members.size)]
        wrong = wrong[: 2 * round(members.size * WRONG_SHARE / 2)]
        for a, b in zip(wrong[::2], wrong[1::2], strict=True):
            label[a], label[b] = label[b], label[a]
    inside = generator.random((2, label.size))
    slip = GPS_ERROR_M * _near_normal(generator, (2, label.size))
    x = grid.west + (column + inside[0]) * PIXEL + slip[0]
    y = grid.north - (row + inside[1]) * PIXEL + slip[1]
    x = np.clip(x, grid.west + 1, grid.east - 1).round(3)
    y = np.clip(y, grid.south + 1, grid.north - 1).round(3)
    return _frame(label, x, y, group)


def _frame(label: NDArray, x: NDArray, y: NDArray, group: NDArray) -> gpd.GeoDataFrame:
    columns = {
        "class": label.astype(np.int64),
        "group": group.astype(np.int32),
        "name": [CLASS_NAMES[k] for k in label],
    }
    frame = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x, y), crs=EPSG)
    return frame.sort_values("class", kind="stable").reset_index(drop=True)
