"""Whether a file that a lesson has left is whole: it is read, and has what later lessons need."""

from __future__ import annotations

import json
from collections.abc import Container
from pathlib import Path

from helpers.course import BANDS
from helpers.errors import CourseError


def fault_in(path: Path) -> str | None:
    """Say in a few words why a file that a lesson left cannot be used; None if it can.

    Parameters
    ----------
    path
        A file by the name of one that a lesson leaves.
    """
    try:
        _READERS[path.name](path)
    except CourseError as error:
        return str(error)
    except Exception:  # whatever a library makes of a file that was cut off
        return "it cannot be read"
    return None


def _read_choice(path: Path) -> None:
    choice = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(choice, dict):
        raise CourseError("it names no scene")
    _require(choice, ["collection", "id"])


def _read_raster(path: Path) -> None:
    import rasterio

    with rasterio.open(path) as raster:
        for _, window in raster.block_windows(1):
            raster.read(window=window)


def _read_spectra(path: Path) -> None:
    import geopandas as gpd

    spectra = gpd.read_parquet(path)
    _require(spectra.columns, ["class", "group", "name", *BANDS])


def _read_model(path: Path) -> None:
    from xgboost import XGBClassifier

    XGBClassifier().load_model(path)


def _require(found: Container[str], names: list[str]) -> None:
    missing = [name for name in names if name not in found]
    if missing:
        raise CourseError(f"it has no {', '.join(missing)}")


_READERS = {
    "chosen_scene.json": _read_choice,
    "usable_pixels.tif": _read_raster,
    "spectra_at_points.parquet": _read_spectra,
    "pine_classifier.ubj": _read_model,
    "pine_probability.tif": _read_raster,
}
