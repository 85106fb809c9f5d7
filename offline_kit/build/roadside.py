"""Field points as whoever never leaves the road collects them.

Labelled in clusters along tracks, whatever lies there, in the area of interest or not: what a map
learns from them it is then asked about places that nobody sampled.
"""

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from offline_kit.build.candidates import (
    COUNTS,
    Candidates,
    as_points,
    near_normal,
    scattered_order,
)
from offline_kit.build.grid import PIXEL
from offline_kit.build.landcover import CLASS_NAMES
from offline_kit.build.landscape import Landscape
from offline_kit.errors import CourseError

GPS_ERROR_M = 4.0
SAME_VISIT = 0.52  # chance that a point takes the group of its visit


def make_roadside_points(landscape: Landscape, pool: Candidates) -> gpd.GeoDataFrame:
    """Collect labelled points in clusters along tracks, with errors.

    The counts by class and group are exact; positions err by a few metres; about three in a
    hundred labels are wrong; the groups are not spatially independent of each other.

    Parameters
    ----------
    landscape
    pool
        From `candidates.find_candidates`.

    Returns
    -------
    GeoDataFrame
        EPSG:32734; columns `class`, `group`, `name`.
    """
    generator = np.random.Generator(np.random.PCG64(landscape.seed + 403))
    at, groups = [], []
    for label, quota in enumerate(COUNTS):
        chosen, visit = _visits(pool, sum(quota), label, generator)
        at.append(chosen)
        groups.append(_groups(visit, quota, generator))
    chosen, group = np.concatenate(at), np.concatenate(groups)
    label = pool.label[chosen].astype(np.int64)
    slip = GPS_ERROR_M * near_normal(generator, (2, label.size))
    points = as_points(pool, chosen, label, group, group, slip, landscape.grid, generator)
    return points.sort_values("class", kind="stable").reset_index(drop=True)


def _visits(
    pool: Candidates, wanted: int, label: int, generator: np.random.Generator
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
    order = scattered_order(reach, generator)
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
