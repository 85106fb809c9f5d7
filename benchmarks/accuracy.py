"""How believable the kit's clear scene of 2018 is, on three landscapes of which none is tuned.

    python benchmarks/accuracy.py

Prints Markdown tables: accuracy on the points beside that of the map, confusions, and medians by
class. Only the one scene is simulated, in memory: about a minute for each landscape.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import rasterio.features
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter
from sklearn.metrics import accuracy_score, confusion_matrix, precision_score, recall_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from xgboost import XGBClassifier

from offline_kit.build.areas import make_areas
from offline_kit.build.bands import BANDS
from offline_kit.build.candidates import find_candidates
from offline_kit.build.filters import block_mean
from offline_kit.build.grid import EPSG, PIXEL, SIZES, Grid, windows_of
from offline_kit.build.landcover import CLASS_NAMES, PINE, Ground, ground_at
from offline_kit.build.landscape import Landscape, make_landscape
from offline_kit.build.light import illumination, modelled_illumination, shadow_edge
from offline_kit.build.parallel import ordered_map
from offline_kit.build.passes import CLEAR_2018
from offline_kit.build.points import make_field_points
from offline_kit.build.roadside import make_roadside_points
from offline_kit.build.scenes import TRUTH_NODATA, Block, Scene
from offline_kit.build.spectra import published_medians

SEEDS = (20180915, 7, 99)
TEN = [index for index, band in enumerate(BANDS) if band.pixel <= 20]  # the course's bands
BLOCK_M = 1000  # as in lesson 07
REPEATS = 5  # of each cross-validation, with other folds
MAP_PIXELS = 200_000  # drawn from the area of interest: a standard error of 0.1 %
COVERS = ((0, 1), (1, 25), (25, 50), (50, 75), (75, 101))
LEAST_PURE = 20  # pixels, to give a median
FAR_OFF = 0.10  # of a published median

Scores = tuple[float, float, float]  # accuracy, precision and recall of pines


@dataclass(frozen=True)
class Simulated:
    """The clear scene of a landscape, its truth, and what is known of it in the field.

    Attributes
    ----------
    bands
        uint16 (band, y, x), every band repeated to 10 m; of the ten that the course uses.
    cover, dominant
        uint8 (y, x); the truth.
    area
        bool (y, x); the area of interest.
    surveys
        Field points, by the name of the survey.
    pure
        Purity and reflectance, (2, pixel), of lit pure pixels by class and band.
    """

    grid: Grid
    bands: NDArray[np.uint16]
    cover: NDArray[np.uint8]
    dominant: NDArray[np.uint8]
    area: NDArray[np.bool_]
    surveys: dict[str, gpd.GeoDataFrame]
    pure: dict[tuple[int, int], NDArray[np.float64]]


def table(head: tuple, rows: list[tuple]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(map(str, head)) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print(flush=True)


def model() -> XGBClassifier:
    """Return the model of lesson 06."""
    return XGBClassifier(
        max_depth=7, learning_rate=0.1, subsample=0.8, n_estimators=100, tree_method="hist",
        random_state=0, n_jobs=1,
    )  # fmt: skip


def simulate(seed: int) -> Simulated:
    """Simulate the clear scene of a landscape of the course's size."""
    landscape = make_landscape(SIZES["course"], seed)
    grid, scene = landscape.grid, Scene(landscape, CLEAR_2018)
    bands = np.zeros((len(TEN), *grid.shape()), np.uint16)
    cover, dominant = np.zeros(grid.shape(), np.uint8), np.zeros(grid.shape(), np.uint8)
    found: dict[tuple[int, int], list[NDArray]] = {}
    for block in ordered_map(scene.simulate, windows_of(grid)):
        row, column, height, width = block.window
        here = np.s_[row : row + height, column : column + width]
        for plane, index in zip(bands, TEN, strict=True):
            factor = BANDS[index].pixel // PIXEL
            plane[here] = np.repeat(np.repeat(block.bands[index], factor, 0), factor, 1)
        cover[here], dominant[here] = block.target, block.dominant
        for key, part in pure_pixels(landscape, scene, block).items():
            found.setdefault(key, []).append(part)
    area = make_areas(landscape)[0]
    outline = area.to_crs(EPSG).geometry.iloc[0]
    inside = rasterio.features.geometry_mask([outline], grid.shape(), grid.transform(), invert=True)
    pool = find_candidates(landscape)
    surveys = {
        "field points": make_field_points(landscape, pool, area),
        "roadside points": make_roadside_points(landscape, pool),
    }
    pure = {key: np.concatenate(parts, axis=1) for key, parts in found.items()}
    return Simulated(grid, bands, cover, dominant, inside, surveys, pure)


def pure_pixels(
    landscape: Landscape, scene: Scene, block: Block
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return purity and reflectance of the lit pure pixels of a block, by class and band.

    A pixel is as pure as the least pure of it and its eight neighbours: the sensor's blur and the
    light scattered between them mix them all.
    """
    ground = ground_at(landscape, block.window, CLEAR_2018.year, CLEAR_2018.dam_level)
    lit = _lit(ground, landscape, scene, block)
    found = {}
    for index, band in enumerate(BANDS):
        factor = band.pixel // PIXEL
        evenly = block_mean(lit, factor) == 1
        for code in range(len(CLASS_NAMES)):
            share = block_mean(np.ascontiguousarray(ground.fractions[code]), factor)
            share = minimum_filter(share, size=3, mode="constant")
            good = evenly & (share > 0.75)
            found[code, index] = np.stack([share[good], block.bands[index][good] * 1e-4])
    return found


def _lit(ground: Ground, landscape: Landscape, scene: Scene, block: Block) -> NDArray[np.float32]:
    """Return 1 where the light, and what the correction makes of it, are those of flat ground."""
    edge = shadow_edge(landscape, scene.shadow, block.window)
    direct, _ = illumination(ground.elevation, edge, scene.sun.vector)
    modelled, _ = modelled_illumination(ground.terrain, scene.sun.vector)
    flat = (np.abs(direct - 1) < 0.07) & (np.abs(direct / modelled - 1) < 0.07)
    return flat.astype(np.float32)


def scores(expected: NDArray, predicted: NDArray) -> Scores:
    """Return accuracy, and precision and recall of pines."""
    return (
        accuracy_score(expected, predicted),
        precision_score(expected, predicted, labels=[PINE], average=None)[0],
        recall_score(expected, predicted, labels=[PINE], average=None)[0],
    )


def at_points(scene: Simulated, points: gpd.GeoDataFrame) -> tuple[NDArray, NDArray, NDArray]:
    """Return the features, the labels and the block of land of each point."""
    x, y = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    columns = ((x - scene.grid.west) // PIXEL).astype(int)
    rows = ((scene.grid.north - y) // PIXEL).astype(int)
    block = (y // BLOCK_M).astype(int) * 100_000 + (x // BLOCK_M).astype(int)
    return scene.bands[:, rows, columns].T * 1e-4, points["class"].to_numpy(), block


def in_turns(features: NDArray, label: NDArray, block: NDArray | None) -> Scores:
    """Return the scores of five-fold cross-validation, the mean of `REPEATS` draws of the folds."""
    found = []
    for repeat in range(REPEATS):
        kind = StratifiedKFold if block is None else StratifiedGroupKFold
        folds = kind(5, shuffle=True, random_state=repeat)
        found.append(
            scores(label, cross_val_predict(model(), features, label, cv=folds, groups=block))
        )
    return tuple(np.mean(found, axis=0))


def on_the_map(scene: Simulated, fitted: XGBClassifier) -> Scores:
    """Return the scores of a map against the truth, from a sample of the area of interest."""
    inside = np.flatnonzero(scene.area & (scene.dominant != TRUTH_NODATA))
    generator = np.random.default_rng(0)
    some = generator.choice(inside, min(MAP_PIXELS, inside.size), replace=False)
    features = scene.bands.reshape(len(TEN), -1)[:, some].T * 1e-4
    return scores(scene.dominant.ravel()[some], fitted.predict(features))


def found_by_cover(scene: Simulated, fitted: XGBClassifier) -> list[float]:
    """Return the share of pixels that are called pine, by their true cover of pines."""
    generator = np.random.default_rng(0)
    shares = []
    for low, high in COVERS:
        inside = np.flatnonzero((scene.cover >= low) & (scene.cover < high))
        some = generator.choice(inside, min(20_000, inside.size), replace=False)
        features = scene.bands.reshape(len(TEN), -1)[:, some].T * 1e-4
        shares.append((fitted.predict(features) == PINE).mean())
    return shares


def judge(scene: Simulated, survey: str) -> tuple[dict[str, Scores], NDArray, list[float]]:
    """Return the scores by way of asking, the confusions of the testing points, pines by cover."""
    points = scene.surveys[survey]
    features, label, block = at_points(scene, points)
    group = points["group"].to_numpy()
    fitted = model().fit(features[group == 1], label[group == 1])
    predicted, expected = fitted.predict(features[group == 2]), label[group == 2]
    found = {
        "testing points": scores(expected, predicted),
        "random folds": in_turns(features, label, None),
        "folds by blocks": in_turns(features, label, block),
        "map, from training points": on_the_map(scene, fitted),
        "map, from all points": on_the_map(scene, model().fit(features, label)),
    }
    confusion = confusion_matrix(expected, predicted, labels=range(len(CLASS_NAMES)))
    return found, confusion, found_by_cover(scene, fitted)


def median_of_purest(pixels: NDArray[np.float64]) -> float | None:
    """Return the median of the purest pixels, None where they are too few."""
    share, value = pixels
    if share.size < LEAST_PURE:
        return None
    return float(np.median(value[share >= min(0.97, np.sort(share)[-min(100, share.size)])]))


def print_medians(scenes: dict[int, Simulated]) -> None:
    """Print the medians of the landscapes together, and each that is far off in one."""
    published = published_medians()
    lines, off, judged = [], [], 0
    for code, name in enumerate(CLASS_NAMES):
        cells = [name]
        for index, band in enumerate(BANDS):
            target = published[code, index]
            parts = {seed: scene.pure[code, index] for seed, scene in scenes.items()}
            together = np.concatenate(list(parts.values()), axis=1)
            median = median_of_purest(together)
            few = f"({together.shape[1]} pixels)"
            cells.append(few if median is None else f"{median:.3f} ({median / target - 1:+.0%})")
            for seed, part in parts.items():
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


def print_scores(survey: str, found: dict[int, dict[str, Scores]]) -> None:
    """Print accuracy, precision and recall of pines, by landscape and way of asking."""
    print(f"### {survey.capitalize()}\n")
    ways = list(next(iter(found.values())))
    rows = [
        (seed, *(" / ".join(f"{value:.2f}" for value in by_way[way]) for way in ways))
        for seed, by_way in found.items()
    ]
    table(("seed", *ways), rows)


def print_confusions(total: NDArray[np.int64]) -> None:
    """Print confusions in percent of each true class, and the most frequent pairs."""
    share = total / total.sum(axis=1, keepdims=True) * 100
    short = [n.replace("High Density", "high").replace("Low Density", "low") for n in CLASS_NAMES]
    print("## Confusions in percent of each true class (field points, sum of the landscapes)\n")
    rows = [(short[i], *(f"{v:.0f}" for v in share[i])) for i in range(len(short))]
    table(("true \\ mapped", *short), rows)
    pairs = sorted(
        ((share[i, j] + share[j, i], short[i], short[j]) for i in range(10) for j in range(i)),
        reverse=True,
    )
    named = ", ".join(f"{a} and {b} ({value:.0f})" for value, a, b in pairs[:6])
    print(f"Largest, percent of either class added: {named}.\n")


def print_accuracy() -> None:
    """Print accuracy, confusions and medians of the three landscapes."""
    scenes = {seed: simulate(seed) for seed in SEEDS}
    print("## Accuracy / precision of pines / recall of pines\n")
    print(f"Five-fold cross-validation over all 1573 points, at random and by blocks of {BLOCK_M} "
          f"m, means over {REPEATS} draws of the folds; training points are group 1 (266), testing "
          f"points group 2 (993); the map is judged by the truth of {MAP_PIXELS} pixels in the "
          "area of interest. Bands of 10 and 20 m, the model of lesson 06.\n")  # fmt: skip
    for survey in ("field points", "roadside points"):
        judged = {seed: judge(scene, survey) for seed, scene in scenes.items()}
        print_scores(survey, {seed: found for seed, (found, _, _) in judged.items()})
        if survey == "field points":
            print_confusions(sum(confusion for _, confusion, _ in judged.values()))
            print("## Pines found by their true cover\n")
            table(("seed", *(f"{low}-{high - 1} %" for low, high in COVERS)),
                  [(seed, *(f"{share:.0%}" for share in shares))
                   for seed, (_, _, shares) in judged.items()])  # fmt: skip
    print_medians(scenes)


if __name__ == "__main__":
    print_accuracy()
