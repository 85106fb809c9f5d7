"""What is wrong with this machine's set-up, in one line each, and how to fix it.

At a terminal: ``python -m helpers.doctor``. In a notebook::

    from helpers.doctor import examine_setup

    examine_setup()

Only the standard library is loaded before the first line is printed, so that it also runs in a
Python where nothing, or the wrong thing, is installed.
"""

from __future__ import annotations

import os

from helpers.doctor._check import Check, Finding, look_at
from helpers.doctor._cloud import (
    look_at_bucket,
    look_at_certificates,
    look_at_cloud,
    look_at_kit,
    look_at_network,
    look_at_pixels,
    look_at_search,
    look_at_tile,
)
from helpers.doctor._install import look_at_dask, look_at_packages, look_at_python
from helpers.doctor._kernel import (
    KernelProbe,
    look_at_javascript,
    look_at_kernel,
    look_at_lab,
    look_at_map,
)
from helpers.doctor._machine import look_at_disk, look_at_memory, look_at_processors

__all__ = [
    "Check",
    "Finding",
    "checks_of",
    "examine_setup",
    "look_at_packages",
    "print_findings",
]


def checks_of(cloud: str, probe: KernelProbe) -> list[Check]:
    """Return the checks for ``"local"`` or ``"aws"``, in the order in which they are made."""
    first = [Check("kit", look_at_kit)]
    if cloud == "aws":
        network = Check("network", look_at_network)
        first = [network, Check("trust", look_at_certificates, needs=("network",))]
    return [
        Check("Python", look_at_python),
        Check("packages", look_at_packages),
        Check("Dask", look_at_dask),
        Check("memory", look_at_memory),
        Check("processors", look_at_processors),
        Check("disk", look_at_disk),
        *first,
        Check("cloud", look_at_cloud, needs=("Dask", first[0].name)),
        Check("search", look_at_search, needs=("cloud",)),
        Check("pixels", look_at_pixels, needs=("search",)),
        Check("basemap", look_at_tile, needs=("cloud",)),
        Check("bucket", look_at_bucket, needs=("cloud",)),
        Check("Lab", look_at_lab),
        Check("kernel", lambda: look_at_kernel(probe)),
        Check("JavaScript", lambda: look_at_javascript(probe), needs=("kernel",)),
        Check("map", lambda: look_at_map(probe), needs=("Dask", "JavaScript")),
    ]


def examine_setup() -> None:
    """Examine what the lessons need on this machine, and print a line for each thing.

    The line says ``ok``, or ``FIX`` and what to do, or why the check was skipped.
    """
    print_findings()


def print_findings() -> bool:
    """Print a line for each check, and a last one; return whether nothing is to be fixed."""
    well = True
    with KernelProbe() as probe:  # a kernel takes seconds to load: it does so meanwhile
        for finding in look_at(checks_of(os.environ.get("COURSE_CLOUD") or "local", probe)):
            print(finding, flush=True)
            well = well and finding.state != "FIX"
    print("All is well." if well else "Fix what is marked, from the top, and run the doctor again.")
    return well
