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
# # 03 Open the scene, lazily
#
# **The question:** a scene is larger than the memory of a small computer. How do we work with it without loading it,
# and how do we get from the numbers in the files to reflectance?
#
# **You will be able to**
#
# - stack twelve bands of one scene into one lazy array, and say what it would cost before loading any of it;
# - explain why a small window or a coarse picture needs only a few requests;
# - say which pixels of the stack were measured and which are repeated;
# - turn digital numbers into reflectance with the right offset, and check the result.
#
# **Time:** 45 minutes (reading 28, exercises 17). **Needs:** the scene chosen in lesson 02.

# %% [markdown]
# ## Ask the catalogue for the chosen scene
#
# `find_or_make` returns what lesson 02 left. (If you skipped lesson 02, it runs that lesson for you.)

# %%
import json

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import hvplot.xarray
import numpy as np
import pandas as pd
import pystac_client
import rasterio
import rioxarray

# %%
import stackstac
from bokeh.models import FixedTicker
from dask.diagnostics import ProgressBar
from rasterio.windows import Window

# %%
from helpers import (
    CountedReads,
    check,
    expect_inside,
    expect_scenes,
    find_or_make,
    hint,
    open_cloud,
)
from helpers.course import BANDS, CRS, PLACE
from helpers.plots import set_plot_style

# %%
hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()

# %%
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
search = catalogue.search(collections=[choice["collection"]], ids=[choice["id"]])
scene = next(search.items_as_dicts())
scene["id"]

# %% [markdown]
# ## Stack the bands
#
# Sentinel-2 measures thirteen bands. L2A keeps twelve, from violet to the short-wave infrared; the thirteenth sees thin
# cloud, not the ground. We name the ones we want, in order of wavelength. The names stay with the pixels throughout the
# course, so that no band is ever confused with another.

# %% tags=["nbval-check-output"]
print(", ".join(BANDS))

# %% [markdown]
# `stackstac.stack` puts the files of an item on one grid. What we tell it: which bands; the area of the points; the CRS
# (`CRS` is 32734, the EPSG code of lesson 01) and the pixel size in metres; whole numbers as they are in the files
# (`rescale=False`), 0 where there is nothing; coordinates in the middle of each pixel.
#
# What comes back is an **xarray DataArray**: a numpy array whose dimensions have names and whose rows and columns have
# coordinates, as a table in pandas has an index. `.sel` picks by coordinate (like `.loc`), `.isel` by position (like
# `.iloc`), and `.squeeze` drops a dimension that has only one entry (here `time`).

# %%
points = gpd.read_file(cloud.field_points).to_crs(CRS)

# %%
stack = stackstac.stack(
    [scene],
    assets=BANDS,
    bounds=tuple(points.total_bounds),
    epsg=CRS,
    resolution=10,
    dtype="uint16",
    fill_value=np.uint16(0),
    rescale=False,
    xy_coords="center",
    chunksize=1024,
)

# %%
numbers = stack.squeeze("time", drop=True)
expect_inside(points, numbers.rio.bounds())
numbers

# %% [markdown]
# Look at the picture above. The array has three dimensions, `band`, `y` and `x`, and is cut into
# [chunks](../docs/glossary.md#chunk). It is [lazy](../docs/glossary.md#lazy-array): stackstac has worked out where
# every pixel would come from, but has read none. Whatever you do with it only adds to a list of things to do, kept by a
# library called Dask (lesson 08):

# %% tags=["nbval-check-output"]
doubled = numbers * 2
print(type(numbers.data).__name__, "of", numbers.data.npartitions, "chunks")
print(len(numbers.__dask_graph__()), "steps to read it")
print(len(doubled.__dask_graph__()), "steps to read it and double it")

# %% [markdown]
# Both took no time. Work begins with `.compute()`, or with a plot; until then a mistake costs nothing.
#
# ## How large is it?
#
# A lazy array knows its size in memory without being loaded. A whole number of 16 bits takes 2 bytes, a floating-point
# number 4 or 8.

# %%
million_pixels = numbers.sizes["x"] * numbers.sizes["y"] / 1e6
print(f"{million_pixels:.1f} million pixels of 10 m, times {len(BANDS)} bands")
print(f"{numbers.nbytes / 1e6:.0f} MB as stored, in whole numbers of 16 bits")
print(f"{numbers.astype('float32').nbytes / 1e6:.0f} MB as 32-bit floating point")
print(f"{numbers.astype('float64').nbytes / 1e6:.0f} MB as 64-bit floating point")
whole_image = 12 * 10980**2 * 4
print(f"{whole_image / 1e6:.0f} MB: a real image, 10980 x 10980 pixels, 32 bits")

# %% [markdown]
# On a machine with 2 GB of memory the last line is out of the question, and a calculation often needs room for two or
# three copies. So: **work out the memory before you compute**, choose 32 bits rather than 64, and load only what you
# need.
#
# ## What is in a file: tiles and overviews
#
# Why can a piece be read on its own? The files are [Cloud-Optimized
# GeoTIFFs](../docs/glossary.md#cloud-optimized-geotiff) (COG). The picture inside is cut into square tiles, smaller
# copies (the overviews) come with it, and a table of contents at the beginning says where each tile starts. (Mind the
# word. In lesson 02 a tile was a square of the Earth, 110 km wide; from here on it is a piece of a *file*. A chunk is a
# piece of your *array*.)
#
# ![A file as a row of pieces: the table of contents, two overviews, six tiles. A window needs the table and the tile
# that it lies in. The whole scene, coarsely, needs the table and an overview.](../docs/pictures/inside_a_cog.svg)

# %%
red_address = scene["assets"]["red"]["href"]
with rasterio.open(red_address) as image:
    picture_size, tile_size = image.shape, image.block_shapes[0]
    steps = image.overviews(1)
print(f"{picture_size[0]} rows x {picture_size[1]} columns, in tiles of {tile_size}")
print(f"Overviews: one pixel for {steps} pixels in each direction")

# %% [markdown]
# ## What a small window costs
#
# We ask the web server for a window of 100 x 100 pixels, one square kilometre, of the red band. `CountedReads()` opens
# the file for rasterio and counts the requests and bytes on the way. (A request for a part of a file is called a [range
# request](../docs/glossary.md#range-request).)

# %%
window_traffic = CountedReads()
window = Window(col_off=500, row_off=500, width=100, height=100)
with rasterio.open(red_address, opener=window_traffic) as image:
    window_pixels = image.read(1, window=window)
print(f"{window_pixels.size} pixels: {window_traffic}")

# %% [markdown]
# And the whole scene, as the coarsest overview shows it:

# %%
overview_traffic = CountedReads()
coarsest = len(steps) - 1
with rasterio.open(
    red_address, opener=overview_traffic, overview_level=coarsest
) as image:
    overview_pixels = image.read(1)
print(f"{overview_pixels.size} pixels: {overview_traffic}")

# %%
costs = pd.Series(
    {
        "window, 1 square km": window_traffic.megabytes,
        "overview, all of it": overview_traffic.megabytes,
        "whole file": window_traffic.file_megabytes,
    },
    name="MB",
).sort_values()
costs.index = [f"{what}: {size:.1f} MB" for what, size in costs.items()]

# %%
costs.hvplot.barh(
    xlabel="",
    ylabel="MB",
    title="How much of the red band travels",
    color="#0077BB",
    line_color="white",
    toolbar=None,
    responsive=True,
    max_width=700,
    height=220,
)

# %% [markdown]
# **What to notice.** A handful of requests is enough: the first fetches the table of contents, the others pixels. The
# window costs more than its 20 kB of pixels, because a tile travels whole or not at all. And the overview shows *all*
# of the scene at a small part of the cost. The larger the file, the more is saved: a real image is 10980 pixels wide.
#
# ## The same place from the overview and in full
#
# An overview is cheap because it has thrown something away. Here are two kilometres in the middle of the scene, both
# ways:

# %%
centre_x, centre_y = float(numbers.x.mean()), float(numbers.y.mean())
box = centre_x - 1000, centre_y - 1000, centre_x + 1000, centre_y + 1000
full = rioxarray.open_rasterio(red_address).squeeze("band", drop=True)
coarse = rioxarray.open_rasterio(red_address, overview_level=coarsest).squeeze(
    "band", drop=True
)
full, coarse = full.rio.clip_box(*box), coarse.rio.clip_box(*box)
print(f"full {full.shape}, overview {coarse.shape} pixels")


# %%
def in_km(layer):
    """Return a layer with kilometres on its axes."""
    return layer.assign_coords(x=layer.x / 1000, y=layer.y / 1000)


axes = {"x": "x", "y": "y", "xlabel": "km east", "ylabel": "km north"}
axes |= {"data_aspect": 1}
look = axes | {"cmap": "gray", "clim": (0, 1500), "clabel": cloud.map_title("red, DN")}
west, south, east, north = np.array(box) / 1000
look |= {"frame_width": 230, "xlim": (west, east), "ylim": (south, north)}
ticks = {"ticker": FixedTicker(ticks=[0, 500, 1000, 1500])}

# %%
fine, wide = (abs(layer.rio.resolution()[0]) for layer in (full, coarse))
left = in_km(full).hvplot.image(**look, title=f"In full, {fine:.0f} m")
right = in_km(coarse).hvplot.image(**look, title=f"Overview, {wide:.0f} m")
both = left + right.opts(yaxis="bare")
both.opts(hv.opts.Image(colorbar_position="bottom", colorbar_opts=ticks))
both

# %% [markdown]
# **What to notice.** Large patches show in both; anything narrow or small, such as a track or a single grove, only in
# the left one. (DN: digital number, as stored in the file.) Overviews are right for looking and for choosing a scene,
# wrong for finding pines.
#
# ## Three pixel sizes on one grid
#
# Sentinel-2 does not see everything equally sharply: four bands have pixels of 10 m, six of 20 m, two of 60 m.
#
# ![The same 60 m of land three times: as 36 pixels of 10 m, as 9 of 20 m, and as a single one of
# 60 m.](../docs/pictures/three_pixel_sizes.svg)
#
# In the stack all are on the 10 m grid. How? Here are eighteen neighbours in one row, in a band of each size:

# %%
neighbours = {"band": ["red", "swir16", "coastal"]}
with ProgressBar(minimum=1):
    row = numbers.sel(neighbours).isel(y=0, x=slice(0, 18)).compute()
pd.DataFrame(row.values, index=row["band"].values)

# %% [markdown]
# **What to notice.** In `red` each pixel has a number of its own. In `swir16` two neighbours are equal, in `coastal`
# six: each measurement has been *repeated* to fill the finer grid, across and down. (Our area may begin inside a coarse
# pixel: then the first group is cut off.) Nothing became sharper. A grove of 20 m can be seen in `red`; in `coastal` it
# is lost in its surroundings.
#
# ## From digital numbers to reflectance
#
# Those are [digital numbers](../docs/glossary.md#digital-number) (DN). Reflectance is the share of light that is
# reflected, so we expect values between 0 and 1. The item says how to get there: `DN x scale + offset`. But there is a
# trap.
#
# Since processing baseline 04.00 (January 2022) ESA has added 1000 to every number, so that values slightly below zero
# can be stored, too. What counts is the [processing baseline](../docs/glossary.md#processing-baseline), the version of
# the program that made the *product*, not the date of the picture: for *Collection 1* ESA has reprocessed the whole
# archive, and its products of 2018 carry the 1000 as well. Catalogues list `offset: -0.1` to take it away again. Earth
# Search, however, has *already* taken it away in many items of `sentinel-2-l2a`, marks them with
# `earthsearch:boa_offset_applied`, and **still lists the offset**. If you subtract it again, you get negative
# reflectance.

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
scale = band_facts["scale"]
offset = 0.0 if already_applied else band_facts["offset"]
print(f"processing baseline {scene['properties']['s2:processing_baseline']}")
print(f"scale {scale}, listed offset {band_facts['offset']}")
print(f"already applied: {already_applied}; we use {offset}")

# %% [markdown]
# For a product made with a baseline below `04.00` there is nothing to subtract. The same lines are right for later
# baselines, as long as the flag is right. Is it? We shall test that on the pixels.
#
# The number 0 is not a dark pixel: it means *nodata*. We turn it into `NaN` **before** scaling.

# %%
reflectance = numbers.where(numbers != 0) * np.float32(scale) + np.float32(offset)
reflectance.name = "reflectance"
reflectance

# %% [markdown]
# ## Check: is anything negative?
#
# Still lazy. We check a coarse sample, every tenth pixel: is anything negative, and what are the darkest hundredth (1st
# percentile) and the median of each band? The darkest hundredth of `red` shows whether the offset was right: water and
# dense leaves are near zero there. A wrong offset shifts everything by a tenth.

# %%
with ProgressBar(minimum=1):
    sample = reflectance[:, ::10, ::10].compute()
negative_share = float((sample < 0).mean())
print(f"Share of negative values: {negative_share:.2%}")
sample.quantile([0.01, 0.5], ["x", "y"]).to_pandas().T.round(3)

# %% tags=["nbval-check-output"]
darkest = float(sample.sel(band="red").quantile(0.01))
if abs(darkest) > 0.05:
    raise ValueError(f"The offset is wrong: the darkest red is {darkest:.2f}.")
print("flag and pixels agree")

# %% [markdown]
# Next to nothing is negative, the darkest pixels are near zero, and vegetation is dark in the visible bands and bright
# in the near infrared (`nir`), as it should be. `raise` stops the notebook with a message of our own: better no result
# than a wrong one. (In a picture without anything dark, such as a desert, this test does not help.)
#
# ## The trap, sprung
#
# What does a mistake look like? We take a newer scene from each of the two collections of Sentinel-2, read red from an
# overview (`out_shape` asks for 300 x 300 pixels, and GDAL picks the overview), and try it with the listed offset and
# without. (We want the newest one, so we say by what the answer is to be sorted.)

# %%
here = {"type": "Point", "coordinates": PLACE}
newest = {"sortby": "-properties.datetime", "max_items": 1}


# %%
def newest_scene(collection):
    """Return the newest scene with less than 10 % cloud, up to September 2024."""
    search = catalogue.search(
        collections=[collection],
        intersects=here,
        datetime="2022-09-01/2024-09-30",
        query={"eo:cloud_cover": {"lt": 10}},
        **newest,
    )
    found = list(search.items_as_dicts())
    expect_scenes(found, f"{collection} in 2022 to 2024 with less than 10 % cloud")
    return found[0]


# %%
def darkest_red(item):
    """Darkest hundredth of red, scaled, but with no offset added."""
    facts = item["assets"]["red"]["raster:bands"][0]
    with rasterio.open(item["assets"]["red"]["href"]) as image:
        red = image.read(1, out_shape=(300, 300), masked=True).compressed()
    return np.percentile(red, 1) * facts["scale"]


# %%
newer_scenes = [newest_scene(name) for name in ["sentinel-2-l2a", "sentinel-2-c1-l2a"]]
darkest_reds = [darkest_red(item) for item in newer_scenes]
trap = {}
for item, without in zip(newer_scenes, darkest_reds, strict=True):
    listed = item["assets"]["red"]["raster:bands"][0]
    trap[item["collection"]] = {
        "date": item["properties"]["datetime"][:10],
        "applied": item["properties"].get("earthsearch:boa_offset_applied", "not said"),
        "darkest, nothing subtracted": round(without, 3),
        "darkest, listed offset used": round(without + listed["offset"], 3),
    }
pd.DataFrame(trap)

# %% [markdown]
# **What to notice.** Both items list the same offset, and each column has one sensible figure, but not in the same row.
#
# - In `sentinel-2-l2a` the archive has already subtracted it; if you do it again, the darkest pixels are far **below
#   zero**.
# - In `sentinel-2-c1-l2a` nobody has; if you do not, even water and dense forest seem to reflect **more than a tenth**
#   of the red light, which they never do.
#
# So look at both ends. Many negative values: subtracted twice. Nothing near zero: not subtracted at all.
#
# And the flag itself can lie. Users of Earth Search have found items that say "not applied" although it was, mostly
# from 2022 and 2025 (Element84/earth-search, issues 66 and 71). Here is one from September 2022; we do what its flag
# says, and look at the darkest red:

# %%
search = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=here,
    datetime="2022-09-01/2022-09-30",
)
found = list(search.items_as_dicts())
expect_scenes(found, "sentinel-2-l2a in September 2022")
doubtful = min(found, key=lambda item: item["properties"]["eo:cloud_cover"])

# %%
says = doubtful["properties"].get("earthsearch:boa_offset_applied", False)
listed = doubtful["assets"]["red"]["raster:bands"][0]["offset"]
by_the_flag = darkest_red(doubtful) + (0 if says else listed)
print(f"{doubtful['id']}: applied: {says}; darkest red by the flag {by_the_flag:.3f}")

# %% [markdown]
# In the simulated catalogue this item says that the offset is still to be added. If you believe it, you get reflectance
# far below zero: the flag is wrong. (In the real catalogue other items are wrong, and this one may be right.) So the
# rule has three steps: **the flag** and the listed offset say what to add; **the test** on the darkest hundredth says
# whether that is plausible; where they disagree, **stop**, and take another item. In exercise 03-3 you write it as
# code.
#
# ## True colour
#
# Red, green and blue, as the eye would see them. The reflectance of land is mostly below one fifth, so we stretch the
# colours up to there. `rasterize=True` draws only as many pixels as the screen has; zoom in and it is drawn anew.


# %%
def stretch(colours, darkest, brightest):
    """Spread reflectance between two values over the range of a screen, 0 to 255."""
    shares = ((colours - darkest) / (brightest - darkest)).clip(0, 1)
    return (shares.fillna(1) * 255).astype("uint8")


# %%
with ProgressBar(minimum=1):
    colours = reflectance.sel(band=["red", "green", "blue"])
    true_colour = stretch(colours, 0.0, 0.18).compute()

# %%
date = scene["properties"]["datetime"][:10]
picture = axes | {"bands": "band", "rasterize": True, "hover": False}
picture |= {"frame_width": 440}
in_km(true_colour).hvplot.rgb(**picture, title=cloud.map_title(f"True colour, {date}"))

# %% [markdown]
# **What to notice.** Trees and water are dark everywhere. There are mountains, but hardly any shade: an L2A product is
# corrected for the terrain, with a coarse model of it. On lit slopes that removes most of the difference; where the sun
# only grazes a slope it overcorrects, so look for bright slivers along the ridges, and zoom in on one: it is noisy as
# well. Lesson 04 asks what that means for us.
#
# ## False colour
#
# Put near infrared in place of red, red in place of green, green in place of blue. Living leaves reflect a lot of near
# infrared, so vegetation turns red. How bright it is depends on the amount and kind of leaves, and on shade.

# %%
with ProgressBar(minimum=1):
    colours = reflectance.sel(band=["nir", "red", "green"])
    false_colour = stretch(colours, 0.0, 0.35).compute()

# %%
title = cloud.map_title(f"Near infrared as red, {date}")
in_km(false_colour).hvplot.rgb(**picture, title=title)

# %% [markdown]
# **What to notice.** The large, brightest patches are fields. Plantations are a dark, deep red, blocks darker than
# their slope. Trees along the rivers are thin lines of a purer red than the slopes beside them; if you do not see the
# difference, look for them in true colour, where they are dark. Fynbos is paler and brownish: small, tough leaves and
# bare ground between. Water is almost black, and now easy to tell from dark trees.

# %% [markdown]
# ## The same pixels with odc-stac (optional)
#
# `stackstac` is no longer maintained. Its author has said so, and points to `odc-stac` (gjoseph92/stackstac on GitHub,
# discussion 270). We keep it in this course, in a fixed version, because its one call shows every decision in the open.
# For a project meant to last for years, use `odc.stac.load`. It takes `Item` objects where stackstac takes
# dictionaries, and returns a `Dataset` with a variable for each band, where stackstac returns one array. Three bands,
# one of each pixel size, over the same area:

# %%
import odc.stac
from pystac import Item

# %%
west, south, east, north = numbers.rio.bounds()
same_scene = odc.stac.load(
    [Item.from_dict(scene)],
    bands=neighbours["band"],
    crs=f"EPSG:{CRS}",
    resolution=10,
    x=(west, east),
    y=(south, north),
    chunks={"x": 1024, "y": 1024},
)
same_scene

# %%
with ProgressBar(minimum=1):
    by_stackstac = numbers.sel(neighbours).compute()
    by_odc = same_scene.to_dataarray("band").squeeze("time", drop=True).compute()

# %% tags=["nbval-check-output"]
print("the same pixels:", bool((by_stackstac.values == by_odc.values).all()))

# %% [markdown]
# The same numbers on the same grid, digital numbers as in the files; so everything that follows in the course can be
# done with either. We had to give stackstac the type and nodata; odc-stac has read them from the item. It, too, leaves
# the offset to you.

# %% [markdown]
# ## Exercises
#
# ### Exercise 03-1: memory before compute
#
# You want to work with two bands only, `red` and `nir`, as 32-bit floating-point numbers, over the whole area of
# `numbers`. How many **megabytes** (millions of bytes) would they take in memory? The answer is one number. Do not load
# anything: ask the lazy array.
#
# Stuck? Run `hint("03-1")`.

# %% tags=["exercise"]
megabytes = ...
check("03-1", megabytes, numbers=numbers)

# %% [markdown]
# <details><summary>Solution 03-1</summary>
#
# ```python
# two_bands = numbers.sel(band=["red", "nir"]).astype("float32")
# megabytes = two_bands.nbytes / 1e6
# ```
#
# `sel` and `astype` are lazy, too, so the answer comes at once.
#
# </details>

# %% [markdown]
# ### Exercise 03-2: the most expensive window
#
# A window of 100 x 100 pixels can cost one tile of the red band, or more. Choose its upper left corner so that **four**
# tiles must travel. The answer is a pair of whole numbers `(column, row)`, counted in pixels from 0, and the window
# must lie inside the picture. `picture_size` and `tile_size`, both (rows, columns), tell you where the tiles meet.
# There are many right answers.
#
# If you like, read your window with `CountedReads()` and compare it with the one above.
#
# Stuck? Run `hint("03-2")`.

# %% tags=["exercise"]
corner = ...
check("03-2", corner, picture_size=picture_size, tile_size=tile_size)

# %% [markdown]
# <details><summary>Solution 03-2</summary>
#
# ```python
# tile_rows, tile_columns = tile_size
# corner = (tile_columns - 50, tile_rows - 50)
# ```
#
# Four tiles meet at the point `(tile_columns, tile_rows)`. A window with that point in its middle touches all four.
#
# </details>

# %% [markdown]
# ### Exercise 03-3: an offset that is right for any scene
#
# Write a function `offset_to_use(item, darkest)`. `item` is a dictionary like `scene`, `darkest` the darkest hundredth
# of its red band with nothing added, as `darkest_red(item)` returns it. The function returns the offset to be added to
# scaled red pixels, for **any** item: for one whose product is older than the offset, for one whose offset the archive
# has applied already, and for one of collection 1, which does not say. But if `darkest` plus that offset is farther
# than **0.05** from zero, it must stop: `raise ValueError("flag and pixels disagree")`. The check tries your function
# on items of all kinds, and on some whose flag lies.
#
# Stuck? Run `hint("03-3")`.


# %% tags=["exercise"]
def offset_to_use(item, darkest):
    return ...


check(
    "03-3",
    offset_to_use,
    items=[scene, *newer_scenes],
    darkest=[darkest - offset, *darkest_reds],
)

# %% [markdown]
# <details><summary>Solution 03-3</summary>
#
# ```python
# def offset_to_use(item, darkest):
#     offset = item["assets"]["red"]["raster:bands"][0]["offset"]
#     if item["properties"].get("earthsearch:boa_offset_applied", False):
#         offset = 0.0
#     if abs(darkest + offset) > 0.05:
#         raise ValueError("flag and pixels disagree")
#     return offset
# ```
#
# `.get(..., False)` covers an item that does not say: then nobody has applied the offset, and it is up to us.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. You write reflectance = numbers * scale, for a lazy array of 100 MB. How much is read?**
#
# <details><summary>a) 100 MB</summary>
#
# **No.** Not yet: only the list of things to do has grown.
#
# </details>
# <details><summary>b) One chunk, to see whether it works</summary>
#
# **No.** The shape and type of the result follow from those of numbers; no pixel is needed.
#
# </details>
# <details><summary>c) Nothing</summary>
#
# **Yes.** Reading begins with compute(), a plot, or writing a file.
#
# </details>
#
# **2. A window of 10 x 10 pixels out of a COG with tiles of 1024 x 1024: what travels?**
#
# <details><summary>a) The table of contents and the tile, or tiles, that the window touches</summary>
#
# **Yes.** A tile is compressed as a whole, so it can only be read as a whole.
#
# </details>
# <details><summary>b) 100 pixels</summary>
#
# **No.** That would be nice, but a tile is compressed as a whole.
#
# </details>
# <details><summary>c) The whole file</summary>
#
# **No.** That is how an ordinary download works; the table of contents makes it unnecessary.
#
# </details>
#
# **3. The band coastal (60 m) is in a stack of 10 m pixels. How many measurements of coastal are there in a square of
# 60 by 60 m?**
#
# <details><summary>a) 36, one in each pixel</summary>
#
# **No.** 36 pixels, all with the same number: it was measured once.
#
# </details>
# <details><summary>b) 1, which is repeated 36 times</summary>
#
# **Yes.** Six across and six down. The grid is finer; the measurement is not.
#
# </details>
# <details><summary>c) 6, which are averaged</summary>
#
# **No.** Nothing is averaged here; the one number is repeated.
#
# </details>
#
# **4. Half of your red pixels have negative reflectance. What has probably happened?**
#
# <details><summary>a) They are under cloud.</summary>
#
# **No.** Clouds are bright: they reflect most of the light.
#
# </details>
# <details><summary>b) The scene is very dark.</summary>
#
# **No.** Even deep shadow reflects a little light. A few negative values are noise, half of them are a mistake.
#
# </details>
# <details><summary>c) The offset was subtracted twice.</summary>
#
# **Yes.** Once by the archive, once by you. Look at earthsearch:boa_offset_applied; and if it says False, the flag is
# wrong.
#
# </details>

# %% [markdown]
# ## Key points
#
# - A lazy array knows its shape and its size before a pixel is read: work out the memory first.
# - A COG has tiles, overviews and a table of contents: a window costs the tiles it touches, a picture only an overview.
# - Bands of 20 and 60 m are repeated on the 10 m grid; they do not become sharper.
# - Reflectance = DN x scale + offset, with nodata removed first, and the offset only if nobody has applied it yet. That
#   depends on the product's processing baseline and on the archive, not on the day of the picture.
# - The flag may lie. Check both ends: many negative values, or nothing near zero, mean a wrong offset. Then stop.
#
# **What's next:** [04 Clouds and shadows](04_clouds_and_shadows.ipynb): which pixels can we trust?
