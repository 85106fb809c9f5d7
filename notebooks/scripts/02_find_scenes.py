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
# **The question:** Sentinel-2 has photographed the Cape every ten days since 2015, every five since 2017. Which image
# do we take, and how do we find it without downloading any?
#
# **You will be able to**
#
# - open a STAC catalogue and name its parts: collection, item, asset;
# - search by place, time and cloud cover, and find out why a search finds nothing or too little;
# - compare what was found and choose a scene for reasons that you can state;
# - measure the cloud cover of your own area, which can differ a lot from that of the whole image.
#
# **Time:** 35 minutes (reading 20, exercises 15). **Needs:** the points of lesson 01.

# %% [markdown]
# ## What Sentinel-2 is
#
# Sentinel-2 is a family of European satellites of one design that photograph the land, free for everybody to use: 2A
# since 2015, 2B since 2017, 2C since September 2024. One alone returns to a place every ten days, two together every
# five. A [band](../docs/glossary.md#band) is a picture in one range of wavelengths: blue, red, near infrared (just
# beyond red, invisible to us), and so on. [Reflectance](../docs/glossary.md#reflectance) is the share of the light that
# the ground reflects, 0 to 1. Images are cut into squares of 110 by 110 km with names such as 34HCH; Sentinel-2 calls
# such a square a [tile](../docs/glossary.md#tile).

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
from helpers import check, expect_scenes, hint, leave, open_cloud
from helpers.course import NOT_MAPPED, PLACE
from helpers.plots import set_plot_style

hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()

# %% [markdown]
# ## Open the catalogue
#
# A [STAC](../docs/glossary.md#stac) (SpatioTemporal Asset Catalog) is an index of images that programs can read. It has
# four levels, one inside the other:
#
# - a **catalogue** holds collections;
# - a **collection** is a series of images of one kind, such as Sentinel-2 surface reflectance;
# - an **item** is one image of one place at one time; we also say *scene*;
# - an **asset** is one file of an item: a band, a quick look, a mask.
#
# ![From left to right: a catalogue; two of its collections; of Sentinel-2, three items, each a day in September; and of
# one of them, three assets: red, near infrared and the scene classification.](../docs/pictures/words_of_stac.svg)

# %%
catalogue = pystac_client.Client.open(cloud.stac_url)
collections = list(catalogue.get_collections())
pd.Series(
    {collection.id: collection.title for collection in collections}, name="title"
).to_frame()

# %% [markdown]
# Two hold Sentinel-2 images, and one (`cop-dem-glo-30`) a terrain model; online there are more. We use
# `sentinel-2-l2a`. *L2A* means that the effect of the atmosphere has been removed: the pixels hold the share of the
# light that the ground reflects.

# %% [markdown]
# ## Search: where, when, how cloudy
#
# The place is a point in the mountains near Franschhoek, as longitude and latitude, written as a dictionary in a format
# called GeoJSON. (`PLACE` is in `helpers/course.py`, with everything else that another study area would change.) The
# time is September 2018, spring. Fynbos is evergreen, so the season matters less for its leaves than for the light: in
# June the sun is low and mountains cast long shadows, around December it is high. What does change with the seasons is
# grass, crops and the dryness of the shrubs: in January shrubs are dry and trees less so, which helps to tell the two
# apart. Our scene must fit the points, which were taken in spring. And we want less than 10 % cloud.

# %%
longitude, latitude = PLACE
point = {"type": "Point", "coordinates": [longitude, latitude]}
print(point)

search = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-09-01/2018-09-30",
    query={"eo:cloud_cover": {"lt": 10}},
)
scenes = search.item_collection()
print(f"{len(scenes)} scenes found")

# %% [markdown]
# `lt` is *less than*; the others are `lte`, `gt`, `gte`, `eq` and `neq`. `eo:` and `view:` in a property's name say
# which STAC extension it belongs to. What would we have got without the limit on clouds?

# %%
all_scenes = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-09-01/2018-09-30",
).item_collection()
too_cloudy = len(all_scenes) - len(scenes)
print(f"{len(all_scenes)} scenes in that month; {too_cloudy} too cloudy")

# %% [markdown]
# ## A search that finds nothing
#
# Take the same place, but as people say it: latitude first.

# %% tags=["nbval-check-output"]
swapped = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects={"type": "Point", "coordinates": [latitude, longitude]},
)
print(f"{swapped.matched()} scenes found")

# %% [markdown]
# No error: with its two numbers swapped, the point is still a real place, in the Atlantic, and Sentinel-2 takes no
# pictures of the open sea. A search that finds nothing is a right answer to a wrong question. The usual reasons:
#
# - latitude and longitude swapped: STAC, like GeoJSON, wants **longitude first**;
# - a misspelt property or collection: nothing has it, so nothing matches;
# - dates before the satellite (2015), or conditions that exclude each other.
#
# To find the wrong condition, take away one at a time until something is found: the last one taken away was wrong. Put
# the others back one by one, as another may be wrong, too. And let your program check that there is an answer, or the
# error comes much later, from somewhere else. `expect_scenes` does this: it stops with one sentence if nothing was
# found, and says nothing if all is well.

# %%
expect_scenes(scenes, "this point in September 2018 with less than 10 % cloud")

# %% [markdown]
# ## Answers come in pages
#
# A catalogue does not send thousands of items at once, but page by page, each with the address of the next.
# `item_collection()` and `items()` fetch all pages for you. Two arguments look alike and are not: `limit` is the size
# of **a page**, `max_items` cuts off **the whole answer**. Here are both, in a search over several years:

# %%
years = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-01-01/2024-12-31",
    limit=3,
    max_items=4,
)
for number, page in enumerate(years.pages(), start=1):
    dates = [f"{item.datetime:%Y-%m-%d}" for item in page]
    print(f"page {number}: {', '.join(dates)}")

# %% [markdown]
# How many are there really? `matched()` asks the catalogue to count them. Without `max_items` all of them come, page by
# page; we keep them, because your answers to the exercises are compared with them.

# %%
every_scene = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-01-01/2024-12-31",
).item_collection()
print(f"{years.matched()} scenes match; max_items has let 4 through")

# %% [markdown]
# **What to notice.** The newest came first here, so `max_items` silently cut off the *oldest*: the scenes of 2018 that
# we have just seen are not among these four. Compare with `matched()`, or leave `max_items` out and ask for less. (So
# few in all? The offline catalogue holds a dozen scenes of this place, enough to learn with; the real one has
# hundreds.)

# %% [markdown]
# ## List them
#
# An item is GeoJSON, so a search result turns straight into a `GeoDataFrame`.

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
# The newest came first above, but a catalogue need not keep an order that you did not ask for (`sortby=`). So
# `scenes[0]` is not a choice. We state our reasons instead:
#
# 1. the season and the year fit the question: here spring 2018, when the points were taken;
# 2. the scene covers all field points;
# 3. the sun is high enough: at 35 degrees a ridge casts a shadow half as long again as it is high, and with a lower sun
#    shadows fill whole valleys;
# 4. of those that remain, the one with the least cloud.

# %%
points = gpd.read_file(cloud.field_points).to_crs("EPSG:4326")
found["covers the points"] = found.covers(points.union_all().convex_hull)
high_sun = found["view:sun_elevation"] > 35
suitable = found[found["covers the points"] & high_sun & (found["eo:cloud_cover"] < 10)]
expect_scenes(suitable, "all field points in September 2018 with less than 10 % cloud")
chosen_id = suitable["eo:cloud_cover"].idxmin()
print(f"Chosen: {chosen_id}, {suitable.loc[chosen_id, 'eo:cloud_cover']:.1f} % cloud")

# %% [markdown]
# On the map: the outline of the chosen scene and the points in it.

# %%
outline = found.loc[[chosen_id]].hvplot.polygons(
    geo=True,
    tiles=cloud.basemap,
    fill_alpha=0,
    line_color="#FFDD33",
    line_width=3,
    hover=False,
    frame_width=440,
)
dots = points.hvplot.points(geo=True, color="white", line_color="black", size=15)
title = cloud.map_title("The chosen scene and the points")
(outline * dots).opts(title=title)

# %% [markdown]
# **What to notice.** Every point lies inside the outline. In the simulated world a scene is only a little larger than
# the surveyed area; a real one is a hundred kilometres wide.

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
# And how is a number in the file turned into reflectance? The item says that, too. In products of a later processing
# baseline (`04.00` and above) the `offset` is not 0 and can mislead; lesson 03 shows how.

# %%
print(json.dumps(scene.assets["red"].extra_fields["raster:bands"], indent=2))
print(
    "offset already applied:",
    scene.properties.get("earthsearch:boa_offset_applied", "not said"),
)

# %% [markdown]
# ## A quick look, without the whole picture
#
# The asset `visual` is a picture in true colour. It is a **Cloud-Optimized GeoTIFF**: beside the full picture the file
# holds smaller copies ([overviews](../docs/glossary.md#overview)). We ask for a small one
# (`overview_level` counts from 0, the largest copy); only that travels. Such pictures leave room for bright clouds, so
# land comes out dark: for the screen we double the brightness.

# %%
quick_look = rioxarray.open_rasterio(scene.assets["visual"].href, overview_level=1)
whole = scene.assets["visual"].extra_fields["proj:shape"]
megabytes = quick_look.nbytes / 1e6, whole[0] * whole[1] * 3 / 1e6
print(f"{megabytes[0]:.1f} MB of pixels, instead of {megabytes[1]:.0f} MB")


# %%
def in_km(layer):
    """Return a layer with kilometres on its axes."""
    return layer.assign_coords(x=layer.x / 1000, y=layer.y / 1000)


axes = {"x": "x", "y": "y", "xlabel": "km east", "ylabel": "km north"}
axes |= {"data_aspect": 1}
brighter = (2.0 * quick_look).clip(max=255).astype("uint8")

# %%
in_km(brighter).hvplot.rgb(
    **axes,
    bands="band",
    rasterize=True,
    hover=False,
    frame_width=440,
    title=cloud.map_title(f"Quick look of {scene.datetime:%Y-%m-%d}"),
)

# %% [markdown]
# **What to notice.** Trees form dark lines and patches in the valleys and on the slopes; rock is bright along the
# ridges, fields are pale. Mountains without shadows? Surface reflectance is corrected for the light on slopes; lesson
# 03 looks closer.

# %% [markdown]
# ## Cloud on the tile, cloud on your land
#
# `eo:cloud_cover` is one number for the whole image. What about *your* valley? Every item has an asset `scl`, the scene
# classification: each pixel has a code for what it shows ([SCL](../docs/glossary.md#scl), lesson 04 has all codes).
# These are the ones that we can't use. Cloud hides the ground; thin cirrus lets it through, but changes its colours;
# shadow takes most of its light:

# %%
CLOUD = {"medium probability": 8, "high probability": 9, "thin cirrus": 10}
SHADOW = {"cloud shadow": 3}


# %% [markdown]
# Two small functions: one reads the codes of an item, coarsely, from an overview; the other says how much of an area
# has certain codes. rioxarray returns an xarray `DataArray`: numbers in rows and columns, with their coordinates;
# lesson 03 shows it in full. (`masked=True` makes pixels without data `NaN`, so that `count` leaves them out.)


# %%
def read_codes(item):
    """Return the scene classification of an item, from its first overview."""
    address = item.assets["scl"].href
    layer = rioxarray.open_rasterio(address, overview_level=0, masked=True)
    return layer.squeeze("band", drop=True)


def per_cent_of(area, scene_codes, wanted):
    """Return how many per cent of an area have one of the wanted codes."""
    inside = scene_codes.rio.clip([area])
    return 100 * float(inside.isin(list(wanted.values())).sum() / inside.count())


# %% [markdown]
# Now the cloudiest scene that our limit of 10 % let through. We look at two areas: the hull of all field points, and a
# circle of 3 km around the point of our search. Both must be in the CRS of the image, in metres.

# %%
kept_cloudy = max(scenes, key=lambda item: item.properties["eo:cloud_cover"])
kept_codes = read_codes(kept_cloudy)
surveyed = points.to_crs(kept_codes.rio.crs).union_all().convex_hull
centre = gpd.GeoSeries.from_xy([longitude], [latitude], crs="EPSG:4326")
circle = centre.to_crs(kept_codes.rio.crs).buffer(3000).iloc[0]

# %% tags=["nbval-check-output"]
print(f"{kept_cloudy.datetime:%Y-%m-%d}, cloud in per cent")
print(f"of the image, as the item says: {kept_cloudy.properties['eo:cloud_cover']:.1f}")
print(f"of the surveyed area: {per_cent_of(surveyed, kept_codes, CLOUD):.1f}")
print(f"of the circle: {per_cent_of(circle, kept_codes, CLOUD):.1f}")

# %% [markdown]
# On a map, in squares of 400 m. `sel` cuts out a piece by coordinates (y runs from north to south, so north comes
# first), and `coarsen` puts `side` by `side` pixels together (ArcGIS: *Aggregate*); `mean` then averages each square.

# %%
side = round(400 / abs(kept_codes.rio.resolution()[0]))
under_cloud = 100 * kept_codes.isin(list(CLOUD.values()))
west, south, east, north = surveyed.bounds
squares = under_cloud.sel(x=slice(west, east), y=slice(north, south)).coarsen(
    x=side, y=side, boundary="trim"
)

# %%
cloud_map = in_km(squares.mean().rename("cloud (%)")).hvplot.image(
    **axes,
    clim=(0, 100),
    cmap="Blues_r",
    clabel="% of the square (white: cloud, grey: no square)",
    frame_width=440,
    xlim=(west / 1000 - 0.5, east / 1000 + 0.5),
    ylim=(south / 1000 - 0.5, north / 1000 + 0.5),
    title=cloud.map_title(f"Cloud cover, {kept_cloudy.datetime:%Y-%m-%d}"),
)

# %%
lines = [
    hv.Curve(np.array(area.exterior.coords) / 1000).opts(color="#EE7733", line_width=3)
    for area in (surveyed, circle)
]
names = [
    hv.Text((west + east) / 2000, south / 1000 + 1, "surveyed area"),
    hv.Text(circle.centroid.x / 1000, circle.centroid.y / 1000, "within\n3 km"),
]
cloud_map = cloud_map.opts(bgcolor=NOT_MAPPED, colorbar_position="bottom")
hv.Overlay([cloud_map, *lines, *names]).opts(hv.opts.Text(color="#EE7733"))

# %% [markdown]
# **What to notice.** Clouds come in clusters: most squares are clear, some are covered, and those at the rim of a cloud
# in part. The item's figure is an average that may be true nowhere. For a small area it can mislead both ways: a
# "cloudy" scene may be clear over your valley, a "clear" one may hide it.
#
# So keep the codes of every scene of the month, but only inside the circle: little has to travel for that.

# %%
codes_in_circle = {item.id: read_codes(item).rio.clip([circle]) for item in all_scenes}

# %% [markdown]
# ## Leave the choice for the next lessons
#
# The chosen scene has next to no cloud anywhere, so it is a safe choice for our area. We keep only its name. Addresses
# can change; a catalogue can always be asked for an item by its collection and id. `leave` puts the file into the
# folder `outputs`, whole or not at all, and notes what it was made from.

# %% tags=["nbval-check-output"]
choice = {"collection": scene.collection_id, "id": scene.id}
with leave("chosen_scene.json") as path:
    path.write_text(json.dumps(choice))
print(choice)

# %% [markdown]
# ## Exercises
#
# ### Exercise 02-1: five years, a little more cloud
#
# How many scenes of `sentinel-2-l2a` did the satellites take of our `point` in the five years from 1 January 2018 to 31
# December 2022 with **less than 40 %** cloud? The answer is one number. (Take the search from above and change two of
# its arguments.)
#
# Stuck? Run `hint("02-1")`.

# %% tags=["exercise"]
number_of_scenes = ...
check("02-1", number_of_scenes, scenes=every_scene)

# %% [markdown]
# <details><summary>Solution 02-1</summary>
#
# ```python
# five_years = catalogue.search(
#     collections=["sentinel-2-l2a"],
#     intersects=point,
#     datetime="2018-01-01/2022-12-31",
#     query={"eo:cloud_cover": {"lt": 40}},
# )
# number_of_scenes = five_years.matched()
# ```
#
# `matched()` asks the catalogue to count; `len(five_years.item_collection())` fetches the items and counts them here.
#
# </details>

# %% [markdown]
# ### Exercise 02-2: repair a search
#
# A colleague wants the scenes of **our point** from **2018 to 2020** with **less than 40 %** cloud and sends you this.
# It raises no error and finds nothing:
#
# ```python
# broken = catalogue.search(
#     collections=["sentinel-2-l2a"],
#     intersects={"type": "Point", "coordinates": [-33.80, 19.20]},
#     datetime="2018-01-01/2020-12-31",
#     query={"cloud_cover": {"lt": 40}},
# )
# fixed_ids = [item.id for item in broken.items()]
# ```
#
# There are **two** mistakes in it. Copy it into the cell below in place of the line with the dots, correct both, and
# keep all conditions. The answer is the list of the ids of the scenes found.
#
# Stuck? Run `hint("02-2")`.

# %% tags=["exercise"]
fixed_ids = ...
check("02-2", fixed_ids, scenes=every_scene)

# %% [markdown]
# <details><summary>Solution 02-2</summary>
#
# ```python
# fixed = catalogue.search(
#     collections=["sentinel-2-l2a"],
#     intersects={"type": "Point", "coordinates": [19.20, -33.80]},
#     datetime="2018-01-01/2020-12-31",
#     query={"eo:cloud_cover": {"lt": 40}},
# )
# fixed_ids = [item.id for item in fixed.items()]
# ```
#
# Longitude comes first, and the property is called `eo:cloud_cover`. Correcting only one of the two still finds
# nothing, so take away one condition at a time.
#
# </details>

# %% [markdown]
# ### Exercise 02-3: is the cloudiest scene useless?
#
# A team wants to walk within the `circle` (3 km around our point) and asks whether the **cloudiest** of `all_scenes`
# would do. How many **per cent** of the circle does it show clearly, neither under cloud nor in **cloud shadow**? The
# answer is one number between 0 and 100; answer the team with it.
#
# `codes_in_circle[scene.id]` has the codes of a scene; `per_cent_of`, `CLOUD` and `SHADOW` help, too. Several codes
# together: `CLOUD | SHADOW`.
#
# Stuck? Run `hint("02-3")`.

# %% tags=["exercise"]
usable_per_cent = ...
check("02-3", usable_per_cent, scenes=all_scenes, codes_in_circle=codes_in_circle)

# %% [markdown]
# <details><summary>Solution 02-3</summary>
#
# ```python
# cloudiest = max(all_scenes, key=lambda item: item.properties["eo:cloud_cover"])
# hidden = per_cent_of(circle, codes_in_circle[cloudiest.id], CLOUD | SHADOW)
# usable_per_cent = 100 - hidden
# ```
#
# The item's cloud cover would have been a poor guess: it describes the whole image, and does not count shadows.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. A search returns 0 items and no error. What do you look at first?**
#
# <details><summary>a) The internet connection.</summary>
#
# **No.** Without a connection there would be an error, not an answer.
#
# </details>
# <details><summary>b) The order of the coordinates and the spelling of each condition.</summary>
#
# **Yes.** Longitude first; and a misspelt name matches nothing. Then take away one condition at a time.
#
# </details>
# <details><summary>c) Whether the catalogue is out of order.</summary>
#
# **No.** It has answered: nothing matches your question.
#
# </details>
#
# **2. 300 scenes match. You search with limit=10 and call item_collection(). How many do you get?**
#
# <details><summary>a) 10, the newest ones</summary>
#
# **No.** That is what max_items=10 would do.
#
# </details>
# <details><summary>b) 10, chosen at random</summary>
#
# **No.** limit does not choose; it says how many come on one page.
#
# </details>
# <details><summary>c) 300, on 30 pages</summary>
#
# **Yes.** limit is the size of a page, and item_collection() turns all the pages.
#
# </details>
#
# **3. An item says eo:cloud_cover 8. How cloudy is your valley in it?**
#
# <details><summary>a) 8 %</summary>
#
# **No.** That is the average of a whole image, and clouds come in clusters.
#
# </details>
# <details><summary>b) Anything from clear to fully covered</summary>
#
# **Yes.** A valley of a few kilometres fits under one cloud, and into one gap.
#
# </details>
# <details><summary>c) At most 8 %</summary>
#
# **No.** One part of the image can be fully covered if the rest is clear.
#
# </details>

# %% [markdown]
# ## Key points
#
# - STAC: catalogue, collection, item, asset. We search first and download later, if at all.
# - A search that finds nothing raises no error. Longitude first; take away one condition at a time.
# - `limit` is the size of a page; `max_items` cuts off the whole answer.
# - Choose a scene for reasons that you can write down (season, place, sun, cloud), never by its place in the answer.
# - The cloud cover of an item is that of the whole image: measure it over your own area.
#
# **What's next:** [03 Open the scene](03_open_the_scene.ipynb): twelve bands, without loading them.
