"""Exercises of lesson 11: how good the map is, and how much of it."""

import numpy as np
import pandas as pd

from helpers.exercises.core import NUMBER, SEQUENCE, NotYet, exercise, same

VISITS = 200
EXPECTED = pd.Series({"pine": 0.3, "no pine": 0.02})  # share of visits that find pines
GOOD_ENOUGH = 1.05  # times the narrowest interval
THREE_DECIMALS = 0.00051  # so close is an answer that has been rounded to three decimals


@exercise(
    "11-1",
    kind=NUMBER,
    right="Counted visits answer a question about the visits. Weighted by the hectares that they "
    "stand for, they answer one about the land.",
    hints=[
        "For each row: which share of its visits found what the map says? That is the diagonal "
        "(np.diag) divided by the row's sum.",
        "Weight each row's share by the row's part of all hectares, and add up.",
        "(right * published_hectares).sum() / published_hectares.sum(), where right is one share "
        "for each row.",
    ],
)
def overall_accuracy(answer: float, *, counts: pd.DataFrame, hectares: pd.Series) -> str | None:
    """Expect the share of the area on which map and ground agree."""
    right = pd.Series(np.diag(counts), counts.index)
    by_row, by_column = right / counts.sum(axis=1), right / counts.sum(axis=0)
    weights = hectares / hectares.sum()
    overall = float((by_row * weights).sum())
    if abs(answer - overall) <= THREE_DECIMALS:
        return None
    slips = {
        float(right.sum() / counts.to_numpy().sum()): "That is the share of the visits that agree. "
        "But the small parts got far more visits per hectare: weight each part by its hectares.",
        float(by_row.mean()): "That is the mean of the four parts, as if they were of one size.",
        float((by_column * weights).sum()): "You divided by the columns. What was drawn is a "
        "number of visits in each part of the map: a part is a row.",
        float((by_row * hectares).sum()): "Those are hectares: divide them by all hectares.",
        100 * overall: "That is per cent; the answer is a number between 0 and 1.",
        1 - overall: "That is the share that is wrong.",
    }
    for slip, hint in slips.items():
        if same(answer, slip, within=0.0006):
            return hint
    if answer == round(overall, 2):
        return "Rounded to two decimals, several ways of weighting look alike: give three."
    return (
        "That is not it: in each row of `published` the diagonal divided by the row's sum, times "
        "the row's hectares; then the sum of all, divided by all hectares, with three decimals."
    )


@exercise(
    "11-2",
    kind=SEQUENCE,
    right="Visits go where a part of the map is large and its pixels are uncertain, not simply "
    "where the map shows pines.",
    hints=[
        "The margin has two parts: (hectares x standard deviation)² / visits, one for each part of "
        "the map. Which of the two is larger?",
        "The standard deviation of yes/no visits is sqrt(share * (1 - share)): about 0.46 for 3 in "
        "10 and 0.14 for 2 in 100. Multiply each by the hectares of its part.",
        "It is best to divide the visits in the ratio of those two products. Or try all: a loop "
        "over 2 to 198 visits to marked pixels that prints the margin.",
    ],
)
def where_to_send_the_team(answer: tuple | list | set, *, hectares: pd.Series) -> str | None:
    """Expect a split of 200 visits with a margin close to the narrowest."""
    marked, unmarked = _two_numbers(answer, "visits to marked, visits to unmarked", "visits")
    if marked + unmarked != VISITS:
        return f"Together they must be {VISITS} visits; yours are {marked + unmarked:g}."
    if min(marked, unmarked) < 2 or marked != int(marked):
        return (
            "Whole numbers, and at least 2 visits to each part: otherwise there is no standard "
            "error."
        )

    def margin(marked: float) -> float:
        made = pd.Series({"pine": marked, "no pine": VISITS - marked})
        return 1.96 * float((hectares**2 * EXPECTED * (1 - EXPECTED) / (made - 1)).sum()) ** 0.5

    best = min(range(2, VISITS - 1), key=margin)
    if margin(marked) <= GOOD_ENOUGH * margin(best):
        return None
    found = f"That gives plus or minus {margin(marked):,.0f} ha; {margin(best):,.0f} is possible. "
    if marked == unmarked:
        return found + "Half and half treats the two parts alike, but one is far larger."
    in_proportion = VISITS * hectares["pine"] / hectares.sum()
    if abs(marked - in_proportion) <= 3:
        return found + (
            "You shared out the visits more or less by area alone. A marked pixel is also more of "
            "a gamble (3 in 10) than an unmarked one (2 in 100): it needs more visits than its "
            "area says."
        )
    if marked > best:
        return found + (
            "Most of the map says 'no pines'. A few pines missed there are many hectares: send "
            "more people to the unmarked pixels."
        )
    return found + "Now the marked pixels get too few visits to say how many of them are pines."


@exercise(
    "11-3",
    kind=SEQUENCE,
    right="A density class is already an interval, before anybody makes a mistake: pass on both "
    "numbers.",
    hints=[
        "A hectare of which a quarter is covered is a quarter of a condensed hectare.",
        "For each stand hectares times cover: team_list['hectares'] * team_list['from'] / 100, and "
        "then the sum.",
        "The same with 'to' for the most; then put both in a tuple: (fewest, most).",
    ],
)
def condensed_hectares(answer: tuple | list | set, *, team_list: pd.DataFrame) -> str | None:
    """Expect the fewest and the most condensed hectares of a list of density classes."""
    fewest, most = _two_numbers(answer, "fewest, most", "condensed hectares")
    hectares, cover = team_list["hectares"], team_list[["from", "to"]] / 100
    wanted = cover.mul(hectares, axis=0).sum()

    def is_pair(expected: pd.Series) -> bool:
        return same(fewest, expected["from"]) and same(most, expected["to"])

    if is_pair(wanted):
        return None
    if same(fewest, wanted["to"]) and same(most, wanted["from"]):
        return "Both numbers are right, but the fewest come first."
    if is_pair(100 * wanted):
        return "Cover is given in per cent: divide by 100."
    if is_pair(hectares.sum() * cover.mean()):
        return (
            "That is the mean cover times all hectares, as if all stands were of one size. "
            "Multiply stand by stand, then add up."
        )
    if is_pair(cover.rdiv(hectares, axis=0).sum()):
        return "You divided by the cover. Pushed together, crowns take LESS room: multiply."
    if same(fewest, hectares.sum()) or same(most, hectares.sum()):
        return "Those are hectares with any pines at all, however thin: weight them by their cover."
    return "That is not it: hectares x cover / 100 for each stand, then the sum, for both covers."


def _two_numbers(answer: tuple | list | set, names: str, unit: str) -> tuple[float, float]:
    """Return both numbers of an answer, or raise ``NotYet`` if it is no pair of numbers."""
    if isinstance(answer, set) or len(answer) != 2:
        raise NotYet(f"The answer is a tuple of two numbers: ({names}).")
    if not all(isinstance(number, int | float | np.number) for number in answer):
        raise NotYet(f"Both must be numbers of {unit}.")
    first, second = answer
    return float(first), float(second)
