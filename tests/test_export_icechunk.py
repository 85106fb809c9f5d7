"""write_icechunk: one transaction, a history, conflicts, and writers in several processes."""

from __future__ import annotations

import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr
from distributed import Client, LocalCluster
from icechunk.xarray import to_icechunk
from predict_scene import bare_prediction, circle, fitted_model, small_cube

from helpers.errors import CourseError
from helpers.export import write_icechunk
from helpers.predict import predict_over_chunks


@pytest.fixture(scope="module")
def model():
    return fitted_model()


@pytest.fixture
def repository():
    return icechunk.Repository.create(icechunk.in_memory_storage())


@pytest.fixture
def prediction(model):
    return predict_over_chunks(model, small_cube().chunk(x=20, y=25))


def write(result, repository, message="a version", **options):
    return write_icechunk(result, repository, message, progress=False, **options)


def read(repository, group=None, **version):
    session = repository.readonly_session(**(version or {"branch": "main"}))
    return xr.open_zarr(session.store, group=group, consolidated=False, decode_coords="all")


def test_reads_back_the_same_with_its_georeference(repository, prediction, model):
    version = write(prediction, repository, "Spring")
    stored = read(repository, snapshot_id=version).probability
    np.testing.assert_array_equal(stored, bare_prediction(model, small_cube()))
    assert stored.rio.crs == prediction.rio.crs
    assert stored.rio.transform() == prediction.rio.transform()
    assert next(repository.ancestry(branch="main")).message == "Spring"


def test_dataset_of_the_most_likely_class(repository, model):
    result = predict_over_chunks(model, small_cube(), output="most_likely", dtype="uint8")
    write(result, repository)
    stored = read(repository)
    np.testing.assert_array_equal(stored.most_likely.fillna(255), result.most_likely)
    np.testing.assert_array_equal(stored.probability.fillna(255), result.probability)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_chunks_without_data_are_not_stored(repository, model, dtype):
    cube = small_cube().chunk(x=10, y=10)
    write(predict_over_chunks(model, cube, circle(15, 15, 4), dtype=dtype), repository)
    store = repository.readonly_session("main").store
    assert zarr.open_array(store, path="probability", mode="r").nchunks_initialized == 1


def test_uneven_chunks(repository, model):
    cube = small_cube().chunk(x=(20, 5, 25), y=(60,))
    write(predict_over_chunks(model, cube), repository)
    np.testing.assert_array_equal(
        read(repository).probability, bare_prediction(model, small_cube())
    )


def test_an_old_version_stays_readable_by_its_tag(repository, prediction):
    repository.create_tag("first", write(prediction, repository))
    write(1 - prediction, repository, overwrite=True)
    np.testing.assert_array_equal(read(repository, tag="first").probability, prediction)
    np.testing.assert_array_equal(read(repository).probability, 1 - prediction)


def test_another_grid_takes_the_place_of_the_old_one(repository, prediction):
    write(prediction, repository)
    part = prediction.isel(x=slice(5, 30))
    write(part, repository, overwrite=True)
    np.testing.assert_array_equal(read(repository).probability, part)
    np.testing.assert_array_equal(read(repository).x, part.x)


def test_what_exists_is_not_overwritten_unasked(repository, prediction):
    write(prediction, repository)
    with pytest.raises(CourseError, match="already holds probability"):
        write(prediction, repository)
    write(prediction, repository, group="another")


def test_groups_inside_the_group_stay(repository, prediction):
    write(prediction, repository, group="2018/spring")
    write(prediction, repository, group="2018")
    write(prediction.isel(x=slice(9)), repository, group="2018", overwrite=True)
    write(1 - prediction, repository)
    np.testing.assert_array_equal(read(repository, "2018/spring").probability, prediction)
    np.testing.assert_array_equal(read(repository, "2018").probability, prediction.isel(x=slice(9)))
    np.testing.assert_array_equal(read(repository).probability, 1 - prediction)


def test_an_array_named_like_a_group_is_refused(repository, prediction):
    write(prediction, repository, group="probability")
    with pytest.raises(CourseError, match=r"a group named 'probability'.*result\.rename"):
        write(prediction, repository)


def test_arrays_of_somebody_else_are_kept_unless_asked(repository, prediction):
    session = repository.writable_session("main")
    zarr.create_array(session.store, name="theirs", shape=(3,), dtype="i4")
    session.commit("theirs")
    with pytest.raises(CourseError, match="already holds theirs"):
        write(prediction, repository)
    write(prediction, repository, overwrite=True)
    assert "theirs" not in read(repository)


def test_a_new_version_brings_its_own_legend_and_crs(repository, model):
    cube = small_cube().chunk(x=20, y=25)
    old = predict_over_chunks(model, cube, output="most_likely", classes=[0, 1])
    new = predict_over_chunks(model, cube, output="most_likely", class_names=list("abcd"))
    new = new.rio.write_crs(32735).assign_attrs(title="all four")
    write(old, repository)
    write(new, repository, overwrite=True)
    stored = read(repository)
    assert stored.most_likely.attrs["flag_meanings"] == "a b c d"
    assert stored.rio.crs == "EPSG:32735"
    assert stored.attrs["title"] == "all four"
    np.testing.assert_array_equal(stored.most_likely.fillna(255), new.most_likely)


@pytest.mark.parametrize("before", [{}, {"scale_factor": 0.01}])
def test_a_scale_does_not_touch_the_numbers(repository, model, before):
    percent = predict_over_chunks(model, small_cube().chunk(x=20, y=25), dtype="uint8")
    write(percent.assign_attrs(before), repository)
    write(percent.assign_attrs(scale_factor=0.01), repository, overwrite=True)
    store = repository.readonly_session("main").store
    np.testing.assert_array_equal(zarr.open_array(store, path="probability")[...], percent)
    expected = percent.where(percent != 255) * 0.01
    np.testing.assert_allclose(read(repository).probability, expected, rtol=1e-6)


def test_dates_written_in_another_unit(repository, prediction):
    date = prediction.expand_dims(time=[np.datetime64("2018-09-15T08", "ns")])
    hours = date.to_dataset()
    session = repository.writable_session("main")
    hours.time.encoding = {"units": "hours since 1970-01-01", "dtype": "int64"}
    to_icechunk(hours, session, mode="w")
    session.commit("by somebody else")
    write(1 - date, repository, overwrite=True)
    np.testing.assert_array_equal(read(repository).time, date.time)
    np.testing.assert_array_equal(read(repository).probability, 1 - date)


def test_a_number_beside_the_layers(repository, prediction):
    both = prediction.to_dataset().assign(score=0.9)
    write(both, repository)
    write(1 - both, repository, overwrite=True)
    np.testing.assert_allclose(read(repository).score, 0.1)
    np.testing.assert_array_equal(read(repository).probability, 1 - prediction)


def test_what_the_repository_says_of_itself_stays(repository, prediction):
    session = repository.writable_session("main")
    zarr.open_group(session.store).attrs["title"] = "Maps of pines"
    session.commit("title")
    write(prediction, repository)
    assert read(repository).attrs["title"] == "Maps of pines"


@pytest.mark.parametrize("group", ["probability", "probability/2018"])
def test_a_group_named_like_an_array_is_refused(repository, prediction, group):
    write(prediction, repository)
    with pytest.raises(CourseError, match="holds an array named 'probability', so no group"):
        write(prediction, repository, group=group)


def test_a_coarser_result_is_on_its_own_grid(repository, prediction):
    coarse = prediction.coarsen(x=5, y=5).mean()
    write(coarse, repository)
    stored = read(repository).probability
    assert stored.rio.bounds() == prediction.rio.bounds()
    assert stored.rio.resolution() == (50, -50)


def test_yes_and_no(repository, prediction):
    write(prediction > 0.5, repository)
    np.testing.assert_array_equal(read(repository).probability, prediction > 0.5)


def test_layers_in_unlike_chunks(repository, prediction):
    both = prediction.to_dataset(name="a").assign(b=(1 - prediction).chunk(x=13, y=60))
    write(both, repository)
    np.testing.assert_array_equal(read(repository).b, 1 - prediction)


def test_an_unknown_branch_or_option_is_named(repository, prediction):
    with pytest.raises(CourseError, match="no branch 'dev'; it has main"):
        write(prediction, repository, branch="dev")
    with pytest.raises(CourseError, match="`on_conflict` is 'mine'"):
        write(prediction, repository, on_conflict="mine")
    with pytest.raises(CourseError, match="given a ndarray"):
        write(prediction.values, repository)


def test_a_failure_leaves_the_repository_as_it_was(repository, prediction):
    before = write(prediction, repository)

    def fail(block):
        raise KeyboardInterrupt

    broken = prediction.copy(
        data=prediction.data.map_blocks(fail, dtype="float32", meta=np.empty(0))
    )
    with pytest.raises(KeyboardInterrupt):
        write(broken, repository, overwrite=True)
    assert repository.lookup_branch("main") == before


class Meanwhile:
    """A result whose computation is interrupted by a colleague's commit."""

    def __init__(self, result, commit):
        self.commit = commit
        self.result = result.copy(data=result.data.map_blocks(self.pass_on, dtype="float32"))

    def pass_on(self, block):
        if self.commit and block.size:
            commit, self.commit = self.commit, None
            commit()
        return block


def test_a_commit_elsewhere_meanwhile_is_no_conflict(repository, prediction):
    write(prediction, repository, group="before")
    ours = Meanwhile(prediction, lambda: write(prediction, repository, group="theirs"))
    write(ours.result, repository, group="ours")
    assert ours.commit is None
    for group in ("ours", "theirs"):
        np.testing.assert_array_equal(read(repository, group).probability, prediction)


@pytest.mark.parametrize("choice, winner", [("ours", 2), ("theirs", 1)])
def test_a_conflict_is_shown_and_resolved(repository, prediction, choice, winner):
    write(0 * prediction, repository)

    def theirs():
        return write(0 * prediction + 1, repository, "theirs", overwrite=True)

    ours = Meanwhile(0 * prediction + 2, theirs)
    with pytest.raises(CourseError, match="changed /probability too"):
        write(ours.result, repository, overwrite=True)
    assert next(repository.ancestry(branch="main")).message == "theirs"

    ours = Meanwhile(0 * prediction + 2, theirs)
    write(ours.result, repository, "ours", overwrite=True, on_conflict=choice)
    assert next(repository.ancestry(branch="main")).message == "ours"
    assert (
        np.nanmin(read(repository).probability) == np.nanmax(read(repository).probability) == winner
    )


@pytest.mark.parametrize("choice", ["stop", "ours", "theirs"])
@pytest.mark.parametrize("whose", ["ours", "theirs", "both"])
def test_numbers_never_come_under_the_legend_of_another(repository, prediction, choice, whose):
    def version(of, value):
        changed = whose in (of, "both")
        return (0 * prediction + value).assign_attrs({"flag_meanings": of} if changed else {})

    write(0 * prediction, repository)
    ours = Meanwhile(
        version("ours", 2), lambda: write(version("theirs", 1), repository, overwrite=True)
    )
    with pytest.raises(CourseError, match="changed .*/probability"):
        write(ours.result, repository, overwrite=True, on_conflict=choice)
    np.testing.assert_array_equal(np.unique(read(repository).probability.fillna(1)), 1)


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_another_grid_never_takes_the_place_of_a_new_version(repository, prediction, choice):
    write(0 * prediction, repository)
    smaller = (0 * prediction + 2).isel(x=slice(20, 50))
    ours = Meanwhile(smaller, lambda: write(0 * prediction + 1, repository, overwrite=True))
    with pytest.raises(CourseError, match="changed /probability"):
        write(ours.result, repository, overwrite=True, on_conflict=choice)


def test_two_that_make_the_same_group_conflict(repository, prediction):
    ours = Meanwhile(prediction, lambda: write(0 * prediction, repository))
    with pytest.raises(CourseError, match="/probability"):
        write(ours.result, repository, on_conflict="ours")


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.filterwarnings("ignore:The LocalFileSystem")
def test_writers_in_several_processes_make_one_commit(tmp_path, prediction, model):
    storage = icechunk.local_filesystem_storage(str(tmp_path / "repository"))
    repository = icechunk.Repository.create(storage)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", security=True
        ) as cluster,
        Client(cluster),
    ):
        write(prediction, repository)
    np.testing.assert_array_equal(
        read(repository).probability, bare_prediction(model, small_cube())
    )
    assert len(list(repository.ancestry(branch="main"))) == 2
