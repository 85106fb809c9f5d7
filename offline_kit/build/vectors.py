"""GeoPackages whose bytes depend on their content alone."""

from pathlib import Path

import geopandas as gpd
import pyogrio

from offline_kit.files import written_whole

WRITTEN = "2018-09-15T08:36:01.000Z"  # instead of the time of writing, for equal bytes


def write_layers(path: Path, layers: dict[str, gpd.GeoDataFrame]) -> None:
    """Write layers to one GeoPackage in the given order.

    Parameters
    ----------
    path
    layers
        Frames by layer name.
    """
    option = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(option)
    pyogrio.set_gdal_config_options({option: WRITTEN})
    try:
        with written_whole(path) as unfinished:
            for number, (layer, frame) in enumerate(layers.items()):
                mode = "a" if number else "w"
                frame.to_file(unfinished, layer=layer, driver="GPKG", engine="pyogrio", mode=mode)
    finally:
        pyogrio.set_gdal_config_options({option: before})
