"""What one lesson leaves for the next: found, or made by running the lesson that leaves it.

Beside the files, in a hidden folder, stands what each was made from: the kit, and the files that
earlier lessons had left. A file is fresh as long as these are the same, by their content: clocks
and dates play no part.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from helpers.checkpoints.whole import fault_in
from helpers.cloud import Cloud, open_cloud
from helpers.course import PUBLISHED_AREA_OF_INTEREST, PUBLISHED_POINTS
from helpers.errors import CourseError
from helpers.paths import PROJECT, kit_folder
from offline_kit.files import written_whole
from offline_kit.manifest import identity_of, read_manifest, sha256_of

# What a lesson leaves in the outputs folder for later ones; each is made from those before it.
LEFT_BY = {
    "chosen_scene.json": "02_find_scenes",
    "usable_pixels.tif": "04_clouds_and_shadows",
    "spectra_at_points.parquet": "05_spectra_at_points",
    "pine_classifier.ubj": "06_train_a_classifier",
    "pine_probability.tif": "09_map_the_study_area",
}
MAKING = "COURSE_MAKING"  # set while lessons run to leave their files, in their order
SOURCE = "offline kit"  # or, on AWS, the published field data

_taken: dict[str, str] = {}  # sums of the files that this kernel works with


def find_or_make(name: str) -> Path:
    """Return the path of a file that an earlier lesson leaves; make it if need be.

    Any lesson can thus be opened first. A file is made again if it is damaged, or if the kit or a
    file that it was made from is another by now. It is made by running the lesson that leaves it,
    so its content never differs from the lesson's.

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
        If no lesson leaves a file of that name, if the lesson that does fails, or if a file in the
        outputs folder may not be read.
    """
    _require_known(name)
    try:
        return _find_or_make(name, open_cloud())
    except PermissionError as error:
        raise CourseError(
            f"{error.filename} is another user's, or closed to you: change its permissions, or "
            "name a folder of your own with COURSE_OUTPUTS, and restart the kernel."
        ) from None


def _find_or_make(name: str, cloud: Cloud) -> Path:
    reason = _why_not(name, cloud)
    if reason is not None and MAKING not in os.environ:
        with _alone(cloud):
            lessons = _lessons_to_run(name, cloud)
            if lessons:
                count = "a lesson" if len(lessons) == 1 else f"{len(lessons)} lessons"
                print(f"{name} {reason}: running {count} (10 to 20 seconds each) ...")
                _run_apart(lessons)
        reason = _why_not(name, cloud)
    if reason is not None:
        raise CourseError(
            f"Lesson {LEFT_BY[name]} ran, but {name} {reason}: if you changed that lesson, restore "
            "the cell that writes it, and run it again."
        )
    _taken[name] = sha256_of(cloud.outputs / name)
    return cloud.outputs / name


@contextmanager
def _alone(cloud: Cloud) -> Iterator[None]:
    """Wait until no other notebook makes files, and say so."""
    lock = FileLock(cloud.outputs / ".making.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print("Another notebook is making files of earlier lessons: waiting for it ...")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def leave(name: str) -> Iterator[Path]:
    """Leave a file for later lessons, whole or not at all, and note what it was made from.

    Parameters
    ----------
    name : str
        The file's name in the outputs folder, one of ``LEFT_BY``.

    Yields
    ------
    Path
        Where to write it. When the block ends, the file goes to the outputs folder.

    Raises
    ------
    CourseError
        If no lesson leaves a file of that name, if it cannot be written, or if what was written
        lacks what later lessons need. The file that was there before then stays as it was.

    Examples
    --------
    >>> with leave("chosen_scene.json") as path:  # doctest: +SKIP
    ...     path.write_text(json.dumps(choice))
    """
    _require_known(name)
    cloud = open_cloud()
    made_from = _origins(name, cloud)
    made_from |= {earlier: _taken[earlier] for earlier in made_from if earlier in _taken}
    with written_whole(cloud.outputs / name, check=_require_whole) as unfinished:
        yield unfinished
    _taken[name] = _note(cloud.outputs / name, made_from)


def _require_known(name: str) -> None:
    if not isinstance(name, str):
        raise CourseError(f"The file's name is needed, in quotes, not a {type(name).__name__}.")
    if name not in LEFT_BY:
        raise CourseError(f"No lesson leaves a file '{name}'; they leave: {', '.join(LEFT_BY)}.")


def _require_whole(path: Path) -> None:
    fault = fault_in(path)
    if fault is not None:
        raise CourseError(
            f"{path.name} was not left: later lessons could not use it ({fault}). If you changed "
            f"lesson {LEFT_BY[path.name]}, see what it writes, and run it again."
        )


def _lessons_to_run(name: str, cloud: Cloud) -> list[str]:
    """Return the lessons from the first whose file is not fresh to the one that leaves `name`."""
    files = [*_before(name), name]
    while files and _why_not(files[0], cloud) is None:
        files.pop(0)
    return [LEFT_BY[file] for file in files]


def _why_not(name: str, cloud: Cloud) -> str | None:
    """Say why a file cannot be taken as it is; None if it can."""
    path = cloud.outputs / name
    if not path.is_file():
        return "is not there"
    now = _origins(name, cloud)
    note = _read_note(path)
    if note is None or note["sha256"] != sha256_of(path):  # no lesson has left it so
        fault = fault_in(path)
        if fault is not None:
            return f"is damaged ({fault})"
        _note(path, now)  # the learner's own, who knows from what: it counts from now on
        return None
    changed = [origin for origin in now if note["made_from"].get(origin) != now[origin]]
    return f"was made from another {changed[0]}" if changed else None


def _origins(name: str, cloud: Cloud) -> dict[str, str]:
    """Return what a file is made from, by sums: the kit, and the earlier files that are there."""
    if cloud.name == "local":
        source = identity_of(read_manifest(kit_folder()))
    else:
        source = hashlib.sha256(f"{PUBLISHED_POINTS}{PUBLISHED_AREA_OF_INTEREST}".encode())
        source = source.hexdigest()
    paths = [cloud.outputs / earlier for earlier in _before(name)]
    return {SOURCE: source} | {path.name: sha256_of(path) for path in paths if path.is_file()}


def _before(name: str) -> list[str]:
    files = list(LEFT_BY)
    return files[: files.index(name)]


def _note(path: Path, made_from: dict[str, str]) -> str:
    """Note what a file is and what it was made from; return the file's sum."""
    note = {"sha256": sha256_of(path), "made_from": made_from}
    with written_whole(_place_of_note(path)) as unfinished:
        unfinished.write_text(json.dumps(note, indent=1))
    return note["sha256"]


def _read_note(path: Path) -> dict | None:
    """Read what was noted of a file; None if nothing was, or if it cannot be read."""
    try:
        note = json.loads(_place_of_note(path).read_text())
        return {"sha256": note["sha256"], "made_from": dict(note["made_from"])}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _place_of_note(path: Path) -> Path:
    return path.parent / ".made_from" / f"{path.name}.json"


def _run_apart(lessons: list[str]) -> None:
    """Run lessons in a process of its own: a kernel cannot run another from inside itself."""
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
