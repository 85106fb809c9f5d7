"""Make the template for a map of one's own, ``notebooks/own``: lesson 15 without its words.

``make pairs`` runs it. What the template holds is what the lesson holds, so it is never edited.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import jupytext
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from helpers.lessons import NOTEBOOKS
from offline_kit.files import written_whole

LESSON = "15_your_own_species"
NAME = "your_map"
TRUTH = re.compile(
    r"^( *)if cloud\.truth is not None:\n(?:\1 +.*(?:\n|\Z)|\n(?=\1 +))*", re.MULTILINE
)
# What only exercises and the simulated place need.
IMPORTS = re.compile(r"^    (?:check|hint|visit),\n|(?<=import BANDS), CLASS_CODES", re.MULTILINE)
BEGINNING = f"""\
# Your map

Duplicate this notebook, change the cell that names your files, then choose *Run*, *Run All Cells*.
[Lesson 15](../{LESSON}.ipynb) explains why each step is there and what its result means."""


def make_template(lesson: NotebookNode) -> NotebookNode:
    """Return the headings and the code of a lesson up to its exercises, without a known truth.

    Parameters
    ----------
    lesson
        The lesson as a notebook.

    Returns
    -------
    NotebookNode
        The template, without outputs or tags.
    """
    cells = [new_markdown_cell(BEGINNING)]
    for cell in lesson.cells[1:]:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## .+$", cell.source, re.MULTILINE)
            if "## Exercises" in headings:
                break
            cells += [new_markdown_cell(heading) for heading in headings]
        elif source := IMPORTS.sub("", TRUTH.sub("", cell.source)).strip():
            cell.source, cell.outputs, cell.execution_count = source, [], None
            cell.metadata = {}
            cells.append(cell)
    for number, cell in enumerate(cells):
        cell.id = f"own-{number:02d}"
    lesson.cells = cells
    return lesson


def write_template(notebooks: Path = NOTEBOOKS) -> list[Path]:
    """Write both halves of the template anew and return their paths."""
    template = make_template(jupytext.read(notebooks / "scripts" / f"{LESSON}.py"))
    halves = {
        notebooks / "own" / f"{NAME}.ipynb": "ipynb",
        notebooks / "scripts" / "own" / f"{NAME}.py": "py:percent",
    }
    for path, form in halves.items():
        with written_whole(path) as unfinished:
            jupytext.write(template, unfinished, fmt=form)
    return list(halves)


if __name__ == "__main__":
    print(*write_template(), sep="\n")
    sys.exit()
