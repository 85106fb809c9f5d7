"""What learners may answer by mistake in lesson 10, and words of the hint that they get."""
# ruff: noqa: F821

# %% 10-1 | what the numbers take in memory
times_as_large = pine_map.nbytes / percent.nbytes

# %% 10-1 | Upside down
float_path = cloud.outputs / "pine_float.tif"
write_cog(pine_map, float_path, overwrite=True, progress=False)
times_as_large = cog_path.stat().st_size / float_path.stat().st_size

# %% 10-1 | compare two files
times_as_large = pine_map.nbytes / cog_path.stat().st_size

# %% 10-1 | difference of the sizes
times_as_large = (float_path.stat().st_size - cog_path.stat().st_size) / 1e6

# %% 10-1 | size of one file
times_as_large = float_path.stat().st_size / 1e6

# %% 10-2 | before Anna and Ben
cleared_hectares = int(((planned >= 50) & (today == 0)).sum()) / 100

# %% 10-2 | number of pixels
cleared_hectares = int(((planned >= 50) & (newest_map == 0)).sum())

# %% 10-2 | all pixels that differ
cleared_hectares = int((planned != newest_map).sum()) / 100

# %% 10-2 | masked ones
cleared_hectares = int((planned >= 50).sum()) / 100

# %% 10-2 | not pines when the plan was made
cleared_hectares = int((newest_map == 0).sum()) / 100

# %% 10-2 | a version with itself
cleared_hectares = int(((planned >= 50) & (planned == 0)).sum()) / 100

# %% 10-3 | no network
offers = {"ranger": "bucket", "web map": "bucket", "auditor": "icechunk"}

# %% 10-3 | download the whole map
offers = {"ranger": "file", "web map": "file", "auditor": "icechunk"}

# %% 10-3 | overwritten by four teams
offers = {"ranger": "file", "web map": "bucket", "auditor": "bucket"}

# %% 10-3 | Keep the three names
offers = {"file": "ranger", "bucket": "web map", "icechunk": "auditor"}

# %% 10-3 | There are three offers
offers = {"ranger": "cog", "web map": "bucket", "auditor": "icechunk"}
