"""Exercises of lesson 12: strangers to a model, a list of places, and two maps side by side."""

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist

from helpers.course import CRS
from helpers.exercises.core import NUMBER, SEQUENCE, Kind, NotYet, exercise, same

PLACES = 10
APART_M = 500
POINTS = Kind("a GeoSeries, as gpd.GeoSeries(points, crs=CRS) makes it", (gpd.GeoSeries,))
ROUNDED = 0.0006  # so close is an answer that has been rounded to three decimals


@exercise(
    "12-1",
    kind=NUMBER,
    right="One training point close by is enough: the index asks for the nearest, and its unit is "
    "the mean distance between training points.",
    hints=[
        "Two numbers are needed: the distance to the nearest known row, and the mean distance "
        "between the known rows.",
        "np.linalg.norm(known_rows - new_row, axis=1) has the five distances of the new row; "
        "pdist(known_rows) has the ten distances between the known rows.",
        "Divide the smallest of the five by the mean of the ten.",
    ],
)
def index_of_new_row(answer: float, *, known_rows: NDArray, new_row: NDArray) -> str | None:
    """Expect the dissimilarity index of one row of features."""
    distances = np.linalg.norm(known_rows - new_row, axis=1)
    mean = pdist(known_rows).mean()
    wanted = distances.min() / mean
    if abs(answer - wanted) <= ROUNDED:
        return None
    slips = {
        distances.min(): "That is the distance to the nearest. Divide it by the mean distance "
        "between the known rows: only then can it be compared with other bands and units.",
        distances.mean() / mean: "That takes the mean distance of the new row to all known rows. "
        "It is the NEAREST that counts: one training point that looks like it is enough.",
        distances.max() / mean: "That is the farthest known row; the nearest is asked for.",
        distances.min() / cdist(known_rows, known_rows).mean(): "Your mean includes the distance "
        "of each row to itself, which is 0. pdist takes each pair once, and no row with itself.",
        distances.min() / distances.mean(): "You divided by the new row's own mean distance. "
        "Divide by the mean distance BETWEEN the known rows.",
        mean / distances.min(): "The other way round: the distance to the nearest goes on top.",
    }
    for slip, hint in slips.items():
        if same(answer, float(slip), within=0.001):
            return hint
    return "That is not it: smallest distance of the new row, divided by pdist(known_rows).mean()."


@exercise(
    "12-2",
    kind=POINTS,
    right="Apart from each other, and where the model has not been tested: a list that a team can "
    "use. (If you drew them at random, it follows nobody's habits, either.)",
    hints=[
        "np.nonzero(outside.values) gives the rows and columns of the pixels; outside.x and "
        "outside.y have their coordinates.",
        "Go through the pixels in random order, and keep one only if it is 500 m or more from "
        "all that you have kept. Stop at ten.",
        "gpd.GeoSeries(gpd.points_from_xy(x, y), crs=CRS) makes the answer from two lists.",
    ],
)
def next_places(answer: gpd.GeoSeries, *, outside: xr.DataArray) -> str | None:
    """Expect ten places outside the area of applicability, apart from each other."""
    if len(answer) != PLACES:
        return f"{PLACES} places are asked for; you have {len(answer)}."
    if not (answer.geom_type == "Point").all():
        return "Each place must be a point."
    if answer.x.abs().max() <= 180:
        return "These look like degrees. The map is in metres: use outside.x and outside.y."
    if answer.crs is None:
        return "The points don't say in which projection they are: give the GeoSeries crs=CRS."
    if answer.crs != CRS:
        return (
            f"The points say that they are in {answer.crs.to_string()}; the map is in EPSG:{CRS}."
        )
    x, y = answer.x.to_numpy(), answer.y.to_numpy()
    west, east = float(outside.x.min()) - 5, float(outside.x.max()) + 5
    south, north = float(outside.y.min()) - 5, float(outside.y.max()) + 5
    on_map = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    if not on_map.all():
        return "Some places lie outside the map. Are x and y in this order?"
    at = {"x": xr.DataArray(x, dims="place"), "y": xr.DataArray(y, dims="place")}
    strange = outside.sel(at, method="nearest").to_numpy() == 1
    if not strange.all():
        return (
            f"{(~strange).sum()} of the ten lie where the model applies, or off the map: "
            "choose among the pixels where outside is True."
        )
    nearest = pdist(np.stack([x, y], axis=1)).min()
    if nearest < APART_M:
        return (
            f"Two of them are only {nearest:.0f} m apart; at least {APART_M} m is asked for. Skip "
            "a place that is too close to one on the list."
        )
    return None


@exercise(
    "12-3",
    kind=SEQUENCE,
    right="Only places where the two maps differ can tell which is better.",
    hints=[
        "Where is the old map right? colleague['old map'] == colleague['ground'].",
        "Corrected: the new map is right and (&) the old one is not (~).",
        "(new_right & ~old_right).sum() and (old_right & ~new_right).sum(), in this order.",
    ],
)
def corrected_and_newly_wrong(answer: tuple | list | set, *, colleague: pd.DataFrame) -> str | None:
    """Expect the number of places that the new map corrects, and of those newly wrong."""
    if isinstance(answer, set) or len(answer) != 2:
        raise NotYet("The answer is a tuple of two numbers: (corrected, newly wrong).")
    old = colleague["old map"] == colleague["ground"]
    new = colleague["new map"] == colleague["ground"]
    corrected, newly_wrong = int((new & ~old).sum()), int((old & ~new).sum())
    given = tuple(answer)
    if given == (corrected, newly_wrong):
        return None
    slips = {
        (newly_wrong, corrected): "Both numbers are right, but the corrected come first.",
        (int(new.sum()), int(old.sum())): "Those are the places where each map is right. Most of "
        "them are the same places: count those where only ONE of the two is right.",
        (int((~old).sum()), int((~new).sum())): "Those are the places where each map is wrong. "
        "Where both are wrong, nothing is corrected and nothing newly wrong.",
    }
    ground = colleague["ground"]
    slips[tuple(int((pair & ground).sum()) for pair in (new & ~old, old & ~new))] = (
        "That is right where there is wattle. A map can be wrong elsewhere, too: count the places "
        "without wattle as well."
    )
    says = colleague["new map"], colleague["old map"]
    slips[int((says[0] & ~says[1]).sum()), int((says[1] & ~says[0]).sum())] = (
        "That compares the two maps: wattle only on the new one, and only on the old one. Compare "
        "each with the ground first: which of the two is right?"
    )
    if given in slips:
        return slips[given]
    if corrected + newly_wrong in given:
        return "That is the number of places where the maps differ: both kinds together."
    return "That is not it: right now and wrong before, then right before and wrong now."
