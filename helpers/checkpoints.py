"""What one lesson leaves for the next: found, or made by running the lesson that leaves it."""

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from helpers.cloud import Cloud, open_cloud
from helpers.errors import CourseError
from helpers.paths import PROJECT

# What a lesson leaves in the outputs folder for later ones; each needs the files before it.
LEFT_BY = {
    "chosen_scene.json": "02_find_scenes",
    "usable_pixels.tif": "04_clouds_and_shadows",
    "spectra_at_points.parquet": "05_spectra_at_points",
    "pine_classifier.ubj": "06_train_a_classifier",
    "pine_probability.tif": "09_map_the_study_area",
}
MAKING = "COURSE_MAKING"  # set while lessons run to leave their files, in their order


def find_or_make(name: str) -> Path:
    """Return the path of a file that an earlier lesson leaves; make it if it is not there.

    Any lesson can thus be opened first. A file older than the offline kit is made again. The file
    is made by running the lesson that leaves it, so its content never differs from the lesson's.

    Parameters
    ----------
    name : str
        The file's name in the outputs folder, one of ``LEFT_BY``.

    Returns
    -------
    Path
        The file, complete.

    Raises
    ------
    CourseError
        If no lesson leaves a file of that name, or if the lesson that does fails.
    """
    if name not in LEFT_BY:
        raise CourseError(f"No lesson leaves a file '{name}'; they leave: {', '.join(LEFT_BY)}.")
    cloud = open_cloud()
    path = cloud.outputs / name
    if _is_fresh(path, cloud.field_points):
        return path
    if MAKING not in os.environ:
        with FileLock(cloud.outputs / ".making.lock"):
            lessons = [LEFT_BY[file] for file in _missing(name, cloud)]
            if lessons:
                count = "a lesson" if len(lessons) == 1 else f"{len(lessons)} lessons"
                print(f"{name} is not there yet: running {count} (10 to 20 seconds each) ...")
                _run_apart(lessons)
    if not _is_fresh(path, cloud.field_points):
        raise CourseError(
            f"Lesson {LEFT_BY[name]} ran, but left no {name}: if you changed that lesson, bring "
            "back the cell that writes it."
        )
    return path


def _missing(name: str, cloud: Cloud) -> list[str]:
    """Return the files that are to be made, up to one by name: each needs those before it."""
    files = list(LEFT_BY)
    return [
        file
        for file in files[: files.index(name) + 1]
        if not _is_fresh(cloud.outputs / file, cloud.field_points)
    ]


def _is_fresh(path: Path, source: Path) -> bool:
    return path.exists() and path.stat().st_mtime >= source.stat().st_mtime


def _run_apart(lessons: list[str]) -> None:
    """Run lessons in a process of its own: a kernel can not run another from inside itself."""
    command = [sys.executable, "-m", "helpers.lessons", "--together", *lessons]
    with subprocess.Popen(
        command, cwd=PROJECT, env=os.environ | {MAKING: "1"}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        lines = []
        for line in process.stdout:
            print("   ", line, end="")
            lines.append(line)
    if process.returncode:
        raise CourseError(lines[-1].strip() if lines else f"{lessons} could not be run.")
