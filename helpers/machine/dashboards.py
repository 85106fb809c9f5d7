"""Dashboards of Dask answer below a path that nobody can guess.

Dask's web servers ask nobody who they are: any user of the machine, and a page of any site in the
learner's browser, could read tasks, logs and code there. Dask loads this module into each
scheduler and worker (``distributed.scheduler.preload``, which `helpers.machine.browser` sets).
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from distributed import Scheduler, Worker
from tornado import web
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.routing import Router

# The key of this process. Workers are processes of their own; nobody opens their dashboards.
KEY = secrets.token_urlsafe(16)


class Keyed(Router):
    """Hand requests on to an application without the key; answer 403 to those that lack it."""

    def __init__(self, application: web.Application, key: str) -> None:
        self.application = application
        self.key = key.encode()
        self.closed = web.Application([(r".*", web.ErrorHandler, {"status_code": 403})])

    def find_handler(
        self,
        request: HTTPServerRequest,
        **kwargs: Any,
    ) -> HTTPMessageDelegate | None:
        """Return what answers a request."""
        given, slash, rest = request.path.removeprefix("/").partition("/")
        if not (slash and hmac.compare_digest(given.encode(), self.key)):
            return self.closed.find_handler(request, **kwargs)
        request.path = f"/{rest}"
        request.uri = request.path + (f"?{request.query}" if request.query else "")
        return self.application.find_handler(request, **kwargs)


def dask_setup(server: Scheduler | Worker) -> None:
    """Close the web server of a scheduler or worker to all who lack the key; Dask calls this."""
    server.http_server.request_callback = Keyed(server.http_application, KEY)
