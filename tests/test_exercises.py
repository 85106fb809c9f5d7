"""Every exercise as learners meet it, untouched, mistaken and solved; what the lessons leave."""

import json
import shutil
from collections import Counter
from datetime import datetime

import geopandas as gpd
import numpy as np
import pytest
import rioxarray
from lesson_parts import (
    LESSONS,
    NOTEBOOKS,
    answered,
    exercise_cells,
    mistakes,
    read_lesson,
    solutions,
)
from nbclient import NotebookClient
from nbformat import v4
from plots import has_data, plotting_cells
from xgboost import XGBClassifier

from helpers import CourseError, find_or_make, open_cloud
from helpers.course import BANDS
from helpers.exercises import feedback_on, hint_for
from helpers.exercises.core import EXERCISES, NOT_ATTEMPTED, NOT_YET, NUMBER, RIGHT, NotYet
from helpers.machine.memory import peak_memory
from helpers.paths import outputs_folder

LIMIT_MB = 2000  # of all processes of a lesson: Binder's


def _seconds(cell):
    """Return the wall seconds that a cell took."""
    times = cell.metadata["execution"]
    start, end = (
        datetime.fromisoformat(times[name])
        for name in ("iopub.execute_input", "shell.execute_reply")
    )
    return (end - start).total_seconds()


@pytest.mark.parametrize("lesson", LESSONS)
def test_parts_belong_together(lesson):
    notebook = read_lesson(lesson)
    numbers = [f"{lesson[:2]}-{number}" for number in range(1, len(exercise_cells(notebook)) + 1)]
    assert list(exercise_cells(notebook)) == numbers
    assert list(solutions(notebook)) == numbers
    assert 2 <= len(numbers) <= 3
    listed = Counter(mistake.exercise for mistake in mistakes(lesson))
    assert all(listed[number] >= 3 for number in numbers), listed
    for number in numbers:
        assert feedback_on(number).verdict == NOT_ATTEMPTED
        assert len(EXERCISES[number].hints) >= 2


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.lesson
def test_feedback_fits_what_the_learner_did(lesson, record_property):
    """Run the lesson; try each exercise untouched, with each mistake, and with the solution."""
    notebook = read_lesson(lesson)
    exercises, solved = exercise_cells(notebook), solutions(notebook)
    cells, attempts = [], []

    def attempt(code, what, verdict, words):
        attempts.append((len(cells), what, verdict, words))
        cells.append(v4.new_code_cell(code))

    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        number = next((name for name, code in exercises.items() if code == cell.source), None)
        if number is None:
            cells.append(v4.new_code_cell(cell.source))
            continue
        attempt(cell.source, f"{number} untouched", NOT_ATTEMPTED, number)
        for mistake in mistakes(lesson):
            if mistake.exercise == number:
                code = answered(cell.source, mistake.code)
                attempt(code, f"{number}: {mistake.words}", NOT_YET, mistake.words)
        attempt(answered(cell.source, solved[number]), f"{number} solved", RIGHT, "")
    run = v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    with peak_memory() as peak:
        NotebookClient(run, timeout=300, kernel_name="python3", resources=resources).execute()
    seconds = [_seconds(cell) for cell in run.cells]
    record_property(
        "cells",
        f"| {lesson} | {sum(seconds):.0f} | {max(seconds):.0f} | {peak.megabytes:.0f} |",
    )
    assert peak.megabytes < LIMIT_MB

    empty = [cell.source for cell in plotting_cells(run) if not has_data(cell)]
    assert not empty, f"plots without data: {empty}"
    said, wrong = [], []
    for position, what, verdict, words in attempts:
        shown = [out.data for out in run.cells[position].outputs if "data" in out]
        text = shown[-1]["text/plain"] if shown else "(nothing)"
        said.append(text)
        if not (text.startswith(verdict) and words in text):
            wrong.append(f"{what}: {text}")
    assert not wrong, "\n".join(wrong)
    assert said.count("(nothing)") == 0
    hints = [text for text in said if text.startswith(NOT_YET)]
    assert len(set(hints)) == len(hints), "two mistakes get the same hint"


END_THE_SERVER = """\
import psutil
import urllib.error, urllib.request
from offline_kit.serve.state import BucketFolder

server = psutil.Process(BucketFolder(cloud.outputs / "bucket").read_state().addresses.pid)
family = [server, *server.children(recursive=True)]
for process in family:
    process.kill()
psutil.wait_procs(family)
try:
    urllib.request.urlopen(cloud.stac_url)
except urllib.error.URLError:
    print("gone")
"""


@pytest.mark.parametrize("lesson", ["02_find_scenes", "10_export_and_share"])
def test_a_check_needs_no_server(lesson, tmp_path, monkeypatch):
    """Solve the exercises that ask the server of a kit, end that server, and only then check."""
    if lesson.startswith("10"):
        find_or_make("pine_probability.tif")
    own = tmp_path / "outputs"
    own.mkdir()
    shutil.copytree(
        outputs_folder(), own, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bucket")
    )
    monkeypatch.setenv("COURSE_OUTPUTS", str(own))  # and so a server of its own
    notebook = read_lesson(lesson)
    exercises, solved = exercise_cells(notebook), solutions(notebook)
    lesson_code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    sources = [source for source in lesson_code if source not in exercises.values()]
    sources += [*solved.values(), END_THE_SERVER]
    sources += [answered(source, "") for source in exercises.values()]
    run = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(run, timeout=300, kernel_name="python3", resources=resources).execute()
    end, *checks = run.cells[-1 - len(exercises) :]
    assert end.outputs[0].text == "gone\n"
    said = [cell.outputs[-1].data["text/plain"] for cell in checks]
    assert all(text.startswith(RIGHT) for text in said), said


def test_at_least_25_exercises():
    assert sum(len(exercise_cells(read_lesson(lesson))) for lesson in LESSONS) >= 25


def test_an_unknown_exercise_is_named():
    with pytest.raises(CourseError, match="There is no exercise 01-9; lesson 01 has 01-1"):
        feedback_on("01-9", 3)
    with pytest.raises(CourseError, match="in quotes"):
        hint_for(1 - 1)
    with pytest.raises(CourseError, match="No lesson 77"):
        hint_for("77-1")


def test_hints_come_step_by_step():
    assert feedback_on("01-1").verdict == NOT_ATTEMPTED
    hints = EXERCISES["01-1"].hints
    assert hint_for("01-1").text.startswith(hints[0])
    assert hint_for("01-1", len(hints)).text == hints[-1]
    with pytest.raises(CourseError, match=f"01-1 has {len(hints)} hints"):
        hint_for("01-1", len(hints) + 1)


def test_feedback_is_seen_wherever_it_stands_in_a_cell():
    cell = v4.new_code_cell('hint("01-1"); check("01-1"); print("after")')
    first = v4.new_code_cell("from helpers import check, hint")
    run = v4.new_notebook(cells=[first, cell])
    NotebookClient(run, timeout=60, kernel_name="python3").execute()
    shown = [output.get("text") or output.data["text/plain"] for output in cell.outputs]
    assert [text.split()[0] for text in shown] == ["Hint", "✎", "after"]


@pytest.mark.parametrize("answer", ["12", True, [12], None])
def test_an_answer_of_another_kind_is_told(answer):
    with pytest.raises(NotYet, match="should be a number"):
        NUMBER.take(answer)


# What each lesson leaves for later ones; here, so that it is read after the lessons above have run.


@pytest.fixture(scope="module")
def points():
    return gpd.read_file(open_cloud().field_points).to_crs("EPSG:32734")


@pytest.mark.lesson
def test_chosen_scene():
    choice = json.loads(find_or_make("chosen_scene.json").read_text())
    assert choice["collection"] == "sentinel-2-l2a"
    assert "_201809" in choice["id"]


@pytest.mark.lesson
def test_usable_pixels(points):
    mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"))
    assert mask.rio.crs.to_epsg() == 32734
    assert mask.dtype == "uint8"
    assert mask.rio.resolution() == (10, -10)
    west, south, east, north = points.total_bounds
    assert mask.sizes["x"] == pytest.approx((east - west) / 10, abs=2.01)
    assert mask.sizes["y"] == pytest.approx((north - south) / 10, abs=2.01)
    assert set(np.unique(mask)) == {0, 1}
    assert 0.5 < float(mask.mean()) < 1


@pytest.mark.lesson
def test_spectra_at_points(points):
    spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet"))
    assert spectra.crs.to_epsg() == 32734
    assert {*BANDS, "class", "group", "name", "geometry"} <= set(spectra.columns)
    assert 0.9 * len(points) < len(spectra) <= len(points)
    assert spectra[BANDS].notna().all(axis=None)
    assert spectra[BANDS].min(axis=None) > -0.05
    assert spectra[BANDS].max(axis=None) < 1.2
    assert set(spectra["class"]) == set(points["class"])


@pytest.mark.lesson
def test_pine_classifier(points):
    model = XGBClassifier()
    model.load_model(find_or_make("pine_classifier.ubj"))
    assert model.get_booster().feature_names == list(BANDS)
    assert list(model.classes_) == sorted(points["class"].unique())
    assert model.get_booster().num_boosted_rounds() == 100


@pytest.mark.lesson
def test_pine_probability():
    path = find_or_make("pine_probability.tif")
    pines = rioxarray.open_rasterio(path, masked=True)
    mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"))
    assert pines.rio.crs.to_epsg() == 32734
    assert pines.dtype == "float32"
    assert pines.shape == mask.shape
    assert pines.rio.transform() == mask.rio.transform()
    mapped = pines.notnull()
    assert 0.1 < float(mapped.mean()) < 0.9
    assert not mapped.where(mask == 0, False).any(), "masked pixels have a probability"
    assert 0 <= float(pines.min()) < 0.1
    assert 0.9 < float(pines.max()) <= 1
