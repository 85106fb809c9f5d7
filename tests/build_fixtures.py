"""A tiny kit (7 x 5 km) that all tests of the build share; never changed by a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from offline_kit.build import build_kit
from offline_kit.build.grid import Grid, grid_of
from offline_kit.build.landscape import Landscape, make_landscape
from offline_kit.serve import ServerAddresses, client, ensure_server

SIZE, SEED = "tiny", 6

# the first call of a compiled function compiles it, which no deadline should count
settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")


@pytest.fixture(scope="session")
def tiny_kit(tmp_path_factory) -> Path:
    """Build the tiny kit once for all workers of a test run."""
    shared = tmp_path_factory.getbasetemp()
    if "popen-gw" in shared.name:
        shared = shared.parent
    kit = shared / "tiny_kit"
    with FileLock(f"{kit}.lock"):
        return build_kit(SIZE, kit, SEED)


@pytest.fixture(scope="session")
def served_kit(tiny_kit: Path, tmp_path_factory) -> Iterator[ServerAddresses]:
    """Answer for the tiny kit."""
    yield ensure_server(tiny_kit, tmp_path_factory.mktemp("bucket"))
    client._release_leases()


@pytest.fixture(scope="session")
def tiny_grid() -> Grid:
    return grid_of(SIZE)


@pytest.fixture(scope="session")
def tiny_landscape(tiny_grid) -> Landscape:
    return make_landscape(tiny_grid, SEED)
