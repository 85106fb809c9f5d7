"""What the course is about: the place, the bands, the classes. Here is where to change them.

Another study area needs its place, projection, points and area (the five names below "the place"),
and with ``COURSE_CLOUD=aws`` the lessons then go there. The offline kit simulates one landscape of
its own, around the same place: `offline_kit/build/grid.py` says where it lies, and
`offline_kit/build/landcover.py` what grows there; a test holds that both agree with this page.
"""

from __future__ import annotations

# ---- the place ---------------------------------------------------------------------------------

PLACE = (19.20, -33.80)  # longitude and latitude of a point that every scene must cover
CRS = 32734  # EPSG code of the projection in which we measure: UTM zone 34 South, metres
COLLECTION = "sentinel-2-l2a"  # of the catalogue: surface reflectance

# Points and area of interest of the Greater Cape Town Water Fund (Apache-2.0), as published: where,
# and the SHA-256 of the file.
_PUBLISHED = (
    "https://raw.githubusercontent.com/TNC-Geospatial-Conservation-Tech/"
    "ocs-training-2026-advanced-mybinder/861e4c48062ce65dcf7b3efd10e9fcb560b5b721/"
)
PUBLISHED_POINTS = (
    _PUBLISHED + "gctwf_invasive.gpkg",
    "6558a90f3dec5ad7dd50a4e15e0d2fb17f34983977cba715136ab6f9a7f5bfac",
)
PUBLISHED_AREA_OF_INTEREST = (
    _PUBLISHED + "aoi.gpkg",
    "e6dae246e10a4227d6983ca92ba0ba809560ff11f1370ba71c130bc003b2a5cb",
)

# ---- the bands ---------------------------------------------------------------------------------

# The twelve reflectance bands of a scene, by the names that Earth Search gives them, with their
# centres in nanometres: Sentinel-2A, weighted by the spectral response functions that ESA publishes
# (as shipped with the package pyrsr).
WAVELENGTHS = {
    "coastal": 442.7,
    "blue": 492.4,
    "green": 559.8,
    "red": 664.6,
    "rededge1": 704.1,
    "rededge2": 740.5,
    "rededge3": 782.8,
    "nir": 832.8,
    "nir08": 864.7,
    "nir09": 945.1,
    "swir16": 1613.7,
    "swir22": 2202.4,
}
BANDS = list(WAVELENGTHS)

# ---- the classes -------------------------------------------------------------------------------

# The number of each class in the column `class` of the field points.
CLASS_CODES = {
    "Bare Ground": 0,
    "Black Wattle": 1,
    "Dense Pines": 2,
    "Fynbos High Density": 3,
    "Fynbos Low Density": 4,
    "Gum": 5,
    "Indigenous Forest": 6,
    "Rock": 7,
    "Wetland": 8,
    "Water": 9,
}
# One colour for each class, the same on every map and plot. Paul Tol's "muted" scheme
# (https://sronpersonalpages.nl/~pault/) with a dark brown for rock, told apart also by readers with
# a colour-vision deficiency, on white and on the dark theme: a test computes the worst pair.
CLASS_COLOURS = {
    "Bare Ground": "#DDCC77",
    "Black Wattle": "#999933",
    "Dense Pines": "#882255",
    "Fynbos High Density": "#44AA99",
    "Fynbos Low Density": "#CC6677",
    "Gum": "#AA4499",
    "Indigenous Forest": "#117733",
    "Rock": "#443322",
    "Wetland": "#88CCEE",
    "Water": "#332288",
}
# On maps of pines: what nobody mapped, and where a model does not apply.
NOT_MAPPED = "#CCCCCC"
NOT_APPLICABLE = "#E69F00"
# Of the three groups of field points; none is the colour of a class.
GROUP_COLOURS = {"training": "#EE7733", "validation": "#BBBBBB", "testing": "#0077BB"}
# Of the twelve classes of the scene classification (SCL), in the order of their codes.
SCL_COLOURS = {
    "no data": "#000000",
    "saturated or defective": "#EE3377",
    "dark area": "#443322",
    "cloud shadow": "#882255",
    "vegetation": "#117733",
    "not vegetated": "#DDCC77",
    "water": "#332288",
    "unclassified": "#CC8844",
    "cloud, medium probability": "#88CCEE",
    "cloud, high probability": "#FFFFFF",
    "thin cirrus": "#AA4499",
    "snow or ice": "#44AA99",
}
