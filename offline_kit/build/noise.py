"""Seeded noise that is the same on every machine.

Every value is a function of a seed and of integer pixel coordinates alone (a counter-based
generator: the finaliser of SplitMix64, Steele et al. 2014), so that a block can be computed
without its neighbours. Only + - * / and sqrt are used: IEEE 754 defines them to the last bit,
which it does not for exp, log or sin.
"""

import math

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from offline_kit.build.kernels import inlined, kernel

_GOLDEN, _MIX1, _MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_PRIME_X, _PRIME_Y = 0xD6E8FEB86659FD93, 0xA0761D6478BD642F


@inlined
def hash64(x: int, y: int, seed: int) -> int:
    """Mix two coordinates and a seed into 64 random bits."""
    z = uint64(x) * uint64(_PRIME_X) + uint64(y) * uint64(_PRIME_Y) + uint64(seed) * uint64(_GOLDEN)
    z = (z ^ (z >> uint64(30))) * uint64(_MIX1)
    z = (z ^ (z >> uint64(27))) * uint64(_MIX2)
    z = z ^ (z >> uint64(31))
    z = (z ^ (z >> uint64(30))) * uint64(_MIX1)
    return z ^ (z >> uint64(29))


@inlined
def uniform(x: int, y: int, seed: int) -> float:
    """Return a number in [0, 1) for a pair of coordinates."""
    return float(hash64(x, y, seed) >> uint64(11)) * (1.0 / 9007199254740992.0)


@inlined
def normal4(x: int, y: int, seed: int) -> tuple[float, float, float, float]:
    """Return four nearly normal numbers (sums of four bytes, within 3.46 standard deviations)."""
    a = hash64(x, y, seed)
    b = hash64(x, y, seed + 7919)
    m = uint64(0xFF)
    c = 1.0 / 147.8  # standard deviation of the sum of four uniform bytes
    n0 = float((a & m) + ((a >> uint64(8)) & m) + ((a >> uint64(16)) & m) + ((a >> uint64(24)) & m))
    n1 = float(
        ((a >> uint64(32)) & m)
        + ((a >> uint64(40)) & m)
        + ((a >> uint64(48)) & m)
        + ((a >> uint64(56)) & m)
    )
    n2 = float((b & m) + ((b >> uint64(8)) & m) + ((b >> uint64(16)) & m) + ((b >> uint64(24)) & m))
    n3 = float(
        ((b >> uint64(32)) & m)
        + ((b >> uint64(40)) & m)
        + ((b >> uint64(48)) & m)
        + ((b >> uint64(56)) & m)
    )
    return (n0 - 510.0) * c, (n1 - 510.0) * c, (n2 - 510.0) * c, (n3 - 510.0) * c


@kernel
def _gradients(
    y_first: int, x_first: int, ny: int, nx: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the random gradients on the lattice points of a window, along x and along y."""
    gx = np.empty((ny, nx))
    gy = np.empty((ny, nx))
    for j in range(ny):
        for i in range(nx):
            bits = hash64(x_first + i, y_first + j, seed)
            gx[j, i] = float(bits >> uint64(32)) * (2.0 / 4294967296.0) - 1.0
            gy[j, i] = float(bits & uint64(0xFFFFFFFF)) * (2.0 / 4294967296.0) - 1.0
    return gx, gy


@kernel
def _steps(
    first: int, size: int, wavelength: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return for each pixel along an axis its lattice cell, its place in it, and that smoothed."""
    cell = np.empty(size, np.int64)
    place = np.empty(size)
    smooth = np.empty(size)
    start = int(np.floor(first / wavelength))
    for n in range(size):
        x = (first + n) / wavelength
        whole = int(np.floor(x))
        f = x - whole
        cell[n] = whole - start
        place[n] = f
        smooth[n] = f * f * f * (f * (f * 6.0 - 15.0) + 10.0)
    return cell, place, smooth


@kernel
def gradient_noise(
    row: int, column: int, height: int, width: int, wavelength: float, seed: int
) -> NDArray[np.float32]:
    """Gradient noise (Perlin 2002) over a window of the pixel lattice.

    Its mean is 0, its standard deviation about 0.65.

    Parameters
    ----------
    row, column
        First pixel of the window; may be negative.
    height, width
        Size of the window in pixels.
    wavelength
        Distance between lattice points, in pixels.
    seed
        Chooses the field.

    Returns
    -------
    array
        float32 (height, width).
    """
    out = np.empty((height, width), np.float32)
    y_first = int(np.floor(row / wavelength))
    x_first = int(np.floor(column / wavelength))
    ny = int(np.floor((row + height - 1) / wavelength)) - y_first + 2
    nx = int(np.floor((column + width - 1) / wavelength)) - x_first + 2
    gx, gy = _gradients(y_first, x_first, ny, nx, seed)
    i, fx, sx = _steps(column, width, wavelength)
    j, fy, sy = _steps(row, height, wavelength)
    top_y, low_y = np.empty(nx), np.empty(nx)
    for r in range(height):
        top_x, low_x = gx[j[r]], gx[j[r] + 1]
        for k in range(nx):
            top_y[k] = gy[j[r], k] * fy[r]
            low_y[k] = gy[j[r] + 1, k] * (fy[r] - 1.0)
        for c in range(width):
            k = i[c]
            n00 = top_x[k] * fx[c] + top_y[k]
            n10 = top_x[k + 1] * (fx[c] - 1.0) + top_y[k + 1]
            n01 = low_x[k] * fx[c] + low_y[k]
            n11 = low_x[k + 1] * (fx[c] - 1.0) + low_y[k + 1]
            top = n00 + sx[c] * (n10 - n00)
            low = n01 + sx[c] * (n11 - n01)
            out[r, c] = 3.6 * (top + sy[r] * (low - top))
    return out


def fractal_noise(
    row: int,
    column: int,
    height: int,
    width: int,
    wavelength: float,
    octaves: int,
    seed: int,
    gain: float = 0.5,
    ridged: bool = False,
) -> NDArray[np.float32]:
    """Sum octaves of gradient noise, each of half the wavelength of the one before.

    The sum has the mean and standard deviation of one octave.

    Parameters
    ----------
    row, column, height, width
        The window, as in `gradient_noise`.
    wavelength
        Of the first octave, in pixels.
    octaves
        Number of octaves.
    seed
        Chooses the field.
    gain
        Amplitude of an octave relative to the one before.
    ridged
        Fold each octave at zero, which makes crests (Musgrave 1998).

    Returns
    -------
    array
        float32 (height, width).
    """
    total = np.zeros((height, width), np.float32)
    amplitude, power = np.float32(1), 0.0
    for octave in range(octaves):
        field = gradient_noise(row, column, height, width, wavelength, seed + 101 * octave)
        if ridged:
            field = np.float32(1.3) - np.float32(1.65) * np.abs(field)
        total += amplitude * field
        power += float(amplitude) * float(amplitude)
        amplitude *= np.float32(gain)
        wavelength /= 2
    return total / np.float32(math.sqrt(power))


@inlined
def _gradient_at(x: float, y: float, seed: int) -> float:
    """Return gradient noise as `gradient_noise` makes it, at one place in units of the lattice."""
    i, j = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - i, y - j
    sx = fx * fx * fx * (fx * (fx * 6.0 - 15.0) + 10.0)
    sy = fy * fy * fy * (fy * (fy * 6.0 - 15.0) + 10.0)
    side = 0.0
    for dj in range(2):
        level = 0.0
        for di in range(2):
            bits = hash64(i + di, j + dj, seed)
            gx = float(bits >> uint64(32)) * (2.0 / 4294967296.0) - 1.0
            gy = float(bits & uint64(0xFFFFFFFF)) * (2.0 / 4294967296.0) - 1.0
            level += (sx if di else 1.0 - sx) * (gx * (fx - di) + gy * (fy - dj))
        side += (sy if dj else 1.0 - sy) * level
    return 3.6 * side


@kernel
def streaks(
    row: int,
    column: int,
    height: int,
    width: int,
    wavelengths: tuple[float, float],
    along: tuple[float, float],
    octaves: int,
    seed: int,
) -> NDArray[np.float32]:
    """Fractal noise drawn out in one direction; finer octaves hold on to it.

    Parameters
    ----------
    row, column, height, width
        The window, as in `gradient_noise`.
    wavelengths
        Of the first octave, along and across the streaks, in pixels.
    along
        Their direction as a unit vector: columns, rows.
    octaves
        Number of octaves, each of half the wavelength and half the amplitude of the one before.
    seed
        Chooses the field.

    Returns
    -------
    array
        float32 (height, width).
    """
    out = np.empty((height, width), np.float32)
    for r in range(height):
        for c in range(width):
            x, y = column + c, row + r
            u = (x * along[0] + y * along[1]) / wavelengths[0]
            v = (y * along[0] - x * along[1]) / wavelengths[1]
            total, amplitude = 0.0, 1.0
            for octave in range(octaves):
                total += amplitude * _gradient_at(u, v, seed + 101 * octave)
                u, v, amplitude = 2.0 * u, 2.0 * v, 0.5 * amplitude
            out[r, c] = total
    return out


@kernel
def uniform_field(row: int, column: int, height: int, width: int, seed: int) -> NDArray[np.float64]:
    """Independent uniform numbers in [0, 1) over a window of the pixel lattice."""
    out = np.empty((height, width))
    for r in range(height):
        for c in range(width):
            out[r, c] = uniform(column + c, row + r, seed)
    return out
