"""Answers that learners may give in lesson 13 by mistake, each with words of its hint."""

# ruff: noqa: F821

# %% 13-1 | all that the map of 2024 marks
false_gain = 10_000 * 0.02

# %% 13-1 | adds what both maps mark
false_gain = 10_000 * 0.02 * 2

# %% 13-1 | gain and loss together
false_gain = 10_000 * 0.02 * 0.98 * 2

# %% 13-1 | what BOTH maps mark
false_gain = 10_000 * 0.02**2

# %% 13-1 | if both maps were wrong at the same places
false_gain = 0

# %% 13-1 | the answer is in hectares
false_gain = 0.98 * 0.02

# %% 13-2 | per cent
share_with_majority = 100 * float((looks >= 3).mean())

# %% 13-2 | FEWER than three
share_with_majority = float((looks < 3).mean())

# %% 13-2 | three are enough
share_with_majority = float((looks > 3).mean())

# %% 13-2 | exactly three
share_with_majority = (looks == 3).mean()

# %% 13-2 | the mean number of looks
share_with_majority = looks.mean()

# %% 13-2 | a number of pixels
share_with_majority = (looks >= 3).sum()

# %% 13-3 | all places together
cleared_area = (42 / 150 * 4120, 100)

# %% 13-3 | the hectares of the rough map
cleared_area = (120, 0)

# %% 13-3 | adds up each row
cleared_area = area_with_interval(visited, visited["hectares"], "cleared")

# %% 13-3 | counted twice
cleared_area = area_with_interval(visited[["places", "cleared"]], visited["hectares"], "cleared")

# %% 13-3 | the standard error
shares = visited["cleared"] / visited["places"]
variances = visited["hectares"] ** 2 * shares * (1 - shares) / (visited["places"] - 1)
cleared_area = ((visited["hectares"] * shares).sum(), variances.sum() ** 0.5)

# %% 13-3 | whole width
cleared_area = ((visited["hectares"] * shares).sum(), 2 * 1.96 * variances.sum() ** 0.5)

# %% 13-3 | the variances of the parts first
cleared_area = ((visited["hectares"] * shares).sum(), 1.96 * (variances**0.5).sum())

# %% 13-3 | a tuple of two numbers
cleared_area = [176]
