"""Clouds of a date and their shadows."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .filters import ramp
from .grid import PIXEL, Grid
from .landcover import Window
from .light import Sun
from .noise import fractal_noise

CLOUD_BASE_M = 1900  # above the ground: shadows lie about two kilometres away from the sun
WAVELENGTH, OCTAVES, GAIN = 420.0, 6, 0.56
BILLOWS = 4  # octaves of the relief of cloud tops


def _field(
    row: int, column: int, height: int, width: int, seed: int, octaves: int = OCTAVES
) -> NDArray[np.float32]:
    return fractal_noise(row, column, height, width, WAVELENGTH, octaves, seed, GAIN)


def cloud_threshold(grid: Grid, cover: float, seed: int) -> float:
    """Return the level of the cloud field that a share `cover` of the grid exceeds."""
    if cover <= 0:
        return float("inf")
    rows = range(0, grid.height, max(12, grid.height // 60))
    values = np.concatenate([_field(r, 0, 1, grid.width, seed)[0, ::12] for r in rows])
    values.sort()
    return float(values[int((1 - cover) * (values.size - 1))])


@njit(cache=True)
def _thickness(field: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    out = np.empty_like(field)
    for r in range(field.shape[0]):
        for c in range(field.shape[1]):
            out[r, c] = ramp(field[r, c], threshold - 0.10, threshold + 0.26)
    return out


def clouds_over(
    window: Window, sun: Sun, threshold: float, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Thickness of cloud, darkness of cloud shadow (0 to 1) and brightness of the cloud tops.

    Each is a float32 array (height, width).

    Parameters
    ----------
    window : Window
    sun : Sun
        Shadows fall away from it by the height of the cloud base times tan(zenith).
    threshold : float
        From `cloud_threshold`; infinite on a clear date.
    seed : int
        Of the scene's clouds.
    """
    if threshold == float("inf"):
        clear = np.zeros((window.height, window.width), np.float32)
        return clear, clear, clear
    east, north, up = sun.vector
    columns = round(CLOUD_BASE_M * east / up / PIXEL)
    rows = round(-CLOUD_BASE_M * north / up / PIXEL)
    size = (window.height, window.width, seed)
    field = _field(window.row, window.column, *size)
    # billows: thick parts are brighter, and so are the sides that face the sun
    towards_sun = (window.row - round(9 * north), window.column + round(9 * east))
    top = _field(window.row, window.column, *size, BILLOWS)
    lit = top - _field(*towards_sun, *size, BILLOWS)
    bright = np.clip(
        np.float32(0.80) + np.float32(0.16) * (top - np.float32(threshold)) + np.float32(0.7) * lit,
        0.45,
        1.2,
    ).astype(np.float32)
    cloud = _thickness(field, threshold)
    shade = _thickness(_field(window.row + rows, window.column + columns, *size), threshold)
    return cloud, shade, bright
