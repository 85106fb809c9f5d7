"""What JupyterLab does for the course beside its notebooks."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from threading import Thread

from jupyter_core.paths import jupyter_runtime_dir

from helpers.errors import CourseError
from helpers.paths import kit_folder, make_outputs_folder
from offline_kit.serve.hold import keep_running

START_SECONDS = 60.0


def keep_server() -> None:
    """Keep the offline kit's server running as long as this Jupyter server, from its start on.

    So maps in notebooks of yesterday get their tiles: BokehJS 3.10 asks a dead address for some
    tiles hundreds of times a second, without end. It returns at once.
    """
    if (os.environ.get("COURSE_CLOUD") or "local") == "local":
        Thread(target=_hold, daemon=True).start()


def _hold() -> None:
    here = Path(jupyter_runtime_dir()) / f"jpserver-{os.getpid()}.json"
    deadline = time.monotonic() + START_SECONDS
    while not (here.is_file() and here.stat().st_size):
        if time.monotonic() > deadline:
            return
        time.sleep(0.1)
    behind_proxy = json.loads(here.read_text(encoding="utf-8"))["base_url"] != "/"
    try:
        bucket = make_outputs_folder() / "bucket"
    except CourseError:  # the first lesson says so
        return
    keep_running(kit_folder(), bucket, behind_proxy)
