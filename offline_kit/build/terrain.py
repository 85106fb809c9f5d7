"""Terrain with drainage: ranges lifted from fractal noise and cut by rivers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.filters import smooth
from offline_kit.build.kernels import kernel
from offline_kit.build.noise import fractal_noise, uniform

STEPS = 40
_DY = np.array([-1, -1, -1, 0, 0, 1, 1, 1])
_DX = np.array([-1, 0, 1, -1, 1, -1, 0, 1])


@dataclass(frozen=True)
class Terrain:
    """Coarse terrain and its drainage.

    Attributes
    ----------
    elevation
        float32 (rows, columns); metres above the sea.
    receiver
        int32 (rows * columns); flat index of the cell that each cell drains to (itself at an
        outlet).
    order
        int32 (rows * columns); flat indices from the outlets upwards: each cell after its receiver.
    area
        float32 (rows, columns); drained area in square kilometres.
    """

    elevation: NDArray[np.float32]
    receiver: NDArray[np.int32]
    order: NDArray[np.int32]
    area: NDArray[np.float32]


@kernel
def fill_pits(z: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Raise pits until every cell drains to the edge (priority flood, Barnes et al. 2014).

    Flats get a random small gradient, so that streams wander over them.
    """
    h, w = z.shape
    n = h * w
    out = z.copy().ravel()
    done = np.zeros(n, np.bool_)
    heap_z = np.empty(n + 1, np.float64)
    heap_i = np.empty(n + 1, np.int64)
    size = 0
    for start in range(2 * (h + w)):
        if start < w:
            i = start
        elif start < 2 * w:
            i = (h - 1) * w + start - w
        elif start < 2 * w + h:
            i = (start - 2 * w) * w
        else:
            i = (start - 2 * w - h) * w + w - 1
        if done[i]:
            continue
        done[i] = True
        size = _push(heap_z, heap_i, size, out[i], i)
    while size > 0:
        level = heap_z[1]
        i = heap_i[1]
        size = _pop(heap_z, heap_i, size)
        r, c = i // w, i % w
        for k in range(8):
            rr, cc = r + _DY[k], c + _DX[k]
            if rr < 0 or cc < 0 or rr >= h or cc >= w:
                continue
            j = rr * w + cc
            if done[j]:
                continue
            done[j] = True
            step = 0.004 + 0.05 * uniform(j, 0, seed)
            if out[j] <= level + step:
                out[j] = level + step
            size = _push(heap_z, heap_i, size, out[j], j)
    return out.reshape(h, w)


@kernel
def _before(za: float, ia: int, zb: float, ib: int) -> bool:
    return za < zb or (za == zb and ia < ib)


@kernel
def _push(heap_z: NDArray, heap_i: NDArray, size: int, z: float, i: int) -> int:
    size += 1
    k = size
    while k > 1 and _before(z, i, heap_z[k // 2], heap_i[k // 2]):
        heap_z[k] = heap_z[k // 2]
        heap_i[k] = heap_i[k // 2]
        k //= 2
    heap_z[k] = z
    heap_i[k] = i
    return size


@kernel
def _pop(heap_z: NDArray, heap_i: NDArray, size: int) -> int:
    z, i = heap_z[size], heap_i[size]
    size -= 1
    k = 1
    while 2 * k <= size:
        child = 2 * k
        if child < size and _before(
            heap_z[child + 1], heap_i[child + 1], heap_z[child], heap_i[child]
        ):
            child += 1
        if not _before(heap_z[child], heap_i[child], z, i):
            break
        heap_z[k] = heap_z[child]
        heap_i[k] = heap_i[child]
        k = child
    heap_z[k] = z
    heap_i[k] = i
    return size


@kernel
def receivers(z: NDArray[np.float32], seed: int) -> NDArray[np.int32]:
    """Choose the steepest way down of eight; slopes are jittered so that streams wander."""
    h, w = z.shape
    out = np.empty(h * w, np.int32)
    for r in range(h):
        for c in range(w):
            i = r * w + c
            out[i] = i
            if r == 0 or c == 0 or r == h - 1 or c == w - 1:
                continue
            best = 0.0
            for k in range(8):
                rr, cc = r + _DY[k], c + _DX[k]
                length = 1.0 if _DY[k] * _DX[k] == 0 else 1.4142135623730951
                fall = (z[r, c] - z[rr, cc]) / length
                if fall * 1.4 <= best:  # even the largest jitter will not make it the steepest
                    continue
                fall *= 0.6 + 0.8 * uniform(i, k, seed)
                if fall > best:
                    best = fall
                    out[i] = rr * w + cc
    return out


@kernel
def upstream_order(receiver: NDArray[np.int32]) -> NDArray[np.int32]:
    """Order cells from outlets upwards, each after its receiver (Braun & Willett 2013)."""
    n = receiver.size
    count = np.zeros(n + 1, np.int32)
    for i in range(n):
        count[receiver[i] + 1] += 1
    for i in range(n):
        count[i + 1] += count[i]
    fill = count[:-1].copy()
    donors = np.empty(n, np.int32)
    for i in range(n):
        donors[fill[receiver[i]]] = i
        fill[receiver[i]] += 1
    order = np.empty(n, np.int32)
    size = 0
    for i in range(n):
        if receiver[i] == i:
            order[size] = i
            size += 1
    k = 0
    while k < size:
        i = order[k]
        k += 1
        for d in range(count[i], count[i + 1]):
            if donors[d] != i:
                order[size] = donors[d]
                size += 1
    return order


@kernel
def drained_area(
    receiver: NDArray[np.int32], order: NDArray[np.int32], cell_km2: float
) -> NDArray[np.float32]:
    """Sum the area upstream of every cell in square kilometres."""
    area = np.full(receiver.size, cell_km2, np.float64)
    for k in range(order.size - 1, -1, -1):
        i = order[k]
        if receiver[i] != i:
            area[receiver[i]] += area[i]
    return area.astype(np.float32)


@kernel
def _incise(
    z: NDArray[np.float32],
    receiver: NDArray[np.int32],
    order: NDArray[np.int32],
    area: NDArray[np.float32],
    strength: float,
    steepest: float,
) -> None:
    """One implicit step of stream power erosion, n = 1, m = 0.5 (Braun & Willett 2013).

    No slope becomes steeper than `steepest` metres a cell.
    """
    flat = z.ravel()
    for k in range(order.size):
        i = order[k]
        r = receiver[i]
        if r != i:
            f = strength * np.sqrt(area[i])
            eroded = (flat[i] + f * flat[r]) / (1.0 + f)
            flat[i] = min(max(eroded, flat[r] + 0.01), flat[r] + steepest)  # stays drained


def make_terrain(
    rows: int, columns: int, cell: int, seed: int, valley_m: float, relief_m: float
) -> Terrain:
    """Make fold-mountain terrain with a connected drainage.

    Ridged fractal noise lifts ranges between broad valleys; streams then cut into them.

    Parameters
    ----------
    rows, columns
        Size of the coarse grid.
    cell
        Cell size in metres.
    seed
        Chooses the landscape.
    valley_m, relief_m
        Elevation of the valleys, and of the highest summit above them, in metres.
    """
    km = 1000 / cell
    ranges = fractal_noise(0, 0, rows, columns, 10 * km, 3, seed + 1, ridged=True)
    broad = fractal_noise(0, 0, rows, columns, 15 * km, 2, seed + 3)
    lift = ranges + np.float32(0.5) * broad
    lift = (lift - lift.min()) / (lift.max() - lift.min())
    lift = np.clip((lift - np.float32(0.40)) / np.float32(0.45), 0, 1)
    lift = np.float32(0.03) + lift * lift * (3 - 2 * lift)
    resistance = fractal_noise(0, 0, rows, columns, 1.3 * km, 5, seed + 5, gain=0.6)
    lift *= np.clip(1 + np.float32(0.35) * resistance, 0.2, None)
    rough = fractal_noise(0, 0, rows, columns, 2.5 * km, 7, seed + 4, gain=0.6)
    across = np.linspace(1, 0, columns, dtype=np.float32)[None, :]
    down = np.linspace(1, 0, rows, dtype=np.float32)[:, None]
    z = fill_pits((60 * (across + down) + 22 * rough).astype(np.float32), seed)
    cell_km2 = (cell / 1000) ** 2
    steepest = np.float32(0.85 * cell)
    for step in range(STEPS):
        receiver = receivers(z, seed + 10 + step)
        order = upstream_order(receiver)
        area = drained_area(receiver, order, cell_km2)
        z += (np.float32(1000 / STEPS) * lift).astype(np.float32)
        _incise(z, receiver, order, area, np.float32(2.0 * 30 / cell), steepest)
        if step % 10 == 9:
            z = np.float32(0.75) * z + np.float32(0.25) * smooth(z, 1, passes=1)
            z = fill_pits(z, seed + 98)
    z = smooth(z, 0.8, passes=1)
    low, high = np.partition(z.ravel(), [z.size // 100, -1])[[z.size // 100, -1]]
    z = (valley_m + (z - low) * np.float32(relief_m / (high - low))).astype(np.float32)
    z = fill_pits(z, seed + 98)
    receiver = receivers(z, seed + 99)
    order = upstream_order(receiver)
    area = drained_area(receiver, order, cell_km2).reshape(rows, columns)
    return Terrain(z, receiver, order, area)
