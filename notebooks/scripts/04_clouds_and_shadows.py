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
# **The question:** a cloud is not vegetation, and a shadow says little about what grows in it. Which pixels can we
# trust?
#
# **You will be able to**
#
# - mask clouds with the scene classification (SCL) that comes with every scene;
# - test a published rule for shadow on the points, and say what it really finds;
# - compute from a terrain model how much sun a slope gets, and mask the slopes that get too little;
# - judge a mask by what it finds and by what it costs, and say what it can't know.
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
from helpers.plots import LEGEND_BELOW, set_plot_style

# %%
hv.extension("bokeh", inline=True)
set_plot_style()
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
# We will open two scenes and a terrain model on the same grid. So we write down the grid once, as a dictionary, and
# hand it over with two stars, `**our_grid`: each entry becomes a named argument.

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
with ProgressBar(minimum=1):
    numbers = stack.squeeze("time", drop=True).compute()

# %% [markdown]
# The five bands become [reflectance](../docs/glossary.md#reflectance), with the offset that lesson 03 found and tested
# for this scene. The sixth layer holds class codes: they are neither scaled nor shifted.

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = np.float32(0.0 if already_applied else band_facts["offset"])
scale = np.float32(band_facts["scale"])
digital_numbers = numbers.drop_sel(band="scl")
reflectance = digital_numbers.where(digital_numbers != 0) * scale + offset
scene_classes = numbers.sel(band="scl", drop=True)

# %% [markdown]
# Its test comes along, in case you began here: later lessons build on the mask that this one leaves.

# %%
darkest = float(reflectance.sel(band="red")[::10, ::10].quantile(0.01))
if abs(darkest) > 0.05:
    raise ValueError(f"The offset is wrong: the darkest red is {darkest:.2f}.")

# %% [markdown]
# ## What the scene classification says
#
# The program that removes the effect of the atmosphere (ESA's Sen2Cor) also sorts every pixel into one of twelve
# classes, with the codes 0 to 11. This layer is the **scene classification**, [SCL](../docs/glossary.md#scl). It comes
# at 20 m; on our grid of 10 m each of its pixels is repeated. (Repeated, never averaged: halfway between 4, vegetation,
# and 10, thin cirrus, is 7, unclassified, a class that nobody saw there.)
#
# One class has changed its meaning. Below [processing baseline](../docs/glossary.md#processing-baseline) 04.00 (January
# 2022) class 2 is *dark area*: pixels that look very dark, whatever the reason. From 04.00 on it is *topographic
# shadow*: pixels on which a mountain's shadow must fall, computed from a terrain model and the position of the sun. Ask
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
# `split` cuts the text at each semicolon and makes a list. The position of a name in it, counted from 0, is its code:
# `index` has just given us that of water. From here on we write names, not codes. What does the classification say
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
# **What to notice.** Next to no cloud: that is why lesson 02 chose this scene. *Dark area* is what looked dark to
# Sen2Cor, which classifies a scene before it corrects the light on slopes: here mostly slopes that get little sun. Few
# of them get none, as we shall see. *Unclassified* is what fitted no class.
#
# ## A cloudier day
#
# To see the cloud classes at work, we look at another day of the same year. `grid:code` names the
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
with ProgressBar(minimum=1):
    cloudier_classes = (
        stackstac.stack([cloudier], assets=["scl"], **our_grid).squeeze().compute()
    )
cloudier_day = cloudier["properties"]["datetime"][:10]
shares_of_classes(cloudier_classes).rename(f"% on {cloudier_day}").round(3).to_frame()

# %% [markdown]
# On a map, one colour for each class. We draw every fourth pixel; that is enough for a screen.

# %%
map_options = {"x": "x", "y": "y", "data_aspect": 1}
map_options |= {"frame_width": 440}
kilometres = {"xlabel": "km east", "ylabel": "km north"}


def in_km(layer):
    """Return a layer with kilometres on its axes."""
    return layer.assign_coords(x=layer.x / 1000, y=layer.y / 1000)


# %%
# Only drawing: a legend of the classes that occur, from points that lie nowhere.
every_fourth = in_km(cloudier_classes[::4, ::4].rename("class"))
look = {"marker": "square", "size": 12, "line_color": "grey"}
legend = hv.NdOverlay(
    {
        name: hv.Points([(np.nan, np.nan)]).opts(color=SCL_COLOURS[name], **look)
        for code, name in enumerate(SCL_NAMES)
        if (every_fourth == code).any()
    },
    sort=False,
)

# %%
picture = every_fourth.hvplot.image(
    **map_options,
    cmap=[SCL_COLOURS[name] for name in SCL_NAMES],
    clim=(-0.5, 11.5),
    colorbar=False,
    title=cloud.map_title(f"Scene classification, {cloudier_day}"),
)
(picture * legend).opts(legend_cols=2, **LEGEND_BELOW, **kilometres)

# %% [markdown]
# **What to notice.** Clouds are patches of white (high probability) with a rim of light blue (medium probability); thin
# cirrus, a veil of ice that the ground shines through, is purple, and there is next to none of it here, nor of
# *unclassified*. South-west of each cloud, away from the sun, is its shadow, in wine red. Specks of dark brown are dark
# area, mostly slopes that face away from the sun. The classification is good, not perfect: it misses thin edges, takes
# bright soil for cloud, and some deep shade for water.
#
# We leave out pixels that are cloud, cloud shadow, or faulty. `isin` asks of every pixel: is its code one of these?

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
# edges are missed, many projects widen the mask by a few pixels all round. On our clear day that would change next to
# nothing.)
#
# ## Shadow of the mountains
#
# Clouds are not alone in casting shadows. Where was the sun?

# %%
azimuth = scene["properties"]["view:sun_azimuth"]
elevation = scene["properties"]["view:sun_elevation"]
print(f"sun: {azimuth:.0f} degrees from north, {elevation:.0f} degrees high")

# %% [markdown]
# An azimuth of 45 degrees is north-east. So slopes that face south-west get little light, and the steepest only that of
# the sky. The published lesson on which this course builds has a simple rule: a pixel is in shadow if it is dark in
# `red` **and** in `nir`. Dark means below a [threshold](../docs/glossary.md#threshold) of 0.05.

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
# Which of our field points would the rule remove? xvec takes the value at each point (lesson 05 shows how).

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
# Water and shaded land are both dark, but their bands differ. Water absorbs nearly all short-wave infrared (`swir16`)
# and reflects a little green; on land `swir16` is usually the brighter of the two. So we also ask for `swir16 > green`.
# (Xu 2006, *International Journal of Remote Sensing* 27, finds water with the same pair of bands: the index MNDWI.)

# %%
dark_land = dark & (swir16 > green)
dark_land_at_points = dark_land.xvec.extract_points(
    points.geometry, x_coords="x", y_coords="y"
)

# %% tags=["nbval-check-output"]
lost_points = pd.DataFrame(
    {
        "all points": points["name"].value_counts(),
        "simple rule": removed["name"].value_counts(),
        "better rule": points["name"][dark_land_at_points.values].value_counts(),
    }
)
lost_points = lost_points.fillna(0).astype(int)
print(lost_points.to_string())

# %% [markdown]
# The better rule keeps most of the water. The water points that it still loses are at a shore: a pixel of `swir16` is
# 20 m wide, and light from the land beside it gets in. But read the other rows as well: in the simulated scene neither
# rule removes a single point on land. Is there no shadow, or do they miss it? The points can't say: hardly any of them
# lies in deep shade.
#
# ## The light on a slope
#
# What shows where the sun doesn't reach? A [terrain model](../docs/glossary.md#terrain-model), together with the sun's
# position. The catalogue has a model of the whole Earth with pixels of 30 m, the Copernicus DEM, in tiles of one
# degree. We put those that we need on our grid. (In the real catalogue their addresses begin with `s3://`. The same
# files are available over `https`, without an account.)

# %%
search = catalogue.search(
    collections=["cop-dem-glo-30"], bbox=points.to_crs("EPSG:4326").total_bounds
)
tiles = list(search.items_as_dicts())
expect_scenes(tiles, "the terrain around our points")
bucket = "copernicus-dem-30m"
for tile in tiles:
    address = tile["assets"]["data"]["href"]
    over_https = f"https://{bucket}.s3.amazonaws.com/"
    tile["assets"]["data"]["href"] = address.replace(f"s3://{bucket}/", over_https)

# %%
height_grid = our_grid | {
    "dtype": "float32",
    "fill_value": np.float32(np.nan),
    "resampling": Resampling.bilinear,
}
height = stackstac.stack(tiles, assets=["data"], **height_grid).max("time")
height = height.squeeze("band", drop=True).compute()

# %% [markdown]
# How much sun falls on a slope depends on the angle between the sun's rays and the slope's normal, the line at right
# angles to it. We want its cosine, divided by that of level ground: 1 is the light on level ground, and 0 or less means
# that the slope faces away from the sun. `differentiate` gives the rise per metre, to the east and to the north.


# %%
def light_on_slopes(height, azimuth, elevation):
    """Return the sun's light on every slope; that on level ground is 1."""
    azimuth, elevation = np.radians([azimuth, elevation]).astype("float32")
    to_east, to_north = height.differentiate("x"), height.differentiate("y")
    uphill = np.sin(azimuth) * to_east + np.cos(azimuth) * to_north
    upright = np.sqrt(1 + to_east**2 + to_north**2)
    return (1 - uphill / np.tan(elevation)) / upright


light = light_on_slopes(height, azimuth, elevation)

# %%
in_km(light[::4, ::4].rename("light")).hvplot.image(
    **map_options,
    cmap="gray",
    clim=(0, 1.5),
    clabel="light (1 = that of level ground)",
    title=cloud.map_title("Light on the slopes"),
).opts(colorbar_position="bottom", **kilometres)

# %% [markdown]
# **What to notice.** The mountains look as if lit by a lamp in the north-east. Level ground is light grey; black gets
# no direct sun. Compare a slope with the satellite's picture, further down: there it is far less dark. An L2A product
# is **corrected for terrain**: Sen2Cor computes the same light from a terrain model, and divides by it.
#
# ## Where the correction reaches its limit
#
# A slope with a light of 0.2 gets a fifth of the sun, and the correction multiplies that by five, and with it the noise
# and every error in the terrain model. Can we see that? For each pixel we compute by how many per cent its `nir`
# differs from that of its neighbour to the west, and then the median for each step of light. (Every tenth row will do.
# Water is left out: it is level and dark.)

# %%
on_land = scene_classes[::10] != SCL_NAMES.index("water")
difference = (abs(nir - nir.shift(x=1)) / nir)[::10]
pixels = pd.DataFrame(
    {
        "light": light[::10].values[on_land.values].round(1),
        "difference": difference.values[on_land.values] * 100,
    }
)
by_light = pixels.groupby("light")["difference"].median()

# %%
LEAST_LIGHT = 0.2
names = {"xlabel": "light on the slope (1 = that of level ground)"}
names["ylabel"] = "difference to the next pixel (%)"
names["title"] = cloud.map_title("How grainy the near infrared is")
limits = {"xlim": (0, 1.5), "ylim": (0, None)}
size = {"responsive": True, "height": 340}

# %%
curve = by_light.loc[0:1.4].hvplot.line(
    color="#332288", line_width=3, grid=True, **names, **limits, **size
)
limit = hv.VLine(LEAST_LIGHT).opts(color="black", line_dash="dashed")
label = hv.Text(LEAST_LIGHT + 0.02, 1, f"limit: {LEAST_LIGHT}", halign="left")
(curve * limit * label).opts(max_width=700)

# %% [markdown]
# **What to notice.** On level ground one pixel is like the next; the dimmer the slope, the less so. Near zero light the
# curve falls again, because there the correction is limited, so as not to divide by nothing. The curve has no step to
# show us where to cut, so we decide: below 0.2 (the dashed line), where neighbours differ more than three times as much
# as on level ground, we don't believe the values.

# %% tags=["nbval-check-output"]
dim = light < LEAST_LIGHT
print(f"{float(dim.mean()):.1%} of the pixels are too dim")
print(f"level ground: {by_light[1.0]:.1f} % to the next pixel")
print(f"at the limit: {by_light[LEAST_LIGHT]:.1f} %")

# %% [markdown]
# ## What each rule finds
#
# Which pixels really lie in shade? The scene is simulated, so we may look up the truth: slopes that face away from the
# sun, or that a ridge hides from it. For real data we have only our own light (0 or less), which then says little about
# the mask made from it, and the SCL's water class, with its errors.


# %%
def truth_of(name):
    """Read a raster of the truth for the day of our scene, on our grid."""
    day = scene["properties"]["datetime"][:10].replace("-", "")
    raster = rioxarray.open_rasterio(cloud.truth / f"{name}_{day}.tif")
    return raster.squeeze("band", drop=True).reindex_like(dark, method="nearest")


# %%
if cloud.truth is not None:
    in_shade = truth_of("shadow") > 0
    is_water = truth_of("dominant_class") == CLASS_CODES["Water"]
else:
    in_shade = light <= 0
    is_water = scene_classes == SCL_NAMES.index("water")
lit_land = ~(in_shade | is_water)


# %%
def judge(rule):
    """Return what a rule removes of water points, shade and lit land, in %."""
    at_points = rule.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
    of_water = at_points.values[points["name"] == "Water"].mean()
    of_shade = rule.values[in_shade.values].mean()
    of_lit_land = rule.values[lit_land.values].mean()
    return pd.Series(
        [of_water * 100, of_shade * 100, of_lit_land * 100],
        index=["water points", "shade", "lit land"],
    )


# %% tags=["nbval-check-output"]
dark_area = scene_classes == SCL_NAMES.index("dark area")
judged = pd.DataFrame(
    {
        "simple rule": judge(dark),
        "better rule": judge(dark_land),
        "SCL: dark area": judge(dark_area),
        "dim slopes": judge(dim),
    }
)
print(judged.round(1).to_string())
print(f"of the dark area, {in_shade.values[dark_area.values].mean():.0%} is shade")

# %% [markdown]
# **What to notice.** We want a small figure in the first row, a large one in the second, a small one in the third.
# Neither of the dark rules finds the mountains' shade. The better one keeps most of the water, and that is all it does.
# The SCL's *dark area* finds the shade, and takes many times as much lit land with it; among percentages, a small share
# of so much land is easily overlooked. Our mask of dim slopes finds more, at less cost, and leaves the water, which is
# level, alone. Why do the dark rules fail?

# %% tags=["nbval-check-output"]
medians = pd.DataFrame(
    {
        where: [float(np.median(band.values[kind.values])) for band in (red, nir)]
        for where, kind in {"shade": in_shade, "lit land": lit_land}.items()
    },
    index=["red", "nir"],
)
print(medians.round(3).to_string())

# %% [markdown]
# **Because the product has been corrected.** The pixels in the shade have been brightened: in `red` beyond lit land, in
# `nir` to two thirds of it. Nothing there is dark any more, and little of it is real. A dark rule does work where
# nobody has brightened them: on Level-1C, on products made without terrain correction, and often where a ridge casts
# its shadow on a slope that itself faces the sun. Before you adopt a rule, ask for which product it was made.
#
# What can't our mask know? Gullies and rocks smaller than the pixels of the model. Shadow that a ridge casts on *other*
# slopes: with the sun of our scene that hardly occurs, in June it would. And the real model follows the treetops, not
# the ground. No rule is free of error; what counts is to know which error you accepted, and to write it down.
#
# ## Before and after
#
# A pixel is **usable** if it is neither cloudy nor too dim and has a value in every band.

# %%
usable = ~(cloudy | dim) & reflectance.notnull().all("band")
pink = xr.DataArray(
    [1.0, 0.6, 0.8], dims="band", coords={"band": ["red", "green", "blue"]}
)
window = {"x": slice(600, 1200), "y": slice(700, 1100)}
before = reflectance.sel(band=["red", "green", "blue"]).isel(window)
before = (before / 0.18).clip(0, 1).fillna(1)
after = before.where(usable.isel(window), pink)


# %%
def draw(picture, title):
    """Draw a picture in true colour."""
    colours = in_km((picture * 255).astype("uint8"))
    look = map_options | {"frame_width": 360, "bands": "band", "hover": False}
    look |= {"yticks": 4}
    return colours.hvplot.rgb(**look, title=cloud.map_title(title)).opts(**kilometres)


# %%
both = [draw(before, "Before"), draw(after, "After, left out in pink")]
hv.Layout(both).cols(1)

# %% [markdown]
# A window of 6 km by 4 km; the two pictures zoom together. **What to notice.** Pink covers steep slopes that face
# south-west. Zoom in on the upper picture there: these slopes aren't dark but pale and blotched, which is the
# correction at work, not what grows there. The dam is not pink. Around the pink, slopes are blotched as well, only
# less: a mask has to end somewhere; the trouble doesn't.
#
# ## Leave the mask for the next lessons
#
# We write it as a [Cloud-Optimized GeoTIFF](../docs/glossary.md#cloud-optimized-geotiff): 1 where a pixel can be used,
# 0 where it can't.

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
# Nearly as many as before: water is the darkest thing in the picture, so a stricter threshold still catches it.
#
# </details>

# %% [markdown]
# ### Exercise 04-2: is thin cirrus so bad?
#
# A colleague says: "Thin cirrus lets nearly all light through; keep those pixels." Write a list of unusable classes
# **without** `"thin cirrus"`, and find out what share of the pixels of the **cloudier day** (`cloudier_classes`) is
# then removed. The answer is a share between 0 and 1, not rounded. Compare it with the share that was printed for that
# day above.
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
# The difference between the two shares is what you would gain: pixels whose light comes partly from a cloud of ice.
#
# </details>

# %% [markdown]
# ### Exercise 04-3: a mask of your own
#
# Our mask of dim slopes removes more than 2 % of the lit land. A colleague needs that land, and would rather leave in
# some of the shade. Make a mask for her. It must
#
# - find at least **85 %** of the shade,
# - remove at most **1 %** of the lit land,
# - remove at most **5 %** of the water points.
#
# The answer is a DataArray of True (remove) and False, one for each pixel. You have `light`, the bands, `dark_area`
# and `scene_classes`; `judge(your_mask)` shows the three figures before you ask `check`. More than one mask will do;
# defend yours in a comment of two lines: what does it leave in, and why should it hold on another day?
#
# Stuck? Run `hint("04-3")`.

# %% tags=["exercise"]
my_mask = ...
check(
    "04-3",
    my_mask,
    points=points,
    in_shade=in_shade,
    lit_land=lit_land,
    dim=dim,
)

# %% [markdown]
# <details><summary>Solution 04-3</summary>
#
# ```python
# # Half the light of the lesson's limit: it leaves in what the sun grazes, grainy as it is.
# # It asks for the terrain and the sun alone, so it needs no other threshold on another day.
# my_mask = light < 0.11
# ```
#
# One of several. `dark_area & (light < 0.12)` passes, too: both the image and the terrain must say so. So does light
# averaged over a few pixels first, which gives patches without frayed edges (`light.rolling(x=3, y=3,
# center=True).mean() < 0.12`). Each was found by looking at this scene; judge it again on the next.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. A pixel is masked as shadow. What does the final map know about pines there?**
#
# <details><summary>a) There are none: shadow is not vegetation.</summary>
#
# **No.** The plants are there; they just get no direct light. A map that says "no pine" in every ravine is wrong where
# it matters.
#
# </details>
# <details><summary>b) There probably are some, because pines are dark.</summary>
#
# **No.** It is masked because of the mountain, whatever grows there.
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
# **Yes.** The 2 % refer to the whole tile; those clouds, and their shadows, may lie over your valley.
#
# </details>
# <details><summary>b) No, 2 % can't change a result.</summary>
#
# **No.** If the cloud is over your only gum trees, it hides 100 % of that class.
#
# </details>
# <details><summary>c) No, L2A scenes have been corrected for the atmosphere.</summary>
#
# **No.** The correction removes the effect of haze and gases, and some of that of slopes. Nothing can bring back the
# ground behind a cloud.
#
# </details>
#
# **3. Why does `(red < 0.05) & (nir < 0.05)` find no mountain shadow in our scene?**
#
# <details><summary>a) Because there is none: the sun is high enough.</summary>
#
# **No.** There is little, but the truth shows it (and so does the terrain model). The rule misses it.
#
# </details>
# <details><summary>b) Because the correction for terrain has brightened it.</summary>
#
# **Yes.** The light on a slope has been divided out, even where there was next to none. What is left looks like land,
# and is mostly noise and error. Another product, another rule.
#
# </details>
# <details><summary>c) Because the SCL has removed it already.</summary>
#
# **No.** The SCL removes nothing: it is a layer beside the bands, and you choose what to do with it.
#
# </details>
# <details><summary>d) Because the threshold is too low.</summary>
#
# **No.** With one that is high enough for the shade, much more lit land is "dark" as well. When two things have the
# same values, no threshold separates them.
#
# </details>
#
# ## Key points
#
# - Every L2A scene comes with its own cloud mask, the SCL. Choose which of its classes you leave out, and say so.
# - What is dark in `red` and `nir` is water. Shade need not be dark: L2A is corrected for terrain, and overcorrected
#   where there is next to no light.
# - A terrain model and the sun's position show where the sun doesn't reach, whatever the pixels look like.
# - Judge a mask by all it finds and all it costs, on points, on a map, and against the truth if there is one.
# - A pixel that is masked is unknown, not "no pine".
#
# **What's next:** [05 Spectra at the points](05_spectra_at_points.ipynb): what does a pine look like to a satellite?
