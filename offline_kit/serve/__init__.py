"""The course's cloud on this machine: STAC API, scenes by range request, basemap tiles and S3.

Notebooks call `ensure_server`; people at a terminal call `run_server` through
``python -m offline_kit serve``.
"""

import logging
from pathlib import Path

from offline_kit.serve.client import ensure_server
from offline_kit.serve.state import ServerAddresses

__all__ = ["ServerAddresses", "ensure_server", "run_server"]


def run_server(
    kit: Path,
    port: int = 0,
    bucket_folder: Path | None = None,
    lease: bool = False,
    token: str | None = None,
    behind_proxy: bool = False,
) -> None:
    """Answer for the kit on 127.0.0.1 until interrupted; print the addresses as one line of JSON.

    Parameters
    ----------
    kit
        Folder of a complete offline kit (it holds ``manifest.json``).
    port
        Port of the STAC API, the scenes and the tiles; 0 lets the system choose.
    bucket_folder
        Where the content of the S3 bucket and the keys of its addresses are kept; None keeps them
        only while the server runs.
    lease
        Whether to end by itself a few seconds after the last lease holder has gone.
    token
        Secret by which the server and the client that started it recognise each other; by default
        one made at random.
    behind_proxy
        Whether browsers reach the server through the proxy of a hub.

    Raises
    ------
    CourseError
        No kit, a half-built or damaged one, the port is taken, or another server uses
        ``bucket_folder``.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("stac_fastapi").setLevel(logging.CRITICAL)
    from offline_kit.serve.server import serve  # clients need none of what it imports

    serve(kit, port, bucket_folder, lease, token, behind_proxy)
