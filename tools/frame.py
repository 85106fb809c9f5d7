"""A lesson as its own text tells it: title, question, minutes, sections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import jupytext
from nbformat import NotebookNode

from helpers.lessons import NOTEBOOKS, lesson_names

TIME = re.compile(
    r"\*\*Time:\*\* (\d+) minutes \(reading (\d+), exercises (\d+)\)\. \*\*Needs:\*\* \S"
)
_QUESTION = re.compile(r"\*\*The question[^*]*:\*\* (.+?)\n\n", re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *#*$", re.MULTILINE)
FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1[^\S\n]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A heading of a lesson or a page: its level, its words."""

    level: int
    words: str


@dataclass(frozen=True)
class Lesson:
    """A lesson's name, such as ``03_open_the_scene``, and its notebook."""

    name: str
    notebook: NotebookNode

    @classmethod
    def read(cls, name: str) -> Lesson:
        """Read a lesson of the course."""
        return cls(name, jupytext.read(NOTEBOOKS / f"{name}.ipynb"))

    @property
    def number(self) -> str:
        """Its two digits."""
        return self.name[:2]

    @property
    def texts(self) -> list[str]:
        """Its text cells."""
        return [cell.source for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @cached_property
    def text(self) -> str:
        """All its text."""
        return "\n\n".join(self.texts)

    @property
    def codes(self) -> list[str]:
        """Its code cells."""
        return [cell.source for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def headings(self) -> list[Heading]:
        """Its headings, in order."""
        return headings_of(self.text)

    @property
    def title(self) -> str:
        """Its title, with its number."""
        return next((heading.words for heading in self.headings if heading.level == 1), self.name)

    @property
    def question(self) -> str:
        """The question that it answers, on one line; empty if it asks none."""
        found = _QUESTION.search(self.text)
        question = " ".join(found[1].split()) if found else ""
        return question[:1].upper() + question[1:]

    @property
    def sections(self) -> list[str]:
        """The words of its headings of level 2, in order."""
        return [heading.words for heading in self.headings if heading.level == 2]

    @property
    def minutes(self) -> int | None:
        """How long it takes in all, if it says so in the form of the frame."""
        return self.shares[0] if self.shares else None

    @property
    def shares(self) -> tuple[int, int, int] | None:
        """Its minutes in all, for reading, and for exercises, if it says so."""
        found = TIME.search(self.text)
        return (int(found[1]), int(found[2]), int(found[3])) if found else None


def all_lessons() -> list[Lesson]:
    """Read the lessons of the course, in order."""
    return [Lesson.read(name) for name in lesson_names()]


def headings_of(text: str) -> list[Heading]:
    """Return the headings of a text, but not what looks like one in a piece of code."""
    return [Heading(len(marks), words) for marks, words in _HEADING.findall(FENCED.sub("", text))]
