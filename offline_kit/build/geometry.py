"""Where a scene lies: a little beside the ground, and a little beside the scenes of other dates.

Published for Sentinel-2 (95 % of cases): 11 m from the ground and 12 m from date to date before the
Global Reference Image came into use over Europe and Africa on 30 March 2021, 8 m and 5 m since. A
part that is the same on all dates of a place and one that is new on each give both figures.
"""

import math

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.grid import PIXEL
from offline_kit.build.kernels import inlined, kernel
from offline_kit.build.passes import Pass

REFINED = "2021-03-30"
WITHIN_95 = math.sqrt(-2 * math.log(0.05))  # standard deviations along an axis: a circle of 95 %
BETWEEN_M = {"before": 12.0, "since": 5.0}
ABSOLUTE_M = 8.0
DARKEST = 0.0005  # cubic convolution overshoots beside bright pixels
RIM = 6  # pixels that `displaced` takes off on each side


def _sigmas(date: str) -> tuple[float, float]:
    """Return the standard deviations along an axis of the steady and of the dated part, metres."""
    dated = {age: m / WITHIN_95 / math.sqrt(2) for age, m in BETWEEN_M.items()}
    steady = math.sqrt((ABSOLUTE_M / WITHIN_95) ** 2 - dated["since"] ** 2)
    return steady, dated["since" if date >= REFINED else "before"]


def displacement(satellite_pass: Pass, seed: int) -> tuple[float, float]:
    """Return how far to the east and to the north of its place a scene shows the ground, metres.

    Parameters
    ----------
    satellite_pass
    seed
        Of the landscape.
    """
    steady, dated = _sigmas(satellite_pass.date)
    of_place = np.random.Generator(np.random.PCG64(seed + 601)).random((12, 2)).sum(axis=0) - 6
    own = np.random.Generator(np.random.PCG64((satellite_pass.seed + seed + 602) % 2**32))
    of_date = own.random((12, 2)).sum(axis=0) - 6
    east, north = (round(float(m), 2) for m in steady * of_place + dated * of_date)
    return east, north


@inlined
def _weights(t: float) -> tuple[float, float, float, float]:
    """Return the weights of cubic convolution (Keys 1981) for a place between two pixels."""
    return (
        0.5 * t * (t * (2.0 - t) - 1.0),
        0.5 * (t * t * (3.0 * t - 5.0) + 2.0),
        0.5 * t * (t * (4.0 - 3.0 * t) + 1.0),
        0.5 * t * t * (t - 1.0),
    )


@kernel
def _displaced(
    band: NDArray[np.float32], down: float, right: float, out: NDArray[np.float32]
) -> None:
    h, w = out.shape
    j, i = int(np.floor(-down)), int(np.floor(-right))
    wy, wx = _weights(-down - j), _weights(-right - i)
    lines = np.empty((h + 3, w))  # moved to the east, which the four rows around a pixel share
    for r in range(h + 3):
        for c in range(w):
            line = 0.0
            for di in range(4):
                line += wx[di] * band[r + RIM + j - 1, c + RIM + i + di - 1]
            lines[r, c] = line
    for r in range(h):
        for c in range(w):
            total = 0.0
            for dj in range(4):
                total += wy[dj] * lines[r + dj, c]
            out[r, c] = max(total, DARKEST)


def displaced(
    reflectance: NDArray[np.float32], displacement: tuple[float, float]
) -> NDArray[np.float32]:
    """Show the ground beside its place; a rim of `RIM` pixels is lost.

    Parameters
    ----------
    reflectance
        float32 (band, height, width) at 10 m.
    displacement
        To the east and to the north, in metres; up to 30.
    """
    east, north = displacement
    out = np.empty_like(reflectance[:, RIM:-RIM, RIM:-RIM], order="C")
    for band, moved in zip(reflectance, out, strict=True):
        _displaced(band, -north / PIXEL, east / PIXEL, moved)
    return out
