"""Building a kit: every scene, the vectors, and at last the manifest."""

import errno
import json
import shutil
from pathlib import Path
from typing import Any

from pyogrio.errors import DataLayerError, DataSourceError
from rasterio.errors import RasterioError
from tqdm import tqdm

from offline_kit.errors import KitError
from offline_kit.folder import PARTS, PLAN, TRUTH, VECTORS, WORK, check_makes_way
from offline_kit.manifest import (
    KIT_VERSION,
    MANIFEST,
    check_kit,
    read_manifest,
    write_json,
    write_manifest,
)

from .areas import make_areas
from .grid import Grid, grid_of
from .landscape import Landscape, make_landscape
from .passes import Pass, passes_of
from .points import make_field_points, make_validation_points
from .scenes import remove_folder, write_scene
from .stac import make_collection, make_item
from .vectors import write_layers

SEED = 20180915
NEARLY_FULL = 8_000_000  # bytes
BYTES_PER_PIXEL = 10  # of one finished scene with its truth; measured, rounded up


def build_kit(
    size: str = "course",
    out: Path = Path("data/offline_kit"),
    seed: int = SEED,
    scene: str | None = None,
    replace: bool = False,
) -> Path:
    """Build a kit, or finish one that was interrupted.

    Scenes that are complete are kept; whatever was half-made is made anew. The manifest is written
    last: a folder without it is no kit.

    Parameters
    ----------
    size : str
        "course" (24 x 18 km), "study" (49 x 30 km) or "tile" (110 x 110 km, one date).
    out : Path
        Folder of the kit.
    seed : int
        Chooses the landscape.
    scene : str, optional
        Rebuild only the scene with this item identifier.
    replace : bool
        Remove a kit of another size or seed, or with an unreadable manifest, that lies in the
        folder.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    KitError
        If the folder holds something else, the disk is full or cannot be written to, or there is
        no such size or scene.
    """
    grid = grid_of(size)
    passes = passes_of(size)
    if not 0 <= seed < 2**31:
        raise KitError(f"The seed must lie between 0 and 2147483647, not {seed}.")
    if scene is not None and scene not in [p.item_id for p in passes]:
        known = ", ".join(p.item_id for p in passes)
        raise KitError(f"There is no scene {scene!r} in a kit of size {size}: choose {known}.")
    plan = {"kit_version": KIT_VERSION, "size": size, "seed": seed}
    out = Path(out)
    try:
        if not prepare(out, plan, replace, scene):
            return out
        _check_space(out, grid, passes)
        try:
            _build(out, plan, grid, passes)
        except KitError:  # a file for which there was no room says so itself
            remove_folder(out / WORK)
            raise
    except (OSError, RasterioError, DataSourceError, DataLayerError) as error:
        # GDAL reports a full disk as a write error like any other
        full = out.exists() and shutil.disk_usage(out).free < NEARLY_FULL
        remove_folder(out / WORK)
        if full or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise KitError(
                f"The disk of {out} is full: free some space and run the same command again, "
                "finished scenes are kept."
            ) from None
        raise KitError(
            f"The kit cannot be written to {out} ({error}): check the folder or choose another "
            "with --out."
        ) from None
    return out


def prepare(out: Path, plan: dict[str, Any], replace: bool, scene: str | None) -> bool:
    """Make a folder ready for a build; return False if nothing is left to do.

    Parameters
    ----------
    out : Path
    plan : dict
        `kit_version`, `size` and `seed` of the kit to come.
    replace : bool
        Remove a kit of another size or seed, or with an unreadable manifest.
    scene : str or None
        The one scene to be rebuilt.

    Raises
    ------
    KitError
        If the folder holds another kit or something else.
    """
    found = _plan_in(out, replace)
    if found is not None and found != plan:
        # a kit of an older version is of no use to this code, so it makes way without asking
        same_place = found["size"] == plan["size"] and found["seed"] == plan["seed"]
        if not (replace or same_place):
            raise KitError(
                f"{out} holds another kit ({_words(found)}): add --replace to build "
                f"{_words(plan)} in its place, or choose another folder with --out."
            )
        check_makes_way(out)
        _clear(out)
        found = None
    if found is None:
        if out.exists() and any(out.iterdir()):
            raise KitError(
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
        except KitError as damage:
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
        except KitError:
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


def _check_space(out: Path, grid: Grid, passes: tuple[Pass, ...]) -> None:
    missing = [p for p in passes if not _item_path(out, p).exists()]
    # one scene needs its uncompressed bands as well while it is being written
    needed = grid.width * grid.height * (BYTES_PER_PIXEL * len(missing) + 20)
    free = shutil.disk_usage(out).free
    if free < needed:
        raise KitError(
            f"The kit needs {needed / 1e6:.0f} MB more in {out}, but only {free / 1e6:.0f} MB are "
            "free: free some space or choose another folder with --out."
        )


def _item_path(out: Path, scene: Pass) -> Path:
    return out / "items" / scene.collection / f"{scene.item_id}.json"


def _build(out: Path, plan: dict[str, Any], grid: Grid, passes: tuple[Pass, ...]) -> None:
    with tqdm(total=1, desc="landscape", unit="map") as bar:
        landscape = make_landscape(grid, plan["seed"])
        bar.update(1)
    missing = [p for p in passes if not _item_path(out, p).exists()]
    pixels = grid.width * grid.height
    with tqdm(total=len(missing) * pixels, unit="px", unit_scale=True) as bar:
        for number, scene in enumerate(missing, 1):
            bar.set_description(f"scene {number}/{len(missing)} of {scene.date}")
            _build_scene(out, landscape, scene, bar)
    with tqdm(total=3, desc="points and areas", unit="file") as bar:
        _build_vectors(out, landscape, bar)
    for collection in ("sentinel-2-l2a", "sentinel-2-c1-l2a"):
        own = [p for p in passes if p.collection == collection]
        write_json(
            out / "collections" / f"{collection}.json", make_collection(collection, grid, own)
        )
    remove_folder(out / WORK)
    files = [p for name in PARTS for p in (out / name).rglob("*") if p.is_file()]
    write_manifest(out, plan["size"], plan["seed"], [*files, *(out / name for name in VECTORS)])
    (out / PLAN).unlink()


def _build_scene(out: Path, landscape: Landscape, scene: Pass, bar: tqdm) -> None:
    work = out / WORK / scene.item_id
    remove_folder(work)
    facts = write_scene(landscape, scene, work / "scene", work / TRUTH, bar.update)
    (out / TRUTH).mkdir(exist_ok=True)
    for path in (work / TRUTH).iterdir():
        path.replace(out / TRUTH / path.name)
    folder = out / "scenes" / scene.collection / scene.item_id
    remove_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    (work / "scene").replace(folder)
    # the item comes last: a scene with an item is complete
    write_json(_item_path(out, scene), make_item(landscape.grid, scene, facts))
    remove_folder(work)


def _build_vectors(out: Path, landscape: Landscape, bar: tqdm) -> None:
    work = out / WORK
    work.mkdir(exist_ok=True)
    area, catchments = make_areas(landscape)
    layers = {"area_of_interest": area, "catchments": catchments}
    write_layers(work / "area_of_interest.gpkg", layers)
    bar.update(1)
    write_layers(work / "field_points.gpkg", {"field_points": make_field_points(landscape)})
    bar.update(1)
    sample = make_validation_points(landscape, area)
    write_layers(work / "validation_points.gpkg", {"validation_points": sample})
    bar.update(1)
    for name in VECTORS:
        (work / name).replace(out / name)
