"""The bands of Sentinel-2 MSI as the kit writes them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Band:
    """One band.

    Attributes
    ----------
    file
        Name of its file without the ending.
    key
        Asset key on Earth Search.
    common_name, description
        As the STAC `eo` extension has them.
    center, width
        Centre wavelength and full width at half maximum in micrometres, as Earth Search lists them.
    pixel
        Native pixel in metres.
    diffuse
        Share of diffuse light in the illumination.
    adjacency
        Share of the signal that comes from the surroundings.
    slopes
        Reflectance of the slopes opposite: the mean of fynbos, high and low, and of rock.
    """

    file: str
    key: str
    common_name: str
    description: str
    center: float
    width: float
    pixel: int
    diffuse: float
    adjacency: float
    slopes: float


BANDS = (
    Band(
        "B01", "coastal", "coastal", "Coastal aerosol (band 1)", 0.443, 0.027, 60, 0.34, 0.09, 0.05
    ),
    Band("B02", "blue", "blue", "Blue (band 2)", 0.49, 0.098, 10, 0.27, 0.08, 0.05),
    Band("B03", "green", "green", "Green (band 3)", 0.56, 0.045, 10, 0.20, 0.06, 0.07),
    Band("B04", "red", "red", "Red (band 4)", 0.665, 0.038, 10, 0.14, 0.05, 0.08),
    Band("B05", "rededge1", "rededge", "Red edge 1 (band 5)", 0.704, 0.019, 20, 0.12, 0.045, 0.10),
    Band("B06", "rededge2", "rededge", "Red edge 2 (band 6)", 0.74, 0.018, 20, 0.11, 0.04, 0.14),
    Band("B07", "rededge3", "rededge", "Red edge 3 (band 7)", 0.783, 0.028, 20, 0.10, 0.035, 0.16),
    Band("B08", "nir", "nir", "NIR 1 (band 8)", 0.842, 0.145, 10, 0.08, 0.03, 0.17),
    Band("B8A", "nir08", "nir08", "NIR 2 (band 8A)", 0.865, 0.033, 20, 0.07, 0.03, 0.18),
    Band("B09", "nir09", "nir09", "NIR 3 (band 9)", 0.945, 0.026, 60, 0.06, 0.03, 0.19),
    Band("B11", "swir16", "swir16", "SWIR 1 (band 11)", 1.61, 0.143, 20, 0.03, 0.01, 0.22),
    Band("B12", "swir22", "swir22", "SWIR 2 (band 12)", 2.19, 0.242, 20, 0.02, 0.01, 0.14),
)
BAND_FILES = tuple(band.file for band in BANDS)
BAND_INDEX = {band.file: index for index, band in enumerate(BANDS)}
