"""The way from the learner's browser to a server beside the notebook, on a hub and without one."""

import json
import os
from copy import deepcopy

import dask
import pytest
from distributed.utils import format_dashboard_link

from helpers import CourseError
from helpers.machine.browser import configure_dask, public_url
from helpers.machine.dashboards import KEY

TILES, DASHBOARD = "http://127.0.0.1:8123", f"http://127.0.0.1:8787/{KEY}/status"


@pytest.fixture(autouse=True)
def no_jupyter(monkeypatch, tmp_path):
    """No hub and no Jupyter server above this process; Dask's settings put back afterwards."""
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    with dask.config.set(deepcopy(dask.config.config)):  # put back afterwards
        yield


def ways() -> tuple[str, str]:
    configure_dask()
    return public_url(TILES), format_dashboard_link("127.0.0.1", 8787)


def test_without_jupyter_the_way_is_straight():
    assert ways() == (TILES, DASHBOARD)


def test_behind_a_hub_it_goes_through_the_proxy(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/jane/")
    assert ways() == ("/user/jane/proxy/8123", f"/user/jane/proxy/8787/{KEY}/status")


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("/", (TILES, DASHBOARD)),
        ("/lab/jupyter/", ("/lab/jupyter/proxy/8123", f"/lab/jupyter/proxy/8787/{KEY}/status")),
        ("/lab/jupyter", ("/lab/jupyter/proxy/8123", f"/lab/jupyter/proxy/8787/{KEY}/status")),
    ],
)
def test_it_goes_where_jupyter_answers(tmp_path, base_url, expected):
    server = {"base_url": base_url, "pid": os.getppid()}
    (tmp_path / f"jpserver-{os.getppid()}.json").write_text(json.dumps(server))
    assert ways() == expected


def test_a_runtime_folder_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    with pytest.raises(CourseError, match=r"file/runtime/dask.*set JUPYTER_RUNTIME_DIR"):
        configure_dask()
