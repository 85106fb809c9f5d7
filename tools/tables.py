"""The tables of lessons and minutes, made from the lessons themselves: ``make tables``.

They stand between two marks in README.md, in lesson 00 (both halves of its pair) and in
docs/instructor/README.md; a test fails when one of them differs from what the lessons say.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jupytext

from helpers.errors import CourseError
from helpers.paths import PROJECT
from offline_kit.files import written_whole
from tools.frame import Lesson, all_lessons
from tools.marks import put_between

BEGIN, END = "<!-- lessons: made by tools/tables.py -->", "<!-- end of lessons -->"
README = PROJECT / "README.md"
WELCOME = PROJECT / "notebooks" / "00_welcome.ipynb"
INSTRUCTOR = PROJECT / "docs" / "instructor" / "README.md"


def for_learners(lessons: list[Lesson], folder: str) -> str:
    """Return the table of lessons for learners.

    Parameters
    ----------
    lessons
        The lessons, in order.
    folder
        Where the notebooks are, seen from the page: ``"notebooks/"`` or ``""``.
    """
    rows = ["| lesson | the question that it answers | minutes |", "|---|---|---|"]
    rows += [
        f"| [{_words(lesson.title)}]({folder}{lesson.name}.ipynb) | {_words(lesson.question)} | "
        f"{_shares(lesson)[0]} |"
        for lesson in lessons
    ]
    return "\n".join([*rows, f"| **all**, {_hours(lessons)} | | **{_minutes(lessons)}** |"])


def for_instructors(lessons: list[Lesson]) -> str:
    """Return the table of lessons for the instructor, each with a link to its page."""
    rows = ["| lesson | minutes | reading | exercises |", "|---|---|---|---|"]
    rows += [
        f"| [{_words(lesson.title)}]({lesson.name}.md) | {' | '.join(map(str, _shares(lesson)))} |"
        for lesson in lessons
    ]
    sums = (sum(part) for part in zip(*map(_shares, lessons), strict=True))
    return "\n".join(
        [*rows, f"| **all**, {_hours(lessons)} | {' | '.join(f'**{total}**' for total in sums)} |"]
    )


def _shares(lesson: Lesson) -> tuple[int, int, int]:
    if lesson.shares is None:
        raise CourseError(
            f"Lesson {lesson.name} does not say how long it takes: write "
            "'**Time:** 25 minutes (reading 15, exercises 10). **Needs:** ...' into its first cell."
        )
    return lesson.shares


def _minutes(lessons: list[Lesson]) -> int:
    return sum(_shares(lesson)[0] for lesson in lessons)


def _hours(lessons: list[Lesson]) -> str:
    hours = round(_minutes(lessons) / 60)
    return f"about {hours} hour{'s' if hours != 1 else ''}"


def _words(text: str) -> str:
    """Return a text as a cell of a table takes it."""
    return text.replace("|", "\\|")


def made(lessons: list[Lesson]) -> Iterator[tuple[Path, Callable[[str], str]]]:
    """Yield each page that has a table, and what puts the table into the page's text."""
    tables = {
        README: for_learners(lessons, "notebooks/"),
        WELCOME: for_learners(lessons, ""),
        INSTRUCTOR: for_instructors(lessons),
    }
    for page, table in tables.items():
        yield (
            page,
            lambda text, page=page, table=table: put_between(BEGIN, END, text, table, page.name),
        )


def update(page: Path, put: Callable[[str], str]) -> bool:
    """Put a table into a page, a notebook in both halves; return whether that changed it."""
    if page.suffix != ".ipynb":
        text = page.read_text(encoding="utf-8")
        if put(text) == text:
            return False
        with written_whole(page) as unfinished:
            unfinished.write_text(put(text), encoding="utf-8")
        return True
    changed = False
    for half in (page, page.parent / "scripts" / f"{page.stem}.py"):
        notebook = jupytext.read(half)
        (cell,) = [cell for cell in notebook.cells if BEGIN in cell.source]
        if put(cell.source) != cell.source:
            cell.source, changed = put(cell.source), True
            fmt = "ipynb" if half.suffix == ".ipynb" else "py:percent"
            with written_whole(half) as unfinished:
                jupytext.write(notebook, unfinished, fmt=fmt)
    return changed


def main() -> int:
    """Bring every table up to date; return the exit status."""
    try:
        for page, put in made(all_lessons()):
            if update(page, put):
                print(f"{page.relative_to(PROJECT)} now says what the lessons say.")
    except CourseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
