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
# - test a rule for shadow on points and on pixels, and say what it really removes;
# - compute the light on a slope from a terrain model and the place of the sun;
# - leave out the slopes that are too dim to be trusted, and say what a mask can't know.
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
from rasterio.enums import Resampling
from rioxarray.merge import merge_arrays

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
# **What to notice.** Next to no cloud: that is why lesson 02 chose this scene. *Unclassified* is what fitted no class.
# What *dark area* is, we shall find out.
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
# An azimuth of 45 degrees is north-east. So the slopes that face south-west get little light. A simple rule, from the
# published lesson on which this course builds: a pixel is in shadow if it is dark in `red` **and** in `nir`. Dark
# means: below a [threshold](../docs/glossary.md#threshold) of 0.05.

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
# What is dark in both bands? Look at which of our field points the rule would remove. xvec takes the value at each
# point (lesson 05 shows how).

# %%
dark_at_points = dark.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
removed = points[dark_at_points.values]
removed["name"].value_counts().rename("points removed by the rule").to_frame()

# %% [markdown]
# **Water!** Open water is dark in both bands, too. The rule that should remove shadow removes most of the water
# points, and a class that loses its points can't be learnt.
#
# ## A better rule?
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

# %% [markdown]
# The better rule keeps most of the water. (What it still removes stands at a shore: a pixel of `swir16` is 20 m wide,
# and light from the land beside it gets in.) So is it a rule for shadow? The points can't answer that: few of them lie
# in deep shade, where people seldom go. We need to know for every pixel how much light falls on it.
#
# ## The light on a slope
#
# The terrain tells. The catalogue has a model of it, with one height for each 30 m (`cop-dem-glo-30`, lesson 02), cut
# along whole degrees. We take the pieces that our points need, and bring them to our grid. (Online they lie in a bucket
# that is open to all; `https` leads there without an account.)

# %%
OPEN_BUCKET = "https://copernicus-dem-30m.s3.amazonaws.com/"
box = tuple(points.to_crs("EPSG:4326").total_bounds)
pieces = []
for item in catalogue.search(collections=["cop-dem-glo-30"], bbox=box).items_as_dicts():
    address = item["assets"]["data"]["href"]
    address = address.replace("s3://copernicus-dem-30m/", OPEN_BUCKET)
    piece = rioxarray.open_rasterio(address, masked=True).squeeze("band", drop=True)
    pieces.append(piece.rio.clip_box(*box))

# %%
height = merge_arrays(pieces).rio.reproject_match(red, resampling=Resampling.bilinear)
print(f"{float(height.min()):.0f} to {float(height.max()):.0f} m above the sea")

# %% [markdown]
# How steep is it, and which way? `np.gradient` gives the rise per metre to the north and to the east; the part of it
# that points to the sun is `uphill`. From that the cosine of the angle between the sun's rays and the slope's upright,
# divided by that of level ground: our `light`. 1 is the light of level ground, 2 twice as much; at 0 and below the slope
# turns its back on the sun.

# %%
to_north, to_east = np.gradient(height.values, -10, 10)
sun_from, sun_up = np.radians([azimuth, elevation]).astype("float32")
uphill = np.sin(sun_from) * to_east + np.cos(sun_from) * to_north
upright = np.sqrt(1 + to_east**2 + to_north**2)
light = height.copy(data=(1 - uphill / np.tan(sun_up)) / upright)

# %%
light[::4, ::4].hvplot.image(
    **map_options,
    cmap="gray",
    clim=(0, 2),
    clabel="light (1 = level ground)",
    title=cloud.map_title("Light on the slopes"),
).opts(**metres)

# %% [markdown]
# ## What the light does to the pixels
#
# Now sort the pixels by their light, and look at each step: how bright are `red` and `nir`, how many pixels does each
# rule remove, and how much do neighbours differ in `nir`? The last one is a measure of **noise**. (Every third row and
# column will do.)

# %%
dark_area = scene_classes == SCL_NAMES.index("dark area")
differs = abs(nir / nir.shift(x=1) - 1)
measured = {"red": red, "nir": nir, "neighbours differ": differs}
measured |= {"simple rule": dark, "better rule": shadow, "SCL: dark area": dark_area}
table = {name: layer[::3, ::3].values.ravel() for name, layer in measured.items()}
pixels = pd.DataFrame(table)

# %% tags=["nbval-check-output"]
labels = ["below 0.2", "0.2 to 0.4", "0.4 to 0.7", "0.7 to 1", "above 1"]
steps = [-9, 0.2, 0.4, 0.7, 1, 9]
lit_by = pd.cut(light[::3, ::3].values.ravel(), steps, labels=labels)
grouped = pixels.groupby(lit_by, observed=True)
by_light = grouped[["red", "nir", "neighbours differ"]].median()
rules = ["simple rule", "better rule", "SCL: dark area"]
by_light[rules] = grouped[rules].mean()
by_light.insert(0, "pixels", grouped.size() / len(pixels))
print(by_light.round(3).rename_axis("light").to_string())

# %% [markdown]
# **What to notice.** Read down each column.
#
# - There is **no darkness to find**: an L2A product is corrected for the terrain (lesson 03). `nir` is about the same in
#   every step, and `red` is even highest on the dimmest slopes, where rock is common and the correction does too much.
# - So **neither rule finds the dim slopes**. They find water, and shores. On products that are not corrected (L1C), and
#   where one mountain throws its shadow on another, which the correction does not know, they do find shadow.
# - But the **noise** grows. Where a fifth of the light came in, the number was multiplied by five, and its errors with
#   it. Such a pixel looks like any other, and tells much less.
# - The SCL's *dark area* does know the dim slopes: Sen2Cor sorts the pixels *before* it corrects their light. It also
#   takes many of the next step, and some water.
#
# ## What we leave out
#
# We set a limit: slopes with less than a fifth of the light of level ground are too dim. That is a choice; the table
# above is our reason, and we write it down. `judge` says what a rule removes of three things: the water points, which
# we want to keep; the land in true shadow, which we want to be rid of; and all other land, which we want to keep. The
# scene is simulated, so we may look up the truth; elsewhere a slope with its back to the sun (`light <= 0`) must do.

# %%
DIM = 0.2
dim = light < DIM


def read_truth(name):
    """Return a layer of the truth of the scene's day, on our grid."""
    day = scene["properties"]["datetime"][:10].replace("-", "")
    layer = rioxarray.open_rasterio(cloud.truth / f"{name}_{day}.tif")
    return layer.squeeze("band", drop=True).reindex_like(red, method="nearest")


# %%
if cloud.truth is not None:
    shaded_land = read_truth("shadow") > 0
    is_water = read_truth("dominant_class") == CLASS_CODES["Water"]
else:
    shaded_land = light <= 0
    is_water = scene_classes == SCL_NAMES.index("water")


# %%
def judge(rule):
    """Return what a rule removes of water points, shaded land and lit land, in %."""
    at_points = rule.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
    of_water = at_points.values[points["name"] == "Water"].mean()
    of_shaded_land = float(rule.where(shaded_land).mean())
    of_lit_land = float(rule.where(~shaded_land & ~is_water).mean())
    return pd.Series(
        [of_water * 100, of_shaded_land * 100, of_lit_land * 100],
        index=["water points", "shaded land", "lit land"],
    )


# %% tags=["nbval-check-output"]
judged = pd.DataFrame(
    {
        "simple rule": judge(dark),
        "better rule": judge(shadow),
        "SCL: dark area": judge(dark_area),
        "dim": judge(dim),
    }
)
print(judged.round(1).to_string())

# %% [markdown]
# **What to notice.** The two rules on bands remove water and leave all the shadow in. The SCL finds the shadow and
# pays with lit land. `dim` finds nearly all of it, touches no water, and takes some land that is lit, but so
# grazingly that little can be read there.
#
# No rule is free of error; what counts is to know which error you took, and to write it down. In exercise 04-3 you
# may choose another.
#
# ## Before and after
#
# A pixel is **usable** if it is neither cloudy nor dim and has a value in every band. We look at the window of 6 km by
# 4 km that has the most dim pixels.

# %%
usable = ~(cloudy | dim) & reflectance.notnull().all("band")
blocks = dim.coarsen(x=600, y=400, boundary="trim").mean()
row, column = np.unravel_index(blocks.values.argmax(), blocks.shape)
window = {"x": slice(column * 600, column * 600 + 600)}
window["y"] = slice(row * 400, row * 400 + 400)

# %%
before = (
    (reflectance.sel(band=["red", "green", "blue"]).isel(window) / 0.18)
    .clip(0, 1)
    .fillna(1)
)
pink = xr.DataArray(
    [1.0, 0.6, 0.8], dims="band", coords={"band": ["red", "green", "blue"]}
)
after = before.where(usable.isel(window), pink)


# %%
def draw(picture, title):
    """Draw a picture in true colour."""
    return (
        (picture * 255)
        .astype("uint8")
        .hvplot.rgb(**map_options, bands="band", title=cloud.map_title(title))
        .opts(**metres)
    )


hv.Layout([draw(before, "Before"), draw(after, "After: pink is not used")]).cols(1)

# %% [markdown]
# The two pictures zoom together. **What to notice.** Pink lies on the sides of the ridges that face away from the sun.
# Before, hardly anything there looked like shadow: some of it is even brighter than its surroundings. That is why a
# mask made from the picture alone could not find it.
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
# Many as before: water is very dark, so no threshold on these two bands saves it.
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
# A colleague maps rocks on the slopes. For that a noisy pixel is better than none: only true shadow must go. Find a
# rule that does better than ours **for this purpose**. It must
#
# - keep at least **85 %** of the water points (remove at most 15 %),
# - remove at least **80 %** of the shaded land,
# - remove at most **1 %** of the lit land.
#
# The answer is a DataArray of True (remove) and False, made from `light` and, if you like, from the bands `blue`,
# `green`, `red`, `nir`, `swir16` and from `scene_classes`. Run `judge(your_rule)` to see the three figures before you
# ask `check`. More than one rule will do; defend yours in a comment of two lines: why should it hold on another day,
# too?
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
    lesson_rule=dim,
)

# %% [markdown]
# <details><summary>Solution 04-3</summary>
#
# ```python
# # The limit is lower, so fewer lit slopes go. It follows the sun of the day, so it holds
# # on another day; a few slopes in shadow stay in, where the model is too coarse.
# my_rule = light < 0.1
# ```
#
# One of several. Both errors come from the same place: a model of 30 m does not know every gully. Move the limit up, and
# more lit land goes; move it down, and more shadow stays. Which error is the cheaper one, the purpose says.
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
# **3. A slope got a tenth of the light of level ground; L2A shows it as bright as its neighbours. Can you trust it?**
#
# <details><summary>a) Yes: the light has been corrected.</summary>
#
# **No.** The number was multiplied by ten, and so was its noise. The mean is about right, the single pixel is not.
#
# </details>
# <details><summary>b) Less than the others: its noise is many times larger.</summary>
#
# **Yes.** And a model that learns from such pixels learns noise. Leave them out, or at least know how many there are.
#
# </details>
# <details><summary>c) Yes, if its SCL class is vegetation.</summary>
#
# **No.** The class says what the pixel looks like, not how well it was measured.
#
# </details>
# <details><summary>d) No: in shadow nothing grows.</summary>
#
# **No.** This shadow lasts for some hours of a day; the same plants may grow on both sides of a ridge.
#
# </details>
#
# ## Key points
#
# - Every L2A scene brings its own cloud mask, the SCL. Choose which of its classes you do without, and say so.
# - Test a rule before you believe its name: dark in `red` and `nir` should be shadow, but is water.
# - L2A evens out the light on slopes, and multiplies the noise: what is too dim can't be seen in the picture, but can be
#   computed from the terrain and the sun.
# - Judge a mask by all it removes and all it leaves in, on points and on a map.
# - A pixel that is masked is unknown, not "no pine".
#
# **What's next:** [05 Spectra at the points](05_spectra_at_points.ipynb): what does a pine look like to a satellite?
