"""Exercises of lesson 13: many dates, and change."""

import numpy as np
import pandas as pd
import xarray as xr

from helpers.exercises.core import NUMBER, SEQUENCE, NotYet, exercise, same

LAND, ERROR = 10_000, 0.02  # hectares without pines, and the share that each map marks
ENOUGH_LOOKS = 3


@exercise(
    "13-1",
    kind=NUMBER,
    right="That much change where nothing has changed. Where true change is rarer than the maps' "
    "errors, their difference is mostly errors.",
    hints=[
        "A gain is marked in 2024 AND not marked in 2018.",
        "The share marked in 2024 is 0.02, the share not marked in 2018 is 1 - 0.02. The two have "
        "nothing to do with each other: multiply.",
    ],
)
def false_gain(answer: float) -> str | None:
    """Expect the false gain of two independent maps."""
    if abs(answer - LAND * ERROR * (1 - ERROR)) < 0.5:
        return None
    slips = {
        LAND * ERROR: "That is all that the map of 2024 marks. On a few of these hectares the map "
        "of 2018 is wrong, too: there the difference shows no gain.",
        2 * LAND * ERROR: "That adds what both maps mark. A gain is only what 2024 marks and 2018 "
        "does not.",
        2 * LAND * ERROR * (1 - ERROR): "That is gain and loss together; gain is half of it.",
        LAND * ERROR**2: "That is what BOTH maps mark: it drops out of the difference.",
        LAND * (1 - ERROR) ** 2: "That is what neither map marks.",
        0: "It would be 0 if both maps were wrong at the same places. Here their errors have "
        "nothing to do with each other.",
        ERROR * (1 - ERROR): "That is the share of the land; the answer is in hectares.",
    }
    for slip, hint in slips.items():
        if same(answer, slip, within=0.001):
            return hint
    return "That is not it: hectares x share not marked in 2018 x share marked in 2024."


@exercise(
    "13-2",
    kind=NUMBER,
    right="With one look or two there is no majority: a bad look goes into the composite.",
    hints=[
        "Compare the layer with 3: that gives True and False for each pixel.",
        "The mean of True and False is the share of True: (looks >= 3).mean()",
    ],
)
def share_with_majority(answer: float, *, looks: xr.DataArray) -> str | None:
    """Expect the share of pixels with three looks or more."""
    wanted = float((looks >= ENOUGH_LOOKS).mean())
    if abs(answer - wanted) <= 0.00051:
        return None
    slips = {
        100 * wanted: "That is per cent; the answer is a number between 0 and 1.",
        1 - wanted: "That is the share with FEWER than three looks.",
        float((looks > ENOUGH_LOOKS).mean()): "That is more than three; three are enough.",
        float((looks == ENOUGH_LOOKS).mean()): "That is exactly three; more are fine, too.",
        float((looks >= 1).mean()): "One look is no majority: at least three are asked for.",
        float((looks >= ENOUGH_LOOKS).sum()): "That is a number of pixels: take the mean, not the "
        "sum.",
        float(looks.mean()): "That is the mean number of looks: compare with 3 first, then take "
        "the mean.",
    }
    for slip, hint in slips.items():
        if same(answer, slip, within=0.0006):
            return hint
    return "That is not it: the share of all pixels of `looks` whose value is 3 or more."


@exercise(
    "13-3",
    kind=SEQUENCE,
    right="A rough map shows where to look, and the sample shows how much: most of the doubt lies "
    "where the map says nothing.",
    hints=[
        "For each part: which share of its places was cleared?",
        "Area: each share times the hectares of its part, then the sum.",
        "Variance: for each part hectares² x share x (1 - share) / (places - 1); then the sum, its "
        "square root, and times 1.96.",
    ],
)
def cleared_area(answer: tuple | list | set, *, visited: pd.DataFrame) -> str | None:
    """Expect an area from a stratified sample, and half the width of its interval."""
    area, margin = _two_numbers(answer)
    hectares, places = visited["hectares"], visited["places"]
    share = visited["cleared"] / places
    wanted = float((hectares * share).sum())
    spread = hectares**2 * share * (1 - share)
    error = float((spread / (places - 1)).sum()) ** 0.5
    if same(area, wanted) and same(margin, 1.96 * error):
        return None
    if same(margin, wanted) and same(area, 1.96 * error):
        return "Both numbers are right, but the area comes first."
    if not same(area, wanted):
        together = visited["cleared"].sum() / places.sum() * hectares.sum()
        if same(area, float(together)):
            return (
                "You took all places together, as if they had been drawn alike. In the small part "
                "there are far more per hectare: calculate part by part."
            )
        if same(area, float(hectares.iloc[0])):
            return "Those are the hectares of the rough map: the places say something else."
        by_rows = visited["cleared"] / visited.sum(axis=1)
        if same(area, float((hectares * by_rows).sum())):
            return (
                "`area_with_interval` adds up each row, because it expects a column for each "
                "answer; here that adds hectares and places. Write the formula out for this "
                "table: its visits are `places`."
            )
        too_many = visited["cleared"] / (places + visited["cleared"])
        if same(area, float((hectares * too_many).sum())):
            return (
                "Cleared places were counted twice: `places` holds all visits, those that found "
                "cleared land among them. The share is cleared / places."
            )
        return "The area is not it: hectares x share of the places, part by part, then the sum."
    if same(margin, error):
        return "That is the standard error: half the width of the interval is 1.96 times as much."
    if same(margin, 2 * 1.96 * error):
        return "That is the whole width of the interval: give half of it."
    if same(margin, float(1.96 * np.sqrt(spread / (places - 1)).sum())):
        return "Add up the variances of the parts first, and take the root of their sum."
    return "The area is right, the margin is not: see the formula of `area_with_interval`."


def _two_numbers(answer: tuple | list | set) -> tuple[float, float]:
    """Return both numbers of an answer, or raise ``NotYet`` if it is no pair of numbers."""
    if isinstance(answer, set) or len(answer) != 2:
        raise NotYet("The answer is a tuple of two numbers: (area, plus or minus).")
    if not all(isinstance(number, int | float | np.number) for number in answer):
        raise NotYet("Both must be numbers of hectares.")
    first, second = answer
    return float(first), float(second)
