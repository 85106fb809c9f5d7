"""The heavy step side by side with its alternatives: ``make bench``, or this file with --help.

Every case runs in a process of its own, in turn (all cases once, then all again), and the median
is taken. The table is printed and kept in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import httpx
import numpy as np
import psutil
import rasterio
from cases import BANDS, CASES, CHUNK, COLLECTION, CORNER, ROUNDS, SCENE, Setup
from memory import PeakMemory
from rasterio.windows import Window
from shapely import box
from tqdm import tqdm
from xgboost import XGBClassifier

from offline_kit.serve import ServerAddresses, ensure_server

HERE = Path(__file__).parent
README = HERE / "README.md"
MARKS = "<!-- table: begin -->", "<!-- table: end -->"
FILES = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"]
# GDAL's cache in MB, as on Binder: of its own accord it would take 5 % of the machine's memory.
# How memory is given back is as in the Makefile and on Binder. Pieces of 4 kB keep GDAL from
# reading ahead: once it has read two neighbouring tiles of a file it would ask for twice as much.
# Dask makes no profile of its workers and ticks less often: of its own accord, idle, scheduler and
# workers take 3 to 4 % of a core each, half of it for these two, on a machine that has two cores.
ENVIRONMENT = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "1000000",
    "OMP_WAIT_POLICY": "passive",
    "GDAL_CACHEMAX": "128",
    "CPL_VSIL_CURL_CACHE_SIZE": str(96 * 2**20),
    "CPL_VSIL_CURL_CHUNK_SIZE": "4096",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
}
ALTERNATIVES = ["published", "plain_map_blocks", "sklearn_raster", "dea_tools"]
IN_MEMORY = ["bare_model", "ours_in_blocks", "ours", "ours_fast"]
FROM_SERVER = [*ALTERNATIVES, "ours", "ours_fast", "ours_to_cog", "ours_fast_to_cog"]
PROCESSES = ["one_process", "two_processes"]
PROCESSES_TO_COG = ["one_process_to_cog", "two_processes_to_cog"]
CASES_OF = {
    ("corner", "memory"): IN_MEMORY,
    ("corner", "server"): FROM_SERVER,
    ("study", "memory"): IN_MEMORY,
    ("study", "server"): [*FROM_SERVER, *PROCESSES, *PROCESSES_TO_COG],
    ("tile", "server"): ["ours_to_cog", "ours_fast_to_cog"],
}
# Cases that take minutes, or that are there for completeness, run in the first round only.
ONCE = {("corner", case) for case in ALTERNATIVES}
ONCE |= {("study", case) for case in (*ALTERNATIVES[1:], *PROCESSES_TO_COG)}
ONCE |= {("tile", case) for case in CASES_OF["tile", "server"]}


@dataclass(frozen=True)
class Run:
    """What one run of a case took; `megabytes` and `bytes_read` include the server's part."""

    seconds: float
    cpu: float
    pixels: int
    megabytes: float
    bytes_read: int


class Job(NamedTuple):
    """A case on a scene, of this checkout or of the one before it."""

    size: str
    source: str
    case: str
    before: bool


@dataclass(frozen=True)
class Scene:
    """A scene, where it is served, and the bytes that its chunks within the area need."""

    size: str
    setup: Setup
    server: ServerAddresses
    bytes_needed: int


def main() -> None:
    """Measure, print the table and keep it."""
    options = _options()
    runs: dict[Job, list[Run]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        scenes = {size: _scene(size, options.kits, Path(folder)) for size in options.sizes}
        jobs = list(_jobs(options))
        for job in tqdm(jobs, unit="run"):
            run = _run(job, scenes[job.size], options.before, Path(folder))
            if run is not None:
                runs[job].append(run)
    table = _table(runs, scenes)
    print(table)
    if options.keep and options.before is None:
        _keep(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=["corner", "study", "tile"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--kits", type=Path, default=Path("data/bench_kits"))
    parser.add_argument(
        "--before", type=Path, help="checkout of an earlier commit, measured in turn with this one"
    )
    parser.add_argument("--keep", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    if options.before and not (options.before / "benchmarks" / "cases.py").is_file():
        parser.error("--before must be a checkout of the project")
    return options


def _jobs(options: argparse.Namespace) -> Iterator[Job]:
    """Yield every case once, then all again, so that a noisy minute meets all alike."""
    codes = (False,) if options.before is None else (True, False)
    for number in range(options.rounds):
        for (size, source), cases in CASES_OF.items():
            for case in cases:
                enough = number > 0 and (size, case) in ONCE
                if size in options.sizes and case in options.only and not enough:
                    for before in codes:
                        yield Job(size, source, case, before)


def _scene(size: str, kits: Path, folder: Path) -> Scene:
    """Build the kit of that size if it is not there, serve it and train a model on it."""
    kit = kits / ("tile" if size == "tile" else "study")
    command = [sys.executable, "-m", "offline_kit", "build", "--size", kit.name, "--out", str(kit)]
    subprocess.run(command, check=True)
    server = ensure_server(kit, folder / f"bucket-{kit.name}")
    model, points = folder / f"model-{kit.name}.ubj", folder / f"points-{kit.name}.npz"
    if not model.exists():
        pixels, classes = training_points(kit)
        np.savez(points, pixels=pixels, classes=classes)
        XGBClassifier(n_estimators=ROUNDS).fit(pixels, classes).save_model(model)
    stac_url = f"{server.http_url}/v1"
    setup = Setup(kit, stac_url, model, points, "server", corner=size == "corner")
    return Scene(size, setup, server, _bytes_needed(setup))


def _band_file(kit: Path, name: str) -> Path:
    return kit / "scenes" / COLLECTION / SCENE / f"{name}.tif"


def training_points(kit: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the pixels under the kit's field points, and their classes."""
    points = gpd.read_file(kit / "field_points.gpkg")
    places = list(zip(points.geometry.x, points.geometry.y, strict=True))
    columns = []
    for name in FILES:
        with rasterio.open(_band_file(kit, name)) as band:
            columns.append([value[0] for value in band.sample(places)])
    pixels = np.array(columns, dtype=np.uint16).T
    inside = (pixels > 0).all(axis=1)
    return pixels[inside], points["class"].to_numpy()[inside]


def _bytes_needed(setup: Setup) -> int:
    """Sum the compressed tiles of the COGs under the cube's chunks inside the area of interest."""
    area = setup.area().geometry.union_all()
    needed = 0
    with rasterio.open(_band_file(setup.kit, "B04")) as grid:
        rows, columns = (CORNER, CORNER) if setup.corner else grid.shape
        chunks = [
            Window(x, y, min(CHUNK, columns - x), min(CHUNK, rows - y))
            for y in range(0, rows, CHUNK)
            for x in range(0, columns, CHUNK)
        ]
        bounds = [grid.window_bounds(chunk) for chunk in chunks]
    touched = [bound for bound in bounds if box(*bound).intersects(area)]
    for name in FILES:
        with rasterio.open(_band_file(setup.kit, name)) as band:
            tiles = {tile for bound in touched for tile in _tiles_under(band, bound)}
            for column, row in tiles:
                tag = f"BLOCK_SIZE_{column}_{row}"
                needed += int(band.get_tag_item(tag, "TIFF", bidx=1) or 0)
    return needed


def _tiles_under(
    band: rasterio.DatasetReader, bound: tuple[float, float, float, float]
) -> Iterator[tuple[int, int]]:
    window = rasterio.windows.from_bounds(*bound, band.transform).round_lengths().round_offsets()
    height, width = band.block_shapes[0]
    for row in range(window.row_off // height, -(-(window.row_off + window.height) // height)):
        for column in range(window.col_off // width, -(-(window.col_off + window.width) // width)):
            yield column, row


def _run(job: Job, scene: Scene, before: Path | None, folder: Path) -> Run | None:
    """Run a case in a process of its own; None if it needs a package that is not installed."""
    setup_file = folder / "setup.json"
    setup = asdict(replace(scene.setup, source=job.source))
    setup_file.write_text(json.dumps(setup, default=str))
    served = _bytes_served(scene.server)
    code = before.resolve() if job.before and before is not None else HERE.parent
    cases = code / "benchmarks" / "cases.py"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(cases), job.case, str(setup_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(code)},
    )
    with PeakMemory([process.pid, scene.server.pid]) as peak:
        output, errors = process.communicate()
    if "ModuleNotFoundError" in errors and not job.before:
        return None
    if process.returncode:
        raise RuntimeError(f"{job.case} failed on {job.size} from {job.source}:\n{errors}")
    result = json.loads(output.splitlines()[-1])
    return Run(**result, megabytes=peak.megabytes, bytes_read=_bytes_served(scene.server) - served)


def _bytes_served(server: ServerAddresses) -> int:
    return httpx.get(f"{server.http_url}/traffic", timeout=30).json()["bytes"]


def _table(runs: dict[Job, list[Run]], scenes: dict[str, Scene]) -> str:
    """Lay the medians out as Markdown, one line a case."""
    lines = [
        "| scene | pixels from | what | runs | million px predicted | seconds (least to most) "
        "| CPU s | thousand px/s | s per million px | peak MB | bytes read / needed |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (size, source, case, before), group in sorted(runs.items(), key=_order):
        what = f"{case}, before" if before else case
        seconds = [run.seconds for run in group]
        middle = statistics.median(seconds)
        cpu = statistics.median(run.cpu for run in group)
        millions = group[0].pixels / 1e6
        read = statistics.median(run.bytes_read for run in group) / scenes[size].bytes_needed
        lines.append(
            f"| {size} | {source} | {what} | {len(group)} | {millions:.2f} "
            f"| {middle:.1f} ({min(seconds):.1f} to {max(seconds):.1f}) | {cpu:.1f} "
            f"| {1000 * millions / middle:.0f} | {middle / millions:.2f} "
            f"| {statistics.median(run.megabytes for run in group):.0f} "
            f"| {f'{read:.2f}' if source == 'server' else ''} |"
        )
    return f"{machine()}\n\n" + "\n".join(lines)


def _order(item: tuple[Job, list[Run]]) -> tuple[int, int, bool]:
    size, source, case, before = item[0]
    return list(CASES_OF).index((size, source)), list(CASES).index(case), not before


def machine() -> str:
    """Describe the machine, what else it was doing, and the libraries."""
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    libraries = ", ".join(f"{name} {version(name)}" for name in ("xgboost-cpu", "dask", "numpy"))
    return (
        f"{date.today().isoformat()}: {platform.system()}, {os.cpu_count()} cores ({model}), "
        f"{memory:.0f} GB of memory; load averages at the end {load}; {libraries}; "
        f"{len(BANDS)} bands, 10 classes, 1000 trees, chunks of {CHUNK} px."
    )


def _keep(table: str) -> None:
    """Put the table between the marks in the README."""
    before, rest = README.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    README.write_text(f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
