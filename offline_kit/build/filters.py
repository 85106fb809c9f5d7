"""Small filters whose order of additions is fixed, so that every machine rounds alike."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, inline="always")
def squash(u: float) -> float:
    """Map a number smoothly and monotonically to (0, 1); 0 maps to 0.5, slope 0.5 there."""
    return 0.5 + 0.5 * u / np.sqrt(1.0 + u * u)


@njit(cache=True, inline="always")
def ramp(value: float, low: float, high: float) -> float:
    """Rise from 0 at `low` to 1 at `high` with smooth ends."""
    t = (value - low) / (high - low)
    if t <= 0.0:
        return 0.0
    if t >= 1.0:
        return 1.0
    return t * t * (3.0 - 2.0 * t)


@njit(cache=True, inline="always")
def exponential(u: float) -> float:
    """Approximate exp(u) as (1 + u/1024)^1024, with a defined last bit; relative error u²/2048."""
    if u < -30.0:
        return 0.0
    v = 1.0 + u / 1024.0
    for _ in range(10):
        v = v * v
    return v


@njit(cache=True, nogil=True)
def _box_rows(a: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    h, w = a.shape
    out = np.empty_like(a)
    n = 2 * radius + 1
    for r in range(h):
        s = 0.0
        for c in range(-radius, radius + 1):
            s += a[r, min(max(c, 0), w - 1)]
        for c in range(w):
            out[r, c] = s / n
            s += a[r, min(c + radius + 1, w - 1)]
            s -= a[r, max(c - radius, 0)]
    return out


def smooth(field: NDArray, radius: float, passes: int = 3) -> NDArray[np.float32]:
    """Blur with repeated box filters, close to a Gaussian of standard deviation `radius` cells.

    Parameters
    ----------
    field : array (rows, columns)
    radius : float
        Standard deviation of the equivalent Gaussian in cells.
    passes : int
        Number of box filters; three are nearly Gaussian.

    Returns
    -------
    float32 array (rows, columns)
    """
    half = max(1, round((((12 * radius**2) / passes + 1) ** 0.5 - 1) / 2))
    out = np.ascontiguousarray(field, dtype=np.float32)
    for _ in range(passes):
        out = _box_rows(out, half)
        out = _box_rows(np.ascontiguousarray(out.T), half)
        out = np.ascontiguousarray(out.T)
    return out


@njit(cache=True, inline="always")
def _spline_weights(t: float) -> tuple[float, float, float, float]:
    u = 1.0 - t
    return (
        u * u * u / 6.0,
        (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
        (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0,
        t * t * t / 6.0,
    )


@njit(cache=True, nogil=True)
def sample_layers(
    layers: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Sample coarse layers at fractional cell positions with a cubic B-spline.

    Parameters
    ----------
    layers : float32 array (rows, columns, layers)
    rows, columns : float32 arrays (height, width)
        Fractional cell indices (0 = centre of the first cell); clamped at the edges.

    Returns
    -------
    float32 array (layers, height, width)
    """
    ny, nx, n = layers.shape
    h, w = rows.shape
    out = np.empty((n, h, w), np.float32)
    acc = np.empty(n, np.float64)
    for r in range(h):
        for c in range(w):
            y = min(max(float(rows[r, c]), 1.0), ny - 2.001)
            x = min(max(float(columns[r, c]), 1.0), nx - 2.001)
            j = int(y)
            i = int(x)
            wy = _spline_weights(y - j)
            wx = _spline_weights(x - i)
            acc[:] = 0.0
            for dj in range(4):
                jj = min(j - 1 + dj, ny - 1)
                for di in range(4):
                    ii = min(i - 1 + di, nx - 1)
                    k = wy[dj] * wx[di]
                    for m in range(n):
                        acc[m] += k * layers[jj, ii, m]
            for m in range(n):
                out[m, r, c] = acc[m]
    return out
