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
# **The question:** the map is made. How do others get it, whole or in part, today's version or last year's?
#
# **You will be able to**
#
# - write a Cloud-Optimized GeoTIFF and prove that it holds what you put in;
# - put it into an S3 bucket with s3fs and read a part of it back;
# - keep versions of a map with Icechunk: commit, history, an old version read back.
#
# **Time:** 30 minutes. **Needs:** the map of lesson 09.

# %%
import holoviews as hv
import hvplot.xarray
import icechunk
import pandas as pd
import rioxarray
import s3fs
import xarray as xr
from icechunk.xarray import to_icechunk

from helpers import find_or_make, open_cloud, write_cog

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %%
pine_map = rioxarray.open_rasterio(find_or_make("pine_probability.tif"), masked=True)
pine_map = pine_map.squeeze("band", drop=True).rename("pine_probability")
pine_map

# %% [markdown]
# ## One file for everybody: a Cloud-Optimized GeoTIFF
#
# Probabilities as 32-bit numbers are more precise than the model is. For sharing, whole percent are enough: one byte a pixel,
# with 255 for *nodata*.

# %%
percent = (pine_map * 100).round().fillna(255).astype("uint8").rename("pine_percent")
percent = percent.rio.write_nodata(255)
cog_path = cloud.outputs / "pine_percent.tif"
write_cog(percent, cog_path, overwrite=True)
print(
    f"{pine_map.nbytes / 1e6:.1f} MB in memory, {cog_path.stat().st_size / 1e6:.2f} MB on disk"
)

# %% [markdown]
# Never trust an export that you have not read back. Same numbers, same place, same nodata?

# %%
read_back = rioxarray.open_rasterio(cog_path).squeeze("band", drop=True)
comparison = {
    "same numbers": bool((read_back.values == percent.values).all()),
    "same CRS": read_back.rio.crs == percent.rio.crs,
    "same place": read_back.rio.bounds() == percent.rio.bounds(),
    "same nodata": read_back.rio.nodata == 255,
}
pd.Series(comparison).to_frame("read back")

# %% [markdown]
# ## A bucket: S3
#
# An S3 **bucket** is a shelf on the internet: every object has a key, much like a path, and an address. Ours is on this
# machine by default (it speaks the same protocol), and your own with `COURSE_CLOUD=aws`. s3fs makes it look like a folder.

# %%
bucket = s3fs.S3FileSystem(**cloud.s3)
key = f"{cloud.bucket}/maps/pine_percent.tif"
bucket.put(str(cog_path), key)
bucket.ls(f"{cloud.bucket}/maps", detail=False)

# %% [markdown]
# Because the file is cloud-optimized, a reader elsewhere needs only the bytes it is interested in. Here: a window of one square kilometre.

# %%
with bucket.open(key, block_size=64 * 1024) as remote_file:
    remote_map = rioxarray.open_rasterio(
        remote_file, chunks={"x": 512, "y": 512}
    ).squeeze("band", drop=True)
    window = remote_map.isel(x=slice(1000, 1100), y=slice(800, 900)).load()
print(
    f"{window.sizes['x']} x {window.sizes['y']} pixels, equal to ours:",
    bool((window.values == percent.values[800:900, 1000:1100]).all()),
)

# %% [markdown]
# ## A map with a history: Icechunk
#
# Next spring there will be a new map. Overwrite the old one? Then nobody can tell what the plan of last year was
# based on. **Icechunk** keeps arrays in a bucket with a history, as git does for text: each *commit* is a complete version, and old
# ones stay readable.

# %%
storage = icechunk.s3_storage(bucket=cloud.bucket, prefix="pine-maps", **cloud.icechunk)
repository = icechunk.Repository.open_or_create(storage)

# %% [markdown]
# Write the map in a **session**, and commit with a message. Until the commit nobody else sees anything; after it, everybody sees all of it.

# %%
first_version = percent.drop_vars("spatial_ref").to_dataset()
first_version.attrs["crs"] = "EPSG:32734"
session = repository.writable_session("main")
to_icechunk(first_version, session, mode="w")
first_commit = session.commit("Pine map, first version")
first_commit

# %% [markdown]
# A colleague has been to the field: in one corner the pines have been cleared. We set that corner to 0 (masked pixels stay masked), write the map
# again, and commit.

# %%
second_version = first_version.copy(deep=True)
corner = second_version["pine_percent"][:500, :500]
second_version["pine_percent"][:500, :500] = corner.where(corner == 255, 0)
session = repository.writable_session("main")
to_icechunk(second_version, session, mode="w")
session.commit("North-western corner cleared, after a visit in the field")

# %% [markdown]
# The history, newest first. (If you have run this lesson before, its earlier commits are there, too.)

# %%
history = pd.DataFrame(
    {"when": version.written_at, "message": version.message, "id": version.id}
    for version in repository.ancestry(branch="main")
)
history

# %% [markdown]
# Read the first version back, by its id, and compare with today's:


# %%
def read_version(**which):
    """Open one version of the map, numbers as stored (255 stays 255)."""
    store = repository.readonly_session(**which).store
    return xr.open_zarr(store, consolidated=False, mask_and_scale=False)[
        "pine_percent"
    ].load()


# %%
old = read_version(snapshot_id=first_commit)
today = read_version(branch="main")
print("the old version is as it was:", bool((old.values == percent.values).all()))
changed = old != today
print(
    f"{int(changed.sum())} pixels differ between the two versions, {int(changed[500:].sum())} of them outside the corner"
)

# %% [markdown]
# What has changed, on a map:

# %%
difference = (old.astype("int16") - today.astype("int16")).where(changed)

# %%
difference.rename("percentage points").hvplot.image(
    x="x",
    y="y",
    rasterize=True,
    data_aspect=1,
    frame_width=550,
    cmap="cividis",
    clim=(0, 100),
    clabel="probability taken away (percentage points)",
    xlabel="metres east",
    ylabel="metres north",
    xformatter="%.0f",
    yformatter="%.0f",
    title=cloud.map_title("Difference between the two versions"),
)

# %% [markdown]
# ## Which one when?
#
# | you want to | take |
# |---|---|
# | give one map to anybody with a GIS | a Cloud-Optimized GeoTIFF |
# | let others read parts of it over the internet | the same file in a bucket |
# | keep versions, or a cube that grows with every scene | Icechunk |
#
# ## Key points
#
# - Read every export back and compare.
# - Whole percent in one byte are enough for a probability; say which number is nodata.
# - A map that people plan by needs a history.
#
# **What's next:** you have walked the whole way, from points in the field to a map that others can use. Go back to any lesson
# and change one thing: another scene, another threshold, another band.
