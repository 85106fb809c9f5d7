"""Mistakes that learners make in the exercises of lesson 07."""
# ruff: noqa: F821

# %% 07-1 | You divided by the row
forest_among_called_pines = row_shares.loc["Indigenous Forest", "Dense Pines"]

# %% 07-1 | starts from what truly is pine
forest_among_called_pines = row_shares.loc["Dense Pines", "Indigenous Forest"]

# %% 07-1 | the two classes are swapped
forest_among_called_pines = column_shares.loc["Dense Pines", "Indigenous Forest"]

# %% 07-1 | number of points
forest_among_called_pines = counts.loc["Indigenous Forest", "Dense Pines"]

# %% 07-1 | all testing points
forest_among_called_pines = counts.loc["Indigenous Forest", "Dense Pines"] / len(testing)

# %% 07-1 | how many points truly are pine
forest_among_called_pines = counts.loc["Indigenous Forest", "Dense Pines"] / truly_pine.sum()

# %% 07-1 | give three
forest_among_called_pines = round(column_shares.loc["Indigenous Forest", "Dense Pines"], 2)

# %% 07-1 | the precision
forest_among_called_pines = column_shares.loc["Dense Pines", "Dense Pines"]

# %% 07-1 | per cent
forest_among_called_pines = round(100 * column_shares.loc["Indigenous Forest", "Dense Pines"], 1)

# %% 07-2 | costs are swapped
costs = [
    (is_pine & (pine_probability < t)).sum() + 10 * (~is_pine & (pine_probability >= t)).sum()
    for t in thresholds
]
cheapest_threshold = thresholds[np.argmin(costs)]

# %% 07-2 | both mistakes cost the same
costs = [((pine_probability >= t) != is_pine).sum() for t in thresholds]
cheapest_threshold = thresholds[np.argmin(costs)]

# %% 07-2 | the threshold that belongs to it
costs = [
    10 * (is_pine & (pine_probability < t)).sum() + (~is_pine & (pine_probability >= t)).sum()
    for t in thresholds
]
cheapest_threshold = min(costs)

# %% 07-2 | the balance of the lesson
cheapest_threshold = round(balanced, 2)

# %% 07-2 | There is a cheaper threshold
cheapest_threshold = 0.2

# %% 07-3 | still the blocks of one kilometre
blocks_2km = blocks

# %% 07-3 | stripes
blocks_2km = np.floor(spectra.geometry.x / 2000).astype(int).astype(str)

# %% 07-3 | Keep column and row apart
blocks_2km = np.floor(spectra.geometry.x / 2000) + np.floor(spectra.geometry.y / 2000)

# %% 07-3 | a block of its own
blocks_2km = (spectra.geometry.x // 2).astype(str) + "/" + (spectra.geometry.y // 2).astype(str)

# %% 07-3 | should be a pandas Series
blocks_2km = 2000

# %% 07-3 | one for each point
blocks_2km = blocks.drop_duplicates()
