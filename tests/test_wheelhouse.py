"""The wheelhouse: what is packed, and one sentence for each thing that does not fit."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from dry_make import dry_run
from serve.tiny_kit import make_kit

from helpers import CourseError
from offline_kit.manifest import check_kit
from tools import wheelhouse

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


def test_files_without_a_date_are_packed_too(tmp_path, monkeypatch):
    """As some archives unpack them: 1 January 1970, which a zip cannot tell."""
    (tmp_path / "old.txt").write_text("text")
    os.utime(tmp_path / "old.txt", (0, 0))
    for words in (["init", "-q"], ["add", "old.txt"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.setattr(wheelhouse, "PROJECT", tmp_path)
    wheelhouse.zip_course(tmp_path / "course.zip")
    with zipfile.ZipFile(tmp_path / "course.zip") as course:
        assert course.namelist() == ["pines-from-space/old.txt"]


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
    with pytest.raises(CourseError, match=r"field_points\.gpkg has 7 bytes"):
        wheelhouse.pack(packed.parent / "another")


def test_the_kit_is_copied_and_compared_with_its_manifest(packed, tmp_path):
    wheelhouse.copy_kit(packed, tmp_path / "data" / "kit")
    assert (tmp_path / "data" / "kit" / "manifest.json").is_file()
    (packed / "offline_kit" / "field_points.gpkg").write_bytes(b"damaged")
    with pytest.raises(CourseError, match=r"field_points\.gpkg has 7 bytes"):
        wheelhouse.copy_kit(packed, tmp_path / "data" / "other")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["kit"]
    with pytest.raises(CourseError, match="There is no kit in"):
        wheelhouse.copy_kit(tmp_path, tmp_path / "data" / "other")


@pytest.mark.parametrize("own", ["thesis.txt", "items/thesis.txt", "manifest.json"])
def test_a_folder_that_is_no_kit_is_never_replaced(packed, tmp_path, own):
    folder = tmp_path / "Documents"
    (folder / own).parent.mkdir(parents=True)
    (folder / own).write_text('{"name": "of something else"}')
    with pytest.raises(CourseError, match=r"Documents holds .*kit: nothing was removed"):
        wheelhouse.copy_kit(packed, folder)
    assert [path.name for path in tmp_path.iterdir() if "Doc" in path.name] == ["Documents"]
    assert (folder / own).read_text() == '{"name": "of something else"}'


def test_a_thesis_beside_a_kit_is_never_removed(packed, tmp_path):
    wheelhouse.copy_kit(packed, tmp_path / "kit")
    (tmp_path / "kit" / "thesis.txt").write_text("precious")
    with pytest.raises(CourseError, match=r"kit holds thesis\.txt, which is not part of a kit"):
        wheelhouse.copy_kit(packed, tmp_path / "kit")
    assert (tmp_path / "kit" / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize("manifest", [None, "", '{"kit_ver'])
def test_a_damaged_or_half_built_kit_makes_way(packed, tmp_path, manifest):
    kit = tmp_path / "kit"
    wheelhouse.copy_kit(packed, kit)
    (kit / "field_points.gpkg").unlink()
    if manifest is None:
        (kit / "manifest.json").replace(kit / "building.json")
    else:
        (kit / "manifest.json").write_text(manifest)
    wheelhouse.copy_kit(packed, kit)
    check_kit(kit, sums=True)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_kit_behind_a_link_is_replaced_where_it_is(packed, tmp_path):
    wheelhouse.copy_kit(packed, tmp_path / "disk" / "kit")
    (tmp_path / "disk" / "kit" / "field_points.gpkg").write_bytes(b"damaged")
    (tmp_path / "kit").symlink_to(tmp_path / "disk" / "kit")
    wheelhouse.copy_kit(packed, tmp_path / "kit")
    check_kit(tmp_path / "disk" / "kit", sums=True)
    assert (tmp_path / "kit").is_symlink()


@pytest.mark.parametrize("own", ["wheels/thesis.txt", "offline_kit/thesis.txt", "course.zip"])
def test_what_others_put_into_a_folder_is_never_packed_over(packed, tmp_path, own):
    folder = tmp_path / "Documents"
    (folder / own).parent.mkdir(parents=True)
    (folder / own).write_text("precious")
    with pytest.raises(CourseError, match=r"is not a wheelhouse .*: nothing was removed"):
        wheelhouse.pack(folder)
    assert (folder / own).read_text() == "precious"


def test_a_made_up_uv_is_not_unpacked(packed, tmp_path):
    program = tmp_path / "bin" / "uv"
    with pytest.raises(CourseError, match=r"uv-0.*whl is not the uv of requirements\.lock"):
        wheelhouse.unpack_uv(packed, program)
    assert not program.exists()


def test_the_lock_allows_one_uv_for_each_platform():
    """The recipe that takes uv's entry out of the lock for pip finds the same sums."""
    sums = wheelhouse.locked_sums("uv")
    assert len(sums) > 5 and all(re.fullmatch("[0-9a-f]{64}", each) for each in sums)
    _, sed, pip = dry_run(".bootstrap/bin/uv").stdout.splitlines()
    assert "--require-hashes -r .bootstrap/uv.txt" in pip
    sed = sed.removesuffix("> .bootstrap/uv.txt")
    entry = subprocess.run(sed, shell=True, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert re.findall(r"^[a-z].*?==", entry.stdout, re.MULTILINE) == ["uv=="]
    assert set(re.findall(r"sha256:(\w+)", entry.stdout)) == sums


def wheel(folder, text):
    """Make a wheel that installs one module, and return its SHA-256."""
    name = "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as made:
        made.writestr("demo.py", text)
        made.writestr(
            "demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0"
        )
        made.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any")
        made.writestr("demo-1.0.dist-info/RECORD", "")
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_a_changed_wheel_is_not_installed(tmp_path):
    """By uv, told what `make env WHEELHOUSE=...` tells it."""
    made = dry_run("env", f"WHEELHOUSE={tmp_path}").stdout
    (sync,) = [line for line in made.splitlines() if " pip sync " in line]
    (tmp_path / "wheels").mkdir()
    lock, target = tmp_path / "requirements.lock", tmp_path / "target"
    options = sync.split(" pip sync ")[1].replace(" --python .venv/bin/python", "").split()
    uv = [Path(sys.executable).with_name("uv"), "pip", "sync", *options[:-1], lock]
    uv = [part.strip('"') if isinstance(part, str) else part for part in uv]
    uv += ["--python", sys.executable, "--target", target, "--cache-dir", tmp_path / "cache"]
    lock.write_text(f"demo==1.0 --hash=sha256:{wheel(tmp_path / 'wheels', 'x = 1')}\n")
    subprocess.run(uv, check=True)
    assert (target / "demo.py").read_text() == "x = 1"
    shutil.rmtree(target)
    wheel(tmp_path / "wheels", "x = 2")
    uv[-1] = tmp_path / "another cache"
    run = subprocess.run(uv, capture_output=True, text=True, check=False)
    assert run.returncode and "Hash mismatch" in run.stderr
    assert not (target / "demo.py").exists()


def test_uv_is_taken_out_of_its_wheel(packed, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "uv"
    (uv,) = packed.glob("wheels/uv-*.whl")
    lock = tmp_path / "requirements.lock"
    found = hashlib.sha256(uv.read_bytes()).hexdigest()
    lock.write_text(f"uv==0.13.9 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{found}\n")
    monkeypatch.setattr(wheelhouse, "LOCK", lock)
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
    command = [sys.executable, "-m", "tools.wheelhouse", "check", "nowhere"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith("Error: There is no complete wheelhouse in nowhere")
    assert run.stderr.count("\n") == 1


def test_make_asks_no_network_and_still_checks_hashes():
    run = dry_run("lab", "WHEELHOUSE=/media/a stick")
    uv = [line for line in run.stdout.splitlines() if line.split()[0].endswith("uv")]
    assert len(uv) == 3
    assert all("--offline" in line for line in uv)
    assert all('--no-index --find-links "/media/a stick/wheels"' in line for line in uv[1:])
    assert "--require-hashes" in uv[1]
    assert 'tools.wheelhouse kit "/media/a stick"' in run.stdout
    assert "offline_kit build" not in run.stdout
    assert "bin/pip install" not in run.stdout


@pytest.mark.parametrize(
    "path",
    [
        "helpers/__init__.py",
        "helpers/course.py",
        "helpers/paths.py",
        "offline_kit/__init__.py",
        "offline_kit/errors.py",
        "offline_kit/folder.py",
        "offline_kit/manifest.py",
        "offline_kit/paths.py",
        "helpers/errors.py",
        "tools/__init__.py",
        "tools/wheelhouse.py",
        *(str(path.relative_to(PROJECT)) for path in (PROJECT / "helpers/doctor").glob("*.py")),
    ],
)
def test_what_runs_before_anything_is_installed_is_old_python(path):
    """Neither its words nor what it takes from the standard library are newer than 3.9."""
    vermin = Path(sys.executable).with_name("vermin")
    command = [vermin, "--target=3.9-", "--violations", "--no-tips"]
    run = subprocess.run([*command, PROJECT / path], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
