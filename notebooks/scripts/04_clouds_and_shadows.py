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
# # 04 Clouds and shadows
#
# **The question:** a cloud is not vegetation, and a shadow tells little about what stands in it. Which
# pixels can we trust?
#
# **You will be able to**
#
# - mask clouds with the scene classification (SCL) that comes with every scene;
# - mask deep shadow with a rule on two bands, and say what that rule wrongly removes;
# - improve that rule with a third band and compare the two.
#
# **Time:** 25 minutes. **Needs:** the scene chosen in lesson 02, opened as in lesson 03.

# %%
import json

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import hvplot.xarray
import numpy as np
import pandas as pd
import pystac_client
import stackstac
import xarray as xr
import xvec
from dask.diagnostics import ProgressBar

# %%
from helpers import find_or_make, open_cloud, write_cog

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Open what this lesson needs
#
# Five bands for the rules and the pictures, and the scene classification `scl`: class codes at 20 m.

# %%
choice = json.loads(find_or_make("chosen_scene.json").read_text())
catalogue = pystac_client.Client.open(cloud.stac_url)
scene = next(
    catalogue.search(
        collections=[choice["collection"]], ids=[choice["id"]]
    ).items_as_dicts()
)
points = gpd.read_file(cloud.field_points).to_crs("EPSG:32734")

# %%
stack = stackstac.stack(
    [scene],
    assets=["blue", "green", "red", "nir", "swir16", "scl"],
    bounds=tuple(points.total_bounds),
    epsg=32734,
    resolution=10,
    dtype="uint16",
    fill_value=np.uint16(0),
    rescale=False,
    xy_coords="center",
    chunksize=1024,
)
with ProgressBar():
    numbers = stack.squeeze("time", drop=True).compute()

# %%
band_facts = scene["assets"]["red"]["raster:bands"][0]
already_applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
offset = 0.0 if already_applied else band_facts["offset"]
digital = numbers.drop_sel(band="scl")
reflectance = digital.where(digital != 0) * np.float32(
    band_facts["scale"]
) + np.float32(offset)
scene_classes = numbers.sel(band="scl")

# %% [markdown]
# ## What the scene classification says
#
# The program that removes the effect of the atmosphere also sorts every pixel into one of twelve classes, with the
# codes 0 to 11. The names are from the Sentinel-2 product description.

# %%
SCL_NAMES = [
    "no data",
    "saturated or defective",
    "dark area",
    "cloud shadow",
    "vegetation",
    "not vegetated",
    "water",
    "unclassified",
    "cloud, medium probability",
    "cloud, high probability",
    "thin cirrus",
    "snow or ice",
]

# %%
codes, pixels = np.unique(scene_classes, return_counts=True)
shares = pd.Series(
    pixels / pixels.sum() * 100, index=[SCL_NAMES[code] for code in codes]
)
shares.round(2).rename("% of the pixels").to_frame()

# %% [markdown]
# We do without the pixels that are cloud, cloud shadow, or broken:

# %%
UNUSABLE = [
    "no data",
    "saturated or defective",
    "cloud shadow",
    "cloud, medium probability",
    "cloud, high probability",
    "thin cirrus",
]
unusable_codes = [SCL_NAMES.index(name) for name in UNUSABLE]
cloudy = scene_classes.isin(unusable_codes)
print(f"{float(cloudy.mean()):.2%} of the pixels are cloud, cloud shadow or broken")

# %% [markdown]
# **What to notice.** The scene was chosen because it is clear, so little is removed. In a cloudy scene the classification is good, not perfect: it
# may take bright ground for cloud, and it misses thin edges of clouds.
#
# ## Shadow of the mountains
#
# When the satellite passes, at about half past ten on a spring morning, the sun stands in the north-east, and the south-western sides of the ridges lie in
# shadow. A simple rule from the published lesson: a pixel is in shadow if it is dark in `red` **and** in `nir`.

# %%
red, green, nir = (
    reflectance.sel(band=name, drop=True) for name in ["red", "green", "nir"]
)
dark = (red < 0.05) & (nir < 0.05)
print(f"{float(dark.mean()):.1%} of the pixels are dark in both bands")

# %% [markdown]
# But what else is dark in both? Look at which of our field points the rule would remove. xvec takes the value at
# each point (lesson 05 shows how).

# %%
dark_at_points = dark.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
removed = points[dark_at_points.values]
removed["name"].value_counts().rename("points removed by the rule").to_frame()

# %% [markdown]
# **Water!** Open water is dark in both bands, too. The rule that should remove shadow also removes
# water, and a class that loses its points cannot be learnt well.
#
# ## A better rule
#
# Water and shaded plants are both dark, but their bands differ: water takes up nearly all short-wave infrared (`swir16`) and
# reflects a little green; on land in shadow `swir16` is usually the brighter of the two. So we ask in addition for
# `swir16 > green`. (Xu 2006, *International Journal of Remote Sensing* 27, uses the same pair of bands to find water: the MNDWI.)

# %%
swir16 = reflectance.sel(band="swir16", drop=True)
shadow = dark & (swir16 > green)
shadow_at_points = shadow.xvec.extract_points(
    points.geometry, x_coords="x", y_coords="y"
)

# %%
both_rules = pd.DataFrame(
    {
        "dark in red and nir": points["name"][dark_at_points.values].value_counts(),
        "and swir16 above green": points["name"][
            shadow_at_points.values
        ].value_counts(),
    }
)
both_rules = both_rules.fillna(0).astype(int)
both_rules

# %%
both_rules.hvplot.barh(
    color=["#CC6677", "#332288"],
    xlabel="class",
    ylabel="points removed",
    title="Field points that each rule removes",
    legend="right",
    width=750,
    height=350,
)

# %% [markdown]
# The better rule keeps most of the water. It is not free of error either: near the shore water pixels hold some land, and the deepest
# shadow, lit by the blue sky alone, can look like water. Every mask is a decision; write down which one you took.
#
# ## Before and after

# %%
usable = ~(cloudy | shadow) & reflectance.notnull().all("band")
true_colour = (
    (reflectance.sel(band=["red", "green", "blue"]) / 0.18).clip(0, 1).fillna(1)
)
masked_out = xr.DataArray(
    [1.0, 0.75, 0.85], dims="band", coords={"band": ["red", "green", "blue"]}
)
after = true_colour.where(usable, masked_out)
pictures = {"before": true_colour, "after (pink: not used)": after}


# %%
def draw(picture, when):
    """Draw a picture in true colour; all pictures zoom together."""
    colours = (picture * 255).astype("uint8")
    return colours.hvplot.rgb(
        x="x",
        y="y",
        bands="band",
        rasterize=True,
        data_aspect=1,
        frame_width=420,
        title=cloud.map_title(when),
    ).opts(xlabel="metres east", ylabel="metres north", yformatter="%.0f")


# %%
hv.Layout([draw(picture, when) for when, picture in pictures.items()]).cols(1)

# %% [markdown]
# The two pictures zoom together: find a ridge and compare the two sides.
#
# ## Leave the mask for the next lessons
#
# We write it as a Cloud-Optimized GeoTIFF: 1 where a pixel can be used, 0 where not.

# %%
mask = usable.astype("uint8").rename("usable").rio.write_crs("EPSG:32734")
write_cog(mask, cloud.outputs / "usable_pixels.tif", overwrite=True)
print(f"{float(mask.mean()):.1%} of the pixels are usable")

# %% [markdown]
# ## Key points
#
# - Every L2A scene brings its own cloud mask, the SCL. Choose which of its classes you do without, and say so.
# - A rule that looks right on mountains may remove a whole class somewhere else. Test a mask on the points.
# - A pixel that is masked is unknown, not "no pine".
#
# **What's next:** [05 Spectra at the points](05_spectra_at_points.ipynb): what does a pine look like to a satellite?
