"""Who answers for a visit where the landscape is simulated: a team that errs as people do."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio

from helpers.course import CLASS_CODES

RECEIVER_M = 4.0  # error of a position, one standard deviation in each direction
WRONG_SHARE = 0.03  # of the labels
UNSURE = "unsure"


def visit(places: gpd.GeoDataFrame, dominant_class: Path, seed: int = 0) -> gpd.GeoDataFrame:
    """Send a simulated team to places, and return what it says of them.

    It errs as the field points do (``data/README.md``): whoever looks for a place stands about
    4 m beside it, in each direction; three labels in a hundred are wrong (they trade places with
    others); where most of the pixel is none of the ten classes, the answer is "unsure".

    Parameters
    ----------
    places
        Points, in any projection.
    dominant_class
        Raster of the truth: the number of the class that covers most of each pixel.
    seed
        Of the errors.

    Returns
    -------
    GeoDataFrame
        The places, with a column ``answer``: the name of a class, or "unsure".
    """
    random = np.random.default_rng(seed)
    names = {code: name for name, code in CLASS_CODES.items()}
    with rasterio.open(dominant_class) as truth:
        where = places.geometry.to_crs(truth.crs)
        slip = random.normal(scale=RECEIVER_M, size=(2, len(places)))
        stood = zip(where.x + slip[0], where.y + slip[1], strict=True)
        codes = [code for (code,) in truth.sample(stood)]
    answers = np.array([names.get(code, UNSURE) for code in codes], dtype=object)
    wrong = random.permutation(len(places))[: round(len(places) * WRONG_SHARE)]
    answers[wrong] = np.roll(answers[wrong], 1)
    return places.assign(answer=answers)
