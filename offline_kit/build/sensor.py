"""From reflectance at the ground to the numbers in the files."""

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.bands import BANDS
from offline_kit.build.filters import block_mean
from offline_kit.build.grid import PIXEL
from offline_kit.build.kernels import kernel
from offline_kit.build.noise import normal4

NODATA = 0
SCALE = 0.0001
CELL = 6  # pixels along a cell of 60 m
AROUND = 8  # cells: light comes from up to 500 m away
HALO = CELL * (AROUND + 1)  # pixels that a window needs around it
NOISE_DN = (5, 5, 5, 5, 6, 7, 7, 6, 7, 10, 6, 6)  # one standard deviation at native pixels


@kernel
def _blur(a: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gaussian of 0.45 pixels: weights exp(-x²/(2·0.45²)) to three pixels wide, rounded."""
    h, w = a.shape
    side, middle = 0.0727, 0.8546
    t = np.empty_like(a)
    out = np.empty_like(a)
    for r in range(h):
        for c in range(w):
            t[r, c] = middle * a[r, c] + side * (a[r, max(c - 1, 0)] + a[r, min(c + 1, w - 1)])
    for r in range(h):
        for c in range(w):
            out[r, c] = middle * t[r, c] + side * (t[max(r - 1, 0), c] + t[min(r + 1, h - 1), c])
    return out


@kernel
def _surroundings(a: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over the square of cells within `AROUND`, cut off at the edges.

    The sums are kept running. Sums of so few float32 (above 1e-6) are exact in float64, so that the
    order of additions does not matter.
    """
    h, w = a.shape
    out = np.empty_like(a)
    column = np.zeros(w)  # sum of each column over the rows of the square
    for r in range(-AROUND, h):
        for c in range(w):
            if r + AROUND < h:
                column[c] += a[r + AROUND, c]
            if r - AROUND > 0:
                column[c] -= a[r - AROUND - 1, c]
        if r < 0:
            continue
        rows = min(r + AROUND, h - 1) - max(r - AROUND, 0) + 1
        total = 0.0
        for c in range(-AROUND, w):
            if c + AROUND < w:
                total += column[c + AROUND]
            if c - AROUND > 0:
                total -= column[c - AROUND - 1]
            if c >= 0:
                columns = min(c + AROUND, w - 1) - max(c - AROUND, 0) + 1
                out[r, c] = total / (rows * columns)
    return out


@kernel
def _mix_in(
    at_10m: NDArray[np.float32], around: NDArray[np.float32], share: np.float32
) -> NDArray[np.float32]:
    """Mix light from the surroundings into a window; a rim of one 60 m cell is left of its halo."""
    rim = HALO - CELL
    h, w = at_10m.shape[0] - 2 * rim, at_10m.shape[1] - 2 * rim
    out = np.empty((h, w), np.float32)
    own = np.float32(1) - share
    for r in range(h):
        for c in range(w):
            there = around[(r + rim) // CELL, (c + rim) // CELL]
            out[r, c] = own * at_10m[r + rim, c + rim] + share * there
    return out


@kernel
def _add_noise(
    a: NDArray[np.float32], row: int, column: int, sigma: float, seed: int
) -> NDArray[np.float32]:
    out = np.empty_like(a)
    for r in range(a.shape[0]):
        for c in range(a.shape[1]):
            out[r, c] = a[r, c] + sigma * normal4(column + c, row + r, seed)[0]
    return out


@kernel
def to_dn(reflectance: NDArray[np.float32], offset: int) -> NDArray[np.uint16]:
    """Write reflectance as digital numbers: reflectance / 0.0001 + offset, at least 1."""
    out = np.empty(reflectance.shape, np.uint16)
    for r in range(reflectance.shape[0]):
        for c in range(reflectance.shape[1]):
            value = np.floor(float(reflectance[r, c]) * 10000.0 + 0.5) + offset
            out[r, c] = min(max(value, 1.0), 32767.0)
    return out


def observe(
    reflectance: NDArray[np.float32], row: int, column: int, seed: int
) -> list[NDArray[np.float32]]:
    """Return what the sensor sees of a window: every band at its native pixel.

    Light from the surroundings (adjacency) and the point spread blur the ground; then each band is
    averaged to its native pixel and gets the sensor's noise.

    Parameters
    ----------
    reflectance
        float32 (band, height, width) at 10 m, with a rim of `HALO` pixels on all sides that is not
        returned.
    row, column
        Grid position of the first pixel inside the rim; both divide by 6.
    seed
        Of the scene.

    Returns
    -------
    list
        For each band float32 (rows, columns), without the rim.
    """
    seen = []
    for index, band in enumerate(BANDS):
        around = _surroundings(block_mean(reflectance[index], CELL))
        mixed = _mix_in(reflectance[index], around, np.float32(band.adjacency))
        factor = band.pixel // PIXEL
        native = block_mean(mixed, factor) if factor > 1 else mixed
        rim = CELL // factor
        native = _blur(native)[rim:-rim, rim:-rim]
        sigma = NOISE_DN[index] * SCALE
        at = (row // factor, column // factor)
        seen.append(_add_noise(native, *at, sigma, seed + 7 * index))
    return seen
