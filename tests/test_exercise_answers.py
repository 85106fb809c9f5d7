"""Whatever a learner types, ``check`` and ``hint`` say something in words and stop nothing."""

import subprocess
import sys
from contextlib import redirect_stdout
from decimal import Decimal
from fractions import Fraction
from io import StringIO

import dask
import dask.array
import dask.dataframe
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from exercise_data import SIDE, given_by_lessons
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from lesson_parts import LESSONS, exercise_cells, read_lesson

from helpers import CourseError, check, hint
from helpers.exercises import feedback_on
from helpers.exercises.core import (
    EXERCISES,
    LOOK_AGAIN,
    NOT_ATTEMPTED,
    NOT_YET,
    NUMBER,
    RIGHT,
    SMALL,
    exercise,
)

NUMBERS = [number for lesson in LESSONS for number in exercise_cells(read_lesson(lesson))]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return given_by_lessons(tmp_path_factory.mktemp("outputs"))


def shown(verb, *arguments, **named):
    """Return what a verb prints outside of a notebook."""
    with redirect_stdout(StringIO()) as printed:
        verb(*arguments, **named)
    return printed.getvalue().strip()


def says_something(text):
    verdict, _, words = text.partition(". ")
    return f"{verdict}." in (RIGHT, NOT_YET, NOT_ATTEMPTED, LOOK_AGAIN) and len(words) > 20


# ---- anything ----------------------------------------------------------------------------------


class Odd:
    """An object that refuses to be looked at."""

    def __getattr__(self, name):
        raise RuntimeError("leave me alone")


def raises(*_):
    raise ValueError


SQUARE = np.zeros((SIDE, SIDE))
SPECIAL = [
    None, ..., NotImplemented, 10**400, Decimal("nan"), Fraction(1, 3), 1j, range(3), raises,
    len, int, dict, type, np, Odd, Odd(), object(), lambda *_: np.nan, lambda *_: ...,
    lambda *_: SQUARE, lambda *_: dask.array.ones(3), lambda *_: sys.exit(1), lambda: 1,
    (number for number in [1]), ValueError("x"), b"bytes", pd.NA, pd.NaT,
    pd.Timestamp("2018-09-01"), pd.offsets.Day(), pd.Index([1]), pd.Index([np.nan]),
    pd.DataFrame(), pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.0, np.nan]}),
    pd.Series([], dtype=float), pd.Series([1.5]), pd.Series([np.inf] * 60), pd.Series(["a"] * 60),
    pd.Series([1, None] * 30, dtype="Int64"), pd.Series([[1]] * 60), pd.Series([1j] * 60),
    pd.Series(pd.Categorical(["a", "b"] * 30)), pd.Series([pd.NaT] * 60),
    np.array(np.nan), np.array([np.inf]), np.array("text"), np.array([None]), np.array([]),
    np.float32(3), np.float64("inf"), np.datetime64("2018-09-01"), np.bool_(True), np.str_("nir"),
    np.ma.masked, xr.DataArray(1.0), xr.DataArray(np.nan), xr.Dataset(), xr.Dataset({"a": 1}),
    xr.DataArray(SQUARE, dims=["y", "x"]), xr.DataArray(SQUARE > 0, dims=["y", "x"]),
    xr.DataArray(SQUARE > 0, dims=["x", "y"], coords={"x": range(SIDE), "y": range(SIDE)}),
    xr.DataArray(SQUARE), xr.DataArray(["a"], dims="band"),
    dask.array.ones(3), dask.array.ones(1), dask.array.ones(()), dask.delayed(3), dask.delayed(len),
    dask.array.ones((10**6, 10**6)), dask.array.ones(9)[dask.array.ones(9) > 0],
    dask.array.from_array(np.array([np.nan])).sum(), xr.DataArray([3.0, 4.0]).chunk().mean(),
    xr.DataArray(SQUARE > 0, dims=["y", "x"]).chunk(), xr.Dataset({"a": ("x", [1])}).chunk(),
    dask.dataframe.from_pandas(pd.DataFrame({"a": [1]}), npartitions=1),
    dask.dataframe.from_pandas(pd.Series([1]), npartitions=1).mean(),
    [], (), {}, set(), [None, None], [..., 1], {"ranger": ...}, [[1], [2]],
    [np.ones(2), np.ones(2)],
    ["nir", ["red"]], ["nir", np.nan], [np.ones((2, 2)), "red"], (np.inf, 3), (np.nan, 3),
    (10**400, 3), ("12", "13"), (2.5, 3), (True, False), (dask.array.ones(()), dask.array.ones(1)),
    (1, 2, 3), (np.inf, 1, 1), (0, 0, 0), (-1, 201), (100.0, 100.0), frozenset({1, 2}),
    {"max_depth": np.nan, "learning_rate": 1, "n_estimators": 1, "validation_loss": 1},
    {"max_depth": 1, "learning_rate": 1, "n_estimators": np.inf, "validation_loss": 1},
    {"max_depth": "1", "learning_rate": 1, "n_estimators": 1, "validation_loss": 1},
    {"max_depth": 1, "learning_rate": dask.array.ones(()), "n_estimators": 1,
     "validation_loss": 10**400},
    {"ranger": ["file"], "web map": None, "auditor": np.ones(2)},
    {None: 1}, {(1, 2): pd.DataFrame()}, {1: 1, "a": 2},
]  # fmt: skip

plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(max_size=20)
)
numpy_arrays = arrays(
    st.sampled_from(["float64", "float32", "int16", "uint8", "bool", "complex64", "U3", "O"]),
    array_shapes(min_dims=0, min_side=0, max_side=4),
)
containers = st.one_of(
    st.lists(plain, max_size=4),
    st.tuples(st.floats(), st.floats()),
    st.tuples(st.integers(), st.integers(), st.integers()),
    st.dictionaries(st.text(max_size=5), plain, max_size=4),
    st.fixed_dictionaries(dict.fromkeys(["ranger", "web map", "auditor"], plain)),
)
wrapped = st.one_of(
    numpy_arrays.map(lambda array: dask.array.from_array(array) if array.dtype != "O" else array),
    numpy_arrays.map(xr.DataArray),
    numpy_arrays.filter(lambda array: array.ndim == 1).map(pd.Series),
    numpy_arrays.map(lambda array: lambda *_: array),
    plain.map(lambda value: lambda *_: value),
)
anything = st.one_of(
    plain, plain, numpy_arrays, containers, wrapped, st.builds(list, st.lists(numpy_arrays))
)
SETTINGS = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", NUMBERS)
def test_special_answers_are_answered_in_words(number, data):
    for answer in SPECIAL:
        for lesson_data in (data[number], {}):
            text = shown(check, number, answer, **lesson_data)
            assert says_something(text), f"{answer!r}: {text}"
            assert "\n" not in text, text


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", NUMBERS)
def test_any_answer_is_answered_in_words(number, data):
    @SETTINGS
    @given(answer=anything)
    def try_answer(answer):
        feedback = feedback_on(number, answer, **data[number])
        assert says_something(str(feedback)), f"{answer!r}: {feedback}"
        assert feedback._repr_html_()

    try_answer()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", ["00-1", "04-3", "10-2"])
def test_lesson_data_of_any_kind_is_no_reason_to_stop(number, data):
    """A learner may have given a name of the lesson to something else."""

    @SETTINGS
    @given(other=anything)
    def try_data(other):
        answer = xr.DataArray(SQUARE > 0, dims=["y", "x"]) if number == "04-3" else 3
        assert says_something(
            str(feedback_on(number, answer, **dict.fromkeys(data[number], other)))
        )

    try_data()


@pytest.mark.parametrize("number", NUMBERS)
def test_any_step_is_answered_in_words(number):
    for step in [*SPECIAL, 0, -1, 99, True, 1.0, 1.5, "1", "", [1]]:
        text = shown(hint, number, step)
        assert text.startswith(("Hint ", LOOK_AGAIN)) and len(text) > 30, text


@settings(SETTINGS, max_examples=200)
@given(number=st.one_of(anything, st.from_regex(r"\A.?\d\d.?-\d.?\Z"), st.sampled_from(NUMBERS)))
def test_any_number_is_answered_in_words(number):
    for verb in (check, hint):
        assert len(shown(verb, number)) > 20


# ---- what is said ------------------------------------------------------------------------------


def test_a_small_lazy_answer_is_computed(data):
    square = xr.DataArray([1.0, data["00-1"]["points"].shape[0] * 2 - 1]).chunk()
    assert feedback_on("00-1", square.mean(), **data["00-1"]).verdict == RIGHT


def test_a_large_lazy_answer_is_refused_before_it_is_computed(data):
    def never(block):
        raise AssertionError("it was computed")

    large = dask.array.ones(SMALL // 8 + 1).map_blocks(never, dtype=float)
    text = str(feedback_on("04-3", xr.DataArray(large), **data["04-3"]))
    assert text.startswith(NOT_YET) and ".compute()" in text


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("08-1", np.nan),
        ("08-1", float("inf")),
        ("03-2", (np.inf, 1)),
        ("03-2", (1, -np.inf)),
        ("11-2", (np.nan, 100)),
        ("08-2", lambda *_: np.nan),
        ("03-3", lambda *_: np.inf),
        ("05-1", pd.Series([np.nan] * 60)),
    ],
)
def test_numbers_that_are_not_finite_are_refused_in_words(number, answer, data):
    text = str(feedback_on(number, answer, **data[number]))
    assert text.startswith(NOT_YET)
    assert "NaN" in text or "infinite" in text


def test_a_rule_without_coordinates_is_told_so(data):
    bare = xr.DataArray(SQUARE > 0, dims=["y", "x"])
    text = str(feedback_on("04-3", bare, **data["04-3"]))
    assert text.startswith(NOT_YET) and "no coordinates x and y" in text


def test_what_an_examiner_stumbles_over_is_said_in_one_line(monkeypatch):
    monkeypatch.delitem(EXERCISES, "00-9", raising=False)

    @exercise("00-9", kind=NUMBER, right="", hints=["a", "b"])
    def stumble(answer):
        raise KeyError("first line\nsecond line")

    text = shown(check, "00-9", 1)
    monkeypatch.delitem(EXERCISES, "00-9")
    assert text.startswith(LOOK_AGAIN)
    assert "could not be examined (KeyError: 'first line" in text and "\n" not in text


def test_a_line_with_check_that_was_cut_is_told_what_is_missing():
    assert "should name points" in shown(check, "01-1", 3)
    assert "should name nothing" in shown(check, "10-3", {}, tag=1)


# ---- packages and servers ----------------------------------------------------------------------

WITHOUT = """\
import sys
sys.modules["xgboost"] = None
from helpers.exercises import check, feedback_on
check("06-1", 3)
check("66-1", 3)
feedback_on("06-1", 3)
"""


def test_a_missing_package_is_not_taken_for_a_missing_lesson():
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    of_06, of_66 = run.stdout.splitlines()
    assert "lesson 06 need the package xgboost" in of_06 and "helpers.doctor" in of_06
    assert "No lesson 66" in of_66
    assert "CourseError" in run.stderr.splitlines()[-1]


def test_a_package_that_is_broken_is_told_by_its_own_reason(tmp_path):
    (tmp_path / "xgboost.py").write_text("raise OSError('libgomp.so.1 is not there')")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\nfrom helpers import check; check('06-1', 3)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "cannot be loaded (OSError: libgomp.so.1 is not there)" in said


def test_no_check_loads_what_could_reach_a_server():
    lessons = [f"helpers.exercises.lesson_{name[:2]}" for name in LESSONS]
    code = f"import sys, importlib\nfor name in {lessons}: importlib.import_module(name)\n"
    code += "print({name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    reaching = {"pystac_client", "requests", "icechunk", "s3fs", "rasterio", "stackstac", "aiohttp"}
    assert not reaching & eval(loaded.stdout)


def test_an_exercise_that_is_not_there_is_still_an_error_of_the_course():
    with pytest.raises(CourseError, match="There is no exercise 01-9"):
        feedback_on("01-9", 3)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (lambda: check("01-1", 5, "points"), "everything has its name"),
        (lambda: check(), "write as in '03-2'"),
        (lambda: hint("01-1", 1, 2), "One hint at a time"),
    ],
)
def test_a_line_that_was_typed_otherwise_is_answered_in_words(line, words, monkeypatch):
    shown = []
    monkeypatch.setattr("helpers.exercises.display", shown.append)
    line()
    assert words in repr(shown[0])
