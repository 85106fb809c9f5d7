"""Reflectance of mixed pixels from the committed table of spectra."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .bands import BAND_FILES
from .landcover import COMPONENTS, Ground, Window
from .noise import gradient_noise, hash64, normal4

TABLE = Path(__file__).with_name("spectra.csv")
MODES = 4
# how strongly spectra vary within stands and between pixels, in standard deviations of the canopies
LOCAL, PIXEL = 0.20, 0.07
# how strongly sites differ, in log reflectance: neighbouring bands together, parts of the spectrum
# apart (columns: visible, its tilt, red edge, its shoulder, near infrared, B11 and B12, B12 alone)
SITES = np.array(
    [
        [0.100, -0.027, 0.000, 0.000, 0.000, 0.000, 0.000],  # B01
        [0.100, -0.019, 0.000, 0.000, 0.000, 0.000, 0.000],  # B02
        [0.100, 0.000, 0.015, 0.000, 0.000, 0.000, 0.000],  # B03
        [0.100, 0.023, 0.031, 0.000, 0.000, 0.000, 0.000],  # B04
        [0.031, 0.000, 0.107, 0.000, 0.000, 0.000, 0.000],  # B05
        [0.000, 0.000, 0.046, 0.068, 0.068, 0.000, 0.000],  # B06
        [0.000, 0.000, 0.000, 0.039, 0.107, 0.000, 0.000],  # B07
        [0.000, 0.000, 0.000, 0.000, 0.122, 0.000, 0.000],  # B08
        [0.000, 0.000, 0.000, -0.023, 0.122, 0.000, 0.000],  # B8A
        [0.000, 0.000, 0.000, -0.031, 0.115, 0.000, 0.000],  # B09
        [0.000, 0.000, 0.000, 0.000, 0.031, 0.122, 0.000],  # B11
        [0.000, 0.000, 0.000, 0.000, 0.000, 0.100, 0.084],  # B12
    ]
)


@cache
def spectra_table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read what a build needs of the table that `make_spectra.py` wrote.

    Returns
    -------
    medians : float64 array (component, band)
        Reflectance of the ground itself; what is seen of it holds light from the surroundings too.
    modes : float64 array (component, mode, band)
        Principal components of log reflectance, each scaled by its standard deviation.
    """
    medians = np.zeros((COMPONENTS, len(BAND_FILES)))
    modes = np.zeros((COMPONENTS, MODES, len(BAND_FILES)))
    for code, kind, values in _rows():
        if kind == "median":
            medians[code] = values
        elif kind != "published":
            modes[code, int(kind[2:]) - 1] = values
    return medians, modes


def published_medians() -> NDArray[np.float64]:
    """Return the medians that were measured through the air, (component, band): what to reach."""
    return np.array([values for _, kind, values in _rows() if kind == "published"])


def _rows() -> Iterator[tuple[int, str, list[float]]]:
    """Yield code, kind and reflectances of each row of the table, which is in order of code."""
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            yield int(row["code"]), row["row"], [float(row[name]) for name in BAND_FILES]


@njit(cache=True, nogil=True)
def _mix(
    fractions: NDArray[np.float32],
    stand: NDArray[np.float32],
    site: NDArray[np.float32],
    local: NDArray[np.float32],
    medians: NDArray[np.float64],
    modes: NDArray[np.float64],
    row0: int,
    column0: int,
    seed: int,
    date_seed: int,
    out: NDArray[np.float32],
) -> None:
    components, h, w = fractions.shape
    bands = medians.shape[1]
    n_modes = modes.shape[1]
    sums = np.empty(bands)
    z = np.empty(n_modes)
    shift = np.empty(bands)
    for r in range(h):
        for c in range(w):
            pixel = normal4(column0 + c, row0 + r, seed + 301)
            dated = normal4(column0 + c, row0 + r, date_seed)
            for m in range(n_modes):
                own = 0.85 * pixel[m] + 0.53 * dated[m]
                z[m] = LOCAL * local[m, r, c] + PIXEL * own
            z[0] += 0.45 * stand[r, c]
            z[1] -= 0.35 * stand[r, c]
            for b in range(bands):
                shift[b] = 0.0
                for n in range(SITES.shape[1]):
                    shift[b] += SITES[b, n] * site[n, r, c]
            sums[:] = 0.0
            for k in range(components):
                f = fractions[k, r, c]
                if f <= 0.0:
                    continue
                signs = hash64(k, 0, seed + 302)
                for b in range(bands):
                    u = shift[b]
                    for m in range(n_modes):
                        s = 1.0 if (signs >> m) & 1 else -1.0
                        u += s * z[m] * modes[k, m, b]
                    # exp(u) to second order: positive, and the median stays the median
                    sums[b] += f * medians[k, b] * (1.0 + u + 0.5 * u * u)
            for b in range(bands):
                out[b, r, c] = sums[b]


def reflectance_of(
    ground: Ground, window: Window, seed: int, date_seed: int
) -> NDArray[np.float32]:
    """Return the reflectance of flat, lit ground, (band, height, width).

    A pixel is the area-weighted mean of its components. Each component varies about its median
    along the four modes of its PROSAIL spectra: from stand to stand, within stands (70 m) and from
    pixel to pixel, part of the last anew on each date. Sites (400 m) differ besides, as no two
    hillsides have quite the same species, soil and season: what a classifier learns at one place is
    therefore worth less at another.

    Parameters
    ----------
    ground : Ground
    window : Window
    seed : int
        Of the landscape.
    date_seed : int
        Of the scene.
    """
    medians, modes = spectra_table()
    at = (window.row, window.column, window.height, window.width)
    site = np.stack([gradient_noise(*at, 40.0, seed + 341 + n) for n in range(SITES.shape[1])])
    local = np.stack([gradient_noise(*at, 7.0, seed + 321 + m) for m in range(MODES)])
    out = np.empty((len(BAND_FILES), window.height, window.width), np.float32)
    _mix(
        ground.fractions, ground.stand, site, local, medians, modes,
        window.row, window.column, seed, date_seed, out,
    )  # fmt: skip
    return out
