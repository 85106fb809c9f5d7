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
# # 06 Train a classifier
#
# **The question:** can a program learn from the points we have to name a pixel it has never seen?
#
# **You will be able to**
#
# - split observations into features and labels, and by each group's job;
# - read a decision tree, and say why one deep tree is too sure of itself, and what many trees do better;
# - compare a baseline, a random forest and XGBoost by blocks of land, and say when a difference means nothing;
# - choose the number of rounds on blocks that the model has not learnt from.
#
# **Time:** 50 minutes (reading 32, exercises 18). **Needs:** the spectra of lesson 05.

# %%
import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# %%
from matplotlib.colors import LinearSegmentedColormap
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, export_text
from xgboost import XGBClassifier

# %%
from helpers import find_or_make, leave, open_cloud
from helpers.course import BANDS, CLASS_COLOURS
from helpers.exercises import check, hint
from helpers.plots import set_plot_style, set_title

hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()

# %% [markdown]
# ## Features and labels
#
# The **features** are what the model may look at: the [reflectance](../docs/glossary.md#reflectance) in twelve bands.
# The **label** is what it should say: the class. Location is left out on purpose: a model that knows where it is learns
# the map by heart.
#
# Each point has a job, as in lesson 01: the model learns from **training** points, decisions are made with
# **validation** points, and **testing** points are kept for the end, like an exam. (Here they are the most:
# the more there are, the surer the mark.)

# %%
spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet"))
class_names = spectra.groupby("class")["name"].first()
group_jobs = {0: "validation", 1: "training", 2: "testing"}
spectra["job"] = spectra["group"].map(group_jobs)

# %% tags=["nbval-check-output"]
training = spectra[spectra["job"] == "training"]
validation = spectra[spectra["job"] == "validation"]
testing = spectra[spectra["job"] == "testing"]
for points in [training, validation, testing]:
    print(f"{len(points):4} points for {points['job'].iloc[0]}")

# %% [markdown]
# ## A tree asks questions
#
# We begin with a task that fits on a sheet of paper: pines against all the rest, from two bands only. `nir` is high
# where there are many leaves, `swir16` is low where leaves hold water.
#
# A **decision tree** asks yes/no questions, one after the other. We allow it two in a row.

# %%
two_bands = ["nir", "swir16"]
is_pine = training["name"] == "Dense Pines"
shallow_tree = DecisionTreeClassifier(max_depth=2, random_state=0)
shallow_tree.fit(training[two_bands], is_pine)

# %% tags=["nbval-check-output"]
print(export_text(shallow_tree, feature_names=two_bands, decimals=2))

# %% [markdown]
# **How to read it.** Start at the left and follow the lines whose statement is true, until you reach a `class`: `True`
# is a pine. The tree found its questions by itself: it tries every band and every value, and keeps the question that
# sorts the training points best. Where both answers to a last question lead to the same class, they still differ in
# **probability**: the share of pines among the training points that arrive there.
#
# Two questions can't follow a complicated border. So why not allow as many as it takes?

# %%
deep_tree = DecisionTreeClassifier(random_state=0)
deep_tree.fit(training[two_bands], is_pine)
print(f"The deep tree asks up to {deep_tree.get_depth()} questions in a row.")

# %% [markdown]
# ## One deep tree, or many trees
#
# There are two ways out, and both use many trees.
#
# - A [random forest](../docs/glossary.md#random-forest) asks a hundred *deep* trees and takes the mean of their
#   answers. Each learns from its own random draw of the points, and at each question it sees only some of the bands, so
#   that the trees err in different places (Breiman 2001). In remote sensing it is a common first choice.
# - [Boosting](../docs/glossary.md#boosting) adds up many *small* trees. The first one makes a rough guess; each later
#   one is made to correct what those before it still get wrong, and only a part of its answer is added, so that no
#   single tree decides. We use XGBoost (Chen and Guestrin 2016).

# %%
random_forest = RandomForestClassifier(random_state=0)
random_forest.fit(training[two_bands], is_pine)
boosted_trees = XGBClassifier(
    n_estimators=100, max_depth=2, learning_rate=0.1, n_jobs=1, random_state=0
)
boosted_trees.fit(training[two_bands], is_pine)

# %%
four_models = {
    "one shallow tree": shallow_tree,
    "one deep tree": deep_tree,
    "100 deep trees, their mean": random_forest,
    "100 small trees, boosted": boosted_trees,
}

# %% [markdown]
# With two bands, every possible pixel is a place on a plane. We ask each model about a fine grid of such places, colour
# them by its answer, and put the training points on top. (A few very bright ones lie outside the picture.)

# %%
nir_grid, swir16_grid = np.meshgrid(
    np.linspace(0, 0.35, 250), np.linspace(0, 0.32, 250)
)
plane = pd.DataFrame({"nir": nir_grid.ravel(), "swir16": swir16_grid.ravel()})
WINE = CLASS_COLOURS["Dense Pines"]
LOOKS = {
    "pines": {"marker": "v", "color": WINE, "edgecolor": "white", "s": 36},
    "others": {"marker": "o", "color": "#555555", "edgecolor": "white", "s": 14},
}


# %%
# Only drawing: run it, no need to read it.
PALE = LinearSegmentedColormap.from_list("pines", ["white", "#B04C84"])


def draw_answers(axes, model, title):
    """Colour the plane by the probability of pine and draw the training points."""
    answers = model.predict_proba(plane)[:, 1].reshape(nir_grid.shape)
    how = {"cmap": PALE, "vmin": 0, "vmax": 1}
    surface = axes.pcolormesh(nir_grid, swir16_grid, answers, **how)
    for group, look in [(training[~is_pine], "others"), (training[is_pine], "pines")]:
        axes.scatter(group["nir"], group["swir16"], label=look, **LOOKS[look])
    axes.set(title=title, xlim=(0, 0.35), ylim=(0, 0.32))
    return surface


# %%
# Only drawing: run it, no need to read it.
figure, panels = plt.subplots(2, 2, figsize=(8, 8), sharex=True, sharey=True)
for axes, title in zip(panels.flat, four_models, strict=True):
    surface = draw_answers(axes, four_models[title], title)
figure.supylabel("reflectance in swir16")
panels[0, 0].legend(loc="upper left")
figure.supxlabel("reflectance in nir")
figure.colorbar(surface, ax=panels, label="probability of pine (0 to 1)")
set_title(figure, cloud.map_title("What four models say for any pair of values"))
plt.show()

# %% [markdown]
# **What to notice.** The deeper the colour of the ground, the surer the model is of pines. The shallow tree cuts the
# plane into a few rectangles, and its answer for pines is pale. The deep tree draws strips and islands around single
# points, and is always sure of itself. The forest blurs these islands, and the boosted trees make many small steps:
# both are sure in the middle of the pines, and unsure at the border.
#
# Which of them is right about points that it has not seen? The table gives the share of points named correctly, and the
# **loss**: how surprised a model is by the true class. It is 0 if the model was sure of it, and very large if it was
# sure of another one. Lower is better.

# %%
table = {}
for name, candidate in four_models.items():
    seen, unseen = training[two_bands], validation[two_bands]
    unseen_is_pine = validation["name"] == "Dense Pines"
    table[name] = {
        "right, training": accuracy_score(is_pine, candidate.predict(seen)),
        "right, validation": accuracy_score(unseen_is_pine, candidate.predict(unseen)),
        "loss, validation": log_loss(unseen_is_pine, candidate.predict_proba(unseen)),
    }
pd.DataFrame(table).T.round(2)

# %% [markdown]
# The deep tree names every training point correctly, and that is no merit: it has learnt them by heart, with every
# wrong label and every odd pixel among them. That is called **overfitting**. On the validation points it may even name
# nearly as many correctly as the others, but its loss is many times theirs: it is just as sure of itself where it is
# wrong. (The forest knows the training points by heart, too, and does well all the same. That figure says nothing.)
#
# ## Train on twelve bands
#
# Now the real task: twelve bands, ten classes. The settings are those of the published lesson that this course follows.
#
# | setting | value | what it does |
# |---|---|---|
# | `n_estimators` | `100` | rounds of boosting; with ten classes each round adds ten trees, one for each class |
# | `max_depth` | `7` | questions in a row that one tree may ask |
# | `learning_rate` | `0.1` | how much of each new tree is added |
# | `subsample` | `0.8` | the share of the points that each tree sees; chance keeps trees from making the same mistake |
# | `tree_method` | `"hist"` | sort values into bins first: faster |
# | `random_state` | `0` | the seed of that chance, so that you get the same model as we did |
# | `n_jobs` | `1` | how many threads share the work |
#
# The last one is ours. A few hundred points are so little work that several threads mostly wait for each other: on a
# busy computer with two cores this fit took 10 to 18 seconds with all threads, less than one with a single thread, and
# the model was the same, bit for bit. (The millions of pixels of a map are another matter: lesson 09.)

# %%
PUBLISHED = {
    "n_estimators": 100,
    "max_depth": 7,
    "learning_rate": 0.1,
    "subsample": 0.8,
    "tree_method": "hist",
    "random_state": 0,
    "n_jobs": 1,
}
model = XGBClassifier(**PUBLISHED)
model.fit(training[BANDS], training["class"])

# %% [markdown]
# (`**` passes the entries of a dictionary as named arguments: `n_estimators=100, max_depth=7` and so on.)
#
# ## Which model? Ask on other land
#
# Is that better than a random forest? And better than a **[baseline](../docs/glossary.md#baseline)** that knows
# nothing, and always names the most common class? Comparing them on the validation points alone has two drawbacks. They
# are one group and give one figure, so nobody can see how much of it is chance. And some of them have a training point
# as a neighbour:

# %%
near = validation[["geometry"]].sjoin_nearest(
    training[["geometry"]], distance_col="metres"
)
share_near = (near["metres"] < 100).mean()
print(f"{share_near:.0%} of the validation points are within 100 m of a training point")

# %% [markdown]
# Knowing the training points by heart helps to name a neighbour; on a slope far away it does not. So we ask in another
# way. Decisions may use training *and* validation points, the learning points of lesson 05. We cut the land into
# **blocks** one kilometre wide and deal these into five parts. A model learns from four parts and is judged on the
# fifth, which holds none of its blocks; then the parts take turns. That is
# [cross-validation](../docs/glossary.md#cross-validation) by blocks of land; lesson 07 says what it can't show.

# %%
learning_points = spectra[spectra["job"] != "testing"]
features, labels = learning_points[BANDS], learning_points["class"]
column = np.floor(learning_points.geometry.x / 1000).astype(int).astype(str)
row = np.floor(learning_points.geometry.y / 1000).astype(int).astype(str)
by_block = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=0)
parts = list(by_block.split(features, labels, groups=column + "/" + row))

# %%
candidates = {
    "always one class": DummyClassifier(strategy="most_frequent"),
    "random forest": RandomForestClassifier(random_state=0),
    "XGBoost": XGBClassifier(**PUBLISHED),
}
by_part = pd.DataFrame(index=[f"part {number}" for number in range(1, 6)])
for name, candidate in candidates.items():
    by_part[name] = cross_val_score(candidate, features, labels, cv=parts)

# %% [markdown]
# And the indices of lesson 05, as two more features? There is reason to hope. A tree asks about one band at a time, and
# in lesson 05 the border between pines and fynbos was a *slanted* line in the plane of two bands: a tree can only climb
# it in steps, an index is that line.

# %%
red, nir, swir16 = (features[band] for band in ["red", "nir", "swir16"])
with_indices = features.assign(
    NDVI=(nir - red) / (nir + red), NDMI=(nir - swir16) / (nir + swir16)
)
for name in ["random forest", "XGBoost"]:
    by_part[f"{name}, and indices"] = cross_val_score(
        candidates[name], with_indices, labels, cv=parts
    )
by_part.T.assign(mean=by_part.mean()).round(2)

# %% [markdown]
# **What to notice.** Read down the columns first, and only then the means. (What follows holds for the simulated scene;
# with real ones, see for yourself.) Both models are far above the baseline. In most parts of the land the two are
# nearly equal: these points can't tell a forest and XGBoost apart. With the indices some parts come out better and some
# worse. So the hope has not come true, at least not so that these points could show it: in a single part the rows may
# differ by a tenth, one up and one down, but the *means* of these four rows lie closer together than the parts of any
# one of them. On the whole, where a model is tested matters more than which of the two it is, and what it is given.
#
# We go on with XGBoost and the twelve bands, as the published lesson does, so that figures can be compared. If you
# start from scratch, a forest is just as good.
#
# ## How many rounds?
#
# After how many rounds has XGBoost learnt what also holds elsewhere? `eval_set` makes it note the loss on some points
# after every round. We give it the part that it does not learn from, five times.


# %%
def loss_by_round(settings):
    """Return the loss on each part after every round of learning from the others."""
    curves = {}
    for number, (learn, judge) in enumerate(parts, start=1):
        trial = XGBClassifier(**settings)
        judged = [(features.iloc[judge], labels.iloc[judge])]
        trial.fit(
            features.iloc[learn], labels.iloc[learn], eval_set=judged, verbose=False
        )
        curves[f"part {number}"] = trial.evals_result()["validation_0"]["mlogloss"]
    return pd.DataFrame(curves).rename(index=lambda counted: counted + 1)


# %%
losses = loss_by_round(PUBLISHED)
mean_loss = losses.mean(axis="columns").rename("mean of the parts")
best_round = mean_loss.idxmin()
print(f"The mean is lowest, {mean_loss.min():.3f}, after {best_round} rounds,")
print(f"and {mean_loss.iloc[-1]:.3f} after all {len(mean_loss)}.")

# %%
# Only drawing: run it, no need to read it.
look = {"responsive": True, "height": 440, "value_label": "loss"}
thin = losses.hvplot.line(color="#0077BB", line_width=1.2, group_label="part", **look)
thick = mean_loss.hvplot.line(color=WINE, line_width=5, **look)
stop = hv.VLine(best_round).opts(color="black", line_dash="dashed", line_width=1.5)
frame = {"max_width": 800, "show_grid": True, "show_legend": False}
frame["ylim"] = (0.7 * mean_loss.min(), 1.6 * mean_loss.min())
where = best_round + 2, 1.5 * mean_loss.min()
lowest = hv.Text(*where, f"lowest mean: round {best_round}", halign="left")

# %%
# Only drawing: run it, no need to read it.
(thin * thick * stop * lowest).opts(
    xlabel="round of boosting",
    ylabel="loss on the part left out (log loss)",
    **frame,
    title=cloud.map_title("Mean loss (thick) of five parts"),
)

# %% [markdown]
# **What to notice.** The thick line falls fast, is flat around its lowest point, and then rises a little: from there on
# the model learns what is true only of its own points. The exact number of rounds matters little. And look at the thin
# lines: they lie farther apart than the thick one rises, and each is lowest at a different round.
#
# Ending the training where such a curve is lowest is called **[early stopping](../docs/glossary.md#early-stopping)**.
# (XGBoost can do it by itself, with `early_stopping_rounds`, but it watches one group of points, and stops where that
# group does best. If that group lies close to the training points, that may be too late.)
#
# The number of rounds depends on the [learning rate](../docs/glossary.md#gradient-boosting):

# %%
curves = {0.1: mean_loss}
for learning_rate in [0.02, 1.0]:
    changed = loss_by_round(PUBLISHED | {"learning_rate": learning_rate})
    curves[learning_rate] = changed.mean(axis="columns")
rates = pd.DataFrame(curves).agg(["idxmin", "min"]).T.sort_index()
rates.columns = ["best round of 100", "loss there"]
rates.rename_axis("learning rate").round(3)

# %% [markdown]
# **What to notice.** With very small steps a hundred rounds are not enough. With the largest steps the lowest loss
# comes within a few rounds, and is well above that of the published rate: such a model learns its points by heart at
# once, and is too sure where it is wrong. In between, larger steps need fewer rounds: exercise 06-2 lets you count how
# many fewer.
#
# So why not end the training at the dashed line? For the next lessons we keep the published settings, a hundred rounds,
# so that our figures can be compared with theirs. The price is the difference between the two figures printed above the
# plot, small compared with the differences between the parts. In the exercises you may do better.
#
# ## The exam
#
# All decisions are made. Now, once, the testing points. [Accuracy](../docs/glossary.md#accuracy) is the share of points
# whose class the model names correctly.

# %% tags=["nbval-check-output"]
for points in [training, testing]:
    accuracy = accuracy_score(points["class"], model.predict(points[BANDS]))
    print(f"accuracy on the {points['job'].iloc[0]} points: {accuracy:.2f}")

# %% [markdown]
# The first figure means nothing: you have seen a tree reach it by learning by heart. The second is a first estimate.
# (Don't compare it with the table above: there a model learns from four fifths of all learning points, here from the
# training points alone. The validation points stay unlearnt, because lesson 07 needs them for one more decision.) Is it
# good? And does it say anything about pines? That is lesson 07.
#
# ## Leave the model for the next lessons

# %%
with leave("pine_classifier.ubj") as path:
    model.save_model(path)
print(f"{(cloud.outputs / 'pine_classifier.ubj').stat().st_size / 1e6:.1f} MB")

# %% [markdown]
# ## Exercises
#
# Replace the dots, run the cell, read what it says, and try again as often as you like. `PUBLISHED | {"name": value}`
# is the dictionary of settings with one of them changed.

# %% [markdown]
# ### Exercise 06-1: shallower trees
#
# Take the twelve bands and the published settings, but trees of at most **3** questions in a row. What is the mean
# accuracy on the five **parts**, as in "Which model? Ask on other land"? (Not on the testing points: while you compare
# settings, the exam must stay closed.) Answer with a number between 0 and 1, with at least three decimals.
#
# Stuck? Run `hint("06-1")`.

# %% tags=["exercise"]
accuracy_depth_3 = ...
check("06-1", accuracy_depth_3, model=model, spectra=spectra, parts=parts)

# %% [markdown]
# <details><summary>Solution 06-1</summary>
#
# ```python
# shallower = XGBClassifier(**PUBLISHED | {"max_depth": 3})
# accuracy_depth_3 = cross_val_score(shallower, features, labels, cv=parts).mean()
# ```
#
# For comparison: `by_part["XGBoost"].mean()`. Look at the five figures, too, before you call one of the two better.
#
# </details>

# %% [markdown]
# ### Exercise 06-2: how many trees are worth keeping?
#
# Take the published settings, but `learning_rate` `0.3`. After how many rounds is the mean loss on the five parts
# lowest, and of how many single **trees** does such a model consist up to and including that round? Answer with a whole
# number. (The table of settings says how many trees a round adds.)
#
# Stuck? Run `hint("06-2")`.

# %% tags=["exercise"]
trees_worth_keeping = ...
check("06-2", trees_worth_keeping, model=model, spectra=spectra, parts=parts)

# %% [markdown]
# <details><summary>Solution 06-2</summary>
#
# ```python
# faster = loss_by_round(PUBLISHED | {"learning_rate": 0.3}).mean(axis="columns")
# trees_worth_keeping = faster.idxmin() * len(class_names)
# ```
#
# Each round adds one tree for each class. Compare the round with that of the published learning rate.
#
# </details>

# %% [markdown]
# ### Exercise 06-3: choose the settings yourself
#
# Find settings with a **lower mean loss on the five parts** than the published ones (the second figure printed in "How
# many rounds?"). Change `max_depth` or `learning_rate` or both, and `n_estimators` (up to 300), for any reason, but
# without looking at the testing points. (The published settings, stopped at the dashed line, are in the lesson
# already.) Several choices are right. Answer with a dictionary of your three settings and the loss that you claim for
# them, rounded to three decimals. Then say to yourself, in one sentence, why you chose them. This gives the loss of
# some settings after their last round:
#
# `loss_by_round(PUBLISHED | my_settings).mean(axis="columns").iloc[-1]`
#
# Stuck? Run `hint("06-3")`.

# %% tags=["exercise"]
choice = {
    "max_depth": ...,
    "learning_rate": ...,
    "n_estimators": ...,
    "loss": ...,
}
check("06-3", choice, model=model, spectra=spectra, parts=parts)

# %% [markdown]
# <details><summary>Solution 06-3</summary>
#
# ```python
# my_settings = {"max_depth": 3, "learning_rate": 0.1, "n_estimators": 70}
# my_loss = loss_by_round(PUBLISHED | my_settings).mean(axis="columns").iloc[-1]
# choice = my_settings | {"loss": round(my_loss, 3)}
# ```
#
# One choice of many. A few hundred points can't teach trees of seven questions much: small trees, stopped in time, are
# less often sure of the wrong class. Whether they also *name* more points correctly is another question, and whether
# the gain would hold on other land is a third: compare it with how much the five parts differ.
#
# </details>
#
# ## Quiz
#
# **1. A tree names every training point correctly. What does that tell you?**
#
# <details><summary>a) The classes can be told apart with these bands.</summary>
#
# **No.** Even with random labels a deep tree gets there: it only has to give each point a box of its own.
#
# </details>
# <details><summary>b) Nothing yet about points that it has not seen.</summary>
#
# **Yes.** Learning by heart and understanding look alike on the points that were learnt. Only other points show the
# difference.
#
# </details>
# <details><summary>c) It will do worse on new points than a tree with mistakes.</summary>
#
# **No.** It may, but it does not follow: count the right answers in the table of the four models.
#
# </details>
#
# **2. The loss on the blocks left out falls until round 40 and then rises; the training loss keeps falling. What
# happens after round 40?**
#
# <details><summary>a) The model adapts to what is peculiar to the points it learns from.</summary>
#
# **Yes.** It learns their wrong labels and odd pixels, and that makes it worse, or too sure, elsewhere.
#
# </details>
# <details><summary>b) The learning rate is too small to get any further.</summary>
#
# **No.** Small steps make a curve fall slowly; they don't make it rise.
#
# </details>
# <details><summary>c) The blocks left out have become too easy for so good a model.</summary>
#
# **No.** The points stay the same; the model changes. Easier points would give a lower loss.
#
# </details>
#
# **3. Why do we choose the number of rounds on blocks left out and not on the testing points?**
#
# <details><summary>a) Because there are more learning points.</summary>
#
# **No.** There are fewer, as the first cell shows; their number is not the reason.
#
# </details>
# <details><summary>b) Because testing points can't be given to `eval_set`.</summary>
#
# **No.** XGBoost takes whatever it is given, and that is the danger.
#
# </details>
# <details><summary>c) Because testing points are more exact.</summary>
#
# **No.** All were collected in the same way, with the same errors.
#
# </details>
# <details><summary>d) Because a number chosen to suit points looks too good on them.</summary>
#
# **Yes.** Whatever you choose by looking at a group fits that group a little too well, by luck. The exam must stay
# closed until all choices are made.
#
# </details>
#
# **4. On five parts of the land model A is right for 0.72, 0.75, 0.78, 0.80 and 0.70 of the points, model B for 0.74,
# 0.73, 0.80, 0.78 and 0.73. What do you report?**
#
# <details><summary>a) B is better, by its mean.</summary>
#
# **No.** The means differ by less than a hundredth, the parts of one model by ten times as much, and A wins in two of
# them.
#
# </details>
# <details><summary>b) These points can't tell the two apart.</summary>
#
# **Yes.** Then take the one that is simpler, faster, or better known to those who will continue the work, and say so.
#
# </details>
# <details><summary>c) A is better, once its odd part with 0.70 is left out.</summary>
#
# **No.** That part is land, too, and the map will have to cover it.
#
# </details>

# %% [markdown]
# ## Key points
#
# - A deep tree learns points by heart; a forest averages many of them, boosting adds up many small ones.
# - Compare with a baseline, on land that the model has not learnt from. A difference smaller than that between the
#   parts means nothing.
# - Learn from one group, decide with a second or by blocks, judge with a third, once.
# - Settings depend on each other: smaller steps need more rounds. Early stopping suggests
#   how many; check on other land.
# - Accuracy on the training points says nothing.
#
# **What's next:** [07 How good is it?](07_how_good_is_it.ipynb): we look for reasons not to believe the figure above.
