"""In a real cloud each request takes its time, and some fail that work when asked again."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
import urllib.error
import urllib.request
from functools import cache, partialmethod
from http.client import HTTPException, IncompleteRead
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
    from urllib3 import Retry

PAUSES = (1, 2, 4)  # seconds before asking again
PASSING = (429, 500, 502, 503, 504)  # too many requests, or a server that is not well
# Of its own accord GDAL asks but once, and for a dozen files that may lie beside a scene.
OF_GDAL = {
    "GDAL_HTTP_MAX_RETRY": "5",
    "GDAL_HTTP_RETRY_DELAY": "1",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    # What is read at the edge of one chunk is still there for the next: with GDAL's own 16 MB the
    # study area is read 1.4 times (benchmarks/distance.md).
    "CPL_VSIL_CURL_CACHE_SIZE": "64000000",
}


@cache
def ask_again() -> None:
    """Let GDAL and pystac-client ask again, as boto and icechunk do of their own accord.

    pystac-client repeats no search unless it is told so wherever a catalogue is opened
    (https://pystac-client.readthedocs.io/en/stable/usage.html#configuring-retry-behavior). So that
    lessons need not, its default is changed.
    """
    from pystac_client.stac_api_io import StacApiIO

    for name, text in OF_GDAL.items():
        os.environ.setdefault(name, text)
    StacApiIO.__init__ = partialmethod(StacApiIO.__init__, max_retries=retry())


def retry() -> Retry:
    """Return when and how often requests, and what is built on it, asks again."""
    from urllib3 import Retry

    return Retry(5, connect=1, backoff_factor=0.5, status_forcelist=PASSING, allowed_methods=None)


def fetch(request: str | urllib.request.Request, seconds: float) -> tuple[int, bytes]:
    """Return status and content of a web address; ask again where that may help.

    Parameters
    ----------
    request
        The address, or more about what is asked.
    seconds
        How long to wait for an answer.

    Raises
    ------
    OSError, http.client.HTTPException
        If it does not answer.
    """
    for pause in PAUSES:
        try:
            return _fetch(request, seconds)
        except (OSError, HTTPException) as error:
            if not _is_passing(error):
                raise
        time.sleep(pause)
    return _fetch(request, seconds)


def _fetch(request: str | urllib.request.Request, seconds: float) -> tuple[int, bytes]:
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        return answer.status, answer.read()


def _is_passing(error: Exception) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code in PASSING
    return isinstance(error, (ConnectionResetError, IncompleteRead, ssl.SSLEOFError))


async def asked_again(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Ask again, as a middleware of aiohttp; the answer is read whole."""
    from aiohttp import ClientConnectionError, ClientConnectorError, ClientPayloadError

    for pause in PAUSES:
        try:
            answer = await handler(request)
            await answer.read()
            if answer.status not in PASSING:
                return answer
        except ClientConnectorError:  # nobody is there
            raise
        except (ClientConnectionError, ClientPayloadError):
            pass
        await asyncio.sleep(pause)
    return await handler(request)
