"""The line to the cloud: a proxy that leads every connection to one server on this machine."""

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

PIECE = 65_536  # bytes that are handed on at once


class Line:
    """A proxy for HTTPS, with a password, that never asks another machine.

    Parameters
    ----------
    server_port
        Where on 127.0.0.1 everything is answered, encrypted, whatever the name of the host.
    hosts
        Endings of the names that are answered for; all others are refused, and noted.
    password
        What a client must know.
    delay
        Seconds that a message takes there and back.
    bits_per_second
        How much all answers together get through; 0 for no limit.

    Attributes
    ----------
    bytes
        What answers took on the line so far, encrypted.
    strangers
        Hosts that somebody wanted to reach and that nobody here answers for.
    """

    def __init__(
        self,
        server_port: int,
        hosts: Collection[str],
        password: str,
        delay: float = 0.0,
        bits_per_second: float = 0.0,
    ) -> None:
        self.bytes = 0
        self.strangers: set[str] = set()
        self._server_port = server_port
        self._hosts = tuple(hosts)
        self._proof = f"Basic {b64encode(f'course:{password}'.encode()).decode()}"
        self._delay = delay
        self._bytes_per_second = bits_per_second / 8
        self._free_at = 0.0
        self._clients: dict[int, asyncio.StreamWriter] = {}
        self._server: asyncio.Server

    async def open(self) -> int:
        """Begin to listen, and return the port."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop, and end all connections."""
        self._server.close()
        for client in list(self._clients.values()):
            client.transport.abort()

    def cut(self, port: int) -> None:
        """End the connection that comes out of the line at this port, without a word."""
        self._clients[port].transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            refusal = self._refusal(head)
            if refusal is None:
                await self._carry_both_ways(reader, writer)
            else:
                writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()

    def _refusal(self, head: str) -> str | None:
        first, *lines = head.splitlines()
        headers = {
            name.lower(): value.strip() for name, _, value in (s.partition(":") for s in lines)
        }
        if not hmac.compare_digest(headers.get("proxy-authorization", ""), self._proof):
            return "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic"
        method, target = first.split(" ")[:2]
        host = urlsplit(f"//{target}" if method == "CONNECT" else target).hostname or ""
        if method != "CONNECT" or not host.endswith(self._hosts):
            self.strangers.add(host)
            return "502 Bad Gateway"
        return None

    async def _carry_both_ways(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answers, questions = await asyncio.open_connection("127.0.0.1", self._server_port)
        port = questions.get_extra_info("sockname")[1]
        self._clients[port] = writer
        try:
            await asyncio.sleep(2 * self._delay)  # TCP greets once there and back, and so does TLS
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            asked = asyncio.create_task(_carry(reader, questions))
            await self._carry_answers(answers, writer)
            asked.cancel()
        finally:
            del self._clients[port]
            questions.close()

    async def _carry_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(PIECE):
            self.bytes += len(data)
            if self._bytes_per_second:
                now = time.monotonic()
                self._free_at = max(self._free_at, now) + len(data) / self._bytes_per_second
                await asyncio.sleep(self._free_at - now)
            writer.write(data)
            await writer.drain()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
    writer.close()
