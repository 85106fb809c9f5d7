"""Keeps the kit's server running for somebody who holds no lease, such as JupyterLab itself.

``python -m offline_kit.serve.hold`` is the process that holds one; `keep_running` starts it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from offline_kit.errors import CourseError
from offline_kit.serve.client import detached, ensure_server


def keep_running(kit: Path, bucket_folder: Path, behind_proxy: bool) -> subprocess.Popen:
    """Start a process that finds or starts the server, and holds it until this process ends.

    This process's own environment stays as it is; see `offline_kit.serve.ensure_server`.
    """
    command = [sys.executable, "-m", "offline_kit.serve.hold", str(kit)]
    command += ["--bucket-folder", str(bucket_folder)]
    command += ["--behind-proxy"] if behind_proxy else []
    return subprocess.Popen(command, stdin=subprocess.PIPE, **detached())


def main() -> int:
    """Hold a lease until standard input ends, as it does when whoever started this has ended."""
    parser = argparse.ArgumentParser(prog="python -m offline_kit.serve.hold")
    parser.add_argument("kit", type=Path)
    parser.add_argument("--bucket-folder", type=Path, required=True)
    parser.add_argument("--behind-proxy", action="store_true")
    options = parser.parse_args()
    try:
        ensure_server(options.kit, options.bucket_folder, options.behind_proxy)
    except CourseError as reason:  # the first lesson says it again
        print(f"The offline kit's server is not kept running: {reason}", file=sys.stderr)
        return 1
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
