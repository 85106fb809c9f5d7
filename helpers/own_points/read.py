"""Reads points from a table or a layer, whatever its columns are called."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections import defaultdict
from io import StringIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from helpers.course import CRS
from helpers.errors import CourseError
from helpers.own_points.given import existing_file, known_projection

TEXT, SHEET = {".csv", ".tsv", ".txt"}, {".xlsx", ".ods"}
# The names, in small letters, that a column goes by: first those of GBIF and iNaturalist.
NAMES = {
    "longitude": ("decimallongitude", "longitude", "lon", "long", "lng", "x", "easting"),
    "latitude": ("decimallatitude", "latitude", "lat", "y", "northing"),
    "accuracy": (
        "coordinateuncertaintyinmeters", "public_positional_accuracy", "positional_accuracy",
        "accuracy_m", "accuracy",
    ),
    "date": ("eventdate", "observed_on", "date"),
}  # fmt: skip
# 4,5 or 5 m or ± 5 metres; of a span, such as 5-10 m, its greater end
METRES = r"[^\w]*(?:\d+\s*[-\u2013]\s*)?(\d+(?:[.,]\d{1,2})?)\s*(?:m|metres?|meters?)?"
DEGREES = r"(\d+(?:\.\d+)?)(?:\D+?(\d+(?:\.\d+)?))?(?:\D+?(\d+(?:\.\d+)?))?"  # and minutes, seconds


def read_points(path: str | Path, crs: Any = None) -> gpd.GeoDataFrame:
    """Read field records from a file, as it comes.

    Parameters
    ----------
    path
        A table (CSV, text with tabs or semicolons, Excel, OpenDocument), also as GBIF or
        iNaturalist export it (zipped, too), or a layer (GeoPackage, shapefile, KML, GeoJSON, GPX).
    crs
        In which the coordinates are, where the file does not say so. Without it, columns of a
        table are taken for degrees (WGS 84).

    Returns
    -------
    GeoDataFrame
        All rows (for a group of points, a row each), in degrees (EPSG:4326), with their own columns
        and two more: ``date`` (day before month, unless the year comes first; missing if it can't
        be read) and ``accuracy_m`` (metres; missing if not said). A row without a readable position
        has an empty geometry. What had to be supposed stands in ``attrs["supposed"]``.

    Raises
    ------
    CourseError
        If there is no such file, if it cannot be read, if it has no columns of coordinates or too
        many, or if its numbers are metres and nothing says in which projection.
    """
    path, crs = existing_file(path), known_projection(crs)
    try:
        text = _text_in(path)
        table = gpd.read_file(path) if text is None else _read_text(text)
    except (OSError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
        raise CourseError(
            f"{path.name} cannot be read ({str(error).splitlines()[0]}): save it as CSV (UTF-8) or "
            "GeoPackage, unpacked, and with the files beside it if it is a shapefile."
        ) from None
    if isinstance(table, gpd.GeoDataFrame):
        points, supposed = _of_layer(table, path, crs)
    else:
        points, supposed = _of_table(table, path, crs)
    date, accuracy = (_column(points, what) for what in ("date", "accuracy"))
    points["date"] = _dates(points[date]) if date else pd.NaT
    points["accuracy_m"] = _metres(points[accuracy]) if accuracy else np.nan
    for name, column in {"date": date, "accuracy": accuracy}.items():
        if column is None:
            supposed.append(f"no {name} is known: no column is called {name}, or like it")
    points.attrs["supposed"] = supposed
    return points


def _text_in(path: Path) -> bytes | None:
    """Return a table of text, also from the archive that GBIF or iNaturalist sends; else None."""
    if path.suffix.lower() in TEXT:
        return path.read_bytes()
    if path.suffix.lower() != ".zip":
        return None
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.startswith("__MACOSX")]
        tables = [name for name in names if Path(name).name == "occurrence.txt"]
        tables = tables or [name for name in names if name.lower().endswith((".csv", ".tsv"))]
        is_layer = any(name.lower().endswith(".shp") for name in names)
        return None if is_layer or len(tables) != 1 else archive.read(tables[0])


def _read_text(raw: bytes) -> pd.DataFrame:
    """Read a table of text, whose separator is the one that its first line has most of."""
    if raw.startswith(b"PK"):
        raise ValueError("it is a zip archive or a spreadsheet under another name")
    text = _decoded(raw).lstrip("\r\n")
    separator = max("\t;,", key=text.partition("\n")[0].count)
    quoting = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL  # GBIF quotes nothing
    return pd.read_csv(StringIO(text), sep=separator, dtype=str, quoting=quoting)


def _decoded(raw: bytes) -> str:
    """Decode text: UTF-16 is what Excel calls Unicode, cp1252 is as older Excel writes it."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def _of_table(table: pd.DataFrame, path: Path, crs: Any) -> tuple[gpd.GeoDataFrame, list[str]]:
    x, y = (_column(table, what) for what in ("longitude", "latitude"))
    if x is None or y is None:
        raise CourseError(
            f"{path.name} has no columns of coordinates (it has: {', '.join(map(str, table))}): "
            "call them longitude and latitude, in the first line of the file."
        )
    east, north = _numbers(table[x]), _numbers(table[y])
    supposed = [] if crs else [f"{x} and {y} are degrees of WGS 84 (EPSG:4326)"]
    _require_degrees(east, north, path, crs)
    known = east.notna() & north.notna()
    geometry = gpd.points_from_xy(east, north, crs=crs or "EPSG:4326")
    points = gpd.GeoDataFrame(table, geometry=geometry).reset_index(drop=True)
    points.loc[~known.to_numpy(), "geometry"] = None
    return points.to_crs("EPSG:4326"), supposed


def _of_layer(layer: gpd.GeoDataFrame, path: Path, crs: Any) -> tuple[gpd.GeoDataFrame, list[str]]:
    supposed = []
    if layer.crs is None and crs is None:
        supposed.append("the file names no projection: taken as degrees of WGS 84 (EPSG:4326)")
    elif layer.crs is not None and crs is not None and layer.crs != crs:
        supposed.append(f"the file says {layer.crs.name}, and that counts, not {crs.name}")
    layer = layer.set_crs(crs or "EPSG:4326") if layer.crs is None else layer
    groups = int((layer.geom_type == "MultiPoint").sum())
    if groups:
        layer = layer.explode(ignore_index=True)
        supposed.append(f"groups of points ({groups}): each point is a record")
    shapes = layer.geometry
    if layer.crs.is_geographic:
        bounds = shapes.bounds
        _require_degrees(bounds["minx"], bounds["miny"], path, crs)
    other = int((~shapes.geom_type.isin(["Point"]) & shapes.notna()).sum())
    if other:
        supposed.append(f"lines or areas ({other}): a point inside represents each")
        shapes = shapes.representative_point()
    return layer.set_geometry(shapes).reset_index(drop=True).to_crs("EPSG:4326"), supposed


def _require_degrees(east: pd.Series, north: pd.Series, path: Path, crs: Any) -> None:
    """Stop if most numbers that are to be degrees are none."""
    if crs is None and ((east.abs() > 360) | (north.abs() > 360)).mean() > 0.5:
        raise CourseError(
            f"The coordinates in {path.name} are not degrees (the first: {east.iloc[0]:.10g}, "
            f"{north.iloc[0]:.10g}): if they are metres, say in which projection, such as "
            f'crs="EPSG:{CRS}" (lesson 15: POINTS_CRS); a shapefile should have its .prj file.'
        )


def _column(table: pd.DataFrame, what: str) -> str | None:
    """Return the name of the column that holds something, if there is one."""
    plain = {name: re.sub(r"\(.*\)", "", str(name)) for name in table.columns}  # "Accuracy (m)"
    there = defaultdict(list)
    for column, name in plain.items():
        there[name.strip().lower().replace(" ", "_")].append(column)
    columns = next((there[name] for name in NAMES[what] if name in there), [None])
    if len(columns) > 1:
        raise CourseError(
            f"Each of the columns {', '.join(columns)} could be the {what}: rename all but one."
        )
    return columns[0]


def _numbers(column: pd.Series) -> pd.Series:
    """Read numbers or degrees, minutes and seconds, with decimal points or commas."""
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float).where(np.isfinite)
    text = column.astype("string").str.strip().str.replace(",", ".").str.upper()
    plain = pd.to_numeric(text, "coerce").astype(float)
    parts = text.str.extract(DEGREES).astype(float).fillna({1: 0, 2: 0})
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    below = text.str.contains(r"^\s*[-\u2212]|[SW]").fillna(False)  # hyphen or minus sign
    return plain.fillna(degrees.where(~below.astype(bool), -degrees)).where(np.isfinite)


def _metres(column: pd.Series) -> pd.Series:
    """Read accuracies; missing where it is neither a number nor a number of metres."""
    text = column.astype("string").str.strip().str.lower()
    in_words = text.str.extract(rf"^{METRES}$", expand=False).str.replace(",", ".")
    plain, read = (pd.to_numeric(said, "coerce").astype(float) for said in (text, in_words))
    return plain.fillna(read)


def _dates(column: pd.Series) -> pd.Series:
    """Read dates as people write them; of a span, its first day."""
    if not pd.api.types.is_datetime64_any_dtype(column):
        text = column.astype("string").str.strip()
        span = text.str.fullmatch(r"\d{4}-[^/]*/.*").fillna(False).astype(bool)
        column = text.where(~span, text.str.partition("/")[0])
    dates = pd.to_datetime(column, format="mixed", dayfirst=True, errors="coerce", utc=True)
    return dates.dt.tz_localize(None)
