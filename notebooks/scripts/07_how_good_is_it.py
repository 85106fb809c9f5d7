# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,-all
#     formats: notebooks///ipynb,notebooks/scripts///py:percent
#     notebook_metadata_filter: kernelspec,jupytext,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 How good is it, really?
#
# **The question:** how good is the model on the points, and would that hold on a hillside where nobody has been?
#
# **You will be able to**
#
# - compare a model with a baseline that knows nothing;
# - read precision and recall, and a confusion matrix both ways;
# - choose the probability above which a pixel counts as pine;
# - compare random with spatial cross-validation and say what the difference means;
# - say where the model should not be believed, and why.
#
# **Time:** 45 minutes (reading 29, exercises 16). **Needs:** the spectra of lesson 05 and the model of lesson 06.

# %%
import sys

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# %%
from sklearn.dummy import DummyClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    classification_report,
    precision_recall_curve,
    precision_score,
    recall_score,
)

# %%
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from tqdm import tqdm
from xgboost import XGBClassifier

from helpers import find_or_make, open_cloud
from helpers.course import BANDS, CLASS_CODES
from helpers.exercises import check, hint
from helpers.plots import LEGEND_BELOW, set_plot_style, set_title

hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()

# %%
spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet"))
class_names = spectra.groupby("class")["name"].first()
spectra["job"] = spectra["group"].map({0: "validation", 1: "training", 2: "testing"})
training = spectra[spectra["job"] == "training"]
validation = spectra[spectra["job"] == "validation"]
testing = spectra[spectra["job"] == "testing"]
model = XGBClassifier()
model.load_model(find_or_make("pine_classifier.ubj"))

# %% [markdown]
# ## Better than what?
#
# A figure alone says little. As in lesson 06: a model that always names the class it saw most often in training needs
# no satellite. How often would it be right on the testing points?
#
# (We look at them all through this lesson, although lesson 06 said "once". That does no harm as long as nothing is
# *decided* by them: the threshold further down is chosen on the validation points.)

# %% tags=["nbval-check-output"]
baseline = DummyClassifier(strategy="most_frequent")
baseline.fit(training[BANDS], training["class"])
for name, judged in {"always one class": baseline, "our model": model}.items():
    accuracy = accuracy_score(testing["class"], judged.predict(testing[BANDS]))
    print(f"{name:17} {accuracy:.2f} of the testing points named rightly")

# %% [markdown]
# (That one class is Dense Pines, the most common one among the training points: people collect what they look for. So
# the first figure is the share of pines among the testing points. It is neither the share of lesson 01 nor that of
# "always one class" in lesson 06, which asked other points.)
#
# Published maps of invasive trees in the region give figures for a rough comparison only (other classes, other points,
# other ways of testing): 71 % with Sentinel-2 in the Heuningnes catchment (Mtengwana et al. 2020); 62.5 % with SPOT-6
# and 78.9 % with WorldView-3 in the Garden Route (Gerolemou 2017). For pines alone we know of one, for a site of 172 ha
# that a fire in 2012 had spared: 84 % with SPOT-6, kappa 0.68 (Forsyth et al. 2014). (The
# [references](../docs/references.md) give them in full.)
#
# ## User's and producer's accuracy
#
# [Accuracy](../docs/glossary.md#accuracy) treats all classes alike, but we came for pines. For them there are two
# questions, and each has two names:
#
# - [precision](../docs/glossary.md#precision), or **user's accuracy**: of what the map *calls* pine, how much is pine?
#   Low precision sends clearing teams to the wrong slopes.
# - [recall](../docs/glossary.md#recall), or **producer's accuracy**: of the pines that *are* there, how many does the
#   map find? Low recall leaves seed trees standing.

# %% tags=["nbval-check-output"]
predicted = pd.Series(model.predict(testing[BANDS]), index=testing.index)
called_pine = predicted.map(class_names) == "Dense Pines"
truly_pine = testing["name"] == "Dense Pines"
found = (called_pine & truly_pine).sum()
print(f"{called_pine.sum()} points are called pine, {truly_pine.sum()} are pine.")
print(f"precision: {found} of {called_pine.sum()} = {found / called_pine.sum():.2f}")
print(f"recall:    {found} of {truly_pine.sum()} = {found / truly_pine.sum():.2f}")

# %% [markdown]
# Both are the same count, divided by different totals. **F1** is one number for both, low as soon as either is. Here
# they are for every class; *support* is the number of testing points.

# %%
report = classification_report(
    testing["name"], predicted.map(class_names), output_dict=True, zero_division=0
)
by_class = pd.DataFrame(report).T.loc[class_names]
share, points = by_class["recall"], by_class["support"]
by_class["recall, give or take"] = 1.96 * np.sqrt(share * (1 - share) / points)
by_class.round(2).astype({"support": int}).sort_values("f1-score", ascending=False)

# %% [markdown]
# **What to notice.** Classes with few points have uncertain scores. The last column is half the width of a 95 %
# confidence interval for a share p of n points, `1.96 * sqrt(p * (1 - p) / n)`. That formula assumes that the points
# are independent. Ours are not quite: about a third of them have another one within 100 m. So the scores are more
# uncertain still. (Where a share is 0 or 1 the formula says "no uncertainty at all": don't believe it.)
#
# Here the class imbalance of lesson 01 comes back: a class with few points to learn from can end up with a low recall,
# unless it looks like nothing else. One can give rare classes more weight in training (`sample_weight` in `fit`). That
# shifts errors from class to class, but adds no knowledge; more points of the rare classes would. And as our map is
# about one class, a threshold for that class is the simpler tool; it comes below.
#
# ## The confusion matrix, both ways
#
# Which classes does it confuse? In a [confusion matrix](../docs/glossary.md#confusion-matrix) every row is a class seen
# on the ground, every column what the model says, and every cell counts points.

# %%
counts = pd.crosstab(testing["name"], predicted.map(class_names))
counts = counts.reindex(columns=counts.index, fill_value=0)
counts.rename_axis(index="seen on the ground", columns="the model says")

# %% [markdown]
# Counts are hard to compare, so we divide. By the sum of its **row**: where do the points of a class go? Then the
# diagonal is the recall. Or by the sum of its **column**: what is behind a name on the map? Then the diagonal is the
# precision.

# %%
row_shares = counts.div(counts.sum(axis="columns"), axis="index")
column_shares = counts.div(counts.sum(axis="index"), axis="columns")
style = {"cmap": "Blues", "colorbar": False}
style |= {"values_format": ".0f", "text_kw": {"fontsize": 12}}
style["im_kw"] = {"vmin": 0, "vmax": 100}
pine_at = list(counts.index).index("Dense Pines") - 0.5
row_frame = (-0.5, pine_at, len(counts), 1)
column_frame = (pine_at, -0.5, 1, len(counts))


# %%
# Only drawing: run it, no need to read it.
def draw_matrix(table, frame, title):
    """Draw a confusion matrix, with a frame around the pines."""
    figure, axes = plt.subplots(figsize=(8, 6.8))
    shares = ConfusionMatrixDisplay(100 * table.values, display_labels=table.index)
    shares.plot(ax=axes, xticks_rotation=45, **style)
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    for text in shares.text_.flat:
        share = float(text.get_text())
        text.set(color="white" if share > 70 else "black", visible=share > 0)
    axes.add_patch(plt.Rectangle(frame[:2], *frame[2:], fill=False, ec="#EE7733", lw=4))
    set_title(figure, cloud.map_title(title))
    axes.set(xlabel="the model says", ylabel="seen on the ground")


# %%
draw_matrix(row_shares, row_frame, "% of each row: the diagonal is recall")
plt.show()

# %% [markdown]
# (A cell without a number rounds to zero.) **What to notice.** Read along the framed *row* of Dense Pines: where do the
# missed pines go? Then find, in their *column*, the forest that is called pine.

# %%
draw_matrix(column_shares, column_frame, "% of each column: the diagonal is precision")
plt.show()

# %% [markdown]
# **What to notice.** Now read down the framed *column*: what is taken for pine? Find the forest again. The cell holds
# the same points as above, yet the two shares differ: one is a share of the forest, the other a share of all that is
# called pine.
#
# In the simulated scene wetland comes first in that column, before native forest. That is because wetlands are common
# among the testing points (see *support*); in the mountains they are rare, and on the map they hardly count (lesson
# 11). We ask about the forest all the same: it is protected, and a felled forest does not come back soon.
#
# ## From which probability is it a pine?
#
# So far the class with the highest probability won. For a map of pines we may choose a
# [threshold](../docs/glossary.md#threshold) of our own: a low one finds more pines and raises more false alarms. That
# is a decision, so we look at the **validation** points. The curve uses each probability that occurs as a threshold; a
# point counts as pine if it reaches it (`>=`).

# %%
pine_code = CLASS_CODES["Dense Pines"]
pine_column = list(model.classes_).index(pine_code)
is_pine = (validation["class"] == pine_code).to_numpy()
pine_probability = model.predict_proba(validation[BANDS])[:, pine_column]
precision, recall, threshold = precision_recall_curve(is_pine, pine_probability)
trade = pd.DataFrame({"precision": precision[:-1], "recall": recall[:-1]})
trade["threshold"] = threshold
names = {"group_label": "measure", "value_label": "share"}
frame = {"responsive": True, "height": 400, "grid": True, "xlim": (0, 1)}

# %%
lines = trade.hvplot.line(
    x="threshold",
    y=["precision", "recall"],
    color=["#882255", "#332288"],
    xlabel="probability from which a point counts as pine",
    line_dash=["solid", "dashed"],
    line_width=3,
    ylabel="precision and recall (0 to 1)",
    **names,
    **frame,
    title=cloud.map_title("Threshold, on the validation points"),
)

# %%
gap = (trade["precision"] - trade["recall"]).abs()
balanced = trade.loc[gap.idxmin(), "threshold"]
print(f"False alarms and missed pines balance at a probability of {balanced:.2f}.")

# %%
sides = ("right", "left") if balanced > 0.5 else ("left", "right")
marks = [(0.5, "dotted", sides[0], " one half ")]
marks += [(balanced, "solid", sides[1], " balanced ")]
extras = [
    hv.VLine(x).opts(color="black", line_dash=dash, line_width=1.5)
    * hv.Text(x, 0.05, name, halign=side)
    for x, dash, side, name in marks
]
hv.Overlay([lines, *extras]).collate().opts(max_width=750, **LEGEND_BELOW)

# %% [markdown]
# **What to notice.** Where the lines cross, there are as many missed pines as false alarms. Nothing says that this is
# best: it depends on what each mistake costs (exercise 07-2). We keep `0.5`, which is easy to explain: the model then
# thinks pine at least as likely as all other classes together. How does it do on the two groups that the model has not
# seen?

# %% tags=["nbval-check-output"]
for points in [validation, testing]:
    above_half = model.predict_proba(points[BANDS])[:, pine_column] >= 0.5
    truth = points["class"] == pine_code
    print(f"{points['job'].iloc[0]:10}: {truth.sum():3} pines, ", end="")
    print(f"precision {precision_score(truth, above_half):.2f}, ", end="")
    print(f"recall {recall_score(truth, above_half):.2f}")

# %% [markdown]
# Two groups, two answers, and neither is wrong. There are few pines in each, some of them close together, and some
# places are easier than others. Keep that in mind whenever you read a single figure with two decimals.
#
# ## Points are not the landscape
#
# Precision also depends on how common pines are, and people collect more of what they look for. Suppose the model keeps
# its recall (in the code, `hit_rate`) and its rate of false alarms (the share of all that is *not* pine that it calls
# pine) in landscapes with fewer pines. (Whether it does, where the pines differ from those at the points, is another
# question; lesson 11 asks it.)

# %%
called = model.predict_proba(testing[BANDS])[:, pine_column] >= 0.5
hit_rate, false_alarm_rate = called[truly_pine].mean(), called[~truly_pine].mean()
for share_of_pines in [truly_pine.mean(), 0.05, 0.02]:
    hits = hit_rate * share_of_pines
    false_alarms = false_alarm_rate * (1 - share_of_pines)
    print(f"{share_of_pines:.0%} pines: ", end="")
    print(f"precision {hits / (hits + false_alarms):.2f}")

# %% [markdown]
# The first line has the share of pines among the testing points. The rarer the pines, the more of what is called pine
# is something else: the same model, a worse map. Lesson 11 measures the map itself, with a random sample of places.
#
# ## Do neighbours give the answer away?
#
# Nearby pixels look alike for many reasons that have nothing to do with their class: the same slope, the same soil, the
# same fire years ago. So a test close to the points that were learnt is easier than a test elsewhere. This is [spatial
# leakage](../docs/glossary.md#spatial-leakage). How close are our points to each other?

# %%
_, metres = spectra.sindex.nearest(
    spectra.geometry, return_all=False, exclusive=True, return_distance=True
)
print(f"{(metres < 100).mean():.0%} of all points have another one within 100 m;")
print(f"half of them have none within {np.median(metres):.0f} m")

# %% [markdown]
# How much does it matter? We measure it with [cross-validation](../docs/glossary.md#cross-validation), as in lesson 06
# but now with all points: five parts, learn from four, judge the fifth, take turns. First the parts are drawn at
# random. Then they are made of **blocks** of land, one kilometre wide: no part shares a block with another. (A block's
# name is its column and its row. Without the stroke between them, block 1/23 and block 12/3 would both be 123.)

# %%
BLOCK_METRES = 1000
column = np.floor(spectra.geometry.x / BLOCK_METRES).astype(int)
row = np.floor(spectra.geometry.y / BLOCK_METRES).astype(int)
blocks = column.astype(str) + "/" + row.astype(str)
points_each = len(spectra) / blocks.nunique()
print(f"{blocks.nunique()} blocks with {points_each:.1f} points on average")


# %%
SETTINGS_OF_LESSON_06 = {
    "n_estimators": 100,
    "max_depth": 7,
    "learning_rate": 0.1,
    "subsample": 0.8,
    "tree_method": "hist",
    "random_state": 0,
    "n_jobs": 1,
}


# %%
def predict_in_turns(splitter, groups=None):
    """Predict each part of the points with a model that has learnt from the others."""
    labels = spectra["class"]
    turns = list(splitter.split(spectra[BANDS], labels, groups))
    predicted_parts = []
    for learn, judge in tqdm(turns, desc="parts", file=sys.stdout):
        fresh_model = XGBClassifier(**SETTINGS_OF_LESSON_06)
        fresh_model.fit(spectra[BANDS].iloc[learn], labels.iloc[learn])
        guess = fresh_model.predict(spectra[BANDS].iloc[judge])
        predicted_parts.append(pd.Series(guess, index=spectra.index[judge]))
    return pd.concat(predicted_parts, keys=range(1, 6), names=["part"])


# %%
at_random = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
guesses = {"parts at random": predict_in_turns(at_random)}

# %%
by_block = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=0)
guesses["parts by blocks of land"] = predict_in_turns(by_block, groups=blocks)


# %%
def judge_guess(guess):
    """Return the three figures of a guess, of one part or of all."""
    truth = spectra["class"].loc[guess.index.get_level_values(-1)].to_numpy()
    true_pine, called_pine = truth == pine_code, guess == pine_code
    return {
        "accuracy": accuracy_score(truth, guess),
        "pine precision": precision_score(true_pine, called_pine),
        "pine recall": recall_score(true_pine, called_pine),
    }


# %%
together = pd.DataFrame({how: judge_guess(guess) for how, guess in guesses.items()})
by_part = {
    how: [judge_guess(part) for _, part in guess.groupby(level="part")]
    for how, guess in guesses.items()
}
looks = list(zip(guesses, ["#882255", "#332288"], "os", strict=True))
together.T.round(3)


# %%
# Only drawing: run it, no need to read it.
def draw_parts(axes, what):
    """Draw a measure of each part, and of all together, both ways."""
    for place, (how, colour, marker) in enumerate(looks):
        look = {"color": colour, "marker": marker, "s": 70, "alpha": 0.6}
        beside = place + np.linspace(-0.25, 0.25, 5)  # so that no mark hides another
        axes.scatter(beside, [part[what] for part in by_part[how]], **look)
        whole = together.loc[what, how]
        axes.plot([place - 0.3, place + 0.3], [whole, whole], color=colour, lw=3)
    axes.set(title=what, xticks=[0, 1], xticklabels=["at random", "by blocks"])
    axes.yaxis.set_major_locator(plt.MultipleLocator(0.05))
    axes.grid(axis="y", alpha=0.4)


# %%
# Only drawing: run it, no need to read it.
figure, panels = plt.subplots(1, 3, figsize=(8, 4), sharey=True)
for axes, what in zip(panels, together.index, strict=True):
    draw_parts(axes, what)
panels[0].set_ylabel("share (0 to 1)")
set_title(figure, cloud.map_title("At random or by blocks?"))
plt.show()

# %% [markdown]
# (Marks: the five parts, side by side so that none hides another. Lines: all parts together.) **What to notice.** The
# settings and the points are the same; only the way of asking differs. In the simulated scene
# it makes no difference that we could measure: the step from one line to the next is small compared with the spread of
# the five marks in a column. (With real scenes see for yourself.) That is what one may hope for with points like these,
# most of which have none within 100 m. It is no law: where points stand in tight clusters, random parts look better
# than they should. (The offline kit holds such a survey of the same land, `field_points_roadside.gpkg`; there, random
# parts come out well above the blocks.)
#
# Where there is a difference, it has two causes, and blocks can't tell them apart. Close neighbours no longer give the
# answer away. And with a block the model may lose a whole kind of place, such as the only wattle in a valley, and then
# has to guess (Roberts et al. 2017). Blocks that touch can still be in different parts, so some help from neighbours
# remains.
#
# And if the rows differ, which one should you quote? That depends on the question. For pixels between the points, as
# close to them as the points are to each other, quote the first. For slopes farther away, rather the second. But blocks
# exist only where there are points: a kind of place that nobody has sampled is in neither row. And neither row is the
# accuracy of the *map*. For that you need places drawn at random from the whole map; then blocks are not needed, and
# blocks can even be too strict (Wadoux et al. 2021). Don't compare these rows with the testing points above either:
# here a model learns from four fifths of all points, there from the training points alone.
#
# ## Which bands matter?
#
# Shuffle one band among the testing points, and see how much accuracy is lost: if little, the model can do without it.
# We shuffle five times; the thin line shows how much the five results vary (one standard deviation each way).

# %%
shuffling = permutation_importance(
    model, testing[BANDS], testing["class"], n_repeats=5, random_state=0
)
importance = pd.DataFrame({"lost": shuffling["importances_mean"]}, index=BANDS)
importance["spread"] = shuffling["importances_std"]
importance = importance.sort_values("lost").rename_axis("band").reset_index()

# %%
coarse = importance["band"].isin(["coastal", "nir09"])
figure, axes = plt.subplots(figsize=(8, 4.5))
kinds = [("10 and 20 m", ~coarse, "#88CCEE"), ("60 m", coarse, "#DDCC77")]
axes.barh(importance["band"], 0)  # the order of the bands
for size, kind, colour in kinds:
    one = importance[kind]
    look = {"xerr": one["spread"], "color": colour, "label": f"pixels of {size}"}
    axes.barh(one["band"], one["lost"], **look)
axes.set_title(cloud.map_title("Importance of each band on the testing points"))
axes.set_xlabel("accuracy lost by shuffling (line: one standard deviation)")
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# **What to notice.** Bands that carry the same information share the credit: shuffle one and the model reads the other.
# A short bar does not mean that a band says nothing about pines. Nor does a long one mean that it says something about
# the *plant*. Look where `coastal` and `nir09` are. Their pixels are 60 m wide, and lesson 05 said to be wary of that;
# if they come out high, they may describe the neighbourhood: haze in the valley, shade, the size of a stand. On another
# day that may not help.
#
# ## Where not to believe the model
#
# Points lie where people went or looked, in stands that they recognised. So be careful
#
# - in **mixed pixels**: few points show thin, young stands, and a map is full of them;
# - on **dim slopes**: the dimmest are masked (lesson 04), but the noise does not start at our limit;
# - in **ravines**: look up how much Indigenous Forest is called pine;
# - in places **unlike those visited**: different rock, altitude or season; the blocks of land give a taste of it;
# - with classes of **few points**: their interval is wide;
# - on a **real image**, if the model was trained on this simulated scene: it does not work there.
#
# The points can't say how much each of these costs. [Lesson 11](11_how_good_is_the_map.ipynb) asks a random sample of
# the map, and the truth of the simulated scene.

# %% [markdown]
# ## Exercises
#
# Three questions that a careful reader of a map asks. Replace the dots, run the cell, read what it says, and try again
# as often as you like.

# %% [markdown]
# ### Exercise 07-1: what is behind the name?
#
# A team is to visit places that the model calls Dense Pines, and asks how many of them are native forest. Start with
# the points that we have: of the **testing points** that the model **calls** Dense Pines, what share is **Indigenous
# Forest** on the ground? Use the table `counts` (a row for each class on the ground, a column for each class the model
# says). Answer with a number between 0 and 1, with three decimals.
#
# Stuck? Run `hint("07-1")`.

# %% tags=["exercise"]
forest_among_called_pines = ...
check("07-1", forest_among_called_pines, counts=counts)

# %% [markdown]
# <details><summary>Solution 07-1</summary>
#
# ```python
# called_pines = counts["Dense Pines"]
# forest_among_called_pines = called_pines["Indigenous Forest"] / called_pines.sum()
# ```
#
# What the model *calls* pine is a column, so the column's sum is the denominator. `column_shares.loc["Indigenous
# Forest", "Dense Pines"]` is the same number, in the lower matrix.
#
# **Don't give the team this number.** The testing points were chosen by people, and pines are common among them. On the
# map the same model meets far more of everything that is not pine, so the share of forest can be much larger. Only a
# random sample of the marked pixels shows it; lesson 11 has one.
#
# </details>

# %% [markdown]
# ### Exercise 07-2: a threshold for a price
#
# A false alarm costs a team a morning. A missed pine spreads its seed, and a stand that has closed costs 3 to 25 times
# as much to clear as scattered trees (Marais and Wannenburgh 2008). Suppose that **a missed pine costs ten times as
# much as a false alarm**. A threshold `t` calls a point pine where `pine_probability >= t`. Which threshold out of
# `0.01`, `0.02`, ... `0.99` makes the total cost on the **validation** points lowest? Use `is_pine` and
# `pine_probability` of the lesson (one value for each validation point; `~is_pine` is "not pine"). Answer with the
# threshold; if several are equally cheap, any of them.
#
# Stuck? Run `hint("07-2")`.

# %% tags=["exercise"]
thresholds = np.arange(1, 100) / 100
cheapest_threshold = ...
check(
    "07-2",
    cheapest_threshold,
    is_pine=is_pine,
    pine_probability=pine_probability,
    testing_is_pine=testing["class"] == pine_code,
    testing_probability=model.predict_proba(testing[BANDS])[:, pine_column],
)

# %% [markdown]
# <details><summary>Solution 07-2</summary>
#
# ```python
# thresholds = np.arange(1, 100) / 100
# costs = []
# for t in thresholds:
#     missed = (is_pine & (pine_probability < t)).sum()
#     false_alarms = (~is_pine & (pine_probability >= t)).sum()
#     costs.append(10 * missed + false_alarms)
# cheapest_threshold = thresholds[np.argmin(costs)]
# ```
#
# If the probabilities were exactly right, the answer would be 1/11, about `0.09`: above it, ten times the chance of a
# pine outweighs the chance of something else. If yours differs, the model's probabilities can't be trusted as they are,
# or the points are too few to tell.
#
# </details>

# %% [markdown]
# ### Exercise 07-3: wider blocks
#
# Are blocks of one kilometre wide enough? Make blocks that are **two kilometres** wide in both directions: a pandas
# Series with one label for each row of `spectra`, the same label for points in the same block, different labels for
# points in different blocks. Start from the cell that makes `blocks`.
#
# When the check passes, put `groups=blocks_2km` into the cell of the lesson that predicts by blocks of land and run it
# and the next two again. Before you do: what do you expect?
#
# Stuck? Run `hint("07-3")`.

# %% tags=["exercise"]
blocks_2km = ...
check("07-3", blocks_2km, spectra=spectra)

# %% [markdown]
# <details><summary>Solution 07-3</summary>
#
# ```python
# column_2km = np.floor(spectra.geometry.x / 2000).astype(int)
# row_2km = np.floor(spectra.geometry.y / 2000).astype(int)
# blocks_2km = column_2km.astype(str) + "/" + row_2km.astype(str)
# ```
#
# Wider blocks put more distance between what is learnt and what is judged, so one would expect the accuracy to stay the
# same or fall a little. It may also *rise* by a hundredth: that is no contradiction, but within the uncertainty of the
# two figures. (Deal the blocks again, with `random_state=1` and `2`, and see how much the figures move; that shows part
# of it.) When wider blocks no longer lower the accuracy, neighbours have no more to give away. With very wide blocks
# few are left, and chance decides.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. A clearing team visits ten places that the map calls pine. Seven have pines. Which figure of the map have they
# estimated?**
#
# <details><summary>a) The recall, or producer's accuracy, of pines, 7 in 10</summary>
#
# **No.** For recall you would have to start from places that *have* pines and ask how many the map shows.
#
# </details>
# <details><summary>b) The accuracy of the map, 7 in 10</summary>
#
# **No.** They have seen nothing of what the map does not call pine.
#
# </details>
# <details><summary>c) The precision, or user's accuracy, of pines, 7 in 10</summary>
#
# **Yes.** They started from what the map says: that is the user's side.
#
# </details>
#
# **2. You lower the threshold from `0.5` to `0.3`. What can't happen?**
#
# <details><summary>a) The recall of pines goes down.</summary>
#
# **Yes.** Every pine that was called pine before is still called pine, so recall can only rise or stay the same.
#
# </details>
# <details><summary>b) The precision goes down.</summary>
#
# **No.** That is the usual price: more is called pine, and some of it is not.
#
# </details>
# <details><summary>c) The number of false alarms stays the same.</summary>
#
# **No.** It can: if everything between `0.3` and `0.5` is truly pine.
#
# </details>
#
# **3. In another project the points stand in tight clusters along the roads. Random parts there give a clearly higher
# accuracy than blocks of land. Why?**
#
# <details><summary>a) With blocks the model learns from far fewer points, as whole blocks are left out.</summary>
#
# **No.** Both learn from about four fifths of the points.
#
# </details>
# <details><summary>b) With random parts, most points have close neighbours that the model has learnt.</summary>
#
# **Yes.** Neighbours share slope, soil and history, so the answer leaks from one part into another.
#
# </details>
# <details><summary>c) Blocks make the model worse.</summary>
#
# **No.** It is the same kind of model; only the question is harder, and more like what a map of unvisited land needs.
#
# </details>
#
# **4. Closed pine stands on a slope facing away from the sun are missing from the map. What would help?**
#
# <details><summary>a) A lower threshold for the whole map.</summary>
#
# **No.** It brings some of them back, and with them false alarms everywhere else; the stands look no more like pine
# than before.
#
# </details>
# <details><summary>b) Removing all dim training points, so that the model learns from clean, sunlit pines only.</summary>
#
# **No.** Then it has never seen a dim pine, and misses even more of them.
#
# </details>
# <details><summary>c) More rounds of boosting.</summary>
#
# **No.** More rounds learn the same points more exactly. What the points don't show can't be learnt.
#
# </details>
# <details><summary>d) Training points from such slopes, or a scene from a month with a higher sun.</summary>
#
# **Yes.** Either the model gets to know pines in the shade, or there is less shade to know.
#
# </details>

# %% [markdown]
# ## Key points
#
# - Compare with a baseline and with other people's figures; say how uncertain a figure is.
# - Precision looks from the map to the ground, recall from the ground to the map. Always ask: divided by what?
# - Thresholds are decisions: name the costs, and decide on validation points.
# - Random parts ask about places among the points, blocks of land about places away from them, sometimes too strictly.
#   Neither is the accuracy of the map.
# - Say where a model should not be believed: in places unlike those where its points lie.
#
# **What's next:** [08 Parallel with Dask](08_parallel_with_dask.ipynb): millions of pixels, two cores.
