"""open_cloud: the same names whichever cloud it is, and one sentence for each thing that fails."""

import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading

import geopandas as gpd
import pytest
from pyogrio.errors import DataSourceError

from helpers import CourseError, cloud, open_cloud
from helpers.cloud import fetch_published
from helpers.paths import kit_folder


@pytest.fixture
def publisher(tmp_path):
    """A small web server on this machine that publishes the files of a folder."""
    folder = tmp_path / "published"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **keywords):
            super().__init__(*arguments, directory=folder, **keywords)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_typo_names_both_clouds(monkeypatch):
    monkeypatch.setenv("COURSE_CLOUD", "azure")
    with pytest.raises(CourseError, match="COURSE_CLOUD is 'azure'.*'local'.*'aws'"):
        open_cloud()


def test_no_kit_says_how_to_build_it(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_KIT", str(tmp_path / "nowhere"))
    with pytest.raises(CourseError, match="offline_kit build"):
        open_cloud()


@pytest.mark.kit
def test_a_kit_behind_a_link_opens(monkeypatch, tmp_path):
    (tmp_path / "link").symlink_to(kit_folder(), target_is_directory=True)
    monkeypatch.setenv("COURSE_KIT", str(tmp_path / "link"))
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path / "outputs"))
    assert open_cloud().field_points.is_file()


def test_a_link_that_leads_nowhere_is_no_kit(monkeypatch, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere", target_is_directory=True)
    monkeypatch.setenv("COURSE_KIT", str(tmp_path / "link"))
    with pytest.raises(CourseError, match="There is no offline kit in .*offline_kit build"):
        open_cloud()


@pytest.mark.parametrize("where", ["outputs", "outputs/of/mine"])
def test_a_file_where_the_outputs_should_be(monkeypatch, tmp_path, where):
    (tmp_path / "outputs").write_text("in the way")
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path / where))
    with pytest.raises(CourseError, match=r"cannot be written \(.*COURSE_OUTPUTS"):
        open_cloud()


@pytest.mark.parametrize("variable", ["COURSE_KIT", "COURSE_OUTPUTS"])
def test_a_folder_in_which_geopandas_finds_nothing(variable, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path / "outputs"))
    folder = tmp_path / "new!" / "folder"
    folder.mkdir(parents=True)
    monkeypatch.setenv(variable, str(folder))
    with pytest.raises(CourseError, match=f"has a ! in its name.*{variable}"):
        open_cloud()
    table = gpd.GeoDataFrame(geometry=gpd.points_from_xy([19.0], [-34.0], crs=4326))
    with pytest.raises(DataSourceError):  # else the refusal has become needless
        table.to_file(folder / "points.gpkg")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux namespaces")
@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        ("mount --bind {0} {0} && mount -o remount,ro,bind {0}", "Read-only file system"),
        (
            "mount -t tmpfs -o size=1m none {0} && ! cat /dev/zero > {0}/ballast 2>/dev/null",
            "No space left on device",
        ),
    ],
    ids=["read-only", "full"],
)
def test_outputs_that_take_no_file(tmp_path, prepare, reason):
    (tmp_path / "bucket").mkdir()  # an earlier session's
    code = "from helpers import open_cloud; open_cloud()"
    script = f"{prepare.format(tmp_path)} || exit 9; '{sys.executable}' -c '{code}'"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        env=os.environ | {"COURSE_OUTPUTS": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 9 or "unshare" in done.stderr:
        pytest.skip(f"no private mounts here: {done.stderr.strip()[-100:]}")
    assert done.stderr.splitlines()[-1].startswith(
        f"offline_kit.errors.CourseError: The folder {tmp_path} cannot be written ({reason})"
    )


def test_no_network_in_aws_mode_is_one_sentence(monkeypatch):
    monkeypatch.setenv("COURSE_CLOUD", "aws")
    monkeypatch.setattr(cloud, "EARTH_SEARCH", "http://127.0.0.1:9/v1")  # nobody listens there
    with pytest.raises(CourseError, match=r"127\.0\.0\.1:9/v1 does not answer.*check the network"):
        open_cloud()


def test_aws_has_the_same_names(monkeypatch, publisher, tmp_path):
    folder, address = publisher
    (folder / "v1").write_text("{}")
    (folder / "points.gpkg").write_bytes(b"points")
    (folder / "aoi.gpkg").write_bytes(b"area")
    monkeypatch.setenv("COURSE_CLOUD", "aws")
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.delenv("COURSE_BUCKET", raising=False)
    monkeypatch.setattr(cloud, "PROJECT", tmp_path)
    monkeypatch.setattr(cloud, "EARTH_SEARCH", f"{address}/v1")
    monkeypatch.setattr(cloud, "PUBLISHED_POINTS", (f"{address}/points.gpkg", sha256(b"points")))
    monkeypatch.setattr(
        cloud, "PUBLISHED_AREA_OF_INTEREST", (f"{address}/aoi.gpkg", sha256(b"area"))
    )
    aws = open_cloud()
    assert (aws.name, aws.truth) == ("aws", None)
    assert aws.field_points.read_bytes() == b"points"
    assert aws.area_of_interest.read_bytes() == b"area"
    assert aws.map_title("Pines") == "Pines"
    with pytest.raises(CourseError, match="COURSE_BUCKET"):
        _ = aws.bucket
    monkeypatch.setenv("COURSE_BUCKET", "my-own")
    assert open_cloud().bucket == "my-own"


def test_a_published_file_is_fetched_once(publisher, tmp_path):
    folder, address = publisher
    (folder / "points.gpkg").write_bytes(b"points")
    path = fetch_published(f"{address}/points.gpkg", sha256(b"points"), tmp_path / "kept")
    (folder / "points.gpkg").unlink()
    assert fetch_published(f"{address}/points.gpkg", sha256(b"points"), tmp_path / "kept") == path
    assert path.read_bytes() == b"points"


def test_a_damaged_copy_is_fetched_again(publisher, tmp_path):
    folder, address = publisher
    (folder / "points.gpkg").write_bytes(b"points")
    path = fetch_published(f"{address}/points.gpkg", sha256(b"points"), tmp_path)
    path.write_bytes(b"half")
    fetch_published(f"{address}/points.gpkg", sha256(b"points"), tmp_path)
    assert path.read_bytes() == b"points"


def test_a_changed_file_is_refused_and_not_kept(publisher, tmp_path):
    folder, address = publisher
    (folder / "points.gpkg").write_bytes(b"other points")
    with pytest.raises(CourseError, match="has changed since the course was made"):
        fetch_published(f"{address}/points.gpkg", sha256(b"points"), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_published_file_that_cannot_be_kept_is_one_sentence(publisher, tmp_path):
    folder, address = publisher
    (folder / "points.gpkg").write_bytes(b"points")
    (tmp_path / "kept").write_text("in the way")
    with pytest.raises(CourseError, match=r"points\.gpkg cannot be written"):
        fetch_published(f"{address}/points.gpkg", sha256(b"points"), tmp_path / "kept")


def test_a_file_that_is_gone_is_one_sentence(publisher, tmp_path):
    _, address = publisher
    with pytest.raises(CourseError, match="does not answer"):
        fetch_published(f"{address}/gone.gpkg", sha256(b""), tmp_path)


def test_errors_show_one_line_in_a_notebook():
    assert CourseError("Do this.")._render_traceback_() == ["CourseError: Do this."]
