"""What stands in the folder of a kit, and whether a folder may make way for another kit."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path

from offline_kit.errors import CourseError
from offline_kit.manifest import MANIFEST, PLAN

WORK = ".building"
TRUTH = "truth_no_real_project_has"
SECOND_PLACE = "second_place"
OF_MACOS = ("._*", ".DS_Store")  # which it leaves in every folder of a stick
PARTS = ("collections", "items", "scenes", SECOND_PLACE, TRUTH, WORK)
VECTORS = (
    "area_of_interest.gpkg",
    "change_points.gpkg",
    "field_points.gpkg",
    "field_points_roadside.gpkg",
    "plantations.gpkg",
    "tracks.gpkg",
    "validation_points.gpkg",
)


def check_makes_way(folder: Path) -> None:
    """Make sure that nothing but a kit is lost when a folder is replaced.

    Raises
    ------
    CourseError
        Unless the folder is not there, is empty, or holds a kit, whole or not, and nothing else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise CourseError(f"{folder} is not a folder: choose another place for the kit.")
    names = {path.name for path in folder.iterdir()}
    names = {name for name in names if not any(fnmatch(name, each) for each in OF_MACOS)}
    others = sorted(names - {MANIFEST, PLAN, *PARTS, *VECTORS})
    if others or (names and not any(_says_kit(folder / name) for name in (MANIFEST, PLAN))):
        what = f"holds {others[0]}, which is not part of a kit" if others else "holds no kit"
        raise CourseError(
            f"{folder} {what}: nothing was removed. Choose another folder for the kit, or move "
            "away what is in this one."
        )


def _says_kit(path: Path) -> bool:
    """Return whether a manifest or plan is a kit's; one that is cut short may be."""
    try:
        return "kit_version" in json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    except TypeError:
        return False
