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
# # 04 Clouds and shadows
#
# **The question:** a cloud is not vegetation, and a shadow tells little about what stands in it. Which pixels can we
# trust?
#
# **You will be able to**
#
# - mask clouds with the scene classification (SCL) that comes with every scene;
# - mask deep shadow with a rule on two bands, and say what that rule wrongly removes;
# - improve that rule with a third band, and judge the two on points and on a map;
# - say what a mask can't know.
#
# **Time:** 35 minutes (reading 20, exercises 15). **Needs:** the scene chosen in lesson 02, opened as in lesson 03.

# %%
import json

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import hvplot.xarray
import numpy as np
import pandas as pd
import pystac_client
import rioxarray

# %%
import stackstac
import xarray as xr
import xvec
from dask.diagnostics import ProgressBar

# %%
from helpers import (
    check,
    expect_scenes,
    find_or_make,
    hint,
    leave,
    open_cloud,
    write_cog,
)
from helpers.course import CLASS_CODES, CRS, SCL_COLOURS

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Open what this lesson needs
#
# As in lesson 03, but only five bands and the scene classification, the asset `scl`.

# %%
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
scene = next(
    catalogue.search(
        collections=[choice["collection"]], ids=[choice["id"]]
    ).items_as_dicts()
)
points = gpd.read_file(cloud.field_points).to_crs(CRS)

# %% [markdown]
# We will open two scenes on the same grid. So we write down the grid once, as a dictionary, and hand it over with two
# stars, `**our_grid`: each entry becomes a named argument.

# %%
our_grid = {
    "bounds": tuple(points.total_bounds),
    "epsg": CRS,
    "resolution": 10,
    "dtype": "uint16",
    "fill_value": np.uint16(0),
    "rescale": False,
    "xy_coords": "center",
    "chunksize": 1024,
}

# %%
layers = ["blue", "green", "red", "nir", "swir16", "scl"]
stack = stackstac.stack([scene], assets=layers, **our_grid)
with ProgressBar():
    numbers = stack.squeeze("time", drop=True).compute()

# %% [markdown]
# The five bands become [reflectance](../docs/glossary.md#reflectance), with the offset that lesson 03 has found and
# tested for this scene. The sixth layer holds class codes: they are neither scaled nor shifted.

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = np.float32(0.0 if already_applied else band_facts["offset"])
scale = np.float32(band_facts["scale"])
digital_numbers = numbers.drop_sel(band="scl")
reflectance = digital_numbers.where(digital_numbers != 0) * scale + offset
scene_classes = numbers.sel(band="scl", drop=True)

# %% [markdown]
# And its test, for whoever has begun here: later lessons build on the mask that this one leaves.

# %%
darkest = float(reflectance.sel(band="red")[::10, ::10].quantile(0.01))
if abs(darkest) > 0.05:
    raise ValueError(f"The offset is wrong: the darkest red is {darkest:.2f}.")

# %% [markdown]
# ## What the scene classification says
#
# The program that removes the effect of the atmosphere (ESA's Sen2Cor) also sorts every pixel into one of twelve
# classes, with the codes 0 to 11. This layer is the **scene classification**, [SCL](../docs/glossary.md#scl). It
# comes at 20 m; on our grid of 10 m each of its pixels is repeated. (Repeated, never averaged: halfway between 4,
# vegetation, and 10, thin cirrus, lies 7, unclassified: a class that nobody saw there.)
#
# One class has changed its meaning. Below [processing baseline](../docs/glossary.md#processing-baseline) 04.00 (January
# 2022) class 2 is *dark area*: pixels that look very dark, whatever the reason. From 04.00 on it is *topographic
# shadow*: pixels on which the mountains' shadow must fall, computed from a terrain model and the place of the sun. Ask
# the item which of the two you have:

# %%
print("processing baseline", scene["properties"]["s2:processing_baseline"])

# %% [markdown]
# (The simulated scenes and the real ones may differ in this; `data/README.md` says what the simulated ones do.)

# %%
scl_names = (
    "no data; saturated or defective; dark area; cloud shadow; vegetation; "
    "not vegetated; water; unclassified; cloud, medium probability; "
    "cloud, high probability; thin cirrus; snow or ice"
)
SCL_NAMES = scl_names.split("; ")
SCL_NAMES.index("water")

# %% [markdown]
# `split` cuts the text at each semicolon and makes a list. The place of a name in it, counted from 0, is its code:
# `index` has just told us that of water. So from here on we write names, not codes. What does the classification say
# about our scene?


# %%
def shares_of_classes(classes):
    """Return the share of each scene class, in per cent, by its name."""
    codes, pixels = np.unique(classes, return_counts=True)
    names = [SCL_NAMES[code] for code in codes]
    return pd.Series(pixels / pixels.sum() * 100, index=names)


# %%
shares_of_classes(scene_classes).rename("% of the pixels").round(3).to_frame()

# %% [markdown]
# **What to notice.** Next to no cloud: that is why lesson 02 chose this scene. *Dark area* is mostly the shadow of
# mountains. *Unclassified* is what fitted no class.
#
# ## A cloudier day
#
# To see the clouds' classes at work we look at another day of the same year. `grid:code` names the
# [tile](../docs/glossary.md#tile), so that we get the same piece of the Earth; of the scenes with 5 to 60 % cloud we
# take the least cloudy.

# %%
year = scene["properties"]["datetime"][:4]
same_tile = {"eq": scene["properties"]["grid:code"]}
search = catalogue.search(
    collections=[choice["collection"]],
    datetime=year,
    query={"grid:code": same_tile, "eo:cloud_cover": {"gt": 5, "lt": 60}},
)
cloudier_scenes = list(search.items_as_dicts())
expect_scenes(cloudier_scenes, f"our tile in {year} with 5 to 60 % cloud")
cloudier = min(cloudier_scenes, key=lambda item: item["properties"]["eo:cloud_cover"])

# %%
with ProgressBar():
    cloudier_classes = (
        stackstac.stack([cloudier], assets=["scl"], **our_grid).squeeze().compute()
    )
cloudier_day = cloudier["properties"]["datetime"][:10]
shares_of_classes(cloudier_classes).rename(f"% on {cloudier_day}").round(3).to_frame()

# %% [markdown]
# On a map, one colour for each class. We draw every fourth pixel; that is enough for a screen.

# %%
map_options = {"x": "x", "y": "y", "data_aspect": 1, "frame_width": 560}
metres = {"xlabel": "metres east", "ylabel": "metres north"}
metres |= {"xformatter": "%.0f", "yformatter": "%.0f"}

# %%
cloudier_classes[::4, ::4].hvplot.image(
    **map_options,
    cmap=[SCL_COLOURS[name] for name in SCL_NAMES],
    clim=(-0.5, 11.5),
    clabel="scene class",
    title=cloud.map_title(f"Scene classification, {cloudier_day}"),
).opts(cticks=list(enumerate(SCL_NAMES)), **metres)

# %% [markdown]
# **What to notice.** Clouds are patches of white (high probability) with a rim of light blue (medium probability); thin
# cirrus, a veil of ice that the ground shines through, would be purple. To the south-west of each, away from the sun,
# lies its shadow in dark red. The classification is good, not perfect: it misses thin edges, takes bright soil for
# cloud, and some deep shade for water.
#
# We do without the pixels that are cloud, cloud shadow, or broken. `isin` asks of every pixel: is its code one of
# these?

# %% tags=["nbval-check-output"]
UNUSABLE = [
    "no data",
    "saturated or defective",
    "cloud shadow",
    "cloud, medium probability",
    "cloud, high probability",
    "thin cirrus",
]
unusable_codes = [SCL_NAMES.index(name) for name in UNUSABLE]
cloudy = scene_classes.isin(unusable_codes)
print(f"Our scene: {float(cloudy.mean()):.3%} of the pixels removed")
print(f"{cloudier_day}: {float(cloudier_classes.isin(unusable_codes).mean()):.3%}")

# %% [markdown]
# `cloudy` is a **mask**: True where a pixel must go. The mean of True and False is the share of True. (Because thin
# edges are missed, many projects widen the mask by some pixels all round. On our clear day that would change next to
# nothing.)
#
# ## Shadow of the mountains
#
# Clouds are not the only ones to cast a shadow. Where did the sun stand?

# %%
azimuth = scene["properties"]["view:sun_azimuth"]
elevation = scene["properties"]["view:sun_elevation"]
print(f"sun: {azimuth:.0f} degrees from north, {elevation:.0f} degrees high")

# %% [markdown]
# An azimuth of 45 degrees is north-east. So the slopes that face south-west get little light, and the steep ones get
# light from the sky alone. A simple rule, from the published lesson on which this course builds: a pixel is in shadow
# if it is dark in `red` **and** in `nir`. Dark means: below a [threshold](../docs/glossary.md#threshold) of 0.05.

# %%
blue, green, red, nir, swir16 = (
    reflectance.sel(band=name, drop=True) for name in reflectance["band"].values
)
dark = (red < 0.05) & (nir < 0.05)
print(f"{float(dark.mean()):.1%} of the pixels are dark in both bands")

# %% [markdown]
# `&` is "and", `|` is "or", `~` is "not", pixel by pixel. Each comparison needs its own brackets.
#
# ## Test the rule on the points
#
# What else is dark in both bands? Look at which of our field points the rule would remove. xvec takes the value at
# each point (lesson 05 shows how).

# %%
dark_at_points = dark.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
removed = points[dark_at_points.values]
removed["name"].value_counts().rename("points removed by the rule").to_frame()

# %% [markdown]
# **Water!** Open water is dark in both bands, too. The rule that should remove shadow removes most of the water
# points, and a class that loses its points can't be learnt.
#
# ## A better rule
#
# Water and shaded land are both dark, but their bands differ. Water absorbs nearly all short-wave infrared
# (`swir16`) and reflects a little green; on land in shadow `swir16` is usually the brighter of the two. So we ask in
# addition for `swir16 > green`. (Xu 2006, *International Journal of Remote Sensing* 27, finds water with the same
# pair of bands: the index MNDWI.)

# %%
shadow = dark & (swir16 > green)
shadow_at_points = shadow.xvec.extract_points(
    points.geometry, x_coords="x", y_coords="y"
)

# %% tags=["nbval-check-output"]
lost_points = pd.DataFrame(
    {
        "all points": points["name"].value_counts(),
        "simple rule": removed["name"].value_counts(),
        "better rule": points["name"][shadow_at_points.values].value_counts(),
    }
)
lost_points = lost_points.fillna(0).astype(int)
print(lost_points.to_string())

# %%
hit = lost_points[lost_points["simple rule"] > 0]
bars = {"xlabel": "class", "ylabel": "points removed", "width": 400, "height": 240}
bars["ylim"] = 0, 1.05 * hit["simple rule"].max()
panels = [
    hit[rule].hvplot.barh(title=rule, color=colour, **bars)
    for rule, colour in [("simple rule", "#CC6677"), ("better rule", "#332288")]
]
hv.Layout(panels).opts(title="Field points that each rule removes")

# %% [markdown]
# The picture has the classes that lose any point. The better rule, on the right, keeps most of the water. The water
# points that it still loses stand at a shore: a pixel of `swir16` is 20 m wide, and light from the land beside it gets
# in.
#
# ## Where the two rules differ
#
# Points are few. A map shows all the pixels on which the rules agree, and those that only the simple one takes. To
# make small patches visible, a square of 40 m gets its colour as soon as one of its 16 pixels has it.
# (`xr.where(test, a, b)` is *Con* in ArcGIS: `a` where the test is true, else `b`.)

# %%
rules = xr.where(dark & ~shadow, np.uint8(2), shadow)
coarse_rules = rules.coarsen(x=4, y=4, boundary="trim").max()
coarse_rules = coarse_rules.where(coarse_rules > 0)
true_colour = (
    (reflectance.sel(band=["red", "green", "blue"]) / 0.18).clip(0, 1).fillna(1)
)
backdrop = (true_colour[:, ::4, ::4] * 255).astype("uint8")

# %%
removed_pixels = coarse_rules.hvplot.image(
    **map_options,
    cmap=["#EE99AA", "#00AAFF"],
    clim=(0.5, 2.5),
    clabel="removed by",
).opts(cticks=[(1, "both rules"), (2, "simple rule only")])
(backdrop.hvplot.rgb(**map_options, bands="band") * removed_pixels).opts(
    title=cloud.map_title("Pixels that the rules remove"), **metres
)

# %% [markdown]
# **What to notice.** Two kinds of blue: compact patches in the valleys, which are lakes and dams, rightly kept by the
# better rule. But also blue slivers along the ridges, beside the pink of the shadow. No lake hangs on a slope: that
# is deep shadow which the better rule overlooks.
#
# ## How much shadow does the better rule find?
#
# The points can't answer that: few of them lie in shadow, for people seldom go down into deep ravines. We need to know
# for every pixel whether it is water. The scene is simulated, so we may look up the truth; on real data the water class
# of the SCL must do, with its errors.

# %%
if cloud.truth is not None:
    day = scene["properties"]["datetime"][:10].replace("-", "")
    true_class = rioxarray.open_rasterio(cloud.truth / f"dominant_class_{day}.tif")
    true_class = true_class.squeeze("band", drop=True)
    true_class = true_class.reindex_like(dark, method="nearest")
    is_water = true_class == CLASS_CODES["Water"]
else:
    is_water = scene_classes == SCL_NAMES.index("water")
shaded_land = dark & ~is_water

# %% [markdown]
# `shaded_land` is land so dark that hardly anything but shadow can explain it (a fresh burn scar could). `judge` says
# what a rule removes of three things: the water points, which we want to keep; the shaded land, which we want to be
# rid of; and all other, lit land, which we want to keep.


# %%
def judge(rule):
    """Return what a rule removes of water points, shaded land and lit land, in %."""
    at_points = rule.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
    of_water = at_points.values[points["name"] == "Water"].mean()
    of_shaded_land = rule.values[shaded_land.values].mean()
    of_lit_land = rule.values[(~shaded_land & ~is_water).values].mean()
    return pd.Series(
        [of_water * 100, of_shaded_land * 100, of_lit_land * 100],
        index=["water points", "shaded land", "lit land"],
    )


# %% tags=["nbval-check-output"]
dark_area = scene_classes == SCL_NAMES.index("dark area")
judged = pd.DataFrame(
    {
        "simple rule": judge(dark),
        "better rule": judge(shadow),
        "SCL: dark area": judge(dark_area),
    }
)
print(judged.round(1).to_string())

# %% [markdown]
# **What to notice.** The simple rule removes all the shaded land (by definition: that is how we defined it) and nearly
# all the water. The better rule keeps most of the water and pays for it: a good part of the shaded land stays in. Why?
# Deep shadow is lit by the sky alone, and the sky is blue: little short-wave infrared comes from it. So in the deepest
# shadow `swir16` falls below `green`, as over water. The SCL's own *dark area* makes other mistakes: compare the
# columns, and look at the third row as well. A small share of so much lit land is many pixels.
#
# No rule is free of error; what counts is to know which error you took, and to write it down. We go on with the
# better rule. In exercise 04-3 you may beat it.
#
# ## Before and after
#
# A pixel is **usable** if it is neither cloudy nor in shadow and has a value in every band.

# %%
usable = ~(cloudy | shadow) & reflectance.notnull().all("band")
pink = xr.DataArray(
    [1.0, 0.6, 0.8], dims="band", coords={"band": ["red", "green", "blue"]}
)
window = {"x": slice(850, 1450), "y": slice(850, 1250)}
before = true_colour.isel(window)
after = before.where(usable.isel(window), pink)


# %%
def draw(picture, title):
    """Draw a picture in true colour."""
    colours = (picture * 255).astype("uint8")
    return colours.hvplot.rgb(
        **map_options, bands="band", title=cloud.map_title(title)
    ).opts(**metres)


# %%
hv.Layout([draw(before, "Before"), draw(after, "After: pink is not used")]).cols(1)

# %% [markdown]
# A window of 6 km by 4 km; the two pictures zoom together. **What to notice.** Pink lies on the sides of the ridges
# that face away from the sun. Many patches are rings with a black core: the deepest shadow, which the rule takes for
# water. And much of what looks dim is not pink at all: half shade is still in, and there no class looks as it does in
# the sun.
#
# On a real L2A product this looks different. Sen2Cor knows the slopes, from a coarse terrain model, and corrects the
# light on them: lit slopes come out nearly even. In deep shade there is hardly any light to correct, so what it makes
# of it is often too bright, and noisy. A mask of shadow is then needed even more, though the shadow is harder to see.
#
# ## Leave the mask for the next lessons
#
# We write it as a [Cloud-Optimized GeoTIFF](../docs/glossary.md#cloud-optimized-geotiff): 1 where a pixel can be
# used, 0 where not.

# %%
mask = usable.astype("uint8").rename("usable").rio.write_crs(CRS)
with leave("usable_pixels.tif") as path:
    write_cog(mask, path)

# %% tags=["nbval-check-output"]
print(f"{float(mask.mean()):.1%} of the pixels are usable")

# %% [markdown]
# ## Exercises
#
# The lessons that follow don't depend on these. Replace the dots, run the cell, and read what it says; try as often
# as you like.

# %% [markdown]
# ### Exercise 04-1: a stricter threshold
#
# Could we have saved the water by being stricter? Take the simple rule, dark in `red` and in `nir`, but with a
# threshold of **0.03** instead of 0.05 for both bands. How many of the **water points** does it remove? The answer is
# a number of points. (The steps are those of "Test the rule on the points"; `(table["name"] == "Water").sum()` counts
# the rows of a table whose name is Water.)
#
# Stuck? Run `hint("04-1")`.

# %% tags=["exercise"]
water_points_lost = ...
check("04-1", water_points_lost, reflectance=reflectance, points=points)

# %% [markdown]
# <details><summary>Solution 04-1</summary>
#
# ```python
# strict = (red < 0.03) & (nir < 0.03)
# strict_at_points = strict.xvec.extract_points(
#     points.geometry, x_coords="x", y_coords="y"
# )
# removed_by_strict = points[strict_at_points.values]
# water_points_lost = (removed_by_strict["name"] == "Water").sum()
# ```
#
# Nearly as many as before: water is darker still than most shadow, so no threshold on these two bands tells them
# apart.
#
# </details>

# %% [markdown]
# ### Exercise 04-2: is thin cirrus so bad?
#
# A colleague says: "Thin cirrus lets nearly all light through; keep those pixels." Write a list of unusable classes
# **without** `"thin cirrus"`, and find out which share of the pixels of the **cloudier day** (`cloudier_classes`) is
# then removed. The answer is a share between 0 and 1, not rounded. Compare it with the share that was printed for
# that day above.
#
# Stuck? Run `hint("04-2")`.

# %% tags=["exercise"]
share_removed = ...
check(
    "04-2",
    share_removed,
    cloudier_classes=cloudier_classes,
    scene_classes=scene_classes,
    unusable_codes=unusable_codes,
    cirrus_code=SCL_NAMES.index("thin cirrus"),
)

# %% [markdown]
# <details><summary>Solution 04-2</summary>
#
# ```python
# without_cirrus = [name for name in UNUSABLE if name != "thin cirrus"]
# fewer_codes = [SCL_NAMES.index(name) for name in without_cirrus]
# share_removed = float(cloudier_classes.isin(fewer_codes).mean())
# ```
#
# The difference between the two shares is what you would gain: pixels whose light is partly that of a cloud of ice.
#
# </details>

# %% [markdown]
# ### Exercise 04-3: a rule of your own
#
# Find a rule that does better than ours. It must
#
# - keep at least **85 %** of the water points (remove at most 15 %),
# - remove at least **80 %** of the shaded land,
# - remove at most **1 %** of the lit land.
#
# The answer is a DataArray of True (remove) and False, made from the bands `blue`, `green`, `red`, `nir`, `swir16`
# and, if you like, from `scene_classes`. Run `judge(your_rule)` to see the three figures before you ask `check`.
# Start from `dark`, and ask what differs between water and land in shadow. More than one rule will do; defend yours
# in a comment of two lines: why should it hold on another day, too?
#
# Stuck? Run `hint("04-3")`.

# %% tags=["exercise"]
my_rule = ...
check(
    "04-3",
    my_rule,
    points=points,
    is_water=is_water,
    shaded_land=shaded_land,
    better_rule=shadow,
)

# %% [markdown]
# <details><summary>Solution 04-3</summary>
#
# ```python
# # Water absorbs more of nir than of red; plants and rock reflect more of nir than of
# # red, also in shadow, and the blue light of the sky changes neighbouring bands alike.
# my_rule = dark & (nir > red)
# ```
#
# One of several. `dark & (scene_classes != SCL_NAMES.index("water"))` passes, too: it trusts Sen2Cor to know water,
# which takes some deep shade for water. Either was found by looking at this scene; judge it again on the next.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. A pixel is masked as shadow. What does the final map know about pines there?**
#
# <details><summary>a) There are none: shadow is not vegetation.</summary>
#
# **No.** The plants are there, they only get no light. A map that says "no pine" in every ravine is wrong where it
# matters.
#
# </details>
# <details><summary>b) There probably are some, for pines are dark.</summary>
#
# **No.** The darkness here comes from the mountain, not from the plants.
#
# </details>
# <details><summary>c) Nothing.</summary>
#
# **Yes.** Masked means unknown. Say how large the masked area is beside every area that you report.
#
# </details>
#
# **2. The item of a scene says 2 % cloud. Do you still need a cloud mask?**
#
# <details><summary>a) Yes.</summary>
#
# **Yes.** The 2 % are of the whole tile; they, and their shadows, may lie on your valley.
#
# </details>
# <details><summary>b) No, 2 % can't change a result.</summary>
#
# **No.** If the cloud stands over your only gum trees, it is 100 % of that class.
#
# </details>
# <details><summary>c) No, L2A scenes have been corrected for the atmosphere.</summary>
#
# **No.** The correction takes away haze and gases, and some of the effect of slopes. Nothing can bring back the ground
# behind a cloud.
#
# </details>
#
# **3. Why does `swir16 > green` overlook the deepest shadow?**
#
# <details><summary>a) Because the SCL is at 20 m.</summary>
#
# **No.** The SCL has no part in this rule. (`swir16` is at 20 m, too, but that matters only at the edge of a shadow.)
#
# </details>
# <details><summary>b) Because its light is that of the blue sky, which holds little infrared.</summary>
#
# **Yes.** Shadow is not only darker than light, it has another colour: `swir16` is weak there, as it is over water.
#
# </details>
# <details><summary>c) Because plants in shadow make less chlorophyll, so they are greener.</summary>
#
# **No.** This shadow lasts for some hours of a day; the leaves are the same on both sides of its edge.
#
# </details>
# <details><summary>d) Because nodata pixels count as dark.</summary>
#
# **No.** Nodata became `NaN` before scaling, and a comparison with `NaN` is False.
#
# </details>
#
# ## Key points
#
# - Every L2A scene brings its own cloud mask, the SCL. Choose which of its classes you do without, and say so.
# - A rule that looks right on mountains may remove a whole class somewhere else: dark in `red` and `nir` is shadow,
#   but also water.
# - Judge a mask by all it removes and all it leaves in, on points and on a map.
# - A pixel that is masked is unknown, not "no pine".
#
# **What's next:** [05 Spectra at the points](05_spectra_at_points.ipynb): what does a pine look like to a satellite?
