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

    Once nobody has held a lease for a while it closes, and only then tells. So nobody is greeted
    by a server that has begun to end for want of holders.

    Parameters
    ----------
    token
        Name of this server.
    on_unneeded
        Called then; None keeps the office open without holders.

    Attributes
    ----------
    holders
        The connections of those that hold a lease.
    """

    def __init__(self, token: str, on_unneeded: Callable[[], None] | None) -> None:
        self._greeting = f"{token}\n".encode()
        self._on_unneeded = on_unneeded
        self.holders: set[asyncio.Transport] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def open(self) -> int:
        """Begin to answer on 127.0.0.1; return the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _LeaseHeld(self), "127.0.0.1", 0)
        self._close_after(FIRST_LEASE_SECONDS)
        return self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Give out no more leases, and end those that are held."""
        self._closed = True
        self._server.close()
        self._stop_timer()
        for holder in self.holders:
            holder.abort()

    def come(self, holder: asyncio.Transport) -> None:
        """Greet a holder; one that connected just before the office closed is turned away."""
        if self._closed:
            holder.abort()
            return
        self._stop_timer()
        self.holders.add(holder)
        holder.write(self._greeting)

    def go(self, holder: asyncio.Transport) -> None:
        """Note that a holder's connection has ended."""
        self.holders.discard(holder)
        if not self.holders and not self._closed:
            self._stop_timer()
            self._close_after(GRACE_SECONDS)

    def _close_after(self, seconds: float) -> None:
        if self._on_unneeded is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._unneeded)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _unneeded(self) -> None:
        self.close()
        self._on_unneeded()


class _LeaseHeld(asyncio.Protocol):
    """One lease, from its connection to its end."""

    def __init__(self, office: LeaseOffice) -> None:
        self._office = office

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._office.come(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._office.go(self._transport)


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
