"""Answers that learners may give in lesson 15 by mistake, each with words of its hint."""

# ruff: noqa: F821

# %% 15-1 | begin at 0
corner = points.get_coordinates() // 2000
number_of_blocks = int(corner.groupby(["x", "y"]).ngroup().max())

# %% 15-1 | blocks of 1 km
number_of_blocks = len((points.get_coordinates() // 1000).drop_duplicates())

# %% 15-1 | 2 metres
number_of_blocks = len((points.get_coordinates() // 2).drop_duplicates())

# %% 15-1 | columns of blocks
number_of_blocks = (points.get_coordinates() // 2000)["x"].nunique()

# %% 15-1 | some of these blocks have no point
number_of_blocks = int((points.get_coordinates() // 2000).nunique().prod())

# %% 15-1 | different pairs
number_of_blocks = 3000

# %% 15-2 | half of the number
new_likeness = 0.55 / 2

# %% 15-2 | new odds
new_likeness = 0.55 / 0.45 / 2

# %% 15-2 | twice the odds
odds = 2 * 0.55 / 0.45
new_likeness = odds / (1 + odds)

# %% 15-2 | can't stay
new_likeness = 0.55

# %% 15-2 | Three steps
new_likeness = 0.1

# %% 15-3 | does not mean that there is none
up_to_hectares = 0

# %% 15-3 | Of how many hectares
up_to_hectares = 3 / 120

# %% 15-3 | takes 3 / 120
up_to_hectares = 6400 / 120

# %% 15-3 | 6,400 hectares times
up_to_hectares = 6400
