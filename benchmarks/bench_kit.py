"""How large, how fast and how believable the offline kit is, as Markdown tables.

    python benchmarks/bench_kit.py > benchmarks/kit.md

Builds the default size for three seeds (nothing is tuned by seed) in a temporary folder, and the
larger sizes in ``data/bench_kits``, where they stay. ``--sizes course`` leaves those out. What
``accuracy.py`` prints comes after.
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

import psutil
from accuracy import SEEDS, print_accuracy, table

from offline_kit.build.grid import SIZES
from offline_kit.folder import check_makes_way


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
    print_accuracy()


def run(folder: Path, larger: Path, sizes: list[str]) -> None:
    print("# The offline kit, measured\n")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    load = os.getloadavg()[0]
    print(f"`python benchmarks/bench_kit.py` on {machine}; load {load:.1f} at the start.\n")
    print("## Size and speed\n")
    rows = []
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
    table(
        ("size", "seed", "10 m pixels", "scenes", "seconds", "Mpixel/s", "MB on disk", "peak MB"),
        rows,
    )


if __name__ == "__main__":
    main()
