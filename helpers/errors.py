"""How the helpers speak to a learner: one kind of error, and warnings at the learner's line."""

import warnings
from pathlib import Path

HELPERS = str(Path(__file__).parent)


class CourseError(Exception):
    """Something that the learner can mend; the message is one sentence that says how."""

    def _render_traceback_(self) -> list[str]:
        """Let IPython show the sentence alone: the way to it is of no use to a learner."""
        return [f"{type(self).__name__}: {self}"]


def advise(message: str) -> None:
    """Warn at the line that called the helpers, however deep in them the reason was found."""
    warnings.warn(message, UserWarning, skip_file_prefixes=(HELPERS,), stacklevel=2)
