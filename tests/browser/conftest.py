"""Chromium, and one JupyterLab for all browser tests."""

import os
from pathlib import Path

import pytest
from lab import CHROMIUM, PROJECT, copy_lessons, find_chromium, running_lab
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="module")  # Playwright's event loop must not outlive these tests
def browser():
    """Debian's Chromium; missing it is a failure where CI is set, elsewhere a reason to skip."""
    path = find_chromium()
    if path is None:
        reason = "no Chromium on this machine: `make chromium` installs Debian's"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A running JupyterLab."""
    folder = tmp_path_factory.mktemp("lab")
    copy_lessons(folder)
    with running_lab(folder) as running:
        yield running


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Folder of the screenshots, kept after the tests."""
    folder = PROJECT / "test-results" / "lessons"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
