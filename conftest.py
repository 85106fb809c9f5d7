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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line for each lesson that ran in JupyterLab."""
    passed = terminalreporter.stats.get("passed", [])
    lines = [text for report in passed for name, text in report.user_properties if name == "lesson"]
    if lines:
        terminalreporter.section("lessons in JupyterLab")
        terminalreporter.line("| lesson | seconds | peak MB | plots drawn | tiles | away |")
        terminalreporter.line("|---|---|---|---|---|---|")
        for line in sorted(set(lines)):
            terminalreporter.line(line)
