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
        self.holders = 0
        self._token = token
        self._on_unneeded = on_unneeded
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> int:
        """Begin to answer; return the port."""
        server = await asyncio.start_server(self._hold, host="127.0.0.1", port=0)
        self._server = server
        self._end_after(FIRST_LEASE_SECONDS)
        return server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Give out no more leases."""
        self._server.close()

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.holders += 1
        if self._timer is not None:
            self._timer.cancel()
        try:
            writer.write(f"{self._token}\n".encode())
            while await reader.read(1024):
                pass
        except ConnectionError:
            pass  # the holder was killed: gone is gone
        finally:
            writer.close()
            self.holders -= 1
            if self.holders == 0:
                self._end_after(GRACE_SECONDS)

    def _end_after(self, seconds: float) -> None:
        if self._on_unneeded is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_unneeded)


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
