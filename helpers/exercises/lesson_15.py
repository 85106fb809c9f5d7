"""Exercises of lesson 15: blocks of land, odds and background, and what no find means."""

import geopandas as gpd

from helpers.exercises.core import NUMBER, exercise, same

ROUNDED = 0.006  # so close is a number that has been rounded to two decimals


def _blocks(points: gpd.GeoDataFrame, metres: float) -> int:
    """Return how many squares of land hold points."""
    return len((points.get_coordinates() // metres).drop_duplicates())


@exercise(
    "15-1",
    kind=NUMBER,
    right="The size of the blocks is yours to choose, and belongs in the report: it says how far "
    "from its points the model has been tested.",
    hints=[
        "The cell that made `block` did the same for BLOCK_METRES.",
        "points.get_coordinates() // 2000 gives for each point the number of its column and row.",
        "Count the different pairs: (points.get_coordinates() // 2000).drop_duplicates() has a row "
        "for each.",
    ],
)
def number_of_blocks(answer: float, *, points: gpd.GeoDataFrame) -> str | None:
    """Expect how many blocks of 2 km hold points."""
    corner = points.get_coordinates() // 2000
    right = _blocks(points, 2000)
    if answer == right:
        return None
    slips = {
        right - 1: "The numbers of the blocks begin at 0, so the largest is one less than the "
        "count.",
        _blocks(points, 1000): "Those are the blocks of 1 km.",
        len(points): "That is one block for each point: either the rows were counted, or the "
        "blocks are 2 metres wide. The coordinates are metres.",
        corner["x"].nunique(): "Those are the columns of blocks. A block is a pair of column and "
        "row.",
        corner["x"].nunique() * corner["y"].nunique(): "That is columns times rows: some of these "
        "blocks have no point.",
    }
    return slips.get(
        int(answer),
        "That is not it. Divide both coordinates by 2000, drop the decimals, and count the "
        "different pairs.",
    )


@exercise(
    "15-2",
    kind=NUMBER,
    right="The number follows the background that was drawn; the order of the pixels does not.",
    hints=[
        "Odds are p / (1 - p): those of 0.55 are 0.55 / 0.45.",
        "Halve the odds, then turn them back: p = odds / (1 + odds).",
    ],
)
def new_likeness(answer: float) -> str | None:
    """Expect 0.55 with its odds halved."""
    odds = 0.55 / 0.45 / 2
    right = odds / (1 + odds)
    if abs(answer - right) < ROUNDED:
        return None
    slips = {
        0.275: "That is half of the number; what is halved are its odds.",
        odds: "Those are the new odds. Turn them back into a number between 0 and 1: odds / (1 + "
        "odds).",
        0.55: "It can't stay: the more background there is, the more often a pixel like this one "
        "was background.",
        4 * odds / (1 + 4 * odds): "That is twice the odds. More background makes a sighting "
        "rarer, so the odds fall.",
        100 * right: "That is per cent; the answer is a number between 0 and 1.",
    }
    for slip, hint in slips.items():
        if abs(answer - slip) < ROUNDED:
            return hint
    return "That is not it. Three steps: 0.55 to odds, halve them, and back with odds / (1 + odds)."


@exercise(
    "15-3",
    kind=NUMBER,
    right="Finding nothing is news, too: that many visits leave room for that many hectares, and "
    "hardly for more.",
    hints=[
        "The rule of three: after n visits without a find, the share may still be 3 / n.",
        "That share is of the 6,400 hectares.",
    ],
)
def up_to_hectares(answer: float) -> str | None:
    """Expect the bound of the rule of three, in hectares."""
    if same(answer, 160):
        return None
    slips = {
        0: "That nobody found it does not mean that there is none: 120 places are few.",
        3 / 120: "That is the share. Of how many hectares?",
        6400 / 120: "That is 1 / 120 of the area; the rule takes 3 / 120.",
        2.5: "That is per cent of the area; the answer is in hectares.",
        1.6: "That divides by a hundred once too often: 6,400 are hectares already.",
        3: "That is the three of the rule alone: divide by the visits, and multiply by the area.",
    }
    for slip, hint in slips.items():
        if same(answer, slip):
            return hint
    return "That is not it: 6,400 hectares times 3 / 120."
