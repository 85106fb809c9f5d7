"""Measure which of the two should be 1: the threads of Dask, or those of the model.

A million pixels are predicted by every combination in turn, five times; medians are printed.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from xgboost import XGBClassifier

PIXELS, BANDS, BLOCKS, ROUNDS = 1_000_000, 12, 16, 5


def trained_model() -> XGBClassifier:
    rng = np.random.default_rng(0)
    pixels = rng.random((1000, BANDS), dtype=np.float32)
    classes = (4 * pixels[:, 0] + 3 * pixels[:, 3] + 3 * pixels[:, 7]).astype(int) % 10
    return XGBClassifier(n_estimators=100).fit(pixels, classes)


def predict(model: XGBClassifier, blocks: list[np.ndarray], outer: int, inner: int) -> None:
    model.set_params(n_jobs=inner)
    model.get_booster().set_param({"nthread": inner})
    with ThreadPoolExecutor(outer) as pool:
        list(pool.map(model.predict_proba, blocks))


def main() -> None:
    cores = os.cpu_count() or 1
    model = trained_model()
    pixels = np.random.default_rng(1).random((PIXELS, BANDS), dtype=np.float32)
    blocks = np.array_split(pixels, BLOCKS)
    ways = {
        "bare model, one array": ([pixels], 1, cores),
        f"{cores} threads of 1": (blocks, cores, 1),
        f"1 thread of {cores}": (blocks, 1, cores),
        f"{cores} threads of {cores}": (blocks, cores, cores),
    }
    seconds = defaultdict(list)
    for _ in range(ROUNDS):
        for name, (parts, outer, inner) in ways.items():
            started = time.perf_counter()
            predict(model, parts, outer, inner)
            seconds[name].append(time.perf_counter() - started)
    for name, times in seconds.items():
        print(f"{name:24} {statistics.median(times):6.2f} s ({min(times):.2f} to {max(times):.2f})")


if __name__ == "__main__":
    main()
