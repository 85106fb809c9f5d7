"""Start a lesson: ``make lesson N=11 NAME=how_good_is_the_map``.

Lays down the five files of a lesson, which run as they are: the tests then list what is still to
do (each ``TODO``), until the lesson is one. CONTRIBUTING.md says how to go on.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from string import Template

import jupytext

from helpers.errors import CourseError
from helpers.lessons import lesson_names
from helpers.paths import PROJECT
from offline_kit.files import written_whole

TEMPLATES = Path(__file__).parent


def start_lesson(number: str, name: str, project: Path = PROJECT) -> list[Path]:
    """Lay down the files of a lesson.

    Parameters
    ----------
    number
        Its two digits, the next that is free.
    name
        What it is about, in words joined by underscores: ``how_good_is_the_map``.
    project
        The folder of the course.

    Returns
    -------
    list of Path
        The files: notebook, script, exercises, mistakes, instructor's page.

    Raises
    ------
    CourseError
        If number or name are not as agreed, or if one of the files is there. Nothing is written.
    """
    number = f"{number:0>2}"
    taken = [lesson[:2] for lesson in lesson_names()]
    free = f"{len(taken):02d}"
    if number != free:
        raise CourseError(f"The next lesson is N={free}, not N={number}: lessons have no gaps.")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise CourseError(
            f"NAME={name} cannot be part of a file's name here: give words in lower-case letters, "
            "joined by underscores, such as NAME=how_good_is_the_map."
        )
    lesson = f"{number}_{name}"
    places = {
        "lesson.py": project / "notebooks" / "scripts" / f"{lesson}.py",
        "exercises.py": project / "helpers" / "exercises" / f"lesson_{number}.py",
        "mistakes.py": project / "tests" / "mistakes" / f"{lesson}.py",
        "instructor.md": project / "docs" / "instructor" / f"{lesson}.md",
    }
    notebook = project / "notebooks" / f"{lesson}.ipynb"
    for path in (notebook, *places.values()):
        if path.exists():
            raise CourseError(f"{path} already exists: nothing was written.")
    words = {"number": number, "title": name.replace("_", " ").capitalize()}
    for template, path in places.items():
        text = (TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
        with written_whole(path) as unfinished:
            unfinished.write_text(Template(text).substitute(words), encoding="utf-8")
    with written_whole(notebook) as unfinished:
        jupytext.write(jupytext.read(places["lesson.py"]), unfinished, fmt="ipynb")
    return [notebook, *places.values()]


def main(arguments: list[str] | None = None) -> int:
    """Start a lesson and say what to do next; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.new_lesson", description=__doc__)
    parser.add_argument("number", help="two digits, such as 11")
    parser.add_argument("name", help="such as how_good_is_the_map")
    given = parser.parse_args(arguments)
    try:
        files = start_lesson(given.number, given.name)
    except CourseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(*(path.relative_to(PROJECT) for path in files), sep="\n")
    print(
        "Replace each TODO, in the script or the notebook (`make pairs`); then `make texts "
        f"LESSON={files[0].name[:2]}`, `make tables` and `make test LESSON={files[0].name[:2]}`. "
        "The last cell of the previous lesson should lead here."
    )
    return 0
