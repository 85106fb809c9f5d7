"""What answers by HTTP: STAC API, files, tiles; and the server that holds its connections."""

import asyncio
import os
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from offline_kit.serve.access import LearnersOnly
from offline_kit.serve.data import CountedFiles
from offline_kit.serve.kit import KitOnDisk
from offline_kit.serve.stac import make_stac_app
from offline_kit.serve.tiles import add_tiles

DRAIN_SECONDS = 2
IDLE_SECONDS = 30


def make_app(on_disk: KitOnDisk, key: str, behind_proxy: bool) -> ASGIApp:
    """Make the application that answers for a kit below a key.

    Parameters
    ----------
    on_disk
        The kit.
    key, behind_proxy
        As in `offline_kit.serve.access.LearnersOnly`.
    """
    app: FastAPI = make_stac_app(on_disk.current)
    files = CountedFiles(on_disk.folder)
    app.mount("/data", files)
    add_tiles(app, on_disk.current)

    @app.get("/traffic")
    async def traffic() -> dict[str, int]:
        return files.traffic

    @app.get("/health")
    async def health() -> dict[str, str | int | None]:
        manifest = on_disk.current().manifest
        about = {name: manifest.get(name) for name in ("size", "seed", "licence")}
        return {"kit": manifest.get("kit_version"), **about, "pid": os.getpid()}

    return LearnersOnly(app, key, behind_proxy)


class WebServer(uvicorn.Server):
    """Uvicorn's server, which tells when it is about to stop listening.

    Parameters
    ----------
    app
        What it serves.
    before_end
        Called then.
    """

    def __init__(self, app: ASGIApp, before_end: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_IdleLimitProtocol,
                log_level="warning",
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )
        self._before_end = before_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and wait a little for requests under way."""
        self._before_end()
        await super().shutdown(sockets)


class _IdleLimitProtocol(H11Protocol):
    """A connection that is closed when nothing is received for a while, even before a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._restart_idle_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._restart_idle_timer()

    def _restart_idle_timer(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
