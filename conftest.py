"""For all tests: what lessons make goes to a folder of its own, never among a learner's files."""

import atexit
import os
import shutil
import tempfile

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Give the lessons that run as tests an empty outputs folder, one for all workers."""
    if hasattr(config, "workerinput"):
        return
    outputs = tempfile.mkdtemp(prefix="course-outputs-")
    os.environ["COURSE_OUTPUTS"] = outputs
    os.environ.pop("COURSE_CLOUD", None)
    atexit.register(shutil.rmtree, outputs, ignore_errors=True)
