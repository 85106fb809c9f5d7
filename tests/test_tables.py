"""The tables of lessons say what the lessons say, and nobody counts lessons by hand."""

import re

import jupytext
import pytest
from lesson_parts import NOTEBOOKS

from helpers import CourseError
from helpers.paths import PROJECT
from tools import tables
from tools.frame import Lesson, all_lessons
from tools.marks import put_between

FIRST_CELL = """\
# %% [markdown]
# # 03 Tiny | small
#
# **The question:** why, and
# how?
#
# **Time:** 90 minutes (reading 60, exercises 30). **Needs:** nothing.
"""


def lesson(text=FIRST_CELL):
    return Lesson("03_tiny", jupytext.reads(text, fmt="py:percent"))


def halves(page):
    """The texts that a page's table stands in: of a lesson, those of both halves."""
    if page.suffix == ".md":
        return [page.read_text()]
    pair = (page, NOTEBOOKS / "scripts" / f"{page.stem}.py")
    return ["\n\n".join(cell.source for cell in jupytext.read(half).cells) for half in pair]


PAGES = dict(tables.made(all_lessons()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_a_table_says_what_the_lessons_say(page):
    for text in halves(page):
        assert PAGES[page](text) == text, "run `make tables`"


def test_a_row_for_each_lesson_and_the_sum():
    made = tables.for_learners([lesson()], "notebooks/").splitlines()
    assert made[2:] == [
        "| [03 Tiny \\| small](notebooks/03_tiny.ipynb) | Why, and how? | 90 |",
        "| **all**, about 2 hours | | **90** |",
    ]
    made = tables.for_instructors([lesson(), lesson()]).splitlines()
    assert made[2] == "| [03 Tiny \\| small](03_tiny.md) | 90 | 60 | 30 |"
    assert made[-1] == "| **all**, about 3 hours | **180** | **120** | **60** |"


def test_a_lesson_that_does_not_say_how_long_it_takes_is_named():
    with pytest.raises(CourseError, match="Lesson 03_tiny does not say how long it takes"):
        tables.for_learners([lesson(FIRST_CELL.replace("Time", "Duration"))], "")


def test_a_page_is_brought_up_to_date_once(tmp_path, monkeypatch):
    page = tmp_path / "README.md"
    page.write_text(f"# Before\n\n{tables.BEGIN}\nold\n{tables.END}\n\nafter\n")
    monkeypatch.setattr(tables, "README", page)
    put = dict(tables.made([lesson()]))[page]
    assert tables.update(page, put)
    assert not tables.update(page, put)
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("# Before\n")
    assert text.endswith("\n\nafter\n")


def test_a_lesson_is_brought_up_to_date_in_both_halves(tmp_path):
    page = tmp_path / "00_welcome.ipynb"
    (tmp_path / "scripts").mkdir()
    for half in (page, tmp_path / "scripts" / "00_welcome.py"):
        original = NOTEBOOKS / half.relative_to(tmp_path)
        half.write_bytes(original.read_bytes())
    assert not tables.update(page, PAGES[tables.WELCOME])
    assert tables.update(page, lambda text: text.replace("| 15 |", "| 16 |"))
    for half in (page, tmp_path / "scripts" / "00_welcome.py"):
        original = (NOTEBOOKS / half.relative_to(tmp_path)).read_text()
        assert half.read_text() == original.replace("| 15 |", "| 16 |")


@pytest.mark.parametrize("text", ["no marks", "END BEGIN", "BEGIN END END", "BEGIN BEGIN END"])
def test_marks_that_are_not_there_once_each(text):
    with pytest.raises(CourseError, match=r"README\.md lacks the two lines 'BEGIN' and 'END'"):
        put_between("BEGIN", "END", text, "new")


COUNTED = re.compile(
    r"(?<![=\w])(?:\d+|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)"
    r"\s+(?:lessons|notebooks)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    "page",
    [
        *PROJECT.glob("*.md"),
        *(PROJECT / "docs").rglob("*.md"),
        *(NOTEBOOKS / "scripts").glob("*.py"),
    ],
    ids=lambda page: str(page.relative_to(PROJECT)),
)
def test_nobody_counts_lessons_by_hand(page):
    assert not COUNTED.findall(page.read_text())
