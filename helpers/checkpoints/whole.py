"""Whether a file that a lesson has left is whole: it is read, and has what later lessons need."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.course import BANDS

# What later lessons look for in a file, beside its being whole.
NEEDED = {
    "chosen_scene.json": ["collection", "id"],
    "spectra_at_points.parquet": ["class", "group", "name", *BANDS],
}


def fault_in(path: Path) -> str | None:
    """Say in a few words why a file that a lesson left cannot be used; None if it can.

    Parameters
    ----------
    path
        A file by the name of one that a lesson leaves.
    """
    read_names = _READERS[path.suffix]
    try:
        found = read_names(path)
    except Exception:  # whatever a library makes of a file that was cut off
        return "it cannot be read"
    missing = [name for name in NEEDED.get(path.name, []) if name not in found]
    return f"it has no {', '.join(missing)}" if missing else None


def _names_in_json(path: Path) -> list[str]:
    return list(json.loads(path.read_text(encoding="utf-8")))


def _names_in_raster(path: Path) -> list[str]:
    import rasterio

    with rasterio.open(path) as raster:
        for _, window in raster.block_windows(1):
            raster.read(window=window)
        return list(raster.descriptions)


def _names_in_table(path: Path) -> list[str]:
    import geopandas as gpd

    return list(gpd.read_parquet(path).columns)


def _names_in_model(path: Path) -> list[str]:
    from xgboost import XGBClassifier

    # XGBoost reads numbers beyond the end of a file that was cut off, and may take what it finds.
    if not path.read_bytes().endswith(b"}"):
        raise ValueError("A UBJSON object ends with a closing brace.")
    model = XGBClassifier()
    model.load_model(path)
    return list(model.get_booster().feature_names or [])


_READERS = {
    ".json": _names_in_json,
    ".tif": _names_in_raster,
    ".parquet": _names_in_table,
    ".ubj": _names_in_model,
}
