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
# # Your map
#
# Duplicate this notebook, change the cell that names your files, then choose *Run*, *Run All Cells*.
# [Lesson 15](../15_your_own_species.ipynb) explains why each step is there and what its result means.

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
    expect_columns,
    expect_scenes,
    open_cloud,
    predict_over_chunks,
    write_cog,
)

# %%
from helpers.course import BANDS, NOT_APPLICABLE, NOT_MAPPED
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

# %%
POINTS, POINTS_CRS = cloud.field_points, None  # None: the file says it, or degrees
AREA = cloud.area_of_interest
COLUMN, WORDS = "name", ["pine"]  # what grows there; what names your species
COLLECTION, PERIOD = "sentinel-2-l2a", "2018-09-01/2018-10-31"
SPECIES = "pines"  # as titles and files are to call it
MOST_METRES, BLOCK_METRES = 30, 1000  # least exact record; side of a block of land

# %% [markdown]
# ## What came in

# %%
records = read_points(POINTS, crs=POINTS_CRS)
expect_columns(records, [COLUMN], POINTS)
records[COLUMN] = records[COLUMN].astype("string").str.strip()
print(len(records), "records; supposed:", "; ".join(records.attrs["supposed"]))
print(records[COLUMN].value_counts(dropna=False).head(8).to_string())

# %%
named = records[COLUMN].fillna("")
records["kind"] = np.where(named == "", "background", "other plant")
records.loc[named.str.contains("|".join(WORDS), case=False), "kind"] = SPECIES
gathered = records[named != ""].groupby("kind")[COLUMN].unique()
for kind, names in gathered.items():
    print(f"{kind}: {', '.join(names[:12])}")

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

# %%
last_day = PERIOD.partition("/")[2]
faults = find_faults(records, area, kind="kind", scene_date=last_day)
print(report_on(faults)["records"].to_string())

# %%
pd.set_option("display.max_colwidth", None)
report_on(faults)

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
# ## Does a scene cover it, and is it clear there?

# %%
outline = area.to_crs("EPSG:4326").force_2d().union_all()
catalogue = pystac_client.Client.open(cloud.stac_url)
wanted = {"collections": [COLLECTION], "datetime": PERIOD, "intersects": outline}
items = list(catalogue.search(**wanted).items_as_dicts())
expect_scenes(items, f"the area in {AREA}, {PERIOD}")
found = gpd.GeoDataFrame.from_features(items, crs="EPSG:4326").to_crs(utm)
found["day"] = found["datetime"].str[:10]
found["zone"] = found["grid:code"].str[5:7]

# %%
summary = {"grid:code": "nunique", "zone": "nunique", "eo:cloud_cover": "mean"}
days = found.dissolve("day", aggfunc=summary).set_axis(
    ["geometry", "tiles", "zones", "cloud"], axis=1
)
mine = area.to_crs(utm).union_all()
days["covered"] = days.intersection(mine).area / mine.area
print(days.drop(columns="geometry").round(2).to_string())

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

# %%
clear_days = candidates[candidates["clear"] > 0.8]
expect_scenes(clear_days, "a day on which most of the area is clear")
day = clear_days["clear"].idxmax()
print(f"{day}: {clear_days.loc[day, 'clear']:.0%} of the area is clear")

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

# %%
inside_x = points.geometry.x.between(*cube.rio.bounds()[::2])
inside_y = points.geometry.y.between(*cube.rio.bounds()[1::2])
points = points[inside_x & inside_y].reset_index(drop=True)
x, y = points.geometry.x.to_xarray(), points.geometry.y.to_xarray()
spectra = cube.sel(x=x, y=y, method="nearest").transpose("index", "band").values
points = points.join(pd.DataFrame(spectra, columns=BANDS)).dropna(subset=BANDS)
is_target = (points["kind"] == SPECIES).to_numpy()

# %%
print(points["kind"].value_counts().rename_axis(None).to_string())

# %% [markdown]
# ## Presence, background, and what a probability means

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
# ## Judged by blocks of land

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
# ## How many records are enough?

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
# ## The map, and where the model does not apply

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
# ## Places to visit, and an area with its interval

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

# %%
came_back = to_visit.with_stem(f"{to_visit.stem}_filled_in")

# %%
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
# Only drawing: run it, no need to read it.
if came_back.exists():
    figure, axes = plt.subplots(figsize=(8, 3))
    look = {"fmt": "o", "color": INK, "capsize": 6, "markersize": 10}
    axes.errorbar(estimate, 1, xerr=[[estimate - low], [high - estimate]], **look)
    axes.plot(hectares["marked"], 0, "D", color=WINE, ms=10)
    axes.set_yticks([0, 1], ["counted pixels", "from visits"])
    axes.set(ylim=(-0.6, 1.6), xlim=(0, 1.15 * high))
    axes.set_xlabel("hectares (from visits: with 95 % interval)")
    axes.set_title(cloud.map_title(f"How much {SPECIES}?"))

# %% [markdown]
# ## What you hand over

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

# %%
again = pystac.Item.from_file(str(map_path.with_suffix(".json")))
print(again.id, again.properties["derived_from"])
print({name: asset.roles for name, asset in again.assets.items()})
