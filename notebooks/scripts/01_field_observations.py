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
# **The question:** what did people see on the ground, where, and is it enough to teach a computer what a pine looks
# like from space?
#
# **You will be able to**
#
# - read labelled points, say which coordinate reference system (CRS) they are in, and convert them to one in metres;
# - put them on an interactive map, coloured by class;
# - count them by class, and say why it matters that some classes are rare;
# - say what the three groups of points are for, and whether they are really apart.
#
# **Time:** 30 minutes (reading 17, exercises 13). **Needs:** nothing but lesson 00.

# %% [markdown]
# ## Where the data is
#
# `open_cloud()` tells us where the course's data is. By default that is this very computer: a simulated landscape,
# served by real servers that only this computer can reach. With `COURSE_CLOUD=aws` the same names point at real data on
# the internet. Nothing below changes.

# %%
import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import numpy as np
import pandas as pd

# %%
from helpers import check, expect_columns, hint, open_cloud
from helpers.course import CLASS_COLOURS, GROUP_COLOURS
from helpers.plots import LEGEND_BELOW, set_plot_style

hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()
cloud

# %% [markdown]
# ## Read the points
#
# A GeoPackage is one file that holds a table and its shapes. geopandas reads it into a `GeoDataFrame`: a pandas table
# with one column of geometries, much like the attribute table of a layer in ArcGIS or QGIS.

# %%
points = gpd.read_file(cloud.field_points)
expect_columns(points, ["class", "group", "name"], cloud.field_points)
points.head()

# %% [markdown]
# Each row is one place: somebody wrote down the **class** they saw there (a code and its **name**), on a visit or, as
# is often done for remote places, from sharp aerial photographs (in the simulated table the column `source` says
# which). The **group** says what the point is for; more on that below. People make mistakes: a label can be wrong, and
# a GPS is off by metres. In the simulated points about three labels in a hundred are wrong, on purpose.
#
# (`expect_columns`, from the course, stops with one clear sentence if a column is missing.) How many points are there,
# and in which coordinate reference system?

# %% tags=["nbval-check-output"]
print(f"{len(points)} points in {points.crs.to_string()}: {points.crs.name}")

# %% [markdown]
# ## Degrees or metres?
#
# A [coordinate reference system](../docs/glossary.md#coordinate-reference-system) (CRS) says what the two numbers of a
# point mean. Each has a number of its own in a public list, the EPSG code:
#
# - `EPSG:4326` is longitude and latitude in **degrees**, as a GPS shows them and as web maps and catalogues expect
#   them;
# - `EPSG:32734` is UTM zone 34 South, in **metres**: UTM cuts the Earth into sixty strips, the zones, and lays a grid
#   in metres on each. It is the CRS of the images of the Cape from Sentinel-2, the satellites of this course.
#
# `to_crs` recomputes the numbers; if a table is already in that CRS, it changes nothing. So these lines are right for
# any file. The same point in both:

# %%
points_utm = points.to_crs("EPSG:32734")
points_degrees = points.to_crs("EPSG:4326")
metres, degrees = points_utm.geometry.iloc[0], points_degrees.geometry.iloc[0]
print(f"{metres.x:.0f} m east, {metres.y:.0f} m north")
print(f"{degrees.x:.5f} degrees east, {degrees.y:.5f} degrees north")

# %% [markdown]
# (UTM counts from a line 500 km west of the middle of its zone, and in the south from 10 000 km below the equator, so
# that no number is negative.)
#
# Why not stay with degrees? Because a degree is not a length. Take a place in the middle of our area, go one degree to
# the east, then one degree to the north, and measure:

# %% tags=["nbval-check-output"]
here, one_east, one_north = gpd.GeoSeries.from_xy(
    [19.2, 20.2, 19.2], [-33.8, -33.8, -32.8], crs="EPSG:4326"
).to_crs("EPSG:32734")
print(f"One degree of longitude: {here.distance(one_east) / 1000:.0f} km")
print(f"One degree of latitude:  {here.distance(one_north) / 1000:.0f} km")

# %% [markdown]
# **What to notice.** East and north have different scales, and the first changes with latitude: at the equator the two
# are nearly equal, at the pole a degree of longitude has no length. Distances and areas computed in degrees are
# therefore wrong, without any error message. Pixels are squares of 10 metres, so we work in metres, and convert to
# degrees only for maps and catalogues.
#
# In metres we can ask how large the surveyed area is:

# %%
west, south, east, north = points_utm.total_bounds
print(
    f"The points span {(east - west) / 1000:.1f} km by {(north - south) / 1000:.1f} km."
)

# %% [markdown]
# **A trap.** `to_crs` converts the numbers (ArcGIS: *Project*). Its neighbour `set_crs` only puts another label on the
# same numbers (ArcGIS: *Define Projection*): right for a file that has lost its label, wrong for everything else.

# %% [markdown]
# ## Look at them on a map
#
# This map has a basemap, and for that the points go back to degrees. Trees are triangles; pines stand on the tip. Zoom
# with the wheel, drag to move, hover over a point to read its class, and click a name in the legend to hide that class.

# %%
TREES = ["Dense Pines", "Indigenous Forest", "Black Wattle", "Gum"]
common_first = list(points["name"].value_counts().index)  # no class hides a rarer one
common_first.sort(key=lambda name: name == "Dense Pines")  # and none hides the pines
shapes = {name: "triangle" if name in TREES else "circle" for name in common_first}
shapes["Dense Pines"] = "inverted_triangle"
look = {"size": 45, "line_color": "white", "line_width": 0.5, "muted_alpha": 0}
look |= {"frame_width": 440, "marker": list(shapes.values())}
by_class = points_degrees.set_index("name").loc[common_first].reset_index()

# %%
by_class.hvplot.points(
    geo=True,
    tiles=cloud.basemap,
    by="name",
    color=[CLASS_COLOURS[name] for name in common_first],
    hover_cols=["name", "group"],
    title=cloud.map_title("Field observations by class"),
    **look,
).opts(legend_cols=3, **LEGEND_BELOW)

# %% [markdown]
# **What to notice.** The points are not spread evenly: there are many in some places and none in others. People go
# where they can drive and walk, and where they expect to find something. Zoom in and look for roads and tracks beside
# the clusters, and for slopes without any point. That makes collecting cheap but judging a map harder, as lesson 07
# will show.

# %% [markdown]
# ## Which classes are there?
#
# Models work with codes, people with names. This little table translates.

# %%
class_table = (
    points_utm[["class", "name"]].drop_duplicates().set_index("class").sort_index()
)
class_table

# %% [markdown]
# *Dense Pines* is the class that we want to map. The others are there so that the model learns what is **not** a pine:
# other invasive trees (Black Wattle, Gum), the natural shrubland that we want to keep
# ([Fynbos](../docs/glossary.md#fynbos)), native trees (Indigenous Forest), and land without trees.
#
# ## How common is each?

# %% tags=["nbval-check-output"]
class_counts = points_utm["name"].value_counts()
print(f"{class_counts.index[0]}: {class_counts.iloc[0]} points")
print(f"{class_counts.index[-1]}: {class_counts.iloc[-1]} points")
print(f"{class_counts.iloc[0] / class_counts.iloc[-1]:.1f} to one")

# %% [markdown]
# This is called **class imbalance**, and nearly all field data has it. It matters twice:
#
# - A model that makes as few errors as it can pays most attention to the common classes. It can ignore the rarest at
#   almost no cost.
# - [Accuracy](../docs/glossary.md#accuracy), the share of right answers, hides that. Whoever gives *everything* the
#   most common name reaches this accuracy, and knows nothing:

# %% tags=["nbval-check-output"]
lazy_accuracy = class_counts.iloc[0] / len(points)
print(f"'Everything is {class_counts.index[0]}': {lazy_accuracy:.0%} right")

# %% [markdown]
# ## Three groups, three jobs

# %%
group_jobs = {0: "validation", 1: "training", 2: "testing"}
JOBS = ["training", "validation", "testing"]
points_utm["job"] = points_utm["group"].map(group_jobs)
counts = pd.crosstab(
    points_utm["name"], points_utm["job"], margins=True, margins_name="all"
)
counts

# %% [markdown]
# The three groups keep three jobs apart:
#
# | group | job in this course | the idea behind it |
# |---|---|---|
# | 1 | **training**: the model learns from these | the lessons at school |
# | 2 | **testing**: how good is the model on points it has never seen? | the final exam, opened once |
# | 0 | **validation**: for decisions on the way, such as from which probability a point counts as pine | the mock exam |
#
# Why not decide with the testing points? Because every decision made by looking at them leaks a little of the exam into
# the lessons, and the final mark is then too good.

# %%
counts.drop(index="all").sort_values("all")[JOBS].hvplot.barh(
    stacked=True,
    color=[GROUP_COLOURS[job] for job in JOBS],
    line_color="white",
    xlabel="",
    ylabel="number of points",
    title="Points by class and job",
    responsive=True,
    max_width=750,
    height=420,
).opts(**LEGEND_BELOW)

# %% [markdown]
# **What to notice.** The bars are far from equal, and the training part of each is small: the model must learn the
# rarest class from a handful of points. Keep this in mind; it comes back in lesson 07.

# %% [markdown]
# ## Are the groups really apart?
#
# If a testing point stands right beside a training point, the model has almost seen the answer. For every point, take
# its nearest neighbour (ArcGIS: *Near*): how far away is it, is it of the same class, and of the same group?
# (`exclusive=True` keeps a point from finding itself; the suffixes tell the columns of the two tables apart.)

# %%
neighbours = points_utm.sjoin_nearest(
    points_utm,
    exclusive=True,
    distance_col="metres",
    lsuffix="own",
    rsuffix="neighbour",
)
same_class = (neighbours["name_own"] == neighbours["name_neighbour"]).mean()
same_group = (neighbours["group_own"] == neighbours["group_neighbour"]).mean()

# %% [markdown]
# And how often would the two be in the same group if each point had been put into its group at random, with the same
# sizes of the groups? The chance that both fall into one group is the square of its share; we add up the three.

# %% tags=["nbval-check-output"]
by_chance = (points_utm["group"].value_counts(normalize=True) ** 2).sum()
print(f"Median distance to the neighbour: {neighbours['metres'].median():.0f} m")
print(f"Neighbour of the same class: {same_class:.0%}")
print(
    f"Neighbour of the same group: {same_group:.0%}; at random it would be {by_chance:.0%}"
)

# %% [markdown]
# **What to notice.** Neighbours are mostly of the same class. Their distance shows why: if it is a few tens of metres,
# several points were taken at one stop; if it is more, the stands are that wide. About two points in three have their
# nearest neighbour in their **own group**: more than at random, so neighbours were often kept together, but far from
# always. The other third have it in another group.

# %% [markdown]
# ## What that does to accuracy
#
# Imagine a lazy student who never looks at a satellite image. Asked about a testing point, this student copies the
# label of the nearest training point. How often is that right? (The mean of a column of True and False is the share of
# True.)

# %%
training = points_utm[points_utm["job"] == "training"]
testing = points_utm[points_utm["job"] == "testing"]
nearest_training = testing.sjoin_nearest(
    training, distance_col="metres", lsuffix="testing", rsuffix="training"
)
copied_right = nearest_training["name_testing"] == nearest_training["name_training"]
print(f"Right without any image: {copied_right.mean():.0%}")

# %% [markdown]
# That is more than one gets by giving everything the most common name, though the student knows only where the points
# are. Now by distance to the copied point: `how_far` says in which range each testing point lies, and `groupby`
# collects the answers of each range.

# %%
how_far = pd.cut(
    nearest_training["metres"],
    [0, 100, 500, np.inf],
    labels=["up to 100 m", "100 to 500 m", "farther"],
)
copied = copied_right.groupby(how_far, observed=True).agg(["mean", "size"]).round(2)
copied.rename(columns={"mean": "share right", "size": "testing points"})

# %% [markdown]
# **What to notice.** Close to a training point, copying is mostly right; the farther away, the less often. A real model
# does see the image, but neighbouring pixels look alike, so part of its mark is earned just as cheaply. This is called
# [spatial leakage](../docs/glossary.md#spatial-leakage). How large that part is depends on the right-hand column: how
# many of the testing points stand so close? The accuracy that we shall measure on them holds for places *like these*,
# as far from a training point as these are. Lesson 07 holds back whole blocks of land and sees what remains.

# %% [markdown]
# ## Are the simulated points like real ones?
#
# You are learning for real work, so simulated field work must not be easier than the real thing. Do the points lie in
# the [area of interest](../docs/glossary.md#area-of-interest), which is to be mapped, or outside it? And how far apart
# are they? Here are these points beside the published ones of the Greater Cape Town Water Fund, which
# `COURSE_CLOUD=aws` reads and which were measured in the same way:

# %%
area = gpd.read_file(cloud.area_of_interest, layer=0).to_crs(points_utm.crs)
inside = points_utm.within(area.union_all())
near_training = (nearest_training["metres"] < 100).mean()

# %%
figures = {
    "all points in the area of interest (%)": 100 * inside.mean(),
    "pine points in it (%)": 100 * inside[points_utm["name"] == "Dense Pines"].mean(),
    "gum points in it (%)": 100 * inside[points_utm["name"] == "Gum"].mean(),
    "testing points within 100 m of training (%)": 100 * near_training,
    "median distance to the nearest point (m)": neighbours["metres"].median(),
}

# %%
like_real = pd.DataFrame({"here": figures}).round().astype(int)
like_real.insert(0, "published", [78, 90, 16, 4, 128])
like_real

# %% [markdown]
# **What to notice.** The two columns are close: the simulated points were placed so that they are. (All fifteen
# figures, and what the simulation still cannot do, are in [data/README.md](../data/README.md).) Most pines were
# labelled where pines are to be mapped. Most gums were not: they stand on farms, outside the area. Keep that in mind
# for the map: a class learnt in one place will be looked for in another.

# %% [markdown]
# ## Exercises
#
# ### Exercise 01-1: how large is the surveyed area?
#
# The box around all points is larger than the area that people have seen. A better measure is the *convex hull*, the
# shape of a rubber band around all points:
#
# ```python
# some_points.union_all().convex_hull
# ```
#
# Such a shape has an `.area`, in squared units of its CRS. How many **square kilometres** does the hull cover? The
# answer is one number, not rounded. Choose carefully which of the tables above you take the hull of.
#
# Stuck? Run `hint("01-1")`.

# %% tags=["exercise"]
surveyed_km2 = ...
check("01-1", surveyed_km2, points=points)

# %% [markdown]
# <details><summary>Solution 01-1</summary>
#
# ```python
# surveyed_km2 = points_utm.union_all().convex_hull.area / 1e6
# ```
#
# The table in metres gives square metres, and a square kilometre has 1000 x 1000 of them.
#
# </details>

# %% [markdown]
# ### Exercise 01-2: imbalance among the training points
#
# The model learns from the **training** points alone. How many times as many points does their most common class have
# as their rarest? The answer is one number, not rounded: the larger count divided by the smaller.
#
# Stuck? Run `hint("01-2")`.

# %% tags=["exercise"]
times_as_many = ...
check("01-2", times_as_many, points=points_utm)

# %% [markdown]
# <details><summary>Solution 01-2</summary>
#
# ```python
# training_counts = training["name"].value_counts()
# times_as_many = training_counts.max() / training_counts.min()
# ```
#
# `training` was made above: the rows with the job "training". `value_counts` counts each class in them.
#
# </details>

# %% [markdown]
# ### Exercise 01-3: a stricter exam
#
# You want to test only with points that are far from every training point. But the larger the distance, the fewer
# points remain, and a mark from few points is worth little. Choose one of the distances 50, 100, 250, 500 or 1000
# metres: the **largest** for which **at least half** of the testing points remain once those nearer than this to a
# training point are left out.
#
# `nearest_training["metres"]` has, for each testing point, the distance to its nearest training point. The answer is
# one of the five numbers; be ready to defend it.
#
# Stuck? Run `hint("01-3")`.

# %% tags=["exercise"]
least_metres = ...
check("01-3", least_metres, metres=nearest_training["metres"])

# %% [markdown]
# <details><summary>Solution 01-3</summary>
#
# ```python
# for distance in [50, 100, 250, 500, 1000]:
#     remaining = (nearest_training["metres"] >= distance).mean()
#     print(distance, f"{remaining:.0%}")
#     if remaining >= 0.5:
#         least_metres = distance
# ```
#
# The mean of True and False is the share of True. The loop keeps the last distance that leaves half of the points.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. A table holds longitudes and latitudes. Someone calls points.set_crs("EPSG:32734", allow_override=True). What
# happens?**
#
# <details><summary>a) The coordinates are converted to metres.</summary>
#
# **No.** That is to_crs. set_crs never changes a number.
#
# </details>
# <details><summary>b) The numbers stay; 19.2 now counts as 19.2 metres.</summary>
#
# **Yes.** All points now lie within a metre of each other, thousands of kilometres from the Cape, and no error is
# raised.
#
# </details>
# <details><summary>c) geopandas raises an error, because the numbers do not fit.</summary>
#
# **No.** It would complain that a CRS is there already, but allow_override=True silences just that. It never checks
# whether the numbers make sense.
#
# </details>
#
# **2. Suppose 3 of 100 points are Black Wattle, in training as in testing. A model never finds a single one. What is
# the highest accuracy it can have?**
#
# <details><summary>a) 97 %</summary>
#
# **Yes.** It loses 3 points of 100 and may get all others right. That is why lesson 07 looks at each class by itself.
#
# </details>
# <details><summary>b) 90 %, because it misses one class of ten</summary>
#
# **No.** Accuracy counts points, not classes.
#
# </details>
# <details><summary>c) 50 %, because it is no better than a guess</summary>
#
# **No.** For that one class it is useless, but accuracy is an average over all points.
#
# </details>
#
# **3. Suppose many testing points stand some tens of metres from a training point. What does that do to the accuracy
# measured with them?**
#
# <details><summary>a) Nothing: no point is in both groups.</summary>
#
# **No.** They are different points, but almost the same place: same stand, same slope, same soil.
#
# </details>
# <details><summary>b) It makes it too low, because neighbours are hard to tell apart.</summary>
#
# **No.** Neighbours are mostly of the same class, so likeness helps the model.
#
# </details>
# <details><summary>c) It makes it too high for places far from the training points.</summary>
#
# **Yes.** The exam asks about hillsides that were in the lessons. The map has to answer for all the others, too.
#
# </details>

# %% [markdown]
# ## Key points
#
# - A CRS says what coordinates mean. Measure in metres (`EPSG:32734` here), never in degrees; `to_crs` converts.
# - Classes are unequal: accuracy alone can hide that a rare class is never found.
# - Training, validation and testing points have different jobs and must not be mixed.
# - Where testing points stand close to training points, the accuracy measured with them is too good for places farther
#   away: look at the distances first.
#
# **What's next:** [02 Find scenes](02_find_scenes.ipynb): we look for a satellite image of the area.
