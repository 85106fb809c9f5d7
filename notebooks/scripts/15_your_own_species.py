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
# # 15 Your own species, your own place
#
# **The question:** you have a list of sightings and an outline. What can be mapped with them, and how sure is it?
#
# **You will be able to**
#
# - read field records as they come, and find their faults before any pixel is read;
# - see whether scenes cover your area, and which of them are clear there;
# - say what a "probability" means when nobody has recorded where the species is absent;
# - judge a model by blocks of land, and see whether more records would help;
# - go all the way: map, area of applicability, visits, an area with its interval, files and a page.
#
# **Time:** 45 minutes (reading 33, exercises 12). **Needs:** the ideas of lessons 07, 11 and 12; no file.

# %%
from datetime import UTC, datetime

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pystac
import pystac_client
import rioxarray
import stackstac
import xarray as xr

# %%
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
    learning_curve,
)
from xgboost import XGBClassifier

# %%
from helpers import (
    check,
    expect_columns,
    expect_scenes,
    hint,
    open_cloud,
    predict_over_chunks,
    visit,
    write_cog,
)

# %%
from helpers.course import BANDS, CLASS_CODES, NOT_APPLICABLE, NOT_MAPPED
from helpers.own_points import (
    correct_positions,
    find_faults,
    read_area,
    read_points,
    report_on,
)
from helpers.plots import set_plot_style

# %%
cloud = open_cloud()
INK, WINE, SAND = "#332288", "#882255", "#DDCC77"
set_plot_style()

# %% [markdown]
# ## The one cell to change
#
# Everything that is *yours* is in the next cell. As it is, it points to a second simulated place: hills with black
# wattle along the rivers, and the files of a field office, which nobody has tidied
# ([data/README.md](../data/README.md#the-second-place)).
#
# **With `COURSE_CLOUD=aws` change it.** Put your files into the folder of the notebooks, or write whole paths. Until
# you do, the lesson takes the published points and area of the course, and maps the pines among them. `PERIOD` is a
# choice, too: months in which your species looks unlike what grows around it, with a high sun (lesson 02).
#
# **Offline** the scenes are simulated, and so are the visits below: they have answers for the wattle only. To try other
# files offline, use the template, [own/your_map.ipynb](own/your_map.ipynb).

# %%
POINTS, POINTS_CRS = cloud.field_points, None  # None: the file says it, or degrees
AREA = cloud.area_of_interest
COLUMN, WORDS = "name", ["pine"]  # what grows there; what names your species
COLLECTION, PERIOD = "sentinel-2-l2a", "2018-09-01/2018-10-31"
SPECIES = "pines"  # as titles and files are to call it
MOST_METRES, BLOCK_METRES = 30, 1000  # least exact record; side of a block of land
if cloud.truth is not None:
    office = cloud.field_points.parent / "second_place"
    POINTS, AREA = office / "records.csv", office / "outline.kml"
    COLUMN, WORDS = "species", ["mearnsii", "mernsii", "wattle", "wattel"]
    SPECIES, PERIOD = "black wattle", "2023-09-01/2025-10-31"

# %% [markdown]
# ## What came in
#
# `read_points` takes what people have: CSV (also with semicolons, decimal commas or degree signs), Excel, GeoPackage,
# shapefile, KML, GeoJSON, and exports of GBIF or iNaturalist. It finds the columns of position, date and accuracy by
# their usual names, changes nothing else, and says what it had to assume. If the coordinates of a table are in metres,
# name the projection: `POINTS_CRS = "EPSG:32734"`.
#
# **No column says what grows there,** because all records are of one species? Put `records[COLUMN] = WORDS[0]` below
# the first line. In an export of GBIF choose `scientificName`: `species` is empty where only the genus is known, and
# such a record would count as background.

# %% tags=["nbval-check-output"]
records = read_points(POINTS, crs=POINTS_CRS)
expect_columns(records, [COLUMN], POINTS)
records[COLUMN] = records[COLUMN].astype("string").str.strip()
print(len(records), "records; supposed:", "; ".join(records.attrs["supposed"]))
print(records[COLUMN].value_counts(dropna=False).head(8).to_string())

# %% [markdown]
# **What to notice.** One tree is spelt in many ways. `WORDS` gathers them: a record whose text contains any of these,
# in small or capital letters, is of your species. A record that names something else shows where *another* plant grows.
# And a record without a name is **background**: a place where nobody has looked.

# %%
named = records[COLUMN].fillna("")
records["kind"] = np.where(named == "", "background", "other plant")
records.loc[named.str.contains("|".join(WORDS), case=False), "kind"] = SPECIES
gathered = records[named != ""].groupby("kind")[COLUMN].unique()
for kind, names in gathered.items():
    print(f"{kind}: {', '.join(names[:12])}")

# %% [markdown]
# Is a name in the wrong line? Then change `WORDS`, and run it again.

# %%
area = read_area(AREA)
utm = area.estimate_utm_crs()
print(f"{area.to_crs(utm).area.sum() / 1e4:,.0f} ha, measured in {utm.name}")

# %%
WIDEST = 24_000
west, south, east, north = area.to_crs(utm).total_bounds
if max(east - west, north - south) > WIDEST:
    print(f"It is wider than {WIDEST / 1000:.0f} km: we map its middle.")
    centre = gpd.GeoSeries.from_xy([(west + east) / 2], [(south + north) / 2], crs=utm)
    square = centre.buffer(WIDEST / 2, cap_style="square")
    area = area.to_crs(utm).clip(square).to_crs(area.crs)

# %% [markdown]
# (All pixels are kept in memory below, and 2 GB hold a square of 24 km. If you have more memory, raise `WIDEST`.)
#
# (`estimate_utm_crs` takes the [UTM zone](../docs/glossary.md#utm-zone) of the area's centre. If your area lies across
# two zones, it is measured and mapped in that one, and scenes of the other are reprojected to it. If it is wider than a
# zone, choose a projection made for your country.)
#
# Now the report, **before** any pixel is read. It says what is wrong, in how many records, and what to do.

# %% tags=["nbval-check-output"]
last_day = PERIOD.partition("/")[2]
faults = find_faults(records, area, kind="kind", scene_date=last_day)
print(report_on(faults)["records"].to_string())

# %%
pd.set_option("display.max_colwidth", None)
report_on(faults)

# %% [markdown]
# **What to notice.** There are trees in the northern hemisphere and in the sea: a minus sign was left out, or latitude
# and longitude were swapped. (The report knows no coastline. It measures the distance to your outline, and tests
# whether a common slip explains a place far away.) What is certain can be corrected. The rest is left out, and the list
# goes back to the observers.

# %%
corrected = correct_positions(records, area)
faults = find_faults(corrected, area, kind="kind", scene_date=last_day)
USELESS = ["no position", "coordinate is zero", "far from the area"]
USELESS += ["absent or planted", "entered twice", "in a pixel with another"]
left_out = faults[USELESS].any(axis=1) | (corrected["accuracy_m"] > MOST_METRES)
points = corrected[~left_out].to_crs(utm)
print(pd.crosstab(corrected["kind"], left_out.map({True: "left out", False: "kept"})))
if not (points["kind"] == SPECIES).any():
    raise ValueError(f"no record of {SPECIES} is left: is it WORDS, or their places?")

# %% [markdown]
# A receiver that reports 10 m is within 10 m of the true place about two times in three. So the "pixel of the record"
# is often a neighbour of the right one. That does no harm inside a stand, but much in a line of trees along a stream.
# `MOST_METRES` is your choice between fewer records and blurred ones.
#
# An export from GBIF or iNaturalist may hold your species alone. Then there is no background, and we draw it at random
# from the whole area: twice as many places as you have records.

# %%
is_target = points["kind"] == SPECIES
if (~is_target).sum() < is_target.sum():
    number = int(2 * is_target.sum())
    drawn = area.to_crs(utm).dissolve().sample_points(number, rng=15).explode()
    drawn = gpd.GeoDataFrame(geometry=drawn.values, crs=utm).assign(kind="background")
    points = pd.concat([points, drawn], ignore_index=True)
    is_target = points["kind"] == SPECIES


# %%
# Only drawing: run it, no need to read it.
def in_km(layer):
    """Give a layer kilometres instead of metres."""
    return layer.set_geometry(layer.affine_transform([0.001, 0, 0, 0.001, 0, 0]))


def draw_area(axes, title):
    """Draw the outline, with kilometres on the axes."""
    in_km(area.to_crs(utm)).boundary.plot(ax=axes, color="black", lw=1)
    axes.plot([], [], color="black", lw=1, label="your area")
    axes.set_aspect("equal")
    axes.set_xlabel("km east", size=12)
    axes.set_ylabel("km north", size=12)
    axes.set_title(cloud.map_title(title))


# %%
# Only drawing: run it, no need to read it.
figure, axes = plt.subplots(figsize=(8, 6.8))
draw_area(axes, "Records that are kept, also around the area")
looks = {"background": (SAND, "s", 22), "other plant": ("#44AA99", "^", 60)}
looks[SPECIES] = (WINE, "o", 26)
for kind, (colour, marker, size) in looks.items():
    look = {"color": colour, "marker": marker, "markersize": size, "label": kind}
    chosen = in_km(points[points["kind"] == kind])
    if len(chosen):
        chosen.plot(ax=axes, edgecolor="black", linewidth=0.7, **look)
axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4, frameon=False)
plt.show()

# %% [markdown]
# **What to notice.** The sightings lie in clusters, where observers walk; the background is everywhere. From this a
# model can learn the difference between trees and veld, but also the difference between *where people go* and where
# they don't. Only visits to places that nobody chose can tell the two apart (below).
#
# ## Does a scene cover it, and is it clear there?
#
# Search by the **area**, not by a point. A tile may end in the middle of it, and a scene at the edge of the satellite's
# swath is empty on one side. So we ask for each day: how many tiles and zones are there, and what share of the area
# lies in their outlines?

# %%
outline = area.to_crs("EPSG:4326").force_2d().union_all()
catalogue = pystac_client.Client.open(cloud.stac_url)
wanted = {"collections": [COLLECTION], "datetime": PERIOD, "intersects": outline}
items = list(catalogue.search(**wanted).items_as_dicts())
expect_scenes(items, f"the area in {AREA}, {PERIOD}")
found = gpd.GeoDataFrame.from_features(items, crs="EPSG:4326").to_crs(utm)
found["day"] = found["datetime"].str[:10]
found["zone"] = found["grid:code"].str[5:7]

# %% tags=["nbval-check-output"]
summary = {"grid:code": "nunique", "zone": "nunique", "eo:cloud_cover": "mean"}
days = found.dissolve("day", aggfunc=summary).set_axis(
    ["geometry", "tiles", "zones", "cloud"], axis=1
)
mine = area.to_crs(utm).union_all()
days["covered"] = days.intersection(mine).area / mine.area
print(days.drop(columns="geometry").round(2).to_string())

# %% [markdown]
# `cloud` is for the whole tile. What counts is how much of *your area* is clear, according to the scene classification
# (lesson 04). Of the days that cover nearly all of the area, we check the five with the least cloud.

# %%
UNUSABLE = {"no data": 0, "saturated": 1, "cloud shadow": 3}
UNUSABLE |= {"medium cloud": 8, "high cloud": 9, "cirrus": 10}
west, south, east, north = mine.buffer(500).bounds
GRID = {"epsg": utm.to_epsg(), "bounds": (west, south, east, north)}
GRID |= {"dtype": "uint16", "fill_value": np.uint16(0), "rescale": False}


def read(day, assets, resolution):
    """Stack the scenes of a day, lazily, and lay tile over tile: one layer an asset."""
    of_day = [item for item in items if item["properties"]["datetime"][:10] == day]
    grid = {"resolution": resolution, "xy_coords": "center", "snap_bounds": True}
    scenes = stackstac.stack(of_day, assets=assets, **GRID, **grid)
    return stackstac.mosaic(scenes, dim="time", nodata=0)


# %%
candidates = days[days["covered"] > 0.95].nsmallest(5, "cloud").drop(columns="geometry")
expect_scenes(candidates, "one day that covers the area (or mosaic several: lesson 13)")
for day in candidates.index:
    codes = read(day, ["scl"], 60).squeeze("band").rio.write_crs(utm)
    codes = codes.rio.write_nodata(0).rio.clip([mine])
    share = float((~codes.isin(list(UNUSABLE.values()))).sum()) * 60**2 / mine.area
    candidates.loc[day, "clear"] = share

# %% tags=["nbval-check-output"]
clear_days = candidates[candidates["clear"] > 0.8]
expect_scenes(clear_days, "a day on which most of the area is clear")
day = clear_days["clear"].idxmax()
print(f"{day}: {clear_days.loc[day, 'clear']:.0%} of the area is clear")

# %% [markdown]
# **What to notice.** The row of each day shows whether it is suitable: one tile or several, one zone or two, the whole
# area or only the part inside the swath. If the lesson stops here, no day in `PERIOD` was clear: widen it, or make one
# picture from several days (lesson 13). `mosaic` lays the tiles of a day over one another; where one has no data, the
# next is used.
#
# Now the pixels. They stay in memory as whole numbers. The cube is made from them chunk by chunk, with the offset that
# belongs to the scenes (lesson 03).

# %%
scenes = [item for item in items if item["properties"]["datetime"][:10] == day]


def offset_of(item):
    """Return what to add to the reflectance of a scene."""
    listed = item["assets"]["red"]["raster:bands"][0].get("offset", 0.0)
    return 0.0 if item["properties"].get("earthsearch:boa_offset_applied") else listed


offsets = {offset_of(item) for item in scenes}
if len(offsets) > 1:
    raise ValueError("the tiles of that day have different offsets: choose another day")
offset = np.float32(offsets.pop())

# %%
numbers = read(day, [*BANDS, "scl"], 10).drop_vars("epsg", errors="ignore").compute()
usable = ~numbers.sel(band="scl").isin(list(UNUSABLE.values()))
numbers = numbers.sel(band=BANDS).chunk({"band": -1, "y": 512, "x": 512})
cube = numbers.where((numbers != 0) & usable) * np.float32(0.0001) + offset
cube = cube.rio.write_crs(utm)
dark = np.nanquantile(cube.sel(band="red"), 0.01)
print(f"offset {offset}; the darkest hundredth of red: {dark:.3f}")
if dark < -0.05:
    raise ValueError("flag and pixels disagree: put offset = 0 above, and run it again")

# %% [markdown]
# If that last number is well below zero, the offset had been taken off already, whatever the flag says (exercise 03-3),
# and the cell stops: begin it with `offset = 0` and run it again. If it is near a tenth although your area has water or
# dense forest, nobody has taken the offset off: begin with `offset = -0.1`.

# %%
inside_x = points.geometry.x.between(*cube.rio.bounds()[::2])
inside_y = points.geometry.y.between(*cube.rio.bounds()[1::2])
points = points[inside_x & inside_y].reset_index(drop=True)
x, y = points.geometry.x.to_xarray(), points.geometry.y.to_xarray()
spectra = cube.sel(x=x, y=y, method="nearest").transpose("index", "band").values
points = points.join(pd.DataFrame(spectra, columns=BANDS)).dropna(subset=BANDS)
is_target = (points["kind"] == SPECIES).to_numpy()

# %% tags=["nbval-check-output"]
print(points["kind"].value_counts().rename_axis(None).to_string())

# %% [markdown]
# Fewer than thirty of your species? Go on, but do not believe the second decimal of any figure below.
#
# ## Presence, background, and what a probability means
#
# Nobody has recorded where the species is *absent*. The model learns to tell places where the species was seen from
# background places, and the species grows at some of *these*, too. So the model's number is not the probability that it
# grows there. It says how much more a pixel is like the sightings than like the land in general, and it depends on
# **how many** background places we took. Here are the same sightings with all of the background, with half of it, and
# with a quarter.

# %%
SETTINGS = {"n_estimators": 100, "max_depth": 7, "learning_rate": 0.1}
SETTINGS |= {"subsample": 0.8, "tree_method": "hist", "random_state": 0, "n_jobs": 1}


def map_of(learnt_from):
    """Train on some points and return the map, computed, where the area is."""
    model = XGBClassifier(**SETTINGS)
    model.fit(learnt_from[BANDS], learnt_from["kind"] == SPECIES)
    lazy = predict_over_chunks(model, cube, within=area, classes=[1], engine="fast")
    return lazy.squeeze("class", drop=True).compute()


# %%
marked_with = {}
for share in [1, 0.5, 0.25]:
    some = points[~is_target].sample(frac=share, random_state=0)
    likeness = map_of(pd.concat([points[is_target], some]))
    marked_with[len(some)] = float((likeness > 0.5).sum()) / 100
marked_with = pd.Series(marked_with, name="hectares above 0.5").round()
marked_with.rename_axis("places that are not of your species").to_frame()

# %% [markdown]
# **What to notice.** Nothing has changed on the ground, but the marked area has. So we call the number **likeness**,
# and never add it up to hectares. Its *order* is worth a lot: the pixels most like the sightings come first. If your
# records say where people looked for the species and did **not** find it (absences), the number comes closer to a
# probability.
#
# ## Judged by blocks of land
#
# Neighbours look alike. If the model learns from one and is judged by the other, it looks better than it is. So the
# land is cut into squares, and all points of a square go to the same part: `StratifiedGroupKFold` deals the squares out
# to five parts, each with about the same share of sightings.

# %%
corner = points.get_coordinates() // BLOCK_METRES
block = corner.groupby(["x", "y"]).ngroup().to_numpy()
features = points[BANDS].to_numpy()
untrained = XGBClassifier(**SETTINGS)
ask = {"shuffle": True, "random_state": 0}
at_random = StratifiedKFold(5, **ask).split(features, is_target)
by_block = StratifiedGroupKFold(5, **ask).split(features, is_target, groups=block)
parts = {"at random": list(at_random), "blocks of land": list(by_block)}

# %%
said = {}
for name, part in parts.items():
    options = {"cv": part, "method": "predict_proba"}
    said[name] = cross_val_predict(untrained, features, is_target, **options)[:, 1]


# %%
def scores(likeness):
    """Return what a presence-and-background model can be judged by."""
    return {
        "order (AUC)": roc_auc_score(is_target, likeness),
        "sightings found": (likeness > 0.5)[is_target].mean(),
        "background marked": (likeness > 0.5)[~is_target].mean(),
    }


print(f"{block.max() + 1} blocks with points")
pd.DataFrame({name: scores(likeness) for name, likeness in said.items()}).T.round(2)

# %% [markdown]
# **What to notice.** The **[AUC](../docs/glossary.md#auc)** is about order only: if you take a sighting and a
# background place at random, how often does the sighting have the higher likeness? One half is guessing. `background
# marked` is not all error: some of it *is* your species. And none of the three is the accuracy of the map; for that,
# somebody must go and look.
#
# Do the two rows differ much? Then neighbours were helping each other. If not, the clusters are not the problem; even
# so, the lower row is the one to report.
#
# ## How many records are enough?
#
# The model learns from a tenth of them, from a fifth, and so on, and is judged each time on blocks that were left out.
# That is a **[learning curve](../docs/glossary.md#learning-curve)**.

# %%
sizes, _, order = learning_curve(
    untrained,
    *(features, is_target),
    cv=parts["blocks of land"],
    train_sizes=[0.1, 0.2, 0.35, 0.5, 0.75, 1.0],
    scoring="roc_auc",
    shuffle=True,
    random_state=0,
)
sightings = sizes * is_target.mean()

# %%
# Only drawing: run it, no need to read it.
figure, axes = plt.subplots(figsize=(8, 4.5))
axes.fill_between(
    *(sightings, order.min(axis=1), order.max(axis=1)),
    **{"color": "#88CCEE", "alpha": 0.6, "label": "worst to best part"},
)
axes.plot(sightings, order.mean(axis=1), "o-", color=INK, lw=3, label="mean of 5 parts")
axes.set_xlabel(f"records of {SPECIES} the model learnt from")
axes.set_ylabel("order (AUC; 0.5 is guessing)")
axes.set_title(cloud.map_title("Would more records help?"))
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# **What to notice.** Where the line still climbs, more records help. Where it is flat, more records *of the same kind*
# won't: then go to other valleys, to stands of other ages, in other seasons. The band shows how much the parts of the
# land differ: a step smaller than that means nothing.
#
# ## The map, and where the model does not apply
#
# The map is made from all points. With it comes the [area of applicability](../docs/glossary.md#area-of-applicability)
# of lesson 12: how different is a pixel from all that the model learnt from? The points of one part differ from those
# of the other parts only by so much; beyond that, the model was never tested.

# %%
likeness = map_of(points)
model = XGBClassifier(**SETTINGS).fit(points[BANDS], is_target)
middle, spread = features.mean(axis=0), features.std(axis=0)


def on_equal_footing(table):
    """Shift and stretch each band, and weigh it by its importance."""
    return ((table - middle) / spread * model.feature_importances_).astype("float32")


known = on_equal_footing(features)
mean_distance = pdist(known).mean()

# %%
of_training = np.empty(len(known))
for learnt, judged in parts["blocks of land"]:
    nearest = cKDTree(known[learnt]).query(known[judged])[0]
    of_training[judged] = nearest / mean_distance
lower, upper = np.quantile(of_training, [0.25, 0.75])
limit = of_training[of_training <= upper + 1.5 * (upper - lower)].max()
tree = cKDTree(known)


# %%
def unlike(values):
    """Return the dissimilarity index of a block of pixels, NaN where data is missing."""
    index = np.full(values.shape[:-1], np.nan, "float32")
    there = np.isfinite(values).all(axis=-1)
    index[there] = tree.query(on_equal_footing(values[there]))[0] / mean_distance
    return index


# %%
options = {"dask": "parallelized", "output_dtypes": ["float32"]}
lazy = xr.apply_ufunc(unlike, cube, input_core_dims=[["band"]], **options)
mapped = likeness.notnull()
outside = (lazy.compute() > limit) & mapped
marked = (likeness > 0.5) & mapped
print(f"marked: {float(marked.sum()) / 100:,.0f} ha")
print(
    f"outside the area of applicability: {float(outside.sum()) / float(mapped.sum()):.1%}"
)

# %%
KINDS = {
    "not marked": "white",
    f"like {SPECIES}": WINE,
    "the model does not apply": NOT_APPLICABLE,
}
kinds = xr.where(outside, 2, marked).where(mapped)


# %%
# Only drawing: run it, no need to read it.
def draw_map(axes):
    """Draw the three kinds of pixels, with the outline."""
    picture = kinds.assign_coords(x=kinds.x / 1000, y=kinds.y / 1000)
    look = {"cmap": ListedColormap(list(KINDS.values())), "add_colorbar": False}
    look |= {"vmin": 0, "vmax": 2, "interpolation": "nearest"}
    picture.plot.imshow(ax=axes, **look)
    draw_area(axes, f"Pixels like {SPECIES}, {day}")
    axes.set_facecolor(NOT_MAPPED)
    with_grey = KINDS | {"not mapped": NOT_MAPPED}
    patches = [Patch(fc=c, ec="grey", label=kind) for kind, c in with_grey.items()]
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.12), "frameon": False}
    axes.legend(handles=patches, ncols=2, **below)


# %%
# Only drawing: run it, no need to read it.
figure, axes = plt.subplots(figsize=(8, 7))
draw_map(axes)
plt.show()

# %% [markdown]
# **What to notice.** Does the pattern fit your species: along rivers, on the ridge, around the old plantation? Then
# look at the third colour. What is there that no record and no background place has shown?
#
# ## Places to visit, and an area with its interval
#
# Counted pixels are not an area (lesson 11). A random sample of places gives one. Your species is rare, so if places
# were drawn from the whole map, most visits would find nothing. We cut the map into three **strata** and draw from
# each: *marked*, *nearly* (a likeness from `0.1` to `0.5`), and *the rest*, which is large, and where each find counts
# most.

# %%
VISITS = pd.Series({"marked": 60, "nearly": 60, "the rest": 120})
strata = {"marked": marked, "nearly": mapped & (likeness > 0.1) & ~marked}
strata["the rest"] = mapped & (likeness <= 0.1)
hectares = pd.Series({name: int(layer.sum()) / 100 for name, layer in strata.items()})
random = np.random.default_rng(seed=15)
picked = []
for name, layer in strata.items():
    rows, columns = np.nonzero(layer.values)
    number = min(VISITS[name], rows.size)
    some = random.choice(rows.size, number, replace=False)
    where = {"x": layer.x.values[columns[some]], "y": layer.y.values[rows[some]]}
    picked.append(pd.DataFrame(where | {"stratum": name}))

# %%
picked = pd.concat(picked).sample(frac=1, random_state=15).reset_index(drop=True)
places = gpd.GeoDataFrame(
    {"name": [f"place {number:03}" for number in range(1, len(picked) + 1)]},
    geometry=gpd.points_from_xy(picked["x"], picked["y"]),
    crs=utm,
)
file_name = SPECIES.lower().replace(" ", "_")
to_visit = cloud.outputs / f"{file_name}_visits.gpkg"
places.assign(answer="").to_file(to_visit)
places.to_crs("EPSG:4326").to_file(to_visit.with_suffix(".gpx"), driver="GPX")

# %% [markdown]
# The list is shuffled and does not give the map's answer. The rule for the answer is written down before the first
# visit: **yes** if the species covers most of the pixel of 10 m, **no** if it does not, **unsure** if nobody can tell;
# on the day of the scene, or as close to it as possible.
#
# In the simulated place a simulated team goes at once, and makes mistakes as people do. With your own data, fill in the
# column `answer`, save the file next to the list with `_filled_in` at the end of its name, and run the lesson again.
# Until then the cells below show nothing. (If you change the records first, the list changes, and the answers don't
# fit.)

# %%
came_back = to_visit.with_stem(f"{to_visit.stem}_filled_in")
if cloud.truth is not None:
    key = cloud.truth / "second_place" / f"dominant_class_{day.replace('-', '')}.tif"
    is_wattle = visit(places, key)["answer"] == "Black Wattle"
    places.assign(answer=np.where(is_wattle, "yes", "no")).to_file(came_back)

# %% tags=["nbval-check-output"]
if came_back.exists():
    filled_in = gpd.read_file(came_back).to_crs(utm).set_index("name")
    metres = filled_in.distance(places.set_index("name"))
    if not metres.max() < 1:
        raise ValueError(f"{came_back.name} answers another list: move it away")
    answer = places["name"].map(filled_in["answer"]).fillna("")
    answer = answer.str.strip().str.lower()
    visits = picked.assign(answer=answer)[answer.isin(["yes", "no"])]
    counts = pd.crosstab(visits["stratum"], visits["answer"])
    counts = counts.reindex(index=VISITS.index, columns=["yes", "no"], fill_value=0)
    print(counts.to_string())

# %% [markdown]
# From visits to hectares, as in lesson 11: the share of *yes* in each stratum is multiplied by its hectares. Where
# nobody found any, the formula would treat zero as certain; so a stratum with no *yes* (or no *no*) gets the wider
# bound of the **[rule of three](../docs/glossary.md#rule-of-three)**: after `n` visits without a find, the share may
# still be `3 / n`.


# %%
def area_with_interval(counts, hectares):
    """Estimate hectares of yes: the estimate, and the ends of its 95 % interval."""
    visits = counts.sum(axis=1)
    if visits.min() < 2:
        raise ValueError(f"fewer than two answers in: {visits.idxmin()}: visit more")
    share = counts["yes"] / visits
    variance = (hectares**2 * share * (1 - share) / (visits - 1)).sum()
    estimate, margin = (hectares * share).sum(), 1.96 * np.sqrt(variance)
    bound = hectares * 3 / visits
    low = estimate - margin - bound[counts["no"] == 0].sum()
    high = estimate + margin + bound[counts["yes"] == 0].sum()
    # Each find is a pixel, a hundredth of a hectare, and surely there.
    return estimate, max(low, counts["yes"].sum() / 100), high


# %%
if came_back.exists():
    estimate, low, high = area_with_interval(counts, hectares)
    asked = counts.loc["marked"].sum()
    precision = counts.loc["marked", "yes"] / asked
    recall = hectares["marked"] * precision / estimate
    margin = 1.96 * np.sqrt(precision * (1 - precision) / (asked - 1))
    print(f"counted pixels: {hectares['marked']:,.0f} ha")
    print(f"from visits:    {estimate:,.0f} ha ({low:,.0f} to {high:,.0f})")
    print(f"precision {precision:.0%}, give or take {margin:.0%}; recall {recall:.0%}")

# %%
if cloud.truth is not None:
    true_code = rioxarray.open_rasterio(key)[0].rio.reproject_match(likeness)
    truly = (true_code == CLASS_CODES["Black Wattle"]) & mapped
    print(f"true: {float(truly.sum()) / 100:,.0f} ha")
    print(f"true precision {float(truly.where(marked).mean()):.0%}")
    print(f"true recall    {float(marked.where(truly).mean()):.0%}")

# %%
# Only drawing: run it, no need to read it.
if came_back.exists():
    figure, axes = plt.subplots(figsize=(8, 3))
    look = {"fmt": "o", "color": INK, "capsize": 6, "markersize": 10}
    axes.errorbar(estimate, 1, xerr=[[estimate - low], [high - estimate]], **look)
    axes.plot(hectares["marked"], 0, "D", color=WINE, ms=10)
    if cloud.truth is not None:
        axes.axvline(float(truly.sum()) / 100, color="black", ls=":", label="truth")
        axes.legend()
    axes.set_yticks([0, 1], ["counted pixels", "from visits"])
    axes.set(ylim=(-0.6, 1.6), xlim=(0, 1.15 * high))
    axes.set_xlabel("hectares (from visits: with 95 % interval)")
    axes.set_title(cloud.map_title(f"How much {SPECIES}?"))

# %% [markdown]
# **What to notice.** The interval holds the truth in nineteen of twenty such samples, if the answers are right, and so
# does that of the precision. One wrong *yes* in *the rest* adds more hectares than several in *marked*: let a second
# person check each answer there. Does the truth lie outside an interval? That happens, more often with few visits, and
# without the true map nobody would know.
#
# ## What you hand over
#
# The map as a COG with three codes, a **STAC item** that says what it is and how it was made, and one page.

# %%
map_path = cloud.outputs / f"{file_name}_map.tif"
layer = kinds.fillna(255).astype("uint8").rename("kinds").rio.write_crs(utm)
layer = layer.drop_vars("class", errors="ignore").rio.write_nodata(255)
layer.attrs = {"long_name": " / ".join(KINDS)}
write_cog(layer, map_path, codes=True, overwrite=True, progress=False)
print(f"{map_path.name}: {map_path.stat().st_size / 1000:.0f} kB")

# %%
when = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
item = pystac.Item(
    id=f"{file_name}-{when:%Y%m%d}",
    geometry=outline.convex_hull.__geo_interface__,
    bbox=list(outline.bounds),
    datetime=when,
    properties={
        "title": cloud.map_title(f"Pixels like {SPECIES}"),
        "description": f"{is_target.sum()} records; codes 0, 1, 2: {', '.join(KINDS)}",
        "derived_from": [scene["id"] for scene in scenes],
    },
)

# %%
page_path = map_path.with_suffix(".pdf")
handed_over = {map_path: (pystac.MediaType.COG, ["data"])}
handed_over[page_path] = (pystac.MediaType.PDF, ["overview"])
handed_over[to_visit] = (pystac.MediaType.GEOPACKAGE, ["sample"])
for path, (kind, roles) in handed_over.items():
    asset = pystac.Asset(f"./{path.name}", media_type=kind, roles=roles)
    item.add_asset(path.name, asset)
item.save_object(dest_href=str(map_path.with_suffix(".json")))

# %%
where_not = f"{float(outside.sum()) / 100:,.0f} ha"
order_by_block = scores(said["blocks of land"])["order (AUC)"]
if came_back.exists():
    lines = [f"Area from {len(visits)} visits: {low:,.0f} to {high:,.0f} ha (95 %)"]
    lines += [
        f"Of ten marked pixels about {10 * precision:.0f} hold it, as visits found"
    ]
else:
    lines = ["Nobody has visited yet: no area, and no accuracy, can be given"]
lines += ["White does not mean none: single and young plants are not seen"]
lines += [f"The model does not apply to {where_not} (orange)"]

# %%
lines += [f"Made from {is_target.sum()} records of {SPECIES}, and a scene of {day}"]
lines += [f"Compared with {(~is_target).sum()} other places"]
lines[-1] += f"; {left_out.sum()} records not used"
lines += ["On land new to the model, a record ranks above another place in"]
lines[-1] += f" {100 * order_by_block:.0f} % of pairs"

# %%
# Only drawing: run it, no need to read it.
page, (top, bottom) = plt.subplots(2, 1, figsize=(8.3, 11.7), height_ratios=[3, 1.1])
draw_map(top)
bottom.axis("off")
words = ["How to read this map", *(f"\N{BULLET} {line}" for line in lines)]
bottom.text(0, 1, "\n".join(words), va="top", fontsize=13, linespacing=1.6)
page.savefig(page_path)
plt.show()

# %% tags=["nbval-check-output"]
again = pystac.Item.from_file(str(map_path.with_suffix(".json")))
print(again.id, again.properties["derived_from"])
print({name: asset.roles for name, asset in again.assets.items()})

# %% [markdown]
# **What to notice.** The page says what was left out and where the model has not been tested, and it gives an area only
# if somebody has gone and looked. Read it as if you had to use it to decide how to spend money.
#
# For your next species or place, use this lesson without its text: [own/your_map.ipynb](own/your_map.ipynb).
#
# ## Exercises

# %% [markdown]
# ### Exercise 15-1: larger blocks
#
# How many blocks **of 2 km** hold at least one of the `points`? The answer is a whole number.
#
# Stuck? Run `hint("15-1")`.

# %% tags=["exercise"]
number_of_blocks = ...
check("15-1", number_of_blocks, points=points)

# %% [markdown]
# <details><summary>Solution 15-1</summary>
#
# ```python
# corner = points.get_coordinates() // 2000
# number_of_blocks = int(corner.groupby(["x", "y"]).ngroup().max() + 1)
# ```
#
# `corner.drop_duplicates()` has the same number of rows. Larger blocks are a harder test, but there are fewer of them
# to share out: with about ten blocks, five parts hardly make sense.
#
# </details>

# %% [markdown]
# ### Exercise 15-2: twice the background
#
# With 200 sightings and 200 background places, a colleague's model gives a pixel `0.55`. She trains it again, with
# **twice** the background and the same sightings. What will the new model give that pixel, if it is as good as the old
# one? (Twice the background halves the **odds**, p / (1 - p).) The answer is a number with two decimals.
#
# Stuck? Run `hint("15-2")`.

# %% tags=["exercise"]
new_likeness = ...
check("15-2", new_likeness)

# %% [markdown]
# <details><summary>Solution 15-2</summary>
#
# ```python
# odds = 0.55 / (1 - 0.55) / 2
# new_likeness = odds / (1 + odds)
# ```
#
# The pixel was marked before and is not marked now, and not a leaf has moved. So a threshold of one half means nothing
# by itself: it belongs to the background that was drawn, and both belong in the report.
#
# </details>

# %% [markdown]
# ### Exercise 15-3: nobody found any
#
# *The rest* of a map has **6,400 hectares**. There, 120 random places were visited, and the species was at none of
# them. By the rule of three, **up to how many hectares** of it may there be?
#
# Stuck? Run `hint("15-3")`.

# %% tags=["exercise"]
up_to_hectares = ...
check("15-3", up_to_hectares)

# %% [markdown]
# <details><summary>Solution 15-3</summary>
#
# ```python
# up_to_hectares = 6400 * 3 / 120
# ```
#
# Where the true share is 3 / 120, all 120 places miss it in one of twenty samples: `(1 - 3 / 120) ** 120`. "We found
# none" gives an upper bound, not a zero.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. Records lie in the sea south of Ghana, at 0 degrees north and 0 degrees east. What are they?**
#
# <details><summary>a) Trees on an island that the map does not show</summary>
#
# **No.** There is no island.
#
# </details>
# <details><summary>b) Records with latitude and longitude swapped</summary>
#
# **No.** Zero and zero swapped are still zero and zero.
#
# </details>
# <details><summary>c) Records without a position, for which a program wrote zeros</summary>
#
# **Yes.** An empty cell became a number. Such records must be looked up, or left out.
#
# </details>
#
# **2. A model of sightings and background gives a pixel 0.8. What do you know?**
#
# <details><summary>a) That it is more like the sightings than a pixel with 0.5</summary>
#
# **Yes.** The order counts. The number itself depends on how much background was drawn.
#
# </details>
# <details><summary>b) That the species grows there with a chance of eight in ten</summary>
#
# **No.** That would be true only if the species were as common among these points as it is on the land.
#
# </details>
# <details><summary>c) That it covers most of the pixel</summary>
#
# **No.** Nobody asked about cover: a sighting may be a single tree.
#
# </details>
#
# **3. The learning curve is flat at its end. What do you do with the money for field work?**
#
# <details><summary>a) Nothing: the map is as good as it can be</summary>
#
# **No.** It is as good as records *of this kind* can make it.
#
# </details>
# <details><summary>b) Send people to places that were drawn at random, or that are unlike all records</summary>
#
# **Yes.** The first judge the map; the second teach the model something new.
#
# </details>
# <details><summary>c) Collect twice as many records along the same streams</summary>
#
# **No.** The curve says that they would hardly change anything.
#
# </details>
#
# **4. Your area lies on two tiles of two UTM zones. What happens here?**
#
# <details><summary>a) Only the tile with more of the area is used</summary>
#
# **No.** The search by area finds both, and `mosaic` lays them together.
#
# </details>
# <details><summary>b) The search finds nothing</summary>
#
# **No.** A catalogue searches in degrees; zones don't matter to it.
#
# </details>
# <details><summary>c) Hectares are counted twice where the tiles overlap</summary>
#
# **No.** On the common grid each pixel occurs once.
#
# </details>
# <details><summary>d) Both are reprojected to the zone of the area's centre</summary>
#
# **Yes.** stackstac is told one projection, and reads every tile into it.
#
# </details>

# %% [markdown]
# ## Key points
#
# - Check the records before the first pixel: correct what is certain, leave out what is not, and report both.
# - Search by the area, and ask how much of *it* is covered and clear.
# - Without absences there is no probability, only an order: never add it up to hectares.
# - Judge by blocks of land; look at a learning curve before you ask for more records.
# - Only visits to random places give an area, and the interval that belongs to it.
#
# **What's next:** your own map, with [own/your_map.ipynb](own/your_map.ipynb). If you are stuck,
# [Errors that learners meet](../docs/errors.md) may have the message.
