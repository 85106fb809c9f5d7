"""What learners may type in the exercises of lesson 05, and words of the hint each should get."""

# ruff: noqa: F821

# %% 05-1 | second band is red
ndre = normalised_difference(learning_points, "nir", "red")

# %% 05-1 | sign is wrong
ndre = normalised_difference(learning_points, "rededge1", "nir")

# %% 05-1 | brackets around the difference
nir_values, edge = learning_points["nir"], learning_points["rededge1"]
ndre = nir_values - edge / nir_values + edge

# %% 05-1 | compute the index for all
only_pines = learning_points[learning_points["name"] == "Dense Pines"]
ndre = normalised_difference(only_pines, "nir", "rededge1")

# %% 05-1 | difference alone
ndre = learning_points["nir"] - learning_points["rededge1"]

# %% 05-1 | should be a pandas Series
ndre = normalised_difference(learning_points, "nir", "rededge1").median()

# %% 05-2 | divide by the mean spread
difference = (middle.loc["Dense Pines"] - middle.loc["Bare Ground"]).abs()
best_band = difference[BANDS].idxmax()

# %% 05-2 | idxmax, not idxmin
difference = (middle.loc["Dense Pines"] - middle.loc["Bare Ground"]).abs()
mean_spread = (spread.loc["Dense Pines"] + spread.loc["Bare Ground"]) / 2
best_band = (difference / mean_spread)[BANDS].idxmin()

# %% 05-2 | asks for Bare Ground
difference = (middle.loc["Dense Pines"] - middle.loc["Gum"]).abs()
mean_spread = (spread.loc["Dense Pines"] + spread.loc["Gum"]) / 2
best_band = (difference / mean_spread)[BANDS].idxmax()

# %% 05-2 | no band 'NDMI'
best_band = "NDMI"

# %% 05-2 | Sentinel-2's own name
best_band = "B11"

# %% 05-2 | compute the measure for all the bands
best_band = "rededge1"

# %% 05-3 | equally dark
band_pair = ("blue", "green")

# %% 05-3 | the same plateau
band_pair = ("rededge3", "nir")

# %% 05-3 | named nir twice
band_pair = ("nir", "nir")

# %% 05-3 | no band NDVI
band_pair = ("NDVI", "swir16")

# %% 05-3 | Name two bands
band_pair = ("nir", "swir16", "swir22")

# %% 05-3 | Keep nir: with another partner
band_pair = ("nir", "swir22")

# %% 05-3 | Keep nir: with another partner
band_pair = ("nir", "swir16")

# %% 05-3 | with another partner it reaches
band_pair = ("green", "swir22")

# %% 05-3 | should be a list or tuple
band_pair = "nir, swir16"
