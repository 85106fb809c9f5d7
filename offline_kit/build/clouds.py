"""Clouds of a date and their shadows."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.filters import ramp
from offline_kit.build.grid import PIXEL, Grid, Window
from offline_kit.build.kernels import kernel
from offline_kit.build.light import Sun
from offline_kit.build.noise import fractal_noise, streaks

CLOUD_BASE_M = 1900  # above the ground: shadows lie about two kilometres away from the sun
WAVELENGTH, OCTAVES, GAIN = 420.0, 6, 0.56
SOFT = (0.10, 0.26)  # below and above the threshold: where a cloud begins, where it is thick
BILLOWS = 4  # octaves of the relief of cloud tops
REFLECTANCE = np.array(  # of thick cloud, band by band
    [0.66, 0.65, 0.63, 0.64, 0.65, 0.66, 0.67, 0.68, 0.68, 0.60, 0.48, 0.36], np.float32
)

CIRRUS = np.array(  # of ice cloud, which absorbs in the shortwave infrared
    [0.66, 0.65, 0.63, 0.64, 0.65, 0.66, 0.67, 0.68, 0.68, 0.55, 0.33, 0.24], np.float32
)
CIRRUS_M, WIND = (14_000, 2_300), (0.8, -0.6)  # length and distance of streaks; to the north-east
THICKEST = np.float32(0.11)  # share of the light that thin cirrus scatters


def _field(window: Window, seed: int, octaves: int = OCTAVES) -> NDArray[np.float32]:
    return fractal_noise(*window, WAVELENGTH, octaves, seed, GAIN)


def _cirrus_field(window: Window, seed: int) -> NDArray[np.float32]:
    lengths = (CIRRUS_M[0] / PIXEL, CIRRUS_M[1] / PIXEL)
    return streaks(*window, lengths, WIND, OCTAVES, seed)


def _exceeded(
    grid: Grid, cover: float, field: Callable[[Window, int], NDArray[np.float32]], seed: int
) -> float:
    """Return the level that a share `cover` of the grid exceeds; infinite for none of it."""
    if cover <= 0:
        return float("inf")
    rows = range(0, grid.height, max(12, grid.height // 60))
    values = np.concatenate([field(Window(r, 0, 1, grid.width), seed)[0, ::12] for r in rows])
    values.sort()
    return float(values[int((1 - cover) * (values.size - 1))])


def cloud_threshold(grid: Grid, cover: float, seed: int) -> float:
    """Return the level of the cloud field that a share `cover` of the grid exceeds."""
    return _exceeded(grid, cover, _field, seed)


def cirrus_threshold(grid: Grid, cover: float, seed: int) -> float:
    """Return the level of the cirrus field that a share `cover` of the grid exceeds."""
    return _exceeded(grid, cover, _cirrus_field, seed)


def cirrus_over(window: Window, threshold: float, seed: int) -> NDArray[np.float32]:
    """Return how much of the light thin cirrus scatters, float32 (height, width).

    It lets the ground through and throws no shadow that could be seen.

    Parameters
    ----------
    window
    threshold
        From `cirrus_threshold`; infinite on a date without.
    seed
        Of the scene's cirrus.
    """
    if threshold == float("inf"):
        return np.zeros((window.height, window.width), np.float32)
    return THICKEST * _thickness(_cirrus_field(window, seed), threshold, 0.0, 1.4)


@kernel
def _thickness(
    field: NDArray[np.float32], threshold: float, below: float, above: float
) -> NDArray[np.float32]:
    out = np.empty_like(field)
    for r in range(field.shape[0]):
        for c in range(field.shape[1]):
            out[r, c] = ramp(field[r, c], threshold - below, threshold + above)
    return out


def clouds_over(
    window: Window, sun: Sun, threshold: float, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Thickness of cloud, darkness of cloud shadow (0 to 1) and brightness of the cloud tops.

    Each is a float32 array (height, width).

    Parameters
    ----------
    window
    sun
        Shadows fall away from it by the height of the cloud base times tan(zenith).
    threshold
        From `cloud_threshold`; infinite on a clear date.
    seed
        Of the scene's clouds.
    """
    if threshold == float("inf"):
        clear = np.zeros((window.height, window.width), np.float32)
        return clear, clear, clear
    east, north, up = sun.vector
    columns = round(CLOUD_BASE_M * east / up / PIXEL)
    rows = round(-CLOUD_BASE_M * north / up / PIXEL)
    field = _field(window, seed)
    # billows: thick parts are brighter, and so are the sides that face the sun
    top = _field(window, seed, BILLOWS)
    lit = top - _field(window.moved(-round(9 * north), round(9 * east)), seed, BILLOWS)
    bright = np.clip(
        np.float32(0.80) + np.float32(0.16) * (top - np.float32(threshold)) + np.float32(0.7) * lit,
        0.45,
        1.2,
    ).astype(np.float32)
    cloud = _thickness(field, threshold, *SOFT)
    shade = _thickness(_field(window.moved(rows, columns), seed), threshold, *SOFT)
    return cloud, shade, bright


@kernel
def _put_clouds_over(
    band: NDArray[np.float32],
    cloud: NDArray[np.float32],
    bright: NDArray[np.float32],
    reflectance: np.float32,
) -> None:
    for r in range(band.shape[0]):
        for c in range(band.shape[1]):
            band[r, c] += cloud[r, c] * (reflectance * bright[r, c] - band[r, c])


def put_clouds_over(
    reflectance: NDArray[np.float32],
    cloud: NDArray[np.float32],
    bright: NDArray[np.float32],
    of_clouds: NDArray[np.float32] = REFLECTANCE,
) -> None:
    """Cover the ground with clouds, in place.

    Parameters
    ----------
    reflectance
        float32 (band, height, width).
    cloud, bright
        float32 (height, width), from `clouds_over`; cirrus is alike bright everywhere.
    of_clouds
        float32 (band,); reflectance of the cloud itself, or `CIRRUS`.
    """
    for values, of_cloud in zip(reflectance, of_clouds, strict=True):
        _put_clouds_over(values, cloud, bright, of_cloud)
