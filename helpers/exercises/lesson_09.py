"""Exercises of lesson 09: map the study area."""

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from helpers.exercises.core import FUNCTION, NUMBER, NotYet, call, exercise, same

STOPPED_BY_NUMPY = {
    "cannot reshape array": "If you have left out pixels, there are too few to fill the block: "
    "begin with a table full of NaN (np.full) and put the answers of the complete pixels into it.",
    "too many indices": "A mask of the block has more axes than the table. The table needs one "
    "value for each of its rows: np.isnan(table).any(axis=1).",
}


@exercise(
    "09-1",
    kind=NUMBER,
    right="The threshold decides how large the counted area is, which is one more reason not to "
    "report a counted area.",
    hints=[
        "pine_map > 0.5 is an array of True and False; its sum is the number of True.",
        "A pixel of 10 m x 10 m has 100 square metres; a hectare has 10,000.",
        "Count the pixels above 0.7, then divide by 100.",
    ],
)
def area_above_threshold(answer: float, *, pine_map: xr.DataArray) -> str | None:
    """Expect the hectares with a probability above 0.7."""
    pixels = int((pine_map > 0.7).sum())
    if same(answer, pixels / 100, within=0.001):
        return None
    slips = {
        pixels: "That is the number of pixels; a hectare has 100 of them.",
        100 * pixels: "That is in square metres; a hectare has 10,000 of them.",
        pixels / 10_000: "You divided by 10,000, but a pixel is not 1 m x 1 m: it is 100 m².",
        float((pine_map > 0.5).sum()) / 100: "That is the area above 0.5; take 0.7.",
        float((pine_map <= 0.7).sum())
        / 100: "That is what lies below: you want probability > 0.7.",
        float((~(pine_map <= 0.7)).sum()) / 100: "That counts the pixels without a value as pines: "
        "NaN is neither above nor below. Use pine_map > 0.7.",
        float(pine_map.where(pine_map > 0.7).sum()) / 100: "You have added up probabilities; count "
        "pixels, each of which is one.",
    }
    for slip, hint in slips.items():
        if same(answer, slip, within=0.001):
            return hint
    if same(answer, pixels / 100, within=0.02):
        return (
            "Close, but from another grid? web_map was made for drawing, and its pixels are not "
            "10 m wide on the ground: count those of pine_map."
        )
    return "That is not it: count the pixels of pine_map above 0.7, then turn pixels into hectares."


@exercise(
    "09-2",
    kind=FUNCTION,
    right="Holes stay holes. On a map for clearing teams a cloud that turns into forest is a "
    "mistake that nobody can see.",
    hints=[
        "Begin with predict_block. The block is a NumPy array: its axes have numbers, not names; "
        "the band is axis 0. np.isnan(block).any(axis=0): does a pixel lack any band?",
        "Predict all, then empty the holes: answer[:, holes] = np.nan. Or predict the complete "
        "ones only: rows of the table without any NaN are ~np.isnan(table).any(axis=1).",
        "probabilities[complete] = model.predict_proba(table[complete]), with complete = ~(the "
        "rows with a NaN). Reshape at the end, as predict_block does.",
    ],
)
def holes_stay_holes(
    answer: Callable[..., Any],
    *,
    model: Any,
    part: xr.DataArray,
) -> str | None:
    """Expect a function that predicts complete pixels and leaves the others NaN."""
    block, wanted = _block_with_holes(model, part)
    result = _call_on_block(answer, block.copy())
    result = getattr(result, "values", result)
    if not isinstance(result, np.ndarray):
        return f"The function should return an array, not a {type(result).__name__}."
    classes, (rows, columns) = len(wanted), block.shape[1:]
    if result.shape != wanted.shape:
        return (
            f"A block of shape {block.shape} (band, y, x) should give {wanted.shape} (class, y, "
            f"x); yours gives {result.shape}. "
            + _shape_advice(result.shape, classes, rows * columns)
        )
    holes, empty = np.isnan(wanted), np.isnan(result)
    if not empty.any():
        unchanged = model.predict_proba(block.reshape(len(block), -1).T)
        if np.allclose(result, unchanged.T.reshape(wanted.shape), atol=1e-5):
            return "This predicts the masked pixels, too, as predict_block does: find them first."
        if (result[holes] == 0).all():
            return "Holes have become 0. But 0 says 'surely not pines'; NaN says 'not known'."
        return "No pixel is NaN. Filling holes before predicting hides them; they must stay NaN."
    if empty.all():
        return "Everything is NaN: a pixel is left out only if one of its own bands is missing."
    if np.allclose(result, wanted, atol=1e-5, equal_nan=True):
        return None
    if np.allclose(np.sort(result, axis=None), np.sort(wanted, axis=None), equal_nan=True):
        return (
            "All numbers are there, but in another order. The table has a row for each pixel and "
            "the map begins with the class: turn the table with .T before the last reshape."
        )
    if (holes & ~empty).any():
        return (
            "Some pixels are predicted although a band is missing: look at all bands, and leave a "
            "pixel out if ANY of them is NaN."
        )
    if (empty & ~holes).any():
        return "Some complete pixels were left out: leave out only those with a NaN of their own."
    return (
        "The holes are right, but the numbers belong to other pixels: the reshape has mixed them "
        "up. Bands first, so: block.reshape(bands, rows * columns).T, and the same on the way back."
    )


def _call_on_block(function: Callable[..., Any], block: np.ndarray) -> Any:
    """Call the learner's function; if NumPy stops it, say more than NumPy does."""
    try:
        return call(function, block)
    except NotYet as stopped:
        for words, advice in STOPPED_BY_NUMPY.items():
            if words in str(stopped):
                raise NotYet(f"{stopped}. {advice}") from stopped
        raise


def _block_with_holes(
    model: Any,
    part: xr.DataArray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a small block with holes, complete or in one band, and the right answer to it."""
    block = np.array(part.isel(y=slice(0, 12), x=slice(0, 9)).values)
    block = np.where(np.isnan(block), np.float32(0.1), block)  # holes of our own only
    block[:, 2, 3] = np.nan
    block[0, 4, 5] = np.nan
    block[-1, 7, 1] = np.nan
    table = block.reshape(len(block), -1).T
    wanted = model.predict_proba(table)
    wanted[np.isnan(table).any(axis=1)] = np.nan
    return block, wanted.T.reshape(-1, *block.shape[1:])


def _shape_advice(shape: tuple[int, ...], classes: int, pixels: int) -> str:
    if shape == (pixels, classes):
        return "That is still the table: turn it back, .T.reshape(-1, rows, columns)."
    if shape[-1:] == (classes,):
        return "The classes come first: transpose the table (.T) before you reshape it."
    if len(shape) == 2 and shape[0] < pixels:
        return "Pixels that were left out are missing: they need a place, filled with NaN."
    return "Go back from the table the way you came: .T, then reshape."
