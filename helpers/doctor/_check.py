"""A check, what it found, and the examination that makes one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from helpers.errors import CourseError


class ToFix(CourseError):
    """Something is to be fixed; the message is one sentence that says what to do."""


class NotNeeded(Exception):
    """The check does not apply here; the message says why."""


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Attributes
    ----------
    name : str
        What is looked at.
    look : callable
        Returns what it found if all is well; raises `ToFix` with what to do if not, or `NotNeeded`.
    needs : tuple of str
        Names of earlier checks without whose success this one has no meaning.
    """

    name: str
    look: Callable[[], str]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What a check found: its state (``ok``, ``FIX`` or ``skipped``) and one line of text."""

    name: str
    state: str
    text: str

    def __str__(self) -> str:
        """Return the line that people read."""
        return f"{self.state:<8}{self.name:<11} {self.text}"


def look_at(checks: Iterable[Check]) -> Iterator[Finding]:
    """Make the checks one after the other; whatever happens in one, the others are made.

    Parameters
    ----------
    checks : iterable of Check

    Yields
    ------
    Finding
        One for every check, as soon as it is made.
    """
    not_well: set[str] = set()
    for check in checks:
        unmet = [need for need in check.needs if need in not_well]
        if unmet:
            finding = Finding(check.name, "skipped", f"needs the {unmet[0]}: see there")
        else:
            finding = _make(check)
        if finding.state != "ok":
            not_well.add(check.name)
        yield finding


def _make(check: Check) -> Finding:
    try:
        return Finding(check.name, "ok", check.look())
    except NotNeeded as reason:
        return Finding(check.name, "skipped", str(reason))
    except ModuleNotFoundError as error:
        return Finding(check.name, "skipped", f"needs the package {error.name}: see packages")
    except CourseError as error:
        return Finding(check.name, "FIX", one_line(str(error)))
    except Exception as error:
        return Finding(
            check.name,
            "FIX",
            f"The doctor itself stumbled ({type(error).__name__}: {one_line(str(error))}): show "
            "this line to the person who runs the course.",
        )


def one_line(text: str) -> str:
    """Return a text with its line breaks and runs of blanks made single blanks."""
    return " ".join(text.split())
