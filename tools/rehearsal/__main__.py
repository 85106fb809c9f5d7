"""Command line: ``python -m tools.rehearsal``, or ``make rehearsal``."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.lessons import lesson_names
from helpers.paths import PROJECT
from tools.rehearsal.cloud import rehearsed_cloud
from tools.rehearsal.lessons import HEAD, copy_course, published_files, rehearse

SHARED = PROJECT.parent / "shared"
REAL = SHARED / "real" / "greater_cape_town"
RECORDED = SHARED / "earth-search"
MOST_MB = 1700
MOST_SECONDS = 60  # of a cell


def main() -> int:
    """Rehearse, print the table, and return 1 if a lesson failed or took too much."""
    options = _options()
    kit = options.kit.resolve()
    build = [sys.executable, "-m", "offline_kit", "build", "--size", options.size]
    subprocess.run([*build, "--out", str(kit)], check=True)
    real = options.size == "study" and REAL.is_dir()
    whose = "published" if real else "made of the kit"
    far = f"{options.delay:.0f} ms, {options.mbit:.0f} Mbit/s (0: no limit)"
    print(f"Kit of size {options.size}; points and area {whose}; {far}\n\n{HEAD}", flush=True)
    well = True
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        course, work = Path(name) / "course", Path(name) / "cloud"
        course.mkdir()
        work.mkdir(mode=0o700)
        published = published_files(REAL, None if real else kit, Path(name))
        copy_course(course, published)
        with rehearsed_cloud(
            kit, published, RECORDED, work,
            delay=options.delay / 1000, bits_per_second=options.mbit * 1e6,
            mishaps=options.mishaps,
        ) as cloud:  # fmt: skip
            for lesson in rehearse(options.lessons or lesson_names(), course, cloud):
                print(lesson, flush=True)
                small = lesson.peak_mb <= MOST_MB and lesson.slowest_cell <= MOST_SECONDS
                well = well and small and lesson.fault is None
        if cloud.line.strangers:
            print(f"\nHosts that nobody answers for: {', '.join(sorted(cloud.line.strangers))}")
        if options.keep:
            shutil.move(course / "outputs", options.keep)
    limits = f"{MOST_MB} MB a lesson, {MOST_SECONDS} s a cell"
    print(f"\nAll lessons ran within {limits}." if well else f"\nNot all ran within {limits}.")
    return 0 if well else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.rehearsal", description=main.__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 03_open_the_scene")
    parser.add_argument("--size", choices=["study", "course"], default="study", help="of the kit")
    parser.add_argument("--kit", type=Path, default=PROJECT / "data/bench_kits/study")
    parser.add_argument("--delay", type=float, default=60, help="ms there and back (60)")
    parser.add_argument("--mbit", type=float, default=100, help="Mbit/s in all; 0: no limit (100)")
    parser.add_argument("--mishaps", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--keep", type=Path, help="new folder for what the lessons make")
    options = parser.parse_args()
    if not set(options.lessons) <= set(lesson_names()):
        parser.error(f"lessons are: {', '.join(lesson_names())}")
    return options


if __name__ == "__main__":
    sys.exit(main())
