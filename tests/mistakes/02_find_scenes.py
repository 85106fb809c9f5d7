"""Answers that learners may give in lesson 02 by mistake, each with words of its hint."""

# ruff: noqa: F821

# %% 02-1 | limit of 40 % is missing
number_of_scenes = catalogue.search(
    collections=["sentinel-2-l2a"], intersects=point, datetime="2018-01-01/2022-12-31"
).matched()

# %% 02-1 | gt greater than
number_of_scenes = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-01-01/2022-12-31",
    query={"eo:cloud_cover": {"gt": 40}},
).matched()

# %% 02-1 | must be 40
number_of_scenes = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-01-01/2022-12-31",
    query={"eo:cloud_cover": {"lt": 10}},
).matched()

# %% 02-1 | September 2018 alone
number_of_scenes = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-09-01/2018-09-30",
    query={"eo:cloud_cover": {"lt": 40}},
).matched()

# %% 02-1 | finds nothing at all
number_of_scenes = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-01-01/2022-12-31",
    query={"cloud_cover": {"lt": 40}},
).matched()

# %% 02-1 | of type ItemCollection
number_of_scenes = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-01-01/2022-12-31",
    query={"eo:cloud_cover": {"lt": 40}},
).item_collection()

# %% 02-2 | Still nothing
broken = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects={"type": "Point", "coordinates": [19.20, -33.80]},
    datetime="2018-01-01/2020-12-31",
    query={"cloud_cover": {"lt": 40}},
)
fixed_ids = [item.id for item in broken.items()]

# %% 02-2 | do not drop it
fixed = catalogue.search(
    collections=["sentinel-2-l2a"], intersects=point, datetime="2018-01-01/2020-12-31"
)
fixed_ids = [item.id for item in fixed.items()]

# %% 02-2 | keep the dates and the limit.
fixed = catalogue.search(
    collections=["sentinel-2-l2a"], intersects=point, query={"eo:cloud_cover": {"lt": 40}}
)
fixed_ids = [item.id for item in fixed.items()]

# %% 02-2 | of September 2018 alone
fixed = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-09-01/2018-09-30",
    query={"eo:cloud_cover": {"lt": 40}},
)
fixed_ids = [item.id for item in fixed.items()]

# %% 02-2 | has max_items cut them off
fixed = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-01-01/2020-12-31",
    query={"eo:cloud_cover": {"lt": 40}},
    max_items=1,
)
fixed_ids = [item.id for item in fixed.items()]

# %% 02-2 | should be a list or tuple
fixed_ids = catalogue.search(
    collections=["sentinel-2-l2a"],
    intersects=point,
    datetime="2018-01-01/2020-12-31",
    query={"eo:cloud_cover": {"lt": 40}},
).matched()

# %% 02-3 | their shadows are still counted
cloudiest = max(all_scenes, key=lambda item: item.properties["eo:cloud_cover"])
usable_per_cent = 100 - per_cent_of(circle, read_codes(cloudiest), CLOUD)

# %% 02-3 | usable is the rest
cloudiest = max(all_scenes, key=lambda item: item.properties["eo:cloud_cover"])
usable_per_cent = per_cent_of(circle, read_codes(cloudiest), CLOUD | SHADOW)

# %% 02-3 | share between 0 and 1
cloudiest = max(all_scenes, key=lambda item: item.properties["eo:cloud_cover"])
usable_per_cent = 1 - per_cent_of(circle, read_codes(cloudiest), CLOUD | SHADOW) / 100

# %% 02-3 | which is not the cloudiest
usable_per_cent = 100 - per_cent_of(circle, kept_codes, CLOUD | SHADOW)

# %% 02-3 | the item's figure for the whole image
cloudiest = max(all_scenes, key=lambda item: item.properties["eo:cloud_cover"])
usable_per_cent = 100 - cloudiest.properties["eo:cloud_cover"]
