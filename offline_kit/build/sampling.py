"""The coarse landscape on 10 m pixels."""

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.grid import PIXEL, Window
from offline_kit.build.kernels import inlined, kernel
from offline_kit.build.landscape import LAYERS, Landscape
from offline_kit.build.noise import gradient_noise

FARTHEST = 16  # pixels; the warp moves nothing so far


@inlined
def _spline_weights(t: float) -> tuple[float, float, float, float]:
    u = 1.0 - t
    return (
        u * u * u / 6.0,
        (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
        (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0,
        t * t * t / 6.0,
    )


@kernel
def sample_layers(
    layers: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Sample coarse layers at fractional cell positions with a cubic B-spline.

    Parameters
    ----------
    layers
        float32 (rows, columns, layers).
    rows, columns
        float32 (height, width); fractional cell indices (0 = centre of the first cell), clamped at
        the edges.

    Returns
    -------
    array
        float32 (layers, height, width).
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
                for di in range(4):
                    k = wy[dj] * wx[di]
                    for m in range(n):
                        acc[m] += k * layers[j - 1 + dj, i - 1 + di, m]
            for m in range(n):
                out[m, r, c] = acc[m]
    return out


def cells_of(
    landscape: Landscape, rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Turn positions in pixels into positions in cells of the coarse landscape."""
    per_cell = np.float32(PIXEL / landscape.grid.cell)
    offset = np.float32(landscape.margin - 0.5 + 0.5 * PIXEL / landscape.grid.cell)
    return rows * per_cell + offset, columns * per_cell + offset


def pixels_of(window: Window) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the row of each line of a window, (height, 1), and its columns, (1, width)."""
    rows = np.arange(window.row, window.row + window.height, dtype=np.float32)
    columns = np.arange(window.column, window.column + window.width, dtype=np.float32)
    return rows[:, None], columns[None, :]


def _warped(
    landscape: Landscape, window: Window
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the warped positions, in pixels, of the pixels of a window."""
    seed = landscape.seed
    rows, columns = pixels_of(window)
    rows = rows + np.float32(4.2) * gradient_noise(*window, 41.0, seed + 201)
    rows += np.float32(1.3) * gradient_noise(*window, 13.0, seed + 202)
    columns = columns + np.float32(4.2) * gradient_noise(*window, 41.0, seed + 203)
    columns += np.float32(1.3) * gradient_noise(*window, 13.0, seed + 204)
    return rows, columns


def unwarped(
    landscape: Landscape, rows: NDArray, columns: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where, in pixels, the ground of given cells of the coarse landscape is seen.

    The inverse of the warp, by repeated substitution, to less than a pixel. The cells should lie
    close together: the warp is computed for all that lies between them.
    """
    per_cell = PIXEL / landscape.grid.cell
    offset = landscape.margin - 0.5 + 0.5 * per_cell
    wanted = np.stack([(rows - offset) / per_cell, (columns - offset) / per_cell])
    first = np.floor(wanted.min(axis=1)).astype(int) - FARTHEST
    size = np.ceil(wanted.max(axis=1)).astype(int) + FARTHEST + 1 - first
    window = Window(*first.tolist(), *size.tolist())
    shift = np.stack(
        [w - at for w, at in zip(_warped(landscape, window), pixels_of(window), strict=True)]
    )
    found = wanted.copy()
    for _ in range(10):
        row, column = np.round(found).astype(int) - first[:, None]
        found += 0.6 * (wanted - shift[:, row, column] - found)  # half-way, else it may swing
    return found[0], found[1]


def warped_layers(
    landscape: Landscape, window: Window, names: tuple[str, ...] = LAYERS
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Sample layers of the coarse landscape on the pixels of a window.

    One warp bends streams, shores and field edges together, so that nothing runs straight.

    Returns
    -------
    rows, columns
        float32 (height, width); warped positions in pixels.
    layers
        float32 (layer, height, width).
    """
    rows, columns = _warped(landscape, window)
    layers = landscape.layers
    if names != LAYERS:
        layers = np.ascontiguousarray(layers[..., [LAYERS.index(name) for name in names]])
    return rows, columns, sample_layers(layers, *cells_of(landscape, rows, columns))
