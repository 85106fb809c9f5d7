"""Exercises of lesson 03: memory, the cost of a window, and the offset."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import xarray as xr

from helpers.exercises.core import (
    FUNCTION,
    NUMBER,
    SEQUENCE,
    NotYet,
    call_for_number,
    exercise,
    same,
)

WINDOW = 100
APPLIED = "earthsearch:boa_offset_applied"
FARTHEST_FROM_ZERO = 0.05  # of the darkest hundredth of red, if the offset is right


@exercise(
    "03-1",
    kind=NUMBER,
    right="So little, and you know it before a single byte is sent. Two bands instead of twelve is "
    "the cheapest speed-up there is: load what the question needs.",
    hints=[
        'numbers.sel(band=["red", "nir"]) takes two bands and is as lazy as numbers.',
        "numbers is in whole numbers of 16 bits: .astype turns them into float32.",
        "An array says how many bytes it takes: .nbytes. A megabyte is 1e6 of them.",
    ],
)
def memory_of_two_bands(answer: float, *, numbers: xr.DataArray) -> str | None:
    """Compare with the size of two bands in 32 bits."""
    pixels = numbers.sizes["x"] * numbers.sizes["y"]
    expected = 2 * pixels * 4 / 1e6
    if same(answer, expected, within=0.02):
        return None
    if same(answer, expected * 1e6):
        return "That is in bytes; the exercise asks for megabytes, millions of bytes."
    if same(answer, expected / 1e3):
        return "That is in gigabytes; the exercise asks for megabytes."
    if same(answer, expected * 1e6 / 2**20):
        return "That counts 1024 x 1024 bytes to the megabyte; here it is a million."
    if same(answer, expected / 2):
        return "That is their size in 16 bits, or of one band alone in 32: say astype('float32')."
    if same(answer, expected * 2):
        return "That is their size in 64 bits; float32 takes half of that."
    if same(answer, expected * numbers.sizes["band"] / 2):
        return "That is the size of all the bands: take red and nir alone."
    if same(answer, numbers.nbytes / 1e6):
        return "That is all of numbers as it is stored: take two bands, as float32."
    if same(answer, 2 * pixels) or same(answer, 2 * pixels / 1e6):
        return "That is the number of values; each of them takes 4 bytes."
    return "That is not their size: 2 bands, times the pixels, times 4 bytes, in millions."


@exercise(
    "03-2",
    kind=SEQUENCE,
    right="Four tiles for the same hundred rows and columns. If you cut a map into blocks that do "
    "not fit the tiles, you pay this for every block; lesson 08 comes back to it.",
    hints=[
        "Tiles are counted from the upper left corner; where does the second column of tiles "
        "begin?",
        "A window touches four tiles if the point where four tiles meet is inside it.",
        "They meet at column and row tile_size: begin a little earlier, in both directions.",
    ],
)
def dearest_window(
    answer: Sequence[float], *, picture_size: tuple[int, int], tile_size: tuple[int, int]
) -> str | None:
    """Count the tiles that the learner's window touches."""
    column, row = _whole_pair(answer)
    rows, columns = picture_size
    if column > columns * 10 or row > rows * 10:
        return "These look like metres; count in pixels, from the upper left corner of the picture."
    if column < 0 or row < 0 or column + WINDOW > columns or row + WINDOW > rows:
        return (
            f"Such a window does not lie inside the picture, which has {columns} columns and "
            f"{rows} rows."
        )
    across = (column + WINDOW - 1) // tile_size[1] - column // tile_size[1] + 1
    down = (row + WINDOW - 1) // tile_size[0] - row // tile_size[0] + 1
    if across * down == 4:
        return None
    if across * down == 2:
        direction = "from left to right" if across == 2 else "from top to bottom"
        return f"Two tiles: it crosses an edge {direction}, but must do so in both directions."
    if column % tile_size[1] == 0 and row % tile_size[0] == 0:
        return (
            "One tile: the window begins exactly where a tile begins, so all of it is in that "
            "one. Begin a little before."
        )
    return "One tile: the window lies within it. Move it to where tiles meet."


@exercise(
    "03-3",
    kind=FUNCTION,
    right="A tenth is several times what a pine reflects in red: with a wrong offset a model that "
    "was trained on one scene sees no pines at all in another. Your function stops before that.",
    hints=[
        'Begin with the flag: item["properties"].get("earthsearch:boa_offset_applied", False). If '
        "it is True, the archive has done the work, and the offset is 0.0.",
        'Otherwise it is what the item lists: item["assets"]["red"]["raster:bands"][0]["offset"].',
        "Before you return it: if abs(darkest + offset) > 0.05, raise ValueError with a message.",
    ],
)
def offset_for_any_scene(
    answer: Callable[[dict[str, Any], float], float],
    *,
    items: Sequence[dict[str, Any]],
    darkest: Sequence[float],
) -> str | None:
    """Try the function on items of each kind, on one made up, and on items whose flag lies."""
    cases = list(zip(items, darkest, strict=True))
    told = [(_kind(item), _outcome(answer, item, dark), _right(item, dark)) for item, dark in cases]
    wrong = {kind for kind, outcome, right in told if outcome != right != STOPPED}
    if any(outcome == STOPPED != right for _, outcome, right in told):
        return (
            "Your function stops although flag and pixels agree: it should stop only if the "
            "darkest red plus the offset that you have chosen is more than 0.05 away from zero."
        )
    if wrong:
        return _not_by_its_words(wrong)
    made_up = _with(items[0], offset=-0.03, applied=False)
    if _outcome(answer, made_up, darkest=0.05) != -0.03:
        return (
            "Right for these scenes, but not by reading their items: for one that lists the offset "
            "-0.03, not yet applied, and whose darkest red is 0.05, your function should return "
            "-0.03."
        )
    twice = _with(items[0], offset=-0.1, applied=False), 0.02
    never = _with(items[0], offset=-0.1, applied=True), 0.12
    missed = [case for case in (twice, never) if _outcome(answer, *case) != STOPPED]
    if len(missed) == 2:
        return (
            "Right where the flag is right. But where the flag is wrong, your function believes "
            "it: if darkest plus the offset is farther than 0.05 from zero, raise ValueError."
        )
    if missed == [twice]:
        return (
            "It does not stop where the flag says 'not applied' and the darkest red, with the "
            "offset, is far below zero: take the distance from zero, abs(...)."
        )
    if missed == [never]:
        return (
            "It does not stop where the flag says 'applied' and the darkest red is still more than "
            "a tenth: test darkest plus the offset in that case, too."
        )
    return None


def _not_by_its_words(wrong: set[str]) -> str:
    """Say for which kinds of item the flag and the listed offset were not followed."""
    if {"applied", "silent"} <= wrong:
        return "The wrong way round: where the archive has applied the offset, there is none left."
    if "applied" in wrong:
        return (
            "Where earthsearch:boa_offset_applied is True, your function subtracts a second time: "
            "there it should return 0."
        )
    if "silent" in wrong:
        return (
            "Where the item does not say (collection 1), nobody has applied the offset yet: there "
            "your function should return the one that is listed."
        )
    return "For the scene of 2018 your function should return what the item lists."


STOPPED = "stopped"


def _outcome(
    function: Callable[[dict[str, Any], float], float], item: dict[str, Any], darkest: float
) -> float | str:
    """Return what the function returns, to nine decimals, or that it raised ``ValueError``."""
    try:
        return round(call_for_number(function, deepcopy(item), darkest), 9)
    except NotYet as mistake:
        if isinstance(mistake.__cause__, ValueError):
            return STOPPED
        raise


def _right(item: dict[str, Any], darkest: float) -> float | str:
    """Return the offset by the item's own words, or that the pixels contradict it."""
    offset = _by_its_words(item)
    return offset if abs(darkest + offset) <= FARTHEST_FROM_ZERO else STOPPED


def _kind(item: dict[str, Any]) -> str:
    return {True: "applied", False: "old"}.get(item["properties"].get(APPLIED), "silent")


def _whole_pair(answer: Sequence[float]) -> tuple[int, int]:
    if isinstance(answer, set) or len(answer) != 2:
        raise NotYet("The answer should be a pair in round brackets: (column, row).")
    try:
        column, row = (int(number) for number in answer)
        whole = (column, row) == tuple(answer)
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise NotYet("Both numbers of the pair should be whole: pixels cannot be split.")
    return column, row


def _by_its_words(item: dict[str, Any]) -> float:
    """Return the offset that is right by the item's own words."""
    if item["properties"].get(APPLIED):
        return 0.0
    return round(float(item["assets"]["red"]["raster:bands"][0]["offset"]), 9)


def _with(item: dict[str, Any], offset: float, applied: bool) -> dict[str, Any]:
    """Return a copy of an item that lists another offset, and another flag."""
    red = item["assets"]["red"]
    band = red["raster:bands"][0] | {"offset": offset}
    assets = item["assets"] | {"red": red | {"raster:bands": [band]}}
    return item | {"assets": assets, "properties": item["properties"] | {APPLIED: applied}}
