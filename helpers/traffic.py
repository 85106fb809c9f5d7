"""Count what travels over the network when pixels are read from a file on a web server."""

from typing import Any

import fsspec

from helpers.machine.patience import asked_again

# As much as GDAL itself asks for at once when it looks for the table of contents.
READ_AHEAD_BYTES = 16_384
# Of its own accord aiohttp heeds no HTTPS_PROXY.
CLIENT = {"trust_env": True, "middlewares": (asked_again,)}


class CountedReads:
    """An opener for ``rasterio.open`` that counts the requests and bytes of one file.

    It works on any web server, that of the offline kit as well as Amazon's. Questions about the
    file's length, which carry no content, are not counted.

    Examples
    --------
    >>> traffic = CountedReads()
    >>> with rasterio.open(address, opener=traffic) as image:
    ...     pixels = image.read(1, window=window)
    >>> traffic
    3 requests, 1.34 MB of a file of 6.02 MB
    """

    def __init__(self) -> None:
        self._counter = None

    def __call__(self, address: str, mode: str = "rb", **_: object) -> Any:
        """Open a file for rasterio."""
        files = fsspec.filesystem("http", client_kwargs=CLIENT)
        file = files.open(address, mode, cache_type="readahead", block_size=READ_AHEAD_BYTES)
        self._counter = file.cache
        return file

    @property
    def requests(self) -> int:
        """Requests for a part of the file, so far."""
        return self._counter.miss_count if self._counter else 0

    @property
    def megabytes(self) -> float:
        """Content that travelled so far."""
        return self._counter.total_requested_bytes / 1e6 if self._counter else 0.0

    @property
    def file_megabytes(self) -> float:
        """Size of the whole file."""
        return self._counter.size / 1e6 if self._counter else 0.0

    def __repr__(self) -> str:
        return (
            f"{self.requests} requests, {self.megabytes:.2f} MB "
            f"of a file of {self.file_megabytes:.2f} MB"
        )
