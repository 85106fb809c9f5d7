"""The fast engine gives the numbers of XGBoost itself, or says why it is not used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier

from helpers.heavy.trees import VECTOR, objection, read_forest
from helpers.paths import PROJECT

FEATURES = 4


def points(classes, count=300, seed=0):
    """Pixels whose class shows in two of four features, with some confusion."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(1, 4000, (count, FEATURES)).astype(np.float32)
    scores = pixels[:, 0] + pixels[:, 2] + rng.normal(0, 400, count)
    named = np.searchsorted(np.quantile(scores, np.arange(1, classes) / classes), scores)
    return pixels, named


def assert_equal(model, pixels):
    np.testing.assert_allclose(
        read_forest(model).predict_proba(pixels), model.predict_proba(pixels), rtol=0, atol=1e-6
    )


@settings(max_examples=60, deadline=None)
@given(
    classes=st.integers(2, 6),
    rounds=st.integers(1, 12),
    parallel=st.integers(1, 3),
    growth=st.sampled_from(
        [{"max_depth": depth} for depth in (1, 2, 6, 12)]
        + [{"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 40}]
    ),
    gamma=st.sampled_from([0, 5, 1e6]),
    base_score=st.sampled_from([None, 0.3]),
    seed=st.integers(0, 3),
)
def test_equal_to_the_model(classes, rounds, parallel, growth, gamma, base_score, seed):
    options = {"num_parallel_tree": parallel, "subsample": 0.8, "gamma": gamma, **growth}
    model = XGBClassifier(n_estimators=rounds, base_score=base_score, random_state=seed, **options)
    model.fit(*points(classes, seed=seed))
    assert objection(model) is None
    assert_equal(model, points(classes, count=700, seed=99)[0])


@pytest.mark.parametrize("count", [1, VECTOR - 1, VECTOR, VECTOR + 1, 3 * VECTOR + 7])
def test_any_number_of_pixels(count):
    model = XGBClassifier(n_estimators=3).fit(*points(3))
    assert_equal(model, points(3, count=5000)[0][:count])


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float64"])
def test_any_type_of_pixels(dtype):
    model = XGBClassifier(n_estimators=3).fit(*points(3))
    assert_equal(model, points(3)[0].astype(dtype))


def test_values_at_a_threshold_go_the_same_way():
    model = XGBClassifier(n_estimators=20).fit(*points(3))
    edges = np.unique(read_forest(model).threshold)
    sides = np.array([-np.inf, np.inf], dtype=np.float32)
    around = np.concatenate([edges, np.nextafter(edges[:, None], sides).ravel()])
    assert_equal(model, np.repeat(around[:, None], FEATURES, axis=1))


def test_extreme_margins():
    pixels, named = points(2)
    model = XGBClassifier(n_estimators=60, learning_rate=1.0, reg_lambda=0, max_depth=12)
    assert_equal(model.fit(pixels, named), pixels)


def test_trees_after_the_best_round_do_not_count():
    pixels, named = points(4)
    model = XGBClassifier(n_estimators=60, learning_rate=1.0, early_stopping_rounds=5)
    model.fit(pixels[:200], named[:200], eval_set=[(pixels[200:], named[200:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    assert_equal(model, pixels)


class Sharpened(XGBClassifier):
    """A model that makes something else of its trees, and does not say so."""

    def predict_proba(self, pixels):
        squared = super().predict_proba(pixels) ** 2
        return squared / squared.sum(axis=1, keepdims=True)


def categories():
    pixels, named = points(3)
    table = pd.DataFrame(pixels).assign(soil=pd.Categorical(named.astype(str)))
    return XGBClassifier(n_estimators=3, enable_categorical=True).fit(table, named)


UNSUITED = {
    "not LogisticRegression": lambda: LogisticRegression().fit(*points(3)),
    "takes 0.0 for a missing": lambda: XGBClassifier(n_estimators=3, missing=0).fit(*points(3)),
    "not gblinear": lambda: XGBClassifier(n_estimators=3, booster="gblinear").fit(*points(3)),
    "not binary:hinge": lambda: XGBClassifier(objective="binary:hinge").fit(*points(2)),
    "splits categories": categories,
    "votes for several classes": lambda: XGBClassifier(
        n_estimators=3, multi_strategy="multi_output_tree"
    ).fit(points(3)[0], np.eye(3, dtype=int)[points(3)[1]]),
    "would differ": lambda: Sharpened(n_estimators=20).fit(*points(3)),
}


def test_trees_that_were_dropped_out_weigh_less():
    model = XGBClassifier(n_estimators=10, rate_drop=0.5).fit(*points(3))
    assert "would differ" in objection(model)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("reason", UNSUITED)
def test_a_model_that_does_not_suit(reason):
    assert reason in objection(UNSUITED[reason]())


def test_what_is_compiled_ahead_is_all_that_a_model_needs():
    """In processes of their own, as `make env` and a lesson are."""
    ahead = "from helpers.heavy import trees; trees.compile_ahead()"
    lesson = """
import numpy as np
from xgboost import XGBClassifier
from helpers.heavy import trees
pixels = np.random.default_rng(1).random((500, 5), dtype=np.float32)
for classes in (2, 7):
    model = XGBClassifier(n_estimators=4, n_jobs=1).fit(pixels, np.arange(500) % classes)
    assert trees.objection(model) is None
    trees.read_forest(model).predict_proba(pixels)
for function in (trees._sum_trees, trees._softmax):
    print(sum(function.stats.cache_misses.values()))
"""
    for code in (ahead, lesson):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
        )
    assert done.stdout.split() == ["0", "0"]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux namespaces")
def test_where_nothing_can_be_written_it_is_compiled_each_time():
    """A read-only course, and no home folder in which Numba could keep what it compiles."""
    code = "from helpers.heavy import trees; print(type(trees._sum_trees._cache).__name__)"
    script = f"mount --bind {PROJECT} {PROJECT} && mount -o remount,ro,bind {PROJECT} || exit 9; "
    script += f"'{sys.executable}' -c '{code}'"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        env={"HOME": "/proc", "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 9 or "unshare" in done.stderr:
        pytest.skip(f"no private mounts here: {done.stderr.strip()[-100:]}")
    assert done.stdout == "NullCache\n", done.stderr[-500:]
