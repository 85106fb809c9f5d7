"""How the loops over pixels are compiled: to the same last bit on every machine.

No relaxed arithmetic (`fastmath`), so nothing is reordered. Division follows IEEE 754 instead of
looking for a zero divisor each time, which lets the compiler work on several pixels at once.
"""

import os
from pathlib import Path

from offline_kit.compiled import compiled

kernel = compiled(nogil=True, error_model="numpy")
inlined = compiled(forceinline=True, error_model="numpy")  # what a kernel calls per pixel


def forget_outdated_kernels(folder: Path = Path(__file__).parent) -> None:
    """Remove the compiled kernels of a folder that are older than any of its sources.

    Numba looks at a function's own file only: after a change in `noise`, say, `landcover` would
    go on with the old noise, and make other pixels here than elsewhere.
    """
    if not os.access(folder / "__pycache__", os.W_OK):
        return  # then Numba does not keep them there
    newest = max(path.stat().st_mtime for path in folder.glob("*.py"))
    for old in folder.glob("__pycache__/*.nb[ci]"):
        if old.stat().st_mtime < newest:
            old.unlink(missing_ok=True)


forget_outdated_kernels()
