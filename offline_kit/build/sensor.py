"""From reflectance at the ground to the numbers in the files."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .bands import BANDS
from .noise import normal4

NODATA = 0
SCALE = 0.0001
AROUND = 8  # 60 m cells: light comes from up to 500 m away
HALO = 6 * (AROUND + 1)  # pixels that a window needs around it
NOISE_DN = (5, 5, 5, 5, 6, 7, 7, 6, 7, 10, 6, 6)  # one standard deviation at native pixels


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def block_mean(a: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Mean of blocks of `factor` x `factor` pixels, added in a fixed order."""
    h, w = a.shape[0] // factor, a.shape[1] // factor
    out = np.empty((h, w), np.float32)
    for r in range(h):
        for c in range(w):
            s = 0.0
            for j in range(factor):
                for i in range(factor):
                    s += a[r * factor + j, c * factor + i]
            out[r, c] = s / (factor * factor)
    return out


@njit(cache=True, nogil=True)
def _spread(a: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Mean over a square of 2 radius + 1 pixels, clamped at the edges."""
    h, w = a.shape
    out = np.empty_like(a)
    for r in range(h):
        for c in range(w):
            s, n = 0.0, 0
            for j in range(max(r - radius, 0), min(r + radius + 1, h)):
                for i in range(max(c - radius, 0), min(c + radius + 1, w)):
                    s += a[j, i]
                    n += 1
            out[r, c] = s / n
    return out


@njit(cache=True, nogil=True)
def _add_noise(
    a: NDArray[np.float32], row: int, column: int, sigma: float, seed: int
) -> NDArray[np.float32]:
    out = np.empty_like(a)
    for r in range(a.shape[0]):
        for c in range(a.shape[1]):
            out[r, c] = a[r, c] + sigma * normal4(column + c, row + r, seed)[0]
    return out


@njit(cache=True, nogil=True)
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
    reflectance : float32 array (band, height, width)
        At 10 m, with a rim of `HALO` pixels on all sides that is not returned.
    row, column : int
        Grid position of the first pixel inside the rim; both divide by 6.
    seed : int
        Of the scene.

    Returns
    -------
    list of float32 arrays (rows, columns), one for each band, without the rim.
    """
    seen = []
    for index, band in enumerate(BANDS):
        at_10m = reflectance[index]
        around = _spread(block_mean(at_10m, 6), AROUND)
        around = np.repeat(np.repeat(around, 6, 0), 6, 1)
        share = np.float32(band.adjacency)
        mixed = (np.float32(1) - share) * at_10m + share * around
        factor = band.pixel // 10
        native = block_mean(mixed, factor) if factor > 1 else mixed
        rim = HALO // factor
        native = _blur(native)[rim:-rim, rim:-rim]
        sigma = NOISE_DN[index] * SCALE
        at = (row // factor, column // factor)
        seen.append(_add_noise(native, *at, sigma, seed + 7 * index))
    return seen
