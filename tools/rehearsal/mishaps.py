"""What goes wrong on the way to a real cloud, now and then."""

import asyncio
from collections import Counter
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OF_ANY = ("429", "502", "cut")
OF_PLAIN = ("redirect", "half", *OF_ANY)  # a signature, or a question, would not hold elsewhere

# Bytes. Of a smaller answer, with which GDAL opens a file, it keeps what has come, and cannot read
# that file until its process ends (GDAL 3.12.2; docs/errors.md).
LEAST_TO_HALVE = 40_000


class Mishaps:
    """Delays every request to an application, counts it, and lets some fail.

    Of the requests to one host numbers 0, 2, 5, 9, 14 and so on fail, one kind of failure after
    the other: each kind happens early, and none often.

    Parameters
    ----------
    app
        What answers.
    cut
        Ends the connection that comes from a port.
    delay
        Seconds that a message takes there and back.
    wanted
        Whether anything fails at all.

    Attributes
    ----------
    requests
        Number of requests since `forget`, by host.
    injected
        Number of failures since `forget`, by kind.
    """

    def __init__(
        self, app: ASGIApp, cut: Callable[[int], None], delay: float, wanted: bool
    ) -> None:
        self._app = app
        self._cut = cut
        self._delay = delay
        self._wanted = wanted
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.requests: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or fail."""
        headers = Headers(scope=scope)
        plain = scope["method"] == "GET" and not scope["query_string"]
        kind = self._kind(headers["host"], plain and "authorization" not in headers)
        await asyncio.sleep(self._delay)
        match kind:
            case "429":
                await Response("slow down", 429, {"Retry-After": "1"})(scope, receive, send)
            case "502":
                await Response("<html>Bad Gateway</html>", 502)(scope, receive, send)
            case "redirect":
                await RedirectResponse(f"{scope['path']}?moved=1", 307)(scope, receive, send)
            case "cut":
                self._cut(scope["client"][1])
            case "half":
                await self._app(scope, receive, self._cut_in_the_middle(scope, send))
            case _:
                await self._app(scope, receive, send)

    def _kind(self, host: str, plain: bool) -> str | None:
        """Return how the next request to a host fails; None if it does not."""
        number, failures = self.requests[host], self._failures[host]
        self.requests[host] += 1
        if not self._wanted or number < failures * (failures + 3) // 2:
            return None
        self._failures[host] += 1
        kinds = OF_PLAIN if plain else OF_ANY
        kind = kinds[failures % len(kinds)]
        if kind != "half":  # which is counted when it happens
            self.injected[kind] += 1
        return kind

    def _cut_in_the_middle(self, scope: Scope, send: Send) -> Send:
        async def send_half(message: Message) -> None:
            content = message.get("body", b"")
            if len(content) < LEAST_TO_HALVE:
                await send(message)
                return
            self.injected["half"] += 1
            await send(message | {"body": content[: len(content) // 2], "more_body": True})
            await asyncio.sleep(0.05)  # until it has left
            self._cut(scope["client"][1])

        return send_half
