"""Land cover: fractions, blocks, and what happens between 2018 and 2024."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from build_fixtures import tiny_grid, tiny_landscape  # noqa: F401 (fixtures)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offline_kit.build import landcover, sampling
from offline_kit.build.bands import BAND_INDEX
from offline_kit.build.grid import Window
from offline_kit.build.landcover import ground_at
from offline_kit.build.landscape import LAYERS
from offline_kit.build.light import Sun, illumination
from offline_kit.build.passes import CLEAR_2018, PASSES
from offline_kit.build.scenes import Scene
from offline_kit.build.spectra import reflectance_of

PINE, FYNBOS, CHAR = landcover.PINE, [landcover.FYNBOS_HIGH, landcover.FYNBOS_LOW], landcover.CHAR


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(-200, 700), st.integers(-200, 900), st.floats(2018.6, 2024.8), st.floats(0, 8))
def test_fractions_are_shares_of_one(tiny_landscape, row, column, year, level):  # noqa: F811
    ground = ground_at(tiny_landscape, Window(row, column, 24, 30), year, level)
    assert (ground.fractions >= 0).all()
    np.testing.assert_allclose(ground.fractions.sum(axis=0), 1, atol=1e-5)
    assert np.isfinite(ground.elevation).all()
    assert (np.abs(ground.stand) <= 1).all()
    assert (np.abs(ground.pines) <= 1).all()


@pytest.mark.parametrize("date", ["2018-09-10", "2018-10-05"])  # clouds and cirrus: the most
def test_blocks_join_without_a_seam(tiny_landscape, date):  # noqa: F811
    scene = Scene(tiny_landscape, next(p for p in PASSES if p.date == date))
    whole = scene.simulate(Window(60, 120, 120, 180))
    left, right = (
        scene.simulate(Window(60, 120, 120, 60)),
        scene.simulate(Window(60, 180, 120, 120)),
    )
    for index, band in enumerate(whole.bands):
        joined = np.hstack([left.bands[index], right.bands[index]])
        np.testing.assert_array_equal(joined, band)
    for name in ("scl", "visual", "target", "dominant", "shadow"):
        joined = np.hstack([getattr(left, name), getattr(right, name)])
        np.testing.assert_array_equal(joined, getattr(whole, name))


def _cover(landscape, year):
    grid = landscape.grid
    whole = Window(0, 0, grid.height, grid.width)
    return ground_at(landscape, whole, year, 0.0).fractions


def test_pines_spread_one_stand_is_felled_and_veld_burns(tiny_landscape):  # noqa: F811
    grid = tiny_landscape.grid
    layers = sampling.warped_layers(tiny_landscape, Window(0, 0, grid.height, grid.width))[2]
    scar = layers[LAYERS.index("fire")] > 0.15
    felled = layers[LAYERS.index("clearing")] > 0.1
    spared = (layers[LAYERS.index("fire")] < -0.3) & (layers[LAYERS.index("clearing")] < -0.3)
    at = {year: _cover(tiny_landscape, year) for year in (2018.7, 2020.7, 2021.7, 2024.7)}
    pine = {year: f[PINE][spared].mean() for year, f in at.items()}
    assert pine[2018.7] < pine[2020.7] < pine[2021.7] < pine[2024.7]
    assert (at[2024.7][PINE][spared] >= at[2018.7][PINE][spared] - 0.02).all()
    assert at[2018.7][PINE][felled].mean() > 0.1
    assert at[2020.7][PINE][felled].mean() < 0.3 * at[2018.7][PINE][felled].mean()
    # the fire kills pines, too, and veld takes their ground: so only where veld had it to itself
    burnt = scar & (at[2020.7][PINE] < 0.05)
    assert burnt.sum() > 1000
    veld = {year: f[FYNBOS].sum(axis=0)[burnt].mean() for year, f in at.items()}
    assert veld[2021.7] < 0.6 * veld[2020.7]
    assert veld[2021.7] < veld[2024.7] < veld[2020.7]
    char = {year: f[CHAR].max() for year, f in at.items()}
    assert char[2020.7] == 0 < char[2021.7]
    assert char[2024.7] < 0.5 * char[2021.7]


HASH = """
import hashlib
from offline_kit.build.grid import Window, grid_of
from offline_kit.build.landscape import make_landscape
from offline_kit.build.light import Sun, illumination
from offline_kit.build.passes import PASSES
from offline_kit.build.scenes import Scene
from offline_kit.build.spectra import reflectance_of

scene = Scene(make_landscape(grid_of("tiny"), 6), PASSES[0])
block = scene.simulate(Window(120, 240, 180, 240))
digest = hashlib.sha256()
for values in (*block.bands, block.scl, block.visual, block.target, block.dominant, block.shadow):
    digest.update(values.tobytes())
print(digest.hexdigest())
"""


@pytest.fixture(scope="module")
def ground(tiny_landscape):  # noqa: F811
    grid = tiny_landscape.grid
    window = Window(0, 0, grid.height, grid.width)
    return ground_at(tiny_landscape, window, CLEAR_2018.year, CLEAR_2018.dam_level)


@pytest.mark.parametrize("cover", [PINE, landcover.FOREST, landcover.WATTLE])
def test_trees_stand_on_lit_slopes_and_in_shade(ground, cover):
    open_sky = np.full(ground.elevation.shape, -60, np.float32)
    direct = illumination(ground.elevation, open_sky, Sun(46.75, 44.29).vector)[0]
    on = direct[ground.fractions[cover] > 0.7]
    assert on.size > 300
    assert (on > 1).mean() > 0.25
    assert (on < 1).mean() > 0.25


def test_stands_of_pines_differ_in_species_age_and_health(ground):
    species, age, ill = ground.pines[:, ground.fractions[PINE] > 0.7]
    assert 0.2 < (species > 0.5).mean() < 0.8 and 0.2 < (species < -0.5).mean() < 0.8
    assert (age < -0.3).mean() > 0.05 and (age > 0.3).mean() > 0.05
    assert 0.02 < (ill > 0.3).mean() < 0.4
    assert np.median(ill) < 0.1  # most are healthy


def test_browned_pines_reflect_more_red_and_less_infrared(ground):
    pines = ground.fractions[PINE] > 0.9
    window = Window(0, 0, *pines.shape)
    seen = [
        reflectance_of(replace(ground, pines=np.full_like(ground.pines, value)), window, 1, 2)
        for value in (0.0, 1.0)
    ]
    change = (seen[1] / seen[0])[:, pines]
    assert (change[BAND_INDEX["B04"]] > 1.1).all()
    assert (change[BAND_INDEX["B08"]] < 0.95).all()
    np.testing.assert_array_equal(*(np.where(ground.fractions[PINE] == 0, s, 0) for s in seen))


@pytest.mark.slow
def test_pixels_are_the_same_on_a_lesser_processor(tiny_landscape, tmp_path):  # noqa: F811
    block = Scene(tiny_landscape, PASSES[0]).simulate(Window(120, 240, 180, 240))
    digest = hashlib.sha256()
    for values in (
        *block.bands,
        block.scl,
        block.visual,
        block.target,
        block.dominant,
        block.shadow,
    ):
        digest.update(values.tobytes())
    environment = {
        **os.environ,
        # code for the oldest 64-bit processors, and NumPy without its vector variants
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4" if os.uname().machine == "x86_64" else "",
    }
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HASH],
        env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert made.stdout.strip() == digest.hexdigest()


def test_the_clear_scene_is_clear(tiny_landscape):  # noqa: F811
    scl = Scene(tiny_landscape, CLEAR_2018).simulate(Window(0, 0, 300, 300)).scl
    clouds = np.isin(scl, [3, 8, 9, 10]).mean()
    assert clouds < 0.01
