"""Reflectance of mixed pixels from the committed table of spectra."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.bands import BAND_FILES
from offline_kit.build.grid import Window
from offline_kit.build.kernels import inlined, kernel
from offline_kit.build.landcover import (
    BARE,
    COMPONENTS,
    CROP,
    FYNBOS_HIGH,
    FYNBOS_LOW,
    PINE,
    WETLAND,
    Ground,
)
from offline_kit.build.noise import gradient_noise, hash64, normal4

TABLE = Path(__file__).with_name("spectra.csv")
BANDS = len(BAND_FILES)
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
).T.copy()  # (part of the spectrum, band)

# how stands of pines differ, in log reflectance for each step of species, age and browning: P.
# radiata is greener and closer than P. pinaster, old crowns shade each other, and browned needles
# have lost chlorophyll and water; plausible, not measured
PINE_STANDS = np.array(
    [
        #  B01    B02    B03    B04    B05    B06    B07    B08    B8A    B09    B11    B12
        [-0.02, -0.03, -0.02, -0.06, -0.03, 0.03, 0.05, 0.06, 0.06, 0.06, -0.05, -0.08],
        [-0.03, -0.03, -0.04, -0.03, -0.04, -0.05, -0.06, -0.06, -0.06, -0.06, -0.05, -0.05],
        [0.05, 0.08, 0.08, 0.28, 0.16, 0.00, -0.08, -0.12, -0.12, -0.12, 0.18, 0.30],
    ]
)

# what the height of summer does to shrubs and grass, and how much of it to each class: less
# chlorophyll, less water; plausible, not measured. Trees reach water and stay as they are.
DRY = np.array([1.06, 1.07, 1.08, 1.22, 1.15, 1.00, 0.96, 0.95, 0.96, 0.97, 1.12, 1.20])
DRIES = {FYNBOS_LOW: 1.0, FYNBOS_HIGH: 0.6, WETLAND: 1.0, CROP: 0.5, BARE: 0.2}


@cache
def spectra_table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read what a build needs of the table that `make_spectra.py` wrote.

    Returns
    -------
    medians
        float64 (component, band); reflectance of the ground itself; what is seen of it holds light
        from the surroundings too.
    modes
        float64 (component, mode, band); principal components of log reflectance, each scaled by its
        standard deviation.
    """
    medians = np.zeros((COMPONENTS, BANDS))
    modes = np.zeros((COMPONENTS, MODES, BANDS))
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


@inlined
def _deviation(
    pixel: tuple[float, float, float, float],
    dated: tuple[float, float, float, float],
    local: NDArray[np.float32],
    stand: float,
    z: NDArray[np.float64],
) -> None:
    """Fill `z` with how far a pixel stands from its components' medians along each mode."""
    for m in range(MODES):
        z[m] = LOCAL * local[m] + PIXEL * (0.85 * pixel[m] + 0.53 * dated[m])
    z[0] += 0.45 * stand
    z[1] -= 0.35 * stand


@kernel
def _mix(
    ground: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    site: NDArray[np.float32],
    local: NDArray[np.float32],
    table: tuple[NDArray[np.float64], NDArray[np.float64]],
    window: Window,
    seeds: tuple[int, int],
) -> NDArray[np.float32]:
    """Mix the spectra of each pixel's components; `seeds` of the landscape and of the date."""
    fractions, stand, pines = ground
    medians, modes = table
    components, h, w = fractions.shape
    out = np.empty((BANDS, h, w), np.float32)
    z, shift, u, sums = np.empty(MODES), np.empty(BANDS), np.empty(BANDS), np.empty(BANDS)
    for r in range(h):
        for c in range(w):
            row, column = window.row + r, window.column + c
            pixel, dated = normal4(column, row, seeds[0] + 301), normal4(column, row, seeds[1])
            _deviation(pixel, dated, local[:, r, c], stand[r, c], z)
            shift[:] = 0.0
            for n in range(SITES.shape[0]):
                for b in range(BANDS):
                    shift[b] += SITES[n, b] * site[n, r, c]
            sums[:] = 0.0
            for k in range(components):
                f = fractions[k, r, c]
                if f <= 0.0:
                    continue
                u[:] = shift
                if k == PINE:
                    for n in range(PINE_STANDS.shape[0]):
                        for b in range(BANDS):
                            u[b] += PINE_STANDS[n, b] * pines[n, r, c]
                for m in range(MODES):
                    for b in range(BANDS):
                        u[b] += z[m] * modes[k, m, b]
                for b in range(BANDS):
                    # exp(u) to second order: positive, and the median stays the median
                    sums[b] += f * medians[k, b] * (1.0 + u[b] + 0.5 * u[b] * u[b])
            for b in range(BANDS):
                out[b, r, c] = sums[b]
    return out


def reflectance_of(
    ground: Ground, window: Window, seed: int, date_seed: int, dry: float = 0.0
) -> NDArray[np.float32]:
    """Return the reflectance of flat, lit ground, (band, height, width).

    A pixel is the area-weighted mean of its components. Each component varies about its median
    along the four modes of its PROSAIL spectra: from stand to stand, within stands (70 m) and from
    pixel to pixel, part of the last anew on each date. Sites (400 m) differ besides, as no two
    hillsides have quite the same species, soil and season: what a classifier learns at one place is
    therefore worth less at another.

    Parameters
    ----------
    ground
    window
    seed
        Of the landscape.
    date_seed
        Of the scene.
    dry
        From `season.dryness`.
    """
    medians, modes = spectra_table()
    dries = np.array([DRIES.get(k, 0.0) for k in range(COMPONENTS)])
    medians = medians * (1.0 + dry * dries[:, None] * (DRY - 1.0))
    # each component follows the shared noise along its modes in directions of its own
    signs = [
        [1.0 if (hash64(k, 0, seed + 302) >> m) & 1 else -1.0 for m in range(MODES)]
        for k in range(COMPONENTS)
    ]
    table = (medians, modes * np.array(signs)[:, :, None])
    site = np.stack([gradient_noise(*window, 40.0, seed + 341 + n) for n in range(len(SITES))])
    local = np.stack([gradient_noise(*window, 7.0, seed + 321 + m) for m in range(MODES)])
    of_ground = (ground.fractions, ground.stand, ground.pines)
    return _mix(of_ground, site, local, table, window, (seed, date_seed))
