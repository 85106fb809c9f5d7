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
# **The question:** where in the catchments do the pines stand, and how sure are we?
#
# **You will be able to**
#
# - predict class probabilities for millions of pixels, chunk by chunk, in bounded memory;
# - keep nodata and the border of the area of interest in the result;
# - draw a map of pine probability over a basemap;
# - say what an area counted from pixels is worth.
#
# **Time:** 35 minutes. **Needs:** the scene of lesson 02, the mask of lesson 04, the model of lesson 06.

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
import stackstac
from xgboost import XGBClassifier

# %%
from helpers import BANDS, find_or_make, open_cloud, predict_over_chunks, write_cog

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Everything that we have made so far
#
# The scene, lazily and in reflectance, as in lessons 03 and 05. The map reaches as far as the rectangle around the field points; the area of
# interest beyond it is not mapped.

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
numbers = stackstac.stack(
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
).squeeze("time", drop=True)

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = 0.0 if already_applied else band_facts["offset"]
reflectance = numbers.where(numbers != 0) * np.float32(
    band_facts["scale"]
) + np.float32(offset)

# %% [markdown]
# The mask, the area of interest and the trained model:

# %%
mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"), chunks=1024).squeeze(
    "band", drop=True
)
usable = (mask == 1).assign_coords(x=reflectance.x, y=reflectance.y)
masked_reflectance = reflectance.where(usable).rio.write_crs("EPSG:32734")
area_of_interest = gpd.read_file(cloud.area_of_interest, layer=0).to_crs("EPSG:32734")
model = XGBClassifier()
model.load_model(find_or_make("pine_classifier.ubj"))

# %% [markdown]
# ## Predict, chunk by chunk
#
# A model expects a table, one row a pixel; we have a cube of chunks. `predict_over_chunks` goes from one to the other for each
# chunk: reshape, predict, reshape back. It skips chunks outside the area of interest without reading them, leaves masked pixels empty, and
# never holds more than a few chunks. Its answer is the same as the model's, number for number.
#
# ![Four boxes joined by arrows. A chunk of the cube, 12 bands by y by x, is reshaped to a table with one row a pixel and 12 columns; the model
# predicts probabilities, one row a pixel and 10 classes; these are reshaped back to a chunk of the map.](../docs/pictures/predict_a_chunk.svg)

# %%
spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet"))
class_names = spectra.groupby("class")["name"].first()
probability = predict_over_chunks(
    model,
    masked_reflectance,
    within=area_of_interest,
    class_names=class_names.to_dict(),
)
probability

# %% [markdown]
# Still lazy: a cube of probabilities, one layer a class. We want the layer of the pines. Nothing else is kept.

# %%
pine_probability = probability.sel({"class": "Dense Pines"}, drop=True).rename(
    "pine_probability"
)
pine_path = cloud.outputs / "pine_probability.tif"
write_cog(pine_probability, pine_path, overwrite=True)
print(f"{pine_path.name}: {pine_path.stat().st_size / 1e6:.1f} MB")

# %% [markdown]
# The map went to its file block by block. Now we read it back, as anybody would who got the file from us.

# %%
pine_map = rioxarray.open_rasterio(pine_path, masked=True).squeeze("band", drop=True)
mapped = pine_map.notnull()
print(
    f"{float(mapped.mean()):.0%} of the pixels have a probability; the others lie outside or are masked"
)

# %% [markdown]
# ## The map
#
# Pixels with a pine probability above 0.5, over the basemap. A web map has a projection of its own, Web Mercator (`EPSG:3857`), so
# the raster is reprojected for it.

# %%
above_half = pine_map.where(pine_map > 0.5)
web_map = above_half.rio.write_nodata(np.nan).rio.reproject("EPSG:3857")

# %%
web_map.hvplot.image(
    x="x",
    y="y",
    geo=True,
    crs="EPSG:3857",
    tiles=cloud.basemap,
    rasterize=True,
    cmap="spring",
    clim=(0.5, 1),
    clabel="probability of pines (0.5 to 1)",
    frame_width=650,
    alpha=0.9,
    title=cloud.map_title("Probability of invasive pines above 0.5"),
)

# %% [markdown]
# **What to notice.** The area of interest leaves plantations out: bright compact patches near them are often pines that have escaped. Long chains along
# streams are mostly false alarms: forest on the banks of streams looks like pines.
#
# ## Which probabilities are there?
#
# A histogram of all probabilities in the area of interest:

# %%
values = pine_map.values[mapped.values]
pixel_counts, edges = np.histogram(values, bins=np.linspace(0, 1, 21))
histogram = pd.DataFrame({"probability": edges[:-1] + 0.025, "pixels": pixel_counts})

# %%
histogram.hvplot.bar(
    x="probability",
    y="pixels",
    logy=True,
    color="#882255",
    rot=90,
    ylim=(1, None),
    xlabel="probability of pines",
    ylabel="number of pixels (log scale)",
    width=700,
    height=350,
    title=cloud.map_title("Pine probability in the area of interest"),
)

# %% [markdown]
# **What to notice.** Most pixels have a low probability. But a value of 0.9 does not promise that nine in ten such pixels are pines: nobody has checked
# that.
#
# ## How large is the area under pines?
#
# The obvious way is to count pixels; each is 100 square metres, a hundredth of a hectare.

# %%
hectares_counted = float((pine_map > 0.5).sum()) / 100
hectares_mapped = float(mapped.sum()) / 100
print(f"counted: {hectares_counted:,.0f} ha of {hectares_mapped:,.0f} ha mapped")

# %% [markdown]
# **Don't quote that number as it stands.** It counts false alarms as pines and misses the pines that the model did not see, and the two don't
# cancel out. With the simulated scene, and only there, we can compare with the truth (with `COURSE_CLOUD=aws` nothing is printed):

# %%
if cloud.truth is not None:
    date = choice["id"].split("_")[2]
    true_path = cloud.truth / f"pine_cover_{date}.tif"
    true_cover = rioxarray.open_rasterio(true_path, masked=True)[0]
    true_cover = true_cover.rio.reproject_match(pine_map).where(mapped)
    marked, mostly_pine = pine_map > 0.5, true_cover > 50
    print(f"true: {float(mostly_pine.sum()) / 100:,.0f} ha are more than half pine")
    print(f"true: {float(true_cover.sum()) / 1e4:,.0f} ha if all pines stood closed")
    print(
        f"{float(mostly_pine.where(marked).mean()):.0%} of what is marked is such a pixel"
    )
    print(f"{float(marked.where(mostly_pine).mean()):.0%} of such pixels are marked")

# %% [markdown]
# Compare the last two lines with the precision and recall of lesson 07. On the points the figures are better than on the map: among the points pines
# are common and stand near tracks; in the mountains they are rare.
#
# Real projects estimate the area from an independent random sample of places, visited on the ground, and say how uncertain the estimate is
# (Olofsson et al. 2014, *Remote Sensing of Environment* 148, 42-57).
#
# ## Key points
#
# - Predict block by block: memory depends on the chunk, not on the size of the map.
# - Masked is not the same as "no pines": keep nodata as nodata.
# - A map is a picture of probabilities; an area counted from it is biased.
#
# **What's next:** [10 Export and share](10_export_and_share.ipynb): a file, a bucket, a history.
