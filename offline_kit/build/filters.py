"""Small filters whose order of additions is fixed, so that every machine rounds alike."""

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.kernels import inlined, kernel


@inlined
def squash(u: float) -> float:
    """Map a number smoothly and monotonically to (0, 1); 0 maps to 0.5, slope 0.5 there."""
    return 0.5 + 0.5 * u / np.sqrt(1.0 + u * u)


@inlined
def ramp(value: float, low: float, high: float) -> float:
    """Rise from 0 at `low` to 1 at `high` with smooth ends."""
    t = (value - low) / (high - low)
    if t <= 0.0:
        return 0.0
    if t >= 1.0:
        return 1.0
    return t * t * (3.0 - 2.0 * t)


@inlined
def exponential(u: float) -> float:
    """Approximate exp(u) as (1 + u/1024)^1024, with a defined last bit; relative error u²/2048."""
    if u < -30.0:
        return 0.0
    v = 1.0 + u / 1024.0
    for _ in range(10):
        v = v * v
    return v


@kernel
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


@kernel
def largest(fields: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return which of some fields is the largest at each pixel: the first of equal ones."""
    count, h, w = fields.shape
    out = np.empty((h, w), np.uint8)
    for r in range(h):
        for c in range(w):
            best = 0
            for k in range(1, count):
                if fields[k, r, c] > fields[best, r, c]:
                    best = k
            out[r, c] = best
    return out


@kernel
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
    field
        (rows, columns).
    radius
        Standard deviation of the equivalent Gaussian in cells.
    passes
        Number of box filters; three are nearly Gaussian.

    Returns
    -------
    array
        float32 (rows, columns).
    """
    half = max(1, round((((12 * radius**2) / passes + 1) ** 0.5 - 1) / 2))
    out = np.ascontiguousarray(field, dtype=np.float32)
    for _ in range(passes):
        out = _box_rows(out, half)
        out = _box_rows(np.ascontiguousarray(out.T), half)
        out = np.ascontiguousarray(out.T)
    return out
