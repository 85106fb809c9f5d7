"""Leases: how the server knows that somebody still needs it.

A lease is an open TCP connection. The operating system closes it when its holder ends in any way,
so that no holder can forget to say goodbye, not even one that was killed.
"""

import asyncio
import socket
from collections.abc import Callable

FIRST_LEASE_SECONDS = 30.0
GRACE_SECONDS = 4.0
GREETING_SECONDS = 5.0


class LeaseOffice:
    """The server's side: greets every holder with the server's token, and counts them.

    Parameters
    ----------
    token
        Name of this server.
    on_unneeded
        Called once nobody has held a lease for a while; None never calls.
    """

    def __init__(self, token: str, on_unneeded: Callable[[], None] | None) -> None:
        self.greeting = f"{token}\n".encode()
        self._holders = 0
        self._on_unneeded = on_unneeded
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> int:
        """Begin to answer on 127.0.0.1; return the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _LeaseHeld(self), "127.0.0.1", 0)
        self._end_after(FIRST_LEASE_SECONDS)
        return self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Give out no more leases."""
        self._server.close()

    def count(self, change: int) -> None:
        """Note that a holder came (1) or went (-1)."""
        self._holders += change
        if self._timer is not None:
            self._timer.cancel()
        if self._holders == 0:
            self._end_after(GRACE_SECONDS)

    def _end_after(self, seconds: float) -> None:
        if self._on_unneeded is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_unneeded)


class _LeaseHeld(asyncio.Protocol):
    """One lease, from its connection to its end."""

    def __init__(self, office: LeaseOffice) -> None:
        self._office = office

    def connection_made(self, transport: asyncio.Transport) -> None:
        transport.write(self._office.greeting)
        self._office.count(1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._office.count(-1)


class Lease:
    """The client's side: a connection held as long as this process lives.

    Parameters
    ----------
    port
        The server's lease port on 127.0.0.1.
    token
        The greeting expected from it.

    Raises
    ------
    ConnectionError
        Nobody answers there, or somebody else does.
    """

    def __init__(self, port: int, token: str) -> None:
        try:
            self._connection = socket.create_connection(("127.0.0.1", port), GREETING_SECONDS)
            greeting = self._connection.makefile("r", encoding="utf-8").readline()
        except (OSError, ValueError) as error:
            raise ConnectionError(f"no lease from port {port}") from error
        if greeting.strip() != token:
            self._connection.close()
            raise ConnectionError(f"port {port} belongs to somebody else")

    def close(self) -> None:
        """Give the lease up."""
        self._connection.close()

    def is_alive(self) -> bool:
        """Whether the server still holds its end of the connection."""
        self._connection.setblocking(False)
        try:
            return self._connection.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False
