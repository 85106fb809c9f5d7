"""What a notebook does to get its server: find the one that runs, or start it."""

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock

from offline_kit.errors import CourseError
from offline_kit.manifest import check_kit
from offline_kit.serve.lease import Lease
from offline_kit.serve.state import BucketFolder, ServerAddresses, ServerState
from offline_kit.surroundings import forget_other_programs, stay_on_this_machine

START_SECONDS = 60.0

# Held until this process ends; the operating system closes the connections then.
_leases: dict[str, Lease] = {}
_children: list[subprocess.Popen] = []


def ensure_server(kit: Path, bucket_folder: Path, behind_proxy: bool = False) -> ServerAddresses:
    """Find the server of a kit, or start it, and keep it running as long as this process lives.

    All processes that name the same ``bucket_folder`` share one server. It is detached from the
    process that starts it, and ends a few seconds after the last process that called this function
    has ended. Calling again is quick, and starts the server again if it has died (on the same
    ports where they are still free).

    Parameters
    ----------
    kit
        Folder of a complete offline kit.
    bucket_folder
        Where the content of the S3 bucket is kept, the server's log and its keys; made if missing,
        and closed to other users.
    behind_proxy
        Whether browsers reach a server that is started now through the proxy of a hub.

    Returns
    -------
    ServerAddresses
        Where the server answers.

    Raises
    ------
    CourseError
        There is no kit, it is half-built or damaged, ``bucket_folder`` is in use for another kit,
        or the server did not start.
    """
    kit = Path(kit).resolve()
    folder = BucketFolder(Path(bucket_folder).resolve())
    check_kit(kit, sums=False)
    forget_other_programs()
    stay_on_this_machine()
    folder.make()
    with FileLock(folder.start_lock):
        state = folder.read_state()
        if state is None or not _hold_lease(state):
            state = _start(kit, folder, behind_proxy)
    if Path(state.kit) != kit:
        raise CourseError(
            f"The bucket folder {folder.path} is in use by the server of another kit, {state.kit}; "
            "name another bucket folder, or close the notebooks that use that kit."
        )
    return state.addresses


def _hold_lease(state: ServerState) -> bool:
    """Hold a lease from the server of this state; False if it no longer runs."""
    held = _leases.get(state.token)
    if held is not None and held.is_alive():
        return True
    _leases.pop(state.token, None)
    try:
        _leases[state.token] = Lease(state.lease_port, state.token)
    except ConnectionError:
        return False
    return True


def _release_leases() -> None:
    for lease in _leases.values():
        lease.close()
    _leases.clear()


if hasattr(os, "register_at_fork"):
    # A forked worker that outlives this process must not keep the server alive.
    os.register_at_fork(after_in_child=_release_leases)


def _start(kit: Path, folder: BucketFolder, behind_proxy: bool) -> ServerState:
    token = secrets.token_hex(32)
    command = [sys.executable, "-m", "offline_kit.serve", str(kit)]
    command += ["--bucket-folder", str(folder.path)]
    command += ["--behind-proxy"] if behind_proxy else []
    with folder.log.open("wb") as log:
        child = subprocess.Popen(
            command,
            cwd=folder.path,  # a random.py beside a notebook must not be imported by the server
            stdin=subprocess.PIPE,
            text=True,
            stdout=log,
            stderr=log,
            **detached(),
        )
        with child.stdin:
            child.stdin.write(f"{token}\n")
    _children[:] = [other for other in _children if other.poll() is None] + [child]
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        state = folder.read_state()
        if state is not None and state.token == token and _hold_lease(state):
            return state
        if child.poll() is not None:
            raise CourseError(_why_it_failed(folder.log))
        time.sleep(0.02)
    child.terminate()
    raise CourseError(
        f"The offline kit's server did not start within {START_SECONDS:.0f} s; its log is "
        f"{folder.log}."
    )


def detached() -> dict[str, int | bool]:
    """Keep Interrupt Kernel, which signals a whole process group, away from the server."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
        return {"creationflags": flags}
    return {"start_new_session": True}


def _why_it_failed(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    reason = lines[-1].strip() if lines else "it said nothing"
    if reason.startswith("CourseError: "):
        return reason.removeprefix("CourseError: ")
    return f"The offline kit's server failed to start ({reason}); its log is {log}."
