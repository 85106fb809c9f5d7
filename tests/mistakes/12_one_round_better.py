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

# %% 12-2 | 10 places are asked for
next_places = gpd.GeoSeries(gpd.points_from_xy([325000], [6258000]), crs=CRS)

# %% 12-2 | These look like degrees
next_places = gpd.GeoSeries(gpd.points_from_xy([19.2] * 10, [-33.8] * 10), crs="EPSG:4326")

# %% 12-2 | in this order
strange_y, strange_x = (
    outside[d].values[i] for d, i in zip("yx", np.nonzero(outside.values), strict=True)
)
next_places = gpd.GeoSeries(gpd.points_from_xy(strange_y[:10], strange_x[:10]), crs=CRS)

# %% 12-2 | where the model applies
spoken_y, spoken_x = (d[:10] for d in np.nonzero((~outside & mapped).values))
spoken_y, spoken_x = outside.y.values[spoken_y], outside.x.values[spoken_x]
next_places = gpd.GeoSeries(gpd.points_from_xy(spoken_x, spoken_y), crs=CRS)

# %% 12-2 | apart; at least 500 m is asked for
strange_y, strange_x = (
    outside[d].values[i] for d, i in zip("yx", np.nonzero(outside.values), strict=True)
)
next_places = gpd.GeoSeries(gpd.points_from_xy(strange_x[:10], strange_y[:10]), crs=CRS)

# %% 12-2 | in which projection they are
strange_y, strange_x = (
    outside[d].values[i] for d, i in zip("yx", np.nonzero(outside.values), strict=True)
)
next_places = gpd.GeoSeries(gpd.points_from_xy(strange_x[:10], strange_y[:10]))

# %% 12-2 | the map is in EPSG
next_places = gpd.GeoSeries(gpd.points_from_xy([325000] * 10, [6258000] * 10), crs="EPSG:32735")

# %% 12-2 | a GeoSeries, as
next_places = gpd.points_from_xy([325000] * 10, [6258000] * 10)

# %% 12-2 | a GeoSeries
next_places = pd.Series(range(10))

# %% 12-3 | the corrected come first
old_right = colleague["old map"] == colleague["ground"]
new_right = colleague["new map"] == colleague["ground"]
corrected_and_newly_wrong = ((old_right & ~new_right).sum(), (new_right & ~old_right).sum())

# %% 12-3 | where each map is right
corrected_and_newly_wrong = tuple(
    (colleague[name] == colleague["ground"]).sum() for name in ["new map", "old map"]
)

# %% 12-3 | where each map is wrong
corrected_and_newly_wrong = tuple(
    (colleague[name] != colleague["ground"]).sum() for name in ["old map", "new map"]
)

# %% 12-3 | without wattle as well
wattle = colleague[colleague["ground"]]
old_right, new_right = (wattle[name] == wattle["ground"] for name in ["old map", "new map"])
corrected_and_newly_wrong = ((new_right & ~old_right).sum(), (old_right & ~new_right).sum())

# %% 12-3 | compares the two maps
old_map, new_map = colleague["old map"], colleague["new map"]
corrected_and_newly_wrong = ((new_map & ~old_map).sum(), (old_map & ~new_map).sum())

# %% 12-3 | where the maps differ
corrected_and_newly_wrong = ((colleague["new map"] != colleague["old map"]).sum(), 0)

# %% 12-3 | a tuple of two numbers
corrected_and_newly_wrong = [10]
