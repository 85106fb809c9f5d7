"""What lessons leave: taken as long as it is whole and its origins are the same, by content."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rioxarray  # noqa: F401 (registers the .rio accessor)
import xarray as xr
from filelock import FileLock
from test_files import ON_A_FULL_DISK, needs_limits, run
from waiting import wait_until
from xgboost import XGBClassifier

from helpers import CourseError, checkpoints, find_or_make, leave, open_cloud
from helpers.checkpoints.whole import fault_in
from helpers.course import BANDS
from offline_kit import manifest

pytestmark = pytest.mark.kit

FILES = list(checkpoints.LEFT_BY)


def write_choice(path, seed=0):
    path.write_text(json.dumps({"collection": "sentinel-2-l2a", "id": f"scene {seed}"}))


def write_raster(path, seed=0):
    values = np.random.default_rng(seed).random((600, 700), dtype=np.float32)
    steps = {"y": -10.0 * np.arange(600), "x": 10.0 * np.arange(700)}
    raster = xr.DataArray(values, steps, dims=("y", "x")).rio.write_crs("EPSG:32734")
    raster.rio.to_raster(path, tiled=True, compress="deflate")


def write_spectra(path, seed=0):
    random = np.random.default_rng(seed)
    bands = {band: random.random(500, dtype=np.float32) for band in BANDS}
    labels = {"class": 2, "group": random.integers(0, 9, 500), "name": "Dense Pines"}
    where = gpd.points_from_xy(random.random(500), random.random(500))
    gpd.GeoDataFrame(bands | labels, geometry=where, crs="EPSG:32734").to_parquet(path)


def write_model(path, seed=0):
    random = np.random.default_rng(seed)
    model = XGBClassifier(n_estimators=5, n_jobs=1)
    model.fit(random.random((50, len(BANDS))), random.integers(0, 3, 50)).save_model(path)


WRITERS = dict(
    zip(FILES, (write_choice, write_raster, write_spectra, write_model, write_raster), strict=True)
)


@pytest.fixture(scope="module")
def one_folder(tmp_path_factory):
    """One folder for all tests, and so one server."""
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture
def outputs(one_folder, monkeypatch):
    """An outputs folder in which no lesson has left anything, as if in a fresh kernel."""
    monkeypatch.setenv("COURSE_OUTPUTS", str(one_folder))
    monkeypatch.setattr(checkpoints, "_taken", {})
    shutil.rmtree(one_folder / ".made_from", ignore_errors=True)
    for name in FILES:
        (one_folder / name).unlink(missing_ok=True)
    return one_folder


@pytest.fixture
def run_lessons(outputs, monkeypatch):
    """Stand for the lessons, which take their time: note which were run, and leave their files."""
    ran = []

    def run_apart(lessons):
        ran.extend(lessons)
        monkeypatch.setattr(checkpoints, "_taken", {})  # another process, another kernel
        for file, lesson in checkpoints.LEFT_BY.items():
            if lesson in lessons:
                leave_file(file)

    monkeypatch.setattr(checkpoints, "_run_apart", run_apart)
    return ran


def leave_file(name, seed=0):
    with leave(name) as path:
        WRITERS[name](path, seed)


def leave_all():
    for name in FILES:
        leave_file(name)


# Found


@pytest.mark.parametrize("name", FILES)
def test_what_a_lesson_left_is_taken(run_lessons, outputs, name):
    leave_all()
    assert find_or_make(name) == outputs / name
    assert run_lessons == []


def test_the_same_left_again_changes_nothing(run_lessons):
    leave_all()
    leave_file("chosen_scene.json")
    find_or_make("pine_probability.tif")
    assert run_lessons == []


def test_dates_play_no_part(run_lessons, outputs):
    leave_all()
    for year, name in enumerate(reversed(FILES)):  # the later a file is needed, the older it is
        os.utime(outputs / name, (year * 31_536_000, year * 31_536_000))
    find_or_make("pine_probability.tif")
    assert run_lessons == []


def test_the_learners_own_file_is_taken_if_it_is_whole(run_lessons, outputs):
    leave_all()
    write_model(outputs / "pine_classifier.ubj", seed=7)
    content = (outputs / "pine_classifier.ubj").read_bytes()
    assert find_or_make("pine_classifier.ubj").read_bytes() == content
    assert run_lessons == []


def test_a_file_that_was_handed_out_alone_is_taken(run_lessons, outputs):
    write_raster(outputs / "pine_probability.tif")
    find_or_make("pine_probability.tif")
    assert run_lessons == []


# Made again


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", ["nothing", "one byte", "half", "all but a little"])
def test_a_damaged_file_is_made_again(run_lessons, outputs, capsys, name, left):
    leave_all()
    path = outputs / name
    whole = path.read_bytes()
    sizes = {"nothing": 0, "one byte": 1, "half": len(whole) // 2, "all but a little": -9}
    path.write_bytes(whole[: sizes[left]])
    assert find_or_make(name).read_bytes() == whole
    assert run_lessons == [checkpoints.LEFT_BY[name]]
    assert f"{name} is damaged (it cannot be read): running" in capsys.readouterr().out


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_model_without_its_last_bytes_is_never_taken(outputs, cut):
    path = outputs / "pine_classifier.ubj"
    write_model(path)
    path.write_bytes(path.read_bytes()[:-cut])
    assert fault_in(path) == "it cannot be read"


def test_all_that_a_file_needs_is_made_in_order(run_lessons, capsys):
    leave_file("chosen_scene.json")
    find_or_make("pine_classifier.ubj")
    assert run_lessons == [checkpoints.LEFT_BY[name] for name in FILES[1:4]]
    assert "pine_classifier.ubj is not there: running 3 lessons" in capsys.readouterr().out


def test_a_choice_without_a_scene_is_damaged(run_lessons, outputs, capsys):
    leave_all()
    (outputs / "chosen_scene.json").write_text('{"id": "scene 0"}')
    find_or_make("chosen_scene.json")
    assert run_lessons == ["02_find_scenes"]
    assert "it has no collection" in capsys.readouterr().out


def test_spectra_without_their_bands_are_damaged(run_lessons, outputs, capsys):
    leave_all()
    path = outputs / "spectra_at_points.parquet"
    gpd.read_parquet(path).drop(columns=["red", "nir"]).to_parquet(path)
    find_or_make("spectra_at_points.parquet")
    assert run_lessons == ["05_spectra_at_points"]
    assert "it has no red, nir" in capsys.readouterr().out


def test_a_model_of_other_spectra_is_made_again(run_lessons, capsys):
    leave_all()
    leave_file("spectra_at_points.parquet", seed=1)
    find_or_make("pine_classifier.ubj")
    assert run_lessons == ["06_train_a_classifier"]
    said = capsys.readouterr().out
    assert "pine_classifier.ubj was made from another spectra_at_points.parquet: running" in said


def test_all_that_follows_another_choice_is_made_again(run_lessons):
    leave_all()
    leave_file("chosen_scene.json", seed=1)
    find_or_make("chosen_scene.json")
    assert run_lessons == []
    find_or_make("pine_probability.tif")
    assert run_lessons == [checkpoints.LEFT_BY[name] for name in FILES[1:]]


def test_a_model_counts_as_made_from_the_spectra_that_its_kernel_was_given(
    run_lessons, monkeypatch
):
    leave_all()
    find_or_make("spectra_at_points.parquet")
    with monkeypatch.context() as another_kernel:
        another_kernel.setattr(checkpoints, "_taken", {})
        leave_file("spectra_at_points.parquet", seed=1)
    leave_file("pine_classifier.ubj")
    find_or_make("pine_classifier.ubj")
    assert run_lessons == ["06_train_a_classifier"]


def test_a_note_that_cannot_be_read_is_none(run_lessons, outputs):
    leave_all()
    for note in (outputs / ".made_from").iterdir():
        note.write_text("[1, 2")
    find_or_make("pine_probability.tif")
    assert run_lessons == []


# Another kit


@pytest.fixture(scope="module")
def other_kit(tmp_path_factory) -> Path:
    """Copy the course's kit, for tests that change it."""
    return Path(shutil.copytree(checkpoints.kit_folder(), tmp_path_factory.mktemp("kit") / "kit"))


@pytest.fixture
def kit(other_kit, outputs, monkeypatch, tmp_path):
    """A kit that may be changed, and an outputs folder of its own."""
    monkeypatch.setenv("COURSE_KIT", str(other_kit))
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path))
    return other_kit


def test_a_kit_dated_in_the_future_is_the_same_kit(kit, run_lessons):
    leave_all()
    for path in kit.rglob("*"):
        os.utime(path, (4e9, 4e9))
    find_or_make("pine_probability.tif")
    assert run_lessons == []


def test_what_another_kit_gave_is_made_again(kit, run_lessons, capsys):
    leave_all()
    content = manifest.read_manifest(kit)
    other = json.loads(json.dumps(content))
    other["files"]["field_points.gpkg"]["sha256"] = "0" * 64
    manifest.write_json(kit / manifest.MANIFEST, other)
    try:
        find_or_make("spectra_at_points.parquet")
    finally:
        manifest.write_json(kit / manifest.MANIFEST, content)
    assert run_lessons == [checkpoints.LEFT_BY[name] for name in FILES[:3]]
    assert "was made from another offline kit" in capsys.readouterr().out


def test_files_made_from_the_published_data_are_not_taken_for_the_kits(run_lessons, monkeypatch):
    leave_all()
    aws = dataclasses.replace(open_cloud(), name="aws")
    monkeypatch.setattr(checkpoints, "open_cloud", lambda: aws)
    find_or_make("chosen_scene.json")
    find_or_make("chosen_scene.json")
    assert run_lessons == ["02_find_scenes"]
    monkeypatch.setattr(checkpoints, "PUBLISHED_POINTS", ("address", "another sum"))
    find_or_make("chosen_scene.json")
    assert run_lessons == ["02_find_scenes"] * 2


def test_a_kit_built_anew_with_the_same_content_is_the_same_kit(kit):
    content = manifest.read_manifest(kit)
    again = content | {"made_with": {"numpy": "99"}, "licence": "another"}
    assert manifest.identity_of(again) == manifest.identity_of(content)


# Left


def test_nothing_is_left_by_another_name(outputs):
    with pytest.raises(CourseError, match=r"No lesson leaves a file 'map\.pdf'"), leave("map.pdf"):
        pytest.fail("the block has begun")


def test_what_later_lessons_could_not_use_is_not_left(run_lessons, outputs):
    leave_all()
    before = (outputs / "chosen_scene.json").read_bytes()
    with (
        pytest.raises(CourseError, match=r"it has no collection.*02_find_scenes"),
        leave("chosen_scene.json") as path,
    ):
        path.write_text('{"id": "scene 1"}')
    assert (outputs / "chosen_scene.json").read_bytes() == before


def test_a_cell_that_fails_leaves_the_old_file(run_lessons, outputs):
    leave_all()
    before = (outputs / "usable_pixels.tif").read_bytes()
    with pytest.raises(ZeroDivisionError), leave("usable_pixels.tif") as path:
        write_raster(path, seed=1)
        _ = 1 / 0
    assert (outputs / "usable_pixels.tif").read_bytes() == before
    find_or_make("pine_probability.tif")
    assert run_lessons == []


@needs_limits
@pytest.mark.parametrize("name", ["usable_pixels.tif", "spectra_at_points.parquet"])
def test_a_full_disk_is_a_sentence(outputs, name):
    open_cloud()  # the server runs already, and writes its log where the disk has room
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_checkpoints
from helpers import leave, open_cloud
open_cloud()
{ON_A_FULL_DISK.replace("100000", "20000")}
with leave({name!r}) as path:
    test_checkpoints.WRITERS[{name!r}](path)
"""
    done = run(code)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("offline_kit.errors.CourseError: The disk is full: there is no room for")
    assert f"{outputs / name}" in last
    assert not (outputs / name).exists()
    assert not list(outputs.glob("*.part")) and not list(outputs.glob(".*.part"))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can make another user's file, and setpriv gives up root's way round it",
)
def test_another_users_files_are_named(tmp_path):
    lock = tmp_path / ".making.lock"
    lock.touch()
    lock.chmod(0o600)
    os.chown(lock, 65534, 65534)
    code = "from helpers import find_or_make; find_or_make('chosen_scene.json')"
    done = subprocess.run(
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", code],
        env=os.environ | {"COURSE_OUTPUTS": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"offline_kit.errors.CourseError: {lock} is another user's")


def test_who_waits_for_another_notebook_is_told(outputs, run_lessons, capsys):
    lock = FileLock(outputs / ".making.lock")
    made = threading.Thread(target=find_or_make, args=("chosen_scene.json",))
    with lock:
        made.start()
        wait_until(lambda: "waiting for it" in capsys.readouterr().out)
        assert run_lessons == []
    made.join(60)
    assert run_lessons == [checkpoints.LEFT_BY["chosen_scene.json"]]


@pytest.mark.parametrize("name", [Path("chosen_scene.json"), ["chosen_scene.json"], None])
def test_a_name_that_is_no_text(name):
    with pytest.raises(CourseError, match="name is needed, in quotes"):
        find_or_make(name)
