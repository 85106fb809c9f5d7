"""What every exercise shares: an answer goes in, feedback comes out."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from math import isclose
from typing import Any

import pandas as pd
import xarray as xr

from helpers.errors import CourseError

Examiner = Callable[..., str | None]


@dataclass(frozen=True)
class Feedback:
    """What a learner reads after ``check`` or ``hint``: a verdict in a few words, and a text."""

    verdict: str
    text: str

    def __str__(self) -> str:
        return f"{self.verdict} {self.text}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = {RIGHT: "#117733", NOT_YET: "#AA4499"}.get(self.verdict, "#332288")
        return (
            f'<div class="exercise-feedback" style="border-left: 5px solid {colour};'
            f' padding: 0.3em 0.8em; max-width: 45em"><b>{escape(self.verdict)}</b>'
            f" {escape(self.text)}</div>"
        )


RIGHT = "✔ Right."
NOT_YET = "✘ Not yet."
NOT_ATTEMPTED = "✎ Not attempted yet."


class NotYet(Exception):
    """An answer that can not be examined any further; the message is the hint."""


@dataclass(frozen=True)
class Exercise:
    """An exercise: what kind of answer it wants, who examines it, and what to say."""

    kind: "Kind"
    examine: Examiner
    right: str
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of answer: its name with an article, and the types that are taken for it."""

    name: str
    types: tuple[type, ...]
    callable: bool = False

    def take(self, answer: object) -> Any:  # noqa: ANN401
        """Return the answer in the form that the examiner expects, or raise ``NotYet``."""
        if {float, bool} & set(self.types) and getattr(answer, "size", 0) == 1:
            answer = answer.item()
        wrong_bool = isinstance(answer, bool) and bool not in self.types
        fits = callable(answer) if self.callable else isinstance(answer, self.types)
        if not fits or wrong_bool:
            raise NotYet(
                f"The answer should be {self.name}; this one is of type {type(answer).__name__}."
            )
        return answer


NUMBER = Kind("a number", (int, float))
TEXT = Kind("a text in quotes", (str,))
YES_NO = Kind("True or False", (bool,))
SEQUENCE = Kind("a list or tuple", (list, tuple, set))
DICTIONARY = Kind("a dictionary", (dict,))
ARRAY = Kind("an xarray DataArray", (xr.DataArray,))
SERIES = Kind("a pandas Series", (pd.Series,))
TABLE = Kind("a table (DataFrame)", (pd.DataFrame,))
FUNCTION = Kind("a function", (), callable=True)

EXERCISES: dict[str, Exercise] = {}


def exercise(
    number: str, kind: Kind, right: str, hints: Iterable[str]
) -> Callable[[Examiner], Examiner]:
    """Register the decorated function as the examiner of an exercise.

    The examiner gets the answer and, by name, the lesson's data that ``check`` was given. It
    returns None if the answer is right, else the hint for the mistake that was made.

    Parameters
    ----------
    number : str
        Lesson and exercise, such as ``"03-2"``.
    kind : Kind
        What the answer must be; answers of another kind never reach the examiner.
    right : str
        Said after a right answer: why it matters.
    hints : iterable of str
        Hints for everyone, from a nudge to nearly the answer.
    """

    def register(examine: Examiner) -> Examiner:
        EXERCISES[number] = Exercise(kind, examine, right, tuple(hints))
        return examine

    return register


def feedback_on(number: str, answer: object = ..., **given: object) -> Feedback:
    """Examine the answer to an exercise.

    Parameters
    ----------
    number : str
        Lesson and exercise, such as ``"03-2"``.
    answer : object
        The learner's answer; three dots stand for "not attempted yet".
    **given : object
        The lesson's own data that the answer is compared with.

    Returns
    -------
    Feedback
        Right, with why it matters; not attempted yet; or a hint made for the mistake.

    Raises
    ------
    CourseError
        If there is no exercise of that number.
    """
    asked = _find(number)
    if _is_open(answer):
        return Feedback(NOT_ATTEMPTED, f"Replace the dots (...) in exercise {number}.")
    try:
        found_wanting = asked.examine(asked.kind.take(answer), **given)
    except NotAttempted:
        return Feedback(NOT_ATTEMPTED, f"Replace the dots (...) in exercise {number}.")
    except NotYet as mistake:
        found_wanting = str(mistake)
    return (
        Feedback(RIGHT, asked.right) if found_wanting is None else Feedback(NOT_YET, found_wanting)
    )


def hint_for(number: str, step: int = 1) -> Feedback:
    """Return a hint for an exercise; each step says more.

    Parameters
    ----------
    number : str
        Lesson and exercise, such as ``"03-2"``.
    step : int, default 1
        Which hint, counted from 1.

    Raises
    ------
    CourseError
        If there is no exercise of that number, or no such step.
    """
    hints = _find(number).hints
    if not 1 <= step <= len(hints):
        raise CourseError(f"Exercise {number} has {len(hints)} hints: ask for 1 to {len(hints)}.")
    more = f' (For more: hint("{number}", {step + 1}).)' if step < len(hints) else ""
    return Feedback(f"Hint {step} of {len(hints)}.", hints[step - 1] + more)


class NotAttempted(Exception):
    """A function that the learner has not filled in."""


def call(function: Callable, *arguments: object, **named: object) -> Any:  # noqa: ANN401
    """Call a learner's function; raise ``NotYet``, in words, if it stops or returns nothing."""
    try:
        result = function(*arguments, **named)
    except Exception as error:  # whatever a learner's function raises is news for the learner
        reason = str(error).partition("\n")[0]  # XGBoost's go on with a stack trace
        raise NotYet(f"Your function stopped with {type(error).__name__}: {reason}") from error
    if result is ...:
        raise NotAttempted
    if result is None:
        raise NotYet("Your function returns nothing: end it with a line `return ...`.")
    return result


def same(answer: float, expected: float, within: float = 0.005) -> bool:
    """Say whether two numbers are equal but for rounding (relative; near zero absolute)."""
    return isclose(answer, expected, rel_tol=within, abs_tol=1e-9)


def _is_open(answer: object) -> bool:
    """Say whether an answer, or a part of it, is still three dots."""
    if isinstance(answer, dict):
        answer = tuple(answer.values())
    if isinstance(answer, list | tuple):
        return any(part is ... for part in answer)
    return answer is ...


def _find(number: str) -> Exercise:
    if not isinstance(number, str):
        raise CourseError('Write the number of an exercise in quotes, as in "03-2".')
    lesson = number.partition("-")[0]
    if number not in EXERCISES:
        try:
            importlib.import_module(f"helpers.exercises.lesson_{lesson}")
        except ModuleNotFoundError:
            raise CourseError(f"No lesson {lesson} with exercises; write as in '03-2'.") from None
    if number not in EXERCISES:
        known = ", ".join(sorted(name for name in EXERCISES if name.startswith(lesson)))
        raise CourseError(f"There is no exercise {number}; lesson {lesson} has {known}.")
    return EXERCISES[number]
