"""Run lessons without a browser: all in order (``make map``), or those named."""

import argparse
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from helpers.cloud import open_cloud
from helpers.errors import CourseError
from helpers.machine.memory import peak_memory
from helpers.paths import PROJECT
from offline_kit.files import written_whole

NOTEBOOKS = PROJECT / "notebooks"
CELL_SECONDS = 300


@dataclass(frozen=True)
class LessonRun:
    """How a lesson went: its name, wall seconds, and peak memory of all its processes in MB."""

    name: str
    seconds: float
    peak_mb: float


class LessonFailed(CourseError):
    """A lesson stopped at a cell; the message names both."""


def lesson_names() -> list[str]:
    """Return the names of all lessons, in the order of the course."""
    return sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def run_lesson(name: str, executed: Path) -> LessonRun:
    """Run one lesson from top to bottom in a fresh kernel and keep the executed copy.

    Parameters
    ----------
    name
        The lesson's name, such as ``"03_open_the_scene"``.
    executed
        Folder for the executed copy; it is written also if the lesson fails.

    Returns
    -------
    LessonRun
        Wall seconds and peak memory.

    Raises
    ------
    LessonFailed
        If the kernel does not start, or if a cell raises, takes longer than ``CELL_SECONDS``, or
        ends the kernel.
    CourseError
        If the executed copy cannot be written.
    """
    notebook = _read(name)
    start = time.perf_counter()
    try:
        with peak_memory() as peak:
            _execute(notebook, [(name, number) for number in range(len(notebook.cells))])
    finally:
        with written_whole(executed / f"{name}.ipynb") as unfinished:
            nbformat.write(notebook, unfinished)
    return LessonRun(name, time.perf_counter() - start, peak.megabytes)


def run_together(names: list[str]) -> None:
    """Run several lessons in one kernel, each until it has left what other lessons need.

    That is faster than one by one, because packages are loaded once and nothing is displayed.
    Exercises are not run, nor what comes after a lesson's last ``leave``; one that leaves nothing
    runs to its end. Before each lesson the kernel forgets what the one before it had in memory.

    Parameters
    ----------
    names
        The lessons, in the order in which they are to run.

    Raises
    ------
    LessonFailed
        As `run_lesson` does.
    """
    display_nothing = '%config InteractiveShell.ast_node_interactivity = "none"'
    cells, origins = [nbformat.v4.new_code_cell(display_nothing)], [(names[0], 0)]
    for name in names:
        # (A plain %reset would take __spec__ along, without which no worker process can start;
        # names that begin with an underscore stay.)
        forget = "%reset -f out\n%reset_selective -f ."
        cells.append(nbformat.v4.new_code_cell(forget))
        origins.append((name, 0))
        for number, source in _up_to_what_it_leaves(_read(name)):
            cells.append(nbformat.v4.new_code_cell(source))
            origins.append((name, number))
    _execute(nbformat.v4.new_notebook(cells=cells), origins, announce=True)


def _up_to_what_it_leaves(lesson: nbformat.NotebookNode) -> list[tuple[int, str]]:
    """Return numbers and code of its cells, but exercises, up to the last that leaves a file."""
    code = [
        (number, cell.source)
        for number, cell in enumerate(lesson.cells)
        if cell.cell_type == "code" and "exercise" not in cell.metadata.get("tags", [])
    ]
    leaving = [place for place, (_, source) in enumerate(code) if "with leave(" in source]
    return code[: leaving[-1] + 1] if leaving else code


def _read(name: str) -> nbformat.NotebookNode:
    path = NOTEBOOKS / f"{name}.ipynb"
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # whatever nbformat makes of a damaged file
        raise LessonFailed(
            f"Lesson {name} cannot be read ({type(error).__name__}): bring {path} back with `git "
            "checkout notebooks`, or from the course's archive."
        ) from None


def _execute(
    notebook: nbformat.NotebookNode, origins: list[tuple[str, int]], announce: bool = False
) -> None:
    """Run a notebook; an error names the lesson and the number of the cell in it.

    Parameters
    ----------
    notebook
        What to run; the outputs are put into it.
    origins
        For each cell its lesson, and its number there.
    announce
        Whether to print the name of each lesson when its first cell begins.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    started: list[int] = []

    def begin(cell: nbformat.NotebookNode, cell_index: int) -> None:
        name = origins[cell_index][0]
        if announce and (not started or origins[started[-1]][0] != name):
            print(name, "...", flush=True)
        started.append(cell_index)

    client.on_cell_start = begin
    with ExitStack() as until_done:
        try:
            until_done.enter_context(client.setup_kernel())
        except (RuntimeError, NoSuchKernel, OSError) as error:
            raise LessonFailed(
                f"The kernel of lesson {origins[0][0]} did not start ({error}): run `python -m "
                "helpers.doctor`, which says how to fix it."
            ) from None
        try:
            client.execute(cleanup_kc=False)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            stopped_at = started[-1] if started else 0
            name, number = origins[stopped_at]
            first_line = notebook.cells[stopped_at].source.strip().splitlines()[0]
            raise LessonFailed(
                f"Lesson {name} stopped at cell {number} ({first_line}): {_reason(error)}"
            ) from None


def _reason(error: Exception) -> str:
    """Say in a few words why a cell stopped."""
    if isinstance(error, CellExecutionError):
        return error.evalue if error.ename == "CourseError" else f"{error.ename}: {error.evalue}"
    if isinstance(error, DeadKernelError):
        return "its kernel died (out of memory?)"
    return f"it took longer than {CELL_SECONDS} s"


def main() -> int:
    """Run the lessons named on the command line, or all; a line for each."""
    parser = argparse.ArgumentParser(prog="python -m helpers.lessons", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 03_open_the_scene")
    parser.add_argument("--all", action="store_true", help="every lesson in order")
    parser.add_argument(
        "--together",
        action="store_true",
        help="in one kernel, only until they leave their files: faster",
    )
    arguments = parser.parse_args()
    known = lesson_names()
    wanted = known if arguments.all else arguments.lessons
    if not wanted or not set(wanted) <= set(known):
        parser.error(f"name lessons out of: {', '.join(known)}; or --all")
    try:
        cloud = open_cloud()  # held open here, so that one server serves the whole series
        if arguments.together:
            run_together(wanted)
            return 0
        for number, name in enumerate(wanted, start=1):
            print(f"[{number}/{len(wanted)}] {name} ...", end=" ", flush=True)
            run = run_lesson(name, cloud.outputs / "executed")
            print(f"{run.seconds:5.1f} s, {run.peak_mb:5.0f} MB at most", flush=True)
    except CourseError as error:
        print(f"\n{error}")
        return 1
    if arguments.all:
        print(f"The map is at {cloud.outputs / 'pine_probability.tif'}")
    return 0
