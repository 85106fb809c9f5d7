"""Exercises of lesson 00: a first look at check and hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.exercises.core import NUMBER, TEXT, exercise

if TYPE_CHECKING:  # a check needs none of what reaches a server
    import geopandas as gpd
    import pystac_client

    from helpers.cloud import Cloud


@exercise(
    "00-1",
    kind=NUMBER,
    right="These few places, each a few metres wide, are all that is known from the ground; the "
    "rest of the map, millions of pixels, has to come from the satellite.",
    hints=[
        "Each place is one row of the table points. Which function of Python counts the rows?",
        "The function is called len, and the table goes in round brackets after it.",
    ],
)
def number_of_places(answer: float, *, points: gpd.GeoDataFrame) -> str | None:
    """Count the rows of the field points."""
    if answer == len(points):
        return None
    if answer == len(points.columns):
        return "That is the number of columns; each place is a row."
    if answer == points.size:
        return "That counts every cell of the table, row times column; count the rows alone."
    if answer == points["name"].nunique():
        return "That is how many different classes there are; count the places."
    if answer == len(points) - 1:
        return (
            "One too few: the row numbers begin with 0, so the last one is one less than the count."
        )
    return (
        "That is not the number of rows in points. (If this was your deliberately wrong answer: "
        "this is how check tells you. Now let Python count.)"
    )


@exercise(
    "00-2",
    kind=TEXT,
    right="'local' means simulated pixels from your own computer, 'aws' real ones from Amazon's "
    "cloud. Ask this of every map that you are shown: are these pixels measured, or made?",
    hints=[
        "Look for the line that begins with 'The cloud is' in the check of the set-up.",
        "It is in quotes there; cloud.name holds the same word.",
    ],
)
def name_of_the_cloud(answer: str, *, cloud: Cloud, catalogue: pystac_client.Client) -> str | None:
    """Compare with the name of the cloud that is open."""
    if answer == cloud.name:
        return None
    if answer == catalogue.title:
        return "That is the title of the catalogue; the name of the cloud comes before it."
    if answer.strip().lower() == cloud.name:
        return "Nearly: for Python, capital letters and spaces matter. Write it exactly as printed."
    if "://" in answer:
        return "That is an address; the name is one short word."
    if answer in ("local", "aws"):
        return "The course has a cloud of that name, but not the one that your set-up has opened."
    return "That is not the name: look at the line that begins with 'The cloud is'."
