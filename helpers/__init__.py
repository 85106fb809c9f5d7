"""What the notebooks import: only the steps that would drown a lesson.

Each name is loaded when it is first asked for: a lesson waits only for what it uses, and
``python -m helpers.doctor`` runs, and says so, where packages are missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "CountedReads": "traffic",
    "CourseError": "errors",
    "check": "exercises",
    "expect_columns": "expect",
    "expect_inside": "expect",
    "expect_scenes": "expect",
    "find_or_make": "checkpoints",
    "hint": "exercises",
    "leave": "checkpoints",
    "open_cloud": "cloud",
    "predict_over_chunks": "predict",
    "visit": "visits",
    "write_cog": "export",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
