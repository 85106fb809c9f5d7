"""Evaluates the trees of an XGBoost classifier for a vector of pixels at a time.

XGBoost walks down each tree pixel by pixel: every step waits for the one before, and which way it
goes cannot be foreseen. Trees as small as a classifier's (about nine leaves, for the course's
points) are faster evaluated whole: at each split, from the leaves up to the root, all pixels of a
vector choose between their left and their right value. That is a comparison and a choice without
a jump, which a processor does for several pixels at once, often 8 or 16.

The values of the trees are added in XGBoost's order and in float32, so that the sums are the same.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from helpers.heavy.model import Classifier, learner_of, number_for_missing, used_booster
from offline_kit.compiled import compiled

VECTOR = 512  # pixels; what the kernel holds for so many stays in the caches next to the processor
OBJECTIVES = ("multi:softprob", "binary:logistic")
PROBES = 256  # pixels
TOLERANCE = 1e-6  # of a probability


@dataclass(frozen=True)
class Forest:
    """Trees, written down split by split in the order in which they are evaluated.

    A split stands after the splits below it, left before right, as an operator stands after its
    operands in reverse Polish notation: their values are then the last ones on a stack.

    Attributes
    ----------
    base
        For each class the sum that it starts from.
    features
        How many features a pixel has.
    feature, threshold
        For each split the feature that it looks at, and what that is compared with: a pixel goes
        left if its value is smaller.
    left_is_split, right_is_split
        For each split what is below: another split, or a leaf.
    left, right
        The values of these leaves.
    ends, classes, stumps
        For each tree where its splits end, the class that it speaks for, and the value of its
        only leaf if it has no split.
    depth
        How many values are on the stack at most.
    """

    base: np.ndarray
    features: int
    feature: np.ndarray
    threshold: np.ndarray
    left_is_split: np.ndarray
    right_is_split: np.ndarray
    left: np.ndarray
    right: np.ndarray
    ends: np.ndarray
    classes: np.ndarray
    stumps: np.ndarray
    depth: int

    def predict_proba(self, pixels: np.ndarray) -> np.ndarray:
        """Return probabilities ``(pixel, class)`` of pixels ``(pixel, band)`` that lack nothing."""
        pixels = np.ascontiguousarray(pixels, dtype=np.float32)
        sums = np.empty((len(pixels), len(self.base)), dtype=np.float32)
        _sum_trees(
            pixels, self.base, self.feature, self.threshold, self.left_is_split,
            self.right_is_split, self.left, self.right, self.ends, self.classes, self.stumps,
            self.depth, sums,
        )  # fmt: skip
        if len(self.base) == 1:
            return _logistic(sums)
        _softmax(sums)
        return sums


def objection(model: Classifier) -> str | None:
    """Return why a fitted model cannot be evaluated this way; None if it can.

    What a model does not say of itself would show in its answers: some pixels around the
    thresholds of its trees are predicted both ways.
    """
    if not hasattr(model, "get_booster"):
        return f"it speeds up XGBoost only, not {type(model).__name__}"
    if (value := number_for_missing(model)) is not None:
        return f"the model takes {value} for a missing value"
    learner = learner_of(model.get_booster())
    booster, objective = learner["gradient_booster"]["name"], learner["objective"]["name"]
    if booster != "gbtree":
        return f"it knows the booster gbtree, not {booster}"
    if objective not in OBJECTIVES:
        return f"it knows the objectives {' and '.join(OBJECTIVES)}, not {objective}"
    trees = learner["gradient_booster"]["model"]["trees"]
    if any(tree["categories"] for tree in trees):
        return "the model splits categories"
    if any(tree["tree_param"]["size_leaf_vector"] != "1" for tree in trees):
        return "each of the model's trees votes for several classes"
    if learner["learner_model_param"]["num_target"] != "1":
        return "the model answers several questions at once"
    forest = read_forest(model)
    probes = _probes(forest)
    if not np.allclose(forest.predict_proba(probes), model.predict_proba(probes), 0, TOLERANCE):
        return "its probabilities would differ from the model's own"
    return None


def compile_ahead() -> None:
    """Compile what this module runs, for a model of two and one of three classes, and keep it.

    Else the first who uses the fast engine waits for it, ten seconds and more.
    """
    from xgboost import XGBClassifier

    pixels = np.linspace(0, 1, 24, dtype=np.float32).reshape(12, 2)
    for classes in (2, 3):
        model = XGBClassifier(n_estimators=1, n_jobs=1).fit(pixels, np.arange(12) % classes)
        read_forest(model).predict_proba(pixels)


def read_forest(model: Classifier) -> Forest:
    """Read the trees of a fitted XGBClassifier, up to the best round if it stopped early."""
    learner = learner_of(used_booster(model))
    trees = learner["gradient_booster"]["model"]["trees"]
    splits = [_splits(tree) for tree in trees]
    rows = np.array([row for tree in splits for row in tree]).reshape(-1, 6)
    return Forest(
        base=_base(learner),
        features=int(learner["learner_model_param"]["num_feature"]),
        feature=rows[:, 0].astype(np.intp),
        threshold=rows[:, 1].astype(np.float32),
        left_is_split=rows[:, 2].astype(bool),
        right_is_split=rows[:, 3].astype(bool),
        left=rows[:, 4].astype(np.float32),
        right=rows[:, 5].astype(np.float32),
        ends=np.cumsum([len(tree) for tree in splits]),
        classes=np.array(learner["gradient_booster"]["model"]["tree_info"], dtype=np.intp),
        stumps=np.array([tree["split_conditions"][0] for tree in trees], dtype=np.float32),
        depth=max(map(_stack_depth, splits), default=1),
    )


def _splits(tree: dict[str, Any]) -> list[tuple[float, ...]]:
    """List the splits of a tree, each after those below it, left before right."""
    left, right, value = tree["left_children"], tree["right_children"], tree["split_conditions"]
    rows, waiting = [], [0]
    while waiting:  # from the root: each split, then all to its right, then all to its left
        node = waiting.pop()
        if left[node] < 0:
            continue
        below = left[node], right[node]
        are_splits = [left[child] >= 0 for child in below]
        leaves = [value[child] for child in below]
        rows.append((tree["split_indices"][node], value[node], *are_splits, *leaves))
        waiting += below
    return rows[::-1]


def _stack_depth(splits: list[tuple[float, ...]]) -> int:
    """Return how many values are on the stack at most while a tree is evaluated."""
    growth = [1 - left - right for _, _, left, right, *_ in splits]  # is a split below?
    return max([1, *accumulate(growth)])


def _base(learner: dict[str, Any]) -> np.ndarray:
    """Return what the sums start from; with two classes XGBoost stores it as a probability."""
    classes = max(1, int(learner["learner_model_param"]["num_class"]))
    stored = np.asarray(json.loads(learner["learner_model_param"]["base_score"]), dtype=np.float32)
    base = stored if classes > 1 else -np.log(1 / stored - 1)
    return np.ascontiguousarray(np.broadcast_to(base, classes), dtype=np.float32)


def _probes(forest: Forest) -> np.ndarray:
    """Make pixels whose values lie at the thresholds of the trees, and right beside them."""
    rng = np.random.default_rng(0)
    sides = np.array([-np.inf, np.inf], dtype=np.float32)
    probes = np.zeros((PROBES, forest.features), dtype=np.float32)
    for column in np.unique(forest.feature):
        thresholds = forest.threshold[forest.feature == column]
        chosen = rng.choice(thresholds, PROBES)
        beside = np.nextafter(chosen, rng.choice(sides, PROBES))
        probes[:, column] = np.where(rng.random(PROBES) < 1 / 3, chosen, beside)
    return probes


@compiled(nogil=True)
def _sum_trees(
    pixels: np.ndarray,
    base: np.ndarray,
    feature: np.ndarray,
    threshold: np.ndarray,
    left_is_split: np.ndarray,
    right_is_split: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    ends: np.ndarray,
    classes: np.ndarray,
    stumps: np.ndarray,
    depth: int,
    sums: np.ndarray,
) -> None:
    """Add up the values of all trees, for each pixel and class.

    In the innermost loops both values are read before one is chosen, and what is chosen goes to a
    row that held neither. Otherwise the compiler would read or write only where the choice says
    so, which many processors cannot do for several pixels at once, or only slowly.
    """
    vectors = np.empty((pixels.shape[1], VECTOR), dtype=np.float32)
    rows = np.empty((depth + 1, VECTOR), dtype=np.float32)
    stack = np.arange(depth + 1)  # numbers of rows; the last one is free
    totals = np.empty((len(base), VECTOR), dtype=np.float32)
    for start in range(0, len(pixels), VECTOR):
        count = min(VECTOR, len(pixels) - start)
        vectors[:, :count] = pixels[start : start + count].T
        totals[:] = base.reshape(-1, 1)
        split = 0
        for tree in range(len(ends)):
            top = -1
            if split == ends[tree]:
                rows[stack[0]] = stumps[tree]
            while split < ends[tree]:
                values, edge, chosen = vectors[feature[split]], threshold[split], rows[stack[-1]]
                if left_is_split[split] and right_is_split[split]:
                    top -= 1
                    lefts, rights = rows[stack[top]], rows[stack[top + 1]]
                    for p in range(VECTOR):
                        a, b = lefts[p], rights[p]
                        chosen[p] = a if values[p] < edge else b
                elif left_is_split[split]:
                    lefts, b = rows[stack[top]], right[split]
                    for p in range(VECTOR):
                        a = lefts[p]
                        chosen[p] = a if values[p] < edge else b
                elif right_is_split[split]:
                    rights, a = rows[stack[top]], left[split]
                    for p in range(VECTOR):
                        b = rights[p]
                        chosen[p] = a if values[p] < edge else b
                else:
                    top += 1
                    a, b = left[split], right[split]
                    for p in range(VECTOR):
                        chosen[p] = a if values[p] < edge else b
                stack[top], stack[-1] = stack[-1], stack[top]
                split += 1
            total, value = totals[classes[tree]], rows[stack[0]]
            for p in range(VECTOR):
                total[p] += value[p]
        sums[start : start + count] = totals[:, :count].T


@compiled(nogil=True)
def _softmax(sums: np.ndarray) -> None:
    """Turn sums ``(pixel, class)`` into probabilities in place, with XGBoost's roundings."""
    for row in sums:
        largest = row.max()
        total = 0.0
        for k in range(len(row)):
            row[k] = math.exp(row[k] - largest)
            total += row[k]
        for k in range(len(row)):
            row[k] /= np.float32(total)


def _logistic(sums: np.ndarray) -> np.ndarray:
    """Turn the sums of the second class into probabilities of both."""
    second = 1 / (1 + np.exp(np.minimum(-sums, np.float32(88.7))))  # e^89 is beyond float32
    return np.hstack([1 - second, second])
