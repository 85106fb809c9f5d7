"""Answers that learners may give in lesson 01 by mistake, each with words of its hint."""

# ruff: noqa: F821

# %% 01-1 | square metres; the exercise asks
surveyed_km2 = points_utm.union_all().convex_hull.area

# %% 01-1 | 1000 times 1000
surveyed_km2 = points_utm.union_all().convex_hull.area / 1000

# %% 01-1 | square degrees
surveyed_km2 = points_degrees.union_all().convex_hull.area

# %% 01-1 | box around the points
surveyed_km2 = (east - west) * (north - south) / 1e6

# %% 01-1 | of type Polygon
surveyed_km2 = points_utm.union_all().convex_hull

# %% 01-2 | among all points
times_as_many = class_counts.max() / class_counts.min()

# %% 01-2 | The wrong way round
training_counts = training["name"].value_counts()
times_as_many = training_counts.min() / training_counts.max()

# %% 01-2 | the difference
training_counts = training["name"].value_counts()
times_as_many = training_counts.max() - training_counts.min()

# %% 01-2 | among the testing points
testing_counts = testing["name"].value_counts()
times_as_many = testing_counts.max() / testing_counts.min()

# %% 01-2 | one of the two counts
times_as_many = training["name"].value_counts().min()

# %% 01-2 | sum of all classes
times_as_many = counts["training"].max() / counts["training"].min()

# %% 01-3 | so does a larger distance
least_metres = 50

# %% 01-3 | leaves only
least_metres = 500

# %% 01-3 | That is the median
least_metres = nearest_training["metres"].median()

# %% 01-3 | a share of points
least_metres = (nearest_training["metres"] >= 100).mean()

# %% 01-3 | a number of points
least_metres = (nearest_training["metres"] >= 100).sum()
