"""How the helpers speak to a learner: one kind of error, and warnings at the learner's line."""

import warnings
from pathlib import Path

from offline_kit.errors import CourseError

__all__ = ["CourseError", "advise"]

HELPERS = str(Path(__file__).parent)


def advise(message: str) -> None:
    """Warn at the line that called the helpers, however deep in them the reason was found."""
    warnings.warn(message, UserWarning, skip_file_prefixes=(HELPERS,), stacklevel=2)
