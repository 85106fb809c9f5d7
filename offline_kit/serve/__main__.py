"""What `ensure_server` starts; people use ``python -m offline_kit serve``."""

import argparse
import sys
from pathlib import Path

from offline_kit.errors import CourseError
from offline_kit.serve import run_server

parser = argparse.ArgumentParser(prog="python -m offline_kit.serve", description=__doc__)
parser.add_argument("kit", type=Path)
parser.add_argument("--bucket-folder", type=Path, required=True)
parser.add_argument("--behind-proxy", action="store_true")
arguments = parser.parse_args()
try:
    run_server(
        arguments.kit,
        bucket_folder=arguments.bucket_folder,
        lease=True,
        token=sys.stdin.readline().strip(),  # an argument would be read by everybody
        behind_proxy=arguments.behind_proxy,
    )
except CourseError as error:
    sys.exit(f"CourseError: {error}")
