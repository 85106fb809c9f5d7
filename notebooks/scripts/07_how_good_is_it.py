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
# **The question:** the testing points gave us a figure. Would it hold on a hillside where nobody has been?
#
# **You will be able to**
#
# - compare a model with a baseline that knows nothing;
# - read precision and recall, and a confusion matrix both ways;
# - choose the probability from which a pixel counts as pine;
# - compare random with spatial cross-validation and say what the difference means;
# - say where the model should not be believed, and why.
#
# **Time:** 50 minutes (reading 34, exercises 16). **Needs:** the spectra of lesson 05 and the model of lesson 06.

# %%
import json

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pystac_client
import rioxarray
import stackstac

# %%
from dask.diagnostics import ProgressBar
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
from helpers.course import BANDS, CLASS_CODES, CRS, WAVELENGTHS
from helpers.exercises import check, hint

hv.extension("bokeh", inline=True)
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
# A figure alone says little. A model that always names the class it saw most often in training needs no satellite. How
# often would it be right?

# %% tags=["nbval-check-output"]
baseline = DummyClassifier(strategy="most_frequent")
baseline.fit(training[BANDS], training["class"])
for name, judged in {"always one class": baseline, "our model": model}.items():
    accuracy = accuracy_score(testing["class"], judged.predict(testing[BANDS]))
    print(f"{name:17} {accuracy:.2f} of the testing points named rightly")

# %% [markdown]
# (Not the share of lesson 01: the most common class among the *training* points is another one among the testing
# points.)
#
# Published maps of invasive trees in the region give figures for a rough comparison only (other classes, other points,
# other ways of testing): 71 % with Sentinel-2 in the Heuningnes catchment (Mtengwana et al. 2020); 62.5 % with SPOT-6
# and 78.9 % with WorldView-3 in the Garden Route (Gerolemou 2017). For pines alone we know of one, and it is about a
# site of 172 ha, burnt two years before: 84 % with SPOT-6, kappa 0.68 (Forsyth et al. 2014).
# ([References](../docs/references.md) has them in full.)
#
# ## User's and producer's accuracy
#
# [Accuracy](../docs/glossary.md#accuracy) counts all classes alike, but we came for pines. For them there are two
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
# The same count is above both fraction lines; only what it is divided by differs. **F1** is one number for both, low as
# soon as one of the two is. Here they are for every class; *support* is the number of testing points.

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
# confidence interval for a share p of n points, `1.96 * sqrt(p * (1 - p) / n)`. That formula takes the points for
# independent. Ours come in clusters, so the truth is more uncertain still. (Where a share is 0 or 1 the formula says
# "no uncertainty at all": don't believe it.)
#
# Here the class imbalance of lesson 01 comes back: a class with few points to learn from can end up with a low recall,
# unless it looks like nothing else. One can let rare classes weigh more in training (`sample_weight` in `fit`). That
# shifts errors from class to class, but adds no knowledge: more points of the rare classes do. And as our map is about
# one class, a threshold for that class is the plainer tool; it comes below.
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
both_ways = {
    "Shares of each row: diagonal = recall": row_shares,
    "Shares of each column: diagonal = precision": column_shares,
}
style = {"cmap": "cividis", "im_kw": {"vmin": 0, "vmax": 1}, "colorbar": False}
style |= {"values_format": ".2f", "text_kw": {"fontsize": 8}}

# %%
# Only drawing: run it, no need to read it.
figure, panels = plt.subplots(1, 2, figsize=(14, 7), sharey=True, layout="constrained")
for axes, title in zip(panels, both_ways, strict=True):
    shares = ConfusionMatrixDisplay(
        both_ways[title].values, display_labels=counts.index
    )
    shares.plot(ax=axes, xticks_rotation="vertical", **style)
    axes.set(title=title, xlabel="the model says", ylabel="seen on the ground")
figure.colorbar(shares.im_, ax=panels, label="share (0 to 1)")
figure.suptitle(cloud.map_title("Confusion matrix of the testing points, both ways"))
plt.show()

# %% [markdown]
# **What to notice.** Left, read along the *row* of Dense Pines: where do the missed pines go? Right, read down their
# *column*: what is taken for pine? Then find the forest that is called pine in both. The cell holds the same points,
# yet the two shares differ: one is a share of the forest, the other a share of all that is called pine.
#
# ## From which probability is it a pine?
#
# So far the class with the highest probability won. For a map of pines we may choose a
# [threshold](../docs/glossary.md#threshold) of our own: a low one finds more pines and raises more false alarms. That
# is a decision, so we look at the **validation** points. The curve takes each probability that occurs as a threshold; a
# point counts as pine from there on (`>=`).

# %%
pine_code = CLASS_CODES["Dense Pines"]
pine_column = list(model.classes_).index(pine_code)
is_pine = (validation["class"] == pine_code).to_numpy()
pine_probability = model.predict_proba(validation[BANDS])[:, pine_column]
precision, recall, threshold = precision_recall_curve(is_pine, pine_probability)
trade = pd.DataFrame({"precision": precision[:-1], "recall": recall[:-1]})
trade["threshold"] = threshold

# %%
trade.hvplot.line(
    x="threshold",
    y=["precision", "recall"],
    color=["#882255", "#332288"],
    xlabel="probability from which a point counts as pine",
    ylabel="share of the validation points (0 to 1)",
    width=700,
    height=380,
    grid=True,
    legend="bottom_left",
    title="Threshold: fewer false alarms against more pines found",
)

# %%
gap = (trade["precision"] - trade["recall"]).abs()
balanced = trade.loc[gap.idxmin(), "threshold"]
print(f"False alarms and missed pines balance at a probability of {balanced:.2f}.")

# %% [markdown]
# **What to notice.** Where the lines cross, as many pines are missed as false alarms are raised. Nothing says that this
# is best: it depends on what each mistake costs (exercise 07-2). We keep `0.5`, which is easy to explain: the model
# then thinks pine likelier than all other classes together. What does it give, on each of the two groups that the model
# has not seen?

# %% tags=["nbval-check-output"]
for points in [validation, testing]:
    above_half = model.predict_proba(points[BANDS])[:, pine_column] >= 0.5
    truth = points["class"] == pine_code
    print(f"{points['job'].iloc[0]:10}: {truth.sum():3} pines, ", end="")
    print(f"precision {precision_score(truth, above_half):.2f}, ", end="")
    print(f"recall {recall_score(truth, above_half):.2f}")

# %% [markdown]
# Two groups, two answers, and neither is wrong. The points come in clusters: a group holds only a few stands, some
# easier than others. Keep that in mind whenever you read a single figure with two decimals.
#
# ## Points are not the landscape
#
# Precision also depends on how common pines are, and people collect more of what they look for. Let the model keep its
# recall and its rate of false alarms, and put it into landscapes with fewer pines:

# %%
called = model.predict_proba(testing[BANDS])[:, pine_column] >= 0.5
hit_rate, false_alarm_rate = called[truly_pine].mean(), called[~truly_pine].mean()
for share_of_pines in [truly_pine.mean(), 0.05, 0.02]:
    hits = hit_rate * share_of_pines
    false_alarms = false_alarm_rate * (1 - share_of_pines)
    print(f"{share_of_pines:.0%} pines: ", end="")
    print(f"precision {hits / (hits + false_alarms):.2f}")

# %% [markdown]
# The first line is the share among the testing points. The rarer the pines, the more of what is called pine is
# something else: the same model, a worse map. Lesson 09 measures the map itself, with a random sample of places.
#
# ## Neighbours give the answer away
#
# In lesson 01 we measured how close testing points stand to training points. Nearby pixels look alike for many reasons
# that have nothing to do with their class: the same slope, the same soil, the same fire years ago. So a test beside the
# training points is easier than a test somewhere else. This is [spatial leakage](../docs/glossary.md#spatial-leakage).
#
# We measure it with [cross-validation](../docs/glossary.md#cross-validation): split all points into five parts, train
# on four, test on the fifth, and take turns. First the parts are drawn at random. Then they are made of **blocks** of
# land, one kilometre wide: no part shares a block with another.

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
    guess = pd.Series(index=spectra.index, dtype=labels.dtype)
    turns = list(splitter.split(spectra[BANDS], labels, groups))
    for learn, judge in tqdm(turns, desc="parts"):
        fresh_model = XGBClassifier(**SETTINGS_OF_LESSON_06)
        fresh_model.fit(spectra[BANDS].iloc[learn], labels.iloc[learn])
        guess.iloc[judge] = fresh_model.predict(spectra[BANDS].iloc[judge])
    return guess


# %%
at_random = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
guesses = {"parts at random": predict_in_turns(at_random)}

# %%
by_block = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=0)
guesses["parts by blocks of land"] = predict_in_turns(by_block, groups=blocks)

# %%
two_tests = pd.DataFrame(index=["accuracy", "pine precision", "pine recall"])
for how, guess in guesses.items():
    truth, called = spectra["class"] == pine_code, guess == pine_code
    two_tests[how] = [
        accuracy_score(spectra["class"], guess),
        precision_score(truth, called),
        recall_score(truth, called),
    ]
two_tests.T.round(3)

# %% [markdown]
# **What to notice.** The same settings, the same points; only the way of asking differs. The difference has two causes,
# and blocks can't tell them apart. Close neighbours no longer give the answer away. And with a block the model may lose
# a whole kind of place, such as the only wattle of a valley, and then has to guess about it (Roberts et al. 2017).
# Blocks that touch can still lie in different parts, so some help of neighbours remains.
#
# Which row should you quote? That depends on the question. For pixels between the points, as near to them as the points
# are to each other, the first. For slopes farther away, rather the second. But blocks can only be laid where there are
# points: a place of a kind that nobody has sampled is in neither row. And neither row is the accuracy of the *map*. For
# that you need places drawn at random from the whole map; then no blocks are needed, and blocks can even be too strict
# (Wadoux et al. 2021). Don't compare these rows with the testing points above either: here a model learns from four
# fifths of all points, there from the training points alone.
#
# ## Which bands matter?
#
# Shuffle one band among the testing points, and see how much accuracy is lost: if little, the model can do without it.
# We shuffle five times; the thin line is how much the five results differ (one standard deviation each way).

# %%
shuffling = permutation_importance(
    model, testing[BANDS], testing["class"], n_repeats=5, random_state=0
)
importance = pd.DataFrame({"lost": shuffling["importances_mean"]}, index=BANDS)
importance["spread"] = shuffling["importances_std"]
importance = importance.sort_values("lost").rename_axis("band").reset_index()

# %%
figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
axes.barh(
    importance["band"], importance["lost"], xerr=importance["spread"], color="#DDCC77"
)
axes.set(
    title="Importance of each band on the testing points",
    xlabel="accuracy lost when the band is shuffled (0 to 1)",
    ylabel="band",
)
plt.show()

# %% [markdown]
# **What to notice.** Bands that tell the same thing share the credit: shuffle one and the model reads the other. A
# short bar does not mean that a band tells nothing about pines. Nor does a long one mean that it tells about the
# *plant*. Look where `coastal` and `nir09` stand. Their pixels are 60 m wide, and lesson 05 said to trust them less; if
# they come out high, they may tell about the neighbourhood: haze in the valley, shade, the size of a stand. On another
# day that may not help.
#
# ## The true map, which no real project has
#
# The simulated scene has a key: the true share of each pixel that is covered by pines. So here we can ask what is
# missed, and **why**. (With `COURSE_CLOUD=aws` this section shows nothing. Nobody knows the truth of a real landscape
# at every pixel.) We open the scene as in lesson 03, on the grid of lesson 04's mask.

# %%
mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"))[0]
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
search = catalogue.search(collections=[choice["collection"]], ids=[choice["id"]])
scene = next(search.items_as_dicts())

# %%
numbers = stackstac.stack(
    [scene],
    assets=BANDS,
    bounds=mask.rio.bounds(),
    epsg=CRS,
    resolution=10,
    dtype="uint16",
    fill_value=np.uint16(0),
    rescale=False,
    xy_coords="center",
    chunksize=1024,
).squeeze("time", drop=True)

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = 0.0 if already_applied else band_facts["offset"]
scale = np.float32(band_facts["scale"])
reflectance = numbers.where(numbers != 0) * scale + np.float32(offset)

# %% [markdown]
# Every fifth pixel in both directions is enough: still more than a hundred thousand pixels, spread evenly over the
# scene. They go into a table: a row a pixel, with its bands, its true cover and the model's probability.

# %%
every_fifth = {"x": slice(None, None, 5), "y": slice(None, None, 5)}
if cloud.truth is not None:
    with ProgressBar():
        sample = reflectance.isel(every_fifth).compute().reset_coords(drop=True)
    pixels = sample.to_dataset("band").to_dataframe()[BANDS]
    date = scene["properties"]["datetime"][:10].replace("-", "")
    true_cover = rioxarray.open_rasterio(cloud.truth / f"pine_cover_{date}.tif")[0]
    cover = true_cover.sel(x=sample.x, y=sample.y, method="nearest")
    pixels["cover"] = cover.to_numpy().ravel()
    pixels["masked"] = mask.isel(every_fifth).to_numpy().ravel() == 0
    print(f"{len(pixels)} pixels")

# %%
if cloud.truth is not None:
    pixels["probability"] = model.predict_proba(pixels[BANDS])[:, pine_column]
    pixels["called pine"] = (pixels["probability"] >= 0.5) & ~pixels["masked"]
    pixels["missed"] = pixels["cover"].where(~pixels["called pine"], 0)

# %%
MAPS = {
    "cover": ("true pine cover (%)", 100),
    "probability": ("the model: probability of pine", 1),
    "missed": ("true cover (%) of what is not called pine", 100),
}
if cloud.truth is not None:
    grids = pixels[list(MAPS)].to_xarray()
    grids = grids.assign_coords(x=grids.x / 1000, y=grids.y / 1000)

# %%
# Only drawing: run it, no need to read it.
if cloud.truth is not None:
    figure, panels = plt.subplots(
        1, 3, figsize=(16, 5.4), sharey=True, layout="constrained"
    )
    for axes, (name, (title, most)) in zip(panels, MAPS.items(), strict=True):
        look = {"cmap": "cividis", "vmin": 0, "vmax": most, "add_colorbar": False}
        drawn = grids[name].plot.imshow(ax=axes, **look)
        figure.colorbar(drawn, ax=axes, label=title, orientation="horizontal")
        axes.set(title=title, aspect="equal", xlabel="km east", ylabel="km north")
    figure.suptitle(cloud.map_title("The truth, the model, and what it misses"))
    plt.show()

# %% [markdown]
# **What to notice.** The bright patches on the left are closed stands; most of them are bright in the middle map, too.
# The middle map has thin lines as well, which the left one does not have: false alarms along streams, mostly native
# forest, and some wattle. The right-hand map shows what is missed: wide, dim rings of scattered trees around the
# stands, and bright dots within the stands themselves. Those are two different kinds of mistake. First the rings: what
# share is found, by true cover?

# %%
if cloud.truth is not None:
    with_pines = pixels[pixels["cover"] > 0].copy()
    with_pines["true cover"] = pd.cut(
        with_pines["cover"],
        [0, 25, 50, 75, 100],
        labels=["1-25 %", "26-50 %", "51-75 %", "76-100 %"],
    )
    by_cover = with_pines.groupby("true cover", observed=True)
    found_by_cover = by_cover[["called pine", "masked"]].mean().round(2)
    found_by_cover = found_by_cover.add_prefix("share ")
    found_by_cover["pixels"] = by_cover.size()
    display(found_by_cover)

# %% [markdown]
# **Mixed pixels.** Where less than half of a pixel is pine, hardly any is found: its light is mostly that of other
# plants, and the model names the plants that it sees most of. Young, scattered pines are the ones that are cheap to
# clear, and the ones that this map can't see. Whoever uses it must know that. (The mask hides few pines.)
#
# But even among pixels that are nearly all pine some are missed. Mixture is not the reason there. Is it shadow? Where
# nearly everything is pine, a pixel is bright or dim mainly because of the sun that it gets. So we divide its `nir` by
# the median of all closed stands, and call the ratio *brightness*. The share found, by cover and brightness:

# %%
if cloud.truth is not None:
    closed = with_pines["true cover"] == "76-100 %"
    brightness = with_pines["nir"] / with_pines.loc[closed, "nir"].median()
    steps = [0, 0.6, 0.8, 1.0, 1.2, 9]
    lights = ["below 0.6", "0.6-0.8", "0.8-1.0", "1.0-1.2", "above 1.2"]
    with_pines["brightness"] = pd.cut(brightness, steps, labels=lights)
    crossed = {"index": "true cover", "columns": "brightness", "observed": True}
    found_by_light = with_pines.pivot_table(values="called pine", **crossed)
    display(found_by_light.round(2))

# %% [markdown]
# **Shadow.** Read along the last row. In ordinary light, around 1, closed stands are mostly found. The dim ones are
# missed more and more, until few are found. At the bright end the share falls again. (Only the last row is light alone:
# in the rows above, a dim pixel may as well hold dark fynbos.)
#
# Is it really the light, and not another kind of stand? A shadow makes *all* bands darker by a similar share; other
# plants or soil change the *shape* of the spectrum. So divide the spectrum of the missed closed stands by that of the
# found ones.

# %%
if cloud.truth is not None:
    stands = with_pines[closed].copy()
    lines = ["missed, dim", "missed, ordinary light", "missed, bright"]
    stands["light"] = pd.cut(brightness[closed], [0, 0.8, 1.2, 9], labels=lines)
    missed_stands = stands[~stands["called pine"]].groupby("light", observed=True)
    ratio = (
        missed_stands[BANDS].median() / stands[stands["called pine"]][BANDS].median()
    )
    ratio = ratio.rename(index=str).T
    ratio["wavelength"] = pd.Series(WAVELENGTHS)

# %%
if cloud.truth is not None:
    ratios = ratio.hvplot.line(
        x="wavelength",
        y=[line for line in lines if line in ratio],
        color=["#332288", "#882255", "#44AA99"],
        xlabel="wavelength (nm)",
        ylabel="reflectance / that of found stands",
        title=cloud.map_title("Missed closed stands against found ones"),
    )
    display(ratios.opts(width=750, height=380, show_grid=True))

# %% [markdown]
# **What to notice.** The line of the dim ones is nearly level, and below 1: every band has lost a similar share, least
# at the shortest wavelengths, because blue light from the sky reaches the shade as well. That is a shadow. (Where the
# line rises at the longest, too, some soil or dry plants shine through.) The bright
# ones lie above 1 everywhere: too much sun, on slopes that face it. The line in between has another shape: the near
# infrared is nearly as usual, but the short-wave infrared is far brighter. There soil and dry plants shine through:
# stands more open or drier than those that the model has learnt.
#
# So closed stands are missed for two reasons: a light, or a state, in which the model has seen few pines.
#
# ## Where not to believe the model
#
# - In **mixed pixels**, most of all where less than half is pine: the table by cover.
# - In **shadow**, also where no mask has hidden it, and in full sun: the table by brightness. (On a real L2A product
#   the light is corrected for the terrain; in deep shade too much, so there the pixels are too bright instead of too
#   dark.)
# - In **ravines**: look up how much Indigenous Forest is called pine.
# - In places **unlike those visited**: other rock, other altitude, another season. The blocks of land give a taste of
#   it.
# - For classes with **few points**: their interval is wide.
# - On a **real image**, if it has been trained on this simulated scene: it does not work there.

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
# Forest", "Dense Pines"]` is the same number, in the right-hand matrix.
#
# **Don't give the team this number.** The testing points were chosen by people and stand in clusters, and pines are
# common among them. On the map the same model meets far more of everything that is not pine, so the share of forest can
# be several times as large. Only a random sample of the marked pixels tells; lesson 09 has one.
#
# </details>

# %% [markdown]
# ### Exercise 07-2: a threshold for a price
#
# A false alarm costs a team a morning. A missed pine seeds, and a stand that has closed costs 3 to 25 times as much to
# clear as scattered trees (Marais and Wannenburgh 2008). Say that **a missed pine costs ten times as much as a false
# alarm**. A threshold `t` calls a point pine where `pine_probability >= t`. Which threshold out of `0.01`, `0.02`, ...
# `0.99` makes the total cost on the **validation** points lowest? Use `is_pine` and `pine_probability` of the lesson
# (one value for each validation point; `~is_pine` is "not pine"). Answer with the threshold; if several are equally
# cheap, any of them.
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
# If the probabilities were exactly right, the answer would be 1/11, about `0.09`: from there on, ten times the chance
# of a pine outweighs the chance of something else. If yours is another, the model's probabilities can't be
# trusted as they stand, or the points are too few to tell.
#
# </details>

# %% [markdown]
# ### Exercise 07-3: wider blocks
#
# Are blocks of one kilometre wide enough? Make blocks that are **two kilometres** wide in both directions: a pandas
# Series with one label for each row of `spectra`, the same label for points in the same block, different labels for
# points in different blocks. Start from the cell that makes `blocks`.
#
# When the check is content, put `groups=blocks_2km` into the cell of the lesson that predicts by blocks of land and run
# it and the next one again. Before you do: what do you expect?
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
# Wider blocks put more distance between what is learnt and what is judged, so one would expect the accuracy to stay or
# to fall a little. It may also *rise* by a hundredth: that is no contradiction, but within the uncertainty of the two
# figures, for the points stand in a few dozen stands. (Deal the blocks anew, with `random_state=1` and `2`, and look
# how much the figures move; that shows a part of it.) When wider blocks no longer lower the accuracy, neighbours have
# given away all that they can. With very wide blocks few are left, and chance decides.
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
# **No.** They have seen nothing of what the map calls by other names.
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
# **Yes.** Every pine that was called pine before is still called pine, so recall can only rise or stay.
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
# **3. Random parts give a higher accuracy than blocks of land, with the same points and the same settings. Why?**
#
# <details><summary>a) With blocks the model learns from far fewer points, as whole blocks are left out.</summary>
#
# **No.** Both learn from about four fifths of the points.
#
# </details>
# <details><summary>b) With random parts most points have learnt neighbours close by.</summary>
#
# **Yes.** Neighbours share slope, soil and history, so the answer leaks from one part into the other.
#
# </details>
# <details><summary>c) Blocks make the model worse.</summary>
#
# **No.** It is the same model; only the question that is put to it is harder, and more like what a map of unvisited
# land needs.
#
# </details>
#
# **4. Closed pine stands on a slope turned away from the sun are missing from the map. What would help?**
#
# <details><summary>a) A lower threshold for the whole map.</summary>
#
# **No.** It brings some of them back, and false alarms everywhere else with them; the stands look no more like pine
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
# - Pines are missed where they share a pixel and where the sun does not reach.
#
# **What's next:** [08 Parallel with Dask](08_parallel_with_dask.ipynb): millions of pixels, two cores.
