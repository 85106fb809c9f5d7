"""write_cog: a valid COG that streams to a file, whole or not at all, or one sentence why not."""

from __future__ import annotations

import os
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
import xarray as xr
from predict_scene import CRS, bare_prediction, circle, fitted_model, small_cube, training_points
from rio_cogeo.cogeo import cog_validate
from sklearn.tree import DecisionTreeClassifier

from helpers.errors import CourseError
from helpers.export import write_cog
from helpers.paths import PROJECT
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

    @pytest.mark.parametrize(
        "change",
        [
            lambda codes: codes,
            lambda codes: codes.astype("float32").rio.write_nodata(np.nan),
            lambda codes: codes.where(codes == 3).rio.write_nodata(np.nan),
            lambda codes: codes == 3,
            lambda codes: (codes.astype("uint16") * 5000).assign_attrs(units="percent"),
            lambda codes: (codes * np.arange(1200)).assign_attrs(flag_values=[0]),
        ],
        ids=["whole", "as fractions", "some missing", "yes and no", "units left over", "flags"],
    )
    def test_codes_are_never_averaged(self, tmp_path, change):
        # a checkerboard of 0 and 3: the mean of four pixels would be a class that is not there
        array = noise()
        rows, columns = np.indices(array.shape)
        array = array.copy(data=da.from_array((3 * ((rows + columns) % 2)).astype("uint8")))
        array = change(array)
        write(array, tmp_path / "out.tif")
        assert cog_validate(tmp_path / "out.tif")[0]
        with rasterio.open(tmp_path / "out.tif") as file:
            values = file.read(1)
            overview = file.read(1, out_shape=(750, 600))
            assert set(np.unique(overview)) <= set(np.unique(values))
            assert file.units == (None,)

    def test_amounts_are_averaged(self, tmp_path):
        many = noise() + (np.arange(1200) % 90).astype("uint8")
        few = noise()
        for name, array, codes in (("many", many, None), ("told", few, False)):
            write(array.rio.write_nodata(255), tmp_path / name, codes=codes)
            with rasterio.open(tmp_path / name) as file:
                whole, overview = file.read(1), file.read(1, out_shape=(750, 600))
            mean = whole.reshape(750, 2, 600, 2).mean(axis=(1, 3))
            assert abs(overview - mean).max() <= 0.51

    def test_overviews_of_values_are_means_without_nodata(self, tmp_path):
        array = noise().where(noise() != 3, 255)
        write(array.rio.write_nodata(255), tmp_path / "out.tif", codes=False)
        with rasterio.open(tmp_path / "out.tif") as file:
            overview = file.read(1, out_shape=(750, 600))
        assert overview[overview != 255].max() <= 2
        assert len(np.unique(overview)) == 4

    def test_units_of_whole_amounts_only_and_never_a_scale(self, model, tmp_path):
        percent = predict_over_chunks(fitted_model(40), small_cube(200, 200), dtype="uint8")
        percent.attrs["scale_factor"] = 0.01  # of numbers that percents were made of
        write(percent, tmp_path / "out.tif")
        with rasterio.open(tmp_path / "out.tif") as file:
            assert set(file.scales) == {1.0}
            assert file.nodata == 255
            assert file.units == ("percent",) * 4
        best = percent.argmax("class")
        share = (percent.where(percent != 255) / 100).rio.write_nodata(np.nan)
        for left_over in (best, share):
            assert left_over.attrs["units"] == "percent"
            write(left_over, tmp_path / "out.tif", overwrite=True)
            with rasterio.open(tmp_path / "out.tif") as file:
                assert set(file.scales) == {1.0}
                assert set(file.units) == {None}

    @pytest.mark.parametrize("dtype", ["uint8", "float32"])
    def test_probabilities_are_never_codes(self, tmp_path, dtype):
        """Also those of a tree, which are 0 and 1, or of a small forest: few whole numbers."""
        tree = DecisionTreeClassifier(max_depth=3).fit(*training_points())
        result = predict_over_chunks(tree, small_cube(1200, 1100), dtype=dtype)
        write(result, tmp_path / "out.tif")
        with rasterio.open(tmp_path / "out.tif") as file:
            overview = file.read(1, out_shape=(550, 600), masked=True).compressed()
            whole = np.unique(file.read(1, masked=True).compressed())
        assert len(whole) == 2
        assert len(np.unique(overview)) > 2

    def test_flags_of_fractions_count_for_nothing(self, tmp_path):
        share = noise().astype("float32").rio.write_nodata(np.nan) * 0.37
        write(share.assign_attrs(flag_values=[0, 1]), tmp_path / "out.tif")
        with rasterio.open(tmp_path / "out.tif") as file:
            overview = file.read(1, out_shape=(750, 600))
            assert len(np.unique(overview)) > len(np.unique(file.read(1)))

    def test_overviews_hold_the_numbers_whatever_the_environment_says(self, tmp_path):
        """In a process of its own: GDAL keeps what it has read of the environment."""
        code = f"""
            import sys
            sys.path.insert(0, {str(Path(__file__).parent)!r})
            import numpy as np
            from test_export import noise, write
            array = noise().astype("float32") * 0.37
            write(array.rio.write_nodata(np.nan), sys.argv[1], codes=False)
        """
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), tmp_path / "out.tif"],
            env=os.environ | {"COMPRESS_OVERVIEW": "JPEG"}, cwd=PROJECT, check=True,
        )  # fmt: skip
        with rasterio.open(tmp_path / "out.tif") as file:
            assert np.isfinite(file.read(1, out_shape=(750, 600))).all()

    def test_an_array_that_lies_nowhere_is_refused(self, tmp_path):
        bare = xr.DataArray(np.ones((9, 8), "float32"), dims=("y", "x")).rio.write_crs(32734)
        with pytest.raises(CourseError, match="neither coordinates nor a transform"):
            write(bare, tmp_path / "out.tif")

    def test_gaps_under_another_nodata_value(self, tmp_path):
        array = small_cube(dtype="float32").isel(band=0, drop=True)
        assert array.isnull().any()
        write(array.rio.write_nodata(0), tmp_path / "out.tif")
        with rasterio.open(tmp_path / "out.tif") as file:
            assert file.nodata == 0
            np.testing.assert_array_equal(file.read(1), array.fillna(0))

    def test_gaps_of_fractions_that_say_nothing_of_them(self, tmp_path):
        array = small_cube(dtype="float32").isel(band=0, drop=True)
        array.attrs.clear()
        write(array, tmp_path / "out.tif")
        with rioxarray.open_rasterio(tmp_path / "out.tif") as written:
            assert np.isnan(written.rio.nodata)
            np.testing.assert_array_equal(written[0], array)

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
        array = array.sortby("y", ascending=False)  # a file has north up
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

    @pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
    def test_writes_through_a_link(self, tmp_path):
        kept, link = tmp_path / "archive.tif", tmp_path / "newest.tif"
        link.symlink_to(kept)
        write(noise(), link)
        assert link.is_symlink()
        assert cog_validate(kept)[0]
        (tmp_path / "round").symlink_to(tmp_path / "trip")
        (tmp_path / "trip").symlink_to(tmp_path / "round")
        with pytest.raises(CourseError, match="cannot be written"):
            write(noise(), tmp_path / "round", overwrite=True)

    def test_makes_the_folder(self, tmp_path):
        write(noise(60, 50), tmp_path / "new" / "out.tif")
        assert (tmp_path / "new" / "out.tif").exists()

    def test_progress_reaches_the_end(self, tmp_path, capsys):
        write_cog(noise(), tmp_path / "out.tif")
        assert "100%" in capsys.readouterr().out


def test_a_map_with_west_to_the_right_is_written_like_others(tmp_path):
    cube = small_cube()
    usual = write_cog(cube, tmp_path / "usual.tif")
    mirrored = write_cog(cube.isel(x=slice(None, None, -1)), tmp_path / "mirrored.tif")
    with rasterio.open(usual) as expected, rasterio.open(mirrored) as found:
        assert found.transform == expected.transform
        np.testing.assert_array_equal(found.read(), expected.read())


def test_a_map_with_south_up_is_written_north_up(tmp_path):
    cube = small_cube(dtype="float32")
    north = write_cog(cube, tmp_path / "north.tif")
    south = write_cog(cube.isel(y=slice(None, None, -1)).chunk(y=7), tmp_path / "south.tif")
    with rasterio.open(north) as expected, rasterio.open(south) as found:
        assert found.transform == expected.transform
        np.testing.assert_array_equal(found.read(), expected.read())


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
        for dtype in ("complex64", "complex256"):
            self.refuses(f"holds {dtype}", unreadable.astype(dtype), path)
        self.refuses("holds <U3", unreadable.astype(str), path)
        self.refuses("'x' are not the same step", unreadable.isel(x=[0, 1, 5]), path)
        self.refuses("holds float16", unreadable.astype("float16"), path)
        many = unreadable.isel(x=slice(2), y=slice(2)).expand_dims(day=range(70_000))
        self.refuses("70000 layers along 'day', but a TIFF holds at most 65535", many, path)

    def test_nodata_left_over_from_whole_numbers(self, unreadable, tmp_path):
        scaled = unreadable * np.float32(0.01)
        self.refuses("its nodata value 255 is that of the whole numbers", scaled, tmp_path / "a")

    def test_corners_for_centres(self, unreadable, tmp_path):
        corners = unreadable.assign_coords(x=unreadable.x - 5, y=unreadable.y + 5)
        corners.attrs |= {"spec": "stackstac's", "transform": unreadable.rio.transform()}
        self.refuses("xy_coords='center'", corners, tmp_path / "a")

    def test_chunks_of_unknown_size(self, unreadable, tmp_path):
        unknown = unreadable.copy()
        unknown.data._chunks = ((np.nan,), unknown.data.chunks[1])
        self.refuses("does not know how large its chunks are", unknown, tmp_path / "a")

    @pytest.mark.parametrize(
        ("told", "change"),
        [
            ("uint8", lambda block: block.astype("int32") * 100),
            ("uint16", lambda block: block * 0.3),
            ("int16", lambda block: np.where(block, block, np.nan)),
        ],
    )
    def test_blocks_of_another_dtype_than_was_said(self, tmp_path, told, change):
        array = noise().rio.write_nodata(200)
        array = array.copy(data=array.data.map_blocks(change, dtype=told))
        path = tmp_path / "a"
        self.refuses(f"says that it holds {told}, but its blocks hold", array, path)
        assert not path.exists()

    def test_nodata_that_is_written_as_a_list_of_one(self, tmp_path):
        array = noise().drop_attrs().assign_attrs(_FillValue=[255]).rio.write_crs(CRS)
        write(array, tmp_path / "a")
        with rasterio.open(tmp_path / "a") as file:
            assert file.nodata == 255
        several = array.assign_attrs(_FillValue=[0, 255])
        self.refuses("marks missing pixels by 2 values", several, tmp_path / "b")

    def test_targets(self, unreadable, tmp_path):
        self.refuses("is a folder", unreadable, tmp_path, overwrite=True)
        self.refuses("is a folder", unreadable, tmp_path)  # and no advice to overwrite it
        self.refuses("path is empty", unreadable, "")
        self.refuses("path is empty", unreadable, Path())
        (tmp_path / "file").touch()
        self.refuses("cannot be written", unreadable, tmp_path / "file" / "out.tif")
        for address in ("s3://maps/out.tif", Path("s3://maps/out.tif")):
            self.refuses("is an address, but write_cog writes a file", unreadable, address)
        self.refuses("is an address", unreadable, "/vsis3/maps/out.tif")
        self.refuses("path is a NoneType", unreadable, None)
        self.refuses("cannot be written", unreadable, tmp_path / ("a" * 300))
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
    assert len(list(tmp_path.iterdir())) == 2
    write(noise(), tmp_path / "out.tif", overwrite=True)  # what was left is gone
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]


FULL = """
    import resource, signal, sys
    sys.path.insert(0, {tests!r})
    import numpy as np
    from test_export import small_cube, write
    from helpers.errors import CourseError

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as on a full disk, writing fails
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
    array = small_cube({side}, {side}, {dtype!r}, holes=0).isel(band=0, drop=True)
    try:
        write(array.chunk(x={chunk}, y={chunk}), "out.tif", overwrite=True)
    except CourseError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("side", "chunk", "dtype", "limit"),
    [
        (300, 150, "float32", 100_000),
        (900, 300, "float32", 100_000),
        (900, 300, "uint16", 1_700_000),
        (600, 512, "float32", 100_000),
        (1200, 512, "uint16", 100_000),
        (1200, 512, "uint16", 2_500_000),
        (1200, 512, "uint16", 3_130_310),  # GDAL reports nothing of this, and the file is cut
    ],
)
def test_a_full_disk_is_told_and_the_file_from_before_stays(tmp_path, side, chunk, dtype, limit):
    (tmp_path / "out.tif").write_bytes(b"the file from before")
    settings = {"tests": str(Path(__file__).parent), "side": side, "chunk": chunk}
    script = textwrap.dedent(FULL).format(**settings, dtype=dtype, limit=limit)
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path
    )
    assert process.returncode == 0, process.stderr
    assert "disk is full" in process.stdout and "Free some space" in process.stdout
    assert (tmp_path / "out.tif").read_bytes() == b"the file from before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]


def test_neither_icechunk_nor_zarr_is_loaded():
    check = "import sys, helpers.export; sys.exit(bool({'icechunk', 'zarr'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", check], check=True)


@pytest.mark.slow
def test_memory_stays_far_below_the_size_of_the_array(tmp_path):
    process = start(tmp_path, side=4096, wait=0)
    output, _ = process.communicate()
    assert process.returncode == 0
    assert float(output.split()[-1]) < 0.5
    assert cog_validate(tmp_path / "out.tif")[0]
