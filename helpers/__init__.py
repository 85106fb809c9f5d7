"""What the notebooks import: only the steps that would drown a lesson.

Each name is loaded when it is first asked for: a lesson waits only for what it uses, and
``python -m helpers.doctor`` runs, and says so, where packages are missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.bands import BANDS, WAVELENGTHS
    from helpers.checkpoints import find_or_make, leave
    from helpers.classes import CLASS_COLOURS
    from helpers.cloud import Cloud, open_cloud
    from helpers.errors import CourseError
    from helpers.exercises import check, hint
    from helpers.expect import expect_columns, expect_inside, expect_scenes
    from helpers.export import write_cog
    from helpers.predict import predict_over_chunks
    from helpers.traffic import CountedReads

__all__ = [
    "BANDS",
    "CLASS_COLOURS",
    "WAVELENGTHS",
    "Cloud",
    "CountedReads",
    "CourseError",
    "check",
    "expect_columns",
    "expect_inside",
    "expect_scenes",
    "find_or_make",
    "hint",
    "leave",
    "open_cloud",
    "predict_over_chunks",
    "write_cog",
]

_MODULES = {
    "BANDS": "bands",
    "CLASS_COLOURS": "classes",
    "WAVELENGTHS": "bands",
    "Cloud": "cloud",
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
    "write_cog": "export",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
