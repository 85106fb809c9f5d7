"""What every exercise shares: an answer goes in, feedback comes out."""

import importlib
import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from math import isclose, isfinite
from numbers import Real
from typing import Any

import dask
import numpy as np
import pandas as pd
import xarray as xr

from helpers.errors import CourseError

Examiner = Callable[..., str | None]

SMALL = 100_000_000  # bytes: a lazy answer up to this size is computed here


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
LOOK_AGAIN = "⚠ Look again."


class NotYet(Exception):
    """An answer that cannot be examined any further; the message is the hint."""


class NotAttempted(Exception):
    """A function that the learner has not filled in."""


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

    def take(self, answer: object) -> Any:
        """Return the answer in the form that the examiner expects, or raise ``NotYet``.

        Small lazy arrays are computed, arrays of one value become that value where one value is
        asked for, and numbers that are not finite are refused; in a list or dictionary, too.
        """
        answer = _computed(answer)
        if {float, str} & set(self.types):
            answer = _single_value(answer)
        fits = callable(answer) if self.callable else isinstance(answer, self.types)
        if not fits or isinstance(answer, bool):  # True is an int to Python, but no number
            raise NotYet(
                f"The answer should be {self.name}; this one is of type {type(answer).__name__}."
            )
        if isinstance(answer, list | tuple):
            return tuple(_part(part) for part in answer)
        if isinstance(answer, dict):
            return {name: _part(part) for name, part in answer.items()}
        return _finite(answer)


NUMBER = Kind("a number", (int, float))
TEXT = Kind("a text in quotes", (str,))
SEQUENCE = Kind("a list or tuple", (list, tuple, set))
DICTIONARY = Kind("a dictionary", (dict,))
ARRAY = Kind("an xarray DataArray", (xr.DataArray,))
SERIES = Kind("a pandas Series", (pd.Series,))
FUNCTION = Kind("a function", (), callable=True)

EXERCISES: dict[str, Exercise] = {}


def exercise(
    number: str, kind: Kind, right: str, hints: Iterable[str]
) -> Callable[[Examiner], Examiner]:
    """Register the decorated function as the examiner of an exercise.

    The examiner gets the answer and, by name, the lesson's data that ``check`` was given. It
    returns None if the answer is right, else the hint for the mistake that was made. It asks no
    server: all that it compares with is what the lesson has in memory or on the disk.

    Parameters
    ----------
    number
        Lesson and exercise, such as ``"03-2"``.
    kind
        What the answer must be; answers of another kind never reach the examiner.
    right
        Said after a right answer: why it matters.
    hints
        Hints for everyone, from a nudge to nearly the answer.
    """

    def register(examine: Examiner) -> Examiner:
        EXERCISES[number] = Exercise(kind, examine, right, tuple(hints))
        return examine

    return register


def feedback_on(number: str, answer: object = ..., **given: object) -> Feedback:
    """Examine the answer to an exercise, whatever the answer is.

    Parameters
    ----------
    number
        Lesson and exercise, such as ``"03-2"``.
    answer
        The learner's answer; three dots stand for "not attempted yet".
    **given
        The lesson's own data that the answer is compared with.

    Returns
    -------
    Feedback
        Right, with why it matters; not attempted yet; a hint made for the mistake; or why the
        answer could not be examined.

    Raises
    ------
    CourseError
        If there is no exercise of that number, or a package is missing that its lesson needs.
    """
    asked = _find(number)
    try:
        if _is_open(answer):
            raise NotAttempted
        taken = asked.kind.take(answer)
        _expect_given(asked.examine, given)
        hint = asked.examine(taken, **given)
    except NotAttempted:
        return Feedback(NOT_ATTEMPTED, f"Replace the dots (...) in exercise {number}.")
    except NotYet as mistake:
        return Feedback(NOT_YET, str(mistake))
    except Exception as error:  # an answer that nobody has thought of is no reason to stop
        return Feedback(
            LOOK_AGAIN,
            f"Your answer could not be examined ({in_one_line(error)}). Compare its type and "
            "size with what the exercise asks for, and run the cells above once more: they make "
            "what it is compared with.",
        )
    return Feedback(RIGHT, asked.right) if hint is None else Feedback(NOT_YET, hint)


def hint_for(number: str, step: int = 1) -> Feedback:
    """Return a hint for an exercise; each step says more.

    Parameters
    ----------
    number
        Lesson and exercise, such as ``"03-2"``.
    step
        Which hint, counted from 1.

    Raises
    ------
    CourseError
        If there is no exercise of that number, or no such step.
    """
    hints = _find(number).hints
    if not isinstance(step, int | np.integer) or not 1 <= step <= len(hints):
        raise CourseError(f"Exercise {number} has {len(hints)} hints: ask for 1 to {len(hints)}.")
    more = f' (For more: hint("{number}", {step + 1}).)' if step < len(hints) else ""
    return Feedback(f"Hint {step} of {len(hints)}.", hints[step - 1] + more)


def call(function: Callable, *arguments: object, **named: object) -> Any:
    """Call a learner's function; raise ``NotYet``, in words, if it stops or returns nothing."""
    try:
        result = function(*arguments, **named)
    except (Exception, SystemExit) as error:  # whatever it raises is news for the learner
        raise NotYet(f"Your function stopped with {in_one_line(error)}") from error
    if result is ...:
        raise NotAttempted
    if result is None:
        raise NotYet("Your function returns nothing: end it with a line `return ...`.")
    return _computed(result)


def call_for_number(function: Callable, *arguments: object) -> float:
    """Call a learner's function as `call` does, and expect one number from it."""
    result = _single_value(call(function, *arguments))
    if isinstance(result, bool) or not isinstance(result, Real):
        raise NotYet(
            f"Your function should return one number; it returns a {type(result).__name__}."
        )
    return float(_finite(result))


def same(answer: float, expected: float, within: float = 0.005) -> bool:
    """Say whether two numbers are equal but for rounding (relative; near zero absolute)."""
    return isclose(answer, expected, rel_tol=within, abs_tol=1e-9)


def in_one_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of what it says."""
    reason = str(error).strip().partition("\n")[0]  # XGBoost's go on with a stack trace
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def _is_open(answer: object) -> bool:
    """Say whether an answer, or a part of it, is still three dots."""
    if isinstance(answer, dict):
        answer = tuple(answer.values())
    if isinstance(answer, list | tuple | set):
        return any(part is ... for part in answer)
    return answer is ...


def _expect_given(examine: Examiner, given: dict[str, object]) -> None:
    """Raise ``NotYet`` unless ``check`` was given the lesson's data by the names it has there."""
    takes = inspect.signature(examine)
    try:
        takes.bind(..., **given)
    except TypeError:
        data = list(takes.parameters)[1:]  # the first one is the answer
        raise NotYet(
            "The line with check has been changed, so there is nothing to compare your answer "
            f"with: after the answer it should name {', '.join(data) or 'nothing'}, as in the "
            "lesson."
        ) from None


def _computed(answer: object) -> Any:
    """Return an answer with its values in memory: a lazy one is computed if it is small."""
    if not dask.is_dask_collection(answer):
        return answer
    size = getattr(answer, "nbytes", None)
    if isinstance(size, Real) and size <= SMALL:  # NaN where Dask does not know the size
        return answer.compute()
    raise NotYet(
        "Your answer is lazy: a list of things to do, not their result, and too large (or of "
        "unknown size) to be computed here. Compute it first: put .compute() after it."
    )


def _single_value(value: object) -> Any:
    """Return the one value of an array, a column or an index that holds no more than one."""
    holders = (np.ndarray, np.generic, xr.DataArray, pd.Series, pd.Index)
    return value.item() if isinstance(value, holders) and value.size == 1 else value


def _part(part: object) -> Any:
    """Return a part of a list or dictionary, as a plain number where it is one."""
    return _finite(_single_value(_computed(part)))


def _finite(value: object) -> Any:
    """Return a value, unless it is a number that nothing can be compared with."""
    if not isinstance(value, Real):
        return value
    try:
        number = float(value)
    except OverflowError:
        raise NotYet("A number so large can't be right: look at how it was computed.") from None
    if number != number:
        raise NotYet(
            "NaN is not a number: a value that your answer was computed from is missing, or 0 was "
            "divided by 0."
        )
    if not isfinite(number):
        raise NotYet("An infinite number can't be right: somewhere you have divided by 0.")
    return value


def _find(number: str) -> Exercise:
    """Return an exercise; its lesson's module is loaded when the first one is asked for."""
    if not isinstance(number, str):
        raise CourseError('Write the number of an exercise in quotes, as in "03-2".')
    lesson = number.partition("-")[0]
    if number not in EXERCISES:
        _load(lesson)
    if number not in EXERCISES:
        known = ", ".join(sorted(name for name in EXERCISES if name.startswith(lesson)))
        raise CourseError(f"There is no exercise {number}; lesson {lesson} has {known}.")
    return EXERCISES[number]


def _load(lesson: str) -> None:
    """Import the module of a lesson's exercises."""
    module = f"helpers.exercises.lesson_{lesson}"
    no_lesson = CourseError(f"No lesson {lesson} with exercises; write as in '03-2'.")
    if not re.fullmatch(r"\d\d", lesson):
        raise no_lesson
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module:
            raise no_lesson from None
        raise CourseError(
            f"The exercises of lesson {lesson} need the package {error.name}, which is not in this "
            "environment: run `python -m helpers.doctor`, which says how to fix it."
        ) from None
    except Exception as error:  # a package that is there, but broken
        raise CourseError(
            f"The exercises of lesson {lesson} cannot be loaded ({in_one_line(error)}): run "
            "`python -m helpers.doctor`, which says how to fix it."
        ) from None
