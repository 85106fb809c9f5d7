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
# # 00 Welcome: map invasive pines from space
#
# **The question of this course:** where in Cape Town's water catchments do invasive pines stand, and how can anyone
# find out, with free satellite images and free tools, on a small computer?
#
# **You will be able to** say what you will make, how a lesson works, and whether your set-up is ready.
#
# **Time:** 10 minutes. **Needs:** some Python. No remote sensing: that is what you came for.

# %% [markdown]
# ## What you will make
#
# ![A map of a mountain landscape. Bright pixels mark where the model finds pines with a probability above one half;
# they form patches near plantations and chains along streams, and some of them are false alarms.](../docs/pictures/pine_probability.png)
#
# This map: the model gives each 10 m pixel of natural vegetation a probability of pines; the picture shows those above one half. Not all
# of them are pines: you will measure how many are. In the last lesson you share the map, as a file, in a bucket, and with its history.
#
# ## Why pines, why water
#
# Cape Town drinks from its mountains. There, low shrubland, the *fynbos*, uses little water and lets much of the rain run into the streams. Pines that
# have escaped from plantations take over the slopes and use more: invaded land evaporates about 895 mm a year, fynbos 520 mm (Meijninger
# and Jarmain 2014). If nothing is cleared, Cape Town's supply is expected to lose 130 million cubic metres of water a year in 45 years,
# against 38 million now (Le Maitre et al. 2019). Clearing scattered trees (1 to 5 % cover) costs 3 to 25
# times less per hectare than clearing closed stands (75 to 100 %; Marais and Wannenburgh 2008). So it matters to know early where they are.
#
# ## The way there
#
# | lesson | you | with |
# |---|---|---|
# | [01](01_field_observations.ipynb) | read what people saw in the field | geopandas |
# | [02](02_find_scenes.ipynb) | find satellite images of the place | STAC, pystac-client |
# | [03](03_open_the_scene.ipynb) | open one without loading it | stackstac, xarray |
# | [04](04_clouds_and_shadows.ipynb) | remove clouds and shadow | xarray |
# | [05](05_spectra_at_points.ipynb) | see what pines look like from space | xvec |
# | [06](06_train_a_classifier.ipynb) | train a model | XGBoost, scikit-learn |
# | [07](07_how_good_is_it.ipynb) | find out how far to trust it | scikit-learn |
# | [08](08_parallel_with_dask.ipynb) | use all cores of your computer | Dask |
# | [09](09_map_the_study_area.ipynb) | map the whole study area | Dask, hvplot, geoviews |
# | [10](10_export_and_share.ipynb) | share the map, with its history | COG, S3, Icechunk |
#
# ## How the course works
#
# - Each lesson is a **notebook**: text and code. Click into a cell of code and press *Shift + Enter* to run it; go from top to bottom.
# - The whole course runs **without the internet**. A small server on your computer answers in the place of the cloud, with
#   a **simulated scene** of a Cape landscape. Every map of it says so. It behaves like the real thing, because it is the same
#   kind of server with the same kind of files.
# - With the environment variable `COURSE_CLOUD=aws` the same notebooks use **real** Sentinel-2 images on Amazon's cloud. Then the pines are real,
#   and nobody knows the true answer.
# - You may open any lesson first: what it needs from earlier ones is made on the spot.
# - Try things out: files that you make are in the folder `outputs`, and a changed lesson can be brought back with `git checkout notebooks`.

# %% [markdown]
# ## Is your set-up ready?
#
# Run the next cells. First: do the packages load, and is the kernel the one that the course was installed into?

# %%
import sys

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import psutil
import pystac_client

# %%
from helpers import open_cloud

hv.extension("bokeh", inline=True)
print(f"Python {sys.version.split()[0]} in {sys.prefix}")
print(
    f"{psutil.cpu_count()} cores, {psutil.virtual_memory().available / 1e9:.1f} GB of memory free"
)

# %% [markdown]
# Now the cloud. Does it open, and does its catalogue answer?

# %%
cloud = open_cloud()
catalogue = pystac_client.Client.open(cloud.stac_url)
print(f"The cloud is '{cloud.name}'; its catalogue: {catalogue.title}")

# %% [markdown]
# Last, a plot. If you see a map of points over a picture of mountains, everything works. Zoom with the wheel and drag it.

# %%
points = gpd.read_file(cloud.field_points).to_crs("EPSG:4326")
points.hvplot.points(
    geo=True,
    tiles=cloud.basemap,
    size=8,
    color="#882255",
    frame_width=500,
    title=cloud.map_title("Where people have been"),
)

# %% [markdown]
# If a cell above ended with an error, its last line says what is wrong. *No module named ...* means that this notebook runs in another Python: choose
# the kernel of the environment in which you installed the course (menu *Kernel*, *Change Kernel*).
#
# ## Credits and further reading
#
# - The path of this course follows the published lesson *Using cloud-native tools to map invasive species with supervised machine learning
#   and Sentinel 2* of The Nature Conservancy's spatial data science training (2026, Apache-2.0),
#   <https://github.com/TNC-Geospatial-Conservation-Tech/ocs-training-2026-advanced-mybinder>. The field points and the area of interest of the real world
#   are theirs and are read from there. Text, code and the simulated scene of this course are our own.
# - Sentinel-2 images: European Space Agency, Copernicus; served as Cloud-Optimized GeoTIFFs by Element 84's
#   Earth Search, <https://earth-search.aws.element84.com/v1>.
# - Meijninger and Jarmain (2014), *Satellite-based annual evaporation estimates of invasive alien plant species and native vegetation in
#   South Africa*, Water SA 40; Le Maitre et al. (2019), *Impacts of alien plant invasions on water resources and yields from the Western
#   Cape Water Supply System*, Water SA 45; Marais and Wannenburgh
#   (2008), *Restoration of water resources (natural capital) through the clearing of invasive alien plants from riparian areas in South Africa*,
#   South African Journal of Botany 74: the figures above.
# - The colours of the classes: Paul Tol, <https://sronpersonalpages.nl/~pault/>.
# - If notebooks are new to you: Project Pythia's *Foundations*, <https://foundations.projectpythia.org>.
#
# **What's next:** [01 Field observations](01_field_observations.ipynb).
