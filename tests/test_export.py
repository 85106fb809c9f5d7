"""write_cog: a valid COG that streams, to a file or a bucket, or one sentence why not."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import rasterio
import rioxarray
import s3fs
from moto.server import ThreadedMotoServer
from predict_scene import CRS, bare_prediction, circle, fitted_model, small_cube
from rio_cogeo.cogeo import cog_validate

from helpers.errors import CourseError
from helpers.export import write_cog
from helpers.predict import predict_over_chunks


@pytest.fixture(scope="module")
def model():
    return fitted_model()


def write(array, path, **options):
    return write_cog(array, path, progress=False, **options)


def noise(rows=1500, columns=1200, dtype="uint8"):
    """A lazy array large enough for overviews."""
    values = np.random.default_rng(0).integers(0, 4, (rows, columns)).astype(dtype)
    cube = small_cube(rows, columns).isel(band=0, drop=True)
    return cube.copy(data=da.from_array(values, chunks=(700, 500))).rio.write_nodata(255)


class TestFile:
    def test_valid_with_overviews_names_and_nodata(self, model, tmp_path):
        cube = small_cube(1500, 1200).chunk(x=512, y=512)
        result = predict_over_chunks(model, cube, circle(700, 600, 300), class_names=list("abcd"))
        path = tmp_path / "out.tif"
        assert write(result, path) == str(path)
        valid, errors, warnings = cog_validate(path, strict=True)
        assert (valid, errors, warnings) == (True, [], [])
        with rasterio.open(path) as file:
            assert file.descriptions == ("a", "b", "c", "d")
            assert np.isnan(file.nodata)
            assert file.overviews(1) == [2, 4]
            assert file.crs == CRS
            assert file.transform == result.rio.transform()
            assert file.block_shapes == [(512, 512)] * 4
        expected = np.where(
            np.isnan(result.values), np.nan, bare_prediction(model, small_cube(1500, 1200))
        )
        with rioxarray.open_rasterio(path) as written:
            np.testing.assert_array_equal(written, expected)

    def test_chunks_that_cut_through_tiles(self, tmp_path):
        array = noise()
        write(array, tmp_path / "out.tif")
        with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
            np.testing.assert_array_equal(written[0], array)

    def test_colours_and_classes_in_overviews(self, tmp_path):
        # a checkerboard of 0 and 3: the mean of four pixels would be a class that is not there
        array = noise()
        rows, columns = np.indices(array.shape)
        array = array.copy(data=da.from_array((3 * ((rows + columns) % 2)).astype("uint8")))
        write(array, tmp_path / "out.tif", colours={0: "white", 3: "#1b7837"})
        assert cog_validate(tmp_path / "out.tif")[0]
        with rasterio.open(tmp_path / "out.tif") as file:
            assert file.colormap(1)[3] == (0x1B, 0x78, 0x37, 255)
            assert set(np.unique(file.read(1, out_shape=(375, 300)))) <= {0, 3}

    def test_overviews_of_values_are_means_without_nodata(self, tmp_path):
        array = noise().where(noise() != 3, 255)
        write(array.rio.write_nodata(255), tmp_path / "out.tif")
        with rasterio.open(tmp_path / "out.tif") as file:
            overview = file.read(1, out_shape=(750, 600))
        assert overview[overview != 255].max() <= 2

    def test_scale_and_units(self, model, tmp_path):
        result = predict_over_chunks(model, small_cube(), dtype="uint8")
        write(result, tmp_path / "out.tif", scale=0.01)
        with rasterio.open(tmp_path / "out.tif") as file:
            assert file.scales == (0.01,) * 4
            assert file.nodata == 255
            assert file.units == ("percent",) * 4
        with rioxarray.open_rasterio(tmp_path / "out.tif", mask_and_scale=True) as written:
            np.testing.assert_allclose(
                written, predict_over_chunks(model, small_cube()), atol=0.006
            )

    def test_array_in_memory_and_other_order_of_dimensions(self, tmp_path):
        array = small_cube(dtype="float32")
        write(array.transpose("y", "x", "band"), tmp_path / "out.tif")
        with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
            np.testing.assert_array_equal(written, array)
            assert written.attrs["long_name"] == tuple(array.band.values)

    @pytest.mark.parametrize(
        "change",
        [
            lambda array: array.coarsen(x=5, y=5).mean(),
            lambda array: array.sortby("y"),
            lambda array: array[:, ::2, ::2],
            lambda array: array.isel(x=slice(7, 30), y=slice(3, 50)),
            lambda array: array.isel(x=slice(3, 4)),
            lambda array: array.isel(x=slice(3, 4), y=slice(None, None, 2)),
            lambda array: array.isel(x=slice(3, 4), y=slice(7, 8)),
        ],
        ids=["coarser", "turned over", "every other", "a part", "a column", "its half", "a pixel"],
    )
    def test_lies_where_the_coordinates_say(self, model, tmp_path, change):
        array = change(predict_over_chunks(model, small_cube().chunk(x=9)))
        write(array, tmp_path / "out.tif")
        with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
            np.testing.assert_allclose(written.x, array.x)
            np.testing.assert_allclose(written.y, array.y)
            np.testing.assert_array_equal(written, array)

    @pytest.mark.parametrize("dtype", ["float32", "uint8"])
    def test_yes_and_no(self, model, tmp_path, dtype):
        array = predict_over_chunks(model, small_cube(), dtype=dtype).sel({"class": 1})
        array = array > (0.5 if dtype == "float32" else 50)
        write(array, tmp_path / "out.tif")
        with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
            assert written.rio.nodata is None
            np.testing.assert_array_equal(written[0], array)

    def test_cast_to_whole_numbers(self, model, tmp_path):
        array = predict_over_chunks(model, small_cube()).fillna(0).argmax("class").astype("uint8")
        write(array, tmp_path / "out.tif")
        with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
            np.testing.assert_array_equal(written[0], array)

    def test_statistics_of_the_file_before_are_gone(self, tmp_path):
        write(noise(), tmp_path / "out.tif")
        with rasterio.open(tmp_path / "out.tif") as file:
            file.stats(indexes=1)
        assert (tmp_path / "out.tif.aux.xml").exists()
        write(noise() // 2, tmp_path / "out.tif", overwrite=True)
        with rasterio.open(tmp_path / "out.tif") as file:
            assert "STATISTICS_MAXIMUM" not in file.tags(1)

    def test_home_folder(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        assert write(noise(60, 50), "~/out.tif") == str(tmp_path / "out.tif")
        assert (tmp_path / "out.tif").exists()

    def test_replaces_only_if_asked(self, tmp_path):
        path = tmp_path / "out.tif"
        path.write_bytes(b"the file from before")
        with pytest.raises(CourseError, match="exists already: pass overwrite=True"):
            write(noise(), path)
        assert path.read_bytes() == b"the file from before"
        write(noise(), path, overwrite=True)
        assert cog_validate(path)[0]
        assert [file.name for file in tmp_path.iterdir()] == ["out.tif"]

    def test_makes_the_folder(self, tmp_path):
        write(noise(60, 50), tmp_path / "new" / "out.tif")
        assert (tmp_path / "new" / "out.tif").exists()

    def test_progress_reaches_the_end(self, tmp_path, capsys):
        write_cog(noise(), tmp_path / "out.tif")
        assert "100%" in capsys.readouterr().err


class TestRefusals:
    def refuses(self, message, array, path, **options):
        with pytest.raises(CourseError, match=message) as caught:
            write(array, path, **options)
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith(".")

    @pytest.fixture
    def unreadable(self):
        def fail(block):
            raise AssertionError("a pixel was computed")

        array = noise()
        data = da.map_blocks(fail, array.data, dtype="uint8", meta=array.data._meta)
        return array.copy(data=data)

    def test_arrays_that_no_cog_can_hold(self, unreadable, tmp_path):
        path = tmp_path / "out.tif"
        dates = unreadable.expand_dims(time=2, band=2)
        self.refuses("choose one date", dates, path)
        self.refuses("'y' and 'x' are needed", unreadable.rename(x="column"), path)
        self.refuses("given a Dataset", unreadable.to_dataset(name="a"), path)
        self.refuses("is empty", unreadable.isel(x=slice(0, 0)), path)
        self.refuses("no CRS", unreadable.drop_vars("spatial_ref"), path)
        self.refuses("holds complex256", unreadable.astype("complex256"), path)
        self.refuses("'x' are not the same step", unreadable.isel(x=[0, 1, 5]), path)
        self.refuses("holds float16", unreadable.astype("float16"), path)

    def test_colours_for_what_has_none(self, unreadable, tmp_path):
        path = tmp_path / "out.tif"
        self.refuses(
            "suits one layer of uint8", unreadable.astype("float32"), path, colours={0: "r"}
        )
        self.refuses("suits one layer", unreadable.expand_dims(a=2), path, colours={0: "r"})
        self.refuses("'reddish' is no colour", unreadable, path, colours={0: "reddish"})

    def test_targets(self, unreadable, tmp_path):
        self.refuses("is a folder", unreadable, tmp_path, overwrite=True)
        (tmp_path / "file").touch()
        self.refuses("cannot be made", unreadable, tmp_path / "file" / "out.tif")
        self.refuses("pass the address as text", unreadable, Path("s3://maps/out.tif"))
        self.refuses("names a user", unreadable, "~nobody-at-all/out.tif")

    def test_all_nodata(self, tmp_path):
        path = tmp_path / "out.tif"
        path.write_bytes(b"the file from before")
        self.refuses("Every pixel to be written is nodata", 0 * noise() + 255, path, overwrite=True)
        assert path.read_bytes() == b"the file from before"
        assert [file.name for file in tmp_path.iterdir()] == ["out.tif"]


SCRIPT = """
    import sys, time, resource
    import dask.array as da
    import numpy as np
    sys.path.insert(0, {tests!r})
    from predict_scene import small_cube
    from helpers.export import write_cog

    def block(values, wait):
        time.sleep(wait)
        return np.random.default_rng(0).random(values.shape, dtype="float32")

    template = small_cube(8, 8, "float32")
    data = da.zeros((5, {side}, {side}), chunks=(5, 512, 512), dtype="float32")
    data = data.map_blocks(block, {wait}, dtype="float32")
    array = template.isel(x=0, y=0, drop=True).expand_dims(y={side}, x={side})
    array = array.transpose("band", "y", "x").copy(data=data)
    array = array.assign_coords(y=-10.0 * np.arange({side}), x=10.0 * np.arange({side}))
    array = array.drop_vars("spatial_ref").rio.write_crs(32734)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("started", flush=True)
    write_cog(array, "out.tif", overwrite=True, progress=False)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / array.nbytes)
"""


def start(folder, **values):
    script = textwrap.dedent(SCRIPT).format(tests=str(Path(__file__).parent), **values)
    return subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=folder
    )


@pytest.mark.slow
def test_a_killed_export_leaves_the_file_from_before(tmp_path):
    (tmp_path / "out.tif").write_bytes(b"the file from before")
    process = start(tmp_path, side=4096, wait=0.5)
    assert process.stdout.readline() == "started\n"
    while not any(path.stat().st_size > 1e6 for path in tmp_path.rglob("tiled.tif")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / "out.tif").read_bytes() == b"the file from before"


@pytest.mark.slow
def test_memory_stays_far_below_the_size_of_the_array(tmp_path):
    process = start(tmp_path, side=4096, wait=0)
    output, _ = process.communicate()
    assert process.returncode == 0
    assert float(output.split()[-1]) < 0.5
    assert cog_validate(tmp_path / "out.tif")[0]


@pytest.fixture(scope="module")
def bucket():
    with pytest.MonkeyPatch.context() as patch:
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        patch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "learner")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "learner")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem.clear_instance_cache()
        filesystem = s3fs.S3FileSystem()
        filesystem.mkdir("maps")
        yield filesystem
        s3fs.S3FileSystem.clear_instance_cache()
        server.stop()


class TestBucket:
    def test_writes_a_cog(self, bucket, tmp_path):
        array = noise()
        assert write(array, "s3://maps/a/out.tif") == "s3://maps/a/out.tif"
        bucket.get_file("maps/a/out.tif", tmp_path / "out.tif")
        assert cog_validate(tmp_path / "out.tif")[0]
        with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
            np.testing.assert_array_equal(written[0], array)
        assert bucket.ls("maps/a", detail=False) == ["maps/a/out.tif"]

    def test_replaces_only_if_asked(self, bucket):
        bucket.pipe_file("maps/b.tif", b"the file from before")
        with pytest.raises(CourseError, match="exists already"):
            write(noise(), "s3://maps/b.tif")
        with pytest.raises(CourseError, match="nodata"):
            write(0 * noise() + 255, "s3://maps/b.tif", overwrite=True)
        bucket.invalidate_cache()
        assert bucket.cat_file("maps/b.tif") == b"the file from before"
        write(noise(), "s3://maps/b.tif", overwrite=True)
        bucket.invalidate_cache()
        assert bucket.size("maps/b.tif") > 1e5

    def test_bucket_that_refuses(self, bucket):
        with pytest.raises(CourseError, match="s3://not-there/out.tif cannot be written to"):
            write(noise(), "s3://not-there/out.tif")

    def test_storage_options(self, bucket):
        wrong = {
            "endpoint_url": "http://127.0.0.1:9",
            "config_kwargs": {"retries": {"max_attempts": 0}},
        }
        with pytest.raises(CourseError, match="cannot be written to"):
            write(noise(), "s3://maps/c.tif", storage_options=wrong)
