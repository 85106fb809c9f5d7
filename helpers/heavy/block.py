"""Predicts one block of the grid: the pixels that count become a table, and are laid back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.heavy.engine import Predictor

UINT8_NODATA = 255
LARGEST = float(np.finfo("float32").max)  # models calculate in float32; beyond lies infinity


def predict_block(
    chunk: np.ndarray,
    predictor: Predictor,
    packed_mask: np.ndarray | None,
    nodata: float | None,
    columns: Sequence[int],
    dtype: np.dtype,
) -> np.ndarray:
    """Predict the pixels of a block that lie inside the area and have data.

    Parameters
    ----------
    chunk
        All bands of the block, ``(..., band, y, x)``.
    predictor
        The model.
    packed_mask
        Bits of the block's pixels inside the area of interest, None if all are.
    nodata
        Value of missing pixels, beside NaN and infinity.
    columns
        Which of the model's classes to return.
    dtype
        Of the probabilities: floating, or uint8 for percent.

    Returns
    -------
    numpy.ndarray
        Probabilities, ``(..., class, y, x)``; nodata where nothing was predicted.
    """
    bands = np.moveaxis(np.asarray(chunk), -3, 0)
    valid = np.ones(bands.shape[1:], dtype=bool)
    if packed_mask is not None:
        valid &= (
            np.unpackbits(packed_mask, count=np.prod(valid.shape[-2:]))
            .view(bool)
            .reshape(valid.shape[-2:])
        )
    for band in bands:
        valid &= _present(band, nodata)
    layers = np.full((len(columns), *bands.shape[1:]), nodata_for(dtype), dtype=dtype)
    pixels = np.flatnonzero(valid)
    if len(pixels):
        # XGBoost ignores the byte order of an array
        table = np.empty((len(pixels), len(bands)), dtype=bands.dtype.newbyteorder("="))
        for column, band in enumerate(bands):
            table[:, column] = band.reshape(-1)[pixels]
        probabilities = predictor(table)
        for layer, column in zip(layers, columns, strict=True):
            layer.reshape(-1)[pixels] = _encode(probabilities[:, column], dtype)
    return np.moveaxis(layers, 0, -3)


def empty_block(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return a block without predictions that takes the memory of one value."""
    return np.broadcast_to(np.asarray(nodata_for(dtype), dtype=dtype), tuple(shape))


def nodata_for(dtype: np.dtype) -> float:
    """Return what fills the pixels that are not predicted: 255 for uint8, else NaN."""
    return UINT8_NODATA if dtype == np.uint8 else np.nan


def _present(band: np.ndarray, nodata: float | None) -> np.ndarray:
    whole = band.dtype.kind in "iu"
    present = np.ones(band.shape, dtype=bool) if whole else np.abs(band) <= LARGEST
    if nodata is not None:
        present &= band != nodata
    return present


def _encode(probability: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.uint8:
        percent = np.where(np.isnan(probability), UINT8_NODATA, np.rint(probability * 100))
        return percent.astype(np.uint8)
    return probability
