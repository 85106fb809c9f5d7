"""The wheelhouse: what is packed, and one sentence for each thing that does not fit."""

import ast
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from serve.tiny_kit import make_kit

from helpers import CourseError, wheelhouse
from offline_kit.errors import KitError

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def tiny_kit(tmp_path_factory):
    return make_kit(tmp_path_factory.mktemp("wheelhouse") / "kit")


def fake_wheels(folder):
    (folder / "numpy-2.5.5-py3-none-any.whl").write_bytes(b"numpy")
    with zipfile.ZipFile(folder / "uv-0.13.9-py3-none-any.whl", "w") as wheel:
        wheel.writestr("uv/__init__.py", "")
        wheel.writestr("uv-0.13.9.data/scripts/uv", "#!/bin/sh\necho uv of the wheelhouse\n")


@pytest.fixture(scope="module")
def packed_once(tiny_kit, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wheelhouse, "KIT", tiny_kit)
        patch.setattr(wheelhouse, "download_wheels", fake_wheels)
        folder = tmp_path_factory.mktemp("packed") / "wheelhouse"
        wheelhouse.pack(folder)
    return folder


@pytest.fixture
def packed(packed_once, tiny_kit, tmp_path, monkeypatch):
    """A copy, on a stick, of a wheelhouse packed from a tiny kit and wheels that are none."""
    monkeypatch.setattr(wheelhouse, "KIT", tiny_kit)
    monkeypatch.setattr(wheelhouse, "download_wheels", fake_wheels)
    folder = tmp_path / "a stick" / "wheelhouse"
    shutil.copytree(packed_once, folder)
    return folder


def change(folder, **contents):
    path = folder / "wheelhouse.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | contents))


def test_a_packed_folder_fits_where_it_was_packed(packed):
    assert "fits: 2 wheels" in wheelhouse.check(packed)
    assert sorted(path.name for path in packed.iterdir()) == [
        "START_HERE.txt",
        "course.zip",
        "offline_kit",
        "wheelhouse.json",
        "wheels",
    ]
    assert "make lab WHEELHOUSE=" in (packed / "START_HERE.txt").read_text()


def test_the_course_is_in_it_as_it_is_now(packed):
    with zipfile.ZipFile(packed / "course.zip") as course:
        names = course.namelist()
        lock = course.read("pines-from-space/requirements.lock")
    assert lock == (PROJECT / "requirements.lock").read_bytes()
    assert "pines-from-space/notebooks/00_welcome.ipynb" in names
    assert not [name for name in names if ".venv" in name or "data/offline_kit" in name]


def test_packing_again_replaces_what_was_there(packed):
    (packed / "wheels" / "old-1.0-py3-none-any.whl").write_bytes(b"of an older lock")
    (packed / "python-3.12-installer.pkg").write_bytes(b"laid there by the instructor")
    wheelhouse.pack(packed)
    assert not (packed / "wheels" / "old-1.0-py3-none-any.whl").exists()
    assert (packed / "python-3.12-installer.pkg").exists()


def test_another_platform_is_named(packed):
    change(packed, platform="win32-AMD64")
    with pytest.raises(CourseError, match=f"for win32-AMD64, and this is {sys.platform}-"):
        wheelhouse.check(packed)


def test_a_missing_wheel_is_named(packed):
    (packed / "wheels" / "numpy-2.5.5-py3-none-any.whl").unlink()
    with pytest.raises(CourseError, match=r"wheels/numpy-2.5.5-.*whl is missing.*copy"):
        wheelhouse.check(packed)


def test_a_file_that_was_cut_short_is_named(packed):
    scene = next(packed.rglob("B04.tif"))
    scene.write_bytes(scene.read_bytes()[:100])
    with pytest.raises(CourseError, match="B04.tif has 100 bytes instead of"):
        wheelhouse.check(packed)


def test_a_wheelhouse_of_another_lock(packed):
    change(packed, lock_sha256="0" * 64)
    with pytest.raises(CourseError, match=r"another requirements.lock.*course\.zip"):
        wheelhouse.check(packed)


def test_no_wheelhouse_and_a_damaged_one(packed, tmp_path):
    with pytest.raises(CourseError, match="There is no complete wheelhouse"):
        wheelhouse.check(tmp_path)
    for damage in ("", "[]", '{"files": 3}'):
        (packed / "wheelhouse.json").write_text(damage)
        with pytest.raises(CourseError, match="cannot be read"):
            wheelhouse.check(packed)


def test_what_is_half_packed_is_none(packed, monkeypatch):
    def fails(folder):
        raise CourseError("no network")

    monkeypatch.setattr(wheelhouse, "download_wheels", fails)
    with pytest.raises(CourseError, match="no network"):
        wheelhouse.pack(packed)
    with pytest.raises(CourseError, match="There is no complete wheelhouse"):
        wheelhouse.check(packed)


def test_a_damaged_kit_is_not_packed(packed, monkeypatch):
    (packed / "offline_kit" / "field_points.gpkg").write_bytes(b"damaged")
    monkeypatch.setattr(wheelhouse, "KIT", packed / "offline_kit")
    with pytest.raises(KitError, match=r"field_points\.gpkg has 7 bytes"):
        wheelhouse.pack(packed.parent / "another")


def test_the_kit_is_copied_and_compared_with_its_manifest(packed, tmp_path):
    wheelhouse.copy_kit(packed, tmp_path / "data" / "kit")
    assert (tmp_path / "data" / "kit" / "manifest.json").is_file()
    (packed / "offline_kit" / "field_points.gpkg").write_bytes(b"damaged")
    with pytest.raises(CourseError, match=r"field_points\.gpkg has 7 bytes"):
        wheelhouse.copy_kit(packed, tmp_path / "data" / "other")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["kit"]


def test_uv_is_taken_out_of_its_wheel(packed, tmp_path):
    program = tmp_path / "bin" / "uv"
    wheelhouse.unpack_uv(packed, program)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert said == "uv of the wheelhouse\n"
    next(packed.glob("wheels/uv-*")).unlink()
    with pytest.raises(CourseError, match="no wheel of uv"):
        wheelhouse.unpack_uv(packed, program)


def test_a_wheel_that_cannot_be_had_is_named(monkeypatch, tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(wheelhouse, "LOCK", lock)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(CourseError, match=r"No matching distribution found for no-such-package"):
        wheelhouse.download_wheels(tmp_path)


def test_errors_are_one_line_and_an_exit_status():
    command = [sys.executable, "-m", "helpers.wheelhouse", "check", "nowhere"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith("Error: There is no complete wheelhouse in nowhere")
    assert run.stderr.count("\n") == 1


def test_make_asks_no_network_and_still_checks_hashes():
    command = ["make", "--dry-run", "--always-make", "lab", "WHEELHOUSE=/media/a stick"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    uv = [line for line in run.stdout.splitlines() if line.split()[0].endswith("uv")]
    assert len(uv) == 3
    assert all("--offline" in line for line in uv)
    assert all('--no-index --find-links "/media/a stick/wheels"' in line for line in uv[1:])
    assert "--require-hashes" in uv[1]
    assert 'helpers.wheelhouse kit "/media/a stick"' in run.stdout
    assert "offline_kit build" not in run.stdout
    assert "pip install --quiet uv" not in run.stdout


@pytest.mark.parametrize(
    "path",
    [
        "helpers/__init__.py",
        "helpers/paths.py",
        "offline_kit/errors.py",
        "offline_kit/manifest.py",
        "helpers/errors.py",
        "helpers/wheelhouse.py",
        *(str(path.relative_to(PROJECT)) for path in (PROJECT / "helpers/doctor").glob("*.py")),
    ],
)
def test_what_runs_before_anything_is_installed_is_old_python(path):
    ast.parse((PROJECT / path).read_text(), feature_version=(3, 9))
