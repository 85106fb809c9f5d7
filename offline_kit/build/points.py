"""Field points as people collect them: on foot along tracks, and from imagery."""

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from rasterio.features import geometry_mask
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from offline_kit.build.candidates import (
    COUNTS,
    Candidates,
    as_points,
    near_normal,
    scattered_order,
)
from offline_kit.build.grid import EPSG, PIXEL, Grid
from offline_kit.build.landcover import CLASS_NAMES
from offline_kit.build.landscape import Landscape
from offline_kit.errors import CourseError

# of the points of each class, how many lie in the area of interest: as published
INSIDE = (34, 6, 240, 272, 216, 17, 116, 104, 189, 38)
FROM_IMAGERY = 0.4  # share of the points that nobody stood on
ERROR_M = {"visit": 4.0, "imagery": 3.0}  # of the receiver, and of the image and the hand
LARGEST_VISIT, VISIT_M = 6, 600.0  # points at most, and how far from the first
NEAREST_M, FARTHEST_M = 20.0, 120.0  # between the points of a visit: some look closer than others
APART_M = 100.0  # points nearer than this to each other are of one site
LIKE_NEIGHBOUR = 0.3  # chance that a site takes the group of the point nearest to it
TRAINING_NEARBY = {0: 0.45, 2: 0.03}  # chance at a site that a point goes to another job
ASIDE_NEARBY = (
    0.146  # share of the points set aside that have one for training nearby: as published
)


def make_field_points(
    landscape: Landscape, pool: Candidates, area: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Collect labelled points the way a programme does: most in the area that is to be mapped.

    The counts by class and group are exact, and so are those in the area of interest but for what
    lies on its edge. Positions err by a few metres; about three in a hundred labels are wrong.

    Parameters
    ----------
    landscape
    pool
        From `candidates.find_candidates`.
    area
        From `areas.make_areas`.

    Returns
    -------
    GeoDataFrame
        EPSG:32734; columns `class`, `group`, `name`, `source`.
    """
    grid = landscape.grid
    generator = np.random.Generator(np.random.PCG64(landscape.seed + 402))
    inside = _inside(pool, area, grid)
    chosen, imagery = [], []
    for label, quota in enumerate(COUNTS):
        within = np.flatnonzero((pool.label == label) & inside)
        without = np.flatnonzero((pool.label == label) & ~inside)
        # a small landscape may have too few on one side
        most = min(max(INSIDE[label], sum(quota) - without.size), within.size)
        for own, wanted in ((within, most), (without, sum(quota) - most)):
            at, seen = _visits(pool, own, wanted, label, generator)
            chosen.append(at)
            imagery.append(seen)
    at, seen = np.concatenate(chosen), np.concatenate(imagery)
    label = pool.label[at].astype(np.int64)
    places = np.stack([pool.row[at], pool.column[at]], axis=1) * float(PIXEL)
    group = _groups(places, label, generator)
    source = np.where(seen, "imagery", "visit")
    slip = np.where(seen, ERROR_M["imagery"], ERROR_M["visit"]) * near_normal(
        generator, (2, at.size)
    )
    points = as_points(pool, at, label, group, 2 * group + inside[at], slip, grid, generator)
    points.insert(3, "source", source)
    return points.sort_values("class", kind="stable").reset_index(drop=True)


def _inside(pool: Candidates, area: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.bool_]:
    """Tell which candidates lie in the area of interest."""
    outside = geometry_mask(
        area.to_crs(EPSG).geometry, (grid.height, grid.width), grid.transform(PIXEL)
    )
    return ~outside[pool.row, pool.column]


def _visits(
    pool: Candidates,
    own: NDArray[np.int64],
    wanted: int,
    label: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Choose `wanted` of the candidates `own`, a few at a place.

    Returns
    -------
    chosen
        int; indices into the pool.
    imagery
        Which of them were labelled from imagery, wherever; the others lie near tracks.
    """
    if own.size < wanted:
        raise CourseError(
            f"This landscape has only {own.size} pixels of {CLASS_NAMES[label]} where {wanted} "
            "field points are wanted: choose another --seed or a larger --size."
        )
    places = np.stack([pool.row[own], pool.column[own]], axis=1) * float(PIXEL)
    tree = cKDTree(places)
    near_track = 1.0 / (1.0 + (pool.distance[own] / 180.0) ** 2) + 0.004
    by_foot = scattered_order(near_track, generator)
    anywhere = scattered_order(np.ones(own.size), generator)
    on_foot = wanted - round(FROM_IMAGERY * wanted)
    taken: list[int] = []
    free = np.ones(own.size, bool)
    closer = 1.0
    while len(taken) < wanted:
        before = len(taken)
        for order, target in ((by_foot, on_foot), (anywhere, wanted)):
            for centre in order:
                if len(taken) >= target:
                    break
                if free[centre]:
                    size = min(1 + int(LARGEST_VISIT * generator.random()), target - len(taken))
                    spacing = NEAREST_M + (FARTHEST_M - NEAREST_M) * generator.random()
                    taken += _one_visit(
                        tree, places, centre, size, free, closer * spacing, generator
                    )
        if len(taken) == before:  # no room left
            closer /= 2
            free[:] = True
            free[taken] = False
    return own[np.array(taken, int)], np.arange(wanted) >= on_foot


def _one_visit(
    tree: cKDTree,
    places: NDArray[np.float64],
    centre: int,
    size: int,
    free: NDArray[np.bool_],
    spacing: float,
    generator: np.random.Generator,
) -> list[int]:
    """Take up to `size` free places near one, and make what is too near to them unfree."""
    near = np.array(sorted(tree.query_ball_point(places[centre], VISIT_M)))
    near = near[generator.permutation(near.size)]
    got: list[int] = []
    for i in np.concatenate([[centre], near]):
        if len(got) == size:
            break
        if free[i]:
            free[tree.query_ball_point(places[i], spacing)] = False
            got.append(int(i))
    return got


def _groups(
    places: NDArray[np.float64], label: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Deal out groups so that the counts hold exactly; points of one site tend to share theirs."""
    left = np.array(COUNTS)
    tree = cKDTree(places)
    nearest = tree.query(places, 2)[1][:, 1]
    pairs = tree.query_pairs(APART_M, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(label.size,) * 2)
    site = connected_components(links, directed=False)[1]
    size = np.bincount(site)
    groups = np.full(label.size, -1)
    shuffled = generator.permutation(size.size)
    for number in shuffled[np.argsort(-size[shuffled], kind="stable")]:
        members = np.flatnonzero(site == number)
        of_site = _draw(left[label[members]].sum(axis=0), generator)
        beside = int(groups[nearest[members[0]]])
        if beside >= 0 and generator.random() < LIKE_NEIGHBOUR:
            of_site = beside
        for i in members:
            group = of_site
            if members.size > 1:
                group = _job(of_site, generator)
            if left[label[i], group] == 0:
                group = _draw(left[label[i]], generator)
            left[label[i], group] -= 1
            groups[i] = group
    _part(groups, places, label, generator)
    return groups


def _part(
    groups: NDArray[np.int64],
    places: NDArray[np.float64],
    label: NDArray[np.int64],
    generator: np.random.Generator,
) -> None:
    """Exchange points set aside that have too near a training point for others of their class."""
    beside = cKDTree(places[groups == 1]).query(places)[0] < APART_M
    aside = np.flatnonzero((groups == 0) & beside)
    surplus = aside.size - round(ASIDE_NEARBY * np.count_nonzero(groups == 0))
    for i in aside[generator.permutation(aside.size)][: max(surplus, 0)]:
        others = np.flatnonzero((groups == 2) & ~beside & (label == label[i]))
        if others.size:
            other = others[int(generator.random() * others.size)]
            groups[i], groups[other] = 2, 0


def _job(of_site: int, generator: np.random.Generator) -> int:
    """Return the group of one point at a site of several."""
    if of_site == 2:
        return 1 if generator.random() < TRAINING_NEARBY[2] else 2
    return 1 - of_site if generator.random() < TRAINING_NEARBY[0] else of_site


def _draw(weights: NDArray[np.int64], generator: np.random.Generator) -> int:
    """Draw a group with chances in proportion to what is left of each."""
    pick = int(generator.random() * weights.sum())
    return int(np.searchsorted(np.cumsum(weights), pick, side="right"))
