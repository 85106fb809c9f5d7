"""One folder of the kit, wherever the command is typed, and advice that works from there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from build_fixtures import SEED, SIZE, tiny_kit  # noqa: F401 (fixture)
from serve.tiny_kit import make_kit

import helpers.paths
from offline_kit.errors import CourseError
from offline_kit.folder import check_makes_way
from offline_kit.manifest import KIT_VERSION, MANIFEST, check_kit
from offline_kit.paths import PROJECT, build_command, kit_folder
from offline_kit.serve.kit import Kit


@pytest.fixture(autouse=True)
def no_kit_is_named(monkeypatch):
    monkeypatch.delenv("COURSE_KIT", raising=False)


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        (None, PROJECT / "data" / "offline_kit"),
        ("", PROJECT / "data" / "offline_kit"),
        ("kits/other", PROJECT / "kits" / "other"),
        ("~/kit", Path.home() / "kit"),
        ("~nobody_of_this_name/kit", PROJECT / "~nobody_of_this_name" / "kit"),
        ("/somewhere/else", Path("/somewhere/else")),
    ],
)
def test_the_folder_does_not_depend_on_where_one_is(given, folder, monkeypatch, tmp_path):
    if given is not None:
        monkeypatch.setenv("COURSE_KIT", given)
    monkeypatch.chdir(tmp_path)
    assert kit_folder() == helpers.paths.kit_folder() == folder


@pytest.mark.parametrize("given", ["", " ", "of/mine", "~/of mine", "$HOME/of mine"])
def test_the_outputs_do_not_depend_on_it_either(given, monkeypatch, tmp_path):
    """Kernels run in notebooks/, `make map` in the project's folder."""
    monkeypatch.setenv("COURSE_OUTPUTS", given)
    monkeypatch.chdir(tmp_path)
    home = str(Path.home())
    monkeypatch.setenv("HOME", home)
    expected = given.strip().replace("~", home).replace("$HOME", home) or "outputs"
    assert helpers.paths.outputs_folder() == PROJECT / expected


@pytest.mark.parametrize("command", ["build", "verify", "serve"])
def test_the_command_line_takes_the_same_folder(command, monkeypatch, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / MANIFEST).write_text("{")
    monkeypatch.setenv("COURSE_KIT", str(own))
    monkeypatch.chdir(tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "offline_kit", command], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 1
    assert f"The offline kit in {own} is damaged (its manifest.json cannot be read)" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["own"]  # and no other kit was begun


def test_without_packages_the_folder_is_known_too(tmp_path):
    script = "from helpers.paths import kit_folder; print(kit_folder())"
    run = subprocess.run(
        [sys.executable, "-S", "-c", script],
        cwd=tmp_path, env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == str(PROJECT / "data" / "offline_kit")


def test_make_is_named_only_where_it_builds_that_kit(monkeypatch, tmp_path):
    own = PROJECT / "data" / "offline_kit"
    monkeypatch.chdir(PROJECT)
    assert build_command(own).startswith("`make kit` or `")
    assert "--out" not in build_command(own)
    assert "make kit" not in build_command(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert "make kit" not in build_command(own)
    monkeypatch.setenv("COURSE_KIT", str(tmp_path))
    assert f"--out {tmp_path}`" in build_command(tmp_path)
    assert f"--out {own}`" in build_command(own)


def test_the_python_on_the_path_is_named_only_if_it_is_this_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin"]))
    assert build_command(tmp_path).startswith("`python -m ")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build_command(tmp_path).startswith(f"`{sys.executable} -m ")


@pytest.mark.skipif(os.name == "nt", reason="the advice is quoted for another shell")
def test_the_advice_finishes_the_kit_it_is_about(tiny_kit, monkeypatch, tmp_path):  # noqa: F811
    kit = tmp_path / "my kit"
    shutil.copytree(tiny_kit, kit)
    (kit / MANIFEST).unlink()
    plan = {"kit_version": KIT_VERSION, "size": SIZE, "seed": SEED}
    (kit / "building.json").write_text(json.dumps(plan))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(CourseError, match="is half-built") as error:
        check_kit(kit, sums=False)
    advice = re.search("finish it with `(.*)`", str(error.value))[1]
    subprocess.run(f"{advice} --size {SIZE} --seed {SEED}", shell=True, check=True, timeout=300)
    assert check_kit(kit, sums=True)["files"] == check_kit(tiny_kit, sums=False)["files"]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_what_macos_leaves_on_a_stick_is_in_nobodys_way(tmp_path):
    kit = make_kit(tmp_path / "kit")
    for folder in [kit, *(path for path in kit.rglob("*") if path.is_dir())]:
        (folder / ".DS_Store").write_bytes(bytes(9))
        for path in [each for each in folder.iterdir() if not each.name.startswith(".")]:
            path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    check_makes_way(kit)
    assert len(Kit.read(kit).items) == len(list(kit.glob("items/*/[!.]*.json")))
