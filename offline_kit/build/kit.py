"""Building a kit: the landscape, every scene of it, the vectors, and at last the manifest."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyogrio.errors import DataLayerError, DataSourceError
from rasterio.errors import RasterioError
from tqdm import tqdm

from offline_kit.build.areas import make_areas
from offline_kit.build.candidates import find_candidates
from offline_kit.build.dem import (
    DEM,
    dem_tiles,
    make_dem_collection,
    make_dem_item,
    make_surface,
    write_dem,
)
from offline_kit.build.geometry import displacement
from offline_kit.build.landscape import Landscape, make_landscape
from offline_kit.build.office import as_kml, make_outline, make_records
from offline_kit.build.passes import CLEAR_2024, Pass
from offline_kit.build.places import Part, parts_of
from offline_kit.build.planning import make_plantations, make_tracks
from offline_kit.build.points import make_field_points
from offline_kit.build.preparation import (
    check_space,
    item_path,
    prepare,
    remove_folder,
)
from offline_kit.build.references import make_change_points, make_validation_points
from offline_kit.build.roadside import make_roadside_points
from offline_kit.build.scenes import write_scene
from offline_kit.build.stac import make_collection, make_item
from offline_kit.build.vectors import write_layers
from offline_kit.errors import CourseError
from offline_kit.files import written_whole
from offline_kit.folder import PARTS, TRUTH, VECTORS, WORK
from offline_kit.manifest import KIT_VERSION, PLAN, write_json, write_manifest
from offline_kit.paths import kit_folder

SEED = 20180915
NEARLY_FULL = 8_000_000  # bytes


def build_kit(
    size: str = "course",
    out: Path | None = None,
    seed: int = SEED,
    scene: str | None = None,
    replace: bool = False,
) -> Path:
    """Build a kit, or finish one that was interrupted.

    Scenes that are complete are kept; whatever was half-made is made anew. The manifest is written
    last: a folder without it is no kit.

    Parameters
    ----------
    size
        "course" (24 x 18 km), "study" (49 x 30 km) or "tile" (110 x 110 km, one date).
    out
        Folder of the kit; by default that of `kit_folder`.
    seed
        Chooses the landscape.
    scene
        Rebuild only the scene with this item identifier.
    replace
        Remove a kit of another size or seed, or with an unreadable manifest, that lies in the
        folder.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CourseError
        If the folder holds something else, the disk is full or cannot be written to, or there is
        no such size or scene.
    """
    parts = parts_of(size)
    _check_arguments(size, parts, seed, scene)
    plan = {"kit_version": KIT_VERSION, "size": size, "seed": seed}
    out = kit_folder() if out is None else Path(out)
    with _disk_errors_explained(out):
        if prepare(out, plan, replace, scene):
            check_space(out, [part.grid for part in parts for _ in _missing(out, part)])
            _build(out, plan, parts)
    return out


def _check_arguments(size: str, parts: tuple[Part, ...], seed: int, scene: str | None) -> None:
    if not 0 <= seed < 2**31:
        raise CourseError(f"The seed must lie between 0 and 2147483647, not {seed}.")
    known = [p.item_id for part in parts for p in part.passes]
    if scene is not None and scene not in known:
        raise CourseError(
            f"There is no scene {scene!r} in a kit of size {size}: choose {', '.join(known)}."
        )


@contextmanager
def _disk_errors_explained(out: Path) -> Iterator[None]:
    """Turn what the system says of a full or closed disk into a sentence, and clear up."""
    try:
        yield
    except CourseError:  # a file for which there was no room says so itself
        remove_folder(out / WORK)
        raise
    except (OSError, RasterioError, DataSourceError, DataLayerError) as error:
        # GDAL reports a full disk as a write error like any other
        full = out.exists() and shutil.disk_usage(out).free < NEARLY_FULL
        remove_folder(out / WORK)
        if full or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise CourseError(
                f"The disk of {out} is full: free some space and run the same command again, "
                "finished scenes are kept."
            ) from None
        raise CourseError(
            f"The kit cannot be written to {out} ({error}): check the folder or choose another "
            "with --out."
        ) from None


def _missing(out: Path, part: Part) -> list[Pass]:
    return [p for p in part.passes if not item_path(out, p.collection, p.item_id).exists()]


def _build(out: Path, plan: dict[str, Any], parts: tuple[Part, ...]) -> None:
    for part in parts:
        _build_part(out, part, plan["seed"])
    _write_collections(out, parts)
    remove_folder(out / WORK)
    files = [p for name in PARTS for p in (out / name).rglob("*") if p.is_file()]
    files += [out / name for name in VECTORS if (out / name).exists()]
    write_manifest(out, plan["size"], plan["seed"], files)
    (out / PLAN).unlink()


def _build_part(out: Path, part: Part, seed: int) -> None:
    with tqdm(total=1, desc="landscape", unit="map") as bar:
        landscape = make_landscape(part.grid, seed, part.place)
        bar.update(1)
    _build_dem(out, landscape)
    _tell_displacements(out, landscape, part.passes)
    missing = _missing(out, part)
    pixels = part.grid.width * part.grid.height
    with tqdm(total=len(missing) * pixels, unit="px", unit_scale=True) as bar:
        for number, scene in enumerate(missing, 1):
            bar.set_description(f"scene {number}/{len(missing)} of {scene.date}")
            _build_scene(out, landscape, scene, bar)
    if part.place.folder:
        _build_handover(out, landscape, part.passes)
        return
    with tqdm(total=len(VECTORS), desc="points and areas", unit="file") as bar:
        _build_vectors(out, landscape, bar)


def _tell_displacements(out: Path, landscape: Landscape, passes: tuple[Pass, ...]) -> None:
    """Write how far each scene of a place lies beside the ground."""
    lines = ["item,east_m,north_m"]
    for scene in passes:
        east, north = displacement(scene, landscape.seed)
        lines.append(f"{scene.item_id},{east},{north}")
    folder = out / TRUTH / landscape.place.folder
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(folder / "displacements.csv") as unfinished:
        unfinished.write_text("\n".join([*lines, ""]), encoding="utf-8", newline="")


def _write_collections(out: Path, parts: tuple[Part, ...]) -> None:
    for name in ("sentinel-2-l2a", "sentinel-2-c1-l2a"):
        own = [(part.grid, p) for part in parts for p in part.passes if p.collection == name]
        grids = [part.grid for part in parts if part.grid in [grid for grid, _ in own]]
        collection = make_collection(name, grids or [parts[0].grid], [scene for _, scene in own])
        write_json(out / "collections" / f"{name}.json", collection)
    tiles = [tile for part in parts for tile in dem_tiles(part.grid)]
    write_json(out / "collections" / f"{DEM}.json", make_dem_collection(tiles))


def _build_dem(out: Path, landscape: Landscape) -> None:
    tiles = list(dem_tiles(landscape.grid))
    missing = [tile for tile in tiles if not item_path(out, DEM, tile.item_id).exists()]
    if missing:
        surface = make_surface(landscape)
    for tile in missing:
        item = make_dem_item(tile)
        write_dem(*surface, tile, out / item["assets"]["data"]["href"])
        write_json(item_path(out, DEM, tile.item_id), item)  # last: it says that the tile is whole


def _build_scene(out: Path, landscape: Landscape, scene: Pass, bar: tqdm) -> None:
    work = out / WORK / scene.item_id
    remove_folder(work)
    facts = write_scene(landscape, scene, work / "scene", work / TRUTH, bar.update)
    truth = out / TRUTH / landscape.place.folder
    truth.mkdir(parents=True, exist_ok=True)
    for path in (work / TRUTH).iterdir():
        path.replace(truth / path.name)
    folder = out / "scenes" / scene.collection / scene.item_id
    remove_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    (work / "scene").replace(folder)
    # the item comes last: a scene with an item is complete
    write_json(
        item_path(out, scene.collection, scene.item_id), make_item(landscape.grid, scene, facts)
    )
    remove_folder(work)


def _build_vectors(out: Path, landscape: Landscape, bar: tqdm) -> None:
    work = out / WORK
    work.mkdir(exist_ok=True)
    area, catchments = make_areas(landscape)
    layers = {"area_of_interest": area, "catchments": catchments}
    write_layers(work / "area_of_interest.gpkg", layers)
    bar.update(1)
    pool = find_candidates(landscape)
    points = make_field_points(landscape, pool, area)
    write_layers(work / "field_points.gpkg", {"field_points": points})
    bar.update(1)
    roadside = make_roadside_points(landscape, pool)
    write_layers(work / "field_points_roadside.gpkg", {"field_points": roadside})
    bar.update(1)
    write_layers(work / "tracks.gpkg", {"tracks": make_tracks(landscape)})
    bar.update(1)
    write_layers(work / "plantations.gpkg", {"plantations": make_plantations(landscape)})
    bar.update(1)
    sample = make_validation_points(landscape, area)
    write_layers(work / "validation_points.gpkg", {"validation_points": sample})
    bar.update(1)
    if (out / TRUTH / f"pine_cover_{CLEAR_2024.date.replace('-', '')}.tif").exists():
        change = make_change_points(landscape, area, out / TRUTH)
        write_layers(work / "change_points.gpkg", {"change_points": change})
    bar.update(1)
    for path in work.glob("*.gpkg"):
        path.replace(out / path.name)


def _build_handover(out: Path, landscape: Landscape, passes: tuple[Pass, ...]) -> None:
    folder = landscape.place.folder
    outline = make_outline(landscape)
    records, truth = make_records(landscape, outline, passes[-1])
    texts = {
        out / folder / "records.csv": records,
        out / folder / "outline.kml": as_kml(outline),
        out / TRUTH / folder / "records.csv": truth,
    }
    for path, text in texts.items():
        with written_whole(path) as unfinished:
            unfinished.write_bytes(text.encode("utf-8"))
