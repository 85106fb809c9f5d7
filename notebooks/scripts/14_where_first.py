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
# # 14 Where first? A plan with its uncertainty
#
# **The question:** there is money to clear some of the pines. Which first, and how sure is the answer?
#
# **You will be able to**
#
# - turn a map into hectares and condensed hectares of each catchment, with intervals;
# - find the figures on which published sources differ, and say whether that changes the plan;
# - choose stands under a budget with a solver, and compare it with "densest first";
# - say which decisions are safe and which need a visit first;
# - hand over files that a team can use, and a page that admits what it does not know.
#
# **Time:** 56 minutes (reading 43, exercises 13). **Needs:** the map of lesson 09; the ideas of lesson 11. The section
# marked optional is extra.

# %%
import json
import textwrap
from datetime import UTC, datetime

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pystac
import pystac_client
import rioxarray

# %%
import shapely
import xarray as xr
import xvec
from matplotlib import patheffects
from matplotlib.patches import Patch
from rasterio.enums import Resampling
from rasterio.features import rasterize
from scipy.ndimage import distance_transform_edt
from scipy.optimize import Bounds, LinearConstraint, milp

# %%
from helpers import check, find_or_make, hint, open_cloud, write_cog
from helpers.course import CLASS_CODES, CRS, PLACE
from helpers.plots import LEGEND_BELOW, set_plot_style

hv.extension("bokeh", inline=True)
cloud = open_cloud()
INK, WINE, SAND, SKY = "#332288", "#882255", "#DDCC77", "#88CCEE"
set_plot_style()

# %% [markdown]
# ## What is assumed
#
# A plan needs numbers that no map has. Here they are, all in one place: each with its source, or with the word
# *assumed*. Skim them: each is explained where it is used. If you disagree with one, change this cell and run the
# lesson again. (Money is in rand of the early 2000s, the years of the sources: only the proportions count here.)

# %%
DENSE = (1500, 3500, 12000)  # rand/ha above 75 %: least, mean, most (second-hand)
THINNER = (3, 9, 25)  # times cheaper below 5 %: Marais and Wannenburgh 2008; 9 assumed
STEEP, PER_KM = 0.5, 0.1  # dearer at 30 degrees; for each km from a track: assumed
FOLLOW_UP = {2: 0.4, 5: 0.2}  # years after: share of the first cost, assumed
SET_UP = 60_000  # rand for camp and road, once for each catchment: assumed
BUDGET = 4_000_000  # rand, follow-up included: assumed
SPREAD = (0.04, 0.08)  # a year: low scenario, van Wilgen et al. 2016; double: assumed
AGES = [4, 7, 10, 15, 20]  # years of a stand in each density class: assumed
COVER = (0.6, 0.9)  # of a pixel that is mostly pine, least and most: assumed
LOCAL = 0.4  # how far catchments differ (sd of the logarithm): assumed
YEARS, INTEREST = 15, 0.04  # how far ahead we look; what a year costs: assumed
SURE = (0.2, 0.8)  # of the draws: below is not now, above is safe: assumed

# %% [markdown]
# A plan also needs what no satellite sees: **catchments**, **tracks** and **visits** to random places. The kit provides
# them. With `COURSE_CLOUD=aws`, put your own into the outputs folder, as `catchments.gpkg` (layer `catchments`, column
# `name`), `tracks.gpkg` and `places_filled_in.gpkg` (the sample of lesson 11). This cell says what is missing, and the
# lesson goes on without it: one catchment, no walking, and, without visits, nothing known about the map's errors.

# %%
names = {"catchments": "catchments", "tracks": "tracks", "visits": "places_filled_in"}
files = {what: cloud.outputs / f"{name}.gpkg" for what, name in names.items()}
if cloud.truth is not None:
    files["catchments"] = cloud.area_of_interest
    files["tracks"] = cloud.truth.parent / "tracks.gpkg"
    files["visits"] = cloud.truth.parent / "validation_points.gpkg"
missing = [f"{what} ({path.name})" for what, path in files.items() if not path.exists()]
print("missing:", ", ".join(missing) or "nothing")


# %%
def read_layer(what, instead, layer=0):
    """Read a layer in the map's projection; take something else where it is missing."""
    there = files[what].exists()
    return (gpd.read_file(files[what], layer=layer) if there else instead).to_crs(CRS)


area = gpd.read_file(cloud.area_of_interest, layer=0).assign(name="whole area")
area = area.dissolve("name").reset_index()
catchments = read_layer("catchments", area, layer="catchments")
tracks = read_layer("tracks", gpd.GeoDataFrame(geometry=[], crs=CRS))
nobody = gpd.GeoDataFrame({"interpreter_1": []}, geometry=[], crs=CRS)
visits = read_layer("visits", nobody)

# %% [markdown]
# ## Hectares of each catchment, by density
#
# Teams are paid by the **[density class](../docs/glossary.md#density-class)** of a stand, not of a pixel. So we look at
# squares of one hectare, a hundred pixels: what share of them does the map mark? (A share of pixels is not yet a cover
# of crowns. The visits will show what grows there. The map is that of 2018, because the visits belong to it. What has
# grown or burnt since, lesson 13 shows; for a plan of today you would need new visits.)

# %%
pine_map = rioxarray.open_rasterio(find_or_make("pine_probability.tif"), masked=True)
pine_map = pine_map.squeeze("band", drop=True)
mapped, marked = pine_map.notnull(), pine_map > 0.5
choice = json.loads(find_or_make("chosen_scene.json").read_text())
when = datetime.strptime(choice["id"].split("_")[2], "%Y%m%d").replace(tzinfo=UTC)


def in_squares(pixels):
    """Add up pixels in squares of one hectare, in hectares."""
    sums = pixels.coarsen(x=10, y=10, boundary="trim").sum() / 100
    return sums.drop_vars("spatial_ref", errors="ignore").rio.write_crs(CRS)


# %%
DENSITY = ["below 5 %", "5-25 %", "25-50 %", "50-75 %", "above 75 %"]
densities = xr.DataArray(DENSITY, dims="density", coords={"density": DENSITY})
square = in_squares(mapped)
share_marked = (in_squares(marked) / square.where(square > 0)).fillna(0)
rank = np.digitize(share_marked, [0.05, 0.25, 0.5, 0.75])
dense = xr.DataArray(np.array(DENSITY)[rank], share_marked.coords, share_marked.dims)
in_class = square.where(dense == densities, 0)

# %% [markdown]
# (`coarsen` leaves `spatial_ref` as it was, with the size of the *old* pixels in it, so we drop it and write it again.)
# Then `zonal_stats` of xvec adds up the squares of each catchment. A square belongs to the catchment that contains its
# centre.


# %%
def by_catchment(layer):
    """Add up a layer of squares in every catchment."""
    zones = catchments.geometry
    sums = layer.xvec.zonal_stats(
        zones, "x", "y", stats="sum", method="rasterize", index=False
    )
    sums = sums.rename(geometry="catchment").transpose("catchment", ...)
    return sums.drop_vars("spatial_ref", errors="ignore").assign_coords(
        catchment=("catchment", catchments["name"].values)
    )


# %%
hectares = by_catchment(in_class).rename("hectares")
counted = by_catchment(in_squares(marked)).to_series().rename("counted")
by_density = hectares.to_pandas()
by_density.assign(counted=counted).round(0).astype(int)

# %% [markdown]
# **What to notice.** Each row is a catchment; the last column counts marked pixels, in hectares. Most of the land by
# far is in the first class, where the map marks hardly anything.
#
# ## The interval comes along
#
# Lesson 11 showed that counting pixels does not give the area. Its remedy was a random sample, sorted by what the map
# says. Now we sort the same visits by **density class**: in a square that the map calls dense, a visit finds pines more
# often.

# %%
visits = visits.clip(pine_map.rio.bounds()).sort_index()
x, y = visits.geometry.x.to_xarray(), visits.geometry.y.to_xarray()
visits["density"] = dense.sel(x=x, y=y, method="nearest").values
on_the_map = mapped.sel(x=x, y=y, method="nearest").values.astype(bool)
answered = visits[on_the_map & ~visits["interpreter_1"].isin(["", "unsure"])]
says_pine = answered["interpreter_1"] == "Dense Pines"

# %% tags=["nbval-check-output"]
counts = pd.DataFrame({"pine": 0, "no pine": 0}, index=DENSITY)
counts["pine"] += answered.loc[says_pine, "density"].value_counts()
counts["no pine"] += answered.loc[~says_pine, "density"].value_counts()
counts = counts.fillna(0).astype(int)
print(counts.to_string())

# %% [markdown]
# How do visits become a share, and how sure is it? Say that eight of nine visits found pines: the true share may be
# nine tenths, or seven. How well each possible share fits the visits is described by a **beta distribution**. Its two
# parameters are the visits with pines and those without, each plus a half. (The halves stand for how little we knew
# before the first visit, a common choice; with them, a class in which nothing was found is not certain to hold
# nothing.) Instead of a formula for every later step, we **draw** from it many times and send each draw through the
# whole plan. This is called [Monte Carlo](../docs/glossary.md#monte-carlo).

# %%
DRAWS = 200
random = np.random.default_rng(seed=14)
place = {"density": DENSITY, "catchment": catchments["name"].values}


def draws(values, *dims):
    """Give random values, one draw a row, the names of their dimensions."""
    return xr.DataArray(values, {dim: place[dim] for dim in dims}, ("draw", *dims))


# %%
share = random.beta(counts["pine"] + 0.5, counts["no pine"] + 0.5, (DRAWS, len(counts)))
stray = np.exp(LOCAL * random.normal(size=(DRAWS, len(catchments))))
share = draws(share, "density") * draws(stray, "catchment")
pines = hectares * share.clip(max=1)
condensed = pines * draws(random.uniform(*COVER, DRAWS))

# %% [markdown]
# `stray` is an honest admission. The visits are too few to show whether the map errs more in one catchment than in
# another, so every draw lets each catchment stray by its own factor. Finally, cover turns hectares into **[condensed
# hectares](../docs/glossary.md#condensed-hectares)**. Do the draws agree with the formula of lesson 11?
# (The formula gives more hectares here than it did there, from the same visits. It takes a share of pines in each
# group, and lesson 11 formed its groups of pixels, not of whole squares: in other groups, the same few finds stand for
# other areas. Neither is wrong; where the two intervals overlap, the visits agree with both.)

# %%
of_class = hectares.sum("catchment").to_series()
if len(answered):
    made = counts.sum(axis=1)
    found = counts["pine"] / made
    error = np.sqrt((of_class**2 * found * (1 - found) / (made - 1)).sum())
    middle = (of_class * found).sum()
    print(f"formula: {middle - 1.96 * error:,.0f} to {middle + 1.96 * error:,.0f} ha")
low, high = np.quantile(pines.sum(["catchment", "density"]), [0.025, 0.975])
print(f"draws:   {low:,.0f} to {high:,.0f} ha (catchments vary, too)")

# %%
LIMITS = [0.025, 0.5, 0.975]
three = pines.sum("density").quantile(LIMITS, dim="draw").to_pandas().T
three.columns = ["low", "middle", "high"]
three["counted"] = counted
much = condensed.sum("density").quantile(LIMITS, dim="draw").to_pandas().T
three[["condensed, low", "condensed, high"]] = much[[0.025, 0.975]]
three.round(0).astype(int)

# %%
# Only drawing: run it, no need to read it.

figure, axes = plt.subplots(figsize=(8, 4))
sides = three[["low", "high"]].sub(three["middle"], axis=0).abs().values.T
look = {"fmt": "o", "color": INK, "capsize": 6, "markersize": 9}
drawn = axes.errorbar(three["middle"], three.index, xerr=sides, **look)
look = {"color": WINE, "ms": 8, "zorder": 5, "markeredgecolor": "white"}
(marks,) = axes.plot(three["counted"], np.arange(len(three)) + 0.32, "D", **look)
axes.set(ylim=(len(three) - 0.3, -0.6), xlim=(0, None))
axes.set_xlabel("pines (ha), with 95 % interval")
axes.set_title(cloud.map_title("Hectares of pines in each catchment"))
below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.18), "ncols": 2}
axes.legend([drawn, marks], ["estimated", "counted pixels"], **below)
plt.show()

# %% [markdown]
# **What to notice.** The intervals overlap widely. They don't say which catchment has the most pines, though the
# counted pixels seem to.
#
# ## Water: many figures for one hectare
#
# How much water does a cleared hectare give back? Here the sources differ widely. One millimetre on one hectare is 10
# cubic metres.

# %%
WATER = {  # cubic metres a year
    "flow models, condensed ha (Le Maitre et al. 2016)": 970,
    "evaporation, invaded ha: less fynbos (Meijninger and Jarmain 2014)": 10
    * (895 - 520),
    "evaporation, invaded ha: less cleared (Meijninger and Jarmain 2014)": 10
    * (895 - 780),
    "planned, ha to be cleared (TNC 2019)": 55e6 / 54_300,
    "achieved, ha cleared (Western Cape, March 2023)": 13.1e6 / 40_790,
}
water = pd.Series(WATER)
print(f"the largest is {water.max() / water.min():.0f} times the smallest")

# %%
# Only drawing: run it, no need to read it.

figure, axes = plt.subplots(figsize=(8, 4.2))
names = water.index.str.replace(" (", "\n(", regex=False)
axes.hlines(names, 0, water, color="grey")
axes.plot(water, names, "o", color=INK, markersize=10)
axes.set(xlabel="cubic metres a year for a hectare", ylim=(-0.6, len(water) - 0.4))
axes.set(xlim=(0, 4000), xticks=range(0, 4001, 1000))
axes.invert_yaxis()
axes.set_title("Water that clearing gives back")
plt.show()

# %% [markdown]
# **What to notice.** They do not mean the same hectare. The first is condensed; the second and third are invaded land,
# with five kinds of trees together; the last two divide a programme's water by *all* hectares cleared, thinly invaded
# ones included. These two, what was planned and what was achieved by March 2023, come from the same programme and
# differ by a factor of three: the achieved figure is "up to", and second-hand. Evaporation from land just cleared is
# closer to that of trees than of fynbos (Meijninger and Jarmain 2014): how much water comes back depends on what grows
# there next.
#
# Further down, all five are multiplied by **condensed** hectares. That fits the first; for the others it is a
# simplification, and for the last two a large one: a figure for cleared land, most of it thin, promises too little for
# a hectare full of pines. So part of what the draws will show as doubt is that the sources speak of different hectares.
#
# A young stand also uses less water than a mature one. Here are two curves of [stream-flow
# reduction](../docs/glossary.md#stream-flow-reduction) by planted pines, for poor and for good growth (by Scott and
# Smith):


# %%
def reduction(age, growth):
    """Return by how much pines of an age lower the flow of a stream, in per cent."""
    if growth == "poor":
        return 83.5 / (1 + np.exp(5.028 - 0.382 * age))
    return 101.5 / (1 + np.exp(5.501) * age**-3.251)


# %%
# Only drawing: run it, no need to read it.

figure, axes = plt.subplots(figsize=(8, 3.8))
age = np.linspace(1, 35, 100)
for growth, colour, line in [("good", WINE, "--"), ("poor", INK, "-")]:
    curve = reduction(age, growth)
    axes.plot(age, curve, line, color=colour, lw=3, label=f"{growth} growth")
axes.set(xlabel="age of the stand (years)", ylabel="flow lowered by (%)")
axes.set(ylim=(0, 105), title="What a stand takes, by its age (Scott and Smith)")
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# **What to notice.** At ten years the curves differ by more than a factor of four. (They are fitted curves: the upper
# one ends a little above 100.) So we don't choose: later, each draw
# takes one of the two curves and one of the five figures.
#
# We average what a stand takes over the coming years, while it ages and spreads. For the spread there are two sources:
# 4 % a year in the low scenario of van Wilgen et al. (2016), and from 2.4 to 62.4 % cover in a hundred years in the
# Kogelberg (Le Maitre et al. 1996). Cover grows along an S-shaped curve, levelling off as room runs out; how much is
# that a year, at first?

# %%
odds_then, odds_at_last = 0.024 / (1 - 0.024), 0.624 / (1 - 0.624)
print(f"{np.log(odds_at_last / odds_then) / 100:.1%} a year in the Kogelberg")


# %%
def water_saved(condensed, per_hectare, spread, growth, years=YEARS):
    """Return cubic metres a year that clearing saves, the mean of the coming years."""
    cover = (condensed / hectares.where(hectares > 0)).fillna(0).clip(0, 0.99)
    ages = xr.DataArray(AGES, {"density": DENSITY}, ["density"])
    total = 0
    for year in range(years):
        odds = cover / (1 - cover) * np.exp(spread * year)
        thirst = reduction(ages + year, growth) / reduction(30, growth)
        total += odds / (1 + odds) * hectares * per_hectare * thirst
    return total / years


# %% [markdown]
# We apply the figure for a hectare to stands of thirty years; the curve says how much of it a younger one uses. This is
# a sketch, not hydrology, but each of its numbers has a name.
#
# ## Cost: density, access, follow-up
#
# We take the slope from the terrain model, as in lesson 11, and the distance to the nearest track:

# %%
catalogue = pystac_client.Client.open(cloud.stac_url)
bounds = pine_map.rio.transform_bounds("EPSG:4326")
search = catalogue.search(collections=["cop-dem-glo-30"], bbox=bounds)
height = xr.full_like(pine_map, np.nan)
for terrain in search.items_as_dicts():
    part = rioxarray.open_rasterio(terrain["assets"]["data"]["href"], masked=True)[0]
    part = part.rio.reproject_match(pine_map, resampling=Resampling.bilinear)
    height = height.fillna(part)
to_north, to_east = np.gradient(height.values, -10, 10)
slope = pine_map.copy(data=np.degrees(np.arctan(np.hypot(to_east, to_north))))

# %%
on_track = np.zeros(pine_map.shape, "uint8")
if len(tracks):
    transform = pine_map.rio.transform()
    lines = list(tracks.geometry)
    on_track = rasterize(lines, on_track.shape, transform=transform, all_touched=True)
no_track = distance_transform_edt(on_track == 0, sampling=10) / 1000
kilometres = pine_map.copy(data=no_track if len(tracks) else np.zeros(pine_map.shape))


# %%
def mean_of_stands(pixels):
    """Return the mean of a layer in each catchment and density class."""
    mean = in_squares(pixels.where(mapped)) / square.where(square > 0)
    sums = by_catchment(mean.fillna(0) * in_class)
    return (sums / hectares.where(hectares > 0)).fillna(0)


steepness, far = mean_of_stands(slope), mean_of_stands(kilometres)
access = 1 + STEEP * steepness / 30 + PER_KM * far

# %%
access.to_pandas().round(2)


# %% [markdown]
# The table shows how many times as expensive a stand is as one on level ground beside a track. As for the price,
# clearing at 1 to 5 % cover is 3 to 25 times cheaper than above 75 % (Marais and Wannenburgh 2008); the classes between
# get even steps. (The source means cover of crowns; we take our share of marked pixels for it.) Then come the two
# **follow-up** visits: without them the seedlings close the stand again, and the first clearing was for nothing.


# %%
def cost_of(dense, thinner):
    """Return the cost in rand of every stand, with its follow-up."""
    steps = xr.DataArray(np.linspace(1, 0, 5), {"density": DENSITY}, ["density"])
    first = hectares * access * dense / thinner**steps
    return first * (1 + sum(FOLLOW_UP.values()))


cost = cost_of(DENSE[1], THINNER[1])
print(f"everything: R {float(cost.sum()) / 1e6:.1f} million")
print(f"budget:     R {BUDGET / 1e6:.1f} million")
(cost / 1000).to_pandas().round(0).astype(int)

# %% [markdown]
# The costs are in thousands of rand. The large first class is cheap by the hectare but expensive as a whole: somebody
# has to walk everywhere and look.
#
# ## Now, or in fifteen years?
#
# A thin stand uses hardly any water today. Should you leave it, and clear it once it has closed?

# %%
now = DENSE[1] / np.array(THINNER)
later = DENSE[1] / (1 + INTEREST) ** YEARS
table = pd.DataFrame({"now": now, "closed, at today's value": later})
table["waiting pays if fewer close than"] = table["now"] / later
table.index = [f"{times} times cheaper when thin" for times in THINNER]
table.round(2)

# %% [markdown]
# **What to notice.** The figures are in rand per hectare. At 25 times cheaper it pays to go now even if only eight in
# a hundred such hectares ever close; at 3 times cheaper most of them must. (This counts money alone, not the water lost
# in the meantime, nor the seeds of fifteen years.) The source gives both ends (Marais and
# Wannenburgh 2008), so the honest answer to "small ones first?" is that it depends on a number that is in your own
# accounts, and in no satellite image.
#
# ## A plan under a budget
#
# From here on, a **stand** is all the land of a catchment in one density class. Which stands give the most water for
# the money? That is a yes or no for each, with a total that may not exceed the budget, and a set-up cost for every
# catchment in which anything is done. `milp` finds the best choice ([mixed-integer linear
# programming](../docs/glossary.md#mixed-integer-linear-programming)): you give it what to minimise, and the
# constraints.


# %%
def as_series(array):
    """Return one number for each stand."""
    return array.transpose("catchment", "density").to_series()


# %%
def best_plan(benefit, cost, whole=True, set_up=SET_UP):
    """Choose stands that save most water for the budget: True for what is cleared."""
    inside = pd.get_dummies(benefit.index.get_level_values("catchment")).astype(float)
    zeros = np.zeros(inside.shape[1])
    paid = np.r_[cost, zeros + set_up]
    opened = np.hstack([np.eye(len(benefit)), -inside.values])
    limits = [LinearConstraint(paid, ub=BUDGET), LinearConstraint(opened, ub=0)]
    integers = np.r_[np.full(len(benefit), int(whole)), zeros + 1]
    worth = -np.r_[benefit, zeros]
    found = milp(worth, integrality=integers, bounds=Bounds(0, 1), constraints=limits)
    return pd.Series(found.x[: len(benefit)] > 0.5, benefit.index)


# %% [markdown]
# There is one unknown for each stand and one for each catchment, all of them 0 or 1 (`integrality`). If a line appears
# that begins with `Highs`, it comes from inside the solver and is harmless. `opened` says that no stand is cleared
# unless its catchment is opened. We compare the solver with what many would do, **densest first**: from the densest
# class down, near and level stands before far and steep ones, until the money is spent:


# %%
def densest_first(cost):
    """Take stands from the densest class down while the budget lasts."""
    order = pd.DataFrame({"access": as_series(access), "cost": cost})
    order["rank"] = [DENSITY.index(density) for _, density in order.index]
    order = order.sort_values(["rank", "access"], ascending=[False, True])
    taken, spent = [], 0
    for stand, price in order["cost"].items():
        opening = SET_UP * (stand[0] not in {catchment for catchment, _ in taken})
        if spent + price + opening <= BUDGET:
            taken.append(stand)
            spent += price + opening
    return pd.Series(cost.index.isin(taken), cost.index)


# %%
def middle_benefit(**other):
    """Return the water that each stand gives by the middle figures, or by others."""
    figures = {"per_hectare": water.median(), "spread": SPREAD[0], "growth": "poor"}
    return as_series(water_saved(condensed.median("draw"), **figures | other))


costs, benefit = as_series(cost), middle_benefit()
plans = {"densest first": densest_first(costs), "solver": best_plan(benefit, costs)}
gains = pd.Series({name: benefit[plan].sum() / 1000 for name, plan in plans.items()})
gains.rename("thousand m3 a year, as estimated").round(1).to_frame()

# %%
per_rand = 1000 * benefit / costs.where(costs > 0)
side_by_side = pd.DataFrame({"litres a year per rand": per_rand.round(1)})
for name, plan in plans.items():
    side_by_side[name] = plan.map({True: "yes", False: ""})
side_by_side[side_by_side[["densest first", "solver"]].eq("yes").any(axis=1)]

# %% [markdown]
# **What to notice.** The solver can't do worse than any other rule *by these figures*. You see above how much better it
# does, and you have seen before how uncertain the figures are. Is the difference worth anything?
#
# What a rule of thumb can't weigh is the set-up: is one more stand worth a camp of its own? Here is the solver's plan
# beside the one it would make if camps cost nothing:

# %%
for set_up in [SET_UP, 0]:
    plan = best_plan(benefit, costs, set_up=set_up)
    each = plan.groupby(level="catchment").sum()
    print(f"set-up R {set_up:,}: {plan.sum()} stands in {(each > 0).sum()} catchments")

# %% [markdown]
# In the simulated scene camps that cost money pull the plan together, into fewer catchments.
#
# ## How sure is the plan?
#
# Now every draw gets its own map, water and cost, and the solver finds the best plan for each. Here a stand may be
# cleared in part (`whole=False`), which is many times quicker to solve; we count it if more than half of it is cleared.
# The price of a hectare is drawn for each catchment: you know what a contractor asks only once you have shown him the
# stand.

# %%
per_hectare = draws(random.choice(water, DRAWS))
spread = draws(random.uniform(*SPREAD, DRAWS))
good_years = draws(random.random(DRAWS) < 0.5)

# %%
saved = xr.where(
    good_years,
    water_saved(condensed, per_hectare, spread, "good"),
    water_saved(condensed, per_hectare, spread, "poor"),
).transpose("draw", "catchment", "density")
spread_of_prices = np.log(DENSE[2] / DENSE[0]) / (2 * 1.96)
prices = random.lognormal(0, spread_of_prices, (DRAWS, len(catchments)))
prices *= DENSE[1] / np.exp(spread_of_prices**2 / 2)
thinner = draws(random.triangular(*THINNER, DRAWS))
paid = cost_of(draws(prices, "catchment"), thinner)
paid = paid.transpose("draw", "catchment", "density")

# %%
chosen = pd.concat(
    [best_plan(as_series(saved[n]), as_series(paid[n]), False) for n in range(DRAWS)],
    axis=1,
)
often = chosen.mean(axis=1).rename("share of the draws")
table = often.unstack().loc[catchments["name"], DENSITY]

# %%
# Only drawing: run it, no need to read it.

figure, axes = plt.subplots(figsize=(8, 4.6))
axes.imshow(100 * table, cmap="cividis", vmin=0, vmax=100, aspect="auto")
axes.set_xticks(range(len(DENSITY)), DENSITY)
axes.set_yticks(range(len(table)), table.index)
for (row, column), value in np.ndenumerate(table.values):
    colour = "black" if value > 0.47 else "white"
    look = {"ha": "center", "va": "center", "color": colour}
    axes.text(column, row, f"{100 * value:.0f}", **look)
axes.set_title(cloud.map_title("% of the draws in which a stand is planned"))
axes.set_xlabel("density class (share of a hectare that the map marks)")
plt.show()

# %% [markdown]
# The figure shows in how many per cent of the draws a stand is in the plan. Near 100 it is **safe**: however the
# numbers turn out, it belongs in the plan. Near 0 it can wait. In between, what we know of map, water and cost does not
# decide: there a **visit first** is worth more than a cleared hectare. (In the simulated scene no stand is safe.)
#
# A team still needs *one* plan. We hand over `final_plan`, which is best on the mean of all draws; the solver's plan
# above, `plans["solver"]`, was best by the middle figures alone. First how sure each catchment is, then all three plans
# side by side:

# %%
mean_saved, mean_paid = (as_series(array.mean("draw")) for array in [saved, paid])
final_plan = best_plan(mean_saved, mean_paid)
decision = pd.Series("visit first", often.index)
decision[often >= SURE[1]] = "safe"
decision[often <= SURE[0]] = "not now"
in_draws = chosen.groupby(level="catchment").any().mean(axis=1)
summary = pd.DataFrame({"in the plan of how many draws (%)": 100 * in_draws})
for word in ["safe", "visit first"]:
    summary[word] = (decision == word).groupby(level="catchment").sum()
summary = summary.loc[catchments["name"]].round(0).astype(int)
summary

# %%
side_by_side["final plan"] = final_plan.map({True: "yes", False: ""})
side_by_side[side_by_side[[*plans, "final plan"]].eq("yes").any(axis=1)]

# %% [markdown]
# In the first table the last two columns count stands. And what does each source of doubt do? The figure for the water
# of a hectare multiplies every stand alike, so it changes the *promise*, not the *plan*:

# %%
in_plan = final_plan.to_xarray().sel(density=DENSITY, catchment=place["catchment"])
promise = saved.where(in_plan, 0).sum("density") / 1000
low, mid, high = np.quantile(promise.sum("catchment"), LIMITS)
print(f"promise: {low:,.0f} to {high:,.0f} thousand m3 a year (middle {mid:,.0f})")

# %%
opened = in_plan.any("density")
plan_cost = paid.where(in_plan, 0).sum("density") + SET_UP * opened
total = plan_cost.sum("catchment")
low, _, high = np.quantile(total, LIMITS) / 1e6
too_dear = float((total > BUDGET).mean())
print(f"cost: R {low:.1f} to {high:.1f} million, above the budget in {too_dear:.0%}")

# %%
for cubic_metres in [water.min(), water.max()]:
    other = best_plan(middle_benefit(per_hectare=cubic_metres), costs)
    same = (other == plans["solver"]).all()
    print(f"{cubic_metres:,.0f} m3 a hectare: the solver's plan is the same: {same}")

# %% [markdown]
# **What to notice.** Never print a promise without its interval, nor a cost: the plan keeps to the budget by the mean
# prices, not in every draw. So agree beforehand on which stand is left out if it gets dear. And don't wait until the
# sources agree on the water of a hectare: the choice between stands does not depend on it. (The two curves are another
# matter: they value young stands differently. Exercise 14-1 shows a similar case.)
#
# ## What you hand over
#
# A team needs outlines and points; the office needs one page. First the outlines of `final_plan` and of all other
# stands: the squares of each stand, joined. For the teams the decision becomes advice. A stand of the plan is one to
# *clear* if it is safe, else to *visit, then clear*; one that is in the plan of many draws only, *visit if you pass*.

# %%
codes = dense.where(square > 0).to_series().dropna().reset_index(name="density")
corners = [codes["x"] - 50, codes["y"] - 50, codes["x"] + 50, codes["y"] + 50]
squares = gpd.GeoDataFrame(codes[["density"]], geometry=shapely.box(*corners), crs=CRS)
middles = squares.set_geometry(squares.centroid)
inside = middles.sjoin(catchments[["name", "geometry"]])["name"]
squares["catchment"] = inside[~inside.index.duplicated()]
outlines = squares.dissolve(["catchment", "density"])

# %%
outlines["hectares"] = as_series(hectares).round()
outlines["cost_rand"] = mean_paid.round(-3)
outlines["in_draws"] = often.round(2)
outlines["advice"] = decision.replace({"visit first": "visit if you pass"})
outlines["in_plan"] = final_plan
outlines.loc[final_plan, "advice"] = "visit, then clear"
outlines.loc[final_plan & (decision == "safe"), "advice"] = "clear"
outlines.loc[~final_plan & (decision == "safe"), "advice"] = "visit if you pass"
outlines = outlines.reset_index()

# %%
ADVICE = {
    "clear": INK,
    "visit, then clear": "#D55E00",
    "visit if you pass": "#56B4E9",
    "not now": "#C8C8C8",
}
everywhere = (outlines["density"] == DENSITY[0]) & ~outlines["in_plan"]
shown = outlines[~everywhere]
order = list(ADVICE)
shown = shown.sort_values("advice", key=lambda advice: advice.map(order.index))
given = [advice for advice in ADVICE if (shown["advice"] == advice).any()]
colours = {advice: ADVICE[advice] for advice in given}

# %%
look = {"geo": True, "color": "white", "fill_alpha": 0.6, "line_width": 2}
look |= {"line_color": "black", "hover": False}
look |= {"tiles": cloud.basemap, "frame_width": 440}
in_degrees = catchments.to_crs("EPSG:4326")
west, south, east, north = in_degrees.total_bounds
look |= {"xlim": (west - 0.01, east + 0.01), "ylim": (south - 0.01, north + 0.01)}
borders = in_degrees.hvplot.polygons(**look)
around = shapely.box(west - 0.02, south - 0.02, east + 0.02, north + 0.02)
beyond = [around.difference(in_degrees.union_all())]
outside = gpd.GeoDataFrame(geometry=beyond, crs="EPSG:4326")
look = {"geo": True, "color": "#EEEEEE", "fill_alpha": 0.6, "line_alpha": 0}
veil = outside.hvplot.polygons(**look, hover=False)

# %%
stands = shown.to_crs("EPSG:4326").hvplot.polygons(
    geo=True,
    c="advice",
    cmap=colours,
    line_alpha=0,
    hover_cols=["catchment", "density", "hectares", "cost_rand", "in_draws"],
    frame_width=440,
)

# %% [markdown]
# The name of a catchment goes where a box of its size covers most free land: land of this catchment, without
# stands. What lies outside the catchments is paled.


# %%
# Only drawing: run it, no need to read it.
def room_for_names(names, areas, taken):
    """Return for each area the middle of a box, as long as its name, with most room."""
    west, _, east, _ = areas.total_bounds
    spots, free = [], areas.difference(taken.union_all()).simplify(50)
    for name, land in zip(names, free, strict=True):
        half = len(name) * (east - west) / 100
        left, bottom, right, top = land.bounds
        x, y = np.meshgrid(np.linspace(left, right, 15), np.linspace(bottom, top, 15))
        boxes = shapely.box(x - half, y - half / 4, x + half, y + half / 4)
        best = shapely.area(shapely.intersection(boxes, land)).argmax()
        spots.append(shapely.Point(x.flat[best], y.flat[best]))
    return gpd.GeoSeries(spots, areas.index, areas.crs)


# %%
# Only drawing: run it, no need to read it.
spots = room_for_names(catchments["name"], catchments.geometry, shown)
named = catchments[["name"]].set_geometry(spots)
where = named.to_crs("EPSG:4326").geometry
words = pd.DataFrame({"Longitude": where.x, "Latitude": where.y, "name": named["name"]})
on_map = {"x": "Longitude", "y": "Latitude", "text": "name", "geo": True}
names = words.hvplot.labels(**on_map, hover=False)
look = {"text_font_size": "11pt", "text_font_style": "bold", "text_color": "black"}
halo = look | {"text_outline_color": "white", "text_outline_width": 4}
names = names.clone().opts(**halo) * names.opts(**look)

# %%
title = cloud.map_title("What to do, stand by stand")
(borders * veil * stands * names).opts(title=title, legend_cols=2, **LEGEND_BELOW)

# %% [markdown]
# Black lines are the borders of the catchments. Hover over a stand to see its class, its hectares, its cost in rand,
# and the share of draws in which it was in the plan. Stands of the first class that are not in the plan are left out:
# they cover nearly everything.

# %%
teams = outlines[outlines["advice"] != "not now"]
plan_path = cloud.outputs / "clearing_plan.gpkg"
plan_path.unlink(missing_ok=True)
teams.to_file(plan_path, layer="stands")
catchments[["name", "geometry"]].to_file(plan_path, layer="catchments")

# %% [markdown]
# For a phone or a GPS receiver we write a waypoint in the five largest pieces of each stand of the plan, with a name
# that can be read on a small screen. `representative_point` always lies inside its piece; a centroid may not.

# %%
pieces = teams[teams["in_plan"]].explode(ignore_index=True)
pieces = pieces.iloc[pieces.area.argsort()].groupby(["catchment", "density"]).tail(5)
size = (pieces.area / 1e4).map("{:.0f} ha".format)
words = [pieces["catchment"], pieces["density"], size]
waypoints = gpd.GeoDataFrame({"name": words[0] + " " + words[1] + " " + words[2]})
waypoints["desc"] = pieces["advice"]
waypoints = waypoints.set_geometry(pieces.representative_point()).to_crs("EPSG:4326")
gpx_path = cloud.outputs / "clearing_plan.gpx"
gpx_path.unlink(missing_ok=True)
if len(waypoints):
    waypoints.to_file(gpx_path, driver="GPX")
print(len(waypoints), "waypoints, the first:", *waypoints["name"].head(1))

# %% [markdown]
# Then the page: a single side, for somebody who has not seen this lesson, with a map, a table with intervals, and how
# to read them.


# %%
def in_km(layer):
    """Give a layer kilometres instead of metres."""
    return layer.set_geometry(layer.affine_transform([0.001, 0, 0, 0.001, 0, 0]))


# %%
def draw_plan(axes):
    """Draw stands by advice, with tracks and catchments."""
    in_km(catchments).plot(ax=axes, color="white")
    if len(tracks):
        in_km(tracks).plot(ax=axes, color="#777777", lw=1)
    for advice, stands in in_km(shown).groupby("advice"):
        stands.plot(ax=axes, color=ADVICE[advice], antialiased=False)
    in_km(catchments).boundary.plot(ax=axes, color="black", lw=1.6)
    axes.set(aspect="equal", anchor="W", facecolor="#E8E8E8")
    axes.locator_params(nbins=6)
    axes.set_xlabel("km east", size=12)
    axes.set_ylabel("km north", size=12)


# %%
def name_catchments(axes):
    """Write the name of each catchment into it."""
    halo = [patheffects.withStroke(linewidth=3, foreground="white")]
    look = {
        "ha": "center",
        "va": "center",
        "size": 10,
        "weight": "bold",
        "path_effects": halo,
    }
    for row in in_km(named).itertuples():
        axes.text(row.geometry.x, row.geometry.y, row.name, **look)


# %%
def explain_colours(axes):
    """Say below the map what its colours and lines mean."""
    stands = shown["advice"].value_counts()
    names = {advice: f"{advice} ({stands[advice]} stands)" for advice in given}
    handles = [Patch(color=ADVICE[advice], label=names[advice]) for advice in given]
    if everywhere.any():
        left_out = f"{DENSITY[0]}, not in the plan ({everywhere.sum()} stands)"
        handles.append(Patch(facecolor="white", edgecolor="grey", label=left_out))
    if len(tracks):
        handles += axes.plot([], [], color="#777777", label="track")
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.1), "frameon": False}
    axes.legend(handles=handles, ncols=2, **below)


# %%
def from_to(array):
    """Write the 95 % interval of each catchment, and of all together."""
    array = xr.concat(
        [array, array.sum("catchment").expand_dims(catchment=["all"])], "catchment"
    )
    low, high = array.quantile([0.025, 0.975], dim="draw").values
    pairs = zip(low, high, strict=True)
    return [f"{a:,.0f} to {b:,.0f}" if b > 0 else "none" for a, b in pairs]


# %%
page_table = pd.DataFrame({"catchment": [*catchments["name"], "all"]})
page_table["pines\n(ha)"] = from_to(pines.sum("density"))
to_clear = in_plan.sum("density").values
page_table["stands\nto clear"] = [*to_clear, to_clear.sum()]
page_table["cost, all in\n(thousand rand)"] = from_to(plan_cost / 1000)
page_table["water\n(thousand m³ a year)"] = from_to(promise)
page_table["anything cleared\n(% of tries)"] = [*summary.iloc[:, 0], "-"]

# %%
nothing_to_do = "White and pale grey" if "not now" in given else "White"
NOTES = f"""\
It shows the pines of {when:%B %Y}: what has grown, burnt or been felled since is not on it.
The budget is R {BUDGET / 1e6:.1f} million, set-up and follow-up included, in rand of the early 2000s. \
In {100 * too_dear:.0f} % of {DRAWS} tries with other plausible figures the plan costs more: agree on what to leave out.
A stand is all the land of a catchment with pines of one density: many pieces.
"""

# %%
NOTES += f"""\
Colours say what to do, not how many trees there are. {nothing_to_do}: nothing to do now.
"Visit, then clear": best by our figures, but in fewer than {100 * SURE[1]:.0f} % of the tries. \
Look at its five largest pieces before a team is sent.
Every "a to b" should hold the true number in 19 of 20 cases, if our assumptions hold.
The map does not see young or thin pines: white does not mean that there are none.
Go back after {" and ".join(map(str, FOLLOW_UP))} years, or the money is lost.
"""
if cloud.truth is not None:
    NOTES += "Simulated for a course: no place on it exists.\n"
if missing:
    NOTES += f"Made without {', '.join(missing)}.\n"

# %%
bullets = [
    textwrap.fill(note, 88, initial_indent="\N{BULLET} ", subsequent_indent="  ")
    for note in NOTES.splitlines()
]
how_to_read = "\n".join(["How to read this map", *bullets])


# %%
def draw_table(axes):
    """Draw the table of the page, without a box around every number."""
    look = {"loc": "center", "cellLoc": "center", "edges": "horizontal"}
    cells = axes.table(page_table.values, colLabels=page_table.columns, **look)
    cells.auto_set_font_size(False)
    cells.set_fontsize(11)
    cells.auto_set_column_width(range(len(page_table.columns)))
    for (row, _), cell in cells.get_celld().items():
        cell.set_height(0.22 if row == 0 else 0.13)


# %%
# Only drawing: run it, no need to read it.

shape = {"figsize": (8.3, 11.7), "height_ratios": [5.2, 2.4, 3]}
page, (top, middle, bottom) = plt.subplots(3, 1, **shape)
draw_plan(top)
name_catchments(top)
explain_colours(top)
top.set_title(cloud.map_title("Where to clear pines first"), fontsize=16)
middle.axis("off")
bottom.axis("off")
draw_table(middle)
bottom.text(0, 1, how_to_read, va="top", fontsize=12, linespacing=1.4)
page.savefig(cloud.outputs / "clearing_plan.pdf")
plt.show()

# %% [markdown]
# Look at it like a ranger who has two minutes: is it clear where to go on Monday? What would you ask?
#
# ## The map for other maps (optional)
#
# We write the share of marked pixels as a COG; beside it a style file of the same
# name, which QGIS loads by itself; and a **STAC item**, so that others can find the map just as you found the scene.

# %%
percent = (share_marked.where(square > 0) * 100).round().fillna(255).astype("uint8")
percent = percent.rename("pine_density").rio.write_crs(CRS).rio.write_nodata(255)
percent.attrs = {"long_name": "share of a hectare marked as pines", "units": "percent"}
map_path = cloud.outputs / "pine_density.tif"
write_cog(percent, map_path, codes=False, overwrite=True, progress=False)
print(f"{map_path.name}: {map_path.stat().st_size / 1000:.0f} kB")

# %%
TINTS = ["#F4F0E6", "#E8C872", "#D98B3A", "#A8442A", "#4A1226"]
entries = "".join(
    f'<item value="{top}" label="{label}" color="{tint}" alpha="255"/>'
    for top, label, tint in zip([5, 25, 50, 75, 100], DENSITY, TINTS, strict=True)
)
ramp = f'<colorrampshader colorRampType="DISCRETE">{entries}</colorrampshader>'
drawn = '<rasterrenderer type="singlebandpseudocolor" band="1" opacity="1">'
drawn += f"<rastershader>{ramp}</rastershader></rasterrenderer>"
style = f'<!DOCTYPE qgis><qgis version="3.34"><pipe>{drawn}</pipe></qgis>'
style_path = map_path.with_suffix(".qml")
style_path.write_text(style)
print(style_path.name)

# %%
outline = catchments.to_crs("EPSG:4326").union_all()
item = pystac.Item(
    id=f"pine-density-{when:%Y%m%d}",
    geometry=json.loads(shapely.to_geojson(shapely.box(*outline.bounds))),
    bbox=list(outline.bounds),
    datetime=when,
    properties={"license": "CC-BY-4.0", "title": cloud.map_title("Share of pines")},
)

# %%
HANDED_OVER = {
    "pine_density.tif": (pystac.MediaType.COG, ["data"]),
    "pine_density.qml": ("application/xml", ["style"]),
    "clearing_plan.gpkg": (pystac.MediaType.GEOPACKAGE, ["plan"]),
    "clearing_plan.gpx": ("application/gpx+xml", ["plan"]),
    "clearing_plan.pdf": (pystac.MediaType.PDF, ["overview"]),
}
for name, (kind, roles) in HANDED_OVER.items():
    if (cloud.outputs / name).exists():  # without a plan there is no waypoint
        item.add_asset(name, pystac.Asset(f"./{name}", media_type=kind, roles=roles))
item.save_object(dest_href=str(cloud.outputs / "pine_density.json"))

# %% tags=["nbval-check-output"]
again = pystac.Item.from_file(str(cloud.outputs / "pine_density.json"))
print(again.id, again.properties["license"])
for name, asset in again.assets.items():
    print(name, asset.roles, (cloud.outputs / name).stat().st_size > 0)

# %% [markdown]
# ## The truth, for once
#
# Only a simulated scene comes with the truth. (With `COURSE_CLOUD=aws` this part shows nothing.) How many condensed
# hectares are there, and how much water do the plans give back on the true ones, by the same middle figures?

# %%
if cloud.truth is not None:
    true_cover = rioxarray.open_rasterio(cloud.truth / f"pine_cover_{when:%Y%m%d}.tif")[
        0
    ].rio.reproject_match(pine_map)
    true_cover = true_cover.where(mapped & (true_cover != 255), 0) / 100
    true_condensed = by_catchment(in_squares(true_cover) * (dense == densities))
    compare = much[[0.025, 0.975]].round(0)
    compare["truth"] = true_condensed.sum("density").to_series().round(0)
    display(compare)

# %%
if cloud.truth is not None:
    figures = {"per_hectare": water.median(), "spread": SPREAD[0], "growth": "poor"}
    true_benefit = as_series(water_saved(true_condensed, **figures))
    plans["mean of all draws"] = final_plan
    on_truth = {name: true_benefit[took].sum() / 1000 for name, took in plans.items()}
    spent = {}
    for name, took in plans.items():
        camps = took.groupby(level="catchment").any().sum()
        spent[name] = (costs[took].sum() + SET_UP * camps) / 1e6
    verdict = pd.DataFrame({"thousand m3 a year": on_truth, "million rand": spent})
    display(verdict.round({"thousand m3 a year": 0, "million rand": 2}))

# %%
if cloud.truth is not None:
    unseen = true_condensed.sel(density=DENSITY[0]).sum() / true_condensed.sum()
    print(f"in squares where the map marks hardly anything: {float(unseen):.0%}")

# %% [markdown]
# **What to notice.** Three things. First, how many catchments lie within their intervals: if the truth is near the
# upper end in some, remember that we counted pixels that are *mostly* pine, and thin pines grow in others, too.
#
# Second, the plans. The solver's gives clearly more than "densest first" on the *truth*, and not only by its own
# figures. "Mean of all draws" is `final_plan`, the one on the page: here it costs the most, by the middle prices even
# more than the budget (it keeps to it by the mean ones), and gives hardly more than "densest first". In two other
# simulated landscapes it gives the most of all, and the solver's plan a little less (`benchmarks/landscapes.md`). So on
# these the solver beat the rule of thumb each time, but three landscapes don't say which of its two plans is the
# better. Nor is this test quite fair: it takes the middle figures, for which `plans["solver"]` was made, while
# `final_plan` allows for all others, too. The draws have not made the plan better here. What they give is what one plan
# alone can't: how sure each of its stands is.
#
# Third, the last line: a good part of all pines stands where the map shows next to nothing. No plan made from this map
# reaches them; teams who walk do.

# %% [markdown]
# ## Exercises

# %%
rivals = list((often - 0.5).abs().sort_values(kind="stable").index[:2])
print("first: ", *rivals[0])
print("second:", *rivals[1])

# %% [markdown]
# ### Exercise 14-1: only the next year counts
#
# The office reports water year by year, and asks for the plan that gives the most in the **next year** (`years=1`),
# with everything else as in the solver's plan. How many **stands** are in one of the two plans but not in the other?
# You need `middle_benefit(...)`, `best_plan(...)` and `costs`; the old plan is `plans["solver"]`, not `final_plan`.
#
# Stuck? Run `hint("14-1")`.

# %% tags=["exercise"]
stands_changed = ...
check(
    "14-1",
    stands_changed,
    costs=costs,
    benefit_of=middle_benefit,
    best_plan=best_plan,
    final_plan=final_plan,
)

# %% [markdown]
# <details><summary>Solution 14-1</summary>
#
# ```python
# next_year = best_plan(middle_benefit(years=1), costs)
# stands_changed = int((next_year != plans["solver"]).sum())
# ```
#
# Young, thin stands use little water next year and a lot in fifteen. How far to look ahead is not a question for a
# satellite or a solver, yet it can decide where the teams go.
#
# </details>

# %% [markdown]
# ### Exercise 14-2: is the map good enough to decide?
#
# There is money left for one more stand: the first or the second of `rivals`, printed above. In what **share of the
# draws** (0 to 1, to three decimals) does the *first* give more water *per rand* than the second? You need `saved` and
# `paid`; select a stand with `.sel(catchment=..., density=...)`. Then decide: clear the first, clear the second, or
# visit both?
#
# Stuck? Run `hint("14-2")`.

# %% tags=["exercise"]
first_is_better = ...
check("14-2", first_is_better, saved=saved, paid=paid, rivals=rivals)

# %% [markdown]
# <details><summary>Solution 14-2</summary>
#
# ```python
# per_rand_drawn = saved / paid
# first, second = (
#     per_rand_drawn.sel(catchment=catchment, density=density)
#     for catchment, density in rivals
# )
# first_is_better = float((first > second).mean())
# ```
#
# If that is near a half, map, water and cost together are no better than a coin: go and look. If it is near 0 or 1, the
# money can be spent. Both stands belong to the *same* draw each time: what they share, such as the water of a hectare,
# cancels out. That is why comparing two separate intervals tells you less.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. Published figures for the water of a hectare differ by a factor of ten. What does that do to the plan?**
#
# <details><summary>a) It has to wait until the sources agree</summary>
#
# **No.** A factor that is the same for all stands leaves their order as it is.
#
# </details>
# <details><summary>b) It changes what may be promised, but not which stands come first</summary>
#
# **Yes.** So promise an interval, and make your choice all the same.
#
# </details>
# <details><summary>c) Nothing: take the mean</summary>
#
# **No.** A mean hides that the promise may be wrong by a factor of several.
#
# </details>
#
# **2. A stand is in the best plan in half of the draws. What is that stand?**
#
# <details><summary>a) One of medium value: put it in the middle of the list</summary>
#
# **No.** It may be among the best, or not worth it. We don't know which.
#
# </details>
# <details><summary>b) Half covered by pines</summary>
#
# **No.** The share of draws describes our knowledge, not the trees.
#
# </details>
# <details><summary>c) One that a visit can decide</summary>
#
# **Yes.** A few visits, or a contractor's quote, narrow what the draws have to leave open.
#
# </details>
#
# **3. Why carry draws through the whole plan, and not just put an interval on the map?**
#
# <details><summary>a) Because a decision depends on all numbers together, and some errors are shared</summary>
#
# **Yes.** Shared errors cancel out in a comparison; the others add up. Draws do both by themselves.
#
# </details>
# <details><summary>b) Because draws make the estimate better</summary>
#
# **No.** They add no knowledge. They only show what follows from what we don't know.
#
# </details>
# <details><summary>c) Because a solver needs random numbers</summary>
#
# **No.** It solves each draw exactly.
#
# </details>
# <details><summary>d) Because 95 % intervals are always symmetric</summary>
#
# **No.** Many are not, and draws don't need them to be.
#
# </details>

# %% [markdown]
# ## Key points
#
# - Sort the random sample by what the map says, and each density class gets its share of pines, with an interval.
# - Where sources conflict, show both, and ask whether the decision depends on them.
# - A solver beats a rule of thumb by your figures; whether it does so on the ground depends on how good they are.
# - Send draws through the whole plan. They don't promise a better plan, but say how sure it is: a stand that is nearly
#   always in is safe, one that is sometimes in needs a visit.
# - Hand over files that teams can open, and a page that admits what it does not know.
#
# **What's next:** a plan is only as good as its map, and this one was of our pines. Now yours:
# [15 Your own species, your own place](15_your_own_species.ipynb)
