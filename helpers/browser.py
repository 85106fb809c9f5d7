"""How the learner's browser reaches a server that runs beside the notebook."""

import json
import os
from pathlib import Path

import dask
import psutil
from jupyter_core.paths import jupyter_runtime_dir


def public_url(http_url: str) -> str:
    """Return a server's address as the learner's browser reaches it.

    Where Jupyter answers below a base URL (Binder, Studio Lab) the browser is on another machine:
    there the way leads through jupyter-server-proxy.
    """
    if not is_behind_proxy():
        return http_url
    return f"{_base_url()}proxy/{http_url.rsplit(':', 1)[1]}"


def is_behind_proxy() -> bool:
    """Whether the learner's browser reaches servers on this machine through Jupyter only."""
    return _base_url() != "/"


def lead_to_dashboards() -> None:
    """Let the links to dashboards of Dask, and the Dask panel of JupyterLab, take the same way."""
    base_url = _base_url()
    if base_url != "/":
        dask.config.set({"distributed.dashboard.link": base_url + "proxy/{port}/status"})


def _base_url() -> str:
    """Return the base URL of the Jupyter server that started this process, or ``/``."""
    base_url = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
    for process in [] if base_url else psutil.Process().parents():
        server = Path(jupyter_runtime_dir()) / f"jpserver-{process.pid}.json"
        if server.is_file():
            base_url = json.loads(server.read_text(encoding="utf-8"))["base_url"]
            break
    return f"{(base_url or '').rstrip('/')}/"
