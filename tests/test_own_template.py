"""The template for a map of one's own: lesson 15 without words, on inputs that nobody tidied."""

from __future__ import annotations

import json
import subprocess
import sys

import geopandas as gpd
import jupytext
import numpy as np
import pandas as pd
import pytest
import rasterio
from jupytext.compare import compare_notebooks
from lesson_code import run_lesson_code
from lesson_parts import NOTEBOOKS
from shapely.geometry import box

from helpers.course import CLASS_CODES
from helpers.paths import kit_folder
from tools.own_template import LESSON, TRUTH, make_template

TEMPLATE = "own/your_map"
TRUE_WATTLE = "second_place/dominant_class_20250918.tif"
TRUE_PINES = "dominant_class_20180915.tif"
SIDE = 3000  # metres, of the areas below


def test_the_template_is_the_lesson_without_its_words():
    made = make_template(jupytext.read(NOTEBOOKS / "scripts" / f"{LESSON}.py"))
    there = jupytext.read(NOTEBOOKS / f"{TEMPLATE}.ipynb")
    compare_notebooks(there, made, compare_outputs=False)  # `make pairs` makes it anew
    code = "\n".join(cell.source for cell in there.cells if cell.cell_type == "code")
    assert "cloud.truth" not in code
    assert "check(" not in code
    assert sum(cell.cell_type == "markdown" for cell in there.cells) < 12


def test_the_template_imports_what_it_uses_and_no_more():
    script = NOTEBOOKS / "scripts" / f"{TEMPLATE}.py"
    rules = ["--isolated", "--select", "F401,F821,F841", "--output-format", "concise", "--quiet"]
    command = [sys.executable, "-m", "ruff", "check", *rules, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("notebooks")]
    assert [line for line in found if "`rioxarray`" not in line] == []  # it adds .rio to arrays
    assert len(found) == 1, done.stdout + done.stderr


def test_blocks_for_a_known_truth_are_cut_out_whole():
    code = "a = 1\nif cloud.truth is not None:\n    b = 2\n\n    c = 3\n\nd = 4\n"
    assert TRUTH.sub("", code).split() == ["a", "=", "1", "d", "=", "4"]
    inner = "if x:\n    y\n    if cloud.truth is not None:\n        z\n    w\n"
    assert TRUTH.sub("", inner) == "if x:\n    y\n    w\n"


# ---- three inputs ------------------------------------------------------------------------------


def places_of(raster: str, name: str, seen: int, not_seen: int = 0):
    """Return random places in the square with most of a class: of the class, others, the square."""
    with rasterio.open(kit_folder() / "truth_no_real_project_has" / raster) as file:
        is_class, transform, crs = file.read(1) == CLASS_CODES[name], file.transform, file.crs
    side = SIDE // 10
    down, across = (size // side for size in is_class.shape)
    squares = is_class[: down * side, : across * side].reshape(down, side, across, side)
    row, column = divmod(int(squares.sum(axis=(1, 3)).argmax()), across)
    west, north = transform @ (column * side, row * side)
    area = gpd.GeoDataFrame(geometry=[box(west, north - SIDE, west + SIDE, north)], crs=crs)
    layers = []
    for pixels, number in ((squares[row, :, column], seen), (~squares[row, :, column], not_seen)):
        y, x = np.nonzero(pixels)
        chosen = np.random.default_rng(0).choice(x.size, number, replace=False)
        places = gpd.points_from_xy(west + 10 * x[chosen] + 5, north - 10 * y[chosen] - 5)
        layers.append(gpd.GeoDataFrame(geometry=places, crs=crs))
    return *layers, area


def run_template(folder, settings: dict[str, str], raster: str, code: int) -> dict[str, float]:
    """Run the template with settings of its one cell; return what it found, and what is true."""
    points, area = settings["points"], settings["area"]
    outputs = f"dataclasses.replace(open_cloud(), outputs=Path({str(folder)!r}))"
    replace = {
        "cloud.field_points, None": f"{points!r}, None",
        "AREA = cloud.area_of_interest": f"AREA = {area!r}",
        '"name", ["pine"]': f"{settings['column']!r}, {settings['words']}",
        '"2018-09-01/2018-10-31"': repr(settings["period"]),
        'SPECIES = "pines"': 'SPECIES = "Wanted tree"',
        "cloud = open_cloud()": f"cloud = {outputs}",
    }
    truth = kit_folder() / "truth_no_real_project_has" / raster
    after = f"""
import rioxarray
true = rioxarray.open_rasterio({str(truth)!r})[0].rio.reproject_match(likeness) == {code}
true = true & mapped
found = {{"kept": int((corrected["kind"] == SPECIES)[~left_out].sum())}}
found |= {{"left out": int(left_out.sum()), "share": float(true.sum() / mapped.sum())}}
found |= {{"learnt": int(is_target.sum()), "others": int((~is_target).sum())}}
found |= {{"epsg": utm.to_epsg(), "recall": float(marked.where(true).mean())}}
found |= {{"precision": float(true.where(marked).mean())}}
found["files"] = sorted(path.name for path in cloud.outputs.glob("wanted_tree_*"))
found["counted"], found["supposed"] = int(mapped.sum()), records.attrs["supposed"]
print(json.dumps(found))
"""
    before = "import dataclasses, json\nfrom pathlib import Path"
    return json.loads(run_lesson_code(TEMPLATE, before, after, replace=replace).splitlines()[-1])


def assert_map_and_files(found):
    assert found["recall"] > 0.5
    assert found["precision"] > 2 * found["share"]  # far better than marking at random
    assert found["counted"] == pytest.approx((SIDE / 10) ** 2, rel=0.03)
    names = ["map.json", "map.pdf", "map.tif", "visits.gpkg", "visits.gpx"]
    assert found["files"] == [f"wanted_tree_{name}" for name in names]


def degrees(value: float, letters: str) -> str:
    """Write a coordinate as a field book has it."""
    minutes = abs(value) * 60 % 60
    whole, second = int(minutes), minutes % 1 * 60
    return f"{int(abs(value))}°{whole:02}'{second:05.2f}\"{letters[value < 0]}"


@pytest.mark.kit
@pytest.mark.lesson
@pytest.mark.slow
def test_a_messy_table(tmp_path):
    seen, not_seen, area = places_of(TRUE_WATTLE, "Black Wattle", 80, 120)
    tables = [layer.to_crs("EPSG:4326").get_coordinates() for layer in (seen, not_seen)]
    table = pd.concat(tables, keys=["Wattle ", "looked, not there"]).reset_index(level=0)
    rows = [
        [f"{y:.6f}".replace(".", ","), f"{x:.6f}".replace(".", ","), what, "04/11/2024", "5"]
        for what, x, y in table.itertuples(index=False)
    ]
    for row, (_, x, y) in zip(rows[:10], table.itertuples(index=False), strict=False):
        row[:2] = degrees(y, "NS"), degrees(x, "EW")
    for row in rows[10:14]:
        row[0], row[1] = row[1], row[0]  # swapped
    for row in rows[14:18]:
        row[0] = row[0].removeprefix("-")
    rows += [*rows[20:25], ["0", "0", "wattle", "", ""], ["", "", "wattle", "soon", "?"]]
    text = ["Lat;Long;What;Date;Accuracy", *(";".join(row) for row in rows)]
    (tmp_path / "field book.csv").write_text("\n".join(text), encoding="utf-8-sig")
    area.to_crs("EPSG:4326").to_file(tmp_path / "area.geojson")
    settings = {"points": str(tmp_path / "field book.csv"), "area": str(tmp_path / "area.geojson")}
    settings |= {"column": "What", "words": ["wattle"], "period": "2025-08-01/2025-10-31"}
    found = run_template(tmp_path, settings, TRUE_WATTLE, CLASS_CODES["Black Wattle"])
    assert (found["kept"], found["left out"]) == (80, 7)
    assert (found["learnt"], found["others"]) == (80, 120)
    assert_map_and_files(found)


@pytest.mark.kit
@pytest.mark.lesson
@pytest.mark.slow
def test_a_shapefile_in_another_zone(tmp_path):
    seen, not_seen, area = places_of(TRUE_PINES, "Dense Pines", 80, 120)
    names = ["PINUS PINASTER"] * 80 + ["protea"] * 120
    layer = gpd.GeoDataFrame(
        {"NAAM": names}, geometry=[*seen.geometry, *not_seen.geometry], crs=seen.crs
    )
    layer.to_crs("EPSG:32735").to_file(tmp_path / "trees.shp")  # the zone to the east
    area.to_crs("EPSG:2048").to_file(tmp_path / "area.shp")  # Lo19: west and south are positive
    settings = {"points": str(tmp_path / "trees.shp"), "area": str(tmp_path / "area.shp")}
    settings |= {"column": "NAAM", "words": ["pinus"], "period": "2018-09-01/2018-09-30"}
    found = run_template(tmp_path, settings, TRUE_PINES, CLASS_CODES["Dense Pines"])
    assert (found["learnt"], found["others"], found["epsg"]) == (80, 120, 32734)
    assert_map_and_files(found)


@pytest.mark.kit
@pytest.mark.lesson
@pytest.mark.slow
def test_an_export_like_gbif_with_the_species_alone(tmp_path):
    seen, _, area = places_of(TRUE_WATTLE, "Black Wattle", 90)
    table = seen.to_crs("EPSG:4326").get_coordinates()
    export = pd.DataFrame({"gbifID": range(90), "species": "Acacia mearnsii"})
    export["decimalLatitude"], export["decimalLongitude"] = table["y"].values, table["x"].values
    export["coordinateUncertaintyInMeters"] = [5.0] * 60 + [np.nan] * 20 + [28_000.0] * 10
    export["eventDate"] = "2024-05-01T10:00:00Z"
    export["locality"] = 'farm "Vrede'
    export.to_csv(tmp_path / "0012345.csv", sep="\t", index=False, quoting=3)
    area.to_crs("EPSG:4326").to_file(tmp_path / "area.kml", driver="KML")
    settings = {"points": str(tmp_path / "0012345.csv"), "area": str(tmp_path / "area.kml")}
    settings |= {"column": "species", "words": ["mearnsii"], "period": "2025-08-01/2025-10-31"}
    found = run_template(tmp_path, settings, TRUE_WATTLE, CLASS_CODES["Black Wattle"])
    assert (found["kept"], found["left out"]) == (80, 10)
    assert (found["learnt"], found["others"]) == (80, 160)  # drawn by the template
    assert_map_and_files(found)
