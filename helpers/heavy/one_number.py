"""Notices pixels that hold the same number in every band, as missing pixels do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from distributed import warn

from helpers.heavy.units import LEAST, sample_of

BANDS = 3  # two bands may well agree


@dataclass
class OneNumber:
    """Whether many pixels that are predicted hold one number in all bands.

    Missing pixels do, where the value that marks them was lost: after arithmetic on numbers whose
    nodata value it changed with them, or where none was ever written.
    """

    has_warned: bool = False

    def look_at(self, table: np.ndarray) -> None:
        """Warn once if at least ten of a sample of pixels ``(pixel, band)`` are such."""
        if self.has_warned or table.shape[1] < BANDS:
            return
        some = sample_of(table)
        alike = some[(some == some[:, :1]).all(axis=1), 0]
        numbers, counts = np.unique(alike, return_counts=True)
        if not len(counts) or counts.max() < LEAST:
            return
        self.has_warned = True
        number = numbers[counts.argmax()]
        warn(
            f"Pixels that hold {number:g} in every band are predicted like all others. If "
            f"{number:g} marks missing pixels, pass nodata={number:g}, or mask them before you "
            "calculate, as in cube.where(cube != nodata).",
            UserWarning,
        )
