"""Exercises of lesson 02: searches, and the cloud over one's own area."""

from collections.abc import Iterable
from typing import Any

import pystac
import pystac_client
import rioxarray
from rioxarray.exceptions import NoDataInBounds
from shapely.geometry.base import BaseGeometry

from helpers.exercises.core import NUMBER, SEQUENCE, NotYet, exercise, same

COLLECTION = "sentinel-2-l2a"
FIVE_YEARS = "2018-01-01/2022-12-31"
ONE_MONTH = "2018-09-01/2018-09-30"
THREE_YEARS = "2018-01-01/2020-12-31"
CLOUD = (8, 9, 10)
SHADOW = (3,)


@exercise(
    "02-1",
    kind=NUMBER,
    right="With every step that you allow more cloud there are more scenes to choose from, and "
    "more pixels in each of them to throw away: lesson 04 does the throwing away.",
    hints=[
        "Copy the first search of this lesson; change datetime and the number after lt.",
        'datetime="2018-01-01/2022-12-31" and {"lt": 40}. Then .matched() counts.',
    ],
)
def five_years(
    answer: float, *, catalogue: pystac_client.Client, point: dict[str, Any]
) -> str | None:
    """Compare with the same search, and with those that differ from it by a slip."""

    def count(dates: str | None = FIVE_YEARS, cloud: dict[str, int] | None = None) -> int:
        query = {"eo:cloud_cover": cloud} if cloud else None
        return catalogue.search(
            collections=[COLLECTION], intersects=point, datetime=dates, query=query
        ).matched()

    if answer == count(cloud={"lt": 40}):
        return None
    if answer == 0:
        return (
            "Your search finds nothing at all. Take away one condition at a time until it does, "
            "and look at the last one."
        )
    if answer == count():
        return "So many there are with any cloud cover: the limit of 40 % is missing."
    if answer == count(cloud={"gt": 40}):
        return "So many have more than 40 % cloud: lt is less than, gt greater than."
    if answer == count(cloud={"lt": 10}):
        return (
            "Either the limit is still 10 % cloud and must be 40, or max_items has cut the answer "
            "off."
        )
    if answer == count(ONE_MONTH, {"lt": 40}):
        return "So many there are in September 2018 alone: the dates must be changed, too."
    return "That is not the number: change the dates and the limit, and nothing else."


@exercise(
    "02-2",
    kind=SEQUENCE,
    right="Nothing warned your colleague. Who builds a map of pines on searches that run every "
    "week should check each answer, as expect_scenes does, before computing anything.",
    hints=[
        "Look at the place first: which of the two numbers is the longitude?",
        "Then look at the query: compare the name of the property with the one used above.",
        "The properties of an item are listed by scene.properties.",
    ],
)
def mended_search(
    answer: Iterable[object], *, catalogue: pystac_client.Client, point: dict[str, Any]
) -> str | None:
    """Compare with the ids that the right search finds."""
    listed = [item.id if isinstance(item, pystac.Item) else item for item in answer]
    if not all(isinstance(item_id, str) for item_id in listed):
        return "The list should hold the ids of the items, which are texts: item.id."
    ids = set(listed)
    if not ids:
        return (
            "Still nothing. There are two mistakes, and each alone is enough to find nothing: "
            "mend the place and the name in the query."
        )

    def found(dates: str | None, cloud: int | None) -> set[str]:
        query = {"eo:cloud_cover": {"lt": cloud}} if cloud else None
        search = catalogue.search(
            collections=[COLLECTION], intersects=point, datetime=dates, query=query
        )
        return {item["id"] for item in search.items_as_dicts()}

    expected = found(THREE_YEARS, 40)
    if ids == expected:
        return None
    if ids == found(THREE_YEARS, None):
        return "Found, but of any cloud cover: mend the condition on clouds, do not drop it."
    if ids == found(ONE_MONTH, 40):
        return "These are of September 2018 alone; your colleague wants all of 2018 to 2020."
    if ids > expected:
        return "The scenes wanted are among them, but others, too: keep the dates and the limit."
    if ids < expected:
        return "Some scenes are missing: has max_items cut them off, or a stricter limit?"
    return "These are other scenes: keep the collection, the dates and the limit as they are."


@exercise(
    "02-3",
    kind=NUMBER,
    right="Now the team can decide with the figure that concerns it. One figure for a whole image "
    "decides for nobody, and shadow hides pines as well as cloud does.",
    hints=[
        'The cloudiest: max(all_scenes, key=lambda item: item.properties["eo:cloud_cover"]).',
        "per_cent_of(circle, read_codes(cloudiest), ...) gives the part that is hidden.",
        "Hidden by cloud or shadow: CLOUD | SHADOW. Usable is what remains of 100.",
    ],
)
def usable_part(
    answer: float, *, scenes: Iterable[pystac.Item], circle: BaseGeometry
) -> str | None:
    """Compare with the part of the circle that is neither under cloud nor in its shadow."""
    by_cloud = sorted(scenes, key=lambda item: item.properties["eo:cloud_cover"])
    cloudiest = _Codes(by_cloud[-1], circle)
    hidden = cloudiest.per_cent(CLOUD + SHADOW)

    def is_near(figure: float) -> bool:
        return abs(answer - figure) <= 0.5

    if is_near(100 - hidden):
        return None
    if is_near(hidden):
        return "That is the part that is hidden; usable is the rest."
    if any(same(answer, share, within=0.02) for share in (1 - hidden / 100, hidden / 100)):
        return "That is a share between 0 and 1; the exercise asks for per cent."
    if is_near(100 - cloudiest.per_cent(CLOUD)):
        return "Clouds are out, but their shadows are still counted as usable."
    if is_near(100 - cloudiest.per_cent(SHADOW)):
        return "Shadows are out, but the clouds themselves are still counted as usable."
    if is_near(100 - by_cloud[-1].properties["eo:cloud_cover"]):
        return "That follows from the item's figure for the whole image; look at the circle."
    for item in by_cloud[:-1]:
        other = _Codes(item, circle).per_cent(CLOUD + SHADOW)
        if is_near(100 - other):
            return (
                f"That holds for the scene of {item.datetime:%d %B %Y}, which is not the "
                "cloudiest: all_scenes has every scene of the month, scenes only the clear ones."
            )
    return "That is not the usable part of the circle, 100 minus what cloud and shadow hide."


class _Codes:
    """The scene classification of an item inside an area."""

    def __init__(self, item: pystac.Item, area: BaseGeometry) -> None:
        try:
            layer = rioxarray.open_rasterio(item.assets["scl"].href, overview_level=0, masked=True)
            self.inside = layer.rio.clip([area])
        except NoDataInBounds:
            raise NotYet("The circle lies outside the scene: take the circle as it is.") from None

    def per_cent(self, wanted: tuple[int, ...]) -> float:
        """Return how many per cent of the area have one of the wanted codes."""
        return 100 * float(self.inside.isin(wanted).sum() / self.inside.count())
