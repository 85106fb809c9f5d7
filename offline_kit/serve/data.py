"""The kit's files by range request, and a count of what was asked."""

import threading
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send


class CountedFiles(StaticFiles):
    """Static files with range requests, which counts requests and the bytes it sent.

    Parameters
    ----------
    folder
        What is served.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)
        self._lock = threading.Lock()
        self._requests = 0
        self._bytes = 0

    @property
    def traffic(self) -> dict[str, int]:
        """Requests answered and bytes of content sent so far."""
        with self._lock:
            return {"requests": self._requests, "bytes": self._bytes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Disposition"] = "attachment"
            await send(message)
            if message["type"] == "http.response.body":
                with self._lock:
                    self._bytes += len(message.get("body", b""))

        with self._lock:
            self._requests += 1
        await super().__call__(scope, receive, send_counted)
