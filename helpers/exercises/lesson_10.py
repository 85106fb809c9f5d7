"""Exercises of lesson 10: export and share."""

from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from helpers.exercises.core import DICTIONARY, NUMBER, exercise, same

NODATA = 255
EXACT = 1e-9
ONE_FILE = "That is the size of one file; divide it by the size of the other."


@exercise(
    "10-1",
    kind=NUMBER,
    right="Decimals that mean nothing are the most expensive part of a map: round before "
    "you share.",
    hints=[
        "path.stat().st_size is the size of a file in bytes, compressed as it is.",
        "Both are files in cloud.outputs: pine_float.tif (write it first) and cog_path.",
        "Divide the size of the file of 32-bit numbers by the size of the other.",
    ],
)
def price_of_precision(answer: float, *, cog_path: Path, pine_map: xr.DataArray) -> str | None:
    """Expect the ratio of two files' sizes."""
    path = cog_path.with_name("pine_float.tif")
    if not path.exists():
        path = cog_path.with_name("pine_probability.tif")  # the same numbers, from lesson 09
    large, small = path.stat().st_size, cog_path.stat().st_size
    if same(answer, large, within=EXACT) or same(answer, large / 1e6, within=EXACT):
        return ONE_FILE  # even where the megabytes come near the ratio
    if abs(answer - large / small) <= 0.06 + 0.01 * large / small:
        return None
    if same(answer, 4, within=0.01):
        return "Four times is what the numbers take in memory. Compare the files on the disk."
    if same(answer, small / large, within=0.02):
        return "Upside down: how many times as large as the other is the file of 32-bit numbers?"
    if same(answer, pine_map.nbytes / small, within=0.02):
        return "You have compared the array in memory with a compressed file; compare two files."
    if same(answer, large, within=0.02) or same(answer, large / 1e6, within=0.02):
        return ONE_FILE
    if same(answer, large - small, within=0.02) or same(answer, (large - small) / 1e6, within=0.02):
        return "That is the difference of the sizes; the exercise asks how many TIMES as large."
    return (
        "That is not it: size of pine_float.tif on disk, divided by the size of cog_path on disk."
    )


@exercise(
    "10-2",
    kind=NUMBER,
    right="What was planned and what was done, from one repository: that is what a history is for.",
    hints=[
        "The two maps are there: planned, and newest_map (not today, which is older).",
        "Two conditions, joined by &: (planned >= 50) & (newest_map == 0).",
        "Count the pixels for which both hold; divide by 100 to get hectares.",
    ],
)
def cleared_since_the_plan(
    answer: float, *, planned: ArrayLike, newest_map: ArrayLike
) -> str | None:
    """Expect the hectares of likely pines in the tagged version that are 0 in the newest."""
    planned, today = np.asarray(planned), np.asarray(newest_map)
    likely = (planned >= 50) & (planned != NODATA)
    cleared = likely & (today == 0)
    pixels = int(cleared.sum())
    if same(answer, pixels / 100, within=1e-6):
        return None
    corner = int(cleared[:500, :500].sum())
    after_anna = corner + int(cleared[600:700, 600:700].sum())
    slips = {
        pixels: "That is the number of pixels; a hectare has 100 of them.",
        100 * pixels: "That is in square metres; a hectare has 10,000 of them.",
        pixels / 10_000: "You divided by 10,000, but a pixel is not 1 m x 1 m: it is 100 m².",
        int((planned != today).sum()) / 100: "Those are all pixels that differ. Count only those "
        "that were likely pines, 50 percent or more.",
        int(likely.sum()) / 100: "Those are all likely pines of the plan, cleared or not.",
        int((planned >= 50).sum()) / 100: "Those are all pixels of 50 and more, masked ones (255) "
        "among them, cleared or not.",
        int((today == 0).sum()) / 100: "Those are all pixels that are 0 today; most of them were "
        "not pines when the plan was made.",
        int(((planned > 50) & (planned != NODATA) & (today == 0)).sum())
        / 100: "Nearly: 50 percent counts, too (>=).",
        corner / 100: "That is the corner alone: `today` was read before Anna and Ben. Take "
        "newest_map.",
        after_anna / 100: "That is without Ben's change, which he made again after Anna's: take "
        "newest_map.",
    }
    for slip, hint in slips.items():
        if same(answer, slip, within=1e-6):
            return hint
    if answer == 0:
        return "None? You have compared a version with itself: take planned and newest_map."
    return (
        "That is not it: pixels of 50 or more (but not 255) in the version of the tag, which are 0 "
        "in newest_map; each is a hundredth of a hectare."
    )


@exercise(
    "10-3",
    kind=DICTIONARY,
    right="The reader decides: a file where there is no network, a bucket for many readers of "
    "parts, a history for many writers and for questions about the past.",
    hints=[
        "Ask of each: is there a network? Is all of it needed? Does anybody ask for old versions?",
        "Look at the last column of the table in 'Which one when?'.",
        "Each of the three offers is the best one for one of the three people.",
    ],
)
def offers_for_three(answer: dict) -> str | None:
    """Expect the fitting way to share for each of three people."""
    if set(answer) != set(_BEST_OFFERS):
        return f"Keep the three names: {', '.join(_BEST_OFFERS)}."
    given = {name: str(offer).strip().lower() for name, offer in answer.items()}
    unknown = set(given.values()) - {"file", "bucket", "icechunk"}
    if unknown:
        return f"There are three offers, 'file', 'bucket' and 'icechunk', but no {min(unknown)!r}."
    for name, best in _BEST_OFFERS.items():
        if given[name] != best:
            return _DRAWBACKS[name, given[name]]
    return None


_BEST_OFFERS = {"ranger": "file", "web map": "bucket", "auditor": "icechunk"}
_DRAWBACKS = {
    ("ranger", "bucket"): "The ranger's valley has no network, so a bucket cannot be reached.",
    ("ranger", "icechunk"): "The ranger wants one map, offline and in QGIS: a history is of no use "
    "there, and a GIS may not read it.",
    ("web map", "file"): "Thousands of visitors would each download the whole map to see a few "
    "kilometres of it.",
    (
        "web map",
        "icechunk",
    ): "Visitors of the web map ask for the newest map only, and a browser or GIS reads the tiles "
    "of a COG directly; a history is not needed for that.",
    ("auditor", "file"): "Anybody may have changed or replaced a file since March; what will the "
    "auditor believe?",
    ("auditor", "bucket"): "In three years the file in the bucket is the newest map; that of March "
    "was overwritten by four teams.",
}
