"""Where the offline kit is, found without loading any package, by any Python from 3.9 on."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def kit_folder() -> Path:
    """Return the folder of the offline kit: that of ``COURSE_KIT``, or ``data/offline_kit``.

    It does not depend on the working directory: a relative ``COURSE_KIT`` counts from the project's
    folder, ``~`` is the home folder, and an empty one is as good as none.
    """
    given = os.environ.get("COURSE_KIT") or "data/offline_kit"
    return PROJECT / os.path.expanduser(given)  # noqa: PTH111 (leaves an unknown ~name as it is)
