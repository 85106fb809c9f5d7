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
# # 12 One round better
#
# **The question:** where do fifty visits help most, and is the next map better?
#
# **You will be able to**
#
# - learn from a map's errors where to send people, and write them a list;
# - train again, and compare the old and new maps on the independent sample, place by place;
# - mark where a model does not apply: outside its area of applicability;
# - choose cross-validation folds that are as hard as the map's own task.
#
# **Time:** 66 minutes (reading 45, exercises 21). **Needs:** the scene of lesson 02, the spectra of lesson 05, the map
# of lesson 09, the sample of lesson 11. (Without the two optional sections, on folds and on cover: 57 minutes.)

# %%
import json

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pystac_client
import rioxarray
import stackstac
import xarray as xr

# %%
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist
from scipy.stats import wasserstein_distance
from sklearn.decomposition import PCA
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from xgboost import XGBClassifier, XGBRegressor

# %%
from helpers import check, find_or_make, hint, open_cloud, predict_over_chunks, visit
from helpers.course import BANDS, CLASS_CODES, CRS, NOT_APPLICABLE, NOT_MAPPED
from helpers.plots import set_plot_style, set_title

cloud = open_cloud()
INK, WINE, SAND, SKY = "#332288", "#882255", "#DDCC77", "#88CCEE"
PINE = "Dense Pines"
set_plot_style()

# %% [markdown]
# ## Where we stand
#
# We start from the map of lesson 09 and the scene that it was made from. The scene is kept in memory as integers, and
# is converted to reflectance chunk by chunk, only where the map has a value.

# %%
pine_path = find_or_make("pine_probability.tif")
pine_map = rioxarray.open_rasterio(pine_path, masked=True).squeeze("band", drop=True)
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
search = catalogue.search(collections=[choice["collection"]], ids=[choice["id"]])
scene = next(search.items_as_dicts())

# %%
numbers = stackstac.stack(
    [scene],
    assets=BANDS,
    bounds=pine_map.rio.bounds(),
    epsg=CRS,
    resolution=10,
    dtype="uint16",
    fill_value=np.uint16(0),
    rescale=False,
    xy_coords="center",
    chunksize=(1, -1, 1024, 1024),
).squeeze("time", drop=True)

# %%
numbers = numbers.compute().chunk({"band": -1, "y": 512, "x": 512})
pine_map = pine_map.assign_coords(x=numbers.x, y=numbers.y)
mapped, marked = pine_map.notnull(), pine_map > 0.5
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = np.float32(0.0 if already_applied else band_facts["offset"])
usable = (numbers != 0) & mapped
cube = numbers.where(usable) * np.float32(band_facts["scale"]) + offset
cube = cube.rio.write_crs(CRS)

# %% [markdown]
# We also need the random sample of lesson 11, labelled by people. (With `COURSE_CLOUD=aws` it is your own, in
# `places_filled_in.gpkg`. Until that file exists, the cells that need it show nothing.)

# %%
filled_in = cloud.outputs / "places_filled_in.gpkg"
if cloud.truth is not None:
    filled_in = cloud.truth.parent / "validation_points.gpkg"
if filled_in.exists():
    sample = gpd.read_file(filled_in).to_crs(CRS).clip(pine_map.rio.bounds())
    sample = sample[~sample["interpreter_1"].isin(["", "unsure"])].sort_index()
    sample = sample.dropna(subset=["interpreter_1"])
    x, y = sample.geometry.x.to_xarray(), sample.geometry.y.to_xarray()
    sample["probability"] = pine_map.sel(x=x, y=y, method="nearest").values
    sample = sample.dropna(subset=["probability"])
    is_pine = sample["interpreter_1"] == PINE
    print(f"{len(sample)} places with an answer, {is_pine.sum()} of them pines")

# %% [markdown]
# ## Look at the errors
#
# Before you fix anything, look at what is wrong. What grows where the map raises a false alarm? And where it missed
# pines, how close was it to finding them?

# %%
if filled_in.exists():
    called = sample["probability"] > 0.5
    alarms = sample.loc[called & ~is_pine, "interpreter_1"].value_counts()
    display(alarms.rename("false alarms").to_frame())
    missed = sample.loc[~called & is_pine, "probability"]
    steps = pd.cut(missed, [0, 0.1, 0.3, 0.5], include_lowest=True)
    display(steps.value_counts(sort=False).rename("missed pines").to_frame())

# %% [markdown]
# **What to notice.** Most false alarms come from a few classes: the model has seen too few examples of them, or too few
# that look as they do here. The missed pines were hardly ever close calls; many got a probability near zero. A thin
# stand, hardly more pines than fynbos, looks like fynbos, and fifty visits will not change that.
#
# Now a trap. It is tempting to add these very places to the training points: they are the errors, after all. Then the
# new map is right *there*, because it has learnt them by heart, and the sample can no longer judge it. So the sample
# tells us **what kind** of places to visit, but none of its own places goes on the list. The fifty places below are
# more than 100 m away from all of them, so that no pixel recorded beside one is a pixel of the sample either.
#
# ## Fifty visits: where?
#
# A visit costs a morning, and it is the walk that costs, not the looking. So at each place the team records four
# pixels: the one that we drew, and three others up to 50 m away, east-west and north-south. The places are:
#
# - 25 among the **marked** pixels: whatever is not pine there teaches the model what it mistakes for pine;
# - 25 among the **doubtful** ones, with a probability from `0.1` to `0.5`: there it half suspects pines.
#
# Both are drawn at random. Where the model is sure that there are no pines, a visit would mostly confirm it.

# %%
random = np.random.default_rng(seed=12)
rows, columns = np.nonzero((pine_map >= 0.1).values)  # all that the lists need
pixels = pd.DataFrame({"x": pine_map.x.values[columns], "y": pine_map.y.values[rows]})
pixels["probability"] = pine_map.values[rows, columns]
if filled_in.exists():
    tree = cKDTree(sample.get_coordinates())
    pixels = pixels[tree.query(pixels[["x", "y"]])[0] > 100]
of_marked = pixels[pixels["probability"] > 0.5].sample(25, random_state=random)
doubtful = pixels["probability"].between(0.1, 0.5)
fifty = pd.concat([of_marked, pixels[doubtful].sample(25, random_state=random)])

# %%
around = np.round(random.uniform(-50, 50, (50, 4, 2)), -1)  # metres, whole pixels
around[:, 0] = 0
spots = fifty[["x", "y"]].to_numpy()[:, np.newaxis] + around
places = gpd.GeoDataFrame(
    {"name": [f"visit {v:02} {spot}" for v in range(1, 51) for spot in "abcd"]},
    geometry=gpd.points_from_xy(*spots.reshape(-1, 2).T),
    crs=CRS,
)
places["answer"] = ""

# %% [markdown]
# As in lesson 11, the list is a **GeoPackage** to fill in and a **GPX** for a phone, again without the map's answer.

# %% tags=["nbval-check-output"]
places.to_file(cloud.outputs / "fifty_visits.gpkg")
in_degrees = places[["name", "geometry"]].to_crs("EPSG:4326")
in_degrees.to_file(cloud.outputs / "fifty_visits.gpx", driver="GPX")
print(f"{len(places)} spots at {len(fifty)} places")

# %%
# Only drawing: run it, no need to read it.
area_of_interest = gpd.read_file(cloud.area_of_interest, layer=0).to_crs(CRS)
area_in_km = area_of_interest.geometry.scale(0.001, 0.001, origin=(0, 0))


def draw_on_the_map(axes, title):
    """Draw the outline of the area of interest, with kilometres on the axes."""
    edges = area_of_interest.explode().exterior  # without the holes: plantations
    outline = edges.scale(0.001, 0.001, origin=(0, 0))
    outline.plot(ax=axes, color="black", linewidth=0.8)
    west, south, east, north = np.array(pine_map.rio.bounds()) / 1000
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal")
    axes.set_xlabel("km east", size=12)
    axes.set_ylabel("km north", size=12)
    axes.set_title(cloud.map_title(title))


# %%
# Only drawing: run it, no need to read it.
figure, axes = plt.subplots(figsize=(8, 6.7))
draw_on_the_map(axes, "Fifty places to visit")
axes.set_facecolor(NOT_MAPPED)
area_in_km.plot(ax=axes, color="white", zorder=0.5)
looks = {"marked": (of_marked, WINE, "v"), "doubtful": (fifty.iloc[25:], SKY, "o")}
for name, (part, colour, marker) in looks.items():
    look = {"color": colour, "marker": marker, "edgecolor": "black", "s": 45}
    look |= {"clip_on": False}
    axes.scatter(part["x"] / 1000, part["y"] / 1000, label=name, zorder=3, **look)
axes.plot([], [], color="black", label="area of interest (white)")
figure.legend(loc="outside lower center", ncols=3)
plt.show()

# %% [markdown]
# **What to notice.** Most places lie far apart: fifty mornings, on foot. A real office would now strike out the places
# that cannot or may not be entered, and record what it struck out: the map stays untested there.
#
# ## What they found
#
# In the simulated scene a simulated team sets out at once. It makes the same errors as the field points: it stands
# about 4 m off the spot, and three labels in a hundred are wrong ([data/README.md](../data/README.md)). With
# `COURSE_CLOUD=aws` nobody goes for you. Fill in the column `answer` of `fifty_visits.gpkg` with the class names of
# lesson 01, save it in the same folder as `fifty_visits_filled_in.gpkg`, and run this lesson again; until then it goes
# on without the visits.

# %%
came_back = cloud.outputs / "fifty_visits_filled_in.gpkg"
if cloud.truth is not None:
    date = choice["id"].split("_")[2]
    visit(places, cloud.truth / f"dominant_class_{date}.tif").to_file(came_back)


# %%
def with_spectra(points):
    """Add the reflectance of the nearest pixels; drop points that have none."""
    x, y = points.geometry.x.to_xarray(), points.geometry.y.to_xarray()
    values = cube.sel(x=x, y=y, method="nearest").transpose("index", "band").values
    table = pd.DataFrame(values, columns=BANDS, index=points.index)
    return points.join(table).dropna(subset=BANDS)


# %% tags=["nbval-check-output"]
if came_back.exists():
    found = gpd.read_file(came_back).to_crs(CRS)
    found = with_spectra(found[found["answer"].isin(list(CLASS_CODES))])
    found = found.assign(name=found["answer"])
    found["class"] = found["name"].map(CLASS_CODES)
    print(found["name"].value_counts().rename_axis(None).to_string())

# %% [markdown]
# **What to notice.** All these spots lie where the model finds or suspects pines, or a few steps away. So everything
# else in this list is what it confuses with pines, or what grows right beside them. (The list has fewer than 200 spots:
# those without a value on the map, or without one of the ten classes as an answer, are left out.)
#
# ## Train again
#
# Three models, with the settings of lesson 06 and nothing else changed:
#
# - **as it was**: only the training points;
# - **with the visits**: those, plus what the team found;
# - **with all points**: all of these, plus the validation and testing points.
#
# The last one is a privilege. So far we kept the testing points for the exam. But the exam is now held on the
# independent sample, and labels that somebody worked for should not sit in a drawer.

# %%
spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet")).dropna()
jobs = spectra["group"].map({0: "validation", 1: "training", 2: "testing"})
training, testing = spectra[jobs == "training"], spectra[jobs == "testing"]
learnt_from = {"as it was": training}
visits = [found] if came_back.exists() else []
if came_back.exists():
    learnt_from["with the visits"] = pd.concat([training, found])
learnt_from["with all points"] = pd.concat([spectra, *visits])

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

# %%
models = {
    name: XGBClassifier(**PUBLISHED).fit(points[BANDS], points["class"])
    for name, points in learnt_from.items()
}

# %%
maps = {"as it was": pine_map}
for name in list(models)[1:]:
    predicted = predict_over_chunks(
        models[name], cube, classes=[CLASS_CODES[PINE]], engine="fast"
    )
    maps[name] = predicted.squeeze("class", drop=True).compute()

# %% [markdown]
# ## Judge on the independent sample
#
# First the wrong judge. The accuracy on the testing points:

# %%
for name, model in models.items():
    right = (model.predict(testing[BANDS]) == testing["class"]).mean()
    print(f"{right:.3f}  {name} ({len(learnt_from[name])} points)")

# %% [markdown]
# The last number is worth nothing: that model has learnt the testing points by heart. The difference between the first
# two shows what the visits do *at places like the testing points*, which people chose because they were clear. The
# visits went where things are unclear. So this number may fall while the map gets better, and rise while it does not.
#
# Now the right judge: the precision, recall and area of the *maps*, with the formulas of lesson 11.


# %%
def judge(calls, hectares):
    """Estimate precision, recall and hectares of pines, with half their 95 % intervals."""
    parts = is_pine.groupby(calls).agg(["mean", "size"]).reindex([True, False])
    share, visits = parts["mean"], parts["size"]
    variance = share * (1 - share) / (visits - 1)
    area = (hectares * share).sum()
    recall = hectares[True] * share[True] / area
    weights = pd.Series({True: 1 - recall, False: recall})
    of_recall = (weights**2 * hectares**2 * variance).sum() / area**2
    of_all = [variance[True], of_recall, (hectares**2 * variance).sum()]
    table = {"estimate": [share[True], recall, area], "margin": 1.96 * np.sqrt(of_all)}
    return pd.DataFrame(table, index=["precision", "recall", "hectares"])


# %%
def parts_of(layer):
    """Return the hectares where a map says pines (True), and where not."""
    pines = float((layer > 0.5).sum()) / 100
    return pd.Series({True: pines, False: float(mapped.sum()) / 100 - pines})


if filled_in.exists():
    x, y = sample.geometry.x.to_xarray(), sample.geometry.y.to_xarray()
    calls = pd.DataFrame(
        {n: m.sel(x=x, y=y, method="nearest") > 0.5 for n, m in maps.items()}
    ).set_axis(sample.index)
    judged = {name: judge(calls[name], parts_of(maps[name])) for name in maps}
    display(pd.concat(judged, axis=1).round(2))

# %% [markdown]
# And where the scene is simulated, we know the truth of every pixel:

# %%
if cloud.truth is not None:
    opened = {
        name: rioxarray.open_rasterio(cloud.truth / f"{name}_{date}.tif")[0]
        for name in ["dominant_class", "pine_cover"]
    }
    truth = {n: layer.rio.reproject_match(pine_map) for n, layer in opened.items()}
    true_pine = (truth["dominant_class"] == CLASS_CODES[PINE]) & mapped

# %%
if cloud.truth is not None:
    is_forest = truth["dominant_class"] == CLASS_CODES["Indigenous Forest"]
    truly = pd.DataFrame(index=["precision", "recall", "forest among the marked"])
    for name, layer in maps.items():
        says_pine = layer > 0.5
        among_marked = [
            where.where(says_pine).mean() for where in [true_pine, is_forest]
        ]
        recall = says_pine.where(true_pine).mean()
        truly[name] = [float(x) for x in [among_marked[0], recall, among_marked[1]]]
    display(truly.round(2))


# %%
# Only drawing: run it, no need to read it.
def draw_judgement(axes, what):
    """Draw one figure of all maps: estimate and interval, and the truth if it is known."""
    rows = pd.DataFrame({name: table.loc[what] for name, table in judged.items()}).T
    look = {"fmt": "o", "color": INK, "capsize": 6, "markersize": 9}
    axes.errorbar(
        rows["estimate"], rows.index, xerr=rows["margin"], label="sample", **look
    )
    if cloud.truth is not None:
        look = {"ls": "none", "marker": "|", "color": WINE, "ms": 22, "mew": 3}
        axes.plot(truly.loc[what], list(maps), label="truth", **look)
    axes.set(xlabel=f"{what} of the map (0 to 1)", ylim=(2.5, -0.5))
    axes.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", "0.5", "1"])


# %%
# Only drawing: run it, no need to read it.
if filled_in.exists():
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True)
    figure.get_layout_engine().set(wspace=0.1)
    for axes, what in zip(panels, ["precision", "recall"], strict=True):
        draw_judgement(axes, what)
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
    set_title(figure, cloud.map_title("Maps judged by one sample, with 95 % intervals"))
    plt.show()

# %% [markdown]
# **What to notice.** The intervals (they hold the truth nineteen times out of twenty) are wider than the steps from map
# to map, and they overlap. Six hundred random places hold few pines, too few to show by intervals alone that one map is
# better than the next. But all maps were judged at *the same* places, and where two maps agree, neither is better. So
# look only at the places where they differ. Where the new map is right and the old one was not, the place is
# *corrected*; where it makes a new error, the place is *newly wrong*:

# %%
if filled_in.exists():
    last = list(maps)[-1]
    was_right, is_right = (calls[n] == is_pine for n in ["as it was", last])
    print(f"corrected:   {(is_right & ~was_right).sum()} places")
    print(f"newly wrong: {(was_right & ~is_right).sum()} places")

# %% [markdown]
# If the old and new maps were equally good, a toss of a coin would decide whether each of these places is corrected or
# newly wrong. (Twenty tosses give six to fourteen heads, nineteen times out of twenty.) Are yours further from half and
# half than that? Then one map is better at telling pines from the rest. If not, the sample has no verdict, and a report
# must say so. It is not wrong: it says, within its interval, how good each map is. It just has too few pines for a
# small step.
#
# The truth, where we know it, does have a verdict, and it may be mixed: precision can rise while recall falls. The step
# from the first map to the second is what the visits brought, the step to the third is what the points in the drawer
# added *after* them. What the drawer would have brought alone, these three don't show. (A fourth model would, trained
# on `spectra` alone. Visits are expensive: in a real project, try it before you send anybody.) And each round's visits
# teach but do not judge; for a clearer verdict the *sample* must grow.
#
# ## Where the model does not apply
#
# A model has an answer for every pixel, even for one unlike anything it has learnt from. Meyer and Pebesma (2021)
# measure how unlike. Place every training point in a space with one axis for each band; the more the model uses a band,
# the more that axis counts. Then the **[dissimilarity index](../docs/glossary.md#dissimilarity-index)** of a pixel is
# its distance to the *nearest* training point, divided by the *mean* distance between training points. It is 0 for a
# twin of a training point, and large for a stranger.
#
# (The authors' software is the R package CAST. We found no maintained one in Python; it takes a dozen lines.)


# %%
def dissimilarity(new, known):
    """Return the distance of each new row to the nearest known one, in mean distances.

    new, known: tables, one row a pixel or point, one column a band.
    """
    return cKDTree(known).query(new)[0] / pdist(known).mean()


# %% [markdown]
# A case for pencil and paper: three known points at distances of 5, 5 and 10 from each other, and a new point 3 away
# from the nearest. By hand: 3 / (20 / 3).

# %% tags=["nbval-check-output"]
three = np.array([[0, 0], [3, 4], [6, 8]])
print(f"{dissimilarity(np.array([[3, 0]]), three)[0]:.2f}")

# %% [markdown]
# How unlike is *too* unlike? Ask the training points: how far is each from the nearest one **in another part** of the
# land? The parts are blocks of one kilometre, as in lesson 07, dealt into five groups. The model has been tested across
# such distances. The limit is the end of the upper whisker of their box plot; beyond it, the model has never been
# tested. What lies within it is the **[area of applicability](../docs/glossary.md#area-of-applicability)**.

# %%
last_points = learnt_from[list(maps)[-1]]
middle, spread = last_points[BANDS].mean(), last_points[BANDS].std()
weight = models[list(maps)[-1]].feature_importances_


def on_equal_footing(table):
    """Shift and stretch each band, and weigh it by its importance."""
    return ((table - middle.to_numpy()) / spread.to_numpy() * weight).astype("float32")


# %%
known = on_equal_footing(last_points[BANDS].to_numpy())
column, row = (last_points.get_coordinates().to_numpy() // 1000).astype(int).T
block = pd.factorize(pd.Series(column).astype(str) + "/" + pd.Series(row).astype(str))[
    0
]
by_block = np.random.default_rng(seed=0).permutation(block.max() + 1)[block] % 5
of_training = np.empty(len(known))
for part in range(5):
    inside = by_block == part
    # in mean distances of the other parts: turned into those of all points below
    distances = dissimilarity(known[inside], known[~inside])
    of_training[inside] = distances * pdist(known[~inside]).mean() / pdist(known).mean()

# %%
lower, upper = np.quantile(of_training, [0.25, 0.75])
limit = of_training[of_training <= upper + 1.5 * (upper - lower)].max()
print(f"the limit: {limit:.2f}")


# %%
def over_the_map(function):
    """Apply a function of a table, a row a pixel, to every mapped pixel."""

    def on_block(values):
        there = np.isfinite(values).all(axis=-1)
        result = np.full(there.shape, np.nan, "float32")
        if there.any():
            result[there] = function(values[there])
        return result

    options = {"dask": "parallelized", "output_dtypes": ["float32"]}
    lazy = xr.apply_ufunc(on_block, cube, input_core_dims=[["band"]], **options)
    return lazy.compute()


# %%
unlike = over_the_map(lambda table: dissimilarity(on_equal_footing(table), known))
outside = unlike > limit
print(f"{float(outside.sum()) / 100:,.0f} ha lie outside the area of applicability")

# %% [markdown]
# On the map these pixels get a colour of their own: neither "pines" nor "no pines".

# %%
KINDS = {"no pines": "white", "pines": WINE}
KINDS["the model does not apply"] = NOT_APPLICABLE
with_grey = KINDS | {"not mapped": NOT_MAPPED}
patches = [Patch(fc=c, ec="grey", label=kind) for kind, c in with_grey.items()]
last_map = maps[list(maps)[-1]]

# %%
# Only drawing: run it, no need to read it.
figure, axes = plt.subplots(figsize=(8, 6.7))
step = max(1, round(mapped.sizes["x"] / 1000))  # no more pixels than the figure has
layers = [layer[::step, ::step] for layer in (outside, last_map > 0.5, mapped)]
picture = xr.where(layers[0], 2, layers[1]).where(layers[2])
picture = picture.assign_coords(x=picture.x / 1000, y=picture.y / 1000)
colours = ListedColormap(list(KINDS.values()))
picture.plot.imshow(ax=axes, vmin=0, vmax=2, cmap=colours, add_colorbar=False)
axes.set_facecolor(NOT_MAPPED)
draw_on_the_map(axes, "Pines, and where the model does not apply")
figure.legend(handles=patches, loc="outside lower center", ncols=4)
plt.show()

# %% [markdown]
# **What to notice.** Look where the third colour lies, and whether it forms patches. What is there? In the simulated
# scene the truth can tell us, and also how often the model is right inside and outside:

# %%
if cloud.truth is not None:
    right = ((maps[list(maps)[-1]] > 0.5) == true_pine).where(mapped)
    for name, where in {"inside": ~outside, "outside": outside}.items():
        share = float(right.where(where).mean())
        finds = float(right.where(where & true_pine).mean())
        print(f"{name}: right in {share:.1%} of pixels, finds {finds:.0%} of the pines")
    names = {code: name for name, code in CLASS_CODES.items()}
    strange = pd.Series(truth["dominant_class"].values[outside.values]).map(names)
    strange = strange.fillna("none of the ten").value_counts(normalize=True)
    display(strange.round(2).head(5).to_frame())

# %% [markdown]
# Where pines are rare, a map that says "no pines" everywhere is right nearly everywhere. So look at the second figure:
# how many of the pines the model finds.
#
# **Outside is not wrong.** A rock that is brighter than any rock among the points is a stranger, but still not a pine.
# Nor does inside mean right: a forest edge that looks just like pines is no stranger at all. The third colour only says
# that the model has seen nothing like these pixels. It gives us one more list for the next round (exercise 12-2).
#
# ## Folds that ask what the map asks (optional)
#
# In a hurry? Go on to the exercises: nothing after this section needs it.
#
# Lesson 07 compared two kinds of folds: random ones, and blocks of land. Which is right? Neither: how hard they are is
# accidental. What matters is *how far the map's pixels lie from the nearest training point*. Linnenbrink et al. (2024)
# choose the folds so that each point is about as far from the points of the other folds: **kNNDM**, k-fold
# nearest-neighbour-distance matching. Group the points into few or many clusters, deal these to the folds, and keep the
# deal whose distances come closest to those of the map.


# %%
def distance_to_others(xy, folds):
    """Return the distance of each point to the nearest point of another fold."""
    distance = np.empty(len(xy))
    for fold in np.unique(folds):
        inside = folds == fold
        distance[inside] = cKDTree(xy[~inside]).query(xy[inside])[0]
    return distance


# %%
def deal(cluster, along, k):
    """Deal clusters to k folds: each large one alone, the others in turn."""
    table = pd.DataFrame({"cluster": cluster, "along": along})
    table = table.groupby("cluster")["along"].agg(["mean", "size"]).sort_values("mean")
    large = table["size"] >= len(along) / k
    table["fold"] = large.cumsum() - 1
    free = np.arange(large.sum(), k)
    table.loc[~large, "fold"] = np.resize(free, (~large).sum())
    return table["fold"].loc[cluster].to_numpy()


# %%
def matched_folds(xy, pixels, k=5, most=0.5):
    """Return folds whose distances fit those of pixels, and by how much they miss."""
    wanted = cKDTree(xy).query(pixels)[0]
    tree, along = linkage(xy, "ward"), PCA(1).fit_transform(xy)[:, 0]
    best, found = np.inf, None
    for count in np.unique(np.geomspace(k, len(xy) - 2, 100).round().astype(int)):
        folds = deal(fcluster(tree, count, "maxclust"), along, k)
        miss = wasserstein_distance(distance_to_others(xy, folds), wanted)
        if miss < best and np.bincount(folds).max() <= most * len(xy):
            best, found = miss, folds
    return found, best


# %% [markdown]
# (A test of this course checks these functions against an example from CAST's own tests. The *miss* is the area between
# two curves, the Wasserstein distance. CAST first asks whether random folds will do; here the search finds that out by
# itself.)

# %%
xy = last_points.get_coordinates().to_numpy()
rows, columns = np.nonzero(mapped.values)
some = np.random.default_rng(seed=0).choice(len(rows), 1000, replace=False)
asked = np.column_stack([mapped.x[columns[some]], mapped.y[rows[some]]])
matched, miss = matched_folds(xy, asked)
at_random = np.random.default_rng(seed=0).permutation(len(xy)) % 5
ways = {"at random": at_random, "blocks of 1 km": by_block, "matched": matched}

# %%
# Only drawing: run it, no need to read it.
figure, axes = plt.subplots(figsize=(8, 5))
axes.ecdf(cKDTree(xy).query(asked)[0], color="black", lw=4, label="pixels of the map")
looks = zip([WINE, "#CC6677", "#0077BB"], ["--", "-.", "-"], strict=True)
for (name, folds), (colour, style) in zip(ways.items(), looks, strict=True):
    look = {"color": colour, "ls": style, "lw": 2.5, "label": f"folds: {name}"}
    axes.ecdf(distance_to_others(xy, folds), **look)
axes.set(xlabel="metres to the nearest training point", xlim=(0, 1500))
axes.set(ylabel="share that is nearer (0 to 1)", ylim=(0, 1.03))
axes.set_title(cloud.map_title("How far do the map and the folds reach?"))
figure.legend(loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
# **What to notice.** Folds whose curve runs to the left of the black one are too easy; to the right, too hard. What do
# the three say about pines? (Only pine or not, which is faster to learn than ten classes.)

# %%
pine_points = (last_points["name"] == PINE).to_numpy()
rows_of = {}
for name, folds in ways.items():
    yes_no = XGBClassifier(**PUBLISHED)
    turns = {"cv": PredefinedSplit(folds)}
    said = cross_val_predict(yes_no, last_points[BANDS], pine_points, **turns).astype(
        bool
    )
    rows_of[f"folds {name}"] = [pine_points[said].mean(), said[pine_points].mean()]
if filled_in.exists():
    rows_of["map, by the sample"] = judged[list(maps)[-1]]["estimate"].head(2).tolist()
pd.DataFrame(rows_of, index=["precision", "recall"]).T.round(2)

# %% [markdown]
# **What to notice.** Matching the distances is a better reason than guessing a block width. In the simulated scene it
# makes no difference that we could measure: the three rows of folds are nearly alike. Where points stand in tight
# clusters, it does (lesson 07). But it does not turn points that people chose into a sample of the land: if the pines
# at the points are clearer than those on the map, all folds look too good. Use folds to choose between models, and a
# random sample to judge a map.
#
# ## Cover instead of class (optional)
#
# A class is a coarse answer: a pixel half covered by pines is either pine or not. Why not ask for the **cover**, in per
# cent? That takes the same spectra, another kind of model, a *regression*, and points where somebody has estimated the
# cover. Our points have no such column. In the simulated scene we read it from the truth, which beats any eye.

# %%
if cloud.truth is not None:
    x, y = last_points.geometry.x.to_xarray(), last_points.geometry.y.to_xarray()
    cover_there = opened["pine_cover"].sel(x=x, y=y, method="nearest").values
    regression = XGBRegressor(**PUBLISHED).fit(last_points[BANDS], cover_there)
    cover_map = over_the_map(regression.predict).clip(0, 100)
    true_cover = truth["pine_cover"].where(mapped & (truth["pine_cover"] != 255))

# %%
DENSITY = ["none", "1-5 %", "5-25 %", "25-50 %", "50-75 %", "above 75 %"]
if cloud.truth is not None:
    covers = pd.DataFrame({"true": true_cover.values[mapped.values]})
    covers["predicted"] = cover_map.values[mapped.values]
    covers = covers.dropna()
    covers["density"] = pd.cut(
        covers["true"], [-1, 0, 5, 25, 50, 75, 100], labels=DENSITY
    )
    by_density = covers.groupby("density", observed=False)[["true", "predicted"]].mean()
    display(by_density.round(0))
    print("condensed hectares")
    print((covers[["true", "predicted"]].sum() / 100 / 100).round().to_string())

# %%
# Only drawing: run it, no need to read it.

if cloud.truth is not None:
    figure, axes = plt.subplots(figsize=(8, 4.5))
    by_density.plot.bar(ax=axes, color=[SAND, INK], edgecolor="k", rot=0, legend=False)
    axes.set_ylim(0, 100)
    axes.set(xlabel="true cover of pines", ylabel="mean cover (%)")
    axes.set_title(cloud.map_title("Cover of pines, predicted and true"))
    figure.legend(loc="outside lower center", ncols=2)
    plt.show()

# %% [markdown]
# **What to notice.** The two sums are condensed hectares (lesson 11). The bars show how a regression pulls towards what
# most of its points have, and most of ours have no pines at all: it predicts a little where there is next to nothing,
# and too little everywhere else, not only in closed stands. The sums lie closer together than the bars of the dense
# classes: a little on each of very many pixels makes up for part of what is missing elsewhere. So no such sum goes into
# a report without a random sample beside it. But the bars rise from left to right. Thin pines, which a class can't
# show, leave a trace here, and that is worth a list of places. Points with thin cover would help, because nearly all of
# ours are closed stands or no pines at all: one more thing to ask of the next visits.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 12-1: how strange is this pixel?
#
# Five training points have already been shifted, stretched and weighted: `known_rows`, one row each. What is the
# **dissimilarity index** of the pixel `new_row`? Answer with a number, to three decimals.
#
# Stuck? Run `hint("12-1")`.

# %% tags=["exercise"]
known_rows = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [4.0, 3.0], [5.0, 3.0]])
new_row = np.array([2.0, 1.0])
index_of_new_row = ...
check("12-1", index_of_new_row, known_rows=known_rows, new_row=new_row)

# %% [markdown]
# <details><summary>Solution 12-1</summary>
#
# ```python
# to_nearest = np.linalg.norm(known_rows - new_row, axis=1).min()
# index_of_new_row = to_nearest / pdist(known_rows).mean()
# ```
#
# `dissimilarity(new_row[np.newaxis], known_rows)` gives the same. `pdist` takes each pair once, and no point with
# itself: a table of all distances has zeros on its diagonal, which would make the mean too small.
#
# </details>

# %% [markdown]
# ### Exercise 12-2: the next list
#
# Where the model does not apply, somebody should go and look. Choose **10 places** there: pixels of the map outside the
# area of applicability, each **at least 500 m** from the others, so that nobody sees the same strange patch ten times.
# The answer is a GeoSeries of ten points in the projection of the map. `outside` is True outside the area of
# applicability.
#
# Stuck? Run `hint("12-2")`.

# %% tags=["exercise"]
next_places = ...
check("12-2", next_places, outside=outside)

# %% [markdown]
# <details><summary>Solution 12-2</summary>
#
# ```python
# rows, columns = np.nonzero(outside.values)
# order = np.random.default_rng(seed=0).permutation(rows.size)
# chosen = []
# for place in order:
#     here = np.array([outside.x.values[columns[place]], outside.y.values[rows[place]]])
#     if len(chosen) < 10 and all(np.hypot(*(here - other)) >= 500 for other in chosen):
#         chosen.append(here)
# next_places = gpd.GeoSeries(gpd.points_from_xy(*np.array(chosen).T), crs=CRS)
# ```
#
# The places are tried in random order, and one too close to a place already on the list is skipped. What is found there
# joins the training points: then these pixels are strangers no longer, whatever they are.
#
# </details>

# %% [markdown]
# ### Exercise 12-3: corrected or newly wrong?
#
# A colleague has two maps of wattle, and the truth on the ground at 400 random places. How many places are
# **corrected** (the old map was wrong, the new one is right), and how many are **newly wrong** (the other way round)?
# The answer is a tuple of two numbers: (corrected, newly wrong).
#
# Stuck? Run `hint("12-3")`.

# %% tags=["exercise"]
chance = np.random.default_rng(seed=2).uniform(size=(3, 400))
colleague = pd.DataFrame({"ground": chance[0] < 0.15})
# a ^ b: where b is True, the answer of a is turned round
colleague["old map"] = colleague["ground"] ^ (chance[1] < 0.12)
colleague["new map"] = colleague["ground"] ^ (chance[2] < 0.06)
corrected_and_newly_wrong = ...
check("12-3", corrected_and_newly_wrong, colleague=colleague)

# %% [markdown]
# <details><summary>Solution 12-3</summary>
#
# ```python
# old_right = colleague["old map"] == colleague["ground"]
# new_right = colleague["new map"] == colleague["ground"]
# corrected = int((new_right & ~old_right).sum())
# newly_wrong = int((old_right & ~new_right).sum())
# corrected_and_newly_wrong = (corrected, newly_wrong)
# ```
#
# The places where both are right, or both wrong, say nothing about which is better. Because both are yes/no maps,
# `(colleague["new map"] != colleague["old map"]).sum()` is the sum of the two numbers.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. You add the false alarms of the random sample to the training points, and the map's precision on that sample
# rises. What have you shown?**
#
# <details><summary>a) That the map is better</summary>
#
# **No.** The model has learnt those very places. What it says elsewhere has not been tested.
#
# </details>
# <details><summary>b) Nothing: the sample has become training data, and can't judge any more</summary>
#
# **Yes.** It may tell you what kind of places to visit. The model must never learn from its places.
#
# </details>
# <details><summary>c) That the map is better in ravines, where most false alarms were</summary>
#
# **No.** It is better at those pixels. For ravines you need others that the model has not seen.
#
# </details>
#
# **2. A pixel lies outside the area of applicability. What do you know?**
#
# <details><summary>a) Its class is wrong</summary>
#
# **No.** A strange lake may still be called water, and be water.
#
# </details>
# <details><summary>b) It lies many metres away from the training points</summary>
#
# **No.** The distance is between spectra. The pixel may lie right beside a training point, in the shade of a cliff.
#
# </details>
# <details><summary>c) The scene is bad there</summary>
#
# **No.** It may be; it may just as well be a kind of ground that nobody has visited.
#
# </details>
# <details><summary>d) Its spectrum is unlike anything that the model was tested on</summary>
#
# **Yes.** So none of the model's accuracy figures says anything about it.
#
# </details>
#
# **3. Where do fifty visits teach a model of pines most?**
#
# <details><summary>a) Where the model marks pines, or nearly does</summary>
#
# **Yes.** There it is often wrong, and each answer sharpens the line between pines and what looks like them.
#
# </details>
# <details><summary>b) At places drawn at random from the whole map</summary>
#
# **No.** That is right for *judging*. For teaching, most of them only confirm what the model knows.
#
# </details>
# <details><summary>c) In the best-known pine stands, where nobody can mistake them</summary>
#
# **No.** It knows those already. More of them make the points look even easier than the land.
#
# </details>
#
# **4. Two maps are judged by one sample, and their intervals overlap widely. What do you do?**
#
# <details><summary>a) Report that they are equally good</summary>
#
# **No.** A lack of proof of a difference is not proof that there is none.
#
# </details>
# <details><summary>b) Take the one with the higher estimate, and report the step</summary>
#
# **No.** Take it if you like, but the step may be chance, and a report must say so.
#
# </details>
# <details><summary>c) Count the places where they differ, and who is right there</summary>
#
# **Yes.** Both were judged at the same places. If that gives no verdict either, the sample must grow.
#
# </details>

# %% [markdown]
# ## Key points
#
# - Learn from the sample which kinds of places to visit; never train on its own places.
# - Judge by the sample, not by testing points that people chose; then the model can learn from those, too.
# - Compare two maps place by place. If the sample has no verdict, say so.
# - Outside the area of applicability a model is untested, and the map should show that in a colour of its own.
# - Folds can match the distances of the map; they can't turn chosen points into a random sample.
#
# **What's next:** your map so far is a map of one day. [13 Many dates, one landscape in
# motion](13_many_dates_and_change.ipynb): several scenes make a better one, and change becomes visible.
