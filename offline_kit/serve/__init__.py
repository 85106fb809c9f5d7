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
) -> None:
    """Answer for the kit on 127.0.0.1 until interrupted; print the addresses as one line of JSON.

    Parameters
    ----------
    kit
        Folder of a complete offline kit (it holds ``manifest.json``).
    port
        Port of the STAC API, the scenes and the tiles; 0 lets the system choose.
    bucket_folder
        Where the content of the S3 bucket is kept; None keeps it only while the server runs.
    lease
        Whether to end by itself a few seconds after the last lease holder has gone.
    token
        Name of this server, by which the client that started it recognises it.

    Raises
    ------
    KitError
        No kit, a half-built or damaged one, the port is taken, or another server uses
        ``bucket_folder``.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    for chatty in ("werkzeug", "stac_fastapi"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    from offline_kit.serve.server import serve  # the web stack takes seconds to import

    serve(kit, port=port, bucket_folder=bucket_folder, lease=lease, token=token)
