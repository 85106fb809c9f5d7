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
# **The question:** what does the satellite see where somebody on the ground has seen a pine?
#
# **You will be able to**
#
# - take the values of twelve bands at every field point with xvec;
# - join them with the class of each point;
# - read a spectrum: reflectance against wavelength;
# - say which classes look alike.
#
# **Time:** 30 minutes. **Needs:** the scene of lesson 02 and the mask of lesson 04.

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
    BANDS,
    CLASS_COLOURS,
    WAVELENGTHS,
    expect_columns,
    expect_inside,
    find_or_make,
    open_cloud,
)

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Open the scene and the mask
#
# As in lesson 03: twelve bands, lazily, and the offset that is right for this scene.

# %%
points = gpd.read_file(cloud.field_points).to_crs("EPSG:32734")
expect_columns(points, ["class", "group", "name"], cloud.field_points)
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
expect_inside(
    points, (numbers.x.min(), numbers.y.min(), numbers.x.max(), numbers.y.max())
)

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = 0.0 if already_applied else band_facts["offset"]
reflectance = numbers.where(numbers != 0) * np.float32(
    band_facts["scale"]
) + np.float32(offset)

# %% [markdown]
# The mask of lesson 04 lies on the same grid. Where it is 0 the reflectance becomes `NaN`.

# %%
mask = rioxarray.open_rasterio(find_or_make("usable_pixels.tif"), chunks=1024).squeeze(
    "band", drop=True
)
usable = (mask == 1).assign_coords(x=reflectance.x, y=reflectance.y)
masked_reflectance = reflectance.where(usable)

# %% [markdown]
# ## One value per band and point
#
# A grid has the dimensions `y` and `x`. A **vector data cube** has a dimension of *geometries* instead. xvec
# goes from one to the other: `extract_points` takes the nearest pixel of every point.

# %%
with ProgressBar():
    cube = masked_reflectance.xvec.extract_points(
        points.geometry, x_coords="x", y_coords="y"
    ).compute()
cube

# %% [markdown]
# Now a table: one row a point, one column a band, with class and group beside.

# %%
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
# ## A spectrum: reflectance against wavelength
#
# The bands lie at these wavelengths (in nanometres; Sentinel-2A, from the instrument's response functions).

# %%
wavelengths = pd.Series(WAVELENGTHS)
one_pine = complete[complete["name"] == "Dense Pines"].iloc[0]
one_spectrum = pd.DataFrame(
    {"wavelength": wavelengths, "reflectance": one_pine[BANDS].astype(float)}
)

# %%
pine_colour = CLASS_COLOURS["Dense Pines"]
line = one_spectrum.hvplot.line(x="wavelength", y="reflectance", color=pine_colour)
dots = one_spectrum.hvplot.scatter(x="wavelength", y="reflectance", color=pine_colour)
(line * dots).opts(
    width=700,
    height=350,
    ylim=(0, None),
    show_grid=True,
    xlabel="wavelength (nm)",
    ylabel="reflectance (0 to 1)",
    title="Spectrum of one point of Dense Pines",
)

# %% [markdown]
# **How to read it.** In the visible (up to about 700 nm) leaves absorb light for photosynthesis: dark, with a small hump in the
# green. Then the **red edge**: a steep rise to the near infrared, where leaves reflect. Beyond 1400 nm
# the water in the leaves absorbs: dark again.
#
# ## The spectrum of every class
#
# The line is the median of all points of a class; half of the points lie inside the band of the same colour. Click a name to
# take a class away.

# %%
long = complete.melt(
    id_vars=["name"], value_vars=BANDS, var_name="band", value_name="reflectance"
)
long["wavelength"] = long["band"].map(wavelengths)
quartiles = (
    long.groupby(["name", "wavelength"])["reflectance"]
    .quantile([0.25, 0.5, 0.75])
    .unstack()
)
quartiles.columns = ["lower", "median", "upper"]
quartiles = quartiles.reset_index()

# %%
colours = [CLASS_COLOURS[name] for name in sorted(quartiles["name"].unique())]
bands_of_half = quartiles.hvplot.area(
    x="wavelength",
    y="lower",
    y2="upper",
    by="name",
    color=colours,
    alpha=0.15,
    stacked=False,
)
medians = quartiles.hvplot.line(
    x="wavelength", y="median", by="name", color=colours, line_width=2.5
)

# %%
(bands_of_half * medians).opts(
    width=800,
    height=450,
    legend_position="right",
    show_grid=True,
    xlabel="wavelength (nm)",
    ylabel="reflectance (0 to 1)",
    title="Spectra of the classes: median and middle half",
)

# %% [markdown]
# **What to notice.**
#
# - Pines are dark in the visible, and in the near infrared darker than the other trees: their needles stand in clumps with shade between.
# - Indigenous Forest runs closest to the pines: expect these two to be confused.
# - Fynbos has a weak red edge and is bright in the short-wave infrared: few and dry leaves.
# - The bands of colour overlap. No single wavelength tells the classes apart; twelve together may.
#
# ## Where we want the map: the area of interest
#
# Not everywhere: farmland and towns don't interest us. The area of interest holds the natural vegetation of the
# catchments. It is the first layer of a GeoPackage, in degrees; we reproject it at once.

# %%
area_of_interest = gpd.read_file(cloud.area_of_interest, layer=0).to_crs("EPSG:32734")
print(f"{area_of_interest.area.sum() / 1e6:.0f} square kilometres to map")
area_of_interest.to_crs("EPSG:4326").hvplot.polygons(
    geo=True,
    tiles=cloud.basemap,
    alpha=0.25,
    color="#44AA99",
    line_color="#117733",
    frame_width=600,
    title=cloud.map_title("Area of interest: natural vegetation"),
)

# %% [markdown]
# ## Leave the spectra for the next lessons

# %%
complete.to_parquet(cloud.outputs / "spectra_at_points.parquet")
complete[["name", *BANDS]].groupby("name").median().round(3)

# %% [markdown]
# ## Key points
#
# - `xvec.extract_points` turns a grid into a table of points chunk by chunk, without holding the whole grid.
# - The nearest pixel of 10 m is not the tree: a GPS is off by metres, and one pixel holds many plants.
# - Spectra have a shape that biology explains; classes with like shapes will be confused.
#
# **What's next:** [06 Train a classifier](06_train_a_classifier.ipynb): we let a model find the differences.
