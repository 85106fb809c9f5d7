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
# # 08 Parallel with Dask
#
# **The question:** a map has millions of pixels. How do we use all cores of a computer, and never more memory than it has?
#
# **You will be able to**
#
# - say what serial and parallel mean, and measure the difference;
# - read a task graph;
# - choose a chunk size and give a reason;
# - start a Dask cluster on your own machine and watch it on its dashboard.
#
# **Time:** 30 minutes. **Needs:** the scene of lesson 02.

# %% [markdown]
# ## Serial and parallel
#
# One cook chops, fries and serves four dishes one after the other. Four cooks take a dish each. That works if
# the dishes don't wait for each other, and the kitchen has room.
#
# ![Two rows of boxes along a time axis. Above, one worker does four chunks one after the other and takes four units of
# time. Below, two workers do two chunks each at the same time and take two units.](../docs/pictures/serial_and_parallel.svg)
#
# Most of what we do to a satellite image treats each pixel on its own. So we can cut the image into **chunks**
# and let several workers take a chunk each.

# %%
import json
import time

import dask
import dask.array
import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import hvplot.xarray
import numpy as np
import pandas as pd
import pystac_client
import stackstac
from distributed import Client

# %%
from helpers import find_or_make, open_cloud

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Lazy steps make a graph
#
# Take a small array in four chunks, and do two things to it. Nothing is computed yet; Dask writes down **what would
# have to be done**, as a graph: boxes are tasks, arrows say what waits for what.

# %%
numbers = dask.array.ones((4, 4), chunks=(2, 2))
total = (numbers * 2).sum()
print(f"{len(numbers.dask)} tasks to make the array, {len(total.dask)} up to the sum")

# %% [markdown]
# ![A task graph in three rows. At the bottom four boxes make a chunk each. An arrow leads from each to a box above it that
# doubles the chunk. Arrows lead from all four of those to one box at the top that adds them up.](../docs/pictures/task_graph.svg)
#
# Read it from the bottom to the top. The four columns don't depend on each other: four workers could do them at once. Only the last box
# has to wait for all. (Dask counts four tasks more than the picture has boxes: it first sums up each chunk by itself.)

# %%
total.compute()

# %% [markdown]
# ## A real task: the greenness of the scene
#
# The NDVI (normalized difference vegetation index) is (nir - red) / (nir + red): near 0 on bare ground, up to about 0.9 where leaves are dense. We
# open just these two bands.

# %%
points = gpd.read_file(cloud.field_points).to_crs("EPSG:32734")
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
scene = next(
    catalogue.search(
        collections=[choice["collection"]], ids=[choice["id"]]
    ).items_as_dicts()
)


# %%
def open_bands(chunksize):
    """Open red and near infrared lazily, in square chunks of this many pixels a side."""
    return stackstac.stack(
        [scene],
        assets=["red", "nir"],
        bounds=tuple(points.total_bounds),
        epsg=32734,
        resolution=10,
        dtype="uint16",
        fill_value=np.uint16(0),
        rescale=False,
        xy_coords="center",
        chunksize=chunksize,
    ).squeeze("time", drop=True)


# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = 0.0 if already_applied else band_facts["offset"]


def greenness(numbers):
    """Return the NDVI of digital numbers, lazily."""
    reflectance = numbers.where(numbers != 0) * np.float32(
        band_facts["scale"]
    ) + np.float32(offset)
    red, nir = reflectance.sel(band="red"), reflectance.sel(band="nir")
    return (nir - red) / (nir + red)


# %% [markdown]
# ## Measure it: one worker against several
#
# The same computation, once with one task at a time, once with a thread for every core. The first run, which is not
# timed, fills the caches; then each run reads the files again.

# %%
greenness(open_bands(chunksize=1024)).mean().compute()
seconds = {}
for scheduler in ["synchronous", "threads"]:
    ndvi = greenness(open_bands(chunksize=1024))
    start = time.perf_counter()
    mean_ndvi = float(ndvi.mean().compute(scheduler=scheduler))
    seconds[scheduler] = time.perf_counter() - start
print(f"mean NDVI {mean_ndvi:.3f}")
pd.Series(seconds, name="seconds").round(2).to_frame()

# %% [markdown]
# **What to notice.** Two cores are rarely twice as fast: reading waits for the server, and some work can't be
# shared. On your machine the figures differ, and differ again the next time; never believe a single measurement.
#
# ## How large should a chunk be?
#
# Small chunks mean many tasks, and every task costs up to a thousandth of a second of book-keeping; worse, a file
# is stored in tiles of 1024 pixels, and a chunk that cuts through a tile makes it read twice. Large chunks need much memory, and leave
# workers idle. Measure:

# %%
trials = []
for chunksize in [256, 512, 1024, 2048]:
    ndvi = greenness(open_bands(chunksize))
    start = time.perf_counter()
    ndvi.mean().compute(scheduler="threads")
    trials.append(
        {
            "chunk (pixels a side)": chunksize,
            "tasks": len(ndvi.__dask_graph__()),
            "seconds": time.perf_counter() - start,
            "MB a chunk": chunksize**2 * 4 / 1e6,
        }
    )
pd.DataFrame(trials).set_index("chunk (pixels a side)").round(2)

# %% [markdown]
# A rule of thumb: chunks of 10 to 100 MB, about as large as the tiles of the files, and if possible with the same edges (ours begin
# at the corner of the points, so many cut through tiles). Twelve bands of 1024 x 1024 pixels as
# 32-bit numbers are 50 MB: a good size.
#
# ## A cluster on your own machine
#
# Threads share one process. A **cluster** is several processes, here or on other computers, with a *scheduler* that hands out the
# tasks and a *dashboard* that shows what everyone does. We start a small one; `memory_limit` keeps each worker within bounds.

# %%
client = Client(n_workers=2, threads_per_worker=1, memory_limit="600MiB")
client

# %% [markdown]
# Open the link to the **dashboard** above in another tab (in JupyterLab, the Dask logo on the left leads there, too), then run the next
# cell and watch: every coloured bar is a task, each row a worker. White gaps are waiting.

# %%
ndvi = greenness(open_bands(chunksize=1024)).persist()
ndvi = ndvi.compute()

# %%
ndvi.hvplot.image(
    x="x",
    y="y",
    rasterize=True,
    data_aspect=1,
    frame_width=600,
    cmap="cividis",
    clim=(0, 0.9),
    clabel="NDVI (no unit)",
    xlabel="metres east",
    ylabel="metres north",
    xformatter="%.0f",
    yformatter="%.0f",
    title=cloud.map_title("Greenness (NDVI)"),
)

# %% [markdown]
# Bright is green: plantations, riversides, irrigated fields. Dark is rock, water and bare ground.
#
# The very same code runs on a cluster of a hundred machines: only the line with `Client(...)` changes, to the address of its scheduler,
# provided that all machines have the same packages and can reach the images (the offline server answers this computer only).
# When the work is done, close it, so that the memory is free for other lessons.

# %%
client.close()
client.cluster.close()

# %% [markdown]
# ## Key points
#
# - Chunks that don't depend on each other can be worked on at the same time.
# - A task graph shows what depends on what before anything runs.
# - The chunk size trades overhead against memory; think of the tiles of the files.
# - Threads, processes or a remote cluster: the same code.
#
# **What's next:** [09 Map the study area](09_map_the_study_area.ipynb): the model, chunk by chunk.
