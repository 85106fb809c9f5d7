"""Every source that a lesson or a page cites stands in full on the page of references."""

import calendar
import re

import pytest
from lesson_parts import LESSONS, NOTEBOOKS, PROJECT

PAGE = (PROJECT / "docs" / "references.md").read_text(encoding="utf-8")
LISTED = set(re.findall(r"^- (.+?) \((\d{4})\)\.", re.sub(r"\n  ", " ", PAGE), re.MULTILINE))
MONTHS = calendar.month_name
CITED = re.compile(
    r"\b((?:Le |van )?[A-Z][a-zà-ž]+)( et al\.| and [A-Z][a-z]+)?,? \(?((?:19|20)\d\d)\b"
)


def cited_in(text):
    """Return first name, what follows it, and year of every citation in a text."""
    flat = re.sub(r"\s+", " ", re.sub(r"^# ?", "", text, flags=re.MULTILINE))
    return {found for found in CITED.findall(flat) if found[0] not in MONTHS}


def in_full(first, more, year):
    """Say whether a source is on the page, with as many authors as the citation says."""
    for authors, listed_year in LISTED:
        names = re.split(r", | and ", authors)
        if names[0] != first or listed_year != year:
            continue
        if more == " et al.":
            return len(names) > 2
        return len(names) == (2 if more else 1) and (not more or more == f" and {names[1]}")
    return False


@pytest.mark.parametrize(
    "page",
    [
        *(NOTEBOOKS / "scripts" / f"{name}.py" for name in LESSONS),
        *(PROJECT / "docs" / "instructor").glob("*.md"),
        PROJECT / "docs" / "glossary.md",
    ],
    ids=lambda page: page.stem,
)
def test_what_is_cited_is_given_in_full(page):
    missing = {cited for cited in cited_in(page.read_text(encoding="utf-8")) if not in_full(*cited)}
    assert not missing


def test_citations_are_found():
    """So that the test above looks at something."""
    text = "as (Xu 2006) and\n# Le Maitre et al.\n# (2019) and Wilson and Sader 2002 say, May 2018"
    assert cited_in(text) == {
        ("Xu", "", "2006"),
        ("Le Maitre", " et al.", "2019"),
        ("Wilson", " and Sader", "2002"),
    }
    assert all(in_full(*cited) for cited in cited_in(text))
    assert not in_full("Xu", " et al.", "2006") and not in_full("Xu", "", "2007")


def test_a_doi_is_an_address():
    assert len(LISTED) > 15
    assert all(
        re.fullmatch(r"https://doi\.org/10\.\d{4,}/\S+", doi)
        for doi in re.findall(r"<(https://doi[^>]*)>", PAGE)
        if doi != "https://doi.org"
    )
