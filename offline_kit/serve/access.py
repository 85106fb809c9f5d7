"""Who may ask the server: the learner's programs and pages, nobody else.

Attackers are a page of another site in the learner's browser, also under a name that it has led
to this machine (DNS rebinding), and another user of this machine. None of them knows the key in the
path. Besides, browsers say where a request comes from, and what does not come from here is refused.
"""

import hmac
import re
from http import HTTPStatus

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1_000_000  # bytes: an outline of about 40,000 points
LOCAL_HOSTS = ("127.0.0.1", "localhost")
# Pages of JupyterLab on this machine, and notebooks in VS Code.
OUR_PAGES = r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?|vscode-(webview|file)://[\w.-]+"

# Nothing that is served here may run as a page, wherever a proxy shows it.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address holds the key
}


class LearnersOnly:
    """Lets requests through that know the key and come from this machine.

    Parameters
    ----------
    app
        The application that answers them; it sees the key as its root path.
    key
        First part of the path of every address.
    behind_proxy
        Whether browsers reach the server through Jupyter's proxy, which hands on the name of a
        hub in ``Host``. On a hub the browser is on another machine, and a name cannot be led
        here.
    """

    def __init__(self, app: ASGIApp, key: str, behind_proxy: bool) -> None:
        self._app = app
        self._root = f"/{key}"
        self._behind_proxy = behind_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            raise NotImplementedError(f"no {scope['type']} is served here")

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(scope["path"], headers)
        if refusal is not None:
            status, reason = refusal
            if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                await _drain(receive)
            answer = {"code": status.phrase.replace(" ", ""), "description": reason}
            await JSONResponse(answer, status)(scope, receive, send_safely)
            return
        scope = scope | {"root_path": self._root}
        await self._app(scope, _limited(receive), send_safely)

    def _refusal(self, path: str, headers: Headers) -> tuple[HTTPStatus, str] | None:
        host = headers.get("host", "").rsplit(":", 1)[0]
        if host not in LOCAL_HOSTS and not self._behind_proxy:
            return HTTPStatus.FORBIDDEN, "Host: this server answers on 127.0.0.1 only"
        origin = headers.get("origin")
        if origin is not None and not re.fullmatch(OUR_PAGES, origin):
            return HTTPStatus.FORBIDDEN, "Origin: pages of other sites are not answered"
        if origin is None and headers.get("sec-fetch-site") == "cross-site":
            return HTTPStatus.FORBIDDEN, "Sec-Fetch-Site: pages of other sites are not answered"
        first = path[: len(self._root)].encode()
        if not hmac.compare_digest(first, self._root.encode()) or path[len(first) :][:1] != "/":
            return HTTPStatus.NOT_FOUND, "there is nothing at this address"
        size = headers.get("content-length", "0")
        if not size.isdecimal() or int(size) > LARGEST_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE
        return None


_TOO_LARGE = (
    f"the request is larger than {LARGEST_BODY:,} bytes; simplify the geometry, or ask for its "
    "bounding box"
)


def _limited(receive: Receive) -> Receive:
    """Return a way to receive a request that ends one without a length that grows too large."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > LARGEST_BODY:
            if message.get("more_body"):
                await _drain(receive)
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        return message

    return receive_limited


async def _drain(receive: Receive) -> None:
    """Receive a body to its end and forget it: clients read no answer before they have sent all."""
    while (await receive()).get("more_body"):
        pass
