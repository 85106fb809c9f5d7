"""Answers that learners may give in lesson 00 by mistake, each with words of its hint."""

# ruff: noqa: F821

# %% 00-1 | number of columns
number_of_places = len(points.columns)

# %% 00-1 | every cell of the table
number_of_places = points.size

# %% 00-1 | different classes
number_of_places = points["name"].nunique()

# %% 00-1 | begin with 0
number_of_places = points.index[-1]

# %% 00-1 | deliberately wrong
number_of_places = 12

# %% 00-1 | should be a number
number_of_places = points.shape

# %% 00-2 | title of the catalogue
name_of_the_cloud = catalogue.title

# %% 00-2 | capital letters
name_of_the_cloud = "Local"

# %% 00-2 | an address
name_of_the_cloud = cloud.stac_url

# %% 00-2 | not the one that your set-up has opened
name_of_the_cloud = "aws"

# %% 00-2 | begins with 'The cloud is'
name_of_the_cloud = "cloud"
