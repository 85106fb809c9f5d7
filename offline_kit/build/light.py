"""The light that falls on the ground, and the light that a terrain correction believes in.

L2A is corrected for terrain: what is seen is divided by the light that a terrain model gives. That
model is coarse, and takes for Lambertian a ground that is not. So slopes in the sun come out nearly
flat; those that the sun only grazes come out too bright, and their noise is raised with them, a
known flaw. Of the method: R. Richter, J. Louis and U. Müller-Wilm (2012), Sentinel-2 MSI Level 2A
Products Algorithm Theoretical Basis Document, S2PAD-ATBD-0001; of the flaw: R. Richter and D.
Schläpfer, ATCOR-2/3 User Guide.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.bands import BANDS
from offline_kit.build.filters import block_mean, ramp
from offline_kit.build.grid import PIXEL, Window
from offline_kit.build.kernels import inlined, kernel
from offline_kit.build.landscape import Landscape
from offline_kit.build.sampling import cells_of, pixels_of, sample_layers

LEAST_COSINE = 0.05  # the correction takes the sun to stand at least so high above a slope
SELF_SHADOW, CAST_SHADOW = 1, 2


@dataclass(frozen=True)
class Sun:
    """Where the sun stands.

    Attributes
    ----------
    zenith, azimuth
        Degrees; azimuth clockwise from north.
    """

    zenith: float
    azimuth: float

    @property
    def vector(self) -> tuple[float, float, float]:
        """Unit vector towards the sun: east, north, up; rounded, to be alike on all machines."""
        z, a = math.radians(self.zenith), math.radians(self.azimuth)
        return (
            round(math.sin(z) * math.sin(a), 6),
            round(math.sin(z) * math.cos(a), 6),
            round(math.cos(z), 6),
        )


def sun_at(when: datetime, longitude: float, latitude: float) -> Sun:
    """Return the sun's place, to about 0.02 degrees (Meeus 1998, low accuracy).

    Parameters
    ----------
    when
        With a time zone.
    longitude, latitude
        Degrees.

    Examples
    --------
    >>> sun_at(datetime(2018, 9, 15, 8, 36, tzinfo=UTC), 19.2, -33.8)
    Sun(zenith=46.75, azimuth=44.29)
    """
    days = (when - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = math.radians(357.528 + 0.9856003 * days)
    ecliptic = math.radians(
        mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)
    )
    tilt = math.radians(23.439 - 4e-7 * days)
    ascension = math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
    sidereal = math.radians(280.46062 + 360.98564737 * days + longitude)
    hour = sidereal - ascension
    phi = math.radians(latitude)
    up = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(
        hour
    )
    east = -math.cos(declination) * math.sin(hour)
    north = math.cos(phi) * math.sin(declination) - math.sin(phi) * math.cos(
        declination
    ) * math.cos(hour)
    return Sun(
        round(math.degrees(math.acos(up)), 2),
        round(math.degrees(math.atan2(east, north)) % 360, 2),
    )


@kernel
def _shadow_height(
    z: NDArray[np.float32], cell: int, east: float, north: float, rise: float, reach: int
) -> NDArray[np.float32]:
    h, w = z.shape
    out = np.empty((h, w), np.float32)
    longest = max(abs(east), abs(north))
    dc, dr = east / longest, -north / longest
    length = cell * np.sqrt(dc * dc + dr * dr)
    summit = z.max() + 1.0
    for r in range(h):
        for c in range(w):
            best = -60.0
            for k in range(1, reach + 1):
                if summit - k * length * rise - z[r, c] < best:
                    break  # nothing is high enough to throw a shadow from there on
                y, x = r + k * dr, c + k * dc
                if y < 0 or x < 0 or y > h - 1 or x > w - 1:
                    break
                j, i = min(int(y), h - 2), min(int(x), w - 2)
                fy, fx = y - j, x - i
                there = (z[j, i] * (1 - fx) + z[j, i + 1] * fx) * (1 - fy) + (
                    z[j + 1, i] * (1 - fx) + z[j + 1, i + 1] * fx
                ) * fy
                over = there - k * length * rise - z[r, c]
                if over > best:
                    best = over
            out[r, c] = best
    return out


def shadow_height(landscape: Landscape, sun: Sun) -> NDArray[np.float32]:
    """Height of the shadow's edge above the coarse ground in metres, negative in sunlight."""
    east, north, up = sun.vector
    level = (east * east + north * north) ** 0.5
    z = np.ascontiguousarray(landscape.layer("elevation"))
    reach = 1700 // landscape.grid.cell
    return _shadow_height(z, landscape.grid.cell, east, north, up / level, reach)


@inlined
def _incidence(
    elevation: NDArray[np.float32], r: int, c: int, vector: tuple[float, float, float]
) -> tuple[float, float]:
    """Return the cosine of the sun's incidence on a pixel, and how much longer the slope is."""
    h, w = elevation.shape
    r1, r2, c1, c2 = max(r - 1, 0), min(r + 1, h - 1), max(c - 1, 0), min(c + 1, w - 1)
    p = (elevation[r, c2] - elevation[r, c1]) / (10.0 * (c2 - c1))  # rise to the east
    q = (elevation[r1, c] - elevation[r2, c]) / (10.0 * (r2 - r1))  # rise to the north
    steep = np.sqrt(1.0 + p * p + q * q)
    return (vector[2] - vector[0] * p - vector[1] * q) / steep, steep


@inlined
def _lit(edge: float) -> float:
    """Return the share of the sun that a ridge leaves, from the height of its shadow's edge."""
    return 1.0 - ramp(edge, -3.0, 5.0)


@kernel
def illumination(
    elevation: NDArray[np.float32],
    shadow: NDArray[np.float32],
    vector: tuple[float, float, float],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Direct light on sloping ground relative to flat ground, and how much sky the ground sees.

    Direct light follows Minnaert (1941): the ratio of the cosines of incidence to a power, which is
    1 for a Lambertian surface and less for most others; 7/8 is assumed here.

    Parameters
    ----------
    elevation
        float32 (height, width); metres, on 10 m pixels.
    shadow
        float32 (height, width); height of the shadow's edge above the ground in metres.
    vector
        Unit vector to the sun: east, north, up.

    Returns
    -------
    direct, sky
        float32 (height, width); 1 on flat, open, lit ground.
    """
    h, w = elevation.shape
    direct = np.empty((h, w), np.float32)
    sky = np.empty((h, w), np.float32)
    for r in range(h):
        for c in range(w):
            cosine, steep = _incidence(elevation, r, c, vector)
            half = np.sqrt(max(cosine, 0.0) / vector[2])  # to the power of one half, and so on
            quarter = np.sqrt(half)
            direct[r, c] = half * quarter * np.sqrt(quarter) * _lit(shadow[r, c])
            sky[r, c] = 0.5 * (1.0 + 1.0 / steep)
    return direct, sky


@kernel
def modelled_illumination(
    elevation: NDArray[np.float32], vector: tuple[float, float, float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Direct light and visible sky as a terrain correction has them from a coarse `elevation`.

    For it the ground is Lambertian and no ridge throws a shadow. Where the sun is low over a slope
    or behind it, the cosine is held at `LEAST_COSINE`, or reflectance would grow without end.
    Sen2Cor, too, bounds its empirical factor for such slopes (from below, by 0.2 to 0.25; Input
    Output Data Definition, S2PAD-VEGA-IODD-0001); a bound on the cosine is simpler.

    Returns
    -------
    direct, sky
        float32 (height, width), as of `illumination`.
    """
    h, w = elevation.shape
    direct = np.empty((h, w), np.float32)
    sky = np.empty((h, w), np.float32)
    for r in range(h):
        for c in range(w):
            cosine, steep = _incidence(elevation, r, c, vector)
            direct[r, c] = max(cosine, LEAST_COSINE) / vector[2]
            sky[r, c] = 0.5 * (1.0 + 1.0 / steep)
    return direct, sky


@kernel
def terrain_shadow(
    elevation: NDArray[np.float32],
    shadow: NDArray[np.float32],
    vector: tuple[float, float, float],
) -> NDArray[np.uint8]:
    """Tell which pixels the terrain keeps from the sun: `SELF_SHADOW`, `CAST_SHADOW` or 0.

    The parameters are those of `illumination`. A slope that faces away from the sun is in its own
    shadow, whatever lies before it; another is in cast shadow if a ridge hides half of the sun.
    """
    h, w = elevation.shape
    out = np.zeros((h, w), np.uint8)
    for r in range(h):
        for c in range(w):
            if _incidence(elevation, r, c, vector)[0] <= 0.0:
                out[r, c] = SELF_SHADOW
            elif _lit(shadow[r, c]) < 0.5:
                out[r, c] = CAST_SHADOW
    return out


def shadow_edge(
    landscape: Landscape, shadow: NDArray[np.float32], window: Window
) -> NDArray[np.float32]:
    """Return the coarse shadow of `shadow_height` on the pixels of a window."""
    rows, columns = np.broadcast_arrays(*cells_of(landscape, *pixels_of(window)))
    return sample_layers(
        shadow[..., None], np.ascontiguousarray(rows), np.ascontiguousarray(columns)
    )[0]


@inlined
def _sum_of(direct: float, sky: float, diffuse: float, slopes: float) -> float:
    """Return the light on a slope: direct, of the visible sky, and from slopes opposite.

    What a slope does not see of the sky it sees of other ground, which has the reflectance `slopes`
    and is taken to lie in the light of flat ground.
    """
    return (1.0 - diffuse) * direct + diffuse * sky + (1.0 - sky) * slopes


@kernel
def _put_light_on(
    band: NDArray[np.float32],
    direct: NDArray[np.float32],
    sky: NDArray[np.float32],
    shade: NDArray[np.float32],
    diffuse: float,
    slopes: float,
) -> None:
    for r in range(band.shape[0]):
        for c in range(band.shape[1]):
            sun = direct[r, c] * (1.0 - 0.82 * shade[r, c])
            around = _sum_of(0.0, sky[r, c], diffuse, slopes) * (1.0 - 0.25 * shade[r, c])
            band[r, c] *= (1.0 - diffuse) * sun + around


def put_light_on(
    reflectance: NDArray[np.float32],
    direct: NDArray[np.float32],
    sky: NDArray[np.float32],
    shade: NDArray[np.float32],
) -> None:
    """Light the ground, in place: direct and diffuse light by band, less under cloud shadow.

    Parameters
    ----------
    reflectance
        float32 (band, height, width) of flat, lit ground.
    direct, sky
        float32 (height, width), from `illumination`.
    shade
        float32 (height, width), from `clouds.clouds_over`.
    """
    for band, values in zip(BANDS, reflectance, strict=True):
        _put_light_on(values, direct, sky, shade, band.diffuse, band.slopes)


@kernel
def _take_light_off(
    seen: NDArray[np.float32],
    direct: NDArray[np.float32],
    sky: NDArray[np.float32],
    diffuse: float,
    slopes: float,
) -> NDArray[np.float32]:
    out = np.empty_like(seen)
    for r in range(seen.shape[0]):
        for c in range(seen.shape[1]):
            out[r, c] = seen[r, c] / _sum_of(direct[r, c], sky[r, c], diffuse, slopes)
    return out


def take_light_off(
    seen: list[NDArray[np.float32]], direct: NDArray[np.float32], sky: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    """Correct what the sensor saw for terrain, noise and all.

    Parameters
    ----------
    seen
        For each band float32 (rows, columns) at its native pixel, from `sensor.observe`.
    direct, sky
        float32 (height, width) at 10 m, from `modelled_illumination`.
    """
    at = {PIXEL: (direct, sky)}
    for pixel in {band.pixel for band in BANDS} - {PIXEL}:
        at[pixel] = tuple(block_mean(field, pixel // PIXEL) for field in (direct, sky))
    return [
        _take_light_off(values, *at[band.pixel], band.diffuse, band.slopes)
        for band, values in zip(BANDS, seen, strict=True)
    ]
