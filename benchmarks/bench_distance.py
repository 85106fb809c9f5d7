"""Reading at a cloud's distance: the study area to a COG, near by and at 60 ms and 100 Mbit/s.

``python benchmarks/bench_distance.py`` runs each way of reading in a process of its own, from a
rehearsed cloud (see tools/rehearsal), once near by and once far off, all in turn and then all
again; the result is written to ``benchmarks/distance.md``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from bench_predict import ENVIRONMENT, ROUNDS, machine, training_points
from cases import Setup
from dask.system import CPU_COUNT
from xgboost import XGBClassifier

from helpers.cloud import EARTH_SEARCH
from helpers.machine.patience import OF_GDAL
from tools.rehearsal.cloud import rehearsed_cloud

HERE = Path(__file__).parent
RESULT = HERE / "distance.md"
DELAY, BITS_PER_SECOND = 0.06, 100e6
WANTED = 1.15  # times the longer of transfer and computing
# As the lessons are in aws mode (helpers/machine/patience.py), and as Binder and the Makefile say.
AS_IT_IS = OF_GDAL | {
    name: ENVIRONMENT[name]
    for name in ("MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "OMP_WAIT_POLICY", "GDAL_CACHEMAX")
}
TWO_A_CORE, THREE_A_CORE = ({"DASK_NUM_WORKERS": str(n * CPU_COUNT)} for n in (2, 3))
# What each way is called, and what GDAL and Dask are told.
SETTINGS = {
    "as it is": {},
    "with GDAL's own cache of 16 MB": {"CPL_VSIL_CURL_CACHE_SIZE": "16384000"},
    "two threads a core": TWO_A_CORE,
    "three threads a core": THREE_A_CORE,
    "three threads, no HEAD": THREE_A_CORE | {"CPL_VSIL_CURL_USE_HEAD": "NO"},
    "three threads, pieces of 256 kB": THREE_A_CORE | {"CPL_VSIL_CURL_CHUNK_SIZE": "262144"},
    "three threads, one range at a time": THREE_A_CORE | {"GDAL_HTTP_MULTIRANGE": "SERIAL"},
    "three threads, HTTP/1.1 kept apart": THREE_A_CORE | {"GDAL_HTTP_MULTIPLEX": "NO"},
}
# The case in cases.py, and the settings.
WAYS = {name: ("ours_fast_to_cog", settings) for name, settings in SETTINGS.items()}
WAYS |= {
    "the model itself": ("ours_to_cog", {}),
    "the model itself, two threads a core": ("ours_to_cog", TWO_A_CORE),
    "the model itself, three threads a core": ("ours_to_cog", THREE_A_CORE),
    "odc-stac": ("odc_fast_to_cog", {}),
    "odc-stac, three threads a core": ("odc_fast_to_cog", THREE_A_CORE),
}


@dataclass(frozen=True)
class Run:
    """What a run took, what it asked, and the bytes of the answers on the line."""

    seconds: float
    requests: int
    bytes: int


def main() -> None:
    """Measure, print the table and keep it."""
    options = _options()
    kit = options.kit.resolve()
    build = [sys.executable, "-m", "offline_kit", "build", "--size", options.size]
    subprocess.run([*build, "--out", str(kit)], check=True)
    runs: dict[tuple[str, bool], list[Run]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        setup = _setup(kit, Path(folder))
        for _ in range(options.rounds):
            for far in (False, True):
                for way in options.only:
                    run = _run(way, setup, Path(folder), far)
                    print(f"{way}, {'far' if far else 'near'}: {run}", flush=True)
                    runs[way, far].append(run)
    text = f"{_about(options)}\n\n{_table(runs)}\n"
    print(text)
    RESULT.write_text(f"# Reading at a cloud's distance\n\n{text}", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=["study", "course"], default="study")
    parser.add_argument("--kit", type=Path, default=Path("data/bench_kits/study"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=WAYS, default=list(WAYS))
    return parser.parse_args()


def _setup(kit: Path, folder: Path) -> Path:
    """Train a model on the kit's points and write down what the cases work on."""
    model, points = folder / "model.ubj", folder / "points.npz"
    pixels, classes = training_points(kit)
    np.savez(points, pixels=pixels, classes=classes)
    XGBClassifier(n_estimators=ROUNDS).fit(pixels, classes).save_model(model)
    setup = Setup(kit, EARTH_SEARCH, model, points, "server", corner=False)
    file = folder / "setup.json"
    file.write_text(json.dumps(asdict(setup), default=str))
    return file


def _run(way: str, setup: Path, folder: Path, far: bool) -> Run:
    case, settings = WAYS[way]
    kit = Path(json.loads(setup.read_text())["kit"])
    with (
        tempfile.TemporaryDirectory(dir=folder) as work,
        rehearsed_cloud(
            kit, {}, Path("nothing recorded"), Path(work), mishaps=False,
            delay=DELAY if far else 0, bits_per_second=BITS_PER_SECOND if far else 0,
        ) as cloud,
    ):  # fmt: skip
        trust = dict.fromkeys(
            ("GDAL_CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"), cloud.environment["SSL_CERT_FILE"]
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(HERE / "cases.py"), case, str(setup)],
            env=cloud.environment | trust | AS_IT_IS | settings,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{way} failed:\n{done.stderr}")
        seconds = json.loads(done.stdout.splitlines()[-1])["seconds"]
        return Run(seconds, cloud.mishaps.requests.total(), cloud.line.bytes)


def _about(options: argparse.Namespace) -> str:
    return (
        f"{machine()}\n\nThe area of interest of a kit of size {options.size}, 12 bands, to a "
        "COG of ten classes, with the fast engine unless a row says 'the model itself'; medians "
        f"of {options.rounds}. Far is "
        f"{DELAY * 1000:.0f} ms a request, as much for each greeting of TCP and TLS, and "
        f"{BITS_PER_SECOND / 1e6:.0f} Mbit/s for all together; proxy and server run on the same "
        "cores. Transfer is what the answers take on that line. The last column should be at most "
        f"{WANTED}."
    )


def _table(runs: dict[tuple[str, bool], list[Run]]) -> str:
    lines = [
        "| way | near, s | far, s | requests | MB | transfer, s "
        "| far / longer of transfer and near |",
        "|---|---|---|---|---|---|---|",
    ]
    for way in dict.fromkeys(way for way, _ in runs):
        near = statistics.median(run.seconds for run in runs[way, False])
        far = statistics.median(run.seconds for run in runs[way, True])
        requests = statistics.median(run.requests for run in runs[way, True])
        size = statistics.median(run.bytes for run in runs[way, True])
        transfer = size * 8 / BITS_PER_SECOND
        lines.append(
            f"| {way} | {near:.1f} | {far:.1f} | {requests:.0f} | {size / 1e6:.1f} "
            f"| {transfer:.1f} | {far / max(transfer, near):.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
