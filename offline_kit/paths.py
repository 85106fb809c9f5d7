"""Where the offline kit is, found without loading any package, by any Python from 3.9 on."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT_KIT = PROJECT / "data" / "offline_kit"


def folder_of(variable: str, default: Path) -> Path:
    """Return the folder that an environment variable names, or the default.

    It does not depend on the working directory: a relative one counts from the project's folder,
    ``~`` is the home folder, variables in it are put in, and an empty one is as good as none.
    """
    given = os.path.expandvars(os.environ.get(variable, "").strip()) or default
    return PROJECT / os.path.expanduser(given)  # noqa: PTH111 (leaves an unknown ~name as it is)


def kit_folder() -> Path:
    """Return the folder of the offline kit: that of ``COURSE_KIT``, or ``data/offline_kit``."""
    return folder_of("COURSE_KIT", DEFAULT_KIT)


def build_command(kit: Path, *options: str) -> str:
    """Return the command that builds the kit of a folder, whatever the working directory.

    For the kit of the project ``make kit`` does as well, in the project's folder.
    """
    # a terminal beside the notebook may have another Python on its path, or none
    on_path = shutil.which("python")
    same = on_path is not None and Path(on_path).absolute() == Path(sys.executable).absolute()
    words = ["python" if same else sys.executable, "-m", "offline_kit", "build", *options]
    own = Path(kit).absolute() == kit_folder() == DEFAULT_KIT
    if not own:
        words += ["--out", str(Path(kit).absolute())]
    command = subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
    return f"`make kit` or `{command}`" if own and Path.cwd() == PROJECT else f"`{command}`"
