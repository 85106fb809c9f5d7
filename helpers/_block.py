"""Predicts a block of the grid, strip by strip, a batch of pixels at a time."""

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


@dataclass(frozen=True)
class Strip:
    """What was predicted for some rows of a block: only that, so that little is moved or held.

    Attributes
    ----------
    valid
        Bits of the pixels that were predicted, in the order ``(..., y, x)``.
    values
        Their layers, shape ``(layer, pixel)``.
    """

    valid: np.ndarray
    values: np.ndarray


def predict_strip(
    predictor: Predictor,
    finish: Finish,
    nodata: float | None,
    packed_mask: np.ndarray | None,
    blocks: Sequence[np.ndarray],
    rows: slice,
) -> Strip:
    """Predict some rows of a block of the grid.

    Parameters
    ----------
    predictor, finish
        The model, and what becomes of its probabilities.
    nodata
        Value of missing pixels, beside NaN.
    packed_mask
        Bits of the rows' pixels inside the area of interest, None if all are.
    blocks
        The chunks of the bands, each ``(..., band, y, x)``, in order.
    rows
        The rows of the strip.
    """
    bands = [
        block[..., band, rows, :]
        for block in map(np.asarray, blocks)
        for band in range(block.shape[-3])
    ]
    valid = np.ones(bands[0].shape, dtype=bool)
    if packed_mask is not None:
        shape = valid.shape[-2:]
        valid &= np.unpackbits(packed_mask, count=shape[0] * shape[1]).view(bool).reshape(shape)
    for band in bands:
        valid &= _present(band, nodata)
    pixels = np.flatnonzero(valid)
    flat_bands = [band.reshape(-1) for band in bands]
    values = np.empty((finish.layers, len(pixels)), dtype=finish.dtype)
    for start in range(0, len(pixels), predictor.batch):
        batch = pixels[start : start + predictor.batch]
        features = np.empty((len(batch), len(bands)), dtype=bands[0].dtype)
        for column, band in enumerate(flat_bands):
            features[:, column] = band[batch]
        for layer, predicted in enumerate(finish(predictor(features))):
            values[layer, start : start + len(batch)] = predicted
    return Strip(np.packbits(valid), values)


def lay_strips(
    strips: Sequence[Strip], rows: Sequence[slice], shape: Sequence[int], dtype: np.dtype
) -> np.ndarray:
    """Lay strips into their block, shape ``(..., layer, y, x)``; nodata is what they leave."""
    block = np.full(shape, nodata_for(dtype), dtype=dtype)
    for strip, part in zip(strips, rows, strict=True):
        layers = np.moveaxis(block[..., part, :], -3, 0)
        valid = (
            np.unpackbits(strip.valid, count=layers[0].size).view(bool).reshape(layers.shape[1:])
        )
        for layer, values in zip(layers, strip.values, strict=True):
            layer[valid] = values
    return block


def empty_block(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return a block without predictions that takes the memory of one value."""
    return np.broadcast_to(np.asarray(nodata_for(dtype), dtype=dtype), tuple(shape))


def _present(band: np.ndarray, nodata: float | None) -> np.ndarray:
    present = np.ones(band.shape, dtype=bool) if band.dtype.kind in "iu" else ~np.isnan(band)
    if nodata is not None:
        present &= band != nodata
    return present


def _encode(probability: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.uint8:
        return np.rint(probability * 100).astype(np.uint8)
    return probability.astype(dtype, copy=False)
