"""How large, how fast and how believable the offline kit is, as Markdown tables.

    python benchmarks/bench_kit.py > benchmarks/kit.md

Builds the default size for three seeds (nothing is tuned by seed) in a temporary folder, and the
larger sizes in ``data/bench_kits``, where they stay. ``--sizes course`` leaves those out.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import psutil
import rasterio
from scipy.ndimage import minimum_filter
from scipy.spatial import cKDTree
from sklearn.metrics import accuracy_score, confusion_matrix, precision_score, recall_score
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from xgboost import XGBClassifier

from offline_kit.build.bands import BANDS
from offline_kit.build.grid import SIZES, windows_of
from offline_kit.build.landcover import CLASS_NAMES, PINE, ground_at
from offline_kit.build.landscape import make_landscape
from offline_kit.build.light import MINNAERT, illumination, shadow_edge
from offline_kit.build.passes import CLEAR_2018
from offline_kit.build.scenes import Scene
from offline_kit.build.sensor import block_mean
from offline_kit.build.spectra import published_medians
from offline_kit.folder import check_makes_way

SEEDS = (20180915, 7, 99)
BLOCK_M = 1000  # as in lesson 07
LEAST_PURE = 20  # pixels, to give a median
FAR_OFF = 0.10  # of a published median
REPEATS = 5  # of each cross-validation, with other folds


def table(head: tuple, rows: list[tuple]) -> None:
    print("| " + " | ".join(map(str, head)) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print(flush=True)


def build(size: str, seed: int, out: Path) -> tuple[float, float]:
    """Build a kit in a process of its own; return its seconds and peak memory in MB."""
    command = [sys.executable, "-m", "offline_kit", "build", "--size", size, "--seed", str(seed)]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--out", str(out)], stderr=sys.stderr, stdout=sys.stderr)
    peak = 0

    def watch() -> None:
        nonlocal peak
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
            except psutil.NoSuchProcess:
                return
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    if process.wait():
        raise SystemExit(f"The build of size {size} failed.")
    seconds = time.perf_counter() - started
    watcher.join()
    return seconds, peak / 1e6


def model() -> XGBClassifier:
    return XGBClassifier(
        max_depth=7, learning_rate=0.1, subsample=0.8, n_estimators=100, tree_method="hist",
        random_state=0,
    )  # fmt: skip


def clear_scene(kit: Path) -> Path:
    return kit / "scenes" / CLEAR_2018.collection / CLEAR_2018.item_id


def read_cube(kit: Path) -> np.ndarray:
    """Read the clear scene of 2018, (band, y, x), every band repeated to 10 m."""
    planes = []
    for band in BANDS:
        with rasterio.open(clear_scene(kit) / f"{band.file}.tif") as file:
            factor = band.pixel // 10
            planes.append(np.repeat(np.repeat(file.read(1), factor, 0), factor, 1))
    return np.stack(planes)


def judge(kit: Path) -> dict:
    """Run the course's protocol and cross-validations on the field points of a kit."""
    points = gpd.read_file(kit / "field_points.gpkg")
    with rasterio.open(clear_scene(kit) / "B02.tif") as file:
        rows, columns = rasterio.transform.rowcol(
            file.transform, points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
        )
    rows, columns = np.asarray(rows, int), np.asarray(columns, int)
    cube = read_cube(kit)
    x = cube[:, rows, columns].T * 1e-4
    label, group = points["class"].to_numpy(), points["group"].to_numpy()
    fitted = model().fit(x[group == 1], label[group == 1])
    predicted, expected = fitted.predict(x[group == 2]), label[group == 2]
    place = (rows * 10 // BLOCK_M) * 100_000 + columns * 10 // BLOCK_M
    random_cv, block_cv = [], []
    for repeat in range(REPEATS):
        at_random = StratifiedKFold(5, shuffle=True, random_state=repeat)
        by_block = GroupKFold(5, shuffle=True, random_state=repeat)
        guess = cross_val_predict(model(), x, label, cv=at_random)
        random_cv.append(accuracy_score(label, guess))
        guess = cross_val_predict(model(), x, label, cv=by_block, groups=place)
        block_cv.append(accuracy_score(label, guess))
    xy = np.column_stack([points.geometry.x, points.geometry.y])
    nearest = cKDTree(xy).query(xy, 2)[1][:, 1]
    return {
        "course": accuracy_score(expected, predicted),
        "precision": precision_score(expected, predicted, labels=[PINE], average=None)[0],
        "recall": recall_score(expected, predicted, labels=[PINE], average=None)[0],
        "random": np.mean(random_cv),
        "block": np.mean(block_cv),
        "shared": (group == group[nearest]).mean(),
        "confusion": confusion_matrix(expected, predicted, labels=range(10)),
        "detected": detected_by_cover(kit, cube, fitted),
    }


def detected_by_cover(kit: Path, cube: np.ndarray, fitted: XGBClassifier) -> list[tuple]:
    """Return the share of pixels called pine by their true pine cover."""
    name = f"pine_cover_{CLEAR_2018.date.replace('-', '')}.tif"
    with rasterio.open(kit / "truth_no_real_project_has" / name) as file:
        cover = file.read(1)
    generator = np.random.default_rng(0)
    rows = []
    for low, high in ((0, 1), (1, 25), (25, 50), (50, 75), (75, 101)):
        inside = np.flatnonzero((cover >= low) & (cover < high))
        some = generator.choice(inside, min(20_000, inside.size), replace=False)
        called = fitted.predict(cube.reshape(len(BANDS), -1)[:, some].T * 1e-4) == PINE
        rows.append((low, high, inside.size / cover.size, called.mean()))
    return rows


def pure_pixels(seed: int) -> dict[tuple[int, int], np.ndarray]:
    """Return purity and reflectance, (2, pixel), of lit pure pixels by class and band.

    A pixel is as pure as the least pure of it and its eight neighbours: the sensor's blur and the
    light scattered between them mix them all.
    """
    landscape = make_landscape(SIZES["course"], seed)
    scene = Scene(landscape, CLEAR_2018)
    found: dict[tuple[int, int], list[np.ndarray]] = {}
    for window in windows_of(landscape.grid):
        block = scene.simulate(window)
        ground = ground_at(landscape, window, CLEAR_2018.year, CLEAR_2018.dam_level)
        edge = shadow_edge(landscape, scene.shadow, window)
        direct, _ = illumination(ground.elevation, edge, scene.sun.vector, MINNAERT)
        for index, band in enumerate(BANDS):
            factor = band.pixel // 10
            light = block_mean(direct, factor)
            lit = (light > 0.93) & (light < 1.07)
            for code in range(len(CLASS_NAMES)):
                share = block_mean(np.ascontiguousarray(ground.fractions[code]), factor)
                share = minimum_filter(share, size=3, mode="constant")
                good = lit & (share > 0.75)
                rows = np.stack([share[good], block.bands[index][good] * 1e-4])
                found.setdefault((code, index), []).append(rows)
    return {key: np.concatenate(parts, axis=1) for key, parts in found.items()}


def median_of_purest(pixels: np.ndarray) -> float | None:
    """Return the median of the purest pixels, None where they are too few."""
    share, value = pixels
    if share.size < LEAST_PURE:
        return None
    return float(np.median(value[share >= min(0.97, np.sort(share)[-min(100, share.size)])]))


def print_medians() -> None:
    """Print the medians of the three landscapes together, and each that is far off in one."""
    published = published_medians()
    found = {seed: pure_pixels(seed) for seed in SEEDS}
    lines, off, judged = [], [], 0
    for code, name in enumerate(CLASS_NAMES):
        cells = [name]
        for index, band in enumerate(BANDS):
            target = published[code, index]
            parts = [found[seed][code, index] for seed in SEEDS]
            together = np.concatenate(parts, axis=1)
            median = median_of_purest(together)
            count = together.shape[1]
            cells.append(
                f"({count} pixels)"
                if median is None
                else f"{median:.3f} ({median / target - 1:+.0%})"
            )
            for seed, part in zip(SEEDS, parts, strict=True):
                if (median := median_of_purest(part)) is not None:
                    judged += 1
                    if abs(median / target - 1) > FAR_OFF:
                        off.append(f"{name} {band.file} {median - target:+.3f} (seed {seed})")
        lines.append(tuple(cells))
    print("## Median reflectance of lit, pure pixels (the three landscapes together)\n")
    print("Simulated, and in brackets its difference from the published median (`spectra.csv`).\n")
    table(("class", *(b.file for b in BANDS)), lines)
    print(f"In one landscape by itself, {len(off)} of {judged} medians are more than "
          f"{FAR_OFF:.0%} off: {', '.join(off) or 'none'}.")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=["course", "study", "tile"])
    parser.add_argument(
        "--larger", type=Path, default=Path("data/bench_kits"),
        help="where the larger kits are built, and stay for bench_predict.py",
    )  # fmt: skip
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run(Path(name), given.larger, given.sizes)


def run(folder: Path, larger: Path, sizes: list[str]) -> None:
    print("# The offline kit, measured\n")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    load = os.getloadavg()[0]
    print(f"`python benchmarks/bench_kit.py` on {machine}; load {load:.1f} at the start.\n")
    print("## Size and speed\n")
    kits, rows = {}, []
    for size in sizes:
        for seed in SEEDS if size == "course" else SEEDS[:1]:
            kit = folder / str(seed) if size == "course" else larger / size
            check_makes_way(kit)
            shutil.rmtree(kit, ignore_errors=True)
            seconds, memory = build(size, seed, kit)
            disk = sum(p.stat().st_size for p in kit.rglob("*") if p.is_file()) / 1e6
            scenes = len(list(kit.glob("items/sentinel-2-*/*34HCH_*.json")))
            grid = SIZES[size]
            mega = grid.width * grid.height / 1e6
            speed = mega * scenes / seconds
            measured = (f"{seconds:.0f}", f"{speed:.2f}", f"{disk:.0f}", f"{memory:.0f}")
            rows.append((size, seed, f"{grid.width} x {grid.height}", scenes, *measured))
            if size == "course":
                kits[seed] = kit
    table(
        ("size", "seed", "10 m pixels", "scenes", "seconds", "Mpixel/s", "MB on disk", "peak MB"),
        rows,
    )
    if not kits:
        return
    results = {seed: judge(kit) for seed, kit in kits.items()}
    print("## Accuracy of the course's protocol\n")
    print("Train on group 1 (266 points), test on group 2 (993); five-fold cross-validation over "
          f"all 1573 points, at random and by blocks of {BLOCK_M} m; means over {REPEATS} draws of "
          "the folds.\n")  # fmt: skip
    table(
        ("seed", "accuracy", "pine precision", "pine recall", "random CV", "block CV",
         "difference", "same group as nearest neighbour"),
        [(seed, *(f"{r[k]:.3f}" for k in ("course", "precision", "recall", "random", "block")),
          f"{r['random'] - r['block']:.3f}", f"{r['shared']:.2f}") for seed, r in results.items()],
    )  # fmt: skip
    print("## Pines found by their true cover\n")
    edges = next(iter(results.values()))["detected"]
    table(
        ("seed", *(f"{low}-{high - 1} %" for low, high, _, _ in edges)),
        [(seed, *(f"{called:.0%}" for *_, called in r["detected"])) for seed, r in results.items()],
    )
    print("## Confusions in percent of each true class (mean of the seeds)\n")
    total = sum(r["confusion"] for r in results.values())
    share = total / total.sum(axis=1, keepdims=True) * 100
    short = [n.replace("High Density", "high").replace("Low Density", "low") for n in CLASS_NAMES]
    table(("true \\ mapped", *short),
          [(short[i], *(f"{v:.0f}" for v in share[i])) for i in range(10)])  # fmt: skip
    print_medians()


if __name__ == "__main__":
    main()
