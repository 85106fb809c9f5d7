"""Looks over field records for what goes wrong with them, and says what to do."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

PIXEL_M = 10.0
FAR_M, NEAR_M = 1000.0, 100.0
# What GBIF and iNaturalist say, by column, of a record that shows no plant that grows there wild.
NOT_WILD = {
    "occurrencestatus": "absent",
    "captive_cultivated": "true",
    "establishmentmeans": "cultivated|captive|managed",
    "degreeofestablishment": "cultivated|captive",
    "basisofrecord": "living|fossil",
}
FEW = 30  # records of a kind, below which little can be learnt or judged

ADVICE = {
    "no position": "look it up in the field book, or leave it out",
    "coordinate is zero": "no position either: leave it out",
    "swapped": "correct_positions swaps them back",
    "sign left out": "correct_positions adds the minus sign",
    "far from the area": "a mistyped digit, or another place: ask the observer, or leave it out",
    "outside the area": "use it for training if the scene covers it, not for figures of the area",
    "absent or planted": "no sighting: leave it out (an absence may get a name of its own)",
    "entered twice": "leave the second out",
    "in a pixel with another": "leave it out: a pixel should count once",
    "less exact than a pixel": "keep it only if what grows there is larger than the error",
    "accuracy not said": "ask: a GPS receiver and a finger on a map differ widely",
    "no date": "ask; until then use it only where nothing has changed",
    "date to come": "a mistyped year: ask the observer; the place may be right",
    "long before or after the scene": "felled, burnt or planted since? look at a picture",
    "of a rare kind": f"below {FEW}: merge it with a similar kind, or collect more",
    "close to another": "not a fault, but neighbours must not test each other: use blocks (below)",
}


def _slips(points: gpd.GeoDataFrame) -> dict[str, gpd.GeoSeries]:
    """Return where the points would lie if one had typed them as people do by mistake."""
    x, y = points.geometry.x, points.geometry.y
    places = {"swapped": [(y, x)], "sign left out": [(x, -y), (-x, y), (-x, -y), (y, -x), (-y, x)]}
    return {
        (name, number): gpd.GeoSeries.from_xy(east, north, index=points.index, crs=points.crs)
        for name, pairs in places.items()
        for number, (east, north) in enumerate(pairs)
    }


def _metres_to(places: gpd.GeoSeries, area: gpd.GeoDataFrame) -> pd.Series:
    """Return how far places are from the hull of an area; infinite where nothing is on earth."""
    crs = area.estimate_utm_crs()
    on_earth = places.x.between(-180, 180) & places.y.between(-90, 90)
    metres = places.where(on_earth).to_crs(crs).distance(area.to_crs(crs).union_all().convex_hull)
    return metres.replace(np.inf, np.nan).fillna(np.inf)


def _typed_wrong(
    points: gpd.GeoDataFrame, area: gpd.GeoDataFrame
) -> tuple[pd.Series, gpd.GeoSeries]:
    """Name the slip of each point that lies far off, and nearly in the area without the slip."""
    slip = pd.Series("", index=points.index)
    corrected = points.geometry.copy()
    far = points.geometry.notna() & (_metres_to(points.geometry, area) > FAR_M)
    for (name, _), places in _slips(points).items():
        fits = far & (slip == "") & (_metres_to(places, area) <= FAR_M)
        slip[fits], corrected[fits] = name, places[fits]
    return slip, corrected


def correct_positions(points: gpd.GeoDataFrame, area: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put points that were typed swapped, or without a sign, where they belong.

    Parameters
    ----------
    points
        Records in degrees, as `read_points` returns them.
    area
        Where they were collected, in any projection.

    Returns
    -------
    GeoDataFrame
        The same records. Moved are those far from the area that lie in it, or within a kilometre,
        once latitude and longitude change places or a sign is put in.
    """
    return points.set_geometry(_typed_wrong(points, area)[1])


def find_faults(
    points: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame,
    kind: str,
    scene_date: str | pd.Timestamp,
    years: float = 2,
) -> pd.DataFrame:
    """Look over field records before anything is learnt from them.

    Parameters
    ----------
    points
        Records in degrees, as `read_points` returns them.
    area
        The area of interest, in any projection.
    kind
        The column that says what grows there.
    scene_date
        About when the scene was taken.
    years
        How far from it a record may be.

    Returns
    -------
    DataFrame
        For each record (rows) whether it has a fault (columns, named as in ``ADVICE``).
    """
    crs = area.estimate_utm_crs()
    geometry = points.geometry
    there = geometry.notna()
    slip = _typed_wrong(points, area)[0]
    metres = _metres_to(geometry, area).where(there)
    near = points[metres <= FAR_M].to_crs(crs)
    cell = pd.DataFrame(near.get_coordinates() // PIXEL_M).assign(kind=near[kind])
    pairs = near.sindex.query(near.geometry, predicate="dwithin", distance=NEAR_M)
    inside = area.to_crs(points.crs).union_all()
    has_neighbour = near.index[np.unique(pairs[0][pairs[0] != pairs[1]])]
    twice = _with_place(points, [kind, "date"]).duplicated() & there
    from_scene = (points["date"] - pd.Timestamp(scene_date)).abs()
    to_come = points["date"] > pd.Timestamp.now()
    faults = {
        "no position": ~there,
        "coordinate is zero": (geometry.x == 0) | (geometry.y == 0),
        "swapped": slip == "swapped",
        "sign left out": slip == "sign left out",
        "far from the area": (metres > FAR_M) & (slip == ""),
        "outside the area": (metres <= FAR_M) & ~geometry.intersects(inside),
        "absent or planted": _not_wild(points),
        "entered twice": twice,
        "in a pixel with another": points.index.isin(near.index[cell.duplicated()]) & ~twice,
        "less exact than a pixel": points["accuracy_m"] > PIXEL_M,
        "accuracy not said": points["accuracy_m"].isna(),
        "no date": points["date"].isna(),
        "date to come": to_come,
        "long before or after the scene": (from_scene > pd.Timedelta(365.25 * years, "D"))
        & ~to_come,
        "of a rare kind": points.groupby(kind, dropna=False)[kind].transform("size") < FEW,
        "close to another": points.index.isin(has_neighbour),
    }
    return pd.DataFrame(faults, index=points.index)


def _not_wild(points: gpd.GeoDataFrame) -> pd.Series:
    """Tell which records an export itself calls absent, planted or kept in a garden."""
    says = pd.Series(False, index=points.index)
    for column in points.columns:
        if words := NOT_WILD.get(str(column).lower()):
            text = points[column].astype("string").fillna("")
            says |= text.str.contains(words, case=False).astype(bool)
    return says


def _with_place(points: gpd.GeoDataFrame, columns: list[str]) -> pd.DataFrame:
    """Return columns of a table beside its coordinates, rounded to about a metre."""
    return points[columns].assign(x=points.geometry.x.round(5), y=points.geometry.y.round(5))


def report_on(faults: pd.DataFrame) -> pd.DataFrame:
    """Sum up what `find_faults` has found.

    Parameters
    ----------
    faults
        Its table.

    Returns
    -------
    DataFrame
        A row for each fault that occurs: how many records have it, the row numbers of the first
        of them, and what to do.
    """
    found = faults.loc[:, faults.any()]
    first = [", ".join(map(str, faults.index[found[name]][:3])) for name in found]
    advice = [ADVICE[name] for name in found]
    table = {"records": found.sum(), "rows, such as": first, "what to do": advice}
    return pd.DataFrame(table, index=found.columns)
