"""Exercises that check themselves: ``check`` an answer, ask for a ``hint``.

One module a lesson, ``lesson_01`` and so on, says what is right and which hint fits which mistake.
The exercises' texts and solutions stand in the lessons alone.
"""

from helpers.exercises.core import Feedback, check, hint

__all__ = ["Feedback", "check", "hint"]
