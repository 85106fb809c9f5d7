"""Leases: how the server knows that somebody still needs it.

A lease is an open TCP connection. The operating system closes it when its holder ends in any way,
so that no holder can forget to say goodbye, not even one that was killed. Before it counts, both
sides prove that they know the server's token, which only its owner can read, without sending it.
"""

import asyncio
import hmac
import secrets
import socket
from collections.abc import Callable

FIRST_LEASE_SECONDS = 30.0
GRACE_SECONDS = 4.0
GREETING_SECONDS = 5.0
LONGEST_LINE = 200  # bytes


def proof_of(token: str, side: str, challenges: str) -> str:
    """Return what only somebody who knows the token can say in answer to both challenges.

    Parameters
    ----------
    token
        The secret that both sides know.
    side
        ``"server"`` or ``"client"``, so that an answer cannot be sent back as one's own.
    challenges
        The random words of both sides.
    """
    return hmac.new(token.encode(), f"{side} {challenges}".encode(), "sha256").hexdigest()


class LeaseOffice:
    """The server's side: lets in those who know the token, and counts them.

    Once nobody has held a lease for a while it closes, and only then tells. So nobody is given a
    lease by a server that has begun to end because nobody needs it.

    Parameters
    ----------
    token
        Secret of this server.
    on_unneeded
        Called then; None keeps the office open without holders.

    Attributes
    ----------
    holders
        The connections of those that hold a lease.
    """

    def __init__(self, token: str, on_unneeded: Callable[[], None] | None) -> None:
        self.token = token
        self._on_unneeded = on_unneeded
        self.holders: set[asyncio.Transport] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def open(self) -> int:
        """Begin to answer on 127.0.0.1; return the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Visitor(self), "127.0.0.1", 0)
        self._close_after(FIRST_LEASE_SECONDS)
        return self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Give out no more leases, and end those that are held."""
        self._closed = True
        self._server.close()
        self._stop_timer()
        for holder in self.holders:
            holder.abort()

    def add_holder(self, holder: asyncio.Transport, greeting: bytes) -> None:
        """Give a lease; one that asked just before the office closed is turned away."""
        if self._closed:
            holder.abort()
            return
        self._stop_timer()
        self.holders.add(holder)
        holder.write(greeting)

    def remove_holder(self, holder: asyncio.Transport) -> None:
        """Note that a holder's connection has ended."""
        if holder not in self.holders:
            return
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


class _Visitor(asyncio.Protocol):
    """One connection to the office: a stranger until it has proved that it knows the token."""

    def __init__(self, office: LeaseOffice) -> None:
        self._office = office
        self._said = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._challenge = secrets.token_hex(32)
        self._patience = asyncio.get_running_loop().call_later(GREETING_SECONDS, transport.abort)
        transport.write(f"{self._challenge}\n".encode())

    def data_received(self, data: bytes) -> None:
        if self._transport in self._office.holders:
            return
        self._said += data
        if len(self._said) > LONGEST_LINE:
            self._transport.abort()
        elif self._said.endswith(b"\n"):
            self._answer(self._said.decode("ascii", errors="replace").split())

    def _answer(self, said: list[str]) -> None:
        token, challenges = self._office.token, f"{self._challenge} {said[0] if said else ''}"
        expected = proof_of(token, "client", challenges)
        if len(said) != 2 or not hmac.compare_digest(said[1].encode(), expected.encode()):
            self._transport.abort()
            return
        self._patience.cancel()
        greeting = f"{proof_of(token, 'server', challenges)}\n".encode()
        self._office.add_holder(self._transport, greeting)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        self._office.remove_holder(self._transport)


class Lease:
    """The client's side: a connection held as long as this process lives.

    Parameters
    ----------
    port
        The server's lease port on 127.0.0.1.
    token
        The server's secret.

    Raises
    ------
    ConnectionError
        Nobody answers there, or somebody who does not know the token.
    """

    def __init__(self, port: int, token: str) -> None:
        try:
            self._connection = socket.create_connection(("127.0.0.1", port), GREETING_SECONDS)
        except OSError as error:
            raise ConnectionError(f"nobody answers on port {port}") from error
        try:
            self._prove(token)
        except (OSError, ValueError) as error:
            self._connection.close()
            raise ConnectionError(f"port {port} belongs to somebody else") from error

    def _prove(self, token: str) -> None:
        with self._connection.makefile("r", encoding="ascii", newline="\n") as answers:
            mine = secrets.token_hex(32)
            challenges = f"{answers.readline(LONGEST_LINE).strip()} {mine}"
            proof = proof_of(token, "client", challenges)
            self._connection.sendall(f"{mine} {proof}\n".encode())
            answer = answers.readline(LONGEST_LINE).strip()
        if not hmac.compare_digest(answer, proof_of(token, "server", challenges)):
            raise ValueError("a wrong proof")

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
