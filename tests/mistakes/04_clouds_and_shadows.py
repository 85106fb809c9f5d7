"""What learners may type in the exercises of lesson 04, and words of the hint each should get."""
# ruff: noqa: F821

# %% 04-1 | the lesson's threshold
water_points_lost = (removed["name"] == "Water").sum()

# %% 04-1 | join them with &
strict = (red < 0.03) | (nir < 0.03)
strict_at_points = strict.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
water_points_lost = (points[strict_at_points.values]["name"] == "Water").sum()

# %% 04-1 | pixels of the whole scene
water_points_lost = float(((red < 0.03) & (nir < 0.03)).sum())

# %% 04-1 | without swir16
strict = (red < 0.03) & (nir < 0.03) & (swir16 > green)
strict_at_points = strict.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
water_points_lost = (points[strict_at_points.values]["name"] == "Water").sum()

# %% 04-1 | are left
strict = (red < 0.03) & (nir < 0.03)
strict_at_points = strict.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
water_points_lost = (points[~strict_at_points.values]["name"] == "Water").sum()

# %% 04-1 | looks like a share
strict = (red < 0.03) & (nir < 0.03)
strict_at_points = strict.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")
water_points_lost = strict_at_points.values[points["name"] == "Water"].mean()

# %% 04-2 | still in your list
share_removed = float(cloudier_classes.isin(unusable_codes).mean())

# %% 04-2 | per cent
without_cirrus = [name for name in UNUSABLE if name != "thin cirrus"]
fewer_codes = [SCL_NAMES.index(name) for name in without_cirrus]
share_removed = float(cloudier_classes.isin(fewer_codes).mean()) * 100

# %% 04-2 | that stay
without_cirrus = [name for name in UNUSABLE if name != "thin cirrus"]
fewer_codes = [SCL_NAMES.index(name) for name in without_cirrus]
share_removed = float((~cloudier_classes.isin(fewer_codes)).mean())

# %% 04-2 | cirrus alone
share_removed = float((cloudier_classes == SCL_NAMES.index("thin cirrus")).mean())

# %% 04-2 | clear scene
fewer_codes = [SCL_NAMES.index(name) for name in UNUSABLE if name != "thin cirrus"]
share_removed = float(scene_classes.isin(fewer_codes).mean())

# %% 04-2 | number of pixels
fewer_codes = [SCL_NAMES.index(name) for name in UNUSABLE if name != "thin cirrus"]
share_removed = cloudier_classes.isin(fewer_codes).sum()

# %% 04-2 | not the share we want
share_removed = float(cloudier_classes.isin(["cloud shadow", "cloud, high probability"]).mean())

# %% 04-3 | is water, not shade
my_mask = dark

# %% 04-3 | Ask the terrain
my_mask = dark_land

# %% 04-3 | is False on level ground
my_mask = dark_area

# %% 04-3 | asks for one that costs less
my_mask = light < 0.2

# %% 04-3 | stricter limit
my_mask = light < 0.3

# %% 04-3 | it grows wider
my_mask = (light < 0.1) | (dark_area & (light < 0.3))

# %% 04-3 | is too strict
my_mask = light < 0.05

# %% 04-3 | what shade does not have
my_mask = (light < 0.1) & (nir < 0.05)

# %% 04-3 | turn it round
my_mask = light > 0.1

# %% 04-3 | True and False
my_mask = dim * 1.0

# %% 04-3 | not of the points
my_mask = dim.xvec.extract_points(points.geometry, x_coords="x", y_coords="y")

# %% 04-3 | for each band
my_mask = reflectance < 0.05

# %% 04-3 | That is the shade itself
my_mask = in_shade
