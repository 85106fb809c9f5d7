"""Exercises of lesson 04: clouds and shadows."""

import geopandas as gpd
import numpy as np
import xarray as xr

from helpers.exercises.core import ARRAY, NUMBER, exercise, same


@exercise(
    "04-1",
    kind=NUMBER,
    right=(
        "A stricter threshold saves hardly any water: it is the darkest thing in the picture, in "
        "both bands. Where a threshold fails, another band may help. The same will hold for pines "
        "and forest."
    ),
    hints=[
        "First the rule: red below 0.03 and (&) nir below 0.03, each comparison in brackets.",
        "Then take it to the points with .xvec.extract_points(...), as for `dark` in the lesson.",
        'points[at_points.values] are the removed points; count those whose name is "Water".',
    ],
)
def water_points_lost(
    answer: float, *, reflectance: xr.DataArray, points: gpd.GeoDataFrame
) -> str | None:
    """Count the water points that are dark in red and nir with a threshold of 0.03."""
    red, nir, green, swir16 = (
        reflectance.sel(band=band, drop=True) for band in ("red", "nir", "green", "swir16")
    )
    water = (points["name"] == "Water").to_numpy()
    strict = (red < 0.03) & (nir < 0.03)
    removed = _at(points, strict)
    lost = (removed & water).sum()
    if same(answer, lost, within=1e-6):
        return None
    lesson = (_at(points, (red < 0.05) & (nir < 0.05)) & water).sum()
    mistakes = [
        (removed.sum(), "These are the removed points of all classes; count the water alone."),
        (
            lesson,
            "That many go with the lesson's threshold, 0.05: replace it with 0.03 for both bands.",
        ),
        (
            (_at(points, (red < 0.03) | (nir < 0.03)) & water).sum(),
            "That many are below 0.03 in red or in nir: both bands must be, so join them with &, "
            "not |.",
        ),
        (water.sum() - lost, "That many water points are left; the exercise asks how many go."),
        (
            float(strict.sum()),
            "That counts pixels of the whole scene; take the rule to the points.",
        ),
        (
            (_at(points, strict & (swir16 > green)) & water).sum(),
            "That is the better rule with 0.03; here we want the simple one, without swir16.",
        ),
        (
            (_at(points, (red < 0.03) & (nir < 0.05)) & water).sum(),
            "The threshold of nir is still 0.05: change it for both bands.",
        ),
        (
            (_at(points, (red < 0.05) & (nir < 0.03)) & water).sum(),
            "The threshold of red is still 0.05: change it for both bands.",
        ),
    ]
    for wrong, message in mistakes:
        if same(answer, wrong, within=1e-6):
            return message
    if 0 < answer < 1 or same(answer, 100 * lost / water.sum()):
        return "That looks like a share; the exercise asks for a number of points."
    return (
        "That is not the number of water points that are below 0.03 in red and in nir. Count "
        "again: the rule, its value at the points, the names of the points where it is True."
    )


@exercise(
    "04-2",
    kind=NUMBER,
    right=(
        "The difference from the share printed above is all that the colleague would gain. Those "
        "pixels look clear, but part of their light comes from a cloud of ice: a pine under cirrus "
        "is no longer dark, and a model that learns from it learns the weather."
    ),
    hints=[
        "Copy the list UNUSABLE from the lesson under another name, and leave 'thin cirrus' out.",
        "Turn names into codes with SCL_NAMES.index(name), one after the other, as in the lesson.",
        "cloudier_classes.isin(codes).mean() is the share; float() takes the number out.",
    ],
)
def share_without_cirrus(
    answer: float,
    *,
    cloudier_classes: xr.DataArray,
    scene_classes: xr.DataArray,
    unusable_codes: list[int],
    cirrus_code: int,
) -> str | None:
    """Give the share of unusable pixels on the cloudier day when thin cirrus is kept."""
    fewer = [code for code in unusable_codes if code != cirrus_code]
    share = float(cloudier_classes.isin(fewer).mean())
    with_cirrus = float(cloudier_classes.isin(unusable_codes).mean())
    if same(answer, share):
        return None
    mistakes = {
        100 * share: "That is per cent; the exercise asks for a share between 0 and 1.",
        with_cirrus: "Thin cirrus is still in your list: this is the share of the lesson.",
        1 - share: "That is the share of pixels that stay; the exercise asks for those removed.",
        with_cirrus - share: "That is the share of thin cirrus alone: the colleague's gain.",
        float(scene_classes.isin(fewer).mean()): (
            "That is the clear scene of the lesson; take cloudier_classes."
        ),
        float(cloudier_classes.isin(fewer).sum()): (
            "That is a number of pixels; .mean() instead of .sum() gives a share."
        ),
    }
    for wrong, message in mistakes.items():
        if same(answer, wrong, within=0.001):
            return message
    if not 0 <= answer <= 1:
        return "A share lies between 0 and 1."
    return (
        "That is not the share we want. Are the five other classes all in your list, and do you "
        "ask cloudier_classes.isin(...)?"
    )


@exercise(
    "04-3",
    kind=ARRAY,
    right=(
        "Your mask finds most of the shade at less than half the lesson's price, and keeps the "
        "water. What it leaves in is dim and grainy: tell those who use the map. Have you written "
        "down why it should hold on another day?"
    ),
    hints=[
        "Which of the lesson's four columns of figures comes nearest? Begin with that mask.",
        "Look at the figure that fails. A mask that costs too much lit land must be made "
        "narrower: by another limit, or by a second condition, joined with &.",
        "A second witness may help: the image (dark_area) beside the terrain (light). Or average "
        "the light over a few pixels, since single pixels are often wrong.",
        "There is room between the limits: try a few in a loop, and print judge(...) for each.",
    ],
)
def mask_of_your_own(
    answer: xr.DataArray,
    *,
    points: gpd.GeoDataFrame,
    in_shade: xr.DataArray,
    lit_land: xr.DataArray,
    dim: xr.DataArray,
) -> str | None:
    """Judge a mask: shade found, lit land kept, water points kept."""
    if (wrong := _wrong_form(answer, in_shade)) is not None:
        return wrong
    mask = answer.transpose(*in_shade.dims)
    if float((mask == in_shade).mean()) > 0.9999:
        return (
            "That is the shade itself, by which your mask is judged and which no real project has: "
            "make yours from the light, the bands or the scene classification."
        )
    water, shade, lit = _judge(mask, points, in_shade, lit_land)
    if bool((mask == dim).all()):
        return (
            f"That is the lesson's mask. It finds {shade:.0%} of the shade and removes {lit:.1%} "
            "of the lit land: the exercise asks for one that costs less."
        )
    return _short_of(water, shade, lit)


def _wrong_form(answer: xr.DataArray, in_shade: xr.DataArray) -> str | None:
    """Say why an array can't be a mask for the pixels of the scene."""
    if "band" in answer.dims:
        return (
            "Your mask has a value for each band; it should have one for each pixel: compare "
            "single bands, such as nir and red, not all of reflectance."
        )
    if dict(answer.sizes) != dict(in_shade.sizes):
        return (
            f"Your mask has the sizes {dict(answer.sizes)}; it should have those of the scene, "
            f"{dict(in_shade.sizes)}: a mask of the pixels, not of the points."
        )
    if not {"x", "y"} <= set(answer.indexes):
        return (
            "Your array has no coordinates x and y, so nothing shows which pixel is where: make it "
            "by comparing light or bands, not with xr.DataArray(...)."
        )
    if answer.dtype != bool:
        return (
            f"Your array holds numbers ({answer.dtype}), not True and False: end with a comparison "
            "such as light < ..., or with two of them joined by &."
        )
    return None


def _short_of(water: float, shade: float, lit: float) -> str | None:
    """Say what a mask misses, by its shares of water points, shade and lit land."""
    if water > 0.5 and lit > 0.5:
        return "Your mask is True where a pixel may stay; turn it round with ~: True means remove."
    if water > 0.05 and shade < 0.5:
        return (
            f"Your mask removes {water:.0%} of the water points and finds {shade:.0%} of the "
            "shade: what is dark in the bands of a corrected product is water, not shade. Ask the "
            "terrain."
        )
    if water > 0.05:
        return (
            f"Your mask removes {water:.0%} of the water points; 5 % is allowed. Water is level: "
            "add (&) a condition that is False on level ground."
        )
    if lit > 0.01:
        return (
            f"Your mask finds {shade:.0%} of the shade, but removes {lit:.1%} of the lit land, "
            "where 1 % is allowed: make it narrower, by a stricter limit or by a second condition. "
            "(With | in place of & it grows wider.)"
        )
    if not shade >= 0.85:
        return (
            f"Water and lit land are safe, but your mask finds only {shade:.0%} of the shade; 85 % "
            "is asked for. Its condition is too strict, or asks for what shade does not have."
        )
    return None


def _at(points: gpd.GeoDataFrame, rule: xr.DataArray) -> np.ndarray:
    """Take the values of a rule at the pixels nearest to the points."""
    x, y = (xr.DataArray(values, dims="point") for values in (points.geometry.x, points.geometry.y))
    return rule.sel(x=x, y=y, method="nearest").to_numpy()


def _judge(
    mask: xr.DataArray, points: gpd.GeoDataFrame, in_shade: xr.DataArray, lit_land: xr.DataArray
) -> tuple[float, float, float]:
    """Return the share that a mask removes of water points, shade and lit land."""
    values = mask.to_numpy()
    of_water_points = _at(points, mask)[(points["name"] == "Water").to_numpy()].mean()
    return of_water_points, values[in_shade.to_numpy()].mean(), values[lit_land.to_numpy()].mean()
