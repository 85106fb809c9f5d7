"""The twelve reflectance bands of a Sentinel-2 scene, by the names that Earth Search gives them."""

# Centre of each band in nanometres: Sentinel-2A, weighted by the spectral response functions that
# ESA publishes (as shipped with the package pyrsr).
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
