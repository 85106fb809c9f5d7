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
# # 02 Find scenes with STAC
#
# **The question:** Sentinel-2 has passed over the Cape every few days since 2015. Which image do we
# take, and how do we find it without downloading any?
#
# Sentinel-2 is a pair of European satellites that photograph the land for everybody, free of charge. A *band* is a picture in one range of
# wavelengths: blue, red, near infrared (just beyond red, invisible to us), and so on. *Reflectance* is the share of the light that the ground
# sends back, 0 to 1.
#
# **You will be able to**
#
# - open a STAC catalogue and name its parts: collection, item, asset;
# - search by place, time and cloud cover;
# - compare what was found and choose a scene by reasons that you can state;
# - read from an item where its pixels are and how they are stored.
#
# **Time:** 25 minutes. **Needs:** the points of lesson 01.

# %%
import json

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import hvplot.xarray
import pandas as pd
import pystac_client
import rioxarray

from helpers import expect_scenes, open_cloud

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Open the catalogue
#
# A **STAC** (SpatioTemporal Asset Catalog) is an index of images that programs can read. It knows
# four words:
#
# - a **catalogue** holds collections;
# - a **collection** is a series of images of one kind, such as Sentinel-2 surface reflectance;
# - an **item** is one image of one place at one time; we also say *scene*;
# - an **asset** is one file of an item: a band, a quick look, a mask.

# %%
catalogue = pystac_client.Client.open(cloud.stac_url)
pd.DataFrame(
    {"title": collection.title} for collection in catalogue.get_collections()
).set_index(
    pd.Index([collection.id for collection in catalogue.get_collections()], name="id")
)

# %% [markdown]
# We use `sentinel-2-l2a`. *L2A* means that the effect of the atmosphere has been removed: the
# pixels hold the share of the light that the ground reflects.

# %% [markdown]
# ## Search: where, when, how cloudy
#
# The place is a point in the mountains near Franschhoek, as longitude and latitude. The time is
# September 2018: spring, when the fynbos is green. And we want at most 10 % cloud.

# %%
point = {"type": "Point", "coordinates": [19.20, -33.80]}

search = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-09-01/2018-09-30",
    query={"eo:cloud_cover": {"lt": 10}},
)
scenes = search.item_collection()
expect_scenes(scenes, "this point in September 2018 with less than 10 % cloud")
print(f"{len(scenes)} scenes found")

# %% [markdown]
# What would we have got without the limit on clouds?

# %%
all_scenes = catalogue.search(
    collections=["sentinel-2-l2a"], intersects=point, datetime="2018-09-01/2018-09-30"
).item_collection()
print(
    f"{len(all_scenes)} scenes in that month; {len(all_scenes) - len(scenes)} too cloudy"
)

# %% [markdown]
# ## List them
#
# An item is GeoJSON, so a search result turns into a `GeoDataFrame` at once.

# %%
columns = [
    "datetime",
    "platform",
    "eo:cloud_cover",
    "view:sun_elevation",
    "s2:processing_baseline",
]
found = gpd.GeoDataFrame.from_features(all_scenes.to_dict(), crs="EPSG:4326")
found.index = pd.Index([scene.id for scene in all_scenes], name="id")
found[columns].sort_values("eo:cloud_cover")

# %% [markdown]
# ## Choose one, and say why
#
# The order in which a catalogue answers can change from day to day, so `scenes[0]` is no choice. We
# state our reasons instead:
#
# 1. the scene must cover all field points;
# 2. of those that do, the one with the least cloud.

# %%
points = gpd.read_file(cloud.field_points).to_crs("EPSG:4326")
found["covers the points"] = found.covers(points.union_all().convex_hull)
suitable = found[found["covers the points"] & (found["eo:cloud_cover"] < 10)]
expect_scenes(suitable, "all field points in September 2018 with less than 10 % cloud")
chosen_id = suitable["eo:cloud_cover"].idxmin()
print(f"Chosen: {chosen_id}, {suitable.loc[chosen_id, 'eo:cloud_cover']:.1f} % cloud")

# %% [markdown]
# On the map: the outline of the chosen scene and the points in it.

# %%
outline = found.loc[[chosen_id]].hvplot.polygons(
    geo=True,
    tiles=cloud.basemap,
    alpha=0.15,
    line_color="#882255",
    line_width=3,
    frame_width=600,
)
outline * points.hvplot.points(geo=True, color="#332288", size=6).opts(
    title=cloud.map_title(f"Outline of {chosen_id} and the field points")
)

# %% [markdown]
# ## Look inside the item
#
# Its properties say how and when the image was made.

# %%
scene = next(item for item in scenes if item.id == chosen_id)
pd.Series(scene.properties, name="value").to_frame().loc[columns]

# %% [markdown]
# Its assets are the files. Each band is one file, with its own pixel size: 10, 20 or 60 m.

# %%
assets = pd.DataFrame.from_dict(
    {
        key: {
            "title": asset.title,
            "pixel (m)": abs(asset.extra_fields["proj:transform"][0]),
        }
        for key, asset in scene.assets.items()
        if "cloud-optimized" in (asset.media_type or "")
    },
    orient="index",
)
assets

# %% [markdown]
# And how is a number in the file turned into reflectance? The item says that, too. In newer scenes the `offset` is
# not 0 and can mislead; lesson 03 shows how.

# %%
print(json.dumps(scene.assets["red"].extra_fields["raster:bands"], indent=2))
print(
    "offset already applied:",
    scene.properties.get("earthsearch:boa_offset_applied", "not said"),
)

# %% [markdown]
# ## A quick look, without the whole picture
#
# The asset `visual` is a picture in true colour. It is a **Cloud-Optimized GeoTIFF**: beside the full
# picture the file holds smaller copies (*overviews*). We ask for a small one; only that travels.

# %%
quick_look = rioxarray.open_rasterio(scene.assets["visual"].href, overview_level=1)
whole = scene.assets["visual"].extra_fields["proj:shape"]
megabytes = quick_look.nbytes / 1e6, whole[0] * whole[1] * 3 / 1e6
print(f"{megabytes[0]:.1f} MB of pixels, instead of {megabytes[1]:.0f} MB")

# %%
quick_look.hvplot.rgb(
    x="x",
    y="y",
    bands="band",
    data_aspect=1,
    frame_width=600,
    xlabel="metres east",
    ylabel="metres north",
    xformatter="%.0f",
    yformatter="%.0f",
    rasterize=True,
    title=cloud.map_title(f"Quick look of {scene.datetime:%d %B %Y}"),
)

# %% [markdown]
# **What to notice.** Mountains with deep shadow on the sides that face away from the morning sun,
# dark patches of trees, pale fields in the valleys.
#
# ## Leave the choice for the next lessons
#
# We keep only the name of the scene. Addresses can change; a catalogue can always be asked for an
# item by its collection and id.

# %%
choice = {"collection": scene.collection_id, "id": scene.id}
(cloud.outputs / "chosen_scene.json").write_text(json.dumps(choice))
choice

# %% [markdown]
# ## Key points
#
# - STAC: catalogue, collection, item, asset. We search first and download later, if at all.
# - Choose a scene by reasons that you can write down, never by its place in the answer.
# - The cloud cover of an item is that of the whole image, not of your valley: look before you trust.
#
# **What's next:** [03 Open the scene](03_open_the_scene.ipynb): twelve bands, without loading them.
