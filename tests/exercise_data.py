"""What lessons give to ``check``, made small and in memory, without a kit or a server."""

from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from sklearn.model_selection import StratifiedKFold
from xgboost import XGBClassifier

from helpers.course import BANDS, CLASS_COLOURS

SIDE = 24
WEST, NORTH = 320_000, 6_250_000


def _grid(values):
    """Lay values on square pixels of 10 m."""
    values = np.asarray(values)
    along = 10 * np.arange(SIDE) + 5
    places = {"y": NORTH - along, "x": WEST + along}
    return xr.DataArray(values, dims=["band", "y", "x"][-values.ndim :], coords=places)


def _points(random):
    count, names = 60, list(CLASS_COLOURS)
    x, y = random.uniform(1, 10 * SIDE - 1, (2, count))
    codes = np.arange(count) % len(names)
    table = pd.DataFrame(random.uniform(0.02, 0.4, (count, len(BANDS))), columns=BANDS)
    table["class"], table["name"] = codes, [names[code] for code in codes]
    table["group"] = np.arange(count) // len(names) % 3
    table["job"] = table["group"].map({0: "validation", 1: "training", 2: "testing"})
    places = gpd.points_from_xy(WEST + x, NORTH - y)
    return gpd.GeoDataFrame(table, geometry=places, crs="EPSG:32734")


def _scene(day, cloud):
    when = pd.Timestamp(day)
    return SimpleNamespace(id=day, datetime=when, properties={"eo:cloud_cover": cloud})


def _item(**properties):
    red = {"raster:bands": [{"offset": -0.1, "scale": 0.0001}]}
    return {"properties": properties, "assets": {"red": red}}


def _given_by_lesson_14(random):
    """Return stands with water and cost in draws, and a rule that takes the better half."""
    names = {"catchment": ["North", "South"], "density": ["thin", "dense"]}
    shape = {"draw": range(20), **names}
    saved, paid = (xr.DataArray(random.uniform(1, 9, (20, 2, 2)), shape) for _ in range(2))
    costs = paid.mean("draw").to_series()

    def benefit_of(years=15):
        return saved.isel(draw=years).to_series()

    def best_plan(benefit, costs):
        return benefit / costs > (benefit / costs).median()

    return {
        "14-1": {
            "costs": costs,
            "benefit_of": benefit_of,
            "best_plan": best_plan,
            "final_plan": best_plan(benefit_of(), costs),
        },
        "14-2": {"saved": saved, "paid": paid, "rivals": list(costs.index[:2])},
    }


def given_by_lessons(folder: Path) -> dict[str, dict[str, object]]:
    """Return, for every exercise, the data that its lesson gives to ``check``."""
    random = np.random.default_rng(0)
    points = _points(random)
    training = points[points["job"] == "training"]
    model = XGBClassifier(n_estimators=2, max_depth=2, n_jobs=1)
    model.fit(training[BANDS], training["class"])
    learning_points = points[points["job"] != "testing"]
    parts = list(StratifiedKFold(2).split(learning_points[BANDS], learning_points["class"]))
    reflectance = _grid(random.uniform(0, 0.3, (len(BANDS), SIDE, SIDE)))
    reflectance = reflectance.assign_coords(band=BANDS)
    codes = _grid(random.integers(0, 12, (SIDE, SIDE)))
    pine_map = _grid(random.uniform(0, 1, (SIDE, SIDE)))
    scenes = [_scene("2018-09-03", 5.0), _scene("2018-09-13", 55.0), _scene("2019-03-01", 30.0)]
    counts = pd.crosstab(points["name"], points["name"].sample(frac=1, random_state=0).to_numpy())
    for name, size in {"pine_percent.tif": 100, "pine_float.tif": 730}.items():
        (folder / name).write_bytes(bytes(size))
    planned = np.round(100 * pine_map).astype("uint8")
    items = [
        _item(),
        *(_item(**{"earthsearch:boa_offset_applied": done}) for done in (True, False)),
    ]
    probability = random.uniform(0, 1, len(points))
    is_pine = points["name"] == "Dense Pines"
    published = pd.DataFrame([[30, 10], [5, 95]], ["pine", "no pine"], ["pine", "no pine"])
    return {
        "00-1": {"points": points},
        "00-2": {
            "cloud": SimpleNamespace(name="local"),
            "catalogue": SimpleNamespace(title="A catalogue"),
        },
        "01-1": {"points": points},
        "01-2": {"points": points},
        "01-3": {"metres": pd.Series(random.uniform(0, 900, 50))},
        "02-1": {"scenes": scenes},
        "02-2": {"scenes": scenes},
        "02-3": {"scenes": scenes, "codes_in_circle": {scene.id: codes for scene in scenes}},
        "03-1": {"numbers": reflectance},
        "03-2": {"picture_size": (2100, 2100), "tile_size": (1024, 1024)},
        "03-3": {"items": items, "darkest": [0.12, 0.02, 0.12]},
        "04-1": {"reflectance": reflectance, "points": points},
        "04-2": {
            "cloudier_classes": codes,
            "scene_classes": codes,
            "unusable_codes": [3, 8, 9, 10],
            "cirrus_code": 10,
        },
        "04-3": {
            "points": points,
            "in_shade": codes == 3,
            "lit_land": (codes != 3) & (codes != 6),
            "dim": codes == 2,
        },
        "05-1": {"learning_points": points},
        "05-2": {"learning_points": points},
        "05-3": {"learning_points": points},
        **{f"06-{number}": {"model": model, "spectra": points, "parts": parts} for number in "123"},
        "07-1": {"counts": counts},
        "07-2": {
            "is_pine": is_pine,
            "pine_probability": probability,
            "testing_is_pine": is_pine,
            "testing_probability": probability,
        },
        "07-3": {"spectra": points},
        "08-1": {"shape": (1500, 1600)},
        "08-2": {},
        "08-3": {"seconds_to_read": lambda chunks, wanted: 0.02 + np.prod(chunks) * 1e-8},
        "09-1": {"pine_map": pine_map},
        "09-2": {"model": model, "part": reflectance},
        "10-1": {"cog_path": folder / "pine_percent.tif", "pine_map": pine_map},
        "10-2": {"planned": planned, "newest_map": planned.where(planned.x > WEST + 50, 0)},
        "10-3": {},
        "11-1": {"counts": published, "hectares": pd.Series([900.0, 9000.0], published.index)},
        "11-2": {"hectares": pd.Series({"pine": 900.0, "no pine": 9000.0})},
        "11-3": {
            "team_list": pd.DataFrame({"hectares": [40, 25], "from": [25, 75], "to": [50, 100]})
        },
        "12-1": {"known_rows": random.uniform(size=(5, 2)), "new_row": random.uniform(size=2)},
        "12-2": {"outside": pine_map > 0.9},
        "12-3": {
            "colleague": pd.DataFrame(
                random.uniform(size=(60, 3)) < 0.5, columns=["ground", "old map", "new map"]
            )
        },
        **_given_by_lesson_14(random),
        "15-1": {"points": points},
        "15-2": {},
        "15-3": {},
        "13-1": {},
        "13-2": {"looks": (pine_map * 6).astype("uint8")},
        "13-3": {
            "visited": pd.DataFrame(
                {"hectares": [120, 4000], "places": [50, 100], "cleared": [40, 2]}
            )
        },
    }
