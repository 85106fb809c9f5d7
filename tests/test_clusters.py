"""Clusters of the lessons serve the learner only: neither other users, nor pages of any site."""

from __future__ import annotations

import ast
import json
import os
import re
import stat
from copy import deepcopy
from pathlib import Path
from urllib.parse import urlsplit

import dask
import httpx
import psutil
import pytest
from distributed import Client
from distributed.comm import CommClosedError
from lesson_parts import LESSONS, PROJECT, read_lesson
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

from helpers.machine import dashboards
from helpers.machine.browser import configure_dask

FOREIGN = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}


def starts_of_clusters(code: str) -> list[ast.Call]:
    """Return the calls that start a cluster: any LocalCluster, and a Client without an address."""
    return [
        call
        for call in ast.walk(ast.parse(code))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and (call.func.id == "LocalCluster" or (call.func.id == "Client" and not call.args))
    ]


def code_that_learners_see() -> dict[str, str]:
    """Return the code of all lessons, and of what lessons, mistakes and docs show, by its place."""
    found = {}
    for lesson in LESSONS:
        cells = read_lesson(lesson).cells
        found[lesson] = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        found |= {f"{lesson}, text: {code}": code for code in shown(text)}
    for path in [*PROJECT.glob("docs/**/*.md"), PROJECT / "README.md"]:
        found |= {f"{path.name}: {code}": code for code in shown(path.read_text())}
    for path in PROJECT.glob("tests/mistakes/*.py"):
        found[path.name] = path.read_text()
    return found


def shown(text: str) -> list[str]:
    """Return the pieces of a text that are set as code and start a cluster."""
    return re.findall(r"(?:\w+ = )?(?:LocalCluster|Client)\(\w+=[^`]*?\)(?=[`\n])", text)


@pytest.mark.parametrize(("place", "code"), code_that_learners_see().items())
def test_every_cluster_that_learners_see_is_closed_to_others(place, code):
    for call in starts_of_clusters(code):
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("security") == "True", f"{place}: anybody may run code on this cluster"
        assert given.get("dashboard_address") == "'127.0.0.1:0'", f"{place}: seen from elsewhere"


def test_the_clusters_of_the_lessons_are_found():
    """So that the test above looks at something."""
    places = [place for place, code in code_that_learners_see().items() if starts_of_clusters(code)]
    assert any(place.startswith("cheat_sheet") for place in places)
    assert {"08_parallel_with_dask", "09_map_the_study_area"} <= set(places)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The client of lesson 08, by the lesson's own line."""
    code = code_that_learners_see()["08_parallel_with_dask"]
    (start,) = starts_of_clusters(code)
    with (
        pytest.MonkeyPatch.context() as patch,
        dask.config.set(deepcopy(dask.config.config)),  # put back afterwards
    ):
        patch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        configure_dask()
        client = eval(ast.unparse(start), {"Client": Client})
        yield client
        client.close()
        client.cluster.close()


def ports(client: Client) -> list[int]:
    """Return the ports at which scheduler, nannies and workers take orders."""
    workers = client.scheduler_info()["workers"]
    addresses = [client.scheduler.address, *workers]
    addresses += [worker["nanny"] for worker in workers.values()]
    return [urlsplit(address).port for address in addresses]


@pytest.fixture(scope="module")
def dashboard(client) -> str:
    """The address of the dashboard, with its key."""
    return client.dashboard_link.removesuffix("/status")


@pytest.fixture(scope="module")
def door(dashboard) -> str:
    """The address of the dashboard as one finds it who looks through all ports."""
    return f"http://{urlsplit(dashboard).netloc}"


def test_it_can_be_reached_from_this_computer_only(client):
    processes = [os.getpid(), *client.run(os.getpid).values()]
    listening = [
        connection.laddr
        for process in processes
        for connection in psutil.Process(process).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert {*ports(client)} <= {address.port for address in listening}


def test_nobody_without_its_certificates_is_let_in(client):
    assert len(ports(client)) == 1 + 2 + 2
    for port in ports(client):
        with pytest.raises(CommClosedError):
            Client(f"tcp://127.0.0.1:{port}")
        with pytest.raises(CommClosedError, match="certificate"):
            Client(f"tls://127.0.0.1:{port}", security=True)  # with certificates of its own
    assert client.submit(sum, [1, 2]).result(30) == 3


PAGES = ["/status", "/individual-plots.json", "/individual-task-stream", "/json/counts.json"]
PAGES += ["/info/main/workers.html", "/info/main/logs.html", "/static/js/bokeh.min.js"]


@pytest.mark.parametrize("page", PAGES)
def test_the_dashboard_answers_those_who_have_its_address(dashboard, door, page):
    assert httpx.get(dashboard + page).status_code == 200
    for address in (door, f"{door}/{dashboards.KEY[:-1]}", f"{door}/{dashboards.KEY}x"):
        assert httpx.get(address + page).status_code == 403


@pytest.mark.parametrize("way", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("page", ["/", "/status", "/api/v1/retire_workers", "/sitemap.json"])
def test_a_page_of_another_site_gets_nothing(client, door, way, page):
    for headers in (FOREIGN, {"Host": "rebound.example"}):
        answer = httpx.request(way, door + page, headers=headers)
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert len(client.scheduler_info()["workers"]) == 2


def opened(address: str, page: str) -> int:
    """Open a WebSocket as a page of another site and return the status of the answer."""

    async def open_it() -> int:
        url = f"{address.replace('http', 'ws', 1)}{page}"
        try:
            connection = await websocket_connect(HTTPRequest(url, headers=FOREIGN))
        except HTTPClientError as error:
            return error.code
        connection.close()
        return 101

    return IOLoop(make_current=False).run_sync(open_it, timeout=10)


@pytest.mark.parametrize("page", ["/status/ws", "/eventstream"])
def test_a_page_of_another_site_opens_no_websocket(door, page):
    assert opened(door, page) == 403


def test_the_servers_of_workers_answer_nobody(client):
    servers = client.run(lambda dask_worker: dask_worker.services["dashboard"].port)
    assert len(servers) == 2
    for port in servers.values():
        for page in ("/", "/health", "/metrics", "/sitemap.json"):
            assert httpx.get(f"http://127.0.0.1:{port}{page}").status_code == 403


def test_what_workers_put_on_the_disk_lies_in_a_folder_of_the_learner(client):
    """In a folder that others may write to, they could put what the worker then reads and runs."""
    scratch = Path(dask.config.get("temporary-directory"))
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    folders = client.run(lambda dask_worker: dask_worker.local_directory)
    assert len(folders) == 2
    assert all(Path(folder).is_relative_to(scratch) for folder in folders.values())


def test_jupyterlab_offers_no_cluster_that_is_open_to_others():
    """Its panel would start one in Jupyter's own process, without certificates, for any address."""
    settings = json.loads((PROJECT / "binder" / "lab_settings" / "overrides.json").read_text())
    assert settings["dask-labextension:plugin"]["hideClusterManager"] is True
