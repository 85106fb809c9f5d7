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
# # 01 Field observations
#
# **The question:** what did people see on the ground, where, and is it enough to teach a computer
# what a pine looks like from space?
#
# **You will be able to**
#
# - read labelled points from a GeoPackage with geopandas and say what their coordinate reference
#   system (CRS) is;
# - reproject them to a CRS in metres;
# - put them on an interactive map, coloured by class;
# - count them by class and by group, and say what the three groups are for.
#
# **Time:** 20 minutes. **Needs:** nothing but lesson 00.

# %% [markdown]
# ## Where the data is
#
# `open_cloud()` tells us where the course's data is. By default that is this very computer: a
# simulated landscape, answered for by real servers on the loopback address. With
# `COURSE_CLOUD=aws` the same names point at real data on the internet. Nothing below changes.

# %%
import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import pandas as pd

from helpers import CLASS_COLOURS, expect_columns, open_cloud

hv.extension("bokeh", inline=True)

# %%
cloud = open_cloud()
cloud

# %% [markdown]
# ## Read the points
#
# A GeoPackage is one file that holds a table and its geometries. geopandas reads it into a
# `GeoDataFrame`: a pandas table with one column of shapes.

# %%
points = gpd.read_file(cloud.field_points)
expect_columns(points, ["class", "group", "name"], cloud.field_points)
points.head()

# %% [markdown]
# Each row is one visit: somebody stood there and wrote down the **class** they saw (a code and
# its **name**). The **group** says what the visit is to be used for; we come to it below. People make mistakes: a label can be wrong,
# and a GPS is off by metres. In the simulated points about three labels in a hundred are wrong, on purpose.
#
# How many visits are there, and in which coordinate reference system?

# %%
print(f"{len(points)} points in {points.crs.to_string()}: {points.crs.name}")

# %% [markdown]
# ## Degrees or metres?
#
# A CRS says what the numbers in a geometry mean. Satellite pixels here are squares of 10 **metres**,
# so distances must be in metres, too. UTM zone 34 South, `EPSG:32734`, is the CRS that Sentinel-2
# uses over the Cape. Web maps start from degrees, `EPSG:4326`. The same point in both:

# %%
points_utm = points.to_crs("EPSG:32734")
first_utm = points_utm.geometry.iloc[0]
first_degrees = points_utm.to_crs("EPSG:4326").geometry.iloc[0]
print(f"{first_utm.x:.0f} m east, {first_utm.y:.0f} m north")
print(f"{first_degrees.x:.5f} degrees east, {first_degrees.y:.5f} degrees north")

# %% [markdown]
# In metres we can ask how large the surveyed area is. (Asking for it in degrees would give a number
# without a meaning: a degree of longitude is shorter than a degree of latitude here.)

# %%
west, south, east, north = points_utm.total_bounds
print(
    f"The points span {(east - west) / 1000:.1f} km by {(north - south) / 1000:.1f} km."
)

# %% [markdown]
# ## Look at them on a map
#
# Every map of this course sits on a basemap, and for that the points go back to degrees. Zoom with the wheel, drag to move, hover over a point
# to read its class, and click a name in the legend to hide that class.

# %%
points_utm.to_crs("EPSG:4326").hvplot.points(
    geo=True,
    tiles=cloud.basemap,
    color="name",
    cmap=CLASS_COLOURS,
    size=25,
    line_color="white",
    line_width=0.5,
    hover_cols=["name", "group"],
    title=cloud.map_title("Field observations by class"),
    frame_width=600,
)

# %% [markdown]
# **What to notice.** The points follow roads and tracks: people go where they can drive and walk.
# Far slopes have few points or none. That makes collecting cheap, and judging a map harder, as
# lesson 07 will show.

# %% [markdown]
# ## Which classes are there?
#
# Models work with codes, people with names. This little table goes from one to the other.

# %%
class_table = (
    points_utm[["class", "name"]].drop_duplicates().set_index("class").sort_index()
)
class_table

# %% [markdown]
# *Dense Pines* is the class that we want to map. The others are there so that the model learns what
# is **not** a pine: other invasive trees (Black Wattle, Gum), the natural shrubland that we want to
# keep (Fynbos), native trees (Indigenous Forest), and land without trees.

# %% [markdown]
# ## How many of each, and for what?

# %%
counts = pd.crosstab(
    points_utm["name"], points_utm["group"], margins=True, margins_name="all"
)
counts

# %% [markdown]
# The three groups keep three jobs apart:
#
# | group | job in this course | the idea behind it |
# |---|---|---|
# | 1 | **training**: the model learns from these | the lessons at school |
# | 2 | **testing**: how good is the model on points it has never seen? | the final exam, opened once |
# | 0 | **validation**: for decisions on the way, such as how many trees are enough | the mock exam |
#
# Why not decide with the testing points? Because every decision made by looking at them leaks a
# little of the exam into the lessons, and the final mark is then too good.

# %%
group_jobs = {0: "validation", 1: "training", 2: "testing"}
points_utm["job"] = points_utm["group"].map(group_jobs)
by_job = pd.crosstab(points_utm["name"], points_utm["job"])
by_job.hvplot.barh(
    stacked=True,
    color=["#DDCC77", "#882255", "#332288"],
    xlabel="class",
    ylabel="number of points",
    title="Points by class and job",
    legend="right",
    width=750,
    height=400,
)

# %% [markdown]
# **What to notice.** The classes are far from equal: the most common one has several times the
# points of the rarest. A model that is never told so learns the common classes best. Keep the rarest
# class in mind; it comes back in lesson 06.

# %% [markdown]
# ## Are the groups really apart?
#
# If a testing point stands right beside a training point, the model has almost seen the answer.
# For every point, take its nearest neighbour: how often are the two in the same group, and how
# far apart are they?

# %%
other_points = points_utm[["geometry", "group"]]
neighbours = points_utm[["geometry", "group"]].sjoin_nearest(
    other_points,
    exclusive=True,
    distance_col="metres",
    lsuffix="own",
    rsuffix="neighbour",
)
same_group = (neighbours["group_own"] == neighbours["group_neighbour"]).mean()
print(
    f"Median distance to the nearest neighbour: {neighbours['metres'].median():.0f} m"
)
print(f"The nearest neighbour is of the same group for {same_group:.0%} of the points.")

# %% [markdown]
# So neighbours are close, and often in different groups:
# the groups share the same hillsides. The accuracy that we measure later holds for places *like
# these*, beside the tracks. Lesson 07 measures how much that matters.
#
# ## Key points
#
# - A GeoPackage holds a table with shapes; its CRS says what the numbers mean.
# - Pixels are in metres, so we work in `EPSG:32734`.
# - Training, validation and testing points have different jobs and must not be mixed.
# - Points follow roads; a map goes everywhere. That gap is worth remembering.
#
# **What's next:** [02 Find scenes](02_find_scenes.ipynb): we look for a satellite image of the area.
