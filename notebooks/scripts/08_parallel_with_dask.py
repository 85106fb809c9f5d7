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
# **The question:** a map has millions of pixels. How do we use all the cores of a computer, and never more memory than
# it has?
#
# **You will be able to**
#
# - say what serial and parallel mean, and measure the difference yourself;
# - read a task graph: how many tasks there are, in which layers, and what waits for what;
# - choose the size and the shape of chunks and give a reason;
# - start a Dask cluster on your own machine and watch it at work.
#
# **Time:** 40 minutes (reading 24, exercises 16). **Needs:** the scene of lesson 02.

# %% [markdown]
# ## Serial and parallel
#
# One cook makes four dishes one after the other. Four cooks take one dish each. That works if no dish has to wait for
# another, and if the kitchen has room.
#
# ![Two rows of boxes along a time axis. Above, one worker does four chunks one after the other and takes four units of
# time. Below, two workers do two chunks each at the same time and take two
# units.](../docs/pictures/serial_and_parallel.svg)
#
# Most of what we do with a satellite image treats each pixel on its own. So we can cut the image into
# [**chunks**](../docs/glossary.md#chunk) and let several workers take a chunk each.

# %%
import json
import time

import dask
import dask.array
import geopandas as gpd
import holoviews as hv
import hvplot.xarray
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# %%
import pystac_client
import stackstac
from distributed import Client, get_task_stream
from scipy.ndimage import median_filter

from helpers import check, find_or_make, hint, open_cloud
from helpers.course import CRS
from helpers.plots import set_plot_style

hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()

# %% [markdown]
# First the kitchen. Each dish needs half a second in the oven. The line with `@` changes the function below it: a call
# now only writes the job down. `dask.compute` then hands the jobs to one, two or four cooks (*threads*); the star in
# `*dishes` passes the items of the list one by one.


# %%
@dask.delayed
def bake(dish):
    """Wait half a second for the oven."""
    time.sleep(0.5)
    return dish


# %%
dishes = [bake(dish) for dish in ["bobotie", "snoek", "bread", "melktert"]]
for cooks in [1, 2, 4]:
    start = time.perf_counter()
    dask.compute(*dishes, scheduler="threads", num_workers=cooks)
    print(f"{cooks} at work: {time.perf_counter() - start:.1f} s")

# %% [markdown]
# **What to notice.** Twice the cooks, half the time: parallel work can't do better. It goes so well because baking is
# only *waiting*. Calculating is different: a core of the computer can calculate only one thing at a time. Your computer
# has:

# %%
print(f"{dask.system.CPU_COUNT} cores")

# %% [markdown]
# ## Reading a task graph
#
# Take a small array in four chunks, double it, and add everything up. Nothing is computed yet. Dask writes down **what
# would have to be done** as a [task graph](../docs/glossary.md#task-graph). A *layer* of the graph is one step of our
# code, usually with a task for every chunk. (Names of layers end in a long code; `rsplit` cuts it off.)

# %% tags=["nbval-check-output"]
small_array = dask.array.ones((4, 4), chunks=(2, 2))
total = (small_array * 2).sum()
graph = total.__dask_graph__()
for name, layer in graph.layers.items():
    print(f"{len(layer)} tasks {name.rsplit('-', 1)[0]}")
print(f"{len(graph)} tasks in all")

# %% [markdown]
# To draw the graph we need to know what each task waits for, and how many steps must come before it. `step` calls
# itself to find out: one more than the largest number among the tasks that it waits for, or 0 if it waits for nothing.
# Tasks with the same number are drawn side by side.

# %%
# Only drawing: run it, no need to read it.
waits_for = graph.get_all_dependencies()


def step(task):
    """Return how many steps must be done before a task can begin."""
    return max((step(other) + 1 for other in waits_for[task]), default=0)


tasks = pd.DataFrame({"task": sorted(waits_for, key=str)})
tasks["step"] = tasks["task"].map(step)
tasks["column"] = tasks.groupby("step").cumcount()
tasks["column"] -= tasks.groupby("step")["column"].transform("mean")
tasks.groupby("step").size().rename("tasks that could run at once").to_frame()

# %%
# Only drawing: run it, no need to read it.
place = dict(
    zip(tasks["task"], zip(tasks["column"], tasks["step"], strict=True), strict=True)
)
arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "color": "black"}
half_a_box = np.array([0, 0.14])
box = {"boxstyle": "round", "facecolor": "#88CCEE"}

# %%
# Only drawing: run it, no need to read it.
figure, axes = plt.subplots(figsize=(8, 4.5))
for task, others in waits_for.items():
    step_name = task[0].rsplit("-", 1)[0]
    axes.text(*place[task], step_name, ha="center", va="center", bbox=box)
    for other in others:
        ends = place[task] - half_a_box, place[other] + half_a_box
        axes.annotate("", *ends, arrowprops=arrow)
axes.set(xlim=(-2, 2), ylim=(-0.5, 3.5), xticks=[], yticks=range(4))
axes.spines[["top", "right", "bottom"]].set_visible(False)
axes.set(title="Task graph of a small sum", ylabel="steps that must come before")
plt.show()

# %% [markdown]
# **What to notice.** Read from bottom to top; an arrow leads from a task to the one that waits for it (`mul` is the
# doubling). The four columns don't depend on each other: four workers could do them at once. Only the last box, which
# adds up four sums, has to wait for all of them. A graph with many columns is good news; a long chain is not.

# %% tags=["nbval-check-output"]
print(total.compute())

# %% [markdown]
# ## A real task: the greenness of the scene
#
# The NDVI (normalized difference vegetation index) is (nir - red) / (nir + red): near 0 on bare ground, up to about 0.9
# where leaves are dense. We open just these two bands, with the offset that lesson 03 has found and tested for this
# scene. The settings are in a dictionary; `**stacking` passes its entries to `stackstac.stack`.

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
stacking = {
    "assets": ["red", "nir"],
    "bounds": tuple(points.total_bounds),
    "epsg": CRS,
    "resolution": 10,
    "dtype": "uint16",
    "fill_value": np.uint16(0),
    "rescale": False,
    "xy_coords": "center",
}


# %%
def open_bands(chunksize):
    """Open red and near infrared lazily, in square chunks of this many pixels a side."""
    stack = stackstac.stack([scene], chunksize=chunksize, **stacking)
    return stack.squeeze("time", drop=True)


# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
scale = np.float32(band_facts["scale"])
offset = np.float32(0 if already_applied else band_facts["offset"])


def greenness(numbers):
    """Return the NDVI of digital numbers, lazily."""
    reflectance = numbers.where(numbers != 0) * scale + offset
    red, nir = reflectance.sel(band="red"), reflectance.sel(band="nir")
    return (nir - red) / (nir + red)


# %% [markdown]
# The graph is too large to draw, but we can count its tasks in the same way:

# %%
ndvi = greenness(open_bands(chunksize=1024))
ndvi_graph = ndvi.__dask_graph__()
print(f"{ndvi.shape} pixels in {ndvi.data.npartitions} chunks of one band")
layers = pd.DataFrame(
    [(name.rsplit("-", 1)[0], len(layer)) for name, layer in ndvi_graph.layers.items()],
    columns=["layer", "tasks"],
)
layers.groupby("layer", sort=False).sum()

# %% tags=["nbval-check-output"]
optimized = dask.optimize(ndvi)[0]
print(f"{len(ndvi_graph)} tasks as written")
print(f"{len(optimized.__dask_graph__())} after Dask has joined what belongs together")

# %% [markdown]
# **What to notice.** `fetch_raster_window` reads: one task for each chunk of each band. `ne` is our `numbers != 0`,
# `mul` and most of `add` are scale and offset (layers of the same name are counted together). Before it starts, Dask
# joins successive steps on the same chunk into one task, so that the chunk stays where it is.
#
# ## Measure it: one worker against several
#
# We time two jobs. The first reads the two bands from the server and calculates the NDVI. The second only calculates,
# with what is already in memory: it smooths the NDVI by giving each pixel the median of the 3 x 3 pixels around it. (At
# the edge of a chunk that needs pixels of the neighbouring chunks; `map_overlap` provides them.)

# %%
ndvi_in_memory = dask.array.from_array(ndvi.compute().data, chunks=512)
jobs = {
    "read and calculate": ndvi.mean(),
    "calculate only": ndvi_in_memory.map_overlap(median_filter, depth=1, size=3).mean(),
}

# %% [markdown]
# Each job runs with one task at a time (`synchronous`), then with one [worker](../docs/glossary.md#worker) thread for
# each core; three times each, because every measurement comes out a little differently.


# %%
def seconds_to_compute(lazy, scheduler):
    """Compute something and return how long it took."""
    start = time.perf_counter()
    lazy.compute(scheduler=scheduler)
    return time.perf_counter() - start


# %%
runs = []
for job, lazy in jobs.items():
    for scheduler in ["synchronous", "threads"]:
        for _ in range(3):
            seconds = seconds_to_compute(lazy, scheduler)
            runs.append({"job": job, "scheduler": scheduler, "seconds": seconds})
measured = pd.DataFrame(runs).groupby(["job", "scheduler"])["seconds"]
measured.agg(["min", "max"]).round(2)

# %%
fastest = measured.min().unstack()
speed_up = fastest["synchronous"] / fastest["threads"]
speed_up.round(1).rename("times as fast with threads").to_frame()

# %% [markdown]
# **What to notice.** Compare the two numbers with the number of cores. Calculating gains as long as there are free
# cores. Reading is partly waiting, which threads can do at the same time, like the cooks; but they all wait for the
# same server, and here the server itself needs a core of this computer. (Below 1? Then something else keeps the cores
# busy, as on many shared machines.) If a tenth of the work can't be shared, no number of cores makes it more than ten
# times as fast (Amdahl 1967). On your machine the figures differ, and differ again next time: never trust a single
# measurement.
#
# ## How large should a chunk be?
#
# Small chunks mean many tasks, and every task costs up to a thousandth of a second of bookkeeping. Worse, a file is
# stored in [tiles](../docs/glossary.md#tile) of 1024 pixels: a chunk that needs a corner of a tile transfers the whole
# tile. Large chunks need a lot of memory, and there may be too few of them for all workers. Let us measure:


# %%
trials = pd.DataFrame(index=pd.Index([256, 512, 1024, 2048], name="pixels a side"))
cut_up = [greenness(open_bands(side)) for side in trials.index]
trials["chunks"] = [trial.data.npartitions for trial in cut_up]
trials["tasks"] = [len(trial.__dask_graph__()) for trial in cut_up]
trials["MB a full chunk"] = trials.index**2 * ndvi.dtype.itemsize / 1e6

# %%
trials["seconds"] = [
    min(seconds_to_compute(trial.mean(), "threads") for _ in range(2))
    for trial in cut_up
]
trials.round(2)

# %% [markdown]
# **What to notice.** From row to row the memory of a chunk grows fourfold, and the tasks become fewer. The seconds
# change less than you might expect, until one extreme hurts: on a large scene, thousands of small tasks, or a chunk
# that doesn't fit. With twelve bands a chunk is twelve times as large as here: `12 * 1024 * 1024 * 4` bytes are 50 MB,
# and every thread holds one or two.
#
# Dask's own advice is 100 MB and more: on a machine with plenty of memory, large chunks keep the list of tasks short.
# We have to manage with 2 GB, in which every thread holds two chunks or more and the notebook a few hundred MB. So
# here: 10 to 100 MB, as large as the tiles of the files or a multiple, and if possible with the same edges. (Our chunks
# begin at the corner of the points, so many of them cut through tiles.)
#
# ## What shape should a chunk have?
#
# Size is not everything. Think of a cube of 24 dates with 2048 x 2048 pixels each, kept on a server in chunks. One
# person wants the **map of one date**, another the **series of one pixel** through all dates. (`np.s_` stores a
# selection for later: `cube[map_of_one_date]` is `cube[5, :, :]`.) Whatever they want, whole chunks are transferred.
# Let us say that each request for a chunk costs 0.02 s, and that 50 MB arrive per second:

# %%
map_of_one_date = np.s_[5, :, :]
series_of_one_pixel = np.s_[:, 700, 900]


def seconds_to_read(chunks, selection):
    """Estimate how long a part of the cube takes, if the cube has such chunks."""
    cube = dask.array.zeros((24, 2048, 2048), chunks=chunks, dtype="uint16")
    touched = cube[selection].npartitions
    megabytes = touched * np.prod(cube.chunksize) * cube.itemsize / 1e6
    return 0.02 * touched + megabytes / 50


# %% tags=["nbval-check-output"]
for chunks in [(1, 2048, 2048), (24, 128, 128)]:
    print(f"chunks of {chunks[0]} dates, {chunks[1]} x {chunks[2]} pixels:")
    print(f"  map of one date     {seconds_to_read(chunks, map_of_one_date):5.2f} s")
    print(
        f"  series of one pixel {seconds_to_read(chunks, series_of_one_pixel):5.2f} s"
    )

# %% [markdown]
# **What to notice.** What is quick for one person is slow for the other: flat chunks suit maps, tall chunks suit
# series. For the same reason, reading a small window of one date from a Cloud-Optimized GeoTIFF is cheap; reading one
# pixel from two hundred such files is not.
#
# ## A cluster on your own machine
#
# Threads share one process. A **cluster** is several processes, here or on other computers, with a
# [*scheduler*](../docs/glossary.md#scheduler) that hands out the tasks and a *dashboard* that shows what everyone does.
# We start a small one. `memory_limit` keeps each worker within bounds: a worker that comes close to it is stopped and
# restarted. `dashboard_address` keeps out strangers on the same network: `127.0.0.1` is this computer, `0` takes any
# free port. `security=True` keeps out other users of this computer, too: a cluster runs any code it is sent, in your
# name, so with temporary certificates it listens only to this notebook.

# %%
client = Client(
    n_workers=2,
    threads_per_worker=1,
    memory_limit="600MiB",
    dashboard_address="127.0.0.1:0",
    security=True,
)
client

# %% [markdown]
# Open the **dashboard**: click the button *Launch dashboard in JupyterLab* above, wait until nothing moves, and click
# it again (the first click finds the cluster, the second opens three panels beside the notebook). Or click the link,
# which shows everything on a page of its own. Then run the next cell and watch. In *Task Stream* every coloured bar is
# a task and each row a worker; white gaps are waiting, red bars are data on the way from one worker to another.

# %%
with get_task_stream(client) as stream:
    ndvi_map = ndvi.compute()

# %% [markdown]
# What the dashboard draws is also available as numbers. Who did how much?

# %%
spans = []
for task in stream.data:
    for span in task["startstops"]:
        spans.append({"worker": task["worker"].rsplit(":", 1)[1], **span})
spans = pd.DataFrame(spans)
spans["seconds"] = spans["stop"] - spans["start"]
spans.groupby(["worker", "action"])["seconds"].agg(["count", "sum"]).round(2)

# %% [markdown]
# **What to notice.** *compute* is work, *transfer* is sending data to another process: threads don't need that, because
# they share their memory. (*disk-write*, if you see it, means that a worker short of memory has put data on the disk.)
# You waited longer than these seconds: the first time, each worker has to load its packages. Use threads for steps like
# ours, which let others run meanwhile (NumPy, GDAL and XGBoost do). Use processes for pure Python code, which does not,
# and a cluster for what is too large for one computer.

# %%
map_options = {"x": "x", "y": "y", "rasterize": True, "data_aspect": 1}
in_km = {"x": ndvi_map.x / 1000, "y": ndvi_map.y / 1000}
ndvi_map.rename("NDVI").assign_coords(in_km).hvplot.image(
    **map_options,
    frame_width=440,
    cmap="cividis",
    clim=(0, 0.9),
    clabel="NDVI (darkest: 0 or less, as water)",
    xlabel="km east",
    ylabel="km north",
    title=cloud.map_title("Greenness: NDVI"),
).opts(colorbar_position="bottom")

# %% [markdown]
# Bright means green: plantations, riverbanks, irrigated fields. Dark means rock, water and bare ground.
#
# Exactly the same code runs on a cluster of a hundred machines: only the line with `Client(...)` changes, to the
# address of its scheduler, provided that all machines have the same packages and can reach the images (the offline
# server answers only this computer). When the work is done, close the panels of the dashboard with their crosses and
# then the cluster, so that the memory is free for other lessons. (A panel that is still open complains at length, and a
# worker that is *still alive* is killed: neither does any harm.)

# %%
client.close()
client.cluster.close()

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 08-1: count the chunks
#
# Somebody cuts **one band** of our scene into chunks of **700** pixels a side. How many chunks are there? The shape of
# the scene is `ndvi.shape`, (rows, columns). Chunks at the right and lower edges may be smaller, but they count, too.
# The answer is a whole number: calculate it, or ask `open_bands`.
#
# Stuck? Run `hint("08-1")`.

# %% tags=["exercise"]
number_of_chunks = ...
check("08-1", number_of_chunks, shape=ndvi.shape)

# %% [markdown]
# <details><summary>Solution 08-1</summary>
#
# ```python
# number_of_chunks = open_bands(700).sel(band="red").data.npartitions
# ```
#
# Or by hand: rows / 700 and columns / 700, *each* rounded up, then multiplied. `open_bands` has two bands, so its own
# count is twice that.
#
# </details>

# %% [markdown]
# ### Exercise 08-2: will it fit?
#
# Write a function that returns how many **MB** (1 MB = 1,000,000 bytes) are in use at a time. A chunk is square, `side`
# pixels a side, with **twelve bands** of 32-bit numbers (4 bytes each). Each of `threads` threads holds **two** such
# chunks: the one it has read and the one it makes from it.
#
# Stuck? Run `hint("08-2")`.


# %% tags=["exercise"]
def megabytes_in_use(side, threads):
    """Return the MB that all threads together hold."""
    return ...


check("08-2", megabytes_in_use)

# %% [markdown]
# <details><summary>Solution 08-2</summary>
#
# ```python
# def megabytes_in_use(side, threads):
#     """Return the MB that all threads together hold."""
#     megabytes_a_chunk = side**2 * 12 * 4 / 1e6
#     return megabytes_a_chunk * 2 * threads
# ```
#
# With 1024 pixels a side, two threads need about 200 MB. With 4096 pixels a side and 16 threads it would be 26 GB: more
# cores call for smaller chunks.
#
# </details>

# %% [markdown]
# ### Exercise 08-3: one cube for two people
#
# The cube of *What shape should a chunk have?* must serve **both** people, who come equally often. Choose the chunks: a
# tuple of three whole numbers, (dates, rows, columns), at most (24, 2048, 2048). The price of your choice is the
# **sum** of `seconds_to_read` for `map_of_one_date` and for `series_of_one_pixel`. It need not be the very best: up to
# a quarter above the best price is good enough. Defend your choice in one sentence to your neighbour, or to yourself.
#
# Stuck? Run `hint("08-3")`.

# %% tags=["exercise"]
chosen_chunks = ...
check("08-3", chosen_chunks, seconds_to_read=seconds_to_read)

# %% [markdown]
# <details><summary>Solution 08-3</summary>
#
# ```python
# chosen_chunks = (2, 512, 512)
# ```
#
# A brick: the map needs 16 chunks, of which half the content is wanted; the series needs 12 small ones. Neither person
# is served best, but both are served well. If nearly everybody wanted maps, flatter chunks would be the better choice.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. A task graph has 1000 tasks in a chain, each waiting for the one before. How much do eight workers help?**
#
# <details><summary>a) They make it eight times as fast</summary>
#
# **No.** Only tasks that don't wait for each other can run at the same time; here there is never more than one.
#
# </details>
# <details><summary>b) Not at all</summary>
#
# **Yes.** What counts is how many tasks *could* run at once, not how many there are.
#
# </details>
# <details><summary>c) They make it about twice as fast, because the scheduler works ahead</summary>
#
# **No.** A scheduler can't begin a task whose input does not exist yet.
#
# </details>
#
# **2. A computation on chunks of 4096 pixels a side runs out of memory on a computer with two cores. What do you try
# first?**
#
# <details><summary>a) More workers, so that each has less to do</summary>
#
# **No.** Every worker holds chunks of its own: more workers need more memory at a time.
#
# </details>
# <details><summary>b) The tiniest chunks, 64 pixels a side</summary>
#
# **No.** That would fit, but four thousand times as many tasks cost more time than the work itself.
#
# </details>
# <details><summary>c) Chunks of 1024 pixels a side</summary>
#
# **Yes.** A sixteenth of the memory, and the chunks are as large as the tiles of the files.
#
# </details>
#
# **3. You write `ndvi = (nir - red) / (nir + red)` with lazy arrays, and it takes only a moment. What has happened?**
#
# <details><summary>a) The result is there; Dask was that fast</summary>
#
# **No.** No pixel has been read yet. The work begins with `compute()`, or when something is drawn or written.
#
# </details>
# <details><summary>b) Dask has started working in the background</summary>
#
# **No.** Nothing runs before you ask for it.
#
# </details>
# <details><summary>c) Dask has checked every pixel, but not calculated with it</summary>
#
# **No.** It has looked only at shapes, types and chunks.
#
# </details>
# <details><summary>d) Dask has written down what would have to be done</summary>
#
# **Yes.** You have a graph. That is also why an error in the data shows up late, at `compute()`.
#
# </details>

# %% [markdown]
# ## Key points
#
# - Chunks that don't depend on each other can be processed at the same time; the graph shows which.
# - Measure more than once: the gain is mostly smaller than the number of cores.
# - Chunk size trades bookkeeping against memory; think of the tiles of the files, and of threads times chunks.
# - Chunk shape decides who is served well: flat for maps, tall for series.
# - Threads, processes or a remote cluster: the same code.
#
# **What's next:** [09 Map the study area](09_map_the_study_area.ipynb): the model, chunk by chunk.
