"""Command line: ``python -m offline_kit build | verify | serve``."""

import argparse
import sys
from pathlib import Path

from offline_kit.errors import CourseError
from offline_kit.paths import kit_folder
from offline_kit.surroundings import forget_other_programs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m offline_kit", description=__doc__)
    where = f"folder of the kit (default: {kit_folder()})".replace("%", "%%")
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="simulate the scenes and write the kit")
    build.add_argument("--size", default="course", help="course (default), study or tile")
    build.add_argument("--out", type=Path, default=kit_folder(), help=where)
    build.add_argument("--seed", type=int, default=None, help="chooses the landscape")
    build.add_argument("--scene", metavar="ITEM_ID", help="rebuild this scene only")
    build.add_argument(
        "--replace",
        action="store_true",
        help="replace another kit in the folder, or one whose manifest cannot be read",
    )
    verify = commands.add_parser("verify", help="compare a kit with its manifest")
    verify.add_argument("kit", nargs="?", type=Path, default=kit_folder(), help=where)
    serve = commands.add_parser("serve", help="answer for a kit on this machine")
    serve.add_argument("kit", nargs="?", type=Path, default=kit_folder(), help=where)
    serve.add_argument("--port", type=int, default=0, help="0: a free one")
    serve.add_argument("--bucket-folder", type=Path, help="where the bucket's content is kept")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit status."""
    given = _parser().parse_args(arguments)
    forget_other_programs()
    try:
        if given.command == "build":
            from offline_kit.build import SEED, build_kit

            seed = SEED if given.seed is None else given.seed
            kit = build_kit(given.size, given.out, seed, given.scene, given.replace)
            print(f"The kit in {kit} is complete.")
        elif given.command == "verify":
            from offline_kit.manifest import check_kit

            count = len(check_kit(given.kit, sums=True)["files"])
            print(f"The kit in {given.kit} is whole: {count} files agree with its manifest.")
        else:
            from offline_kit.serve import run_server

            run_server(given.kit, given.port, given.bucket_folder)
    except CourseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
