"""Exercises of lesson 02: searches, and the cloud over one's own area."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import xarray as xr

from helpers.exercises.core import NUMBER, SEQUENCE, exercise, same

if TYPE_CHECKING:  # a check needs none of what reaches a server
    import pystac

CLOUD = (8, 9, 10)
SHADOW = (3,)


@exercise(
    "02-1",
    kind=NUMBER,
    right="The more cloud you allow, the more scenes there are to choose from, and the more pixels "
    "in each of them to throw away: that is the work of lesson 04.",
    hints=[
        "Copy the first search of this lesson; change datetime and the number after lt.",
        'datetime="2018-01-01/2022-12-31" and {"lt": 40}. Then .matched() counts.',
    ],
)
def five_years(answer: float, *, scenes: Iterable[pystac.Item]) -> str | None:
    """Compare with the count of the scenes that fit, and with counts that differ by a slip."""
    in_years = [scene for scene in scenes if 2018 <= scene.datetime.year <= 2022]

    def count(fits: Callable[[float], bool], only: Collection[pystac.Item] = in_years) -> int:
        return sum(fits(_cloud_cover(scene)) for scene in only)

    if answer == count(lambda cloud: cloud < 40):
        return None
    if answer == 0:
        return (
            "Your search finds nothing at all. Take away one condition at a time until it does, "
            "and look at the last one."
        )
    if answer == len(in_years):
        return "That is the number with any cloud cover: the limit of 40 % is missing."
    if answer == count(lambda cloud: cloud > 40):
        return "That is the number with more than 40 % cloud: lt is less than, gt greater than."
    if answer == count(lambda cloud: cloud < 10):
        return (
            "Either the limit is still 10 % cloud and must be 40, or max_items has cut the answer "
            "short."
        )
    if answer == count(lambda cloud: cloud < 40, _of_september_2018(in_years)):
        return "That is the number in September 2018 alone: change the dates, too."
    return "That is not the number: change the dates and the limit, and nothing else."


def _cloud_cover(scene: pystac.Item) -> float:
    return scene.properties["eo:cloud_cover"]


def _of_september_2018(scenes: Iterable[pystac.Item]) -> list[pystac.Item]:
    return [scene for scene in scenes if f"{scene.datetime:%Y-%m}" == "2018-09"]


@exercise(
    "02-2",
    kind=SEQUENCE,
    right="Nothing warned your colleague. Anyone who builds a map of pines on searches that run "
    "every week should check each answer, as expect_scenes does, before computing anything.",
    hints=[
        "Look at the place first: which of the two numbers is the longitude?",
        "Then look at the query: compare the name of the property with the one used above.",
        "scene.properties lists all properties of an item.",
    ],
)
def fixed_search(answer: Iterable[object], *, scenes: Iterable[pystac.Item]) -> str | None:
    """Compare with the ids of the scenes that the right search finds."""
    listed = [getattr(item, "id", item) for item in answer]
    if not all(isinstance(item_id, str) for item_id in listed):
        return "The list should hold the ids of the items, which are texts: item.id."
    ids = set(listed)
    if not ids:
        return (
            "Still nothing. There are two mistakes, and each alone is enough to find nothing: fix "
            "the place and the name in the query."
        )
    of_any_cloud = [scene for scene in scenes if 2018 <= scene.datetime.year <= 2020]
    wanted = [scene for scene in of_any_cloud if _cloud_cover(scene) < 40]
    expected = _ids(wanted)
    if ids == expected:
        return None
    if ids == _ids(of_any_cloud):
        return "These have any cloud cover: fix the condition on clouds, do not drop it."
    if ids == _ids(_of_september_2018(wanted)):
        return "These are of September 2018 alone; your colleague wants all of 2018 to 2020."
    if ids > expected:
        return "The right scenes are among them, but so are others: keep the dates and the limit."
    if ids < expected:
        return "Some scenes are missing: has max_items cut them off, or a stricter limit?"
    return "These are other scenes: keep the collection, the dates and the limit as they are."


def _ids(scenes: Iterable[pystac.Item]) -> set[str]:
    return {scene.id for scene in scenes}


@exercise(
    "02-3",
    kind=NUMBER,
    right="Now the team can decide with the figure that concerns it. One figure for a whole image "
    "helps nobody to decide, and in a shadow little can be seen of the pines.",
    hints=[
        'The cloudiest: max(all_scenes, key=lambda item: item.properties["eo:cloud_cover"]).',
        "per_cent_of(circle, codes_in_circle[cloudiest.id], ...) gives the part that is hidden.",
        "Hidden by cloud or shadow: CLOUD | SHADOW. Usable is what remains of 100.",
    ],
)
def usable_part(
    answer: float, *, scenes: Iterable[pystac.Item], codes_in_circle: Mapping[str, xr.DataArray]
) -> str | None:
    """Compare with the part of the circle that is neither under cloud nor in its shadow."""
    *others, cloudiest = sorted(scenes, key=_cloud_cover)

    def per_cent(scene: pystac.Item, wanted: tuple[int, ...]) -> float:
        inside = codes_in_circle[scene.id]
        return 100 * float(inside.isin(wanted).sum() / inside.count())

    def is_near(figure: float) -> bool:
        return abs(answer - figure) <= 0.5

    hidden = per_cent(cloudiest, CLOUD + SHADOW)
    if is_near(100 - hidden):
        return None
    if is_near(hidden):
        return "That is the part that is hidden; usable is the rest."
    if any(same(answer, share, within=0.02) for share in (1 - hidden / 100, hidden / 100)):
        return "That is a share between 0 and 1; the exercise asks for per cent."
    if is_near(100 - per_cent(cloudiest, CLOUD)):
        return "Clouds are out, but their shadows are still counted as usable."
    if is_near(100 - per_cent(cloudiest, SHADOW)):
        return "Shadows are out, but the clouds themselves are still counted as usable."
    if is_near(100 - _cloud_cover(cloudiest)):
        return "That follows from the item's figure for the whole image; look at the circle."
    for scene in others:
        if is_near(100 - per_cent(scene, CLOUD + SHADOW)):
            return (
                f"That holds for the scene of {scene.datetime:%d %B %Y}, which is not the "
                "cloudiest: all_scenes has every scene of the month, scenes only the clear ones."
            )
    return "That is not the usable part of the circle, 100 minus what cloud and shadow hide."
