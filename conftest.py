"""For all tests: what lessons make goes to a folder of its own, never among a learner's files."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Give the lessons that run as tests an empty outputs folder, one for all workers."""
    if hasattr(config, "workerinput"):
        return
    outputs = tempfile.mkdtemp(prefix="course-outputs-")
    os.environ["COURSE_OUTPUTS"] = outputs
    os.environ.pop("COURSE_CLOUD", None)
    atexit.register(shutil.rmtree, outputs, ignore_errors=True)


LONGEST_FIRST = ("browser", "lesson", "kit", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: at the end no worker waits for another.

    Within a file the order stays: some tests read what those before them have made.
    """
    costs: dict[Path, int] = {}
    for item in items:
        marks = [name for name in LONGEST_FIRST if item.get_closest_marker(name)]
        cost = LONGEST_FIRST.index(marks[0]) if marks else len(LONGEST_FIRST)
        costs[item.path] = min(cost, costs.get(item.path, cost))
    items.sort(key=lambda item: costs[item.path])


TABLES = {
    "lesson": "| lesson in JupyterLab | seconds | peak MB | plots drawn | tiles | requests away |",
    "cells": "| lesson with exercises | seconds | slowest cell, s | peak MB |",
}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line for each lesson that ran: seconds, memory, plots."""
    passed = terminalreporter.stats.get("passed", [])
    for table, head in TABLES.items():
        lines = {
            text for report in passed for name, text in report.user_properties if name == table
        }
        if lines:
            terminalreporter.section("measured")
            terminalreporter.line(head)
            terminalreporter.line("|---" * (head.count("|") - 1) + "|")
            for line in sorted(lines):
                terminalreporter.line(line)
