"""The one kind of error that the course raises on purpose."""


class CourseError(Exception):
    """Something that the learner can mend; the message is one sentence that says how."""

    def _render_traceback_(self) -> list[str]:
        """Let IPython show the sentence alone: the way to it is of no use to a learner."""
        return [f"{type(self).__name__}: {self}"]
