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
# **The question:** where in Cape Town's water catchments do invasive pines stand, and how can anyone
# find out, with free satellite images and free tools, on a small computer?
#
# **You will be able to**
#
# - say what you will make in this course, and what for;
# - work through a lesson: run its cells, answer its exercises, ask for hints;
# - tell whether your set-up is ready, and what to do when a plot stays blank.
#
# **Time:** 15 minutes (reading 11, exercises 4). **Needs:** variables, loops, a little pandas;
# whatever else the code uses, you can run without being able to write it. No remote sensing: that is what you came for.

# %% [markdown]
# ## What you will make
#
# ![A map of a mountain landscape. Bright pixels mark where the model finds pines with a probability above one half;
# they form patches near plantations and chains along streams, and many of them are false
# alarms.](../docs/pictures/pine_probability.png)
#
# This map: the model gives each 10 m pixel of natural vegetation a probability of pines; the picture shows those above
# one half. Only a little more than half of the marked pixels are truly pine, as lesson 11 measures on the simulated
# scene; by then you will know how to find that out for any map, and why it is so. In lesson 10 you share the map, as a
# file, in a bucket, and with its history.
#
# ## Why pines, why water
#
# Cape Town drinks from its mountains. There, low shrubland, the *fynbos*, uses little water and lets much of the rain
# run into the streams. Trees that have escaped cultivation take over the slopes and use more. In the Western Cape, land
# under five kinds of invaders (two wattles, gums, hakeas and pines) evaporates 895 mm a year on average, fynbos 520 mm,
# and land that has been cleared 780 mm (Meijninger and Jarmain 2014): clearing brings back part of the water, not all
# of it. The Western Cape Water Supply System, which serves Cape Town, loses 38 million cubic metres of its assured
# yield a year to invaders (baseline of 2019), and will be losing 130 million in 45 years' time if nothing is cleared
# (Le Maitre et al. 2019).
#
# This course looks for pines: in the Cape mostly cluster pine (*Pinus pinaster*) and Monterey pine (*Pinus radiata*),
# planted for timber. Many of their cones stay closed for years (in cluster pine two thirds of them, in a study in
# Spain; Tapias et al. 2001) and open after a fire, so that a fire kills the parents and sows the next, denser stand.
# That is why seedlings must be pulled in *follow-up* visits, before they bear cones themselves, or the first clearing
# was in vain. Clearing very scattered trees (1 to 5 % cover) costs 3 to 25 times less per hectare than clearing closed
# stands (75 to 100 %; Marais and Wannenburgh 2008). So it pays to know early where they are. Along rivers, black wattle
# is a problem of its own, with other remedies. Native forest grows there, too; mistaking it for pines would cost most
# of all, because it is protected and slow to grow back.
#
# ## The way there
#
# Most lessons take half an hour to an hour. The minutes of lessons 00 to 10 follow what learners needed, exercises
# included; those of 11 to 15 are estimates. If you write Python every week you will be faster; if it is new to you,
# don't hurry.
#
# <!-- lessons: made by tools/tables.py -->
#
# | lesson | the question that it answers | minutes |
# |---|---|---|
# | [00 Welcome: map invasive pines from space](00_welcome.ipynb) | Where in Cape Town's water catchments do invasive pines stand, and how can anyone find out, with free satellite images and free tools, on a small computer? | 15 |
# | [01 Field observations](01_field_observations.ipynb) | What did people see on the ground, where, and is it enough to teach a computer what a pine looks like from space? | 30 |
# | [02 Find scenes with STAC](02_find_scenes.ipynb) | Sentinel-2 has photographed the Cape every ten days since 2015, every five since 2017. Which image do we take, and how do we find it without downloading any? | 35 |
# | [03 Open the scene, lazily](03_open_the_scene.ipynb) | A scene is larger than the memory of a small computer. How do we work with it without loading it, and how do we get from the numbers in the files to reflectance? | 45 |
# | [04 Clouds and shadows](04_clouds_and_shadows.ipynb) | A cloud is not vegetation, and a shadow says little about what grows in it. Which pixels can we trust? | 35 |
# | [05 Spectra at the points](05_spectra_at_points.ipynb) | What does the satellite see where somebody has seen a pine? | 45 |
# | [06 Train a classifier](06_train_a_classifier.ipynb) | Can a program learn from the points we have to name a pixel it has never seen? | 50 |
# | [07 How good is it, really?](07_how_good_is_it.ipynb) | How good is the model on the points, and would that hold on a hillside where nobody has been? | 45 |
# | [08 Parallel with Dask](08_parallel_with_dask.ipynb) | A map has millions of pixels. How do we use all the cores of a computer, and never more memory than it has? | 40 |
# | [09 Map the study area](09_map_the_study_area.ipynb) | Where in the catchments are the pines, and how sure is the model? | 40 |
# | [10 Export and share](10_export_and_share.ipynb) | The map is ready. How do others get it, whole or in part, today's version or last year's? | 40 |
# | [11 How good is the map, and how much is it?](11_how_good_is_the_map.ipynb) | How much of what the map marks is pine, what does it miss, and how many hectares of pines are there? | 70 |
# | [12 One round better](12_one_round_better.ipynb) | Where do fifty visits help most, and is the next map better? | 66 |
# | [13 Many dates, one landscape in motion](13_many_dates_and_change.ipynb) | What do many dates show that one date hides, and how many hectares of pines were gained and lost from 2018 to 2024? | 57 |
# | [14 Where first? A plan with its uncertainty](14_where_first.ipynb) | There is money to clear some of the pines. Which first, and how sure is the answer? | 56 |
# | [15 Your own species, your own place](15_your_own_species.ipynb) | You have a list of sightings and an outline. What can be mapped with them, and how sure is it? | 45 |
# | **all**, about 12 hours | | **714** |
#
# <!-- end of lessons -->
#
# ## Where the images come from
#
# - The whole course runs **without the internet**. A small server on your computer takes the place of the cloud, with a
#   **simulated scene** of a Cape landscape. Every map of it says so. It behaves like the real thing, because it is the
#   same kind of server with the same kind of files.
# - With the environment variable `COURSE_CLOUD=aws` the same notebooks use **real** Sentinel-2 images on Amazon's
#   cloud. Then the pines are real, and nobody knows the true answer.
#
# ## How a lesson works
#
# - **Cells.** A lesson is a notebook: text and code. Click into a code cell and press *Shift + Enter* to run it. Go
#   from top to bottom: a cell uses what the cells above it made. `[*]` beside a cell means that it is still running.
#   Code that begins with "Only drawing" makes a picture tidy: run it, and read the picture, not the code.
# - **Exercises** come at the end of each lesson. Replace the dots `...` with your answer and run the cell: `check` says
#   whether it is right, and if it is not, what probably went wrong. Nothing is counted and nothing is sent anywhere, so
#   try as often as you like.
# - **Hints.** `hint("00-1")` in any cell gives a first hint, `hint("00-1", 2)` says more.
# - **Solutions** are folded up below each exercise. Click on the small triangle, but try for yourself first.
# - **Quiz.** Choose an answer, then click on it: each one says whether it is right, and why.
# - **Any lesson can be opened first**: what it needs from earlier ones is made on the spot.
# - **Nothing breaks.** Files that you make go into the folder `outputs`, and `git checkout notebooks` restores a lesson
#   that you have changed.
#
# ## When something does not work
#
# - **A plot stays blank** and there is no error: choose *Run*, *Restart Kernel and Run All Cells*. The program that
#   draws plots is loaded by the line `hv.extension(...)` near the top, and must be loaded again whenever the notebook
#   is opened. If the plot is still blank, reload the page in the browser (F5).
# - **A cell ends with an error:** read its last line first. `NameError: name ... is not defined` mostly means that a
#   cell further up has not been run.
# - Pages to keep open beside the lessons: a [glossary](../docs/glossary.md) of the words, a [cheat
#   sheet](../docs/cheat_sheet.md) of the code, and a list of [errors](../docs/errors.md) with their cause and cure.
#
# ## Credits and further reading
#
# - The path of this course follows the published lesson *Using cloud-native tools to map invasive species with
#   supervised machine learning and Sentinel 2* of The Nature Conservancy's spatial data science training (2026,
#   Apache-2.0), <https://github.com/TNC-Geospatial-Conservation-Tech/ocs-training-2026-advanced-mybinder>. The real
#   field points and area of interest are theirs and are read from there. Text, code and the simulated scene of this
#   course are our own.
# - Sentinel-2 images: European Space Agency, Copernicus; served as Cloud-Optimized GeoTIFFs by Element 84's Earth
#   Search, <https://earth-search.aws.element84.com/v1>.
# - Wherever a lesson names a source, as in "Le Maitre et al. 2019", the [references](../docs/references.md) give it in
#   full, with its DOI where we know one.
# - The colours of the classes: Paul Tol, <https://sronpersonalpages.nl/~pault/>.
# - If notebooks are new to you: Project Pythia's *Foundations*, <https://foundations.projectpythia.org>.

# %% [markdown]
# ## Is your set-up ready?
#
# Run the next cells. First: do the packages load, and is the kernel the one that the course was installed into? (The
# first time this can take a minute; `[*]` beside a cell means that it is still running.)

# %%
import sys

import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import psutil
import pystac_client

# %%
from helpers import check, hint, open_cloud
from helpers.plots import set_plot_style

hv.extension("bokeh", inline=True)
set_plot_style()
print(f"Python {sys.version.split()[0]} in {sys.prefix}")
print(
    f"{psutil.cpu_count()} cores, {psutil.virtual_memory().available / 1e9:.1f} GB of memory free"
)

# %% [markdown]
# Now the cloud. Does it open, and does its catalogue answer?

# %% tags=["nbval-check-output"]
cloud = open_cloud()
catalogue = pystac_client.Client.open(cloud.stac_url)
print(f"The cloud is '{cloud.name}'; its catalogue: {catalogue.title}")

# %% [markdown]
# Finally, a plot. If you see a map of points over a picture of mountains, everything works. Zoom with the wheel and
# drag it.

# %%
points = gpd.read_file(cloud.field_points).to_crs("EPSG:4326")
points.hvplot.points(
    geo=True,
    tiles=cloud.basemap,
    size=20,
    color="#FFDD33",
    line_color="black",
    frame_width=440,
    title=cloud.map_title("Field points"),
)

# %% [markdown]
# **What to notice.** Each dot is a place where somebody has written down what grows. That is all we know; the rest of
# the map has to come from the satellite.
#
# For a closer look, the course's **doctor** examines what the lessons need and reports, a line for each, what is fine
# and what to fix. It takes about a quarter of a minute.

# %%
from helpers.doctor import examine_setup

examine_setup()

# %% [markdown]
# If a cell above ended with an error, its last line says what is wrong. *No module named ...* means that this notebook
# runs in another Python: choose the kernel of the environment in which you installed the course (menu *Kernel*, *Change
# Kernel*).

# %% [markdown]
# ## Exercises
#
# Two small ones, to get to know `check` and `hint`.

# %% [markdown]
# ### Exercise 00-1: how many dots?
#
# The table behind the map is called `points`, one row for each place. How many places are there? The answer is one
# whole number; let Python count.
#
# Do it in three steps: run the cell as it is and read what it says; replace the dots by a wrong answer, such as `12`,
# and run it again; then answer.
#
# Stuck? Run `hint("00-1")`.

# %% tags=["exercise"]
number_of_places = ...
check("00-1", number_of_places, points=points)

# %% [markdown]
# <details><summary>Solution 00-1</summary>
#
# ```python
# number_of_places = len(points)
# ```
#
# `len` counts the rows of a table. `points.shape` gives rows and columns at once.
#
# </details>

# %% [markdown]
# ### Exercise 00-2: real or simulated?
#
# Before you believe a map, know where its pixels come from. The check of the set-up has printed the name of the cloud
# that this course uses on your computer, one short word. Give that name, as text in quotes.
#
# Stuck? Run `hint("00-2")`.

# %% tags=["exercise"]
name_of_the_cloud = ...
check("00-2", name_of_the_cloud, cloud=cloud, catalogue=catalogue)

# %% [markdown]
# <details><summary>Solution 00-2</summary>
#
# ```python
# name_of_the_cloud = cloud.name
# ```
#
# Python knows the name already, so it need not be typed; the word itself in quotes is right, too.
#
# </details>

# %% [markdown]
# ## Quiz
#
# Choose an answer, then click on it.
#
# **1. A cell with a map has run, there is no error, but the plot is blank. What do you try first?**
#
# <details><summary>a) Install the course again.</summary>
#
# **No.** If the packages were missing, there would be an error. Try what takes ten seconds first.
#
# </details>
# <details><summary>b) Restart the kernel and run all cells, so that the line hv.extension is run again.</summary>
#
# **Yes.** The program that draws plots is loaded by that line, and only for the page that is open now.
#
# </details>
# <details><summary>c) Nothing: the data is empty.</summary>
#
# **No.** Empty data would still show axes and a title.
#
# </details>
#
# **2. Offline, the scenes are simulated. What follows from that?**
#
# <details><summary>a) The finished map can guide a team that clears pines.</summary>
#
# **No.** The landscape does not exist. For a map that guides people, take real scenes and real field points.
#
# </details>
# <details><summary>b) The tools are toys; real data needs other ones.</summary>
#
# **No.** The server speaks the same protocols and the files have the same format, so the same code reads real scenes.
#
# </details>
# <details><summary>c) The model that you train can be used on real images.</summary>
#
# **No.** It has learned simulated spectra. The method carries over; the trained model does not.
#
# </details>
# <details><summary>d) We can compare our map with the truth, which no real project can.</summary>
#
# **Yes.** Whoever simulates a landscape knows where every pine stands. Lessons 04, 05 and 11 to 14 make use of it.
#
# </details>

# %% [markdown]
# ## Key points
#
# - You will map invasive pines because they take water, and because clearing them early is cheap.
# - Run cells from top to bottom with Shift + Enter; `check` and `hint` help with the exercises.
# - If a plot stays blank, run the notebook again from the top.
# - Offline all pixels are simulated: the method is real, the pines are not.
#
# **What's next:** [01 Field observations](01_field_observations.ipynb): what people saw on the ground.
