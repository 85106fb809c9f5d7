"""One folder with all that a laptop without a network needs: made here, installed from there.

``make wheelhouse`` packs it (``python -m tools.wheelhouse pack``): the wheels of
requirements.lock for this platform, uv among them, the built kit, the course itself, and a page
that says what to do. ``make lab WHEELHOUSE=folder`` installs from it. Only the standard library is
needed, and any Python from 3.9 on, because this also runs before anything is installed.

What runs is checked before it runs: each wheel against its hash in this course's own
requirements.lock. The kit is data; its sums lie beside it, so they show a damaged copy, not one
that somebody has made to deceive.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from helpers.errors import CourseError
from helpers.paths import PROJECT, kit_folder
from offline_kit.folder import OF_MACOS, check_makes_way
from offline_kit.manifest import check_kit

LOCK = PROJECT / "requirements.lock"
KIT = kit_folder()
CONTENTS = "wheelhouse.json"
HALF_PACKED = b"{}"  # its content until all is there: nothing is installed from such a folder
PACKED = ("wheels", "offline_kit", "course.zip", "START_HERE.txt")

START_HERE = """\
Pines from space, without a network
===================================

These wheels are for {platform} and Python {python}, which must be installed first: see whether
`python{python} --version` (Windows: `py -{python} --version`) answers. If not, and there is no
network, use the installer from python.org that should be next to this folder.

1. Unpack course.zip into your home folder and open a terminal in the folder that it makes.
2. Type, with the path of this folder in place of WHEELHOUSE:

       make lab WHEELHOUSE=WHEELHOUSE

Without make (on Windows, for example; `source .venv/bin/activate` elsewhere):

       py -{python} -m venv .venv
       .venv\\Scripts\\activate
       pip install --no-index --find-links WHEELHOUSE/wheels --require-hashes -r requirements.lock
       pip install --no-index --no-deps --no-build-isolation --editable .
       python -m tools.wheelhouse kit WHEELHOUSE
       jupyter lab --config=binder/jupyter_server_config.py

Something is wrong? `python -m helpers.doctor`, in the same environment, says what and how to fix
it.
"""


def pack(out: Path) -> None:
    """Pack wheels, kit and course into a folder.

    Whatever was packed there before is replaced; nothing else in the folder is touched.

    Parameters
    ----------
    out : Path
        The folder; made if it is not there.

    Raises
    ------
    CourseError
        If the kit is not whole, if a wheel cannot be fetched, or if something else has the place
        of what is packed.
    """
    check_kit(KIT, sums=True)
    if not (out / CONTENTS).exists():
        for path in (out / name for name in PACKED):
            if path.exists():
                raise CourseError(
                    f"{path} is there, but {out} is not a wheelhouse (no {CONTENTS}): nothing was "
                    "removed. Name another folder, or move it away."
                )
    out.mkdir(parents=True, exist_ok=True)
    (out / CONTENTS).write_bytes(HALF_PACKED)
    print("Fetching the wheels of requirements.lock ...", flush=True)
    _replace(out / "wheels", download_wheels)
    print("Copying the kit and the course ...", flush=True)
    _replace(out / "offline_kit", lambda part: shutil.copytree(KIT, part, dirs_exist_ok=True))
    zip_course(out / "course.zip")
    python = wanted_python()
    text = START_HERE.format(platform=this_platform(), python=python)
    (out / "START_HERE.txt").write_text(text, encoding="utf-8")
    files = {
        path.relative_to(out).as_posix(): path.stat().st_size
        for name in PACKED
        for path in [out / name, *sorted((out / name).rglob("*"))]
        if path.is_file()
    }
    contents = {
        "platform": this_platform(),
        "python": python,
        "lock_sha256": lock_sha256(),
        "files": files,
    }
    (out / CONTENTS).write_text(json.dumps(contents, indent=1), encoding="utf-8")
    print(f"{out} holds {len(files)} files, {sum(files.values()) / 1e6:.0f} MB.")


def download_wheels(folder: Path) -> None:
    """Download the wheels of the lock for this platform and Python, hashes checked.

    Raises
    ------
    CourseError
        With what pip said, if one of them cannot be had.
    """
    with tempfile.TemporaryDirectory() as scratch:
        # The course's environment has no pip: uv made it.
        subprocess.run([sys.executable, "-m", "venv", scratch], check=True)
        programs = Path(scratch) / ("Scripts" if os.name == "nt" else "bin")
        download = [str(programs / "python"), "-m", "pip", "download", "--quiet", "--no-deps"]
        download += ["--disable-pip-version-check", "--only-binary", ":all:", "-d", str(folder)]
        download += ["--require-hashes", "-r", str(LOCK)]
        run = subprocess.run(download, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        told = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
        raise CourseError(
            f"The wheels cannot be fetched ({(told or ['pip failed'])[-1]}): check the network and "
            "run `make wheelhouse` again."
        )


def zip_course(path: Path) -> None:
    """Zip the files of the course, as git lists them and as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        raise CourseError(
            f"git cannot list the files of {PROJECT} ({listed.stderr.strip()}): pack from a clone "
            "of the course's repository."
        )
    # a file from before 1980, as some archives unpack them, gets the earliest date of a zip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name in sorted(filter(None, listed.stdout.split("\0"))):
            if (PROJECT / name).is_file():
                archive.write(PROJECT / name, f"pines-from-space/{name}")


def check(wheelhouse: Path) -> str:
    """Look whether a wheelhouse fits this machine and this course, and is complete.

    Parameters
    ----------
    wheelhouse : Path
        A folder that `pack` made, or a copy of it.

    Returns
    -------
    str
        What it holds, in one line.

    Raises
    ------
    CourseError
        If it does not fit, or if a file is missing or cut short.
    """
    path = wheelhouse / CONTENTS
    if not path.is_file() or path.read_bytes() == HALF_PACKED:
        raise CourseError(
            f"There is no complete wheelhouse in {wheelhouse} (its {CONTENTS} is missing or says "
            "so): name the folder that `make wheelhouse` made, or pack it again."
        )
    try:
        contents = json.loads(path.read_text(encoding="utf-8"))
        files, packed_for = dict(contents["files"]), contents["platform"]
        python, lock = contents["python"], contents["lock_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{path} cannot be read ({type(error).__name__}: {error}): copy the wheelhouse again."
        ) from None
    if packed_for != this_platform():
        raise CourseError(
            f"The wheelhouse in {wheelhouse} was packed for {packed_for}, and this is "
            f"{this_platform()}: run `make wheelhouse` on a machine of that kind."
        )
    if python != wanted_python() or lock != lock_sha256():
        raise CourseError(
            f"The wheelhouse in {wheelhouse} was packed for another requirements.lock: use the "
            "course.zip that lies in it, or pack it again."
        )
    for name, size in files.items():
        file = wheelhouse / name
        found = file.stat().st_size if file.is_file() else None
        if found != size:
            state = "is missing" if found is None else f"has {found} bytes instead of {size}"
            raise CourseError(
                f"{name} {state} in the wheelhouse {wheelhouse}: copy the folder again."
            )
    wheels = sum(name.startswith("wheels/") for name in files)
    return f"The wheelhouse in {wheelhouse} fits: {wheels} wheels for {packed_for}."


def unpack_uv(wheelhouse: Path, program: Path) -> None:
    """Take the program uv out of its wheel; no pip is needed, which a bare Debian lacks.

    Raises
    ------
    CourseError
        If there is no such wheel, or if it is another than that of requirements.lock.
    """
    wheels = sorted((wheelhouse / "wheels").glob("uv-*.whl"))
    if not wheels:
        raise CourseError(f"There is no wheel of uv in {wheelhouse / 'wheels'}: copy it again.")
    content = wheels[-1].read_bytes()
    if hashlib.sha256(content).hexdigest() not in locked_sums("uv"):
        raise CourseError(
            f"{wheels[-1]} is not the uv of requirements.lock (its SHA-256 is not in it), and was "
            "not unpacked: get the wheelhouse again from the person who packed it."
        )
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:  # what was checked, not the file again
        names = [name for name in wheel.namelist() if Path(name).name in ("uv", "uv.exe")]
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_bytes(wheel.read(names[0]))
    program.chmod(0o755)


def copy_kit(wheelhouse: Path, kit: Path) -> None:
    """Copy the kit out of a wheelhouse and compare it with its manifest.

    Raises
    ------
    CourseError
        If something else than a kit is in that place, or if the copy is damaged; then what is in
        the place of the kit is left as it is.
    """
    if not (wheelhouse / "offline_kit").is_dir():
        raise CourseError(
            f"There is no kit in {wheelhouse} (no folder offline_kit): name the folder that "
            "`make wheelhouse` made."
        )
    kit = kit.expanduser().resolve()
    check_makes_way(kit)

    def copy(part: Path) -> None:
        skip = shutil.ignore_patterns(*OF_MACOS)
        shutil.copytree(wheelhouse / "offline_kit", part, dirs_exist_ok=True, ignore=skip)
        try:
            check_kit(part, sums=True)
        except CourseError as error:
            raise CourseError(
                f"The kit in the wheelhouse {wheelhouse} is not whole: copy the folder again "
                f"({error})"
            ) from None

    _replace(kit, copy)


def _replace(folder: Path, fill: Callable[[Path], object]) -> None:
    """Fill a folder beside its place and put it there when it is complete."""
    part, old = (folder.with_name(f".{folder.name}.{word}") for word in ("part", "old"))
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        fill(part)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.replace(old)
        part.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def this_platform() -> str:
    """Return the kind of machine that wheels are made for, such as ``linux-x86_64``."""
    return f"{sys.platform}-{platform.machine()}"


def wanted_python() -> str:
    """Return the version of Python that the course needs."""
    return (PROJECT / ".python-version").read_text(encoding="utf-8").strip()


def locked_sums(package: str) -> set[str]:
    """Return the SHA-256 of each file of a package that the lock allows."""
    entry = rf"^{re.escape(package)}==.*(?:\n +--hash=.*)*"
    found = re.search(entry, LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return set(re.findall(r"--hash=sha256:([0-9a-f]{64})", found[0] if found else ""))


def lock_sha256() -> str:
    """Return the SHA-256 of the lock, whichever way its lines end."""
    return hashlib.sha256(LOCK.read_text(encoding="utf-8").encode()).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.wheelhouse", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("pack", help="pack a folder").add_argument(
        "wheelhouse", type=Path, nargs="?", default=PROJECT / "wheelhouse"
    )
    for name, about in (
        ("check", "check whether a wheelhouse fits this machine and is complete"),
        ("uv", "take uv out of a wheelhouse, to .bootstrap/bin"),
        ("kit", "copy the kit out of a wheelhouse, to data/offline_kit"),
    ):
        commands.add_parser(name, help=about).add_argument("wheelhouse", type=Path)
    given = parser.parse_args(arguments)
    wheelhouse = given.wheelhouse.expanduser()
    try:
        if given.command == "pack":
            pack(wheelhouse)
        elif given.command == "check":
            print(check(wheelhouse))
        elif given.command == "uv":
            check(wheelhouse)
            unpack_uv(wheelhouse, PROJECT / ".bootstrap" / "bin" / "uv")
        else:
            copy_kit(wheelhouse, KIT)
            print(f"The kit is in {KIT}.")
    except CourseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Error: {error}: check the disk and the folder named.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
