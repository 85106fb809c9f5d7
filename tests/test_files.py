"""Every file is written whole or not at all, and what prevents it is said in a sentence."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from offline_kit import files
from offline_kit.errors import CourseError
from offline_kit.files import written_whole

FULL_AFTER = 100_000  # bytes that a file may hold, as if the disk were full then
ON_A_FULL_DISK = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({FULL_AFTER}, {FULL_AFTER}))
"""
needs_limits = pytest.mark.skipif(os.name != "posix", reason="no limits on the size of files")


def run(code, *arguments):
    """Run code in a process of its own."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "note.txt"
    with written_whole(path) as unfinished:
        unfinished.write_text("whole")
        assert unfinished.name == path.name  # libraries choose the format by it
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names_in(path.parent) == ["note.txt"]


def test_a_block_that_fails_keeps_the_old_file_and_its_own_error(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), written_whole(path) as unfinished:
        unfinished.write_text("new")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["note.txt"]


def test_an_interrupted_block_keeps_the_old_file(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), written_whole(path) as unfinished:
        unfinished.write_text("new")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["note.txt"]


def test_a_file_that_fails_its_check_keeps_the_old_one(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("old")

    def check(file):
        raise ValueError(f"{file.read_text()} is not whole")

    with pytest.raises(ValueError, match="half is not whole"), written_whole(path, check) as part:
        part.write_text("half")
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["note.txt"]


@pytest.mark.parametrize("write", [lambda path: None, lambda path: path.touch()])
def test_a_block_that_writes_nothing_is_told(tmp_path, write):
    path = tmp_path / "note.txt"
    with (
        pytest.raises(CourseError, match=r"Nothing was written to .*note\.txt"),
        written_whole(path) as unfinished,
    ):
        write(unfinished)
    assert names_in(tmp_path) == []


def test_what_a_library_puts_beside_the_file_goes(tmp_path):
    with written_whole(tmp_path / "map.tif") as unfinished:
        unfinished.write_text("map")
        unfinished.with_name("map.tif.aux.xml").write_text("statistics")
    assert names_in(tmp_path) == ["map.tif"]


WAYS = {
    "python": "path.write_bytes(bytes(200_000))",
    "rasterio": """
import numpy, rasterio
shape = {"height": 300, "width": 300, "count": 1, "dtype": "float64"}
with rasterio.open(path, "w", driver="GTiff", **shape) as file:
    file.write(numpy.random.default_rng(0).random((1, 300, 300)))
""",
    "geopandas to parquet": """
import geopandas, numpy
x, y = numpy.random.default_rng(0).random((2, 50_000))
geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y)).to_parquet(path)
""",
    "geopandas to GeoPackage": """
import geopandas, numpy
x, y = numpy.random.default_rng(0).random((2, 5_000))
geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y), crs=4326).to_file(path)
""",
    "xgboost": """
import numpy, xgboost
random = numpy.random.default_rng(0)
model = xgboost.XGBClassifier(n_estimators=100, n_jobs=1)
model.fit(random.random((500, 5)), random.integers(0, 4, 500)).save_model(path)
""",
}
SUFFIXES = dict(zip(WAYS, (".bin", ".tif", ".parquet", ".gpkg", ".ubj"), strict=True))


@needs_limits
@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_is_a_sentence_and_leaves_no_half(tmp_path, way):
    path = tmp_path / f"large{SUFFIXES[way]}"
    path.write_text("old")
    code = f"{ON_A_FULL_DISK}\nfrom pathlib import Path\nfrom offline_kit.files import *\n"
    block = "\n    ".join(WAYS[way].strip().splitlines())
    code += f"with written_whole(Path(sys.argv[1]) ) as path:\n    {block}\n"
    done = run(code, path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(
        f"offline_kit.errors.CourseError: The disk is full: there is no room for {path}"
    )
    assert "Free some space" in last
    assert path.read_text() == "old"
    assert names_in(tmp_path) == [path.name]


def test_another_files_error_is_not_taken_for_this_ones(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), written_whole(tmp_path / "note.txt"):
        (tmp_path / "nowhere").read_text()


def test_a_folder_in_the_way_is_told_before_the_work(tmp_path):
    (tmp_path / "note.txt").mkdir()
    with (
        pytest.raises(CourseError, match=r"note\.txt is a folder"),
        written_whole(tmp_path / "note.txt"),
    ):
        pytest.fail("the work has begun")


def test_a_file_where_the_folder_should_be_is_told_before_the_work(tmp_path):
    (tmp_path / "outputs").write_text("in the way")
    with (
        pytest.raises(CourseError, match=r"note\.txt cannot be written \(.*another folder"),
        written_whole(tmp_path / "outputs" / "note.txt"),
    ):
        pytest.fail("the work has begun")


def test_a_folder_that_is_read_only_is_told_before_the_work():
    with (
        pytest.raises(CourseError, match=r"^/sys/kernel/note\.txt cannot be written"),
        written_whole("/sys/kernel/note.txt"),
    ):  # read-only for root, too
        pytest.fail("the work has begun")


KILLED = """
import sys, time
from offline_kit.files import written_whole
with written_whole(sys.argv[1]) as unfinished:
    unfinished.write_text("half")
    print("begun", flush=True)
    time.sleep(60)
"""


def begin_writing(path):
    """Start a process that has begun to write a file."""
    command = [sys.executable, "-c", KILLED, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    return process


def write(path, text):
    with written_whole(path) as unfinished:
        unfinished.write_text(text)


@pytest.mark.skipif(os.name != "posix", reason="kills")
def test_what_a_killed_process_has_left_goes_with_the_next_writing(tmp_path):
    path, other = tmp_path / "note.txt", tmp_path / "other.txt"
    with begin_writing(path) as killed, begin_writing(other) as alive:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(names_in(tmp_path)) == 2
        write(path, "whole")
        left = names_in(tmp_path)
        assert path.read_text() == "whole"
        assert len(left) == 2 and left[0].startswith(".other.txt.")
        alive.kill()


@pytest.mark.skipif(os.name != "posix", reason="kills")
def test_what_a_living_process_writes_is_left_alone(tmp_path):
    path = tmp_path / "note.txt"
    with begin_writing(path) as alive:
        (unfinished,) = tmp_path.glob(".note.txt.*.part/note.txt")
        write(path, "whole")
        assert unfinished.read_text() == "half"
        alive.kill()


def test_two_writers_at_once_leave_one_of_the_two(tmp_path):
    path = tmp_path / "note.txt"
    with written_whole(path) as first, written_whole(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # the outer block ended last
    assert names_in(tmp_path) == ["note.txt"]


RASTER = """
import numpy, resource, signal, sys
from pathlib import Path
from offline_kit.build.cog import Raster
from offline_kit.build.grid import Window, grid_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
grid = grid_of("tiny")
values = numpy.random.default_rng(0).integers(1, 4000, grid.shape(10)).astype("uint16")
raster = Raster(Path(sys.argv[1]), grid, 10, "uint16", 1, 0)
for row in range(0, len(values), 384):
    for column in range(0, values.shape[1], 384):
        raster.put(values[row : row + 384, column : column + 384], Window(row, column, 384, 384))
raster.finish()
"""


@needs_limits
@pytest.mark.parametrize("limit", [400_000, 850_000, 1_190_000])
def test_what_gdal_could_not_write_is_noticed(tmp_path, limit):
    # at these sizes it says nothing: tiles of the pixels are missing, or of the overviews
    done = run(RASTER, tmp_path / "B02.tif", limit)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("offline_kit.errors.CourseError: ")
    assert "does not hold what was written to it: is its disk full" in last
    assert not (tmp_path / "B02.tif").exists()


def test_a_raster_for_which_there_is_room_is_whole(tmp_path):
    done = run(RASTER, tmp_path / "B02.tif", 10_000_000)
    assert done.returncode == 0, done.stderr
    assert names_in(tmp_path) == ["B02.tif"]


def test_a_file_that_windows_keeps_because_it_is_open(tmp_path, monkeypatch):
    """Simulated: what `os.replace` does there when the old file is open in another program."""

    def refuse(*_):
        raise PermissionError(errno.EACCES, "The process cannot access the file")

    path = tmp_path / "map.tif"
    path.write_text("old")
    monkeypatch.setattr(files, "WINDOWS", True)
    monkeypatch.setattr(Path, "replace", refuse)
    with (
        pytest.raises(CourseError, match=r"map\.tif cannot be replaced while it is open"),
        written_whole(path) as unfinished,
    ):
        unfinished.write_text("new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["map.tif"]
