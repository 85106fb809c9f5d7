"""Answers that learners may give in lesson 12 by mistake, each with words of its hint."""

# ruff: noqa: F821

# %% 12-1 | Divide it by the mean distance
index_of_new_row = np.linalg.norm(known_rows - new_row, axis=1).min()

# %% 12-1 | It is the NEAREST that counts
index_of_new_row = np.linalg.norm(known_rows - new_row, axis=1).mean() / pdist(known_rows).mean()

# %% 12-1 | the distance of each row to itself
all_pairs = np.linalg.norm(known_rows[:, np.newaxis] - known_rows, axis=2)
index_of_new_row = np.linalg.norm(known_rows - new_row, axis=1).min() / all_pairs.mean()

# %% 12-1 | The other way round
index_of_new_row = pdist(known_rows).mean() / np.linalg.norm(known_rows - new_row, axis=1).min()

# %% 12-1 | That is not it
index_of_new_row = 0.1

# %% 12-2 | 10 places are asked
next_places = gpd.GeoSeries(gpd.points_from_xy([325000], [6258000]), crs=CRS)

# %% 12-2 | These look like degrees
next_places = gpd.GeoSeries(gpd.points_from_xy([19.2] * 10, [-33.8] * 10), crs="EPSG:4326")

# %% 12-2 | in this order
strange_y, strange_x = (
    speechless[d].values[i] for d, i in zip("yx", np.nonzero(speechless.values), strict=True)
)
next_places = gpd.GeoSeries(gpd.points_from_xy(strange_y[:10], strange_x[:10]), crs=CRS)

# %% 12-2 | where the model may speak
spoken_y, spoken_x = (d[:10] for d in np.nonzero((~speechless & mapped).values))
spoken_y, spoken_x = speechless.y.values[spoken_y], speechless.x.values[spoken_x]
next_places = gpd.GeoSeries(gpd.points_from_xy(spoken_x, spoken_y), crs=CRS)

# %% 12-2 | apart; at least 500 m are asked
strange_y, strange_x = (
    speechless[d].values[i] for d, i in zip("yx", np.nonzero(speechless.values), strict=True)
)
next_places = gpd.GeoSeries(gpd.points_from_xy(strange_x[:10], strange_y[:10]), crs=CRS)

# %% 12-2 | a GeoSeries
next_places = pd.Series(range(10))

# %% 12-3 | the mended come first
old_right = colleague["old map"] == colleague["ground"]
new_right = colleague["new map"] == colleague["ground"]
mended_and_spoilt = ((old_right & ~new_right).sum(), (new_right & ~old_right).sum())

# %% 12-3 | where each map is right
mended_and_spoilt = tuple(
    (colleague[name] == colleague["ground"]).sum() for name in ["new map", "old map"]
)

# %% 12-3 | where each map is wrong
mended_and_spoilt = tuple(
    (colleague[name] != colleague["ground"]).sum() for name in ["old map", "new map"]
)

# %% 12-3 | where the maps differ
mended_and_spoilt = ((colleague["new map"] != colleague["old map"]).sum(), 0)

# %% 12-3 | a tuple of two numbers
mended_and_spoilt = [10]
