"""Where things are, found without loading any package."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def kit_folder() -> Path:
    """Return the folder of the offline kit: that of ``COURSE_KIT``, or ``data/offline_kit``."""
    return Path(os.environ.get("COURSE_KIT", PROJECT / "data" / "offline_kit"))


def outputs_folder(default: Path = PROJECT / "outputs") -> Path:
    """Return the folder for what the lessons make: that of ``COURSE_OUTPUTS``, or the default."""
    return Path(os.environ.get("COURSE_OUTPUTS", default))
