"""The build's pure functions: noise, filters, sensor, light, terrain."""

import math
import os
import subprocess
import sys
from datetime import UTC, datetime

import build_fixtures  # noqa: F401 (loads the profile of hypothesis)
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from offline_kit.build.bands import BANDS
from offline_kit.build.filters import block_mean, exponential, smooth
from offline_kit.build.geometry import RIM, displaced, displacement
from offline_kit.build.grid import Window, blocks_of, grid_of, windows_of
from offline_kit.build.landcover import Site
from offline_kit.build.landscape import LAYERS
from offline_kit.build.light import (
    CAST_SHADOW,
    SELF_SHADOW,
    Sun,
    illumination,
    modelled_illumination,
    put_light_on,
    sun_at,
    take_light_off,
    terrain_shadow,
)
from offline_kit.build.noise import fractal_noise, gradient_noise, normal4, uniform_field
from offline_kit.build.parallel import ordered_map
from offline_kit.build.passes import PASSES
from offline_kit.build.season import dryness
from offline_kit.build.sensor import HALO, observe, to_dn
from offline_kit.build.spectra import published_medians, spectra_table
from offline_kit.build.terrain import fill_pits, make_terrain
from offline_kit.errors import CourseError

small = st.integers(-500, 500)


@given(small, small, st.floats(2, 60), st.integers(0, 2**31), st.integers(0, 9), st.integers(0, 9))
def test_noise_does_not_depend_on_the_window(row, column, wavelength, seed, down, right):
    whole = gradient_noise(row, column, 12, 14, wavelength, seed)
    part = gradient_noise(row + down, column + right, 3, 4, wavelength, seed)
    np.testing.assert_array_equal(part, whole[down : down + 3, right : right + 4])


def test_noise_has_the_spread_that_is_promised():
    field = fractal_noise(0, 0, 600, 600, 20, 3, 5)
    assert abs(field.mean()) < 0.1
    assert 0.5 < field.std() < 0.8
    draws = np.array([normal4(x, y, 3) for x in range(100) for y in range(100)])
    assert abs(draws.mean()) < 0.02
    assert abs(draws.std() - 1) < 0.02
    assert np.abs(np.corrcoef(draws.T) - np.eye(4)).max() < 0.04
    flat = uniform_field(-5, 7, 200, 200, 1)
    assert 0 <= flat.min() < 0.001 and 0.999 < flat.max() < 1
    assert abs(flat.mean() - 0.5) < 0.01


@given(st.floats(-10, 10))
def test_exponential_is_close_to_exp(u):
    assert exponential(u) == pytest.approx(math.exp(u), rel=max(1e-9, u * u / 1900))


@given(st.floats(-100, 100), st.floats(0.6, 12))
def test_smoothing_keeps_a_constant(value, radius):
    field = np.full((9, 14), value, np.float32)
    np.testing.assert_allclose(smooth(field, radius), field, rtol=1e-5, atol=1e-4)


@given(st.floats(0.0002, 1.2), st.sampled_from([0, 1000]))
def test_reflectance_survives_its_digital_numbers(reflectance, offset):
    dn = to_dn(np.full((1, 1), reflectance, np.float32), offset)
    assert dn.dtype == np.uint16
    assert (int(dn[0, 0]) - offset) * 0.0001 == pytest.approx(reflectance, abs=0.5001e-4)


@given(st.floats(-0.5, 0.00004))
def test_no_valid_pixel_is_written_as_nodata(reflectance):
    assert to_dn(np.full((1, 1), reflectance, np.float32), 0)[0, 0] == 1


def test_the_sensor_keeps_an_even_surface_even():
    level = np.linspace(0.05, 0.4, len(BANDS), dtype=np.float32)
    flat = np.broadcast_to(level[:, None, None], (len(BANDS), 120 + 2 * HALO, 60 + 2 * HALO))
    seen = observe(np.ascontiguousarray(flat), 0, 0, 1)
    for band, value, values in zip(BANDS, level, seen, strict=True):
        assert values.shape == (1200 // band.pixel, 600 // band.pixel)
        assert values.mean() == pytest.approx(value, abs=0.0015)
    red = seen[3]
    assert 0.0003 < red.std() < 0.0008  # the sensor's noise, about 5 DN


def test_block_mean():
    a = np.arange(24, dtype=np.float32).reshape(4, 6)
    np.testing.assert_array_equal(block_mean(a, 2), a.reshape(2, 2, 3, 2).mean(axis=(1, 3)))


def test_the_sun_stands_where_an_almanac_says():
    # pvlib 0.15 gives zenith 46.756, azimuth 44.286
    sun = sun_at(datetime(2018, 9, 15, 8, 36, tzinfo=UTC), 19.2, -33.8)
    assert sun.zenith == pytest.approx(46.756, abs=0.03)
    assert sun.azimuth == pytest.approx(44.286, abs=0.03)
    assert sum(v * v for v in sun.vector) == pytest.approx(1, abs=1e-5)


suns = st.builds(Sun, st.floats(20, 65), st.floats(0, 359))


def slope(sun, gradient):
    """Return ground that falls away from the sun."""
    east, north, _ = sun.vector
    rows, columns = np.mgrid[0:6, 0:6]
    away = (columns * east - rows * north) / math.hypot(east, north)
    return (gradient * 10 * away).astype(np.float32)


def fall(sun, ratio):
    """Return the gradient away from the sun on which its cosine is `ratio` times that on level."""
    zenith = math.radians(sun.zenith)
    return math.tan(math.acos(ratio * math.cos(zenith)) - zenith)


def lit(sun, gradient, edge=-60):
    """Light even ground of reflectance 0.2 on a slope; return what is seen, and that corrected."""
    ground = slope(sun, gradient)
    bands = np.full((len(BANDS), 6, 6), 0.2, np.float32)
    light = illumination(ground, np.full((6, 6), edge, np.float32), sun.vector)
    put_light_on(bands, *light, np.zeros((6, 6), np.float32))
    seen = [block_mean(values, band.pixel // 10) for band, values in zip(BANDS, bands, strict=True)]
    return seen, take_light_off(seen, *modelled_illumination(ground, sun.vector))


@given(suns, st.floats(0, 2000))
def test_flat_lit_ground_has_light_one(sun, height):
    ground = np.full((4, 5), height, np.float32)
    direct, sky = illumination(ground, np.full((4, 5), -60, np.float32), sun.vector)
    for light in (direct, sky, *modelled_illumination(ground, sun.vector)):
        np.testing.assert_allclose(light, 1, atol=1e-5)
    for values in lit(sun, 0.0)[1]:
        np.testing.assert_allclose(values, 0.2, atol=1e-5)


@given(suns, st.floats(0.05, 0.8))
def test_slopes_that_face_the_sun_are_lit_more(sun, gradient):
    no_shadow = np.full((6, 6), -60, np.float32)
    facing = illumination(slope(sun, -gradient), no_shadow, sun.vector)[0][2, 2]
    turned = illumination(slope(sun, gradient), no_shadow, sun.vector)[0][2, 2]
    assert turned < 1
    assert turned < facing
    assert 0 <= turned and facing <= 1 / sun.vector[2]


@given(suns, st.floats(0.4, 0.9) | st.floats(1.05, 1.25))
def test_the_correction_makes_sunlit_slopes_flatter(sun, ratio):
    assume(ratio * sun.vector[2] < 0.99)  # the sun stands no higher than overhead
    for before, after in zip(*lit(sun, fall(sun, ratio)), strict=True):
        off = abs(math.log(float(before[0, 0]) / 0.2)), abs(math.log(float(after[0, 0]) / 0.2))
        assert off[1] < 0.6 * off[0]


@given(suns, st.floats(0.15, 0.4))
def test_the_correction_makes_faintly_lit_slopes_too_bright(sun, ratio):
    for band, before, after in zip(BANDS, *lit(sun, fall(sun, ratio)), strict=True):
        assert before[0, 0] < after[0, 0]
        if band.file in ("B08", "B11"):  # little diffuse light
            assert after[0, 0] > 0.2


@given(suns, st.floats(-0.15, -0.05))
def test_deep_shade_comes_out_brighter_and_noisier(sun, ratio):
    modelled = modelled_illumination(slope(sun, fall(sun, ratio)), sun.vector)
    noise = np.random.default_rng(0).normal(0.01, 0.0006, (6, 6)).astype(np.float32)
    seen = [block_mean(noise, band.pixel // 10) for band in BANDS]
    for band, before, after in zip(BANDS, seen, take_light_off(seen, *modelled), strict=True):
        assert before.mean() < after.mean()
        if band.file == "B08":
            assert after.std() > 2 * before.std()


@given(suns)
def test_cast_shadow_leaves_the_sky_and_the_slopes_opposite(sun):
    flat, steep = lit(sun, 0.0, edge=40)[0], lit(sun, 1.0, edge=40)[0]
    for band, on_flat, on_steep in zip(BANDS, flat, steep, strict=True):
        assert on_flat[0, 0] == pytest.approx(0.2 * band.diffuse, rel=1e-4)
        less_sky = 0.2 * band.diffuse * (1 + math.sqrt(0.5)) / 2
        assert on_steep[0, 0] > less_sky + 0.2 * 0.14 * band.slopes


@given(suns, st.floats(0.1, 6), st.sampled_from([-60, 40]))
def test_shadow_is_where_direct_light_ends(sun, gradient, edge):
    east, north, _ = sun.vector
    level = math.hypot(east, north)
    rows, columns = np.mgrid[0:5, 0:5]
    away = (gradient * 10 * (columns * east - rows * north) / level).astype(np.float32)
    edges = np.full((5, 5), edge, np.float32)
    kind = terrain_shadow(away, edges, sun.vector)
    direct = illumination(away, edges, sun.vector)[0]
    np.testing.assert_array_equal(kind > 0, direct == 0)
    own = gradient > sun.vector[2] / level  # the slope is steeper than the sun is high
    expected = SELF_SHADOW if own else CAST_SHADOW if edge > 0 else 0
    if abs(gradient - sun.vector[2] / level) > 0.01:
        assert kind[2, 2] == expected


@settings(max_examples=8)
@given(st.integers(0, 2**20))
def test_terrain_drains_to_its_edge(seed):
    terrain = make_terrain(40, 50, 30, seed, 190.0, 1330.0)
    z = terrain.elevation.ravel()
    inner = np.zeros(terrain.elevation.shape, bool)
    inner[1:-1, 1:-1] = True
    own = np.arange(z.size)
    outlets = terrain.receiver == own
    assert not (outlets & inner.ravel()).any()
    assert (z[terrain.receiver] < z)[~outlets].all()
    assert sorted(terrain.order) == list(own)
    drained = terrain.area.ravel()[outlets].sum()
    assert drained == pytest.approx(z.size * 0.03**2, rel=1e-4)


def test_pits_are_only_ever_raised():
    rough = fractal_noise(0, 0, 60, 60, 9, 3, 2) * 30
    filled = fill_pits(rough, 1)
    assert (filled >= rough).all()
    assert (filled > rough).any()


def test_the_spectra_are_those_of_the_facts():
    medians, modes = spectra_table()
    published = published_medians()
    pine, water = published[2], published[9]
    assert pine[[1, 7, 10]].tolist() == [0.023, 0.192, 0.072]
    # bright surroundings shine into what is dark, so that it must be darker than it looks
    assert 0 < medians[9][7] < water[7]
    assert medians[5][7] > medians[2][7]
    spread = np.sqrt((modes**2).sum(axis=1))
    assert (spread > 0.08).all() and (spread < 0.6).all()


@pytest.mark.parametrize("cut", [windows_of, blocks_of])
@pytest.mark.parametrize("size", ["tiny", "course", "study"])
def test_windows_cover_a_grid_once(cut, size):
    grid = grid_of(size)
    seen = np.zeros((grid.height // 6, grid.width // 6), int)
    for w in cut(grid):
        assert all(v % 6 == 0 for v in (w.row, w.column, w.height, w.width))
        rows, columns = (
            slice(w.row // 6, (w.row + w.height) // 6),
            slice(w.column // 6, (w.column + w.width) // 6),
        )
        seen[rows, columns] += 1
    assert (seen == 1).all()
    assert Window(0, 6, 12, 18).grown(6) == Window(-6, 0, 24, 30)


def test_every_size_holds_the_place_of_the_course():
    for size in ("tiny", "course", "study", "tile"):
        west, south, east, north = grid_of(size).bounds
        assert west < 333_375 < east and south < 6_258_563 < north
        assert (west - 300_000) % 60 == 0 and (6_300_040 - north) % 60 == 0
    with pytest.raises(CourseError, match="no kit size 'big'.*course"):
        grid_of("big")


def test_passes_follow_the_orbits():
    assert len({p.item_id for p in PASSES}) == len(PASSES) == 12
    for one in PASSES:
        assert (one.time - PASSES[1].time).days % 5 == 0
    assert PASSES[1].item_id == "S2A_34HCH_20180915_0_L2A"
    assert [p.date for p in PASSES] == sorted(p.date for p in PASSES)
    assert sum(p.date < "2018-11" for p in PASSES) == 5  # one season, for composites
    assert [p.time.year for p in PASSES if dryness(p.year) > 0] == [2019, 2025]
    assert {p.time.year for p in PASSES} >= {2018, 2020, 2021, 2024}


def test_ordered_map_keeps_order_and_passes_errors_on():
    assert list(ordered_map(lambda n: n * n, range(50))) == [n * n for n in range(50)]
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(lambda n: 1 / (n - 3), range(50)))


def test_layers_keep_their_order_in_a_site():
    assert Site._fields[: len(LAYERS)] == LAYERS


CALLER = """
import sys
from pathlib import Path
from numba import njit
from offline_kit.build.kernels import forget_outdated_kernels
{forget}
from callee import add

@njit(cache=True)
def double(x):
    return 2 * add(x)

print(double(5))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("forget", "second"), [(False, "12"), (True, "14")])
def test_a_change_in_a_function_that_a_kernel_calls_is_seen(forget, second, tmp_path):
    call = "forget_outdated_kernels(Path(__file__).parent)" if forget else ""
    (tmp_path / "caller.py").write_text(CALLER.format(forget=call))
    said = []
    for number in (1, 2):
        callee = tmp_path / "callee.py"
        callee.write_text(f"from numba import njit\n\n@njit\ndef add(x): return x + {number}\n")
        if number == 2:  # files are told apart by their time of change
            last = max(p.stat().st_mtime for p in (tmp_path / "__pycache__").iterdir())
            os.utime(callee, (last + 5, last + 5))
        run = subprocess.run(
            [sys.executable, tmp_path / "caller.py"],
            cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300,
        )  # fmt: skip
        said.append(run.stdout.strip())
    assert said == ["12", second]  # without it Numba keeps what the first run compiled


def test_scenes_lie_beside_the_ground_as_far_as_published():
    early, late = (p for p in PASSES if p.date in ("2018-09-15", "2024-09-18"))
    for one, absolute, between in ((early, 11.0, 12.0), (late, 8.0, 5.0)):
        other = PASSES[PASSES.index(one) - 1]
        here, there = (
            np.array([displacement(p, seed) for seed in range(3000)]) for p in (one, other)
        )
        assert np.quantile(np.hypot(*here.T), 0.95) == pytest.approx(absolute, rel=0.08)
        assert np.quantile(np.hypot(*(here - there).T), 0.95) == pytest.approx(between, rel=0.08)


def test_displacement_moves_the_ground():
    ground = np.random.default_rng(0).random((1, 60, 66)).astype(np.float32) + 0.1
    moved = displaced(ground, (20.0, -10.0))  # two pixels to the east, one to the south
    np.testing.assert_allclose(moved[0], ground[0, RIM - 1 : -RIM - 1, RIM - 2 : -RIM - 2])
    ramp = np.broadcast_to(np.arange(66, dtype=np.float32), (1, 60, 66))
    there = displaced(ramp, (3.0, 4.0))
    np.testing.assert_allclose(there[0], ramp[0, RIM:-RIM, RIM:-RIM] - 0.3, rtol=1e-5)
