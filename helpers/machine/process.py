"""How a process waits for its threads and gives memory back: settled when a kernel starts.

Every kernel reads ``etc/ipython/ipython_kernel_config.py`` of its environment, which the
installation of this package puts there, and that calls `settle_process`: so the settings hold
whoever starts the kernel, JupyterLab, VS Code, a hub or a test. ``make`` and Binder export the same
variables for what else they start.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys

from offline_kit.surroundings import forget_other_programs

SETTINGS = {
    # Threads of OpenMP that wait without using the processor: on shared cores XGBoost is otherwise
    # many times slower. Read when its library is loaded.
    "OMP_WAIT_POLICY": "passive",
    # What an array of 1 MB or more held goes back to the system as soon as the array is gone.
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "1000000",
}
# jsonschema, which nbformat loads and HoloViews with it, would compile a grammar of international
# web addresses for seconds, in every kernel. Without it no such address is checked; none is used.
NOT_LOADED = "rfc3987_syntax"
# The variables of malloc are read when a process starts; later these options do the same.
_MALLOPT = {"MALLOC_ARENA_MAX": -8, "MALLOC_MMAP_THRESHOLD_": -3}  # as in glibc's malloc.h


def settle_process() -> None:
    """Give this process, and those that it starts, the settings that are not set already.

    And spare it the package named in `NOT_LOADED`. Call it before a package that uses OpenMP is
    loaded.
    """
    forget_other_programs()
    sys.modules.setdefault(NOT_LOADED, None)
    for name, value in SETTINGS.items():
        if name in os.environ:
            continue
        os.environ[name] = value
        if name in _MALLOPT and platform.libc_ver()[0] == "glibc":
            ctypes.CDLL(None).mallopt(_MALLOPT[name], int(value))
