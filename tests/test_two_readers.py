"""The two readers that lesson 03 shows, stackstac and odc-stac, give the same pixels."""

import numpy as np
import odc.stac
import pystac
import pystac_client
import pytest
import rioxarray  # noqa: F401  the accessor
import stackstac
from rasterio.warp import transform

from helpers import open_cloud
from helpers.course import BANDS, CRS, PLACE

HALF = 1500  # metres: half the width of the square that is read


@pytest.mark.kit
@pytest.mark.parametrize("collection", ["sentinel-2-l2a", "sentinel-2-c1-l2a"])
def test_both_readers_give_the_same_pixels_on_the_same_grid(collection):
    catalogue = pystac_client.Client.open(open_cloud().stac_url)
    item = next(catalogue.search(collections=[collection]).items_as_dicts())
    (x,), (y,) = transform("EPSG:4326", f"EPSG:{CRS}", [PLACE[0]], [PLACE[1]])
    ours = stackstac.stack(
        [item], assets=BANDS, bounds=(x - HALF, y - HALF, x + HALF, y + HALF), epsg=CRS,
        resolution=10, dtype="uint16", fill_value=np.uint16(0), rescale=False, xy_coords="center",
    ).squeeze("time", drop=True).compute()  # fmt: skip
    west, south, east, north = ours.rio.bounds()
    loaded = odc.stac.load(
        [pystac.Item.from_dict(item)], bands=BANDS, crs=f"EPSG:{CRS}", resolution=10,
        x=(west, east), y=(south, north),
    )  # fmt: skip
    theirs = loaded.to_dataarray("band").squeeze("time", drop=True)
    assert theirs.dtype == ours.dtype == "uint16"
    assert list(theirs["band"].values) == list(ours["band"].values)
    np.testing.assert_array_equal(theirs.x, ours.x)
    np.testing.assert_array_equal(theirs.y, ours.y)
    np.testing.assert_array_equal(theirs.values, ours.values)
    assert ours.values.std() > 100, "there is nothing to compare"
