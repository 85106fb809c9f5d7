from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tiny_kit import make_kit
from waiting import has_ended, wait_until

from offline_kit.serve import ServerAddresses, client, ensure_server


@pytest.fixture(autouse=True, scope="session")
def gdal_as_in_lessons() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR")
        yield


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_kit(tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="session")
def bucket_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bucket folder of `server`."""
    return tmp_path_factory.mktemp("bucket")


@pytest.fixture(scope="session")
def server(kit: Path, bucket_folder: Path) -> Iterator[ServerAddresses]:
    """One server for all tests that leave it as it is."""
    addresses = ensure_server(kit, bucket_folder)
    yield addresses
    client._release_leases()
    wait_until(lambda: has_ended(addresses.pid))


@pytest.fixture(scope="session")
def web(server: ServerAddresses) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.http_url, timeout=30) as web:
        yield web
