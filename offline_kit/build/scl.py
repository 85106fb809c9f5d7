"""Scene classification (SCL) with the errors that Sen2Cor makes."""

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.kernels import kernel
from offline_kit.build.noise import normal4

NO_DATA, SATURATED, DARK, SHADOW, VEGETATION, BARE_SOIL, WATER = range(7)
UNCLASSIFIED, CLOUD_MEDIUM, CLOUD_HIGH, CIRRUS, SNOW = range(7, 12)
TOPOGRAPHIC = "04.00"  # processing baseline from which class 2 is computed from a terrain model
CIRRUS_SEEN = 0.02  # share of the light that it must scatter to be noticed


@kernel
def classify_scene(
    blue: NDArray[np.float32],
    green: NDArray[np.float32],
    red: NDArray[np.float32],
    nir: NDArray[np.float32],
    swir: NDArray[np.float32],
    cloud: NDArray[np.float32],
    shade: NDArray[np.float32],
    cirrus: NDArray[np.float32],
    terrain: NDArray[np.float32],
    topographic: bool,
    row: int,
    column: int,
    seed: int,
) -> NDArray[np.uint8]:
    """Classify 20 m pixels as Sen2Cor does: thresholds on reflectance and cloud probability.

    Thin cloud, cirrus and the edges of shadows are partly missed; bright soil is sometimes called
    cloud; steep shade is called dark or water; a mask made from it is therefore good, but not
    perfect.

    Parameters
    ----------
    blue, green, red, nir, swir
        float32 (rows, columns); observed reflectance at 20 m.
    cloud, shade
        float32 (rows, columns); true cloud thickness and cloud shadow.
    cirrus
        float32 (rows, columns); share of the light that cirrus scatters.
    terrain
        float32 (rows, columns); share of the pixel in the terrain's own and cast shadow.
    topographic
        Whether class 2 is topographic shadow, as from `TOPOGRAPHIC` on, or dark area.
    row, column
        Position of the first pixel on the 20 m grid.
    seed
        Of the scene.
    """
    h, w = blue.shape
    out = np.empty((h, w), np.uint8)
    for r in range(h):
        for c in range(w):
            jitter = normal4(column + c, row + r, seed)
            ndvi = (nir[r, c] - red[r, c]) / max(nir[r, c] + red[r, c], 1e-4)
            ndwi = (green[r, c] - nir[r, c]) / max(green[r, c] + nir[r, c], 1e-4)
            k = cloud[r, c] + 0.05 * jitter[0]
            s = shade[r, c] + 0.08 * jitter[1]
            bright = blue[r, c] + green[r, c] + red[r, c]
            if k > 0.62:
                out[r, c] = CLOUD_HIGH
            elif k > 0.26:
                out[r, c] = CLOUD_MEDIUM
            elif k > 0.15:
                out[r, c] = CIRRUS if jitter[2] < -0.6 else UNCLASSIFIED
            elif cirrus[r, c] * (1.0 + 0.25 * jitter[2]) > CIRRUS_SEEN:
                out[r, c] = CIRRUS
            elif s > 0.42:
                out[r, c] = SHADOW
            elif topographic and terrain[r, c] + 0.15 * jitter[3] > 0.5 and terrain[r, c] > 0.0:
                out[r, c] = DARK
            elif bright > 0.66 + 0.05 * jitter[3] and ndvi < 0.22:
                out[r, c] = CLOUD_MEDIUM  # bright soil taken for cloud
            elif ndwi > 0.02 + 0.03 * jitter[2] and nir[r, c] < 0.09:
                out[r, c] = WATER
            elif not topographic and nir[r, c] < 0.075 + 0.006 * jitter[3] and swir[r, c] < 0.075:
                out[r, c] = DARK
            elif ndvi > 0.40 + 0.03 * jitter[2]:
                out[r, c] = VEGETATION
            elif ndvi < 0.36 + 0.03 * jitter[2]:
                out[r, c] = BARE_SOIL
            else:
                out[r, c] = VEGETATION if jitter[3] > 0.0 else UNCLASSIFIED
    return out
