"""Land cover at 10 m: every pixel a mixture of the ten classes and cultivated land."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .filters import exponential, ramp, sample_layers, squash
from .grid import PIXEL
from .landscape import LAYERS, Landscape
from .noise import fractal_noise, gradient_noise, hash64, uniform

CLASS_NAMES = (
    "Bare Ground",
    "Black Wattle",
    "Dense Pines",
    "Fynbos High Density",
    "Fynbos Low Density",
    "Gum",
    "Indigenous Forest",
    "Rock",
    "Wetland",
    "Water",
)
BARE, WATTLE, PINE, FYNBOS_HIGH, FYNBOS_LOW, GUM, FOREST, ROCK, WETLAND, WATER = range(10)
CROP, CHAR = 10, 11  # not among the ten classes: cultivated land and burnt ground
COMPONENTS = 12

FIRE_YEAR = 2021.10  # early February, the Cape's fire season
CLEARING_YEAR = 2019.30
_E, _STREAM, _RIVER, _WET, _RELIEF, _WATER, _FARM, _PLANT, _SEED, _FIRE, _CLEAR, _GUM, _AGE, _TR = (
    range(len(LAYERS))
)


@dataclass(frozen=True)
class Window:
    """Rows and columns of the 10 m grid; may reach beyond it."""

    row: int
    column: int
    height: int
    width: int

    def grown(self, pixels: int) -> "Window":
        """Return this window with a rim of `pixels` on every side."""
        return Window(
            self.row - pixels,
            self.column - pixels,
            self.height + 2 * pixels,
            self.width + 2 * pixels,
        )


@dataclass(frozen=True)
class Ground:
    """What one date's scene shows of a window, before light and sensor.

    Attributes
    ----------
    fractions : float32 array (component, height, width)
        Shares of the ten classes, cultivated land and char; they sum to 1.
    elevation : float32 array (height, width)
        Metres.
    stand : float32 array (height, width)
        Difference of one stand or field from the next, about -1 to 1.
    track : float32 array (height, width)
        Distance to the nearest track in metres.
    """

    fractions: NDArray[np.float32]
    elevation: NDArray[np.float32]
    stand: NDArray[np.float32]
    track: NDArray[np.float32]


@njit(cache=True, inline="always")
def _patch(row: float, column: float, size: float, seed: int) -> tuple[int, float, float]:
    """Lay farm fields and forest compartments out as turned, staggered rows of blocks.

    Returns the block's number and the distances in pixels to its nearest long and short edge.
    """
    region = 9.0 * size
    best, second = 1e30, 0
    j0, i0 = int(np.floor(row / region)), int(np.floor(column / region))
    for dj in range(-1, 2):
        for di in range(-1, 2):
            y = (j0 + dj + uniform(i0 + di, j0 + dj, seed)) * region
            x = (i0 + di + uniform(i0 + di, j0 + dj, seed + 1)) * region
            d = (row - y) * (row - y) + (column - x) * (column - x)
            if d < best:
                best = d
                second = (j0 + dj) * 100003 + i0 + di
    a = 2.0 * uniform(second, 0, seed + 2) - 1.0
    b = 1.0 - abs(a)
    norm = np.sqrt(a * a + b * b)
    u = (a * row + b * column) / norm
    v = (a * column - b * row) / norm
    wide = size * (0.7 + 0.7 * uniform(second, 1, seed + 2))
    strip = int(np.floor(u / wide))
    fu = u / wide - strip
    long = wide * (1.0 + 1.6 * uniform(strip, second, seed + 3))
    shift = uniform(strip, second, seed + 4)
    block = int(np.floor(v / long + shift))
    fv = v / long + shift - block
    number = int(hash64(strip * 7919 + block, second, seed + 5) >> 34)
    return number, min(fu, 1.0 - fu) * wide, min(fv, 1.0 - fv) * long


@njit(cache=True, nogil=True)
def _compose(
    layers: NDArray[np.float32],
    rows: NDArray[np.float32],
    columns: NDArray[np.float32],
    broad: NDArray[np.float32],
    mid: NDArray[np.float32],
    fine: NDArray[np.float32],
    other: NDArray[np.float32],
    row0: int,
    column0: int,
    year: float,
    level: float,
    seed: int,
    fractions: NDArray[np.float32],
    stand: NDArray[np.float32],
) -> None:
    h, w = rows.shape
    f = np.empty(COMPONENTS)
    since = year - 2018.7
    for r in range(h):
        for c in range(w):
            f[:] = 0.0
            z = layers[_E, r, c]
            r1, r2 = max(r - 1, 0), min(r + 1, h - 1)
            c1, c2 = max(c - 1, 0), min(c + 1, w - 1)
            sy = (layers[_E, r2, c] - layers[_E, r1, c]) / (10.0 * (r2 - r1))
            sx = (layers[_E, r, c2] - layers[_E, r, c1]) / (10.0 * (c2 - c1))
            slope = np.sqrt(sx * sx + sy * sy)
            n1, n2, n3, n4 = broad[r, c], mid[r, c], fine[r, c], other[r, c]
            high = (z - 190.0) / 1330.0
            stream, wet = layers[_STREAM, r, c], layers[_WET, r, c]
            relief = layers[_RELIEF, r, c]
            seed_rain = layers[_SEED, r, c]
            # natural vegetation and rock
            age = layers[_AGE, r, c] + 0.45 * n1 + 0.30 * n2 + 0.10 * n3
            e_high = exponential(2.6 * age)
            e_low = exponential(-2.6 * age - 0.1)
            rocky = (
                2.4 * (slope - 0.52)
                + 0.006 * (relief - 45.0)
                + 0.9 * (high - 0.55)
                + 0.42 * n2
                + 0.35 * n1
                + 0.2 * n3
            )
            e_rock = exponential(4.0 * rocky - 0.8)
            ravine = (
                -0.012 * (relief + 38.0)
                + 1.5 * (ramp(150.0 - stream, 0.0, 140.0) - 0.75)
                - 2.2 * abs(high - 0.30)
                + 0.35 * layers[_AGE, r, c]
                + 0.8 * (slope - 0.25)
                + 0.50 * n1
                + 0.45 * n4
                + 0.2 * n2
            )
            e_forest = exponential(10.0 * ravine - 4.4)
            seep = (
                2.6 * (wet - 0.24)
                - 6.0 * max(slope - 0.07, 0.0)
                + 0.30 * n4
                + 0.22 * n2
                + 0.10 * n1
            )
            e_wetland = exponential(7.0 * seep - 0.6)
            scald = -1.25 + 0.55 * n4 + 0.45 * n3 - 0.8 * age - 0.8 * wet
            e_bare = exponential(2.8 * scald)
            total = e_high + e_low + e_rock + e_forest + e_wetland + e_bare
            f[FYNBOS_HIGH] = e_high / total
            f[FYNBOS_LOW] = e_low / total
            f[ROCK] = e_rock / total
            f[FOREST] = e_forest / total
            f[WETLAND] = e_wetland / total
            f[BARE] = e_bare / total
            vary = 0.6 * n1
            # fire in veld, and the years after it
            scar = ramp(layers[_FIRE, r, c] + 0.12 * n2 + 0.08 * n3, -0.06, 0.10)
            burnt = 0.0
            if year > FIRE_YEAR:
                burnt = scar * (1.0 - 0.9 * f[FOREST]) * (1.0 - 0.8 * f[WETLAND])
                t = year - FIRE_YEAR
                back = 1.0 - 1.0 / (1.0 + 0.45 * t * t)  # half the cover after a year and a half
                veld = f[FYNBOS_HIGH] + f[FYNBOS_LOW]
                dense = f[FYNBOS_HIGH] * ramp(t, 1.0, 9.0)
                green = veld * (1.0 - burnt) + veld * burnt * back * 0.92
                lost = veld - green
                f[FYNBOS_HIGH] = f[FYNBOS_HIGH] * (1.0 - burnt) + dense * burnt * back
                f[FYNBOS_LOW] = green - f[FYNBOS_HIGH]
                if f[FYNBOS_LOW] < 0.0:
                    f[FYNBOS_HIGH] = green
                    f[FYNBOS_LOW] = 0.0
                ash = 1.0 / (1.0 + 1.6 * t * t)
                f[CHAR] = lost * ash
                f[BARE] += lost * (1.0 - ash)
            # wattle along rivers
            dense = n4 + 0.35 * n1
            reach = 30.0 + 24.0 * ramp(900.0 - layers[_RIVER, r, c], 0.0, 850.0)
            reach += 40.0 * ramp(dense, 0.3, 0.9)  # old thickets fill the flats beside a river
            bank = ramp(reach + 16.0 * n1 + 12.0 * n2 - stream, 0.0, 22.0)
            bank *= ramp(0.55 - high + 0.10 * n1, 0.0, 0.22) * ramp(dense, -0.55, 0.35)
            wattle = bank * min(0.96 + 0.06 * n3, 1.0)
            # pine: plantations, and wildings where seed has come down
            row, column = rows[r, c], columns[r, c]
            number, long_edge, short_edge = _patch(row, column, 30.0, seed + 11)
            inside = ramp(layers[_PLANT, r, c] + 0.02 * n2, -0.012, 0.02)
            kind = float(number & 1023) / 1024.0
            pine = 0.0
            track = 0.0
            if inside > 0.0:
                canopy = 0.95
                if kind < 0.07:
                    canopy = 0.04  # felled lately
                elif kind < 0.20:
                    canopy = 0.45 + 0.05 * since  # young
                elif kind < 0.40:
                    canopy = 0.88
                canopy = min(canopy + 0.05 * n2 + 0.03 * n3, 0.99)
                pine = inside * max(canopy, 0.0)
                if min(long_edge, short_edge) < 0.9:
                    track = 0.55 * inside
                vary = 2.0 * float((number >> 10) & 1023) / 1024.0 - 1.0
            thin = 1.0 - 0.75 * f[ROCK] - 0.85 * f[WETLAND] - 0.6 * f[FOREST]
            press = 1.32 * np.sqrt(max(seed_rain, 0.0)) * (1.0 + 0.035 * since)
            press += 0.012 * since * ramp(seed_rain, 0.004, 0.1)
            wilding = ramp(press + 0.17 * n1 + 0.20 * n4 + 0.12 * n3 - 0.02, 0.32, 1.02)
            pioneer = uniform(column0 + c, row0 + r, seed + 12)
            if pioneer < 0.05 * ramp(press, 0.03, 0.5):
                wilding = max(wilding, 0.10 + 0.5 * pioneer / 0.05)
            wilding *= max(thin, 0.0) * (1.0 - wattle)
            if burnt > 0.0:
                t = year - FIRE_YEAR
                wilding *= 1.0 - burnt * (1.0 - 0.10 * t)  # killed; seedlings follow
            pine = max(pine, 0.97 * wilding)
            felled = 0.0
            if year > CLEARING_YEAR:
                felled = ramp(layers[_CLEAR, r, c] + 0.05 * n2, -0.03, 0.05)
                t = year - CLEARING_YEAR
                felled *= max(0.97 - 0.035 * t, 0.0)
            slash = pine * felled
            pine -= slash
            # gum woodlots and windbreaks
            gum = ramp(layers[_GUM, r, c] + 0.03 * n2 + 0.015 * n3, -0.02, 0.035)
            # farmland
            farm = ramp(layers[_FARM, r, c] + 0.05 * n1 + 0.03 * n2, -0.012, 0.016)
            crop = 0.0
            tilled = 0.0
            if farm > 0.0:
                number, long_edge, short_edge = _patch(row, column, 21.0, seed + 13)
                kind = float(number & 1023) / 1024.0
                season = float(hash64(number, int(year), seed + 14) >> 44) / 1048576.0
                if kind < 0.34:  # cereals: green in spring, or lying ploughed
                    green = 0.92 if season < 0.78 else 0.06
                elif kind < 0.74:  # vines and orchards: rows with soil between
                    green = 0.46 + 0.26 * season
                elif kind < 0.88:  # pasture
                    green = 0.66 + 0.2 * season
                else:
                    green = 0.16
                green += 0.07 * n2 + 0.05 * n3 + 0.06 * n1
                green = min(max(green, 0.02), 0.97)
                crop = farm * green
                tilled = farm * (1.0 - green)
                vary = 2.0 * float((number >> 10) & 1023) / 1024.0 - 1.0
                if long_edge < 1.1 and (number >> 20) & 7 < 1:
                    gum = max(gum, 0.75 * farm)  # windbreak
                elif long_edge < 0.7 or short_edge < 0.6:
                    crop *= 0.4
                    tilled = farm - crop
            # water: dams at this year's level, with a drying rim below full level
            depth = layers[_WATER, r, c] + 0.35 * n2
            full = ramp(depth, -0.8, 0.8)
            now = ramp(depth - level * ramp(depth + 30.0, 28.0, 44.0), -0.8, 0.8)
            open_water = min(now, full)
            rim = full - open_water
            pool = ramp(13.0 - layers[_RIVER, r, c] + 5.0 * n4, 0.0, 14.0) * 0.75
            open_water = max(open_water, pool * (1.0 - rim))
            # lay them over one another, the strongest first
            left = 1.0
            share_water = open_water
            left -= share_water
            share_rim = left * rim
            left -= share_rim
            share_gum = left * gum
            left -= share_gum
            share_wattle = left * wattle
            left -= share_wattle
            share_farm = left * (crop + tilled)
            left -= share_farm
            share_track = left * track
            share_path = left * ramp(9.0 - layers[_TR, r, c], 0.0, 10.0) * 0.5
            left -= share_track
            share_path *= 1.0 - track
            left -= share_path
            share_pine = left * pine
            share_slash = left * slash
            left -= share_pine + share_slash
            total = 0.0
            for k in range(COMPONENTS):
                f[k] *= left
            f[WATER] += share_water
            f[BARE] += share_rim + share_track + share_path + 0.55 * share_slash
            f[FYNBOS_LOW] += 0.45 * share_slash
            f[GUM] += share_gum
            f[WATTLE] += share_wattle
            f[PINE] += share_pine
            if farm > 0.0:
                f[CROP] += share_farm * crop / (crop + tilled)
                f[BARE] += share_farm * tilled / (crop + tilled)
            for k in range(COMPONENTS):
                f[k] = max(f[k], 0.0)
                if f[k] < 0.01:
                    f[k] = 0.0
                total += f[k]
            for k in range(COMPONENTS):
                fractions[k, r, c] = f[k] / total
            stand[r, c] = 2.0 * squash(vary) - 1.0


def warped_layers(
    landscape: Landscape, window: Window
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Sample the coarse landscape on the pixels of a window.

    One warp bends streams, shores and field edges together, so that nothing runs straight.

    Returns
    -------
    rows, columns : float32 arrays (height, width)
        Warped positions in pixels.
    layers : float32 array (layer, height, width)
    """
    seed = landscape.seed
    at = (window.row, window.column, window.height, window.width)
    rows = np.arange(window.row, window.row + window.height, dtype=np.float32)[:, None]
    columns = np.arange(window.column, window.column + window.width, dtype=np.float32)[None, :]
    rows = rows + np.float32(4.2) * gradient_noise(*at, 41.0, seed + 201)
    rows += np.float32(1.3) * gradient_noise(*at, 13.0, seed + 202)
    columns = columns + np.float32(4.2) * gradient_noise(*at, 41.0, seed + 203)
    columns += np.float32(1.3) * gradient_noise(*at, 13.0, seed + 204)
    return rows, columns, sample_layers(landscape.layers, *cells_of(landscape, rows, columns))


def cells_of(
    landscape: Landscape, rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Turn positions in pixels into positions in cells of the coarse landscape."""
    per_cell = np.float32(PIXEL / landscape.grid.cell)
    offset = np.float32(landscape.margin - 0.5 + 0.5 * PIXEL / landscape.grid.cell)
    return rows * per_cell + offset, columns * per_cell + offset


def ground_at(landscape: Landscape, window: Window, year: float, level: float) -> Ground:
    """Compose the land cover of a window on a date.

    Parameters
    ----------
    landscape : Landscape
    window : Window
        In 10 m pixels of the landscape's grid; any block gives the pixels that the whole would.
    year : float
        Date as a decimal year: pines spread, a stand is felled, veld burns and recovers.
    level : float
        How far dams stand below full, in metres.
    """
    seed = landscape.seed
    at = (window.row, window.column, window.height, window.width)
    rows, columns, layers = warped_layers(landscape, window)
    fine = gradient_noise(*at, 2.7, seed + 211)
    mid = fractal_noise(*at, 11.0, 2, seed + 212)
    fractions = np.empty((COMPONENTS, window.height, window.width), np.float32)
    stand = np.empty((window.height, window.width), np.float32)
    _compose(
        layers,
        rows,
        columns,
        fractal_noise(*at, 38.0, 2, seed + 213),
        mid,
        fine,
        fractal_noise(*at, 24.0, 3, seed + 214),
        window.row,
        window.column,
        year,
        level,
        seed,
        fractions,
        stand,
    )
    # gullies and outcrops too small for the coarse cells, only where the ground is rough
    rough = np.clip((layers[_E] - 240) / 500, 0, 1).astype(np.float32)
    dry = (layers[_WATER] < 0).astype(np.float32)
    elevation = layers[_E] + rough * dry * (np.float32(3.2) * mid + np.float32(0.25) * fine)
    return Ground(fractions, elevation.astype(np.float32), stand, layers[_TR])
