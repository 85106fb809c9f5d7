"""Exercises that check themselves: ``check`` an answer, ask for a ``hint``.

One module a lesson, ``lesson_01`` and so on, says what is right and which hint fits which mistake.
The exercises' texts and solutions stand in the lessons alone.
"""

from IPython.display import display

from helpers.exercises.core import Feedback, feedback_on, hint_for

__all__ = ["Feedback", "check", "feedback_on", "hint", "hint_for"]


def check(number: str, answer: object = ..., **given: object) -> None:
    """Show what `feedback_on` says of an answer, wherever in a cell this line stands.

    Parameters
    ----------
    number : str
        Lesson and exercise, such as ``"03-2"``.
    answer : object
        The learner's answer; three dots stand for "not attempted yet".
    **given : object
        The lesson's own data that the answer is compared with.
    """
    display(feedback_on(number, answer, **given))


def hint(number: str, step: int = 1) -> None:
    """Show a hint for an exercise; each step says more.

    Parameters
    ----------
    number : str
        Lesson and exercise, such as ``"03-2"``.
    step : int, default 1
        Which hint, counted from 1.
    """
    display(hint_for(number, step))
