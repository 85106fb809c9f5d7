"""One way to write a file: beside its place, down to the disk, checked, then renamed into place."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from offline_kit.errors import CourseError

try:
    import fcntl
except ImportError:  # Windows, which removes no file that is open
    fcntl = None

WINDOWS = sys.platform == "win32"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ROOM = 2**20  # bytes by which an unfinished file must be able to grow, or the disk is full


@contextmanager
def written_whole(
    path: str | Path, check: Callable[[Path], object] | None = None
) -> Iterator[Path]:
    """Write a file whole or not at all: until the block ends well, the old file stays as it was.

    The file is written under its own name in a hidden folder beside its place, so that whatever a
    library puts next to it goes with that folder. What a process that was killed has left of the
    same file is removed first.

    Parameters
    ----------
    path
        Where the file is to be; its folder is made if missing.
    check
        Called with the finished file before it takes its place; what it raises keeps the old file.
        Libraries do not report every write that failed.

    Yields
    ------
    Path
        Where to write the file meanwhile. More than one file may be written beside it; only the
        one of this name is kept.

    Raises
    ------
    CourseError
        If the folder cannot be written to, before any work starts; if the disk is full, whatever
        error the writing library made of that; if the block wrote no file, or an empty one.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with written_whole(Path(folder) / "note.txt") as unfinished:
    ...         _ = unfinished.write_text("whole")
    ...     (Path(folder) / "note.txt").read_text()
    'whole'
    """
    path = Path(path)
    if path.is_dir():
        raise CourseError(f"{path} is a folder, but the name of a file is needed.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        folder, lock = _make_folder(path)
    except OSError as error:
        raise CourseError(_sentence(path, error)) from error
    unfinished = folder / path.name
    try:
        yield unfinished
        _flush(unfinished, path)
        if check is not None:
            check(unfinished)
        _put_in_place(unfinished, path)
        _flush_folder(path.parent)
    except Exception as error:
        reason = _own_error(error, folder) or _lack_of_room(unfinished)
        if reason is None:
            raise
        raise CourseError(_sentence(path, reason)) from error
    finally:
        if lock is not None:
            os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _make_folder(path: Path) -> tuple[Path, int | None]:
    """Make the folder in which a file is written, and lock it as long as this process lives."""
    new = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent))
    lock = _lock(new)
    # only now, locked, may it be seen by those who look for leftovers
    return new.rename(new.with_suffix(".part")), lock


def _lock(folder: Path) -> int | None:
    """Lock a folder; None if another process holds it, or if folders cannot be locked here."""
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed have left of this file."""
    for folder in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        lock = _lock(folder)
        if lock is not None or fcntl is None:
            shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _flush(unfinished: Path, path: Path) -> None:
    """Bring a file down to the disk, which is where a full one is noticed at the latest."""
    if not unfinished.is_file() or unfinished.stat().st_size == 0:
        raise CourseError(f"Nothing was written to {path}, which stays as it was.")
    with unfinished.open("r+b") as file:
        os.fsync(file.fileno())


def _put_in_place(unfinished: Path, path: Path) -> None:
    """Rename a finished file; Windows refuses as long as somebody reads the old one."""
    try:
        unfinished.replace(path)
    except PermissionError as error:
        if not WINDOWS:
            raise
        raise CourseError(
            f"{path} cannot be replaced while it is open ({error.strerror}), and stays as it was: "
            "close what reads it, such as a map of it in this or another notebook "
            "(array.close(), or restart the kernel) or QGIS, then run this again."
        ) from None


def _flush_folder(folder: Path) -> None:
    """Bring a new name down to the disk, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own_error(error: Exception, folder: Path) -> OSError | None:
    """Return the error if it is about this file, and not about another that the block reads."""
    if not isinstance(error, OSError):
        return None
    about_this = str(error.filename or "").startswith(str(folder))
    return error if error.errno in NO_ROOM or about_this else None


def _lack_of_room(unfinished: Path) -> OSError | None:
    """Find out whether a file could not grow: many libraries hide that in an error of their own."""
    try:
        with unfinished.open("ab") as file:
            file.write(bytes(ROOM))
    except OSError as error:
        return error if error.errno in NO_ROOM else None
    return None


def _sentence(path: Path, error: OSError) -> str:
    reason = error.strerror or error
    if error.errno in NO_ROOM:
        return (
            f"The disk is full: there is no room for {path} ({reason}). Free some space, then run "
            "this again; no half of a file is left, and a file that was there stays as it was."
        )
    return (
        f"{path} cannot be written ({reason}): change the permissions of {path.parent}, or choose "
        "another folder."
    )
