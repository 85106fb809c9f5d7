"""Where things are, found without loading any package."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def kit_folder() -> Path:
    """Return the folder of the offline kit, as `open_cloud` finds it."""
    return Path(os.environ.get("COURSE_KIT", PROJECT / "data" / "offline_kit"))


def outputs_folder() -> Path:
    """Return the folder for what the lessons make, as `open_cloud` finds it."""
    return Path(os.environ.get("COURSE_OUTPUTS", PROJECT / "outputs"))
