"""What `make` would do, as its dry run prints it."""

import os
import subprocess

from helpers.paths import PROJECT

OF_AN_OUTER_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "LESSON", "WHEELHOUSE")


def dry_run(*words: str) -> subprocess.CompletedProcess:
    """Run make as if typed in a shell of its own, also where `make test` runs the tests."""
    own = {name: value for name, value in os.environ.items() if name not in OF_AN_OUTER_MAKE}
    return subprocess.run(
        ["make", "--dry-run", "--always-make", *words],
        cwd=PROJECT, env=own, capture_output=True, text=True, check=False,
    )  # fmt: skip
