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
# # 10 Export and share
#
# **The question:** the map is ready. How do others get it, whole or in part, today's version or last year's?
#
# **You will be able to**
#
# - write a Cloud-Optimized GeoTIFF and prove that it holds what you put in;
# - put it into an S3 bucket, share it by a link, and read a part of it back;
# - keep versions of a map with Icechunk: commit, tag, change, and read a version back as it was;
# - say what happens when two people change a map at the same time;
# - choose between file, bucket and history, and give your reasons.
#
# **Time:** 40 minutes (reading 25, exercises 15). **Needs:** the map of lesson 09.

# %%
from datetime import datetime

import holoviews as hv
import hvplot.xarray
import icechunk
import numpy as np
import pandas as pd
import rasterio
import rioxarray
import s3fs
import xarray as xr
import zarr
from icechunk.xarray import to_icechunk

# %%
from rasterio.windows import Window

from helpers import CountedReads, check, find_or_make, hint, open_cloud, write_cog
from helpers.course import NOT_MAPPED
from helpers.plots import set_plot_style

hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()

# %%
pine_map = rioxarray.open_rasterio(find_or_make("pine_probability.tif"), masked=True)
pine_map = pine_map.squeeze("band", drop=True).rename("pine_probability")
pine_map

# %% [markdown]
# ## One file for everybody: a Cloud-Optimized GeoTIFF
#
# Probabilities as 32-bit numbers are more precise than the model is. For sharing, whole percent is enough: one byte per
# pixel, an integer from 0 to 255. Percent needs 0 to 100; we let 255 mean *nodata*. (Not 0: that would turn every cloud
# into "surely no pines".)

# %%
percent = (pine_map * 100).round().fillna(255).astype("uint8").rename("pine_percent")
percent.attrs = {"long_name": "probability of pines", "units": "percent"}
percent = percent.rio.write_nodata(255)
cog_path = cloud.outputs / "pine_percent.tif"
write_cog(percent, cog_path, overwrite=True)
print(f"{pine_map.nbytes / 1e6:.1f} MB in memory as 32-bit numbers")
print(f"{cog_path.stat().st_size / 1e6:.2f} MB on disk as whole percent, compressed")

# %% [markdown]
# Never trust an export that you have not read back. Are the numbers, the place and nodata the same?

# %% tags=["nbval-check-output"]
read_back = rioxarray.open_rasterio(cog_path).squeeze("band", drop=True)
print("same numbers:", bool((read_back.values == percent.values).all()))
print("same CRS:    ", read_back.rio.crs == percent.rio.crs)
print("same place:  ", read_back.rio.bounds() == percent.rio.bounds())
print("same nodata: ", read_back.rio.nodata == 255)

# %% [markdown]
# What makes it a [Cloud-Optimized GeoTIFF](../docs/glossary.md#cloud-optimized-geotiff) (COG), and not just any
# GeoTIFF?

# %% tags=["nbval-check-output"]
with rasterio.open(cog_path) as cog:
    print("layout:", cog.tags(ns="IMAGE_STRUCTURE")["LAYOUT"])
    print("tiles of", cog.block_shapes[0], "pixels")
    print("overviews: one pixel for", cog.overviews(1), "pixels a side")

# %% [markdown]
# **What to notice.** Three things. *Tiles*: a small area needs only a few of them.
# *[Overviews](../docs/glossary.md#overview)*: smaller copies for zooming out. And the *order*: a table of where every
# tile begins is at the front of the file.
#
# ## A bucket: S3
#
# A file on your computer helps nobody else. An S3 **bucket** is a shelf on the internet: every object has a key, much
# like a path, and an address. By default our bucket is on this machine (it speaks the same protocol); with
# `COURSE_CLOUD=aws` it is your own. s3fs makes it look like a folder.

# %% tags=["nbval-check-output"]
bucket = s3fs.S3FileSystem(**cloud.s3)
key = f"{cloud.bucket}/maps/pine_percent.tif"
bucket.put(str(cog_path), key)
print("same bytes:", bucket.cat_file(key) == cog_path.read_bytes())

# %% [markdown]
# Now the order in the file pays off. We ask only for its first 16 kB (a [range
# request](../docs/glossary.md#range-request)), and that is enough to know its size, its place and where its tiles are:

# %%
table_of_contents = bucket.cat_file(key, start=0, end=16 * 1024)
with rasterio.MemoryFile(table_of_contents) as first_bytes, first_bytes.open() as front:
    print(f"{front.height} x {front.width} pixels, {front.crs}, nodata {front.nodata}")
print(f"read {len(table_of_contents):,} of {bucket.size(key):,} bytes")

# %% [markdown]
# To share it with somebody who has no key to your bucket, make a **signed link**. It is an ordinary web address that
# works for an hour, or less: signed with temporary credentials, such as those from a hub or a company login, it expires
# with them. Whoever has the link can read the file, so treat it like a key. GIS software opens it directly; so do we,
# for one square kilometre. `CountedReads` counts what is transferred, as in lesson 03; the setting tells GDAL, which
# does the reading, not to look for companion files beside this one.

# %%
link = bucket.url(key, expires=3600)
print(link.partition("?")[0], "and a signature")
alone = rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR")
traffic = CountedReads()
square = Window(col_off=1100, row_off=800, width=100, height=100)
with alone, rasterio.open(link, opener=traffic) as shared_map:
    one_square_kilometre = shared_map.read(1, window=square)
same = bool((one_square_kilometre == percent.values[800:900, 1100:1200]).all())
print("equal to ours:", same)
print(traffic)

# %% [markdown]
# The smallest overview shows the whole map at a glance. It has 64 times fewer pixels, and the reader need not calculate
# it:

# %%
traffic = CountedReads()
with alone, rasterio.open(link, opener=traffic, overview_level=2) as shared_map:
    glance = shared_map.read(1)
print(f"{glance.shape[0]} x {glance.shape[1]} pixels")
print(traffic)

# %% [markdown]
# ## A map with a history: Icechunk
#
# Next spring there will be a new map. Overwrite the old one? Then nobody can tell what last year's plan was based on.
# Keep `map_final_2_really.tif` beside it? Then nobody can tell which one counts.
# **[Icechunk](../docs/glossary.md#icechunk)** keeps arrays (in Zarr, a format of many small objects, one per chunk) in
# a bucket with a history: each [*commit*](../docs/glossary.md#commit) is a complete version, and old ones stay
# readable.

# %%
storage = icechunk.s3_storage(bucket=cloud.bucket, prefix="pine-maps", **cloud.icechunk)
repository = icechunk.Repository.open_or_create(storage)


def stored_kilobytes():
    """Return how much the repository takes in the bucket."""
    bucket.invalidate_cache()
    return bucket.du(f"{cloud.bucket}/pine-maps") / 1000


# %% [markdown]
# Write the map in a **session**, in chunks of 512 pixels, and commit with a message. Before the commit nobody else sees
# anything; after it, everybody sees all of it. If the computer crashes half way, the old version is still there, whole.
# The CRS is stored in a variable of its own, `spatial_ref`: don't drop it, or nobody knows where the map lies.
#
# `main` is a **branch**: a name that always points to the newest version and moves on with every commit. Every
# repository has this one, and one is enough for us.

# %%
first_version = percent.to_dataset().chunk({"y": 512, "x": 512})
session = repository.writable_session("main")
to_icechunk(first_version, session, mode="w")
first_commit = session.commit("Pine map, first version")
print(f"{stored_kilobytes():.0f} kB in the bucket")

# %% [markdown]
# A commit has an id that nobody can remember. The plan for this season is made with this version, so we give it a name,
# a **tag**. A tag can't be moved, and its name can't be used again, even after deleting it. (Ours includes the time, so
# that you can run the lesson twice.)

# %%
tag = f"season-plan-{datetime.now():%Y-%m-%d-%H%M%S}"
repository.create_tag(tag, first_commit)
print(f"{first_commit} is now also called {tag}")

# %% [markdown]
# ## A change
#
# A colleague has been in the field: the pines in the north-western corner have been cleared. Rows are counted from the
# north, so these are the first 500 rows and columns. We set them to 0 there (masked pixels stay masked) and commit.
# Only this part is opened and written.


# %%
def clear_pines(session, rows, columns):
    """Set the probability to 0 in a part of the map, but leave masked pixels alone."""
    stored_map = zarr.open_group(session.store)["pine_percent"]
    part = stored_map[rows, columns]
    stored_map[rows, columns] = np.where(part == 255, 255, 0)


# %%
before = stored_kilobytes()
session = repository.writable_session("main")
clear_pines(session, slice(0, 500), slice(0, 500))
session.commit("North-western corner cleared, after a visit in the field")
print(f"the new version takes {stored_kilobytes() - before:.0f} kB more")
print(repository.diff(from_tag=tag, to_branch="main"))

# %% [markdown]
# **What to notice.** The new version is complete, but only the chunks that changed were stored again; the others are
# shared with the old one. `diff` names them, by their row and column among the chunks.
#
# Here is the history, newest first. (If you have run this lesson before, its earlier commits are there, too.)

# %%
history = pd.DataFrame(
    {"when": version.written_at, "message": version.message, "id": version.id}
    for version in repository.ancestry(branch="main")
)
history.head(6)

# %% [markdown]
# ## The version as it was
#
# Read the tagged version, and compare it with what we wrote and with today's. `decode_coords="all"` turns `spatial_ref`
# back into a coordinate, so that the map knows its CRS. (Old Zarr stores kept a second, *consolidated* list of their
# arrays, to save requests. Icechunk keeps such a list itself, so we say that there is none to look for.)


# %%
def read_version(**which):
    """Open one version of the map, numbers as stored (255 stays 255)."""
    store = repository.readonly_session(**which).store
    dataset = xr.open_zarr(
        store, consolidated=False, mask_and_scale=False, decode_coords="all"
    )
    return dataset["pine_percent"].load()


# %%
planned = read_version(tag=tag)
today = read_version(branch="main")
changed = planned != today
print(
    "the tagged version is as it was:", bool((planned.values == percent.values).all())
)
print(f"{int(changed.sum()):,} pixels differ from today's")
print(f"{int(changed[500:].sum())} of them outside the corner")

# %% tags=["nbval-check-output"]
print("the CRS has come along:", planned.rio.crs == percent.rio.crs)

# %%
difference = planned.astype("int16") - today.astype("int16")
difference = difference.where(planned != 255).rename("percentage points")
map_options = {"x": "x", "y": "y", "rasterize": True, "data_aspect": 1}
map_options |= {"frame_width": 440}

# %%
corner = difference[:500, :500]
in_km = {"x": corner.x / 1000, "y": corner.y / 1000}
corner.assign_coords(in_km).hvplot.image(
    **map_options,
    cmap="YlOrBr",
    clim=(5, 100),
    clabel="percentage points lost (white: under 5; grey: not mapped)",
    xlabel="km east",
    ylabel="km north",
    title=cloud.map_title("Probability lost since the plan"),
).opts(clipping_colors={"min": "white", "NaN": NOT_MAPPED}, colorbar_position="bottom")

# %% [markdown]
# The map shows only the corner: brown where pines were likely, pale where the probability was already low, white where
# it has changed by fewer than 5 percentage points, grey where nothing is mapped. Before subtracting, we converted the
# numbers to `int16`: a `uint8` has no negative values, and `0 - 1` would be 255.
#
# ## Two people at once
#
# Anna and Ben open the map at the same time. Both change the same part of it, and Anna is the first to commit. (`try`
# runs code that may fail, `except` says what to do then.)

# %%
anna = repository.writable_session("main")
ben = repository.writable_session("main")
clear_pines(anna, slice(600, 700), slice(600, 700))
clear_pines(ben, slice(650, 750), slice(650, 750))
anna.commit("Slope above the hut cleared (Anna)")
try:
    ben.commit("Slope beside the hut cleared (Ben)")
except icechunk.ConflictError:
    print("Ben's commit is refused: the map is no longer the one that he changed.")

# %% [markdown]
# With plain files Ben would have overwritten Anna's work, and neither would know. Now he has to decide what happens. He
# asks Icechunk to put his changes on top of Anna's (to **rebase** them), provided that the two don't touch the same
# chunks. (`set_logs_filter` keeps Icechunk's own warnings off the screen.)

# %%
icechunk.set_logs_filter("error")
try:
    ben.commit("Slope beside the hut", rebase_with=icechunk.ConflictDetector())
except icechunk.RebaseFailedError as refusal:
    for conflict in refusal.conflicts:
        print("both changed:", conflict.path, "chunks", conflict.conflicted_chunks)

# %% [markdown]
# They do. Icechunk can't know who is right, so it stops. The safe way out is to start again: Ben discards his session,
# opens Anna's version, and makes his change there.

# %%
ben = repository.writable_session("main")
clear_pines(ben, slice(650, 750), slice(650, 750))
ben.commit("Slope beside the hut cleared (Ben, after Anna)")
newest = next(repository.ancestry(branch="main"))
print(newest.message)

# %% [markdown]
# So the map that we read as `today` is older than both changes. Read it again:

# %%
newest_map = read_version(branch="main")
print(f"{int((newest_map != today).sum()):,} pixels have changed since then")

# %% [markdown]
# Had they worked on different chunks, `ConflictDetector` would have let both changes in without anybody's help. That is
# one more thing to consider when you choose chunks.
#
# ## Which one when?
#
# | you have | use | because |
# |---|---|---|
# | one map, for anybody with a GIS, offline too | a COG as a file | one file with place and nodata; every GIS reads it |
# | many readers of parts of the newest map | a COG in a bucket | they read only the bytes that they need |
# | several writers, or questions about the past | Icechunk | versions stay, and conflicts are noticed |
#
# They don't exclude each other: keep the history in Icechunk, and publish each season's version as a COG.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 10-1: what does precision cost?
#
# Write `pine_map`, the 32-bit numbers, as a Cloud-Optimized GeoTIFF, too: `write_cog(pine_map, cloud.outputs /
# "pine_float.tif", overwrite=True)`. How many times as large as the file in whole percent (`cog_path`) is it **on
# disk**? The answer is a number; one decimal is enough. (`path.stat().st_size` is the size of a file in bytes.)
#
# Stuck? Run `hint("10-1")`.

# %% tags=["exercise"]
times_as_large = ...
check("10-1", times_as_large, cog_path=cog_path, pine_map=pine_map)

# %% [markdown]
# <details><summary>Solution 10-1</summary>
#
# ```python
# float_path = cloud.outputs / "pine_float.tif"
# write_cog(pine_map, float_path, overwrite=True, progress=False)
# times_as_large = float_path.stat().st_size / cog_path.stat().st_size
# ```
#
# More than the factor of four between 32 and 8 bits. The last digits of a probability are noise, and noise can't be
# compressed; in whole percent, neighbouring pixels are often equal, and that can.
#
# </details>

# %% [markdown]
# ### Exercise 10-2: cleared since the plan
#
# How many **hectares** were likely pines in the tagged version, `planned` (50 percent or more), and are 0 in the newest
# version of `main`, after Anna's and Ben's changes? A pixel is 10 m x 10 m.
#
# Stuck? Run `hint("10-2")`.

# %% tags=["exercise"]
cleared_hectares = ...
check("10-2", cleared_hectares, planned=planned, newest_map=newest_map)

# %% [markdown]
# <details><summary>Solution 10-2</summary>
#
# ```python
# likely_pines = (planned >= 50) & (planned != 255)
# cleared_hectares = int((likely_pines & (newest_map == 0)).sum()) / 100
# ```
#
# The tag still gives the map that the plan was made with, whatever has been committed since. (The test for 255 changes
# nothing here, because masked pixels stayed masked, but it is a good habit.)
#
# </details>

# %% [markdown]
# ### Exercise 10-3: which one when?
#
# Three people want the map. Choose what you would offer each of them: `"file"` (a COG as a file), `"bucket"` (a COG in
# a bucket) or `"icechunk"`. Replace the dots. Have a reason for each.
#
# - `"ranger"`: opens the newest map once a year in QGIS on a laptop, in a valley without network.
# - `"web map"`: a public page that shows the newest map to thousands of visitors; each looks at a few square
#   kilometres.
# - `"auditor"`: asks in three years' time which map the plan of this March was made with, while four teams keep
#   correcting the map.
#
# Stuck? Run `hint("10-3")`.

# %% tags=["exercise"]
offers = {"ranger": ..., "web map": ..., "auditor": ...}
check("10-3", offers)

# %% [markdown]
# <details><summary>Solution 10-3</summary>
#
# ```python
# offers = {"ranger": "file", "web map": "bucket", "auditor": "icechunk"}
# ```
#
# Without a network, a file is all there is. Visitors to a web map need few bytes each, and no history. An auditor needs
# a version that can't have been changed unnoticed.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. Somebody exports the map as whole percent and writes 0 where it is masked. What is lost?**
#
# <details><summary>a) Nothing: there are no pines under clouds that we know of</summary>
#
# **No.** "Not known" and "surely no pines" are now the same number, and nobody can tell them apart again.
#
# </details>
# <details><summary>b) Precision, because 0 needs more bits</summary>
#
# **No.** Every integer from 0 to 255 takes one byte.
#
# </details>
# <details><summary>c) The difference between "not known" and "no pines"</summary>
#
# **Yes.** So choose a number outside the range of the data, and state in the file that it means nodata.
#
# </details>
#
# **2. You have tagged a version. Then a colleague writes a new map over all of `main`. What does the tag show?**
#
# <details><summary>a) The version that you tagged</summary>
#
# **Yes.** A tag belongs to one commit forever; a branch, such as `main`, moves on with every commit.
#
# </details>
# <details><summary>b) The new map</summary>
#
# **No.** The branch `main` shows the new map. A tag does not move.
#
# </details>
# <details><summary>c) An error, because the old chunks are overwritten</summary>
#
# **No.** New chunks are written beside the old ones; a version keeps the chunks that it is made of.
#
# </details>
#
# **3. Why does a web map read a COG quickly over the internet, and an ordinary GeoTIFF often not?**
#
# <details><summary>a) A COG is compressed, and an ordinary GeoTIFF is not</summary>
#
# **No.** Both may be compressed or not.
#
# </details>
# <details><summary>b) A COG has tiles, smaller copies, and a table of them at its front</summary>
#
# **Yes.** One small request for the table, then only the tiles on the screen, at the size of the screen.
#
# </details>
# <details><summary>c) COGs are kept on faster servers</summary>
#
# **No.** Any web server that answers range requests will do.
#
# </details>
# <details><summary>d) A COG holds fewer pixels</summary>
#
# **No.** It holds all pixels, and overviews as well: it is a little larger.
#
# </details>

# %% [markdown]
# ## Key points
#
# - Read every export back and compare.
# - Whole percent in one byte is enough for a probability; say which number is nodata.
# - A COG in a bucket lets others read the part that they need, by a link.
# - A map that people plan with needs a history: commit what changes, tag what decisions are based on.
# - Where several people write, use a store that notices conflicts.
#
# **What's next:** you have come all the way from points in the field to a map that others can use. Before anybody plans
# with it: [11 How good is the map, and how much is it?](11_how_good_is_the_map.ipynb)
