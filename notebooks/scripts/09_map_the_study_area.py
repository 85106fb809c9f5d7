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
# # 09 Map the study area
#
# **The question:** where in the catchments are the pines, and how sure is the model?
#
# **You will be able to**
#
# - predict class probabilities for every pixel of a chunk with ten lines of your own, and say what they get wrong;
# - predict millions of pixels in bounded memory, and keep [nodata](../docs/glossary.md#nodata) and the area of interest
#   in the result;
# - draw a map of pine probability, and a map of how sure the model is, and say what neither shows.
#
# **Time:** 40 minutes (reading 26, exercises 14). **Needs:** the scene of lesson 02, the mask of lesson 04, the spectra
# of lesson 05, the model of lesson 06.

# %%
import json
import time
import tracemalloc

import cloudpickle
import dask
import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import hvplot.xarray
import numpy as np
import pandas as pd
import pystac_client

# %%
import rioxarray
import shapely
import stackstac
from dask.diagnostics import ProgressBar
from distributed import Client
from xgboost import XGBClassifier

# %%
from helpers import (
    check,
    find_or_make,
    hint,
    leave,
    open_cloud,
    predict_over_chunks,
    write_cog,
)
from helpers.course import BANDS, CRS, NOT_MAPPED
from helpers.plots import set_plot_style

# %%
hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()

# %% [markdown]
# ## Everything that we have made so far
#
# First the model of lesson 06. (If you skipped lessons, what is missing is made now.)

# %%
model = XGBClassifier()
model.load_model(find_or_make("pine_classifier.ubj"))

# %% [markdown]
# Next the scene, opened lazily and turned into reflectance, as in lessons 03 and 05. The map covers the rectangle
# around the field points; the [area of interest](../docs/glossary.md#area-of-interest) beyond it is not mapped. One
# thing is new: each chunk holds one date and **all** bands (`-1`), because a model needs all bands of a pixel at once.
# With chunks of single bands, Dask would read the whole scene band by band before the first pixel is complete.

# %%
points = gpd.read_file(cloud.field_points).to_crs(CRS)
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
scene = next(
    catalogue.search(
        collections=[choice["collection"]], ids=[choice["id"]]
    ).items_as_dicts()
)

# %%
numbers = stackstac.stack(
    [scene],
    assets=BANDS,
    bounds=tuple(points.total_bounds),
    epsg=CRS,
    resolution=10,
    dtype="uint16",
    fill_value=np.uint16(0),
    rescale=False,
    xy_coords="center",
    chunksize=(1, -1, 1024, 1024),
).squeeze("time", drop=True)

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = 0.0 if already_applied else band_facts["offset"]
reflectance = numbers.where(numbers != 0) * np.float32(
    band_facts["scale"]
) + np.float32(offset)

# %% [markdown]
# The mask and the area of interest:

# %%
mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"), chunks=1024).squeeze(
    "band", drop=True
)
usable = (mask == 1).assign_coords(x=reflectance.x, y=reflectance.y)
masked_reflectance = reflectance.where(usable).rio.write_crs(CRS)
area_of_interest = gpd.read_file(cloud.area_of_interest, layer=0).to_crs(CRS)

# %% [markdown]
# ## Ten lines of our own
#
# A model expects a **table**, one row per pixel and one column per band. We have a **cube** of chunks. So for each
# chunk: reshape, predict, reshape back. (`.T` swaps rows and columns; -1 means "as many as there are".)
#
# ![Four boxes joined by arrows. A chunk of the cube, 12 bands by y by x, is reshaped to a table with one row a pixel
# and 12 columns; the model predicts probabilities, one row a pixel and 10 classes; these are reshaped back to a chunk
# of the map.](../docs/pictures/predict_a_chunk.svg)


# %%
def predict_block(block):
    """Turn reflectance (band, y, x) into probabilities (class, y, x)."""
    bands, rows, columns = block.shape
    table = block.reshape(bands, rows * columns).T
    probabilities = model.predict_proba(table)
    return probabilities.T.reshape(-1, rows, columns)


# %% [markdown]
# We try it on a small part, five kilometres wide, inside and beside the area of interest. We load it first, so that we
# time only the prediction, and then cut it into four chunks that hold all bands. `map_blocks` calls our function for
# each chunk; it needs to know how large the results are: as many layers as there are classes, with the same rows and
# columns.

# %%
west, south, east, north = masked_reflectance.rio.bounds()
mapped_interest = area_of_interest.clip((west, south, east, north)).union_all()
centre = mapped_interest.representative_point()
lazy_part = masked_reflectance.sel(
    x=slice(centre.x - 2560, centre.x + 2560),
    y=slice(centre.y + 2560, centre.y - 2560),
)
with ProgressBar(minimum=1):
    part = lazy_part.compute().chunk({"band": -1, "y": 256, "x": 256})


# %%
def with_ten_lines(cube):
    """Predict a cube lazily, chunk by chunk."""
    chunks = (len(model.classes_), *cube.data.chunks[1:])
    return cube.data.map_blocks(predict_block, chunks=chunks, dtype="float32")


start = time.perf_counter()
answers = with_ten_lines(part).compute()
seconds_of_ten_lines = time.perf_counter() - start
print(f"{answers.shape[0]} classes for {answers[0].size:,} pixels")

# %% [markdown]
# Is it right? We ask the model directly about one pixel (`np.newaxis` turns it into a table with one row):

# %% tags=["nbval-check-output"]
one_pixel = part.isel(y=100, x=50).values
directly = model.predict_proba(one_pixel[np.newaxis])[0]
print("the same numbers:", bool((answers[:, 100, 50] == directly).all()))

# %% [markdown]
# ## What the ten lines get wrong
#
# It works, and on a small part nobody would notice a problem. Let us look closer. **First: did we want all these
# answers?** (`rio.clip` keeps the pixels whose centre lies in the area of interest.)

# %%
missing = np.isnan(part.values).any(axis=0)
ones = part.isel(band=0).copy(data=np.ones(missing.shape, "float32"))
inside = ones.rio.clip(area_of_interest.geometry, drop=False).values == 1
wanted = inside & ~missing
answered = np.isfinite(answers[0])
print(f"{answered.sum():,} pixels got an answer")
print(f"{wanted.sum():,} lie in the area of interest and are not masked")
print(f"{(answered & missing).sum():,} are masked, and got an answer all the same")

# %% [markdown]
# That is wasted work, and worse: XGBoost treats a missing value (`NaN`) as "don't know" and gives a probability all the
# same. Clouds and dim slopes, carefully masked in lesson 04, come back with a class, as if anybody had seen what is
# there.
#
# Three more faults don't show on so small a part:
#
# - **Memory.** All ten classes of all pixels are held until the last chunk is done, and we want only one of the ten.
# - **Threads.** Dask runs a chunk on every core, and for each of them XGBoost starts a thread on every core, too.
# - **Luggage.** On a cluster every task is sent to a worker, and every task carries the model.
#
# The optional section at the end measures all three.
#
# %% [markdown]
# ## Predict with care
#
# The course's helper `predict_over_chunks` does the same reshaping, and avoids all four faults. It predicts only pixels
# that lie in the area of interest and have data, and doesn't even read a chunk that lies outside. It passes on one
# block at a time. It limits the model to one thread. And it sends the model to each worker once, separately from the
# tasks.

# %%
careful = predict_over_chunks(model, part, within=area_of_interest)
start = time.perf_counter()
careful_answers = careful.compute()
seconds_of_helper = time.perf_counter() - start

# %%
pixels_of_helper = int(careful_answers[0].notnull().sum())
comparison = {
    "ten lines": [answered.sum(), seconds_of_ten_lines],
    "predict_over_chunks": [pixels_of_helper, seconds_of_helper],
}
pd.DataFrame(comparison, index=["pixels", "seconds"]).round(2)

# %% tags=["nbval-check-output"]
largest_difference = abs(careful_answers.values - answers)[:, wanted].max()
print(f"largest difference between the two: {largest_difference}")

# %% [markdown]
# The answers are the same, number for number, wherever we want one.
#
# **On a cluster.** The helper's arrays run unchanged on any cluster, here on one worker process with one thread per
# core. Launch its dashboard (two clicks, as in lesson 08) before you run the second cell, and watch *Task Stream*. This
# time nothing is loaded in advance: `predict` is the model at work; the tasks before it read a chunk, mask it and cut
# it into blocks.

# %%
client = Client(n_workers=1, dashboard_address="127.0.0.1:0", security=True)
client

# %% tags=["nbval-check-output"]
on_a_cluster = predict_over_chunks(model, lazy_part, area_of_interest).compute()
print(f"the same as with threads: {on_a_cluster.identical(careful_answers)}")

# %% [markdown]
# First close the panels with their crosses, then the cluster. (A panel that is still open complains at length, but does
# no harm.)

# %%
client.close()
client.cluster.close()

# %% [markdown]
# Now the whole study area, lazily: a cube of probabilities, one layer per class. `engine="fast"` evaluates the same
# trees in another way (the optional section shows how); the answers are the same, to one in a million or better.

# %%
spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet"))
class_names = spectra.groupby("class")["name"].first()
probability = predict_over_chunks(
    model,
    masked_reflectance,
    within=area_of_interest,
    class_names=class_names.to_dict(),
    engine="fast",
)
probability

# %% [markdown]
# We want only the layer of the pines. Nothing else is kept.

# %%
pine_probability = probability.sel({"class": "Dense Pines"}, drop=True).rename(
    "pine_probability"
)
with leave("pine_probability.tif") as path:
    write_cog(pine_probability, path)
pine_path = cloud.outputs / "pine_probability.tif"
print(f"{pine_path.name}: {pine_path.stat().st_size / 1e6:.1f} MB")

# %% [markdown]
# The map went to its file block by block. Now we read it back, as anybody would who got the file from us.

# %% tags=["nbval-check-output"]
pine_map = rioxarray.open_rasterio(pine_path, masked=True).squeeze("band", drop=True)
mapped = pine_map.notnull()
print(pine_map.shape, pine_map.dtype, pine_map.rio.crs)
print(f"{float(mapped.mean()):.0%} of the pixels have a probability")

# %% [markdown]
# The other pixels lie outside the area of interest, or are masked.
#
# ## The map
#
# We draw the pixels with a pine probability above 0.5 over the basemap, and the outline of the area of interest. A web
# map has a projection of its own, Web Mercator (`EPSG:3857`), so the raster is reprojected for it.
#
# The map has more pixels than the screen, so `rasterize` averages those that share a dot of the screen. We give it
# *all* probabilities, and only then make the dots below 0.5 transparent. The other way round, a dot would be coloured
# as soon as one of its pixels is above 0.5, and the map would show far more pines than there are.

# %%
web_map = pine_map.rio.reproject("EPSG:3857")
parts = area_of_interest.to_crs("EPSG:4326").explode()  # holes are grey: not mapped
parts.geometry = parts.exterior.apply(shapely.Polygon)
outline = parts.hvplot.polygons(
    geo=True, fill_alpha=0, line_color=NOT_MAPPED, line_width=1, hover=False
)
map_options = {"x": "x", "y": "y", "rasterize": True, "hover": False}
west, south, east, north = area_of_interest.to_crs("EPSG:3857").total_bounds
map_options |= {"xlim": (west, east), "ylim": (south, north), "frame_width": 440}

# %%
pines = web_map.hvplot.image(
    **map_options,
    geo=True,
    crs="EPSG:3857",
    tiles=cloud.basemap,
    cmap="spring",
    clim=(0.5, 1),
    clabel="probability (no colour: below 0.5; veiled: not mapped)",
    title=cloud.map_title("Where pines are likely"),
).opts(hv.opts.Image(colorbar_position="bottom"))
clipping = {"min": "transparent", "NaN": "rgba(128, 128, 128, 0.6)"}
(pines * outline).opts(hv.opts.Image(clipping_colors=clipping))

# %% [markdown]
# **What to notice.** What is veiled in grey is not mapped. The area of interest leaves out plantations. So large
# compact patches are mostly pines that nobody planted: they have escaped, and are densest near plantations. In the
# simulated scene single pixels, small patches and long chains along streams are mostly false alarms: native forest on
# the banks looks like pines, and so do black wattle and the densest fynbos. Wattle is worth a visit, too, though by
# another team. Native forest is not: it is protected, and a team that fells it by mistake can't undo it. Before you
# hand on such a map, strike out the ravines that somebody knows to be forest.
#
# ## How sure is the model?
#
# A pixel of `0.51` and one of `0.99` are the same dot on a yes/no map. The probability of the *more likely* of the two
# answers, pines or no pines, shows how sure the model is: from 0.5, a coin toss, to 1.

# %%
sureness = np.maximum(pine_map, 1 - pine_map).rename("sureness")
unsure = (sureness < 0.7).where(mapped)
print(f"below 0.7: {float(unsure.mean()):.0%} of the mapped pixels")
print(f"and {float(unsure.where(pine_map > 0.5).mean()):.0%} of those marked as pines")

# %%
surely = np.maximum(web_map, 1 - web_map).rename("sureness")
surely.hvplot.image(
    **map_options,
    geo=True,
    crs="EPSG:3857",
    cmap="Purples_r",
    clim=(0.7, 1),
    clabel="darkest: 0.7 or less; grey: not mapped",
    xlabel="Longitude",
    ylabel="Latitude",
    title=cloud.map_title("Probability of the likelier answer"),
).opts(bgcolor=NOT_MAPPED, colorbar_position="bottom")

# %% [markdown]
# **What to notice.** The darker, the more doubt. Lay it beside the first map: doubt follows the streams and the edges
# of stands: there pixels are mixed, and forest, wattle and pines grow side by side. A map for field work should show
# this: visit the doubtful places first.
#
# But *sure* is not *right*. A model can be sure and wrong, especially where the landscape is unlike its training
# points. If we believe its probabilities, this share of the marked pixels is pines:

# %%
print(f"{float(pine_map.where(pine_map > 0.5).mean()):.0%}")

# %% [markdown]
# Keep this number in mind. [Lesson 11](11_how_good_is_the_map.ipynb) asks a random sample whether it is true, and how
# many hectares of pines there are: both take more than counting pixels.
#
# ## What it costs (optional)
#
# In a hurry? Go on to the exercises: nothing after this section needs it.
#
# **Memory.** How much do the arrays take, for the western half of the part and for all of it? `tracemalloc`, which
# comes with Python, keeps count.


# %%
def peak_megabytes(work, cube):
    """Do some work on a cube and return the most that Python's arrays took meanwhile."""
    tracemalloc.start()
    work(cube)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def hold_everything(cube):
    """Predict all classes with the ten lines."""
    return with_ten_lines(cube).compute()


# %%
cubes = {"western half": part.sel(x=slice(None, centre.x)), "whole part": part}
memory = pd.DataFrame(index=list(cubes))
memory["ten lines (MB)"] = [
    peak_megabytes(hold_everything, cube) for cube in cubes.values()
]
on_a_tile = memory.loc["whole part", "ten lines (MB)"] * 10980**2 / answered.size
print(f"in proportion, a whole Sentinel-2 tile: {on_a_tile / 1000:.1f} GB")
memory.round(1)

# %% [markdown]
# Twice the pixels, twice the memory. And with the helper, when one class goes to a file block by block?


# %%
def write_one_class(cube):
    """Predict with the helper and write one class to a file, block by block."""
    one_class = predict_over_chunks(model, cube, within=area_of_interest)[0]
    write_cog(one_class, cloud.outputs / "part.tif", overwrite=True, progress=False)


memory["helper, to a file (MB)"] = [
    peak_megabytes(write_one_class, cube) for cube in cubes.values()
]
memory.round(1)

# %% [markdown]
# **What to notice.** The second column need not be smaller: on a part as small as this it may well be larger. What
# counts is that it hardly *grows*. That is what lets a small computer make a large map.
#
# **Threads.** With two cores, or sixteen, who competes for them if Dask and XGBoost each start a thread for every core?

# %%
cores = dask.system.CPU_COUNT
seconds = {}
for threads in [cores, 1]:
    model.set_params(n_jobs=threads)
    start = time.perf_counter()
    with_ten_lines(cubes["western half"]).compute(
        scheduler="threads", num_workers=cores
    )
    seconds[cores * threads] = time.perf_counter() - start
pd.Series(seconds, name="seconds").rename_axis("threads").round(2).to_frame()

# %% [markdown]
# On two cores you may see no difference: four threads on two cores still take turns politely. On 16 cores it would be
# 16 x 16 = 256 threads, and on a shared computer threads that wait for each other cost a lot. One of the two numbers
# should be 1; we choose the model's.
#
# **Luggage.** How large is a task that is sent to a worker? `cloudpickle` packs it as a cluster would.

# %%
lazy = with_ten_lines(part)
tasks = {"ten lines": lazy, "predict_over_chunks": careful.data}
weights = {
    name: len(cloudpickle.dumps(array.dask[(array.name, 0, 0, 0)])) / 1e6
    for name, array in tasks.items()
}
pd.Series(weights, name="MB a task").round(3).to_frame()

# %% [markdown]
# The helper sends the model to each worker once, separately from the tasks.
#
# **Faster, with one word.** XGBoost takes each pixel through each tree separately, question by question. With
# `engine="fast"` the helper puts every question of a tree to hundreds of pixels at once, even those that some of them
# would never meet, and then picks each pixel's answer. That means more questions, but no waiting: a processor compares
# several numbers in one go, often 8 or 16.

# %%
fast = predict_over_chunks(model, part, within=area_of_interest, engine="fast")
start = time.perf_counter()
fast_answers = fast.compute()
seconds_of_fast = time.perf_counter() - start
pd.Series(
    {"XGBoost itself": seconds_of_helper, "fast": seconds_of_fast}, name="seconds"
).round(2).to_frame()

# %% tags=["nbval-check-output"]
same = np.allclose(fast_answers, careful_answers, rtol=0, atol=1e-6, equal_nan=True)
print(f"the same to one in a million: {same}")

# %% [markdown]
# The trees are the same, and so, to that precision, are the answers.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 09-1: a stricter map
#
# Somebody wants fewer false alarms and marks only pixels with a pine probability **above 0.7**. How many **hectares**
# of `pine_map` are then marked? The answer is a number; a pixel is 10 m x 10 m.
#
# Stuck? Run `hint("09-1")`.

# %% tags=["exercise"]
hectares_above_07 = ...
check("09-1", hectares_above_07, pine_map=pine_map)

# %% [markdown]
# <details><summary>Solution 09-1</summary>
#
# ```python
# hectares_above_07 = float((pine_map > 0.7).sum()) / 100
# ```
#
# Another threshold, another area, yet nothing has changed in the mountains: a counted area is a property of the map,
# not of the pines.
#
# </details>

# %% [markdown]
# ### Exercise 09-2: fix the ten lines
#
# Write `predict_valid(block)`. Like `predict_block`, it takes a NumPy block of reflectance (band, y, x) and returns
# probabilities (class, y, x). But where **any** band of a pixel is missing (`NaN`), all classes are `NaN`. Use
# `model.predict_proba` for all other pixels. The check tries your function on a small block of `part` with holes in it
# and compares it with the model, pixel by pixel.
#
# Stuck? Run `hint("09-2")`.


# %% tags=["exercise"]
def predict_valid(block):
    """Turn reflectance (band, y, x) into probabilities (class, y, x); keep holes."""
    return ...


check("09-2", predict_valid, model=model, part=part)

# %% [markdown]
# <details><summary>Solution 09-2</summary>
#
# ```python
# def predict_valid(block):
#     """Turn reflectance (band, y, x) into probabilities (class, y, x); keep holes."""
#     bands, rows, columns = block.shape
#     table = block.reshape(bands, rows * columns).T
#     complete = ~np.isnan(table).any(axis=1)
#     probabilities = np.full((len(table), len(model.classes_)), np.nan, "float32")
#     if complete.any():
#         probabilities[complete] = model.predict_proba(table[complete])
#     return probabilities.T.reshape(-1, rows, columns)
# ```
#
# The table starts as `NaN` and is filled only where all bands are present. The helper does the same, in batches, and
# for the area of interest as well.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. A pixel lies under a cloud, and all its bands are `NaN`. What does `model.predict_proba` return for it?**
#
# <details><summary>a) An error</summary>
#
# **No.** XGBoost is designed to work with missing values, and does not complain.
#
# </details>
# <details><summary>b) Probabilities like any other</summary>
#
# **Yes.** They follow the branches that the trees take for missing values. You have to keep the hole yourself.
#
# </details>
# <details><summary>c) `NaN` for all classes</summary>
#
# **No.** That would be sensible, but it is not what happens.
#
# </details>
#
# **2. A map is four times as large, and its chunks are as before. How much more memory does it take to predict block by
# block?**
#
# <details><summary>a) Four times as much</summary>
#
# **No.** That would hold if all blocks were kept until the last one is done.
#
# </details>
# <details><summary>b) Hardly any: it takes longer, that is all</summary>
#
# **Yes.** Each block goes to the file before its memory is needed again.
#
# </details>
# <details><summary>c) Twice as much, as the map is twice as wide</summary>
#
# **No.** The width of the map does not matter; what does is the size of a block and how many are processed at once.
#
# </details>
#
# **3. The model gives a pixel a pine probability of 0.9. What does that mean?**
#
# <details><summary>a) Nine in ten such pixels are pines</summary>
#
# **No.** That would have to be checked with visits. From points among which pines are common, a model learns to expect
# them everywhere.
#
# </details>
# <details><summary>b) Pines cover 90 % of the pixel</summary>
#
# **No.** A probability is not a cover. The model has learnt classes of points, not shares of pixels.
#
# </details>
# <details><summary>c) The pixel looks much more like the pine points than like the other points</summary>
#
# **Yes.** And no more than that: it reflects the training points, not the landscape.
#
# </details>

# %% [markdown]
# ## Key points
#
# - Predict block by block, only where an answer is wanted; memory then depends on the chunk, not on the map.
# - Masked is not the same as "no pines": models answer for missing values, too, so keep the holes yourself.
# - How sure a model is and how often it is right are two things; only visits show the second.
#
# **What's next:** [10 Export and share](10_export_and_share.ipynb): a file, a bucket, a history.
