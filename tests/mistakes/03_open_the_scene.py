"""Answers that learners may give in lesson 03 by mistake, each with words of its hint."""

# ruff: noqa: F811, F821, F841

# %% 03-1 | size in 16 bits
megabytes = numbers.sel(band=["red", "nir"]).nbytes / 1e6

# %% 03-1 | size in 64 bits
megabytes = numbers.sel(band=["red", "nir"]).astype("float64").nbytes / 1e6

# %% 03-1 | size of all the bands
megabytes = numbers.astype("float32").nbytes / 1e6

# %% 03-1 | in bytes
megabytes = numbers.sel(band=["red", "nir"]).astype("float32").nbytes

# %% 03-1 | here it is a million
megabytes = numbers.sel(band=["red", "nir"]).astype("float32").nbytes / 1024**2

# %% 03-1 | number of values
megabytes = numbers.sel(band=["red", "nir"]).size

# %% 03-1 | of type DataArray
megabytes = numbers.sel(band=["red", "nir"]).astype("float32")

# %% 03-2 | the window lies within it
corner = (500, 500)

# %% 03-2 | begins exactly where a tile begins
corner = (1024, 1024)

# %% 03-2 | must do so in both directions
corner = (1000, 500)

# %% 03-2 | does not lie inside the picture
corner = (1000, 2010)

# %% 03-2 | look like metres
corner = (330000, 6250000)

# %% 03-2 | pair in round brackets
corner = [1000, 1000, 100, 100]


# %% 03-3 | there it should return 0
def offset_to_use(item, darkest):
    return item["assets"]["red"]["raster:bands"][0]["offset"]


# %% 03-3 | does not say (collection 1)
def offset_to_use(item, darkest):
    return 0.0


# %% 03-3 | stopped with KeyError
def offset_to_use(item, darkest):
    if item["properties"]["earthsearch:boa_offset_applied"]:
        return 0.0
    return item["assets"]["red"]["raster:bands"][0]["offset"]


# %% 03-3 | wrong way round
def offset_to_use(item, darkest):
    if item["properties"].get("earthsearch:boa_offset_applied", False):
        return item["assets"]["red"]["raster:bands"][0]["offset"]
    return 0.0


# %% 03-3 | returns nothing
def offset_to_use(item, darkest):
    offset = item["assets"]["red"]["raster:bands"][0]["offset"]


# %% 03-3 | not by reading their items
def offset_to_use(item, darkest):
    return -0.1 if item["collection"] == "sentinel-2-c1-l2a" else 0.0


# %% 03-3 | your function believes it
def offset_to_use(item, darkest):
    if item["properties"].get("earthsearch:boa_offset_applied", False):
        return 0.0
    return item["assets"]["red"]["raster:bands"][0]["offset"]


# %% 03-3 | take the distance from zero
def offset_to_use(item, darkest):
    offset = item["assets"]["red"]["raster:bands"][0]["offset"]
    if item["properties"].get("earthsearch:boa_offset_applied", False):
        offset = 0.0
    if darkest + offset > 0.05:
        raise ValueError("flag and pixels disagree")
    return offset


# %% 03-3 | in that case, too
def offset_to_use(item, darkest):
    if item["properties"].get("earthsearch:boa_offset_applied", False):
        return 0.0
    offset = item["assets"]["red"]["raster:bands"][0]["offset"]
    if abs(darkest + offset) > 0.05:
        raise ValueError("flag and pixels disagree")
    return offset


# %% 03-3 | although flag and pixels agree
def offset_to_use(item, darkest):
    if abs(darkest) > 0.05:
        raise ValueError("flag and pixels disagree")
    return item["assets"]["red"]["raster:bands"][0]["offset"]


# %% 03-3 | stopped with TypeError
def offset_to_use(item):
    return item["assets"]["red"]["raster:bands"][0]["offset"]
