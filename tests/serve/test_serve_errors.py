"""What goes wrong is said in one sentence that tells how to mend it."""

import json
import os
import shutil
import socket

import pytest
from tiny_kit import write_manifest

from offline_kit.errors import CourseError
from offline_kit.serve import ensure_server, run_server
from offline_kit.serve.kit import Kit, KitOnDisk
from offline_kit.surroundings import stay_on_this_machine


@pytest.fixture
def own_kit(tmp_path):
    kit = tmp_path / "own-kit"
    (kit / "collections").mkdir(parents=True)
    (kit / "field_points.gpkg").write_bytes(b"points")
    write_manifest(kit)
    return kit


def sentence(error):
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


@pytest.mark.parametrize("make", [False, True])
def test_no_kit(tmp_path, make):
    kit = tmp_path / "nothing"
    if make:
        kit.mkdir()
    with pytest.raises(CourseError) as error:
        ensure_server(kit, tmp_path / "bucket")
    assert "no offline kit in" in sentence(error)
    assert str(kit) in sentence(error)
    assert f"python -m offline_kit build --out {kit}`" in sentence(error)
    assert not (tmp_path / "bucket").exists()


def test_something_else_is_no_kit(tmp_path):
    (tmp_path / "letters").mkdir()
    with pytest.raises(CourseError) as error:
        ensure_server(tmp_path, tmp_path / "bucket")
    assert f"{tmp_path} holds no offline kit" in sentence(error)
    assert "half-built" not in sentence(error)


def test_half_built(own_kit, tmp_path):
    (own_kit / "manifest.json").rename(own_kit / "building.json")
    with pytest.raises(CourseError) as error:
        ensure_server(own_kit, tmp_path / "bucket")
    assert "half-built (it has no manifest.json)" in sentence(error)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda file: file.unlink(), "field_points.gpkg is missing"),
        (lambda file: file.write_bytes(b"x"), "field_points.gpkg has 1 bytes instead of 6"),
    ],
)
def test_damaged(own_kit, tmp_path, damage, words):
    damage(own_kit / "field_points.gpkg")
    with pytest.raises(CourseError) as error:
        ensure_server(own_kit, tmp_path / "bucket")
    assert words in sentence(error)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"files": {"a": {}}}', '{"files": []}'])
def test_manifest_that_cannot_be_read(own_kit, content):
    (own_kit / "manifest.json").write_text(content)
    with pytest.raises(CourseError) as error:
        Kit.read(own_kit)
    assert "manifest.json cannot be read" in sentence(error)


def test_part_of_a_kit_that_lies_elsewhere(own_kit, tmp_path):
    (own_kit / "collections").rename(tmp_path / "elsewhere")
    (own_kit / "collections").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(
        CourseError, match="is a link, and nothing outside the kit's folder is served"
    ):
        Kit.read(own_kit)


def test_kit_whose_folder_is_a_link(own_kit, tmp_path):
    (tmp_path / "link").symlink_to(own_kit)
    assert Kit.read(tmp_path / "link").manifest == Kit.read(own_kit).manifest


def test_item_that_is_no_json(own_kit):
    (own_kit / "items" / "c").mkdir(parents=True)
    (own_kit / "items" / "c" / "broken.json").write_text("{")
    write_manifest(own_kit)
    with pytest.raises(CourseError, match=r"broken\.json is not valid JSON"):
        Kit.read(own_kit)


def test_a_kit_damaged_while_served_is_an_error_until_it_is_whole(own_kit):
    on_disk = KitOnDisk(own_kit)
    whole = on_disk.current()
    (own_kit / "manifest.json").unlink()
    assert on_disk.current() is whole
    write_manifest(own_kit, "new")
    (own_kit / "field_points.gpkg").unlink()
    with pytest.raises(CourseError, match="missing"):
        on_disk.current()
    (own_kit / "field_points.gpkg").write_bytes(b"points")
    assert on_disk.current().manifest["kit_version"] == "new"


def test_port_taken(own_kit):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CourseError) as error:
            run_server(own_kit, port=port)
    assert f"Port {port} cannot be used" in sentence(error)
    assert "serve --port N" in sentence(error)


def test_port_that_does_not_exist(own_kit):
    with pytest.raises(CourseError, match="Port 70000 cannot be used"):
        run_server(own_kit, port=70000)


def test_bucket_folder_in_use_for_another_kit(own_kit, kit, server, bucket_folder):
    with pytest.raises(CourseError) as error:
        ensure_server(own_kit, bucket_folder)
    assert str(kit) in sentence(error)
    assert "another bucket folder" in sentence(error)


def test_bucket_folder_that_cannot_be_made(own_kit, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CourseError, match="cannot be made"):
        ensure_server(own_kit, tmp_path / "file" / "bucket")


def test_a_server_that_fails_to_start_says_why(own_kit, tmp_path):
    bucket = tmp_path / "bucket"
    (bucket / "seaweedfs" / "data").mkdir(parents=True)
    (bucket / "seaweedfs" / "data" / "filerldb2").write_text("no database")
    with pytest.raises(CourseError) as error:
        ensure_server(own_kit, bucket)
    assert "filerldb2" in sentence(error)
    assert "move away the folder `seaweedfs`" in sentence(error)


def test_proxies_are_bypassed_and_what_was_there_stays(own_kit, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "example.org, 127.0.0.1")
    monkeypatch.delenv("no_proxy", raising=False)
    stay_on_this_machine()
    stay_on_this_machine()
    assert os.environ["NO_PROXY"] == "example.org,127.0.0.1,localhost"
    assert os.environ["no_proxy"] == "127.0.0.1,localhost"


def test_a_state_file_that_was_cut_off_is_as_good_as_none(tmp_path):
    from offline_kit.serve.state import BucketFolder

    for content in ("", "{", "[]", json.dumps({"addresses": {}})):
        (tmp_path / "server.json").write_text(content)
        assert BucketFolder(tmp_path).read_state() is None
    shutil.rmtree(tmp_path)
    assert BucketFolder(tmp_path).read_state() is None
