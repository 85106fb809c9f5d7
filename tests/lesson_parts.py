"""The parts of a lesson that tests need: exercises, solutions, and mistakes that learners make."""

import re
from dataclasses import dataclass

import jupytext
from nbformat import NotebookNode

from helpers.lessons import NOTEBOOKS, lesson_names
from helpers.paths import PROJECT

LESSONS = lesson_names()

SOLUTION = re.compile(
    r"<details><summary>Solution (\d\d-\d)</summary>\n\n```python\n(.*?)\n```", re.DOTALL
)
CHECK = re.compile(r'^check\(\s*"(\d\d-\d)"', re.MULTILINE)


@dataclass(frozen=True)
class Mistake:
    """Code that a learner may write by mistake, and words that its hint must have."""

    exercise: str
    words: str
    code: str


def read_lesson(lesson: str) -> NotebookNode:
    """Read the notebook of a lesson."""
    return jupytext.read(NOTEBOOKS / f"{lesson}.ipynb")


def exercise_cells(notebook: NotebookNode) -> dict[str, str]:
    """Return the code of every exercise cell by the exercise's number."""
    cells = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and "exercise" in cell.metadata.get("tags", [])
    ]
    return {CHECK.search(source)[1]: source for source in cells}


def solutions(notebook: NotebookNode) -> dict[str, str]:
    """Return the code of every solution by the exercise's number."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return dict(SOLUTION.findall(text))


def mistakes(lesson: str) -> list[Mistake]:
    """Return the mistakes listed for a lesson in ``tests/mistakes``, one a cell.

    The title of each cell reads ``03-2 | words that the hint has``.
    """
    listed = jupytext.read(PROJECT / "tests" / "mistakes" / f"{lesson}.py")
    found = []
    for cell in listed.cells:
        if cell.cell_type == "code" and "title" in cell.metadata:
            exercise, words = cell.metadata["title"].split(" | ")
            found.append(Mistake(exercise, words, cell.source))
    return found


def answered(exercise: str, answer: str) -> str:
    """Return an exercise cell with an answer in place of everything before its ``check``."""
    return f"{answer}\n{exercise[CHECK.search(exercise).start() :]}"
