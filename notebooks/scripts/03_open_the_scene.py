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
# **The question:** a scene is larger than the memory of a small computer. How do we work with it
# without loading it, and how do we get from the numbers in the files to reflectance?
#
# **You will be able to**
#
# - stack twelve bands of one scene into one lazy array with stackstac;
# - say how much memory it would take before loading any of it;
# - turn digital numbers into reflectance with the right offset, and check the result;
# - draw the scene in true colour and in false colour.
#
# **Time:** 30 minutes. **Needs:** the scene chosen in lesson 02.

# %%
import json

import geopandas as gpd
import holoviews as hv
import hvplot.xarray
import numpy as np
import pystac_client
import stackstac
from dask.diagnostics import ProgressBar

from helpers import BANDS, expect_inside, find_or_make, open_cloud

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Ask the catalogue for the chosen scene
#
# `find_or_make` returns what lesson 02 left. (If you have skipped lesson 02, it runs it for you.)

# %%
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
search = catalogue.search(collections=[choice["collection"]], ids=[choice["id"]])
scene = next(search.items_as_dicts())
scene["id"]

# %% [markdown]
# ## Stack the bands
#
# Sentinel-2 measures thirteen bands. L2A keeps twelve, from violet to the short-wave infrared; the thirteenth sees thin cloud, not the ground. We name
# the ones we want, in order of wavelength. In this form the names go with the pixels through the
# whole course, so that no band is ever confused with another.

# %%
BANDS

# %%
points = gpd.read_file(cloud.field_points).to_crs("EPSG:32734")

# %%
stack = stackstac.stack(
    [scene],
    assets=BANDS,
    bounds=tuple(points.total_bounds),
    epsg=32734,
    resolution=10,
    dtype="uint16",
    fill_value=np.uint16(0),
    rescale=False,
    xy_coords="center",
    chunksize=1024,
)

# %%
numbers = stack.squeeze("time", drop=True)
expect_inside(
    points, (numbers.x.min(), numbers.y.min(), numbers.x.max(), numbers.y.max())
)
numbers

# %% [markdown]
# Look at the picture above. The array has three dimensions, `band`, `y` and `x`, and is cut into
# **chunks**. It is *lazy*: stackstac has read where every pixel would come from, but no pixel yet.
# The bands of 20 m and 60 m are put on the same 10 m grid: each of their pixels is repeated.
#
# ## How large is it?

# %%
million_pixels = numbers.sizes["x"] * numbers.sizes["y"] / 1e6
print(f"{million_pixels:.1f} million pixels of 10 m")
print(f"{numbers.nbytes / 1e6:.0f} MB as stored, in whole numbers of 16 bits")
print(f"{numbers.nbytes * 2 / 1e6:.0f} MB as 32-bit floating-point numbers")
print(f"{numbers.nbytes * 4 / 1e6:.0f} MB as 64-bit floating-point numbers")
print(
    f"{12 * 10980**2 * 4 / 1e6:.0f} MB: a whole tile of 10980 x 10980 pixels, 32 bits"
)

# %% [markdown]
# On a machine with 2 GB of memory the last line is out of the question, and every copy of an array
# doubles it. So: estimate first, load only what you need.
#
# ## A small window costs little
#
# The files are Cloud-Optimized GeoTIFFs: tiles inside, and a table of where each tile starts. To show
# a square of one kilometre, only the tiles that it touches travel.

# %%
small_window = numbers.isel(x=slice(500, 600), y=slice(500, 600)).sel(band="red")
whole_band = numbers.sel(band="red")
print(f"{small_window.data.npartitions} chunk of {whole_band.data.npartitions} is read")

# %%
with ProgressBar():
    small_window = small_window.compute()
small_window.quantile([0.05, 0.5, 0.95]).values

# %% [markdown]
# ## From digital numbers to reflectance
#
# Those are **digital numbers** (DN). Reflectance is the share of light that comes back, so we expect
# values between 0 and 1. The item says how to get there: `DN x scale + offset`. But there is a trap.
#
# In January 2022 ESA began to add 1000 to every number (processing baseline 04.00), so that values
# slightly below zero can be stored, too. Catalogues list `offset: -0.1` to take it away again. Earth Search, however, has
# *already* taken it away in many items of `sentinel-2-l2a`, marks them with `earthsearch:boa_offset_applied`,
# and **still lists the offset**. Whoever subtracts it again gets negative reflectance.

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
scale = band_facts["scale"]
offset = 0.0 if already_applied else band_facts["offset"]
print(
    f"listed offset {band_facts['offset']}, already applied: {already_applied}, we use {offset}"
)

# %% [markdown]
# A scene of 2018 is older than that change, so there is nothing to subtract. The same lines are right for a newer scene.
#
# The number 0 is not a dark pixel: it means *nodata*. We turn it into `NaN` **before** scaling.

# %%
reflectance = numbers.where(numbers != 0) * np.float32(scale) + np.float32(offset)
reflectance.name = "reflectance"
reflectance

# %% [markdown]
# Still lazy. A check on a coarse sample, every tenth pixel: is anything negative, and is the middle value of
# each band sensible?

# %%
with ProgressBar():
    sample = reflectance[:, ::10, ::10].compute()
negative_share = float((sample < 0).mean())
print(f"Share of negative values: {negative_share:.2%}")
sample.median(["x", "y"]).to_series().round(3)

# %% [markdown]
# Next to nothing is negative, and vegetation is dark in the visible bands and bright in the near
# infrared (`nir`), as it should be. With the wrong offset the same check raises the alarm:

# %%
wrong = sample - 0.1
print(
    f"Share of negative values with the offset applied once too often: {(wrong < 0).mean():.0%}"
)

# %% [markdown]
# The opposite mistake, an offset that was *not* subtracted, shows at the other end: then even deep water stays near 0.1. So we look at the darkest
# hundredth of each band, too.

# %%
sample.quantile(0.01, ["x", "y"]).to_series().round(3)

# %% [markdown]
# ## True colour
#
# Red, green and blue, as an eye would see it. Reflectance of land is mostly below 0.2, so we
# stretch the colours up to there. `rasterize=True` draws only as many pixels as the screen has; zoom in and
# it is drawn anew.


# %%
def stretch(colours, darkest, brightest):
    """Spread reflectance between two values over the range of a screen, 0 to 255."""
    shares = ((colours - darkest) / (brightest - darkest)).clip(0, 1)
    return (shares.fillna(1) * 255).astype("uint8")


# %%
with ProgressBar():
    true_colour = stretch(
        reflectance.sel(band=["red", "green", "blue"]), 0.0, 0.18
    ).compute()

# %%
map_options = {
    "x": "x",
    "y": "y",
    "bands": "band",
    "rasterize": True,
    "data_aspect": 1,
    "frame_width": 600,
    "xlabel": "metres east",
    "ylabel": "metres north",
}
date = scene["properties"]["datetime"][:10]

# %%
true_colour.hvplot.rgb(**map_options, title=cloud.map_title(f"True colour, {date}"))

# %% [markdown]
# ## False colour
#
# Put near infrared in place of red, red in place of green, green in place of blue. Living leaves reflect
# much near infrared, so vegetation turns red. How bright depends on the amount and kind of leaves, and on shade.

# %%
with ProgressBar():
    false_colour = stretch(
        reflectance.sel(band=["nir", "red", "green"]), 0.0, 0.35
    ).compute()
false_colour.hvplot.rgb(
    **map_options, title=cloud.map_title(f"False colour (near infrared), {date}")
)

# %% [markdown]
# **What to notice.** Plantations and riverside trees are dark to bright red. Fynbos is
# brownish: small, tough leaves and bare ground between. Water is almost black. Slopes that face
# the sun are brighter than those turned away, although the same plants may grow on both.
#
# ## Key points
#
# - A lazy array knows its shape and its price before a pixel is read.
# - Reflectance = DN x scale + offset, with nodata removed first, and the offset only if it is still there.
# - Check both ends: many negative values mean an offset subtracted twice; if even deep water stays near 0.1, it was not subtracted at all.
#
# **What's next:** [04 Clouds and shadows](04_clouds_and_shadows.ipynb): which pixels can we trust?
