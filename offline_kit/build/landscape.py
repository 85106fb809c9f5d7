"""The coarse landscape: what grows, flows and is farmed where, on cells of 30 or 60 m."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, label
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from offline_kit.build.filters import smooth
from offline_kit.build.grid import PIXEL, Grid
from offline_kit.build.kernels import kernel
from offline_kit.build.noise import fractal_noise
from offline_kit.build.places import FRANSCHHOEK, Place
from offline_kit.build.terrain import Terrain, make_terrain

MARGIN_M = 2400  # landscape beyond the grid, for shadows and seed from outside
STREAM_KM2, RIVER_KM2 = 0.9, 9.0  # drained area from which on water runs as one
LAYERS = (
    "elevation",
    "stream",  # distance to the nearest stream in metres, less its half width
    "river",  # the same to the nearest large river
    "wetness",
    "relief",  # height above the surroundings within 600 m
    "water",  # depth of standing water in metres, negative on land
    "farm",  # above 0 on farmland
    "plantation",  # above 0 in pine plantations
    "seed_rain",  # of pines, 0 to 1
    "fire",  # above 0 within the scar
    "clearing",  # above 0 where pines were felled
    "gum",  # above 0 in gum woodlots
    "age",  # veld age and moisture: fynbos high density (above 0) or low
    "track",  # distance to the nearest track in metres
    "invaded",  # above 0 in closed stands of pines that nobody planted
)


@dataclass(frozen=True)
class Landscape:
    """A coarse model of the whole scene and its surroundings.

    Attributes
    ----------
    grid
    place
    seed
    margin
        Cells beyond the grid on each side.
    layers
        float32 (rows, columns, layer); in the order of `LAYERS`.
    catchment
        uint8 (rows, columns); catchment number, 0 outside.
    tracks
        int32 (pieces, 5); row and column in cells where a piece begins, those where it ends, and
        how many places are reached over it.
    """

    grid: Grid
    place: Place
    seed: int
    margin: int
    layers: NDArray[np.float32]
    catchment: NDArray[np.uint8]
    tracks: NDArray[np.int32]

    def layer(self, name: str) -> NDArray[np.float32]:
        """One layer by name, (rows, columns)."""
        return self.layers[..., LAYERS.index(name)]


@dataclass(frozen=True)
class _Cells:
    """The coarse grid while layers are made on it: its cells, its inner part, its noise."""

    grid: Grid
    place: Place
    seed: int

    @property
    def size(self) -> int:
        """Metres along a cell."""
        return self.grid.cell

    @property
    def margin(self) -> int:
        """Cells beyond the grid on each side."""
        return MARGIN_M // self.size

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, the margin with them."""
        height, width = self.grid.shape(self.size)
        return height + 2 * self.margin, width + 2 * self.margin

    @property
    def inner(self) -> tuple[slice, slice]:
        """The cells of the grid itself."""
        return np.s_[self.margin : -self.margin, self.margin : -self.margin]

    def noise(self, wavelength_km: float, octaves: int, key: int) -> NDArray[np.float32]:
        """Fractal noise on all cells."""
        wavelength = wavelength_km * (1000 / self.size)
        return fractal_noise(0, 0, *self.shape, wavelength, octaves, self.seed + key, 0.55)

    def smooth(self, field: NDArray, metres: float) -> NDArray[np.float32]:
        """Blur a field over a distance."""
        return smooth(field, metres / self.size)

    def covering(
        self, share: float, score: NDArray[np.float32], noise: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Score plus noise, shifted so that `share` of the inner cells lie above 0."""
        field = (score + noise).astype(np.float32)
        ordered = np.sort(field[self.inner].ravel())
        return field - ordered[int((1 - share) * (ordered.size - 1))]


def _distance(mask: NDArray[np.bool_], cell: int) -> NDArray[np.float32]:
    if not mask.any():
        return np.full(mask.shape, 1e5, np.float32)
    return (distance_transform_edt(~mask) * cell).astype(np.float32)


@kernel
def _upstream_of(outlet: int, receiver: NDArray[np.int32], order: NDArray[np.int32]) -> NDArray:
    inside = np.zeros(receiver.size, np.bool_)
    inside[outlet] = True
    for k in range(order.size):
        i = order[k]
        if inside[receiver[i]]:
            inside[i] = True
    return inside


def _dams(terrain: Terrain, farm: NDArray, cells: _Cells) -> NDArray[np.float32]:
    """Flood valleys behind dam walls; returns depth of water, negative on land."""
    z, area, grid = terrain.elevation, terrain.area, cells.grid
    columns = z.shape[1]
    depth = np.full(z.shape, -30, np.float32)
    inner = np.zeros(z.shape, bool)
    pad = cells.margin + max(3, min(40, grid.height * PIXEL // grid.cell // 8))
    inner[pad:-pad, pad:-pad] = True
    share = grid.width * grid.height / 4.32e6  # of the course's area
    scale = min(1.0, share)

    def flood(height: float, choose: NDArray, smallest: float, largest: float, want: int) -> None:
        found = 0
        candidates = np.flatnonzero(choose & inner)
        # a fixed, scattered order of trial
        candidates = candidates[np.argsort((candidates * 2654435761) % 4294967296, kind="stable")]
        for outlet in candidates[: 60 * want]:
            if found == want:
                return
            r, c = divmod(int(outlet), columns)
            if depth[max(r - 12, 0) : r + 13, max(c - 12, 0) : c + 13].max() > 0:
                continue
            upstream = _upstream_of(int(outlet), terrain.receiver, terrain.order)
            upstream = upstream.reshape(z.shape)
            level = z[r, c] + height
            lake = upstream & (z < level)
            hectares = lake.sum() * (grid.cell / 100) ** 2
            if not smallest <= hectares <= largest:
                continue
            here = np.where(upstream, level - z, -12).astype(np.float32)
            np.maximum(depth, here, out=depth)
            found += 1

    river = (area > 12 * scale) & (area < 90)
    flood(34, river, 90 * scale, 330, 1 + round(0.36 * share))
    flood(9, (area > 0.3) & (area < 4) & (farm > -0.05), 2, 12, max(2, round(11 * share)))
    flood(4, (area > 0.08) & (area < 1) & (farm > 0), 0.5, 3, max(2, round(18 * share)))
    # of towns, on streams in the mountains
    flood(14, (area > 0.8) & (area < 8) & (farm < -0.15), 3, 25, max(1, round(9 * share)))
    return depth


def _tracks(z: NDArray, water: NDArray, cells: _Cells) -> NDArray[np.int32]:
    """Lay tracks between scattered places, over low slopes; see `Landscape.tracks`."""
    step = max(1, 120 // cells.size)
    coarse = z[::step, ::step]
    wet = water[::step, ::step] > 0
    rows, columns = coarse.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    starts, ends, costs = [], [], []
    for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = np.s_[: rows - dr, max(0, -dc) : columns - max(0, dc)]
        b = np.s_[dr:, max(0, dc) : columns + min(0, dc)]
        length = 120 * (1.4142135623730951 if dr and dc else 1.0)
        grade = np.abs(coarse[b].astype(float) - coarse[a]) / length
        cost = length * (1 + (grade / 0.07) ** 2) * np.where(wet[a] | wet[b], 50, 1)
        starts.append(index[a].ravel())
        ends.append(index[b].ravel())
        costs.append(cost.ravel())
    graph = coo_matrix(
        (np.concatenate(costs), (np.concatenate(starts), np.concatenate(ends))),
        shape=(rows * columns,) * 2,
    ).tocsr()
    generator = np.random.Generator(np.random.PCG64(cells.seed + 501))
    places = max(6, min(60, rows * columns // 900))
    picks = np.stack(
        [generator.integers(0, rows, places), generator.integers(0, columns, places)], axis=1
    )
    picks = picks[np.argsort(coarse[picks[:, 0], picks[:, 1]], kind="stable")]
    hub = index[picks[0, 0], picks[0, 1]]
    _, before = dijkstra(graph, directed=False, indices=hub, return_predecessors=True)
    reached: dict[tuple[int, int], int] = {}
    for r, c in picks[1 : int(0.85 * places)]:
        here = int(index[r, c])
        while before[here] >= 0:
            there = int(before[here])
            reached[here, there] = reached.get((here, there), 0) + 1
            here = there
    pieces = [
        (*(step * v for v in (*divmod(a, columns), *divmod(b, columns))), places)
        for (a, b), places in reached.items()
    ]
    return np.array(pieces, np.int32).reshape(-1, 5)


def _distance_to(tracks: NDArray[np.int32], cells: _Cells) -> NDArray[np.float32]:
    on = np.zeros(cells.shape, bool)
    for r, c, next_r, next_c, _ in tracks:
        step = max(abs(next_r - r), abs(next_c - c))
        for t in range(step):
            y, x = r + (next_r - r) * t // step, c + (next_c - c) * t // step
            if y < cells.shape[0] and x < cells.shape[1]:
                on[y, x] = True
    return _distance(on, cells.size)


@dataclass(frozen=True)
class _Relief:
    """What the terrain says of each cell."""

    slope: NDArray[np.float32]
    shaded: NDArray[np.float32]  # above 0 where ground falls away from the morning sun of spring
    local: NDArray[np.float32]  # height above the surroundings within 600 m
    high: NDArray[np.float32]  # 0 in the lowest valley, 1 about the highest summit


def _relief(cells: _Cells, z: NDArray[np.float32]) -> _Relief:
    gentle = cells.smooth(z, 60)
    gy, gx = np.gradient(gentle, cells.size)
    slope = np.sqrt(gx * gx + gy * gy).astype(np.float32)
    shaded = (gx * np.float32(0.698) - gy * np.float32(0.716)) / np.sqrt(1 + slope * slope)
    local = (gentle - cells.smooth(z, 600)).astype(np.float32)
    return _Relief(slope, shaded.astype(np.float32), local, (z - z.min()) / cells.place.relief_m)


def _wetness(area: NDArray[np.float32], slope: NDArray[np.float32]) -> NDArray[np.float32]:
    gathered = np.minimum(smooth(np.sqrt(area), 1.0, 2), 3)
    wetness = (gathered / (np.float32(0.06) + slope)).astype(np.float32)
    return smooth(wetness / (wetness + 4), 0.8, 1)


def _farmland(cells: _Cells, relief: _Relief) -> NDArray[np.float32]:
    """Put farms on low and level ground."""
    suited = cells.smooth(-3.2 * relief.high - 6 * np.maximum(relief.slope - 0.04, 0), 150)
    return cells.covering(cells.place.farm, suited, 0.33 * cells.noise(2.4, 4, 21))


def _plantations(
    cells: _Cells, relief: _Relief, farm: NDArray[np.float32], water: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Put pine plantations on lower hillsides, off farms and water."""
    hillside = (
        -9 * np.abs(relief.slope - 0.20)
        - 2.2 * np.abs(relief.high - 0.22)
        - 3 * np.maximum(farm + 0.05, 0)
    )
    noise = 0.62 * cells.noise(2.2, 3, 31)
    planted = cells.covering(cells.place.plantation, hillside.astype(np.float32), noise)
    return np.minimum(planted, -water * np.float32(0.05)).astype(np.float32)


def _invaded(
    cells: _Cells, relief: _Relief, farm: NDArray[np.float32], water: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Let pines stand closed on middle slopes, where fires have opened the cones of older ones."""
    suited = (
        -3 * np.abs(relief.slope - 0.25)
        - 1.5 * np.abs(relief.high - 0.35)
        - 3 * np.maximum(farm + 0.15, 0)
    )
    noise = 0.62 * cells.noise(1.1, 4, 36)
    stands = cells.covering(cells.place.invaded, suited.astype(np.float32), noise)
    return np.minimum(stands, -water * np.float32(0.05)).astype(np.float32)


def _seed_rain(cells: _Cells, sources: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Let seed fall near, at middling distance and far; the far one makes scattered pioneers."""
    stands = sources.astype(np.float32)
    rain = (
        0.55 * cells.smooth(stands, 90)
        + 0.30 * cells.smooth(stands, 320)
        + 0.15 * cells.smooth(stands, 950)
    )
    return rain.astype(np.float32)


def _gum(cells: _Cells, relief: _Relief, farm: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put gum woodlots on and near farms, in the valleys."""
    suited = 0.9 * np.minimum(farm, 0.25) - 2.0 * np.maximum(relief.high - 0.12, 0)
    noise = 0.60 * cells.noise(0.55, 3, 61)
    return cells.covering(cells.place.gum, suited.astype(np.float32), noise)


def _age(cells: _Cells, relief: _Relief, wetness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let veld be older and denser where it is shaded and moist, and low."""
    age = (
        0.55 * cells.noise(3.1, 5, 71)
        + 0.55 * relief.shaded * 3
        + 0.9 * (wetness - 0.35)
        - 0.5 * (relief.high - 0.35)
    )
    return age.astype(np.float32)


def make_landscape(grid: Grid, seed: int, place: Place = FRANSCHHOEK) -> Landscape:
    """Make the coarse landscape of a place.

    Parameters
    ----------
    grid
    seed
        Chooses the landscape; the same seed, grid and place give the same landscape on every
        machine.
    place
    """
    seed += place.seed
    cells = _Cells(grid, place, seed)
    terrain = make_terrain(*cells.shape, grid.cell, seed, place.valley_m, place.relief_m)
    z, relief = terrain.elevation, _relief(cells, terrain.elevation)
    wetness = _wetness(terrain.area, relief.slope)
    farm = _farmland(cells, relief)
    water = _dams(terrain, farm, cells)
    plantation = _plantations(cells, relief, farm, water)
    invaded = _invaded(cells, relief, farm, water)
    seed_rain = _seed_rain(cells, (plantation > 0) | (invaded > 0))
    tracks = _tracks(z, water, cells)
    fynbos = (farm < -0.1) & (water < -5) & (relief.high > 0.15)
    layers = {
        "elevation": z,
        "stream": smooth(_distance(terrain.area > STREAM_KM2, grid.cell), 0.7, 1),
        "river": smooth(_distance(terrain.area > RIVER_KM2, grid.cell), 0.7, 1),
        "wetness": wetness,
        "relief": relief.local,
        "water": water,
        "farm": farm,
        "plantation": plantation,
        "seed_rain": seed_rain,
        "fire": _one_patch(cells, place.fire_ha, cells.noise(2.6, 5, 51), fynbos),
        "clearing": _one_patch(cells, place.clearing_ha, cells.noise(1.5, 3, 41), seed_rain > 0.1),
        "gum": _gum(cells, relief, farm),
        "age": _age(cells, relief, wetness),
        "track": _distance_to(tracks, cells),
        "invaded": invaded,
    }
    stack = np.stack([layers[name] for name in LAYERS], axis=-1).astype(np.float32)
    catchments = _catchments(terrain, cells)
    return Landscape(grid, place, seed, cells.margin, stack, catchments, tracks)


def _one_patch(
    cells: _Cells, hectares: float, noise: NDArray[np.float32], allowed: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """One connected patch of about `hectares` (less on a small grid), above 0 inside."""
    inner = cells.inner
    wanted = hectares / (cells.size / 100) ** 2
    wanted = min(wanted, noise[inner].size * 0.06)
    field = np.full(noise.shape, -1, np.float32)
    values = np.where(allowed, noise, -9).astype(np.float32)
    chosen = None
    for threshold in (1.6, 1.3, 1.0, 0.7, 0.4, 0.1, -0.2):
        parts, count = label(values[inner] > threshold)
        if count == 0:
            continue
        sizes = np.bincount(parts.ravel())[1:]
        chosen, biggest = parts == 1 + int(np.argmax(sizes)), threshold
        if sizes.max() >= wanted:
            break
    if chosen is None:
        return field
    mask = np.zeros(noise.shape, bool)
    mask[inner] = chosen
    near = smooth(mask.astype(np.float32), 2, 2) > 0.02
    return np.where(near, np.clip(values - np.float32(biggest), -1, 1), -1).astype(np.float32)


def _catchments(terrain: Terrain, cells: _Cells) -> NDArray[np.uint8]:
    """Give numbers to the six largest catchments inside the grid."""
    area = terrain.area
    total = area[cells.inner].size * (cells.size / 1000) ** 2
    smallest, largest = total * 0.025, total * 0.13
    inside = np.zeros(area.shape, bool)
    inside[cells.inner] = True
    outlets = np.flatnonzero(inside.ravel() & (area.ravel() > smallest) & (area.ravel() < largest))
    outlets = outlets[np.argsort(-area.ravel()[outlets], kind="stable")]
    number = np.zeros(area.size, np.uint8)
    n = 0
    for outlet in outlets:
        if n == 6:
            break
        if number[outlet]:
            continue
        upstream = _upstream_of(int(outlet), terrain.receiver, terrain.order)
        if number[upstream].any():
            continue
        n += 1
        number[upstream] = n
    number = number.reshape(area.shape)
    number[~inside] = 0
    return number
