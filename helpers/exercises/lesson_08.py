"""Exercises of lesson 08: parallel with Dask."""

from collections.abc import Callable
from math import ceil, prod
from typing import Any

import numpy as np

from helpers.exercises.core import FUNCTION, NUMBER, SEQUENCE, call_for_number, exercise, same

CUBE = (24, 2048, 2048)  # dates, rows, columns
MAP_OF_ONE_DATE = np.s_[5, :, :]
SERIES_OF_ONE_PIXEL = np.s_[:, 700, 900]
GOOD_ENOUGH = 1.25  # times the best price
ASKING = 0.02  # seconds for a chunk, as in the lesson's seconds_to_read


@exercise(
    "08-1",
    kind=NUMBER,
    right="Chunks times bands is the number of tasks that read; know it before you compute.",
    hints=[
        "How many chunks are there in a row of chunks? How many rows of chunks are there?",
        "1600 columns in chunks of 700: two whole ones and a rest. The rest is a chunk, too.",
        "Round up rows / 700, round up columns / 700 (math.ceil), then multiply.",
    ],
)
def count_the_chunks(answer: float, *, shape: tuple[int, int]) -> str | None:
    """Expect the number of chunks of 700 pixels that cover the scene."""
    down, across = (size / 700 for size in shape)
    chunks = ceil(down) * ceil(across)
    if answer == chunks:
        return None
    if answer == 2 * chunks:
        return "Twice too many: open_bands has two bands, and the exercise asks for one of them."
    if answer == int(down) * int(across):
        return "You have left out the smaller chunks at the edges: round up, not down."
    if answer in (ceil(down * across), int(down * across)):
        return (
            "Dividing the areas and rounding afterwards doesn't work: a chunk at the edge cannot "
            "be put together with one at the other edge. Round rows and columns separately."
        )
    if answer != int(answer):
        return (
            "That is not a whole number: a smaller chunk at an edge is still a chunk, and counts "
            "as one."
        )
    if answer in (ceil(down) + ceil(across), ceil(down), ceil(across)):
        return "Chunks lie in rows and columns: multiply how many there are down and across."
    return "That is not it: round up rows / 700 and columns / 700, then multiply the two."


@exercise(
    "08-2",
    kind=FUNCTION,
    right="Threads times chunks, not the size of the scene, decides whether a computation fits.",
    hints=[
        "Begin with the number of pixels in a chunk, then go on: bands, bytes, copies, threads.",
        "A square chunk of `side` pixels has side**2 pixels; each has 12 numbers of 4 bytes.",
        "return side**2 * 12 * 4 * (copies) * (threads) / 1e6",
    ],
)
def megabytes_in_use(answer: Callable[..., Any]) -> str | None:
    """Expect the MB that some threads hold, with two chunks of twelve bands each."""
    wanted = {(side, threads): side**2 * 96 * threads / 1e6 for side, threads in _CASES}
    found = {case: call_for_number(answer, *case) for case in wanted}
    if min(found.values()) <= 0:
        return "Any chunk takes some memory: your function should return a number above 0."
    ratios = [found[case] / wanted[case] for case in wanted]
    if all(same(ratio, 1) for ratio in ratios):
        return None
    if same(found[1024, 1], found[1024, 3]) or all(
        same(found[side, threads] / found[side, 1], 1 / threads) for side, threads in _CASES
    ):
        return (
            "With more threads more chunks are in memory at a time, but your answer does not grow."
        )
    if same(found[2048, 1] / found[1024, 1], 2):
        return (
            "A chunk twice as wide is also twice as high: four times the pixels. Square the side."
        )
    for factor, hint in _FACTORS.items():
        if all(same(ratio, factor) for ratio in ratios):
            return hint
    return (
        f"For 1024 pixels a side and one thread the answer should be {wanted[1024, 1]:.1f} MB; "
        f"yours is {found[1024, 1]:.6g}. Go through it factor by factor: pixels, bands, "
        "bytes, copies, threads."
    )


_CASES = [(1024, 1), (1024, 3), (2048, 1), (512, 4)]
_FACTORS = {
    1 / 2: "Half of what is needed: each thread holds two chunks, the one read and the one made.",
    1 / 12: "A twelfth of what is needed: a chunk holds all twelve bands.",
    1 / 4: "A quarter of what is needed: a number of 32 bits takes 4 bytes.",
    8: "Eight times too much: a number of 32 bits takes 4 bytes, as a byte has 8 bits.",
    2: "Twice too much: a number of 32 bits takes 4 bytes (8 bytes would be 64 bits).",
    1e6: "That is bytes; the exercise asks for MB, a million bytes each.",
    1e3: "That is kilobytes; the exercise asks for MB, a million bytes each.",
    1e6 / 2**20: "You have divided by 1024 x 1024: that makes MiB. Here 1 MB is 1,000,000 bytes.",
}


@exercise(
    "08-3",
    kind=SEQUENCE,
    right="You chose chunks for those who read, not for the one who writes. Once a cube is "
    "written, another shape means writing all of it again.",
    hints=[
        "Try: seconds_to_read((1, 2048, 2048), map_of_one_date), and the same for the series.",
        "Flat chunks are bad for one, tall chunks for the other. What lies between?",
        "A few dates, and squares of some hundred pixels. Make a loop over dates 1, 2, 4, 8 and "
        "sides 128, 256, 512, 1024 that prints the sum of the two prices.",
    ],
)
def one_cube_for_two(
    answer: tuple | list | set, *, seconds_to_read: Callable[..., float]
) -> str | None:
    """Expect chunks that serve two readers at little more than the best price of all."""
    if isinstance(answer, set) or len(answer) != 3:
        return "The chunks are a tuple of three numbers: (dates, rows, columns)."
    if not all(isinstance(size, int | np.integer) and size > 0 for size in answer):
        return "Each of the three must be a whole number above 0."
    if any(size > whole for size, whole in zip(answer, CUBE, strict=True)):
        return f"A chunk cannot be larger than the cube, {CUBE}: the first number is the dates."
    chunks = tuple(int(size) for size in answer)

    def prices(chunks: tuple[int, ...]) -> tuple[float, float]:
        return (
            seconds_to_read(chunks, MAP_OF_ONE_DATE),
            seconds_to_read(chunks, SERIES_OF_ONE_PIXEL),
        )

    for_map, for_series = prices(chunks)
    best = min(
        sum(prices((dates, side, side)))
        for dates in (1, 2, 3, 4, 6, 8, 12, 24)
        for side in (128, 256, 512, 1024, 2048)
    )
    if for_map + for_series <= GOOD_ENOUGH * best:
        return None
    price = (
        f"Your chunks cost {for_map:.2f} s for the map and {for_series:.2f} s for the series; "
        f"{best:.2f} s for both together is possible. "
    )
    dates, rows, columns = chunks
    if prod(chunks) == prod(CUBE):
        return price + "One chunk is the whole cube: whatever anybody asks for, all of it is sent."
    touched = ceil(2048 / rows) * ceil(2048 / columns)
    if touched > 500:
        return price + "There are so many small chunks that asking for them takes most of the time."
    if for_map > for_series and ASKING * touched > for_map / 2:
        return price + (
            f"The map is slow: it touches {touched} chunks, and each costs {ASKING} s to ask for. "
            "Take larger squares."
        )
    if for_map > for_series:
        return price + (
            f"The map is slow: every chunk brings {dates} dates with it and one is wanted. Take "
            "fewer dates a chunk."
        )
    if ASKING * ceil(24 / dates) > for_series / 2:
        return price + (
            f"The series is slow: it touches {ceil(24 / dates)} chunks, and each costs {ASKING} s "
            "to ask for. Take more dates a chunk."
        )
    return price + (
        "The series is slow: for each date of one pixel a large square is sent. Take smaller "
        "squares."
    )
