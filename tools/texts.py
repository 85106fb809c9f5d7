"""Store the short texts that tests compare: ``make texts LESSON=11``, or ``make texts`` for all.

The lesson is run, and what its cells tagged ``nbval-check-output`` print is put into the notebook.
Read the difference before you commit it: it is what the lesson now says.
"""

from __future__ import annotations

import argparse
import sys

import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from helpers.cloud import open_cloud
from helpers.errors import CourseError
from helpers.lessons import NOTEBOOKS, lesson_names, run_lesson
from offline_kit.files import written_whole

CHECK_OUTPUT = "nbval-check-output"  # tag of the cells whose texts are stored and compared


def take_texts(notebook: nbformat.NotebookNode, executed: nbformat.NotebookNode) -> int:
    """Take over the outputs of the tagged cells from the executed copy of a notebook.

    Parameters
    ----------
    notebook
        The notebook; it is changed.
    executed
        The same notebook after it has run.

    Returns
    -------
    int
        How many cells are tagged.
    """
    tagged = 0
    for cell, run in zip(notebook.cells, executed.cells, strict=True):
        if CHECK_OUTPUT in cell.metadata.get("tags", []):
            cell.outputs, cell.execution_count = run.outputs, run.execution_count
            tagged += 1
    return tagged


def store(lesson: str) -> int:
    """Run a lesson, store the texts of its tagged cells, and return how many there are.

    Raises
    ------
    CourseError
        If the lesson fails; its notebook is then left as it is.
    """
    path = NOTEBOOKS / f"{lesson}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    executed = open_cloud().outputs / "executed"
    run_lesson(lesson, executed)
    ran = nbformat.read(executed / path.name, as_version=4)
    ran, _ = CoalesceStreamsPreprocessor().preprocess(ran, {})
    tagged = take_texts(notebook, ran)
    with written_whole(path) as unfinished:
        nbformat.write(notebook, unfinished)
    return tagged


def lessons_of(number: str) -> list[str]:
    """Return the name of the lesson of a number such as ``"06"``, or of all if it is empty.

    Raises
    ------
    CourseError
        If there is no lesson of that number.
    """
    names = lesson_names()
    found = [name for name in names if not number or name.startswith(f"{number:0>2}_")]
    if not found:
        raise CourseError(
            f"There is no lesson {number}: give the two digits of one of {', '.join(names)}."
        )
    return found


def main(arguments: list[str] | None = None) -> int:
    """Store the texts of one lesson, or of all; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.texts", description=__doc__)
    parser.add_argument("lesson", nargs="?", default="", help="its number, such as 06")
    given = parser.parse_args(arguments)
    try:
        cloud = open_cloud()  # held open, so that one server serves all lessons
        for lesson in lessons_of(given.lesson):
            print(f"{lesson}: {store(lesson)} texts stored; see `git diff`", flush=True)
    except CourseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    del cloud
    return 0


if __name__ == "__main__":
    sys.exit(main())
