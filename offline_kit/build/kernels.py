"""How the loops over pixels are compiled: to the same last bit on every machine.

No relaxed arithmetic (`fastmath`), so nothing is reordered. Division follows IEEE 754 instead of
looking for a zero divisor each time, which lets the compiler work on several pixels at once.
"""

from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy")
inlined = njit(cache=True, forceinline=True, error_model="numpy")  # what a kernel calls per pixel
