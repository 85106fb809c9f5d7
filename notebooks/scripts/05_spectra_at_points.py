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
# # 05 Spectra at the points
#
# **The question:** what does the satellite see where somebody has seen a pine?
#
# **You will be able to**
#
# - extract the values of twelve bands at every field point with xvec, and join them with the class of each point;
# - say what a GPS error and a mixed pixel do to such a value;
# - read a spectrum: chlorophyll, red edge, water in the leaves, and why pines are dark;
# - compute two vegetation indices, and say what they separate better than a single band, and what they don't.
#
# **Time:** 45 minutes (reading 26, exercises 19). **Needs:** the scene of lesson 02 and the mask of lesson 04.

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
import xvec
from dask.diagnostics import ProgressBar

# %%
from helpers import (
    check,
    expect_columns,
    expect_inside,
    find_or_make,
    hint,
    leave,
    open_cloud,
)
from helpers.course import BANDS, CLASS_COLOURS, CRS, WAVELENGTHS
from helpers.plots import LEGEND_BELOW, set_plot_style

# %%
hv.extension("bokeh", inline=True)
set_plot_style()
cloud = open_cloud()

# %% [markdown]
# ## Open the scene and the mask
#
# As in lesson 03: twelve bands, lazily, and the offset that was found and tested there for this scene.

# %%
points = gpd.read_file(cloud.field_points).to_crs(CRS)
expect_columns(points, ["class", "group", "name"], cloud.field_points)
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
scene = next(
    catalogue.search(
        collections=[choice["collection"]], ids=[choice["id"]]
    ).items_as_dicts()
)

# %%
stack = stackstac.stack(
    [scene],
    assets=BANDS,
    bounds=tuple(points.total_bounds),
    epsg=CRS,
    resolution=10,
    dtype="uint16",
    fill_value=np.uint16(0),
    rescale=False,
    xy_coords="center",
    chunksize=1024,
)

# %%
numbers = stack.squeeze("time", drop=True)
expect_inside(points, numbers.rio.bounds())
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = np.float32(0.0 if already_applied else band_facts["offset"])
reflectance = numbers.where(numbers != 0) * np.float32(band_facts["scale"]) + offset

# %% [markdown]
# The mask of lesson 04, which leaves out clouds and slopes with too little sun, is on the same grid. Where it is 0 the
# reflectance becomes `NaN`, "not a number": unknown.

# %%
mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"), chunks=1024).squeeze(
    "band", drop=True
)
usable = (mask == 1).assign_coords(x=reflectance.x, y=reflectance.y)
masked_reflectance = reflectance.where(usable)

# %% [markdown]
# ## One value per band and point
#
# A grid has the dimensions `y` and `x`. A **vector data cube** has a dimension of *geometries* instead. xvec turns one
# into the other: `extract_points` takes, for every point, the value of the nearest pixel.

# %%
with ProgressBar(minimum=1):
    cube = masked_reflectance.xvec.extract_points(
        points.geometry, x_coords="x", y_coords="y"
    ).compute()
cube

# %% [markdown]
# Now a table: a row for each point, a column for each band, and the point's class and group.

# %% tags=["nbval-check-output"]
band_values = pd.DataFrame(
    cube.transpose("geometry", "band").values, columns=BANDS, index=points.index
)
spectra = points[["class", "name", "group", "geometry"]].join(band_values)
complete = spectra.dropna(subset=BANDS)
print(f"{len(complete)} of {len(spectra)} points have a value in every band")

# %% [markdown]
# Which classes did the masked points belong to?

# %%
lost = spectra.drop(complete.index)["name"].value_counts()
lost.rename("points without a value").to_frame()

# %% [markdown]
# ## How far is the nearest pixel from the tree?
#
# The nearest pixel is the one in which the point lies. But is the *tree* in it? Two errors add up. Under an open sky a
# phone knows its position to about 5 m (van Diggelen and Enge 2015), under trees less well. And the image has an error
# of its own: in 2018 nineteen in twenty images of Sentinel-2 lay within about 11 m of their true place, and within 8 m
# since ESA introduced reference images in 2021 (CESBIO 2021; ESA, 22 March 2021). That error is much the same all over
# a scene: it shifts all points together.
#
# Our pixels are 10 m wide. Let us move every point by a GPS error of 4 m (one standard deviation in each direction), a
# different one for each point, and then by another 6 m to the north-east, the same for all, as an image may be off. How
# many end up in another pixel?

# %% tags=["nbval-check-output"]
random = np.random.default_rng(seed=5)
gps_x, gps_y = random.normal(scale=4, size=(2, len(points)))
pixel_x, pixel_y = points.geometry.x // 10, points.geometry.y // 10
image_off = 6 / np.sqrt(2)  # metres east and as many north
for name, off in {"GPS alone": 0, "GPS and image": image_off}.items():
    other_column = (points.geometry.x + gps_x + off) // 10 != pixel_x
    other_row = (points.geometry.y + gps_y + off) // 10 != pixel_y
    print(f"{name}: {(other_column | other_row).mean():.0%} change their pixel")

# %% [markdown]
# So half of the values in our table, or more, may belong to a neighbour. Is that bad? It depends on how much neighbours
# differ. We read the near infrared again 10, 20 and 50 m to the east of each point.

# %%
with ProgressBar(minimum=1):
    nir = reflectance.sel(band="nir", drop=True).compute()


# %%
def nir_at(places):
    """Return the near-infrared reflectance of the pixels nearest to places."""
    return nir.xvec.extract_points(places, x_coords="x", y_coords="y").values


nir_here = nir_at(points.geometry)
change = pd.DataFrame(
    {
        f"{metres} m east": abs(nir_at(points.translate(xoff=metres)) / nir_here - 1)
        for metres in [10, 20, 50]
    }
)

# %% tags=["nbval-check-output"]
percent = change.quantile([0.5, 0.9]).rename(index={0.5: "half", 0.9: "nine in ten"})
print("nir changes by less than (%), for")
print((percent * 100).round(1).to_string())

# %% [markdown]
# **What to notice.** For most points, one pixel to the side changes little: they lie well inside a stand, and the
# sensor smears a little light into the neighbours. For one point in ten it can matter: another cover begins there, or
# the light changes. The picture shows the pine point that changes most; the circle is the GPS error of 4 m. (Dark
# pixels beside it may be another kind of plants, or the same ones in the shade: a single band can't tell.)

# %%
is_pine = points["name"] == "Dense Pines"
at_an_edge = points.geometry[change.loc[is_pine, "10 m east"].idxmax()]
x, y = at_an_edge.x, at_an_edge.y
neighbours = nir.sel(x=slice(x - 50, x + 50), y=slice(y + 50, y - 50))
neighbours = neighbours.assign_coords(x=neighbours.x - x, y=neighbours.y - y)
look = {"cmap": "gray", "clabel": "reflectance in nir", "frame_width": 380}
picture = neighbours.rename("nir").hvplot.image(x="x", y="y", data_aspect=1, **look)
rim = hv.Ellipse(0, 0, 8).opts(color="black", line_width=6)
circle = hv.Ellipse(0, 0, 8).opts(color="#EE7733", line_width=3)
dot = hv.Points([(0, 0)]).opts(color="#EE7733", size=6, line_color="black")

# %%
(picture.opts(colorbar_position="bottom") * rim * circle * dot).opts(
    xlabel="metres east of the point",
    ylabel="metres north of the point",
    title=cloud.map_title("A pine point at an edge"),
    data_aspect=1,
)

# %% [markdown]
# ## Mixed pixels
#
# Even a perfect GPS would not make a pixel pure. A hundred square metres hold many plants; the value of a [mixed
# pixel](../docs/glossary.md#mixed-pixel) is the mean of what is in it, each part weighted by its area. How much of our
# "Dense Pines" pixels is pine? In the real world nobody knows. Here the scene is simulated, and the true cover is on
# file.

# %%
if cloud.truth is not None:
    day = scene["properties"]["datetime"][:10].replace("-", "")
    cover = rioxarray.open_rasterio(cloud.truth / f"pine_cover_{day}.tif")
    cover_at_points = cover.squeeze("band", drop=True).xvec.extract_points(
        points.geometry, x_coords="x", y_coords="y"
    )
    pines = spectra[is_pine].assign(cover=cover_at_points.values[is_pine])
    labels = ["up to 25 %", "up to 50 %", "up to 75 %", "more"]
    quarter = pd.cut(pines["cover"], [-1, 25, 50, 75, 100], labels=labels)
    by_cover = pines.groupby(quarter, observed=True)[["red", "nir", "swir16"]].median()
    by_cover.insert(0, "points", quarter.value_counts())
    print(by_cover.round(3).rename_axis("pine cover").to_string())

# %% [markdown]
# **What to notice.** Most points are mainly pine, but not all; the first row holds the wrong labels, too. The last row,
# mainly pine, is the darkest in `red` and `swir16`: in the others soil and fynbos shine through. (They hold few points:
# read nothing into their order.) A model learns "pine" from all of them, and will find thin cover hard. Lesson 07
# returns to this.
#
# ## Keep the exam closed
#
# From here on we look for differences between classes, and make choices. The testing points (group 2) must have no
# say in that (lesson 01), so we put them aside.

# %% tags=["nbval-check-output"]
learning_points = complete[complete["group"] != 2]
print(f"{len(learning_points)} points to look at, {len(complete)} in the table")

# %% [markdown]
# ## A spectrum: reflectance against wavelength
#
# A **[spectrum](../docs/glossary.md#spectrum)** is the reflectance of one thing, band by band, in order of wavelength.
# The bands lie at these wavelengths (in nanometres; Sentinel-2A, from the instrument's response functions). Those of 2B
# and 2C differ a little: `swir22` of 2B lies at 2186 nm. So the same leaf gives slightly different numbers from another
# satellite; keep that in mind when you train on one and map with another.

# %%
wavelengths = pd.Series(WAVELENGTHS, name="wavelength (nm)")
wavelengths.to_frame().T

# %% [markdown]
# Here is the spectrum of one point, with the parts in which plants leave their mark:

# %%
one_pine = learning_points[learning_points["name"] == "Dense Pines"].iloc[0]
one_spectrum = pd.DataFrame(
    {"wavelength": wavelengths, "reflectance": one_pine[BANDS].astype(float)}
)
axes = {"x": "wavelength", "y": "reflectance", "color": CLASS_COLOURS["Dense Pines"]}
axes |= {"responsive": True, "height": 400}
line = one_spectrum.hvplot.line(**axes)
dots = one_spectrum.reset_index(names="band").hvplot.scatter(
    **axes, hover_cols=["band"]
)

# %%
# Only drawing: run it, no need to read it.
parts = {
    "chlorophyll": (430, 680, "#117733"),
    "red edge": (680, 750, "#CC6677"),
    "leaf structure": (750, 1300, "#DDCC77"),
    "water in the leaves": (1300, 2400, "#332288"),
}
top = 1.6 * one_spectrum["reflectance"].max()
shades = [hv.VSpan(*ends).opts(color=c, alpha=0.2) for *ends, c in parts.values()]

# %%
# Only drawing: run it, no need to read it.
middles = [(start + end) / 2 for start, end, _ in parts.values()]
names = pd.DataFrame({"x": middles, "y": 0.97 * top, "name": list(parts)})
upright, level = (
    hv.Labels(rows, ["x", "y"], "name") for rows in (names[:2], names[2:])
)

# %%
# Only drawing: run it, no need to read it.
named = one_spectrum.loc[["green", "nir09", "swir16", "swir22"]]
heights = named["reflectance"] + 0.09 * top
bands = hv.Labels((named["wavelength"], heights, list(named.index)))
upright.opts(angle=90, text_align="right")
level.opts(text_baseline="top")
line.opts(line_width=3)
for text in (upright, level, bands):
    text.opts(text_font_size="11pt", text_color="black")

# %%
# Only drawing: run it, no need to read it.
(hv.Overlay(shades) * line * dots * upright * level * bands).opts(
    max_width=800,
    xlim=(400, 2400),
    ylim=(0, top),
    show_grid=True,
    xlabel="wavelength (nm)",
    ylabel="reflectance (0 to 1)",
    title=cloud.map_title("Spectrum of one pine point"),
)

# %% [markdown]
# **How to read it**, from left to right:
#
# - **Chlorophyll.** For photosynthesis leaves absorb light, most of the blue and the red, less of the green: dark, with
#   a low hump at `green`.
# - **[Red edge](../docs/glossary.md#red-edge).** Between about 680 and 750 nm chlorophyll stops absorbing light.
#   Within a few bands a leaf turns from dark to bright. Few other things on Earth do that.
# - **Leaf structure.** In the near infrared hardly anything in a leaf absorbs light; its cells scatter it. How
#   bright a canopy is there depends on how much leaf there is and how it is arranged.
# - **Water in the leaves.** Beyond 1300 nm the water in the leaves absorbs a lot of light, most at 1450 and 1940 nm.
#   There the water in the *air* absorbs all that is left, and no satellite sees the ground; `swir16` and `swir22` lie
#   beside these gaps. Near 2200 nm dry matter (cellulose, lignin) absorbs light as well.
#
# The dots are measured; the line only joins them. (Curran 1989, *Remote Sensing of Environment* 30, lists what absorbs
# where.) A caution: `nir09` lies where water vapour in the air absorbs light, and its pixels, like those of `coastal`,
# are 60 m wide. Trust it less.
#
# ## The spectrum of every class
#
# The line is the median of all points of a class; half of the points lie inside the strip of the same colour. Click a
# name to hide a class.

# %%
long = learning_points.melt(
    id_vars=["name"], value_vars=BANDS, var_name="band", value_name="reflectance"
)
long["wavelength"] = long["band"].map(WAVELENGTHS)
quartiles = (
    long.groupby(["name", "wavelength"])["reflectance"]
    .quantile([0.25, 0.5, 0.75])
    .unstack()
)
quartiles.columns = ["lower", "median", "upper"]
quartiles = quartiles.reset_index()

# %%
trees = ["Black Wattle", "Dense Pines", "Gum", "Indigenous Forest"]
DASHES = dict.fromkeys(CLASS_COLOURS, "dashed")
DASHES |= dict.fromkeys(["Dense Pines", "Rock"], "solid")
DASHES |= dict.fromkeys(["Gum", "Fynbos High Density", "Water"], "dotdash")
DASHES |= dict.fromkeys(["Black Wattle", "Wetland"], "dotted")
STRIP = {"y": "lower", "y2": "upper", "alpha": 0.15, "line_alpha": 0}
others = set(quartiles["name"]) - set(trees) | {"Dense Pines"}


# %%
# Only drawing: run it, no need to read it.
def draw_spectra(names, title):
    """Draw a line at the median of each class, and its middle half as a strip."""
    drawn = quartiles[quartiles["name"].isin(names)]
    look = {"x": "wavelength", "by": "name", "responsive": True, "height": 400}
    colours = [CLASS_COLOURS[name] for name in names]
    halves = drawn.hvplot.area(stacked=False, color=colours, **STRIP, **look)
    look |= {"y": "median", "line_dash": [DASHES[name] for name in names]}
    wide = np.array([7 if name == "Dense Pines" else 4 for name in names])
    rims = drawn.hvplot.line(color="#444444", line_width=list(wide + 2), **look)
    medians = drawn.hvplot.line(color=colours, line_width=list(wide), **look)
    return (halves * rims * medians).opts(title=title, legend_cols=2, **LEGEND_BELOW)


# %%
# Only drawing: run it, no need to read it.
frame = {"max_width": 850, "xlim": (400, 2250), "show_grid": True}
frame["ylim"] = (0, 1.05 * quartiles["upper"].max())
frame |= {"xlabel": "wavelength (nm)", "ylabel": "reflectance (0 to 1)"}
panels = [
    draw_spectra(trees, cloud.map_title("Trees: median and middle half")).opts(**frame),
    draw_spectra(sorted(others), cloud.map_title("Pines and all other classes")).opts(
        **frame
    ),
]
hv.Layout(panels).cols(1).opts(toolbar=None)

# %% [markdown]
# **What to notice.** (The thick line, in both plots, is the pines.)
#
# - **Pines are dark** in the visible, as all dense green plants are, and darker than the other trees in the near
#   infrared. Their needles are not black: they sit in tufts, where light bounces from needle to needle until it is
#   absorbed, and their pointed crowns shade each other, so that a pixel holds many small shadows (Rautiainen et al.
#   2018, *Remote Sensing* 10, 207, review the measurements).
# - **Indigenous Forest** runs close to the pines, as does Black Wattle: expect them to be confused. With forest that is
#   the costly mistake. It is protected; nobody may be sent to fell it.
# - **Black Wattle** and **Gum** are invaders, too, but stand along rivers and on farms and are cleared in other ways
#   (wattle seed waits in the soil for many years): for the map of pines they count as something else.
# - **Fynbos** has a weak red edge, and reflects about as much short-wave infrared as near infrared, or more: small,
#   tough leaves, and dry ground between them.
# - **Water** is dark everywhere, but has a hump at `nir09`. That is not the water: a pixel of 60 m takes in some shore.
#   A mixed pixel, again.
# - Most strips of colour overlap in most bands. No single wavelength tells the classes apart; twelve together may.
#
# ## Two indices
#
# Where the light has not been corrected for the terrain, or not well, a slope that faces the sun is brighter than one
# turned away, in all bands at once. That widens every strip of colour above. A **vegetation index** gets rid of much of
# it: the *difference* of two bands, divided by their *sum*. If the light on both is halved, so are difference and sum,
# and the index stays the same. (In deep shadow the light also has another colour: that doesn't cancel.)
#
# - **NDVI** = (nir - red) / (nir + red): the height of the red edge, so the amount of green leaf (Rouse et al. 1974).
# - **NDMI** = (nir - swir16) / (nir + swir16): the water in the leaves relative to their structure (Hardisky et al.
#   1983, as NDII; Wilson and Sader 2002).


# %%
def normalised_difference(table, first, second):
    """Return (first - second) / (first + second) for every row of a table."""
    return (table[first] - table[second]) / (table[first] + table[second])


features = learning_points[["name", *BANDS]].assign(
    NDVI=normalised_difference(learning_points, "nir", "red"),
    NDMI=normalised_difference(learning_points, "nir", "swir16"),
)


# %%
order = features.groupby("name")["NDVI"].median().sort_values().index
in_order = features.set_index("name").loc[order].reset_index()


# %%
def draw_boxes(index):
    """Draw a box for each class: its middle half, and a line at its median."""
    fills = hv.dim("name").categorize(CLASS_COLOURS)
    look = {"box_fill_color": fills, "box_fill_alpha": 0.7, "outlier_alpha": 0.4}
    look |= {"responsive": True, "height": 320, "xlabel": "", "grid": True}
    look["ylabel"] = f"{index} (-1 to 1)"
    return in_order.hvplot.box(y=index, by="name", invert=True, **look).opts(
        max_width=700, ylim=(-0.75, 1), title=cloud.map_title(f"{index} of the classes")
    )


both = hv.Layout([draw_boxes(index) for index in ["NDVI", "NDMI"]])
both.cols(1).opts(toolbar=None)

# %% [markdown]
# A box holds the middle half of a class; the line in it is the median. The whiskers show the usual range, the grey dots
# single points beyond it. **What to notice.** Fynbos, wetland, rock and bare ground stand apart from the trees, in both
# indices. But pine, forest, gum and wattle share the upper end of NDVI, with pines a little lower: all are dense and
# green. And water is a trap: its NDMI is as high as that of trees. An index knows only its two bands.
#
# ## How far apart are two classes?
#
# To compare bands and indices we need one measure for all. The same difference is large if both classes vary little,
# and small if they vary a lot. So we divide the difference of the medians by the mean **spread**, the width of the
# middle half.

# %%
by_class = features.groupby("name")
middle = by_class.median()
spread = by_class.quantile(0.75) - by_class.quantile(0.25)

# %% [markdown]
# `middle` and `spread` are tables with a row for each class; `.loc["Dense Pines"]` picks out a row. For pines and dense
# fynbos:

# %% tags=["nbval-check-output"]
difference = (middle.loc["Dense Pines"] - middle.loc["Fynbos High Density"]).abs()
mean_spread = (spread.loc["Dense Pines"] + spread.loc["Fynbos High Density"]) / 2
print((difference / mean_spread).sort_values().round(1).to_string())

# %% [markdown]
# **What to notice.** 0 means the same median; at 1 the two boxes just touch (if they are equally wide); from 2 on few
# points are in doubt. For this pair both indices beat every band that they are made of. Why? Draw the two bands of
# NDVI against each other:

# %%
pair = features[features["name"].isin(["Dense Pines", "Fynbos High Density"])]
pair_colours = [CLASS_COLOURS[name] for name in sorted(pair["name"].unique())]
how = {"by": "name", "color": pair_colours, "marker": ["inverted_triangle", "circle"]}
how |= {"alpha": 0.7, "xlim": (0, None), "ylim": (0, None)}
how |= {"responsive": True, "height": 420}

# %%
# Only drawing: run it, no need to read it.
cloud_of_points = pair.hvplot.scatter(x="red", y="nir", **how)
same_ndvi = hv.Slope(1.6 / 0.4, 0)  # (nir - red) / (nir + red) = 0.6
name = hv.Text(0.016, 0.055, " NDVI 0.6", halign="left")
(cloud_of_points * name * same_ndvi.opts(color="black", line_width=2)).opts(
    max_width=700,
    **LEGEND_BELOW,
    xlabel="reflectance in red (0 to 1)",
    ylabel="reflectance in nir (0 to 1)",
    title=cloud.map_title("Pines and dense fynbos"),
)

# %% [markdown]
# **What to notice.** The fynbos points stretch from lower left to upper right: with more light, or less shade between
# the shrubs, both bands get brighter together. (On a scene whose light has not been corrected for the terrain they
# would stretch much farther.) `nir` alone says next to nothing about this pair, `red` a good deal, and a slanted line
# more than either. All points of equal NDVI lie on such a line; the black one is an example. Two bands together can
# show what neither shows alone. A [classifier](06_train_a_classifier.ipynb) will look at twelve at once.
#
# ## Where we want the map: the area of interest
#
# Not everywhere: farmland and towns don't interest us. The [area of interest](../docs/glossary.md#area-of-interest)
# holds the natural vegetation of the catchments. It is the first layer of a GeoPackage, in degrees; we reproject it
# at once.

# %%
area_of_interest = gpd.read_file(cloud.area_of_interest, layer=0).to_crs(CRS)
print(f"{area_of_interest.area.sum() / 1e6:.0f} square kilometres to map")
area_of_interest.to_crs("EPSG:4326").hvplot.polygons(
    geo=True,
    tiles=cloud.basemap,
    fill_alpha=0.4,
    color="white",
    line_color="#FFDD33",
    line_width=1.5,
    frame_width=440,
    title=cloud.map_title("Area of interest"),
)

# %% [markdown]
# The pale area is what lesson 09 will map. The small rings in it are holes: plantations, where pines are
# meant to grow.
#
# ## Leave the spectra for the next lessons
#
# All complete points, with their groups: the exam is only put aside, not thrown away.

# %%
with leave("spectra_at_points.parquet") as path:
    complete.to_parquet(path)
complete["name"].value_counts().rename("points").to_frame()

# %% [markdown]
# ## Exercises
#
# The lessons that follow don't depend on these. Replace the dots, run the cell, and read what it says; try as often
# as you like.

# %% [markdown]
# ### Exercise 05-1: an index of the red edge
#
# The index **NDRE** uses the first red-edge band instead of red: (nir - rededge1) / (nir + rededge1) (after Gitelson
# and Merzlyak 1994). Dense leaves absorb nearly all red light, and NDVI no longer grows; `rededge1` still shows
# differences. Compute NDRE for every row of `learning_points`. The answer is a pandas Series, one value for each point.
#
# Stuck? Run `hint("05-1")`.

# %% tags=["exercise"]
ndre = ...
check("05-1", ndre, learning_points=learning_points)

# %% [markdown]
# <details><summary>Solution 05-1</summary>
#
# ```python
# ndre = normalised_difference(learning_points, "nir", "rededge1")
# ```
#
# The function of the lesson with another band. `ndre.groupby(learning_points["name"]).median()` compares the classes.
#
# </details>

# %% [markdown]
# ### Exercise 05-2: pines and bare ground
#
# Felled compartments lie beside standing pines: the pair is easy, but in which band is it easiest? In which of the
# twelve **bands** do *Dense Pines* and *Bare Ground* differ most, **relative to their spread**? Use `middle` and
# `spread` as in "How far apart are two classes?" The answer is the name of a band, in quotes. (`.idxmax()` of a
# Series is the name of its largest value; `series[BANDS]` leaves the indices out.)
#
# Stuck? Run `hint("05-2")`.

# %% tags=["exercise"]
best_band = ...
check("05-2", best_band, learning_points=learning_points)

# %% [markdown]
# <details><summary>Solution 05-2</summary>
#
# ```python
# difference = (middle.loc["Dense Pines"] - middle.loc["Bare Ground"]).abs()
# mean_spread = (spread.loc["Dense Pines"] + spread.loc["Bare Ground"]) / 2
# best_band = (difference / mean_spread)[BANDS].idxmax()
# ```
#
# Compare it with `difference[BANDS].idxmax()`: where the difference is largest, the classes may also vary most. In the
# visible, where chlorophyll absorbs most of the light, all pines are nearly equally dark.
#
# </details>

# %% [markdown]
# ### Exercise 05-3: which two bands separate pine from forest best?
#
# You may keep **two** of the twelve bands to tell *Dense Pines* from *Indigenous Forest*. Which two? The answer is a
# tuple of two band names, such as `("coastal", "swir22")`; the order doesn't matter.
#
# To look at a pair, draw it:
#
# ```python
# trees = features[features["name"].isin(["Dense Pines", "Indigenous Forest"])]
# trees.hvplot.scatter(x="coastal", y="swir22", by="name", alpha=0.6)
# ```
#
# `check` draws the best straight line through that plot (a linear discriminant) and counts, for points that it did not
# use to draw it, how many lie on the right side (the mean of the shares of both classes: 50 % is guessing). It does so
# for all 66 pairs. The forest points are few, so each of these shares has a standard error of several percentage
# points; a pair passes unless it is more than three standard errors behind the best. (Two would be usual; the best of
# 66 has had luck on its side, too.) Before you ask it, write down in a comment which pair you choose and **why**: what
# differs between the two kinds of tree, in which part of the spectrum, and what does the second band add to the first?
#
# Stuck? Run `hint("05-3")`.

# %% tags=["exercise"]
band_pair = ...
check("05-3", band_pair, learning_points=learning_points)

# %% [markdown]
# <details><summary>Solution 05-3</summary>
#
# ```python
# # Both bands go up and down with the light and the gaps in the canopy. At the same
# # green, pines are brighter in red: browned needles have lost chlorophyll.
# band_pair = ("green", "red")
# ```
#
# Others pass, too; which ones depends on the scene and on the points. (Several have `nir09` in them: the
# forest stands in narrow ravines, and in a pixel of 60 m its surroundings count.) Note that neither `green` nor `red`
# alone is of much use: the medians of the two classes are close. `green` is worth its place because it shows how much
# light there is, so that `red` can be judged. A band that says little by itself can be half of the best pair.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. Why are pines darker in the near infrared than gum and wattle?**
#
# <details><summary>a) Their needles hold more chlorophyll.</summary>
#
# **No.** Chlorophyll absorbs visible light; in the near infrared it does nothing.
#
# </details>
# <details><summary>b) Light is caught between needles in tufts and between crowns that shade each other.</summary>
#
# **Yes.** It is the arrangement that is dark, not the needle.
#
# </details>
# <details><summary>c) They hold more water, and water is dark in the infrared.</summary>
#
# **No.** Water in leaves absorbs light beyond about 1300 nm; `nir` lies at 833 nm.
#
# </details>
#
# **2. By mistake an offset of 0.1 was subtracted from all bands once too often. Does NDVI cancel that?**
#
# <details><summary>a) Yes: it is a ratio.</summary>
#
# **No.** A ratio cancels what *multiplies* both bands, such as the light on a slope. An offset is *added*.
#
# </details>
# <details><summary>b) Yes, because both bands are wrong by the same amount.</summary>
#
# **No.** That leaves the difference right, but the sum is too small by 0.2.
#
# </details>
# <details><summary>c) No.</summary>
#
# **Yes.** It doesn't. With red = 0.03 and nir = 0.19 the wrong NDVI is 0.16 / 0.02 = 8, far outside -1 to 1. That is
# a good alarm, too.
#
# </details>
#
# **3. A point says "Dense Pines", but its spectrum looks like fynbos. What do you do?**
#
# <details><summary>a) Delete it: the label is wrong.</summary>
#
# **No.** Maybe it is. But if you delete all that doesn't fit, you keep only what the model already knows, and measure
# an accuracy too good to be true.
#
# </details>
# <details><summary>b) Give it the label "Fynbos".</summary>
#
# **No.** Then the spectrum decides what the truth is, and the field trip was for nothing.
#
# </details>
# <details><summary>c) Keep it, unless a look at the place explains it.</summary>
#
# **Yes.** An edge, a mixed pixel, the GPS, a mistake in writing: all happen. Correct what you can prove, and write it
# down.
#
# </details>
#
# ## Key points
#
# - `xvec.extract_points` turns a grid into a table of points, chunk by chunk, without holding the whole grid.
# - The nearest pixel is not the tree: GPS and image are both off by metres, and one pixel holds many plants. In the
#   middle of a stand that hardly matters; at its edge it does.
# - A spectrum has a shape that biology explains: chlorophyll, red edge, leaf structure, water.
# - An index cancels much of light and shade; it separates what differs in its two bands, and nothing else.
# - Pines are dark and close to forest: one band or one index will not do.
#
# **What's next:** [06 Train a classifier](06_train_a_classifier.ipynb): we let a model find the differences.
