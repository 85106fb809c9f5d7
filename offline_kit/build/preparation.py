"""The folder of a kit: whether it may be built there, what is there already, and its room."""

import json
import shutil
from pathlib import Path
from typing import Any

from offline_kit.build.grid import Grid
from offline_kit.errors import CourseError
from offline_kit.folder import PARTS, VECTORS, WORK, check_makes_way
from offline_kit.manifest import MANIFEST, PLAN, check_kit, read_manifest, write_json

BYTES_PER_PIXEL = 10  # of one finished scene with its truth; measured, rounded up


def item_path(out: Path, collection: str, item_id: str) -> Path:
    """Return where a STAC item is: a scene with an item is complete."""
    return out / "items" / collection / f"{item_id}.json"


def remove_folder(folder: Path) -> None:
    """Remove a folder if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def prepare(out: Path, plan: dict[str, Any], replace: bool, scene: str | None) -> bool:
    """Make a folder ready for a build; return False if nothing is left to do.

    Parameters
    ----------
    out
        Folder of the kit.
    plan
        `kit_version`, `size` and `seed` of the kit to come.
    replace
        Remove a kit of another size or seed, or with an unreadable manifest.
    scene
        Identifier of the one scene to be rebuilt.

    Raises
    ------
    CourseError
        If the folder holds another kit or something else.
    """
    found = _plan_in(out, replace)
    if found is not None and found != plan:
        # a kit of an older version is of no use to this code, so it makes way without asking
        same_place = found["size"] == plan["size"] and found["seed"] == plan["seed"]
        if not (replace or same_place):
            raise CourseError(
                f"{out} holds another kit ({_words(found)}): add --replace to build "
                f"{_words(plan)} in its place, or choose another folder with --out."
            )
        check_makes_way(out)
        _clear(out)
        found = None
    if found is None:
        if out.exists() and any(out.iterdir()):
            raise CourseError(
                f"{out} is not empty and holds no kit: choose another folder with --out."
            )
        out.mkdir(parents=True, exist_ok=True)
    if scene is not None:
        (out / MANIFEST).unlink(missing_ok=True)
        for item in out.glob(f"items/*/{scene}.json"):
            item.unlink()
    elif (out / MANIFEST).exists():
        try:
            check_kit(out, sums=True)
        except CourseError as damage:
            print(damage, "That is done now.", flush=True)
            _clear(out)
        else:
            return False
    write_json(out / PLAN, plan)
    remove_folder(out / WORK)
    return True


def _plan_in(out: Path, replace: bool) -> dict[str, Any] | None:
    if (out / MANIFEST).exists():
        try:
            content = read_manifest(out)
        except CourseError:
            if not replace:
                raise
            content = {}
    elif (out / PLAN).exists():
        try:
            content = json.loads((out / PLAN).read_text(encoding="utf-8"))
        except ValueError:
            content = {}
    else:
        return None
    return {key: content.get(key) for key in ("kit_version", "size", "seed")}


def _words(plan: dict[str, Any]) -> str:
    return f"size {plan['size']}, seed {plan['seed']}, version {plan['kit_version']}"


def _clear(out: Path) -> None:
    for name in (MANIFEST, PLAN, *VECTORS):
        (out / name).unlink(missing_ok=True)
    for name in PARTS:
        remove_folder(out / name)


def check_space(out: Path, missing: list[Grid]) -> None:
    """Look whether the scenes that are missing, each with its grid, will find room.

    Raises
    ------
    CourseError
        If the disk is too full.
    """
    pixels = [grid.width * grid.height for grid in missing]
    # one scene needs its uncompressed bands as well while it is being written
    needed = BYTES_PER_PIXEL * sum(pixels) + 20 * max(pixels, default=0)
    free = shutil.disk_usage(out).free
    if free < needed:
        raise CourseError(
            f"The kit needs {needed / 1e6:.0f} MB more in {out}, but only {free / 1e6:.0f} MB are "
            "free: free some space or choose another folder with --out."
        )
