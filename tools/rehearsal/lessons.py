"""The lessons in a rehearsed cloud: each is run as it is, and measured."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import nbformat

from helpers.course import PUBLISHED_AREA_OF_INTEREST, PUBLISHED_POINTS
from helpers.paths import PROJECT
from offline_kit.build.grid import EPSG, grid_of
from offline_kit.manifest import sha256_of
from tools.rehearsal.cloud import RehearsedCloud

COURSE = (
    "helpers", "offline_kit", "notebooks", "docs", "binder",
    "pyproject.toml", "requirements.lock", ".python-version",
)  # fmt: skip
SAYS = re.compile(r"([\d.]+) s, +(\d+) MB at most")  # of helpers.lessons
HEAD = (
    "| lesson | seconds | slowest cell, s | peak MB | requests | MB | injected and survived |\n"
    "|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Rehearsed:
    """How a lesson went.

    Attributes
    ----------
    name
        Of the lesson.
    seconds, slowest_cell
        Of the whole lesson, and of the cell that took longest.
    peak_mb
        Memory of the kernel and all that it started, together.
    requests, megabytes
        What was asked, and what the answers took on the line.
    injected
        How often what went wrong.
    fault
        What the lesson stopped with; None if it ran to its end.
    """

    name: str
    seconds: float
    slowest_cell: float
    peak_mb: float
    requests: int
    megabytes: float
    injected: dict[str, int]
    fault: str | None

    def __str__(self) -> str:
        """Return a line of the table."""
        kinds = ", ".join(f"{number} x {kind}" for kind, number in self.injected.items())
        numbers = f"{self.seconds:.0f} | {self.slowest_cell:.0f} | {self.peak_mb:.0f}"
        traffic = f"{self.requests} | {self.megabytes:.1f}"
        return f"| {self.name} | {numbers} | {traffic} | {self.fault or kinds or 'none'} |"


def _name_in(address: str) -> str:
    return address.rsplit("/", 1)[1]


POINTS, AREA = (_name_in(address) for address, _ in (PUBLISHED_POINTS, PUBLISHED_AREA_OF_INTEREST))


def published_files(real: Path, kit: Path | None, folder: Path) -> dict[str, Path]:
    """Return the files that are published, by name: the real ones, or those of a kit.

    The real area reaches beyond the study area, which is all that the rehearsed scenes show. So it
    is cut to it, and the copy written into `folder`.
    """
    if kit is not None:
        return {POINTS: kit / "field_points.gpkg", AREA: kit / "area_of_interest.gpkg"}
    area = gpd.read_file(real / AREA, layer=0)
    seen = area.to_crs(EPSG).clip(grid_of("study").bounds).to_crs(area.crs)
    seen.to_file(folder / AREA)
    return {POINTS: real / POINTS, AREA: folder / AREA}


def copy_course(folder: Path, published: dict[str, Path]) -> None:
    """Copy what learners have; where other files are published, the sums of these are noted.

    So no file of a rehearsal ever comes to lie among a learner's.
    """
    for name in COURSE:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy2
        copy(PROJECT / name, folder / name)
    page = folder / "helpers" / "course.py"
    text = page.read_text(encoding="utf-8")
    for address, sha256 in (PUBLISHED_POINTS, PUBLISHED_AREA_OF_INTEREST):
        text = text.replace(sha256, sha256_of(published[_name_in(address)]))
    page.write_text(text, encoding="utf-8")


def rehearse(names: list[str], course: Path, cloud: RehearsedCloud) -> Iterator[Rehearsed]:
    """Run lessons in their order, each in a kernel of its own, in a copy of the course."""
    for name in names:
        cloud.mishaps.forget()
        before = cloud.line.bytes
        done = subprocess.run(
            [sys.executable, "-m", "helpers.lessons", name],
            cwd=course,
            env=cloud.environment | {"PYTHONPATH": str(course)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = SAYS.search(done.stdout)
        yield Rehearsed(
            name,
            float(said[1]) if said else 0.0,
            _slowest_cell(course / "outputs" / "aws" / "executed" / f"{name}.ipynb"),
            float(said[2]) if said else 0.0,
            cloud.mishaps.requests.total(),
            (cloud.line.bytes - before) / 1e6,
            dict(cloud.mishaps.injected),
            None if said else (done.stdout + done.stderr).strip().splitlines()[-1],
        )


def _slowest_cell(executed: Path) -> float:
    """Return the seconds of the cell that took longest in an executed notebook."""
    if not executed.is_file():
        return 0.0
    cells = nbformat.read(executed, as_version=4).cells
    times = [cell.metadata.get("execution", {}) for cell in cells]
    ends = [(time.get("iopub.status.busy"), time.get("shell.execute_reply")) for time in times]
    spans = [_time(end) - _time(start) for start, end in ends if start and end]
    return max((span.total_seconds() for span in spans), default=0.0)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
