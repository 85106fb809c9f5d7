"""predict_over_chunks on this machine's threads: what it reads, gives and refuses."""

from __future__ import annotations

import json
import time
import warnings
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Barrier, Lock
from typing import ClassVar

import cloudpickle
import dask
import dask.array as da
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import rioxarray
import shapely
import threadpoolctl
import xarray as xr
from affine import Affine
from predict_scene import (
    BANDS,
    CRS,
    bare_prediction,
    circle,
    fitted_model,
    small_cube,
    training_points,
)
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from xgboost import XGBClassifier

from helpers.errors import CourseError
from helpers.heavy.block import empty_block
from helpers.heavy.engine import Predictor, _itself
from helpers.predict import predict_over_chunks


@pytest.fixture(scope="module")
def model():
    return fitted_model()


class TestResult:
    def test_is_lazy_and_on_the_grid_of_the_cube(self, model):
        cube = small_cube()
        result = predict_over_chunks(model, cube.chunk(x=20, y=25))
        assert dask.is_dask_collection(result.data)
        assert result.dims == ("class", "y", "x")
        assert result.dtype == np.float32
        assert result.rio.crs == cube.rio.crs
        assert result.rio.transform() == cube.rio.transform()
        assert np.isnan(result.rio.nodata)
        np.testing.assert_array_equal(result["class"], model.classes_)
        np.testing.assert_array_equal(result.x, cube.x)

    def test_transform_is_that_of_a_subset_after_plain_indexing(self, model):
        part = small_cube().isel(y=slice(7, 40), x=slice(3, 30))
        result = predict_over_chunks(model, part)
        assert result.rio.bounds() == (300_030, 6_299_600, 300_300, 6_299_930)

    def test_dataset_of_bands(self, model):
        cube = small_cube().chunk(x=20, y=25)
        bands = cube.to_dataset("band").map(lambda band: band.rio.write_nodata(0))
        np.testing.assert_array_equal(
            predict_over_chunks(model, bands), bare_prediction(model, small_cube())
        )

    def test_time_comes_first_and_dates_are_predicted_apart(self, model):
        dates = [small_cube(seed=seed) for seed in (1, 2, 3)]
        cube = xr.concat(dates, xr.Variable("time", np.arange(3)))
        result = predict_over_chunks(model, cube.transpose("y", "band", "time", "x").chunk(time=2))
        assert result.dims == ("time", "class", "y", "x")
        for date, expected in zip(result, dates, strict=True):
            np.testing.assert_array_equal(date, bare_prediction(model, expected))

    def test_names_of_classes(self, model):
        named = predict_over_chunks(model, small_cube(), class_names=dict(enumerate("abcd")))
        assert list(named["class"].values) == list("abcd")
        chosen = predict_over_chunks(
            model, small_cube(), class_names=["a", "b", "c", "d"], classes=["c", 0]
        )
        assert list(chosen["class"].values) == ["c", "a"]
        np.testing.assert_array_equal(chosen, named.sel({"class": ["c", "a"]}))

    @pytest.mark.parametrize(
        "as_mapping",
        [
            dict,
            pd.Series,
            lambda names: pd.Series(names).rename_axis("code").to_xarray(),
            lambda names: pd.Series({float(code): name for code, name in names.items()}),
        ],
        ids=["dictionary", "series", "DataArray", "codes as fractions"],
    )
    def test_names_go_by_code_in_whatever_has_an_index(self, model, as_mapping):
        names = as_mapping({2: "two", 0: "zero", 3: "three", 1: "one"})
        named = predict_over_chunks(model, small_cube(), class_names=names)
        assert list(named["class"].values) == ["zero", "one", "two", "three"]

    @pytest.mark.parametrize(
        "kind", [list, tuple, np.array, pd.Index, pd.Series, set, xr.DataArray, lambda codes: codes]
    )
    def test_classes_in_any_collection(self, model, kind):
        whole = predict_over_chunks(model, small_cube())
        for codes in ([1, 3], [1.0, 3.0]):
            wanted = {1: 1, 3: 3} if kind is dict else kind(codes)
            result = predict_over_chunks(model, small_cube(), classes=wanted)
            np.testing.assert_array_equal(result, whole.sel({"class": [1, 3]}))
        one = predict_over_chunks(model, small_cube(), classes=np.int64(3))
        np.testing.assert_array_equal(one, whole.sel({"class": [3]}))

    def test_codes_that_a_table_has_kept_as_fractions(self):
        points, classes = training_points()
        forest = RandomForestClassifier(3, random_state=0).fit(points, classes.astype(float))
        result = predict_over_chunks(forest, small_cube(), classes=[2])
        assert result["class"].values.tolist() == [2] and result["class"].dtype.kind == "i"

    def test_percent(self, model):
        result = predict_over_chunks(model, small_cube(), dtype="uint8")
        expected = bare_prediction(model, small_cube())
        assert result.dtype == np.uint8
        assert result.rio.nodata == 255
        gaps = np.isnan(expected)
        np.testing.assert_array_equal(result.values == 255, gaps)
        np.testing.assert_array_equal(result.values[~gaps], np.rint(expected[~gaps] * 100))


class _Counting:
    """Anything with predict_proba is a model: no fit, no classes, no names."""

    pixels = 0

    def predict_proba(self, pixels):
        type(self).pixels += len(pixels)
        share = (pixels[:, :1] / 4000).astype(np.float32)
        return np.hstack([share, 1 - share])


class TestCube:
    @pytest.mark.parametrize("engine", ["same", "fast"])
    def test_numbers_in_the_other_order_of_bytes(self, model, engine):
        cube = small_cube()
        result = predict_over_chunks(model, cube.astype(">u2"), engine=engine)
        np.testing.assert_allclose(result, bare_prediction(model, cube), rtol=0, atol=1e-6)

    def test_nodata_left_over_from_whole_numbers_is_pointed_out(self, model):
        cube = small_cube(dtype="float32", holes=0).rio.write_nodata(0)
        cube[:, 5, 5] = 0
        with pytest.warns(UserWarning, match="0 marks a missing pixel.*nodata=np.nan") as caught:
            assert np.isnan(predict_over_chunks(model, cube)[0, 5, 5])
        assert {item.filename for item in caught if item.category is UserWarning} == {__file__}
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            assert np.isfinite(predict_over_chunks(model, cube, nodata=np.nan)[0, 5, 5])
            assert np.isnan(predict_over_chunks(model, cube, nodata=0)[0, 5, 5])

    @pytest.mark.parametrize("engine", ["same", "fast"])
    @pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
    def test_what_is_no_number_of_a_model_is_missing(self, model, value, engine):
        cube = small_cube(dtype="float64", holes=0)
        expected = bare_prediction(model, cube)
        cube[2, 7, 9] = value
        expected[:, 7, 9] = np.nan
        result = predict_over_chunks(model, cube.chunk(x=20), engine=engine)
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-6)
        forest = RandomForestClassifier(3, random_state=0).fit(*training_points())
        assert np.isnan(predict_over_chunks(forest, cube)[:, 7, 9]).all()

    def test_dataset_whose_crs_is_a_variable(self, model):
        bands = small_cube().chunk(x=20, y=25).to_dataset("band")
        bands = bands.map(lambda band: band.rio.write_nodata(0))
        result = predict_over_chunks(model, bands.reset_coords("spatial_ref"), circle(30, 25, 9))
        assert result.rio.crs == CRS
        np.testing.assert_array_equal(result, predict_over_chunks(model, bands, circle(30, 25, 9)))

    def test_nodata_that_the_numbers_cannot_be(self, model):
        cube = small_cube(holes=0)
        expected = bare_prediction(model, cube)
        cube.attrs["_FillValue"] = np.nan
        np.testing.assert_array_equal(predict_over_chunks(model, cube), expected)
        cube.attrs = {}
        cube.encoding["_FillValue"] = -9999
        np.testing.assert_array_equal(predict_over_chunks(model, cube), expected)

    def test_nodata_that_is_written_as_a_list_of_one(self, model):
        expected = bare_prediction(model, small_cube())
        for noted in ({"_FillValue": np.array([0])}, {"nodata": [0]}):
            cube = small_cube().drop_attrs().assign_attrs(noted)
            np.testing.assert_array_equal(predict_over_chunks(model, cube), expected)
            bands = cube.to_dataset("band").map(xr.DataArray.assign_attrs, args=(noted,))
            np.testing.assert_array_equal(predict_over_chunks(model, bands), expected)

    def test_coarser_cube(self, model):
        coarse = small_cube(holes=0).astype("float32").coarsen(x=5, y=5).mean()
        result = predict_over_chunks(model, coarse, circle(30, 25, 15), nodata=np.nan)
        assert result.rio.resolution() == (50, -50)
        inside = np.argwhere(np.isfinite(result.values[0]))
        np.testing.assert_allclose(inside.mean(axis=0), (5.5, 4.5), atol=0.3)


class TestWithin:
    def test_is_what_clip_keeps(self, model):
        cube = small_cube(holes=0)
        area = circle(30, 25, 15.3)
        result = predict_over_chunks(model, cube.chunk(x=7, y=11), area)
        clipped = cube.rio.clip(area.to_crs(CRS), drop=False)
        np.testing.assert_array_equal(
            np.isnan(result.isel({"class": 0})), clipped.isel(band=0) == cube.rio.nodata
        )

    def test_any_crs_and_kind_of_polygons(self, model):
        cube = small_cube()
        area = circle(30, 25, 15.3, CRS)
        results = [
            predict_over_chunks(model, cube, within).values
            for within in (area, area.iloc[0], gpd.GeoDataFrame(geometry=area))
        ]
        for result in results[1:]:
            np.testing.assert_array_equal(result, results[0])

    def test_what_clip_and_make_valid_leave_beside_polygons(self, model):
        cube = small_cube()
        disc = circle(30, 25, 15.3, CRS).iloc[0]
        line = shapely.LineString([(300_000, 6_300_000), (300_400, 6_299_900)])
        mixed = shapely.GeometryCollection(
            [line, shapely.MultiPolygon([disc]), shapely.Point(0, 0)]
        )
        within = gpd.GeoSeries([shapely.GeometryCollection([mixed]), None], crs=CRS)
        np.testing.assert_array_equal(
            predict_over_chunks(model, cube, within), predict_over_chunks(model, cube, disc)
        )

    def test_grid_that_is_turned(self, model):
        turned = (
            Affine.translation(300_000, 6_300_000) @ Affine.rotation(45) @ Affine.scale(10, -10)
        )
        cube = small_cube(holes=0).drop_vars(["spatial_ref", "x", "y"])
        cube = cube.rio.write_crs(CRS).rio.write_transform(turned)
        corner = shapely.Point(*(turned @ (45, 5))).buffer(35)
        result = predict_over_chunks(model, cube, gpd.GeoSeries([corner], crs=CRS))
        rows, columns = np.indices((60, 50)) + 0.5
        inside = (rows - 5) ** 2 + (columns - 45) ** 2 < 3.5**2
        np.testing.assert_array_equal(np.isfinite(result[0]), inside)

    def test_chunks_that_no_polygon_touches_are_not_read(self, model):
        read = []

        def remember(block, block_info=None):
            read.append(block_info[0]["chunk-location"][1:])
            return block

        cube = small_cube().chunk(x=10, y=10)
        cube = cube.copy(
            data=cube.data.map_blocks(remember, dtype=cube.dtype, meta=cube.data._meta)
        )
        predict_over_chunks(model, cube, circle(15, 15, 4)).compute()
        assert read == [(1, 1)]

    def test_skipped_blocks_take_no_memory(self):
        block = empty_block((2, 300, 300), np.dtype("uint8"))
        assert block.strides == (0, 0, 0)
        assert (block == 255).all()


class TestModels:
    def test_pipeline_gets_the_names_it_was_trained_with(self):
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        pipeline.fit(*training_points())
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            result = predict_over_chunks(pipeline, small_cube(dtype="float32")).compute()
        valid = ~np.isnan(result.values[0])
        pixels = small_cube(dtype="float32").values.transpose(1, 2, 0)[valid]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            bare = pipeline.predict_proba(pixels)
        np.testing.assert_allclose(result.values[:, valid].T, bare, rtol=1e-5, atol=1e-7)

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda model: GridSearchCV(model, {"max_depth": [2, 3]}, cv=2),
            lambda model: CalibratedClassifierCV(model, cv=2),
            lambda model: VotingClassifier([("model", model)], voting="soft"),
            lambda model: OneVsRestClassifier(model, n_jobs=2),
            lambda model: make_pipeline(SelectFromModel(model), RandomForestClassifier(3)),
        ],
        ids=["search", "calibrated", "voting", "one against the rest", "selecting"],
    )
    def test_model_that_keeps_an_unfitted_one(self, wrap):
        wrapped = wrap(XGBClassifier(n_estimators=3)).fit(*training_points())
        cube = small_cube()
        result = predict_over_chunks(wrapped, cube.chunk(x=20, y=25)).values
        valid = ~np.isnan(result[0])
        pixels = pd.DataFrame(cube.values[:, valid].T, columns=BANDS)
        np.testing.assert_array_equal(
            result[:, valid].T, wrapped.predict_proba(pixels).astype("float32")
        )
        assert valid.sum() == (cube != 0).all("band").sum()

    @pytest.mark.parametrize("kind", [XGBClassifier, RandomForestClassifier])
    @pytest.mark.parametrize("engine", ["same", "fast"])
    def test_other_units_than_those_of_the_training_are_told(self, kind, engine, recwarn):
        points, classes = training_points()
        if kind is RandomForestClassifier and engine == "fast":
            pytest.skip("the fast engine is XGBoost's")
        numbers, reflectance = (
            kind(n_estimators=5, random_state=0).fit(points * factor, classes)
            for factor in (1, np.float32(1e-4))
        )
        cube = small_cube(dtype="float32").chunk(x=20)
        with pytest.warns(UserWarning, match="cube seems to hold digital numbers, the model"):
            predict_over_chunks(reflectance, cube, engine=engine).compute()
        with pytest.warns(UserWarning, match="cube seems to hold reflectance, the model"):
            predict_over_chunks(numbers, cube * np.float32(1e-4), engine=engine).compute()
        recwarn.clear()
        predict_over_chunks(numbers, cube, engine=engine).compute()
        predict_over_chunks(reflectance, cube * np.float32(1e-4), engine=engine).compute()
        assert not [item for item in recwarn if "seems to hold" in str(item.message)]

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda: make_pipeline(StandardScaler(), LogisticRegression()),
            lambda: make_pipeline(MinMaxScaler(), RandomForestClassifier(5, random_state=0)),
            lambda: GridSearchCV(RandomForestClassifier(5), {"max_depth": [2, 3]}, cv=2),
        ],
        ids=["standard scaler", "scaler of ranges", "search"],
    )
    def test_other_units_are_told_of_models_that_scale_or_hold_trees(self, wrap, recwarn):
        points, classes = training_points()
        model = wrap().fit(points * np.float32(1e-4), classes)
        cube = small_cube(dtype="float32").chunk(x=20)
        with pytest.warns(UserWarning, match="cube seems to hold digital numbers, the model"):
            predict_over_chunks(model, cube).compute()
        recwarn.clear()
        predict_over_chunks(model, cube * np.float32(1e-4)).compute()
        assert not [item for item in recwarn if "seems to hold" in str(item.message)]

    @pytest.mark.parametrize(
        ("spoil", "number"),
        [
            (lambda cube: (cube.astype("int16") - 1000).rio.write_nodata(0), -1000),
            (lambda cube: cube.where(cube != 0, -9999.0).rio.write_nodata(-9999.0) * 0.5, -4999.5),
        ],
        ids=["moved with the numbers", "scaled with them"],
    )
    def test_a_number_that_may_mark_missing_pixels_is_told(self, model, spoil, number, recwarn):
        cube = small_cube().chunk(x=20)
        spoiled = spoil(cube.where((cube != 0).all("band"), 0))
        with pytest.warns(UserWarning, match=f"Pixels that hold {number:g} in every band"):
            predict_over_chunks(model, spoiled).compute()
        recwarn.clear()
        predict_over_chunks(model, spoiled, nodata=number).compute()
        assert not [item for item in recwarn if "in every band" in str(item.message)]

    def test_many_small_chunks_are_joined_to_blocks(self, model):
        cube = small_cube(dtype="float32")
        small = predict_over_chunks(model, cube.chunk(x=1, y=20))
        assert small.data.numblocks[-2:] == (3, 1)
        xr.testing.assert_identical(
            small.compute(), predict_over_chunks(model, cube.chunk(x=-1, y=-1)).compute()
        )

    def test_libraries_get_their_threads_back_however_calls_overlap(self):
        def threads():
            return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]

        first, last = Barrier(2), Barrier(2)

        class Overlapping(_Counting):
            """Of two calls that begin together, the one that came first ends first."""

            def predict_proba(self, pixels):
                number = first.wait()
                seen.append(threads())
                first.wait()
                if number:
                    last.wait()
                return super().predict_proba(pixels)

        seen, before = [], threads()
        predict = _itself(Overlapping())
        with ThreadPoolExecutor(2) as pool:
            for _ in range(10):
                calls = [pool.submit(predict, np.ones((2, 5))) for _ in range(2)]
                wait(calls, return_when=FIRST_COMPLETED)
                last.wait()
                wait(calls)
                assert threads() == before
        assert seen == [[1] * len(before)] * 20

    def test_linear_model_of_xgboost_gets_its_names(self):
        linear = XGBClassifier(n_estimators=3, booster="gblinear").fit(*training_points())
        result = predict_over_chunks(linear, small_cube()).values
        valid = ~np.isnan(result[0])
        pixels = pd.DataFrame(small_cube().values[:, valid].T, columns=BANDS)
        np.testing.assert_allclose(result[:, valid].T, linear.predict_proba(pixels), atol=1e-6)

    def test_anything_with_predict_proba(self):
        cube = small_cube()
        result = predict_over_chunks(_Counting(), cube, dtype="float64")
        expected = cube.isel(band=0) / 4000
        valid = ~np.isnan(result.values[0])
        np.testing.assert_allclose(result.values[0][valid], expected.values[valid], rtol=1e-6)

    def test_probabilities_that_do_not_add_up_are_told(self):
        """As of an XGBoost model that answers two questions, and looks like one of two classes."""
        points, classes = training_points()
        answers = np.stack([classes == 3, classes == 2], axis=1).astype(int)
        model = XGBClassifier(n_estimators=9).fit(points, answers)
        with pytest.warns(UserWarning, match="add up to .*, not to 1: it judges each class"):
            predict_over_chunks(model, small_cube())

    def test_model_uses_one_thread_and_is_left_as_it_was(self):
        points, classes = training_points()
        model = RandomForestClassifier(5, n_jobs=2, random_state=0).fit(points, classes)
        predict_over_chunks(model, small_cube()).compute()
        assert model.n_jobs == 2

        class Spy(_Counting):
            def predict_proba(self, pixels):
                threads = openmp_threads()
                return np.full((len(pixels), 2), max(threads), dtype=np.float32)

        def openmp_threads():
            pools = threadpoolctl.threadpool_info()
            return [pool["num_threads"] for pool in pools if pool["user_api"] == "openmp"]

        before = openmp_threads()
        result = predict_over_chunks(Spy(), small_cube(holes=0).chunk(x=10, y=10)).compute()
        assert set(np.unique(result)) == {1}
        assert openmp_threads() == before

    def test_xgboost_is_given_one_thread(self, model):
        predictor = Predictor(cloudpickle.dumps(model))
        predictor(np.ones((1, len(BANDS)), dtype=np.float32))
        booster = predictor._loaded[0].__self__.get_booster()
        assert json.loads(booster.save_config())["learner"]["generic_param"]["nthread"] == "1"

    def test_fast_engine(self, model):
        fast = predict_over_chunks(model, small_cube(), engine="fast").values
        np.testing.assert_allclose(fast, bare_prediction(model, small_cube()), rtol=0, atol=1e-6)

    def test_engine_that_does_not_suit_falls_back_with_a_line(self):
        with pytest.warns(UserWarning, match="engine='fast' is not used, since") as caught:
            result = predict_over_chunks(_Counting(), small_cube(), engine="fast")
        assert sum(item.category is UserWarning for item in caught) == 1
        assert caught[-1].filename == __file__
        np.testing.assert_array_equal(result, predict_over_chunks(_Counting(), small_cube()))


class TestRefusals:
    """Each mistake gets one sentence that names it, before any pixel is read."""

    def refuses(self, message, *args, **options):
        with pytest.raises(CourseError, match=message) as caught:
            predict_over_chunks(*args, **options)
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith(".")

    @pytest.fixture
    def unreadable(self):
        """A cube that fails as soon as a pixel of it is read."""

        def fail(block):
            raise AssertionError("a pixel was read")

        cube = small_cube().chunk(x=20, y=20)
        meta = cube.data._meta
        return cube.copy(data=da.map_blocks(fail, cube.data, dtype=cube.dtype, meta=meta))

    def test_model_not_fitted(self, unreadable):
        self.refuses("not fitted yet", XGBClassifier(), unreadable)
        self.refuses("not fitted yet", LogisticRegression(), unreadable)

    def test_no_classifier(self, model, unreadable):
        self.refuses("has no predict_proba", object(), unreadable)
        self.refuses("XGBClassifier is a class, not a model", XGBClassifier, unreadable)
        self.refuses("use XGBClassifier, whose load_model", model.get_booster(), unreadable)

    def test_model_that_fails(self, model, unreadable):
        class Broken(_Counting):
            def predict_proba(self, pixels):
                raise ValueError("out of order")

        self.refuses("of this Broken fails .*out of order", Broken(), unreadable)

    def test_model_of_one_class(self, unreadable):
        points, classes = training_points()
        forest = RandomForestClassifier(2).fit(points, 0 * classes + 7)
        self.refuses(r"knows one class only \(7\)", forest, unreadable)

    def test_bands_missing(self, model, unreadable):
        self.refuses("lacks nir", model, unreadable.sel(band=["blue", "green", "red", "swir16"]))

    def test_bands_too_many(self, model, unreadable):
        more = xr.concat([unreadable, unreadable.isel(band=[0]).assign_coords(band=["b"])], "band")
        self.refuses("has b, which the model was not trained on", model, more)

    def test_bands_in_another_order(self, model, unreadable):
        self.refuses("another order", model, unreadable.isel(band=slice(None, None, -1)))

    def test_bands_without_names(self, model, unreadable):
        self.refuses("bands have no names", model, unreadable.drop_vars("band"))

    def test_count_of_bands_where_there_are_no_names(self, unreadable):
        points, classes = training_points()
        nameless = XGBClassifier(n_estimators=2).fit(points.to_numpy(), classes)
        self.refuses("trained on 5 bands, but the cube has 4", nameless, unreadable[:4])

    def test_polygons_that_miss_the_cube(self, model, unreadable):
        self.refuses("miss the cube", model, unreadable, circle(500, 500, 5))

    def test_table_without_geometries(self, model, unreadable):
        self.refuses("without geometries", model, unreadable, gpd.GeoDataFrame({"a": [1]}))

    def test_dtype(self, model, unreadable):
        self.refuses("`dtype` is 'nope'", model, unreadable, dtype="nope")
        self.refuses("`dtype` is 'int16'", model, unreadable, dtype="int16")

    def test_model_that_answers_several_questions(self, unreadable):
        points, classes = training_points()
        answers = np.stack([classes > 1, classes % 2, classes == 0, classes == 1], axis=1)
        for model in (RandomForestClassifier(2), XGBClassifier(n_estimators=2)):
            model.fit(points, answers.astype(int))
            self.refuses("answers several questions", model, unreadable)
            with pytest.warns(UserWarning, match="engine='fast' is not used"):
                self.refuses("answers several questions", model, unreadable, engine="fast")

    def test_model_whose_answer_has_another_shape(self, unreadable):
        class Short(_Counting):
            def predict_proba(self, pixels):
                return super().predict_proba(pixels)[:, 0]

        self.refuses("of this Short gives a ndarray, but", Short(), unreadable)

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda answer: answer[:1], "gives 1 rows for 3 pixels"),
            (np.log, "probabilities lie between 0 and 1"),
            (lambda answer: 100 * answer, "gives numbers from .* to 100, but"),
            (lambda answer: answer.tolist(), "of this Odd gives a list, but"),
        ],
        ids=["one row", "logarithms", "percents", "lists"],
    )
    def test_model_whose_answers_are_no_probabilities(self, unreadable, spoil, words):
        class Odd(_Counting):
            def predict_proba(self, pixels):
                return spoil(super().predict_proba(pixels))

        self.refuses(words, Odd(), unreadable)

    def test_model_that_cannot_be_pickled(self, unreadable):
        model = _Counting()
        model.lock = Lock()
        self.refuses("cannot be sent to the workers", model, unreadable)

    def test_categories_that_a_number_does_not_tell(self, unreadable):
        """XGBoost takes the number for the place of a category in its list."""
        points, classes = training_points()
        places = np.arange(len(points)) % 3
        cube = xr.concat([unreadable, unreadable[:1].assign_coords(band=["soil"])], "band")
        for names in ([10, 20, 30], ["clay", "loam", "sand"], [1, 2, 3]):
            points["soil"] = pd.Categorical.from_codes(places, names)
            model = XGBClassifier(n_estimators=2, enable_categorical=True).fit(points, classes)
            self.refuses(f"trained on soil as categories .{names[0]},", model, cube)
        points["soil"] = pd.Categorical.from_codes(places, [0, 1, 2])
        model = XGBClassifier(n_estimators=2, enable_categorical=True).fit(points, classes)
        predict_over_chunks(model, cube)

    def test_polygons_smaller_than_a_pixel(self, model, unreadable):
        tiny = shapely.box(300_011, 6_299_986, 300_014, 6_299_989)
        self.refuses("so small or narrow", model, unreadable, gpd.GeoSeries([tiny], crs=CRS))

    def test_polygons_in_a_crs_that_is_nowhere(self, model, unreadable):
        plan = (
            'ENGCRS["site plan",EDATUM["unknown"],CS[Cartesian,2],AXIS["x",east],'
            'AXIS["y",north],LENGTHUNIT["metre",1]]'
        )
        area = circle(30, 25, 15, CRS).set_crs(plan, allow_override=True)
        self.refuses(r"from their CRS \(site plan\)", model, unreadable, area)
        self.refuses("site plan", model, unreadable.rio.write_crs(plan), circle(30, 25, 15))
        beyond = gpd.GeoSeries([shapely.box(1e9, 1e9, 2e9, 2e9)], crs="EPSG:3857")
        self.refuses("does not reach|miss the cube", model, unreadable, beyond)

    def test_polygons_without_crs(self, model, unreadable):
        self.refuses("have no CRS", model, unreadable, gpd.GeoSeries([shapely.box(0, 0, 1, 1)]))

    def test_polygons_that_are_points(self, model, unreadable):
        points = circle(10, 10, 5).to_crs(CRS).centroid
        self.refuses("holds Point, but polygons", model, unreadable, points)
        self.refuses("is a list", model, unreadable, [1, 2])

    def test_cube_without_crs_under_polygons(self, model, unreadable):
        bare = unreadable.drop_vars("spatial_ref")
        bare.attrs = {}
        self.refuses("cube has no CRS", model, bare, circle(30, 25, 15))

    def test_single_row_without_transform_under_polygons(self, model, unreadable):
        row = unreadable.isel(y=slice(0, 1)).drop_vars("spatial_ref").rio.write_crs(CRS)
        self.refuses("single row or column", model, row, circle(0, 20, 5))

    def test_empty_cube(self, model, unreadable):
        self.refuses("empty: its dimension 'x'", model, unreadable.isel(x=slice(0, 0)))
        self.refuses("no variable", model, xr.Dataset())

    @pytest.mark.parametrize("dtype", ["uint16", "float32"])
    def test_all_nodata(self, model, dtype):
        self.refuses("Every pixel of the cube is nodata", model, small_cube(dtype=dtype, holes=9))

    def test_one_band_chunked_apart(self, model, unreadable):
        bands = unreadable.to_dataset("band")
        bands["nir"] = bands["nir"].chunk(x=7)
        self.refuses("'nir' is chunked apart", model, bands)

    def test_bands_with_different_nodata(self, model, unreadable):
        bands = unreadable.to_dataset("band").map(lambda band: band.rio.write_nodata(0))
        bands["nir"] = bands["nir"].rio.write_nodata(9)
        self.refuses("different values", model, bands)

    def test_class_never_seen(self, model, unreadable):
        self.refuses(
            "never seen the class 17: it knows 0, 1, 2, 3", model, unreadable, classes=[17]
        )

    def test_class_without_name(self, model, unreadable):
        self.refuses("no name for the class 2", model, unreadable, class_names={0: "a", 1: "b"})
        self.refuses("has 2 names, but", model, unreadable, class_names=["a", "b"])

    def test_empty_names_and_nested_lists(self, model, unreadable):
        for empty in (None, np.nan):
            names = {0: "a", 1: empty, 2: "c", 3: "d"}
            self.refuses("for the class 1 is empty", model, unreadable, class_names=names)
        self.refuses("holds a list", model, unreadable, classes=[[1, 2]])

    def test_two_classes_of_one_name(self, model, unreadable):
        names = ["a", "pine", "b", "pine"]
        self.refuses(
            "gives the name 'pine' to two classes, 1 and 3", model, unreadable, class_names=names
        )
        self.refuses("name 'pine'", model, unreadable, class_names=names, classes=["pine"])
        self.refuses("asks for a class twice", model, unreadable, classes=[1, 1.0])
        twice = pd.Series(list("abcde"), index=[0, 1, 2, 3, 3])
        self.refuses("names a class twice", model, unreadable, class_names=twice)

    @pytest.mark.parametrize("names", ["abcd", set("abcd"), 4])
    def test_names_that_tell_no_class_from_another(self, model, unreadable, names):
        self.refuses("does not say which class", model, unreadable, class_names=names)

    @pytest.mark.parametrize("nodata", [-9999, 0])
    def test_nodata_that_was_scaled(self, model, nodata):
        numbers = small_cube(dtype="int16").rio.write_nodata(nodata).chunk(x=20)
        scaled = numbers * np.float32(1e-4) - np.float32(0.1)
        message = f"nodata value {nodata} is that of the whole numbers .*nodata=np.nan"
        self.refuses(message, model, scaled)
        self.refuses(message, model, scaled.to_dataset("band").map(lambda b: b))
        self.refuses(message, model, numbers.astype("float32").assign_attrs(nodata=nodata))
        masked = numbers.where(numbers != nodata)
        expected = predict_over_chunks(model, numbers)
        np.testing.assert_array_equal(predict_over_chunks(model, masked, nodata=np.nan), expected)

    def test_corners_for_centres(self, model, unreadable):
        grid = unreadable.rio.transform()
        corners = unreadable.assign_coords(x=unreadable.x - 5, y=unreadable.y + 5)
        for cube in (corners, corners.isel(x=slice(3, 9), y=slice(2, 4)), corners.isel(x=[3])):
            cube.attrs |= {"spec": "stackstac's", "transform": grid}
            self.refuses("xy_coords='center'", model, cube)
        unreadable.attrs |= {"spec": "stackstac's", "transform": grid}
        predict_over_chunks(model, unreadable)

    def test_chunks_of_unknown_size(self, model, unreadable):
        unknown = unreadable.copy()
        unknown.data._chunks = (*unknown.data.chunks[:2], (np.nan,))
        self.refuses("does not know how large its chunks are", model, unknown)

    @pytest.mark.parametrize("nodata", [-9999, 0.5, 70_000, [0], "none"])
    def test_nodata_that_no_pixel_can_be(self, model, unreadable, nodata):
        self.refuses("`nodata` is ", model, unreadable, nodata=nodata)

    def test_nodata_of_several_values(self, model, unreadable):
        several = unreadable.assign_attrs(_FillValue=[0, 65535])
        self.refuses("by 2 values", model, several)

    def test_complex_numbers(self, model, unreadable):
        self.refuses("holds complex64, but real", model, unreadable.astype("complex64"))

    def test_dimensions(self, model, unreadable):
        self.refuses("exactly one for the bands", model, unreadable.isel(band=0))
        self.refuses("'y' and 'x' are needed", model, unreadable.rename(x="column"))
        self.refuses("DataArray or Dataset is needed", model, np.zeros((5, 10, 10)))

    def test_options(self, model, unreadable):
        self.refuses("`dtype` is 'int16'", model, unreadable, dtype="int16")
        self.refuses("`engine` is 'slow'", model, unreadable, engine="slow")


class NotSure:
    """A model that has no answer for dark pixels."""

    classes_ = np.arange(2)

    def predict_proba(self, pixels):
        answers = np.full((len(pixels), 2), 0.5)
        answers[np.asarray(pixels)[:, 0] < 1000] = np.nan
        return answers


class TestOwnFiles:
    """What people bring along."""

    def from_file(self, tmp_path):
        with rasterio.open(
            tmp_path / "bands.tif", "w", driver="GTiff", dtype="uint16", count=len(BANDS),
            height=60, width=50, crs=CRS, transform=Affine(10, 0, 300_000, 0, -10, 6_300_000),
        ) as file:  # fmt: skip
            file.write(small_cube().values)
            file.descriptions = BANDS
        return rioxarray.open_rasterio(tmp_path / "bands.tif")

    def test_the_bands_of_a_file_keep_their_names_when_some_are_chosen(self, model, tmp_path):
        scene = self.from_file(tmp_path)
        np.testing.assert_array_equal(
            predict_over_chunks(model, scene, nodata=0), bare_prediction(model, small_cube())
        )
        with pytest.raises(CourseError, match="in another order"):
            predict_over_chunks(model, scene.sel(band=[5, 4, 3, 2, 1]))
        with pytest.raises(CourseError, match="lacks nir"):
            predict_over_chunks(model, scene.sel(band=[1, 2, 3, 5]))

    @pytest.mark.parametrize("kind", ["named", "file", "Dataset", "variable"])
    def test_the_advice_on_the_order_of_bands_works(self, model, tmp_path, kind):
        cube = {
            "named": lambda: small_cube().isel(band=slice(None, None, -1)),
            "file": lambda: self.from_file(tmp_path).sel(band=[5, 4, 3, 2, 1]),
            "Dataset": lambda: small_cube().to_dataset("band")[BANDS[::-1]],
            "variable": lambda: (
                small_cube().isel(band=slice(None, None, -1)).rename(band="variable")
            ),
        }[kind]()
        with pytest.raises(CourseError, match="another order") as error:
            predict_over_chunks(model, cube, nodata=0)
        advice = str(error.value).rpartition("choose with ")[2].removesuffix(".")
        np.testing.assert_array_equal(
            predict_over_chunks(model, eval(advice, {"cube": cube}), nodata=0),
            bare_prediction(model, small_cube()),
        )

    def test_rows_that_were_left_out(self, model):
        cube = small_cube().isel(y=np.r_[0:20, 30:60])
        with pytest.raises(CourseError, match="not the same step apart"):
            predict_over_chunks(model, cube, circle(30, 25, 9))

    @pytest.mark.parametrize("name", ["missing_value", "fill_value", "_FillValue"])
    @pytest.mark.parametrize("value", [-9999, "-9999"])
    def test_a_missing_value_that_was_scaled_along(self, model, name, value):
        cube = small_cube(dtype="int16")
        cube.attrs = {name: value}
        cube.encoding = {}
        scaled = (cube * np.float32(1e-4)).assign_attrs({name: value})
        with pytest.raises(
            CourseError, match="its nodata value -9999 is that of the whole numbers"
        ):
            predict_over_chunks(model, scaled)

    @pytest.mark.parametrize("empty", [[], [None, shapely.Polygon()]])
    def test_a_table_without_polygons(self, model, empty):
        within = gpd.GeoDataFrame(geometry=empty, crs=CRS)
        with pytest.raises(CourseError, match="holds no polygon"):
            predict_over_chunks(model, small_cube(), within)

    @pytest.mark.parametrize(
        "names",
        [
            pd.DataFrame({"code": range(4), "name": list("abcd")}),
            list(zip(range(4), "abcd", strict=True)),
            np.array(list("abcd"))[:, None],
            dict(enumerate("abcd")).items(),
        ],
        ids=["table", "pairs", "column", "items"],
    )
    def test_names_that_are_no_list_of_names(self, model, names):
        with pytest.raises(CourseError, match="does not say which class"):
            predict_over_chunks(model, small_cube(), class_names=names)

    def test_no_answer_is_no_percent(self):
        cube = small_cube(holes=0)
        percent = predict_over_chunks(NotSure(), cube, dtype="uint8", nodata=np.nan).isel(
            {"class": 0}
        )
        np.testing.assert_array_equal(percent, np.where(cube[0] < 1000, 255, 50))


class SlowToUnpickle:
    """A model that counts how often it is unpickled, which takes a while."""

    unpickled: ClassVar[list[bool]] = []

    def __setstate__(self, state):
        time.sleep(0.05)
        self.unpickled.append(True)

    def __getstate__(self):
        return {"any": "state"}

    def predict_proba(self, pixels):
        return np.full((len(pixels), 2), 0.5, dtype=np.float32)


def test_threads_that_begin_together_unpickle_the_model_once():
    SlowToUnpickle.unpickled.clear()
    predictor = Predictor(cloudpickle.dumps(SlowToUnpickle()))
    pixels = np.ones((3, 2), dtype=np.float32)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(predictor, [pixels] * 4))
    assert len(answers) == 4 and len(SlowToUnpickle.unpickled) == 1
