"""The Python that runs this, and the packages installed in it."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, version

from helpers.doctor._check import ToFix
from helpers.paths import PROJECT

LOCK = PROJECT / "requirements.lock"
PROJECT_NAME = "pines-from-space"
HOW = "run `make env` (without make: README.md), then ask `.venv/bin/python -m helpers.doctor`"
NAMED = 3


def look_at_python() -> str:
    """Compare this Python with the one that the course is made for."""
    wanted = (PROJECT / ".python-version").read_text(encoding="utf-8").strip()
    here = ".".join(str(part) for part in sys.version_info[:3])
    if not here.startswith(wanted + "."):
        raise ToFix(
            f"This is Python {here} in {sys.prefix}, but the course needs {wanted}: install Python "
            f"{wanted} if there is none, {HOW}."
        )
    return f"{here} in {sys.prefix}"


def look_at_packages() -> str:
    """Compare the versions of the installed packages with those in the lock."""
    if not LOCK.is_file():
        raise ToFix(f"{LOCK} is missing: bring it back with `git checkout requirements.lock`.")
    pins = pins_for_this_machine(LOCK.read_text(encoding="utf-8"))
    if not pins:
        raise ToFix(
            f"{LOCK} lists no package: bring it back with `git checkout requirements.lock`."
        )
    installed = {name: _installed(name) for name in pins}
    missing = [name for name, found in installed.items() if found is None]
    others = [
        f"{name} {found} instead of {pins[name]}"
        for name, found in installed.items()
        if found not in (None, pins[name])
    ]
    if missing or others:
        told = [f"{_some(missing)} missing"] * bool(missing) + [_some(others)] * bool(others)
        count = len(missing) + len(others)
        raise ToFix(
            f"{count} of {len(pins)} differ from requirements.lock ({'; '.join(told)}): {HOW}."
        )
    if _installed(PROJECT_NAME) is None:
        raise ToFix(
            "The course itself is not installed, so no notebook finds `helpers`: run "
            "`pip install --no-deps --no-build-isolation --editable .` in its folder."
        )
    return f"all {len(pins)} as in requirements.lock"


def look_at_dask() -> str:
    """Find out whether Dask can read the settings that somebody wrote for this machine."""
    try:
        import dask.config  # noqa: F401 (it reads them when it is loaded)
    except ValueError as error:  # Dask names the file, and the parser of YAML what is wrong in it
        reason = str(error).split(", original error message")[0]
        raise ToFix(
            f"{reason}: fix or remove that file, since Dask does not start until then."
        ) from error
    return "its settings can be read"


def pins_for_this_machine(lock: str) -> dict[str, str]:
    """Return name and version of every package that a lock demands on this machine."""
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:
        raise ToFix(
            f"Nothing of the course is installed in this Python ({sys.executable}): {HOW}."
        ) from None
    lines = (line.rstrip("\\ ") for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line))
    pins = [Requirement(line) for line in lines]
    return {
        pin.name: next(iter(pin.specifier)).version
        for pin in pins
        if pin.marker is None or pin.marker.evaluate()
    }


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _some(names: list[str]) -> str:
    """Name the first few, and say how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
