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
# - split observations into features and labels, and by the job of each group;
# - read a decision tree, and say why one deep tree is too sure of itself, and what many small ones do better;
# - train a gradient-boosted model (XGBoost) and see in a plot what its settings do;
# - find out when to stop, with points that the model has not learnt from.
#
# **Time:** 45 minutes (reading 30, exercises 15). **Needs:** the spectra of lesson 05.

# %%
import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, log_loss
from sklearn.tree import DecisionTreeClassifier, export_text
from xgboost import XGBClassifier

# %%
from helpers import find_or_make, leave, open_cloud
from helpers.course import BANDS
from helpers.exercises import check, hint

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Features and labels
#
# The **features** are what the model may look at: the [reflectance](../docs/glossary.md#reflectance) in twelve bands.
# The **label** is what it should say: the class. Place is not among the features, on purpose: a model that knows where
# it is learns the map by heart.
#
# Each point has a job, as in lesson 01: the model learns from **training** points, decisions are taken with
# **validation** points, and **testing** points are kept for the end, like an exam.

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
# **How to read it.** Start at the left and follow the lines whose statement holds, until you meet a `class`: `True` is
# a pine. The tree found its questions by itself: it tries every band and every value, and keeps the question that sorts
# the training points best. Where both answers to a last question lead to the same class, they still differ in
# **probability**: the share of pines among the training points that arrive there.
#
# Two questions can't follow a complicated border. So why not allow as many as it takes?

# %%
deep_tree = DecisionTreeClassifier(random_state=0)
deep_tree.fit(training[two_bands], is_pine)
print(f"The deep tree asks up to {deep_tree.get_depth()} questions in a row.")

# %% [markdown]
# ## Shallow, deep, boosted
#
# There is a third way. [Boosting](../docs/glossary.md#boosting) adds up many *small* trees. The first one makes a rough
# guess; each later one is made to mend what those before it still get wrong, and only a part of its answer is added, so
# that no single tree decides.

# %%
boosted_trees = XGBClassifier(
    n_estimators=100, max_depth=2, learning_rate=0.1, n_jobs=1, random_state=0
)
boosted_trees.fit(training[two_bands], is_pine)
three_models = {
    "one shallow tree": shallow_tree,
    "one deep tree": deep_tree,
    "100 small trees, boosted": boosted_trees,
}

# %% [markdown]
# With two bands every possible pixel is a place on a plane. We ask each model about a fine grid of such places, colour
# them by its answer, and put the training points on top. (A few very bright ones lie outside of the picture.)

# %%
nir_grid, swir16_grid = np.meshgrid(np.linspace(0, 0.35, 250), np.linspace(0, 0.3, 250))
plane = pd.DataFrame({"nir": nir_grid.ravel(), "swir16": swir16_grid.ravel()})
LOOKS = {
    "pines": {"marker": "^", "color": "#542788", "edgecolor": "white", "s": 40},
    "others": {"marker": "o", "color": "#b35806", "edgecolor": "white", "s": 25},
}


# %%
# Only drawing: run it, no need to read it.
def draw_answers(axes, model, title):
    """Colour the plane by the probability of pine and draw the training points."""
    answers = model.predict_proba(plane)[:, 1].reshape(nir_grid.shape)
    surface = axes.pcolormesh(
        nir_grid, swir16_grid, answers, cmap="PuOr", vmin=0, vmax=1, alpha=0.6
    )
    for group, look in [(training[~is_pine], "others"), (training[is_pine], "pines")]:
        axes.scatter(group["nir"], group["swir16"], label=look, **LOOKS[look])
    axes.set(title=title, xlabel="reflectance in nir", xlim=(0, 0.35), ylim=(0, 0.3))
    return surface


# %%
# Only drawing: run it, no need to read it.
figure, panels = plt.subplots(1, 3, figsize=(14, 5), sharey=True, layout="constrained")
for axes, title in zip(panels, three_models, strict=True):
    surface = draw_answers(axes, three_models[title], title)
panels[0].set_ylabel("reflectance in swir16")
panels[0].legend(loc="upper left")
figure.colorbar(surface, ax=panels, label="probability of pine (0 to 1)")
figure.suptitle(cloud.map_title("What three models say at every place of the plane"))
plt.show()

# %% [markdown]
# **What to notice.** Purple is pine. The shallow tree cuts the plane into a few rectangles. The deep tree draws strips
# and islands around single points, and is always sure of itself. The boosted trees make many small steps: the middle of
# the pines is sure, the border is not.
#
# Which of them is right about points that it has not seen? The table gives the share of points named rightly, and the
# **loss**: how surprised a model is by the true class. It is 0 if the model was sure of it, and very large if it was
# sure of another one. Lower is better.

# %%
table = {}
for name, candidate in three_models.items():
    seen, unseen = training[two_bands], validation[two_bands]
    unseen_is_pine = validation["name"] == "Dense Pines"
    table[name] = {
        "right, training": accuracy_score(is_pine, candidate.predict(seen)),
        "right, validation": accuracy_score(unseen_is_pine, candidate.predict(unseen)),
        "loss, validation": log_loss(unseen_is_pine, candidate.predict_proba(unseen)),
    }
pd.DataFrame(table).T.round(2)

# %% [markdown]
# The deep tree names every training point rightly, and that is no merit: it has learnt them by heart, with every wrong
# label and every odd pixel among them. That is called **overfitting**. On the validation points it may even name as
# many rightly as the others, but its loss is many times theirs: it is sure of itself also where it is wrong.
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
# busy computer with two cores this fit has taken 10 to 18 seconds with all threads, less than one with a single thread,
# and the model was the same, bit for bit. (The millions of pixels of a map are another matter: lesson 09.)

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
# (`**` hands the entries of a dictionary over as named arguments: `n_estimators=100, max_depth=7` and so on.)
#
# ## Small steps or large ones?
#
# What does a setting do? Change one, keep the rest, and watch the loss on the validation points. We try three learning
# rates; `eval_set` makes XGBoost note the loss after every round.

# %%
loss_by_rate = pd.DataFrame(index=pd.RangeIndex(1, 101, name="round"))
for learning_rate in [0.02, 0.1, 1.0]:
    trial = XGBClassifier(**PUBLISHED | {"learning_rate": learning_rate})
    watched = [(validation[BANDS], validation["class"])]
    trial.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
    losses = trial.evals_result()["validation_0"]["mlogloss"]
    loss_by_rate[f"learning rate {learning_rate}"] = losses

# %%
loss_by_rate.hvplot.line(
    xlabel="round of boosting",
    ylabel="loss on the validation points (log loss)",
    color=["#332288", "#DDCC77", "#882255"],
    line_width=2.5,
    width=700,
    height=380,
    grid=True,
    legend="top_right",
    title="Loss by round for three learning rates",
)

# %% [markdown]
# **What to notice.** With the largest steps the loss falls within a few rounds and then stays where it is, well above
# the lowest line: such a model has learnt its points by heart, and is too sure where it is wrong. More rounds do not
# mend that. With very small steps a hundred rounds are not enough to arrive. The line in between gets lowest, and near
# its lowest place it is flat: the exact number matters little there. Settings hang together: half the learning rate
# wants about twice the rounds.
#
# ## Stop when it no longer helps
#
# How many rounds, then? Let the validation points say: allow a thousand, and stop once ten rounds in a row have brought
# no lower loss. That is **early stopping**.

# %%
patient = XGBClassifier(**PUBLISHED | {"n_estimators": 1000}, early_stopping_rounds=10)
patient.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
rounds_trained = len(patient.evals_result()["validation_0"]["mlogloss"])
print(f"It stopped after {rounds_trained} of 1000 rounds.")
print(
    f"The loss was lowest, {patient.best_score:.3f}, at round {patient.best_iteration + 1}."
)

# %% [markdown]
# `best_iteration` counts from 0, people count from 1. The model remembers its best round and uses the trees up to there
# when it predicts; the last ten rounds were its patience.
#
# A caution: on which points was that decided? How many of them stand beside a training point?

# %%
near = validation[["geometry"]].sjoin_nearest(
    training[["geometry"]], distance_col="metres"
)
share_near = (near["metres"] < 100).mean()
print(f"{share_near:.0%} of the validation points are within 100 m of a training point")

# %% [markdown]
# To name a neighbour it helps to know the training points by heart. So where many validation points are neighbours,
# they let the training run on for longer than is good for a slope far away. Validation points from other blocks of land
# (lesson 07) would be better judges.
#
# How much does it matter here? Compare that loss with the one after all hundred rounds, the end of the middle line
# above:

# %%
print(f"after 100 rounds: {loss_by_rate['learning rate 0.1'].iloc[-1]:.3f}")

# %% [markdown]
# Not much. So for the next lessons we keep the published settings, a hundred rounds, and our figures can be compared
# with theirs. In the exercises you may do better.
#
# ## The exam
#
# All decisions are taken. Now, once, the testing points. [Accuracy](../docs/glossary.md#accuracy) is the share of
# points whose class the model names rightly.

# %% tags=["nbval-check-output"]
for points in [training, testing]:
    accuracy = accuracy_score(points["class"], model.predict(points[BANDS]))
    print(f"accuracy on the {points['job'].iloc[0]} points: {accuracy:.2f}")

# %% [markdown]
# The first figure means nothing: you have seen a tree get it by learning by heart. The second one is a first estimate.
# Is it good? And does it say anything about pines? That is lesson 07.
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
# Train a model on the twelve bands with the published settings, but trees of at most **3** questions in a row. What is
# its accuracy on the **validation** points? (Not on the testing points: whoever compares settings must leave the exam
# closed.) Answer with a number between 0 and 1, with at least three decimals.
#
# Stuck? Run `hint("06-1")`.

# %% tags=["exercise"]
accuracy_depth_3 = ...
check("06-1", accuracy_depth_3, model=model, spectra=spectra)

# %% [markdown]
# <details><summary>Solution 06-1</summary>
#
# ```python
# model_depth_3 = XGBClassifier(**PUBLISHED | {"max_depth": 3})
# model_depth_3.fit(training[BANDS], training["class"])
# accuracy_depth_3 = model_depth_3.score(validation[BANDS], validation["class"])
# ```
#
# `score` predicts and compares in one go; `accuracy_score`, given the true classes and the predicted ones, is the same.
# For comparison: `model.score(validation[BANDS], validation["class"])`.
#
# </details>

# %% [markdown]
# ### Exercise 06-2: how many trees are worth keeping?
#
# Train with the published settings, but `learning_rate` `0.3`, up to 1000 rounds, and early stopping: ten rounds of
# patience, watching the **validation** points, as in the lesson. Of how many single **trees** does the model consist up
# to and including its best round? Answer with a whole number. (The table of settings says how many trees a round adds.)
#
# Stuck? Run `hint("06-2")`.

# %% tags=["exercise"]
trees_worth_keeping = ...
check("06-2", trees_worth_keeping, model=model, spectra=spectra)

# %% [markdown]
# <details><summary>Solution 06-2</summary>
#
# ```python
# faster = XGBClassifier(
#     **PUBLISHED | {"learning_rate": 0.3, "n_estimators": 1000}, early_stopping_rounds=10
# )
# watched = [(validation[BANDS], validation["class"])]
# faster.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
# trees_worth_keeping = (faster.best_iteration + 1) * len(class_names)
# ```
#
# `best_iteration` counts rounds from 0, and each round adds one tree for each class.
#
# </details>

# %% [markdown]
# ### Exercise 06-3: choose the settings yourself
#
# Find settings with a **lower loss on the validation points** than the published ones (the last figure of "Stop when it
# no longer helps"). You may change `max_depth`, `learning_rate`, and `n_estimators` (up to 300), by any reasoning, but
# without looking at the testing points. Several choices are right. Answer with a dictionary of your three settings and
# the validation loss that you claim for them, rounded to three decimals. Then say to yourself, in one sentence, why you
# chose them. This gives the loss of a trained model:
#
# `log_loss(validation["class"], my_model.predict_proba(validation[BANDS]))`
#
# Stuck? Run `hint("06-3")`.

# %% tags=["exercise"]
choice = {
    "max_depth": ...,
    "learning_rate": ...,
    "n_estimators": ...,
    "validation_loss": ...,
}
check("06-3", choice, model=model, spectra=spectra)

# %% [markdown]
# <details><summary>Solution 06-3</summary>
#
# ```python
# settings = {"max_depth": 3, "learning_rate": 0.1, "n_estimators": 80}
# my_model = XGBClassifier(**PUBLISHED | settings)
# my_model.fit(training[BANDS], training["class"])
# validation_loss = log_loss(validation["class"], my_model.predict_proba(validation[BANDS]))
# choice = settings | {"validation_loss": round(validation_loss, 3)}
# ```
#
# One choice of many. A few hundred points can't teach trees of seven questions much: small trees, stopped in time, are
# less often sure of the wrong class. Whether they also *name* more points rightly is another question: compare the
# accuracy.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. A tree names every training point rightly. What does that tell you?**
#
# <details><summary>a) The classes can be told apart with these bands.</summary>
#
# **No.** Even with labels given at random a deep tree gets there: it only has to give each point a box of its own.
#
# </details>
# <details><summary>b) Nothing yet about points that it has not seen.</summary>
#
# **Yes.** Learning by heart and understanding look alike on the points that were learnt. Only other points tell.
#
# </details>
# <details><summary>c) It will do worse on new points than a tree with mistakes.</summary>
#
# **No.** It may, but it does not follow: count the right answers in the table of the three models.
#
# </details>
#
# **2. The loss on the validation points falls until round 40 and rises from then on; the training loss keeps falling.
# What happens after round 40?**
#
# <details><summary>a) The model mends mistakes that only training points have.</summary>
#
# **Yes.** It adapts to wrong labels and odd pixels of its own points, and that makes it worse, or too sure, elsewhere.
#
# </details>
# <details><summary>b) The learning rate is too small to go on.</summary>
#
# **No.** Small steps make a curve fall slowly; they don't make it rise.
#
# </details>
# <details><summary>c) The validation points have become too easy for so good a model.</summary>
#
# **No.** The points stay the same; the model changes. Easier points would bring a lower loss.
#
# </details>
#
# **3. Why do we take early stopping's decision with validation points and not with testing points?**
#
# <details><summary>a) Because there are more validation points.</summary>
#
# **No.** There are fewer, as the first cell shows; their number is not the reason.
#
# </details>
# <details><summary>b) Because XGBoost can't read testing points in its argument `eval_set`, only validation points.</summary>
#
# **No.** It takes whatever it is given, and that is the danger.
#
# </details>
# <details><summary>c) Because testing points are more exact.</summary>
#
# **No.** All were collected in the same way, with the same errors.
#
# </details>
# <details><summary>d) Because a number chosen to suit points looks too good on them.</summary>
#
# **Yes.** Whatever you choose by looking at a group fits that group a little by luck. The exam must stay closed until
# all choices are made.
#
# </details>

# %% [markdown]
# ## Key points
#
# - A deep tree learns points by heart; many small trees, added in small steps, learn what they have in common.
# - Train on one group, decide with a second, judge with a third, once.
# - Settings hang together: smaller steps want more rounds. Early stopping finds the number of rounds for you.
# - Accuracy on the training points says nothing.
#
# **What's next:** [07 How good is it?](07_how_good_is_it.ipynb): we look for reasons not to believe the figure above.
