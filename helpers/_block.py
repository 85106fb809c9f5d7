"""Predicts one block of the grid, a batch of pixels at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpers._engine import Predictor

UINT8_NODATA = 255


@dataclass(frozen=True)
class Probabilities:
    """Turns probabilities into layers of a block, one for each chosen class."""

    columns: tuple[int, ...]
    dtype: np.dtype

    @property
    def layers(self) -> int:
        """How many layers a block has."""
        return len(self.columns)

    def __call__(self, probabilities: np.ndarray) -> list[np.ndarray]:
        """Turn probabilities ``(pixel, class)`` into the values of each layer."""
        return [_encode(probabilities[:, column], self.dtype) for column in self.columns]


@dataclass(frozen=True)
class MostLikely:
    """Turns probabilities into two layers: the most likely class's code and its probability.

    One block holds both, so that pixels are predicted once for the two; codes are below 255,
    which every dtype holds exactly.
    """

    columns: tuple[int, ...]
    dtype: np.dtype
    codes: tuple[int, ...]
    layers: int = 2

    def __call__(self, probabilities: np.ndarray) -> list[np.ndarray]:
        """Turn probabilities ``(pixel, class)`` into the values of each layer."""
        chosen = probabilities[:, list(self.columns)]
        best = chosen.argmax(axis=1)
        highest = np.take_along_axis(chosen, best[:, None], axis=1)[:, 0]
        return [np.asarray(self.codes)[best], _encode(highest, self.dtype)]


Finish = Probabilities | MostLikely


def nodata_for(dtype: np.dtype) -> float:
    """Return what fills the pixels that are not predicted: 255 for uint8, else NaN."""
    return UINT8_NODATA if dtype == np.uint8 else np.nan


def predict_block(
    predictor: Predictor,
    finish: Finish,
    nodata: float | None,
    packed_mask: np.ndarray | None,
    blocks: Sequence[np.ndarray],
    rows: slice,
) -> np.ndarray:
    """Predict one strip of a block of the grid.

    Parameters
    ----------
    predictor, finish
        The model, and what becomes of its probabilities.
    nodata
        Value of missing pixels, beside NaN.
    packed_mask
        Bits of the strip's pixels inside the area of interest, None if all are.
    blocks
        The chunks of the bands, each ``(..., band, y, x)``, in order.
    rows
        The rows of the strip.

    Returns
    -------
    numpy.ndarray
        Shape ``(..., layer, y, x)``.
    """
    blocks = [block[..., rows, :] for block in blocks]
    leading, shape = blocks[0].shape[:-3], blocks[0].shape[-2:]
    out = np.full((*leading, finish.layers, *shape), nodata_for(finish.dtype), dtype=finish.dtype)
    inside = np.ones(shape, dtype=bool)
    if packed_mask is not None:
        inside = np.unpackbits(packed_mask, count=inside.size).view(bool).reshape(shape)
    for date in np.ndindex(leading):
        bands = [band for block in blocks for band in np.asarray(block[date])]
        _predict_date(predictor, finish, nodata, inside, bands, out[date])
    return out


def empty_block(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return a block without predictions that takes the memory of one value."""
    return np.broadcast_to(np.asarray(nodata_for(dtype), dtype=dtype), tuple(shape))


def _predict_date(
    predictor: Predictor,
    finish: Finish,
    nodata: float | None,
    inside: np.ndarray,
    bands: list[np.ndarray],
    out: np.ndarray,
) -> None:
    """Fill `out` ``(layer, y, x)`` with the predictions of one date."""
    valid = inside.copy()
    for band in bands:
        valid &= _present(band, nodata)
    pixels = np.flatnonzero(valid)
    flat_bands = [band.reshape(-1) for band in bands]
    flat_out = out.reshape(len(out), -1)
    for start in range(0, len(pixels), predictor.batch):
        batch = pixels[start : start + predictor.batch]
        features = np.empty((len(batch), len(bands)), dtype=bands[0].dtype)
        for column, band in enumerate(flat_bands):
            features[:, column] = band[batch]
        for layer, values in enumerate(finish(predictor(features))):
            flat_out[layer, batch] = values


def _present(band: np.ndarray, nodata: float | None) -> np.ndarray:
    present = np.ones(band.shape, dtype=bool) if band.dtype.kind in "iu" else ~np.isnan(band)
    if nodata is not None:
        present &= band != nodata
    return present


def _encode(probability: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.uint8:
        return np.rint(probability * 100).astype(np.uint8)
    return probability.astype(dtype, copy=False)
