"""Land cover at 10 m: every pixel a mixture of the ten classes, cultivated land and char.

`ground_at` composes a window for a date. Each part has a function of its own, in the order in which
they are laid down: veld, fire, wattle, pines (plantations, wildings, felling), gum, farm, water.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offline_kit.build.filters import exponential, ramp, squash
from offline_kit.build.grid import Window
from offline_kit.build.kernels import inlined, kernel
from offline_kit.build.landscape import LAYERS, Landscape
from offline_kit.build.noise import fractal_noise, gradient_noise, hash64, uniform
from offline_kit.build.sampling import warped_layers
from offline_kit.build.season import dryness

CLASS_NAMES = (
    "Bare Ground",
    "Black Wattle",
    "Dense Pines",
    "Fynbos High Density",
    "Fynbos Low Density",
    "Gum",
    "Indigenous Forest",
    "Rock",
    "Wetland",
    "Water",
)
BARE, WATTLE, PINE, FYNBOS_HIGH, FYNBOS_LOW, GUM, FOREST, ROCK, WETLAND, WATER = range(10)
CROP, CHAR = 10, 11  # not among the ten classes: cultivated land and burnt ground
COMPONENTS = 12

FIRST_YEAR = 2018.7  # the earliest scenes; spread and growth are counted from here
FIRE_YEAR = 2021.10  # early February, the Cape's fire season
CLEARING_YEAR = 2019.30
FELLED, YOUNG, MIDDLE, OLD = range(4)  # stages of a compartment of a plantation in 2018
PLANTED = ((0, 0), (2010, 4), (2002, 7), (1987, 15))  # first year and years, by stage
ELEVATION, WATER_DEPTH, TRACK = (LAYERS.index(name) for name in ("elevation", "water", "track"))


@dataclass(frozen=True)
class Ground:
    """What one date's scene shows of a window, before light and sensor.

    Attributes
    ----------
    fractions
        float32 (component, height, width); shares of the ten classes, cultivated land and char,
        which sum to 1.
    elevation
        float32 (height, width), metres.
    terrain
        float32 (height, width); the same without what is smaller than the coarse cells.
    stand
        float32 (height, width); difference of one stand or field from the next, about -1 to 1.
    pines
        float32 (3, height, width); of pines their species (-1 *Pinus pinaster*, 1 *P. radiata*),
        age (-1 young to 1 old) and how far drought and pests have browned them (0 to 1).
    track
        float32 (height, width); distance to the nearest track in metres.
    """

    fractions: NDArray[np.float32]
    elevation: NDArray[np.float32]
    terrain: NDArray[np.float32]
    stand: NDArray[np.float32]
    pines: NDArray[np.float32]
    track: NDArray[np.float32]


class Site(NamedTuple):
    """What the landscape and noise say of one pixel, on every date.

    The coarse layers come first, as `landscape.LAYERS` describes them.
    """

    elevation: float
    stream: float
    river: float
    wetness: float
    relief: float
    water: float
    farm: float
    plantation: float
    seed_rain: float
    fire: float
    clearing: float
    gum: float
    age: float
    track: float
    invaded: float
    slope: float
    high: float  # elevation, 0 in the valleys and 1 on the highest summits
    row: float  # warped position in pixels
    column: float
    chance: float  # uniform in [0, 1), independent from pixel to pixel
    broad: float  # noise of 380 m
    middle: float  # noise of 110 m
    fine: float  # noise of 27 m
    other: float  # noise of 240 m
    stock: float  # noise of 700 m: of which seed trees the pines of a neighbourhood come


class Cover(NamedTuple):
    """What is laid over the veld of one pixel, the strongest first; shares from 0 to 1."""

    water: float
    rim: float  # dry shore of a dam that stands below full
    gum: float
    wattle: float
    crop: float
    tilled: float
    forest_track: float
    pine: float
    slash: float  # felled pines


@inlined
def _veld(site: Site, f: NDArray[np.float64]) -> None:
    """Fill the shares of natural vegetation, rock and bare ground by how well the site suits each.

    A softmax of suitabilities: each has its slope, its wetness, its height.
    """
    broad, middle, fine, other = site.broad, site.middle, site.fine, site.other
    age = site.age + 0.45 * broad + 0.30 * middle + 0.10 * fine
    rocky = (
        2.4 * (site.slope - 0.52)
        + 0.006 * (site.relief - 45.0)
        + 0.9 * (site.high - 0.55)
        + 0.42 * middle
        + 0.35 * broad
        + 0.2 * fine
    )
    ravine = (
        -0.012 * (site.relief + 38.0)
        + 1.5 * (ramp(150.0 - site.stream, 0.0, 140.0) - 0.75)
        - 2.2 * abs(site.high - 0.30)
        + 0.08 * site.age
        + 0.8 * (site.slope - 0.25)
        + 0.50 * broad
        + 0.45 * other
        + 0.2 * middle
    )
    seep = (
        2.6 * (site.wetness - 0.24)
        - 6.0 * max(site.slope - 0.07, 0.0)
        + 0.30 * other
        + 0.22 * middle
        + 0.10 * broad
    )
    scald = -1.25 + 0.55 * other + 0.45 * fine - 0.8 * age - 0.8 * site.wetness
    high = exponential(2.6 * age)
    low = exponential(-2.6 * age - 0.1)
    rock = exponential(4.0 * rocky - 0.8)
    forest = exponential(10.0 * ravine - 4.4)
    wetland = exponential(7.0 * seep - 0.6)
    bare = exponential(2.8 * scald)
    total = high + low + rock + forest + wetland + bare
    f[:] = 0.0
    f[FYNBOS_HIGH] = high / total
    f[FYNBOS_LOW] = low / total
    f[ROCK] = rock / total
    f[FOREST] = forest / total
    f[WETLAND] = wetland / total
    f[BARE] = bare / total
    # trampled, eroded or dug: small patches without any cover
    worn = ramp(0.8 * other + 0.6 * middle, 1.60, 1.85) * (1.0 - f[FOREST] - f[WETLAND])
    for k in range(COMPONENTS):
        f[k] *= 1.0 - worn
    f[BARE] += worn


@inlined
def _fire(site: Site, year: float, f: NDArray[np.float64]) -> float:
    """Burn the veld and let it recover, low fynbos first; return the share that burnt."""
    if year <= FIRE_YEAR:
        return 0.0
    scar = ramp(site.fire + 0.12 * site.middle + 0.08 * site.fine, -0.06, 0.10)
    burnt = scar * (1.0 - 0.9 * f[FOREST]) * (1.0 - 0.8 * f[WETLAND])
    t = year - FIRE_YEAR
    back = 1.0 - 1.0 / (1.0 + 0.45 * t * t)  # half the cover after a year and a half
    veld = f[FYNBOS_HIGH] + f[FYNBOS_LOW]
    dense = f[FYNBOS_HIGH] * ramp(t, 1.0, 9.0)
    green = veld * (1.0 - burnt) + veld * burnt * back * 0.92
    lost = veld - green
    f[FYNBOS_HIGH] = f[FYNBOS_HIGH] * (1.0 - burnt) + dense * burnt * back
    f[FYNBOS_LOW] = green - f[FYNBOS_HIGH]
    if f[FYNBOS_LOW] < 0.0:
        f[FYNBOS_HIGH] = green
        f[FYNBOS_LOW] = 0.0
    ash = 1.0 / (1.0 + 1.6 * t * t)
    f[CHAR] = lost * ash
    f[BARE] += lost * (1.0 - ash)
    return burnt


@inlined
def _wattle(site: Site, far: float) -> float:
    """Return the cover of wattle, which follows rivers in the lower valleys, so `far` from them."""
    dense = site.other + 0.35 * site.broad
    reach = 30.0 + 24.0 * ramp(900.0 - site.river, 0.0, 850.0)
    reach += 40.0 * ramp(dense, 0.3, 0.9)  # old thickets fill the flats beside a river
    reach *= far
    bank = ramp(reach + 16.0 * site.broad + 12.0 * site.middle - site.stream, 0.0, 22.0)
    bank *= ramp(0.55 - site.high + 0.10 * site.broad, 0.0, 0.22) * ramp(dense, -0.55, 0.35)
    return bank * min(0.96 + 0.06 * site.fine, 1.0)


@inlined
def _parcel(row: float, column: float, size: float, seed: int) -> tuple[int, float, float]:
    """Lay farm fields and forest compartments out as turned, staggered rows of blocks.

    Returns the block's number and the distances in pixels to its nearest long and short edge.
    """
    region = 9.0 * size
    best, second = 1e30, 0
    j0, i0 = int(np.floor(row / region)), int(np.floor(column / region))
    for dj in range(-1, 2):
        for di in range(-1, 2):
            y = (j0 + dj + uniform(i0 + di, j0 + dj, seed)) * region
            x = (i0 + di + uniform(i0 + di, j0 + dj, seed + 1)) * region
            d = (row - y) * (row - y) + (column - x) * (column - x)
            if d < best:
                best = d
                second = (j0 + dj) * 100003 + i0 + di
    a = 2.0 * uniform(second, 0, seed + 2) - 1.0
    b = 1.0 - abs(a)
    norm = np.sqrt(a * a + b * b)
    u = (a * row + b * column) / norm
    v = (a * column - b * row) / norm
    wide = size * (0.7 + 0.7 * uniform(second, 1, seed + 2))
    strip = int(np.floor(u / wide))
    fu = u / wide - strip
    long = wide * (1.0 + 1.6 * uniform(strip, second, seed + 3))
    shift = uniform(strip, second, seed + 4)
    block = int(np.floor(v / long + shift))
    fv = v / long + shift - block
    number = int(hash64(strip * 7919 + block, second, seed + 5) >> 34)
    return number, min(fu, 1.0 - fu) * wide, min(fv, 1.0 - fv) * long


@inlined
def _in_plantation(plantation: float, middle: float) -> float:
    """Return the share of a pixel that lies in a plantation."""
    return ramp(plantation + 0.02 * middle, -0.012, 0.02)


@inlined
def _compartment(row: float, column: float, seed: int) -> tuple[int, float, float]:
    """Return number and distances to the edges of a forest compartment, as `_parcel` does."""
    return _parcel(row, column, 30.0, seed + 11)


@inlined
def _stage(number: int) -> int:
    """Return the stage of a compartment."""
    kind = float(number & 1023) / 1024.0
    if kind < 0.07:
        return FELLED
    if kind < 0.20:
        return YOUNG
    return MIDDLE if kind < 0.40 else OLD


def planted_in(number: int) -> int:
    """Return the year in which a compartment was planted, 0 where it was felled and given up."""
    first, years = PLANTED[_stage(number)]
    return first + ((number >> 20) & 1023) * years // 1024


@inlined
def _plantation(site: Site, year: float, seed: int) -> tuple[float, float, float]:
    """Return canopy cover, forest track and difference between stands in a pine plantation."""
    inside = _in_plantation(site.plantation, site.middle)
    if inside <= 0.0:
        return 0.0, 0.0, 0.6 * site.broad
    number, long_edge, short_edge = _compartment(site.row, site.column, seed)
    stage = _stage(number)
    canopy = 0.95
    if stage == FELLED:
        canopy = 0.04
    elif stage == YOUNG:
        canopy = 0.45 + 0.05 * (year - FIRST_YEAR)
    elif stage == MIDDLE:
        canopy = 0.88
    canopy = min(canopy + 0.05 * site.middle + 0.03 * site.fine, 0.99)
    track = 0.55 * inside if min(long_edge, short_edge) < 0.9 else 0.0
    return inside * max(canopy, 0.0), track, 2.0 * float((number >> 10) & 1023) / 1024.0 - 1.0


@inlined
def _wildings(
    site: Site, year: float, burnt: float, wattle: float, f: NDArray[np.float64]
) -> float:
    """Return the cover of self-sown pines: where seed came down, on ground that lets them grow.

    Old invasions stand closed; how dense differs from stand to stand.
    """
    since = year - FIRST_YEAR
    room = 1.0 - 0.75 * f[ROCK] - 0.85 * f[WETLAND] - 0.6 * f[FOREST]
    pressure = 1.32 * np.sqrt(max(site.seed_rain, 0.0)) * (1.0 + 0.035 * since)
    pressure += 0.012 * since * ramp(site.seed_rain, 0.004, 0.1)
    noise = 0.17 * site.broad
    cover = ramp(pressure + noise + 0.20 * site.other + 0.12 * site.fine - 0.02, 0.32, 1.02)
    if site.chance < 0.05 * ramp(pressure, 0.03, 0.5):  # a lone pioneer
        cover = max(cover, 0.10 + 0.5 * site.chance / 0.05)
    old = ramp(site.invaded + 0.03 * site.middle + 0.015 * site.fine, -0.03, 0.05)
    cover = max(cover, old * min(0.92 + 0.09 * site.broad + 0.04 * site.fine, 1.0))
    cover *= max(room, 0.0) * (1.0 - wattle)
    if burnt > 0.0:
        cover *= 1.0 - burnt * (1.0 - 0.10 * (year - FIRE_YEAR))  # killed; seedlings follow
    return 0.97 * cover


@inlined
def _pines(site: Site, seed: int) -> tuple[float, float, float]:
    """Return species, age and browning of the pines at a site, as in `Ground.pines`.

    Foresters planted more *Pinus radiata*; more *P. pinaster* has sown itself. A compartment is of
    one species and age and browns as a whole, other stands change from place to place.
    """
    ill = 0.6 * site.other + 0.8 * site.broad
    if _in_plantation(site.plantation, site.middle) > 0.5:
        number = _compartment(site.row, site.column, seed)[0]
        species = 1.0 if uniform(number, 0, seed + 15) < 0.65 else -1.0
        age = max(_stage(number) - 2.0, -1.0)
        ill = 0.3 * ill + 3.0 * uniform(number, 1, seed + 15) - 1.9
    else:
        species = 2.0 * ramp(site.stock - 0.25, -0.1, 0.1) - 1.0
        age = 2.0 * squash(1.6 * site.middle - 0.6 * site.stock) - 1.0
    return species, age, ramp(ill, 0.55, 1.25)


@inlined
def _felled(site: Site, year: float) -> float:
    """Return the share of pines that lie felled, which grow back slowly."""
    if year <= CLEARING_YEAR:
        return 0.0
    felled = ramp(site.clearing + 0.05 * site.middle, -0.03, 0.05)
    return felled * max(0.97 - 0.035 * (year - CLEARING_YEAR), 0.0)


@inlined
def _farm(site: Site, year: float, seed: int, stand: float) -> tuple[float, float, float, float]:
    """Return crop, tilled soil, windbreak of gums and difference between fields on farmland.

    `stand` is the difference that holds where there is no farm.
    """
    farm = ramp(site.farm + 0.05 * site.broad + 0.03 * site.middle, -0.012, 0.016)
    if farm <= 0.0:
        return 0.0, 0.0, 0.0, stand
    number, long_edge, short_edge = _parcel(site.row, site.column, 21.0, seed + 13)
    kind = float(number & 1023) / 1024.0
    season = float(hash64(number, int(year), seed + 14) >> 44) / 1048576.0
    dry = dryness(year)
    if kind < 0.34:  # cereals: green in spring and stubble in summer, or lying ploughed
        green = 0.92 - 0.86 * dry if season < 0.78 else 0.06
    elif kind < 0.74:  # vines and orchards: rows with soil between
        green = 0.46 + 0.26 * season
    elif kind < 0.88:  # pasture
        green = (0.66 + 0.2 * season) * (1.0 - 0.6 * dry)
    else:
        green = 0.16
    green += 0.07 * site.middle + 0.05 * site.fine + 0.06 * site.broad
    green = min(max(green, 0.02), 0.97)
    crop = farm * green
    tilled = farm * (1.0 - green)
    windbreak = 0.0
    if long_edge < 1.1 and (number >> 20) & 7 < 1:
        windbreak = 0.75 * farm
    elif long_edge < 0.7 or short_edge < 0.6:  # a field's edge
        crop *= 0.4
        tilled = farm - crop
    return crop, tilled, windbreak, 2.0 * float((number >> 10) & 1023) / 1024.0 - 1.0


@inlined
def _water(site: Site, level: float) -> tuple[float, float]:
    """Return open water and the drying rim of a dam that stands `level` metres below full."""
    depth = site.water + 0.35 * site.middle
    full = ramp(depth, -0.8, 0.8)
    now = ramp(depth - level * ramp(depth + 30.0, 28.0, 44.0), -0.8, 0.8)
    water = min(now, full)
    rim = full - water
    pool = ramp(13.0 - site.river + 5.0 * site.other, 0.0, 14.0) * 0.75
    return max(water, pool * (1.0 - rim)), rim


@inlined
def _cover(
    site: Site, year: float, level: float, far: float, seed: int, f: NDArray[np.float64]
) -> tuple[Cover, float]:
    """Burn the veld in `f`; return what lies over it, and the stand's difference."""
    burnt = _fire(site, year, f)
    wattle = _wattle(site, far)
    planted, forest_track, stand = _plantation(site, year, seed)
    pine = max(planted, _wildings(site, year, burnt, wattle, f))
    slash = pine * _felled(site, year)
    crop, tilled, windbreak, stand = _farm(site, year, seed, stand)
    gum = max(ramp(site.gum + 0.03 * site.middle + 0.015 * site.fine, -0.02, 0.035), windbreak)
    water, rim = _water(site, level)
    return Cover(water, rim, gum, wattle, crop, tilled, forest_track, pine - slash, slash), stand


@inlined
def _lay_over(f: NDArray[np.float64], cover: Cover, track: float) -> None:
    """Lay cover and paths over the veld in `f`: each takes its share of what is left."""
    left = 1.0 - cover.water
    rim = left * cover.rim
    left -= rim
    gum = left * cover.gum
    left -= gum
    wattle = left * cover.wattle
    left -= wattle
    farm = left * (cover.crop + cover.tilled)
    left -= farm
    forest_track = left * cover.forest_track
    path = left * ramp(9.0 - track, 0.0, 10.0) * 0.5
    left -= forest_track
    path *= 1.0 - cover.forest_track
    left -= path
    pine = left * cover.pine
    slash = left * cover.slash
    left -= pine + slash
    for k in range(COMPONENTS):
        f[k] *= left
    f[WATER] += cover.water
    f[BARE] += rim + forest_track + path + 0.55 * slash
    f[FYNBOS_LOW] += 0.45 * slash
    f[GUM] += gum
    f[WATTLE] += wattle
    f[PINE] += pine
    if farm > 0.0:
        f[CROP] += farm * cover.crop / (cover.crop + cover.tilled)
        f[BARE] += farm * cover.tilled / (cover.crop + cover.tilled)


@inlined
def _tidy(f: NDArray[np.float64]) -> float:
    """Set shares below a hundredth to 0, and return the sum of the others."""
    total = 0.0
    for k in range(COMPONENTS):
        f[k] = max(f[k], 0.0)
        if f[k] < 0.01:
            f[k] = 0.0
        total += f[k]
    return total


@inlined
def _slope(z: NDArray[np.float32], r: int, c: int) -> float:
    """Return the slope at a 10 m pixel, rise over run."""
    r1, r2 = max(r - 1, 0), min(r + 1, z.shape[0] - 1)
    c1, c2 = max(c - 1, 0), min(c + 1, z.shape[1] - 1)
    sy = (z[r2, c] - z[r1, c]) / (10.0 * (r2 - r1))
    sx = (z[r, c2] - z[r, c1]) / (10.0 * (c2 - c1))
    return np.sqrt(sx * sx + sy * sy)


@inlined
def _site(
    layers: NDArray[np.float32],
    warped: tuple[NDArray[np.float32], NDArray[np.float32]],
    noise: tuple[NDArray[np.float32], ...],
    chance: float,
    heights: tuple[float, float],
    r: int,
    c: int,
) -> Site:
    n = layers[:, r, c]
    return Site(
        n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13],
        n[14],
        _slope(layers[ELEVATION], r, c),
        (n[ELEVATION] - heights[0]) / heights[1],
        warped[0][r, c],
        warped[1][r, c],
        chance,
        noise[0][r, c],
        noise[1][r, c],
        noise[2][r, c],
        noise[3][r, c],
        noise[4][r, c],
    )  # fmt: skip


@kernel
def _compose(
    layers: NDArray[np.float32],
    warped: tuple[NDArray[np.float32], NDArray[np.float32]],
    noise: tuple[NDArray[np.float32], ...],
    window: Window,
    year: float,
    level: float,
    place: tuple[float, float, float],
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the fractions, the stands and the pines of a window, pixel by pixel.

    `place` holds the valleys' elevation, the summits' above them, and how far wattle reaches.
    """
    h, w = warped[0].shape
    fractions = np.empty((COMPONENTS, h, w), np.float32)
    stands = np.empty((h, w), np.float32)
    pines = np.zeros((3, h, w), np.float32)
    f = np.empty(COMPONENTS)
    for r in range(h):
        for c in range(w):
            chance = uniform(window.column + c, window.row + r, seed + 12)
            site = _site(layers, warped, noise, chance, place[:2], r, c)
            _veld(site, f)
            cover, stand = _cover(site, year, level, place[2], seed, f)
            _lay_over(f, cover, site.track)
            total = _tidy(f)
            for k in range(COMPONENTS):
                fractions[k, r, c] = f[k] / total
            stands[r, c] = 2.0 * squash(stand) - 1.0
            if f[PINE] > 0.0:
                pines[0, r, c], pines[1, r, c], pines[2, r, c] = _pines(site, seed)
    return fractions, stands, pines


@kernel
def _compartments(
    plantation: NDArray[np.float32],
    warped: tuple[NDArray[np.float32], NDArray[np.float32]],
    middle: NDArray[np.float32],
    seed: int,
) -> NDArray[np.int32]:
    h, w = plantation.shape
    numbers = np.zeros((h, w), np.int32)
    for r in range(h):
        for c in range(w):
            if _in_plantation(plantation[r, c], middle[r, c]) > 0.5:
                numbers[r, c] = _compartment(warped[0][r, c], warped[1][r, c], seed)[0]
    return numbers


def compartments_at(landscape: Landscape, window: Window) -> NDArray[np.int32]:
    """Return the number of the forest compartment of each pixel of a window, 0 outside."""
    rows, columns, layers = warped_layers(landscape, window, ("plantation",))
    return _compartments(layers[0], (rows, columns), _middle(landscape, window), landscape.seed)


def _middle(landscape: Landscape, window: Window) -> NDArray[np.float32]:
    return fractal_noise(*window, 11.0, 2, landscape.seed + 212)


def ground_at(landscape: Landscape, window: Window, year: float, level: float) -> Ground:
    """Compose the land cover of a window on a date.

    Parameters
    ----------
    landscape
    window
        In 10 m pixels of the landscape's grid; any block gives the pixels that the whole would.
    year
        Date as a decimal year: pines spread, a stand is felled, veld burns and recovers.
    level
        How far dams stand below full, in metres.
    """
    seed = landscape.seed
    rows, columns, layers = warped_layers(landscape, window)
    broad = fractal_noise(*window, 38.0, 2, seed + 213)
    middle = _middle(landscape, window)
    fine = gradient_noise(*window, 2.7, seed + 211)
    other = fractal_noise(*window, 24.0, 3, seed + 214)
    stock = gradient_noise(*window, 70.0, seed + 215)
    noise = (broad, middle, fine, other, stock)
    place = landscape.place
    peculiar = (place.valley_m, place.relief_m, place.wattle)
    made = _compose(layers, (rows, columns), noise, window, year, level, peculiar, seed)
    # gullies and outcrops too small for the coarse cells, only where the ground is rough
    z = layers[ELEVATION].copy()  # so that the other layers can go
    rough = np.clip((z - 240) / 500, 0, 1).astype(np.float32)
    dry = (layers[WATER_DEPTH] < 0).astype(np.float32)
    elevation = z + rough * dry * (np.float32(3.2) * middle + np.float32(0.25) * fine)
    fractions, stand, pines = made
    track = layers[TRACK].copy()
    return Ground(fractions, elevation.astype(np.float32), z, stand, pines, track)
