"""What is generated stands between two marks of a page; everything around them is left alone."""

from __future__ import annotations

from helpers.errors import CourseError


def put_between(begin: str, end: str, text: str, generated: str, page: str = "README.md") -> str:
    """Return a text with what was generated between its two marks.

    Raises
    ------
    CourseError
        If the two marks are not there, once each, in their order.
    """
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed) or text.count(begin) > 1 or text.count(end) > 1:
        raise CourseError(f"{page} lacks the two lines '{begin}' and '{end}': put them in, once.")
    return f"{before}{begin}\n\n{generated}\n\n{end}{after}"
