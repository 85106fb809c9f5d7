"""Predicts a block of the grid: its pixels are gathered, predicted in batches and laid back."""

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


def gather_pixels(
    nodata: float | None,
    packed_mask: np.ndarray | None,
    batches: int,
    chunks: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Pick the pixels of a block that are to be predicted, in batches of about equal size.

    Chunks as large as the tiles of a COG read fast, but one task for a whole block would keep the
    other cores waiting at the end. Batches can be shared, and are small to send.

    Parameters
    ----------
    nodata
        Value of missing pixels, beside NaN.
    packed_mask
        Bits of the block's pixels inside the area of interest, None if all are.
    batches
        How many batches to make.
    chunks
        The chunks of the bands, each ``(..., band, y, x)``, in order.

    Returns
    -------
    list of numpy.ndarray
        First the bits of the pixels that were picked, in the order ``(..., y, x)``; then the
        batches, each ``(pixel, band)``.
    """
    bands = [
        chunk[..., band, :, :]
        for chunk in map(np.asarray, chunks)
        for band in range(chunk.shape[-3])
    ]
    valid = np.ones(bands[0].shape, dtype=bool)
    if packed_mask is not None:
        valid &= _unpacked(packed_mask, valid.shape[-2:])
    for band in bands:
        valid &= _present(band, nodata)
    pixels = np.array_split(np.flatnonzero(valid), batches)
    dtype = bands[0].dtype.newbyteorder("=")  # XGBoost takes others' bytes in the wrong order
    gathered = [np.empty((len(batch), len(bands)), dtype=dtype) for batch in pixels]
    for column, band in enumerate(bands):
        flat = band.reshape(-1)
        for features, batch in zip(gathered, pixels, strict=True):
            features[:, column] = flat[batch]
    return [np.packbits(valid), *gathered]


def predict_batch(predictor: Predictor, finish: Finish, features: np.ndarray) -> np.ndarray:
    """Predict pixels of shape ``(pixel, band)``; the result is ``(layer, pixel)``."""
    values = np.empty((finish.layers, len(features)), dtype=finish.dtype)
    if len(features):
        for layer, predicted in enumerate(finish(predictor(features))):
            values[layer] = predicted
    return values


def lay_block(
    packed_valid: np.ndarray,
    batches: Sequence[np.ndarray],
    shape: Sequence[int],
    dtype: np.dtype,
) -> np.ndarray:
    """Lay what was predicted into its block, shape ``(..., layer, y, x)``, the rest is nodata."""
    block = np.full(shape, nodata_for(dtype), dtype=dtype)
    layers = np.moveaxis(block, -3, 0)
    valid = _unpacked(packed_valid, layers.shape[1:])
    for number, layer in enumerate(layers):
        layer[valid] = np.concatenate([values[number] for values in batches])
    return block


def empty_block(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return a block without predictions that takes the memory of one value."""
    return np.broadcast_to(np.asarray(nodata_for(dtype), dtype=dtype), tuple(shape))


def _unpacked(bits: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.unpackbits(bits, count=int(np.prod(shape))).view(bool).reshape(shape)


def _present(band: np.ndarray, nodata: float | None) -> np.ndarray:
    present = np.ones(band.shape, dtype=bool) if band.dtype.kind in "iu" else ~np.isnan(band)
    if nodata is not None:
        present &= band != nodata
    return present


def _encode(probability: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.uint8:
        return np.rint(probability * 100).astype(np.uint8)
    return probability.astype(dtype, copy=False)
