"""Answers that learners may give in lesson 11 by mistake, each with words of its hint."""

# ruff: noqa: F821

# %% 11-1 | the share of the visits that agree
overall_accuracy = np.diag(published).sum() / published.to_numpy().sum()

# %% 11-1 | as if they were of one size
overall_accuracy = (np.diag(published) / published.sum(axis=1)).mean()

# %% 11-1 | You divided by the columns
by_column = np.diag(published) / published.sum(axis=0)
overall_accuracy = (by_column * published_hectares).sum() / published_hectares.sum()

# %% 11-1 | divide them by all hectares
overall_accuracy = (np.diag(published) / published.sum(axis=1) * published_hectares).sum()

# %% 11-1 | per cent
overall_accuracy = 94.7

# %% 11-1 | give three
overall_accuracy = 0.95

# %% 11-1 | That is not it
overall_accuracy = 0.5

# %% 11-2 | Half and half
visits = (100, 100)

# %% 11-2 | by area alone
visits = (round(200 * hectares["pine"] / hectares.sum()), 0)
visits = (visits[0], 200 - visits[0])

# %% 11-2 | send more people
visits = (150, 50)

# %% 11-2 | Together they must be
visits = (30, 150)

# %% 11-2 | at least 2 visits
visits = (200, 0)

# %% 11-2 | too few visits to say
visits = (3, 197)

# %% 11-3 | the fewest come first
team_covers = team_list[["to", "from"]] / 100
condensed_hectares = tuple(team_covers.mul(team_list["hectares"], axis=0).sum())

# %% 11-3 | divide by 100
condensed_hectares = tuple(team_list[["from", "to"]].mul(team_list["hectares"], axis=0).sum())

# %% 11-3 | Multiply stand by stand
condensed_hectares = tuple(team_list["hectares"].sum() * team_list[["from", "to"]].mean() / 100)

# %% 11-3 | LESS room
condensed_hectares = tuple(
    (team_list["hectares"] / team_list[name] * 100).sum() for name in ["from", "to"]
)

# %% 11-3 | however thin
condensed_hectares = (0, team_list["hectares"].sum())

# %% 11-3 | a tuple of two numbers
condensed_hectares = [62]
