"""How the learner's browser reaches a server that runs beside the notebook."""

import json
import os
from pathlib import Path

import dask
import psutil
from jupyter_core.paths import jupyter_runtime_dir

from helpers.errors import CourseError
from helpers.machine import dashboards


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


def configure_dask() -> None:
    """Set up Dask for clusters that are started later, so that they serve this learner only.

    Dashboards answer below a secret path, to which links and the Dask panel of JupyterLab lead,
    on a hub through Jupyter. What workers put on the disk goes to a folder of this user's own,
    beside the files by which Jupyter reaches its kernels: Dask's default, one folder of a known
    name for all users of the machine, may be somebody else's, and what is read back from it runs.

    Raises
    ------
    CourseError
        If that folder cannot be made.
    """
    scratch = Path(jupyter_runtime_dir()) / "dask"
    try:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"The folder {scratch}, for what Dask puts on the disk, cannot be made "
            f"({error.strerror}): set JUPYTER_RUNTIME_DIR to a folder that you may write to."
        ) from None
    base_url = _base_url()
    way = "{scheme}://{host}:{port}" if base_url == "/" else f"{base_url}proxy/{{port}}"
    dask.config.set(
        {
            "distributed.scheduler.preload": [dashboards.__name__],
            "distributed.worker.preload": [dashboards.__name__],
            "distributed.dashboard.link": f"{way}/{dashboards.KEY}/status",
            "temporary-directory": str(scratch),
        }
    )


def _base_url() -> str:
    """Return the base URL of the Jupyter server that started this process, or ``/``."""
    base_url = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
    for process in [] if base_url else psutil.Process().parents():
        server = Path(jupyter_runtime_dir()) / f"jpserver-{process.pid}.json"
        if server.is_file():
            base_url = json.loads(server.read_text(encoding="utf-8"))["base_url"]
            break
    return f"{(base_url or '').rstrip('/')}/"
