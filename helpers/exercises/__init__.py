"""Exercises that check themselves: ``check`` an answer, ask for a ``hint``.

One module a lesson, ``lesson_01`` and so on, says what is right and which hint fits which mistake.
The exercises' texts and solutions stand in the lessons alone.
"""

from IPython.display import display

from helpers.errors import CourseError
from helpers.exercises.core import LOOK_AGAIN, Feedback, feedback_on, hint_for

__all__ = ["Feedback", "check", "feedback_on", "hint", "hint_for"]


def check(number: str = "", answer: object = ..., *unnamed: object, **given: object) -> None:
    """Show what `feedback_on` says of an answer, wherever in a cell this line stands.

    Nothing that a learner types stops the lesson here: a wrong number is shown in words, too.

    Parameters
    ----------
    number
        Lesson and exercise, such as ``"03-2"``.
    answer
        The learner's answer; three dots stand for "not attempted yet".
    *unnamed
        Nothing belongs here: what is compared with is named.
    **given
        The lesson's own data that the answer is compared with.
    """
    try:
        if unnamed:
            raise CourseError(
                "After the answer everything has its name, as in the lesson: points=points."
            )
        display(feedback_on(number, answer, **given))
    except CourseError as error:
        display(Feedback(LOOK_AGAIN, str(error)))


def hint(number: str = "", step: int = 1, *more: object) -> None:
    """Show a hint for an exercise; each step says more.

    Nothing that a learner types stops the lesson here: a wrong step is shown in words, too.

    Parameters
    ----------
    number
        Lesson and exercise, such as ``"03-2"``.
    step
        Which hint, counted from 1.
    *more
        Nothing belongs here: hints are shown one at a time.
    """
    try:
        if more:
            raise CourseError('One hint at a time: hint("03-2", 2) shows the second.')
        display(hint_for(number, step))
    except CourseError as error:
        display(Feedback(LOOK_AGAIN, str(error)))
