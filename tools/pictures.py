"""Draw the pictures of the lessons: ``python -m tools.pictures`` (after ``make map``)."""

import json

import geopandas as gpd
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pystac_client
import rasterio
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import from_bounds

from helpers import find_or_make, open_cloud
from helpers.paths import PROJECT

PICTURES = PROJECT / "docs" / "pictures"
WORKERS = ["#332288", "#CC6677"]
CHUNK, STEP, RESULT = "#88CCEE", "#DDCC77", "#CC6677"
# The same drawing gives the same file, so that a picture only changes when its code does.
mpl.rcParams.update({"svg.hashsalt": "pines", "font.size": 12, "font.family": "DejaVu Sans"})


def _box(axes: Axes, x: float, y: float, text: str, colour: str, size: tuple[float, float]) -> None:
    width, height = size
    patch = FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height,
        boxstyle="round,pad=0.02", facecolor=colour, edgecolor="#333333",
    )  # fmt: skip
    axes.add_patch(patch)
    red, green, blue = mpl.colors.to_rgb(colour)
    dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
    axes.text(x, y, text, ha="center", va="center", color="white" if dark else "black")


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=14, color="#333333")
    )


def _save(figure: plt.Figure, name: str) -> None:
    figure.savefig(PICTURES / name, bbox_inches="tight", metadata={"Date": None}, facecolor="white")
    plt.close(figure)


def serial_and_parallel() -> None:
    """Draw four chunks worked on by one worker, then by two."""
    figure, axes = plt.subplots(figsize=(8, 3.6))
    for chunk in range(4):
        _box(axes, chunk + 0.5, 2.6, f"chunk {chunk + 1}", WORKERS[0], (0.9, 0.5))
        worker, turn = chunk % 2, chunk // 2
        height = 1.3 - worker * 0.7
        _box(axes, turn + 0.5, height, f"chunk {chunk + 1}", WORKERS[worker], (0.9, 0.5))
    axes.text(-0.1, 2.6, "serial:\none worker", ha="right", va="center")
    axes.text(-0.1, 0.95, "parallel:\ntwo workers", ha="right", va="center")
    axes.set(xlim=(-1.2, 4.2), ylim=(0.1, 3.1), xlabel="time (one unit: the work on one chunk)")
    axes.set_xticks(range(5))
    axes.yaxis.set_visible(False)
    for side in ["left", "right", "top"]:
        axes.spines[side].set_visible(False)
    _save(figure, "serial_and_parallel.svg")


def predict_a_chunk() -> None:
    """Draw what predict_over_chunks does with a chunk."""
    figure, axes = plt.subplots(figsize=(11, 2.6))
    steps = [
        ("chunk of the cube\n12 bands, y, x", CHUNK),
        ("table\none row a pixel,\n12 columns", STEP),
        ("probabilities\none row a pixel,\n10 classes", STEP),
        ("chunk of the map\n10 classes, y, x", RESULT),
    ]
    for position, (text, colour) in enumerate(steps):
        _box(axes, position * 2.2, 0, text, colour, (1.45, 0.8))
    for position, verb in enumerate(["reshape", "predict", "reshape\nback"]):
        _arrow(axes, (position * 2.2 + 0.76, 0), (position * 2.2 + 1.44, 0))
        axes.text(position * 2.2 + 1.1, 0.06, verb, ha="center", va="bottom", fontsize=10)
    axes.set(xlim=(-0.8, 7.4), ylim=(-0.5, 0.5))
    axes.axis("off")
    _save(figure, "predict_a_chunk.svg")


def words_of_stac() -> None:
    """Draw a catalogue, its collections, the items in one, and the assets of one."""
    figure, axes = plt.subplots(figsize=(9, 3.8))
    columns = [
        ("catalogue", CHUNK, ["Earth Search"]),
        ("collections", STEP, ["Sentinel-2 L2A", "terrain model"]),
        ("items", STEP, ["5 September", "15 September", "25 September"]),
        ("assets", RESULT, ["red.tif", "nir.tif", "scl.tif"]),
    ]
    chosen = 0.0
    for column, (title, colour, names) in enumerate(columns):
        axes.text(column * 2.4, 1.55, title, ha="center", fontweight="bold")
        heights = [0.75 * (len(names) - 1) / 2 - 0.75 * row for row in range(len(names))]
        for name, height in zip(names, heights, strict=True):
            _box(axes, column * 2.4, height, name, colour, (1.9, 0.46))
            if column:
                parent = (column - 1) * 2.4 + 0.98, chosen
                _arrow(axes, parent, (column * 2.4 - 1.0, height))
        chosen = heights[(len(names) - 1) // 2] if column != 1 else heights[0]
    axes.set(xlim=(-1.1, 8.3), ylim=(-1.2, 1.9))
    axes.axis("off")
    _save(figure, "words_of_stac.svg")


def inside_a_cog() -> None:
    """Draw a COG as a row of bytes, and which of them a window and an overview need."""
    figure, axes = plt.subplots(figsize=(9, 3.2))
    parts = [("table of\ncontents", 1.3, CHUNK)]
    parts += [(f"overview\n{size}", width, STEP) for size, width in [("1/4", 1.2), ("1/2", 1.4)]]
    parts += [(f"tile\n{number}", 0.9, "#EEEEEE") for number in range(1, 7)]
    left, places = 0.0, []
    for text, width, colour in parts:
        axes.add_patch(plt.Rectangle((left, 0), width, 0.9, facecolor=colour, edgecolor="#333333"))
        axes.text(left + width / 2, 0.45, text, ha="center", va="center")
        places.append(left + width / 2)
        left += width
    for wanted, height, text in [
        ([0, 6], -0.55, "a window: the table, and the tile that it lies in"),
        ([0, 1], 1.45, "the whole scene, coarsely: the table, and an overview"),
    ]:
        edge = 0.9 if height > 0 else 0
        for part in wanted:
            _arrow(axes, (places[part], height), (places[part], edge))
        axes.plot([places[part] for part in wanted], [height] * 2, color="#333333")
        above = height > 0
        place = left, height + (0.05 if above else -0.12)
        axes.text(*place, text, ha="right", va="bottom" if above else "top")
    axes.set(xlim=(-0.1, left + 0.1), ylim=(-1.1, 1.9))
    axes.axis("off")
    _save(figure, "inside_a_cog.svg")


def three_pixel_sizes() -> None:
    """Draw the same 60 m of land in pixels of 10, 20 and 60 m."""
    figure, panels = plt.subplots(1, 3, figsize=(9, 3.6), layout="constrained")
    shades = np.random.default_rng(seed=3).uniform(0.2, 1, (6, 6))
    bands_of = {10: "red, green, blue, nir", 20: "red edge, nir08, swir", 60: "coastal, nir09"}
    for axes, (metres, bands) in zip(panels, bands_of.items(), strict=True):
        side = metres // 10
        means = shades.reshape(6 // side, side, 6 // side, side).mean(axis=(1, 3))
        axes.pcolormesh(means, cmap="Greens", vmin=0, vmax=1.2, edgecolor="#333333", linewidth=1)
        axes.set(title=f"{metres} m", xlabel=bands, xticks=[], yticks=[], aspect="equal")
    _save(figure, "three_pixel_sizes.svg")


def final_map() -> None:
    """Draw the map that the course ends with, over the true colour of its scene."""
    cloud = open_cloud()
    with rasterio.open(find_or_make("pine_probability.tif")) as source:
        shape = (source.height // 3, source.width // 3)
        probability = source.read(1, out_shape=shape, masked=True, resampling=Resampling.average)
        west, south, east, north = source.bounds
        visual = _visual_of_chosen_scene(source.bounds, source.crs, shape)
        area = gpd.read_file(cloud.area_of_interest, layer=0).to_crs(source.crs)
    figure, axes = plt.subplots(figsize=(9, 6.6), layout="constrained")
    kilometres = [edge / 1000 for edge in (west, east, south, north)]
    axes.imshow(_as_backdrop(visual), extent=kilometres)
    shown = np.ma.masked_less(probability, 0.5)
    image = axes.imshow(shown, extent=kilometres, cmap="spring", vmin=0.5, vmax=1)
    figure.colorbar(image, ax=axes, label="probability of pines (0.5 to 1)", shrink=0.8)
    outline = area.affine_transform([0.001, 0, 0, 0.001, 0, 0]).boundary
    outline.plot(ax=axes, color="white", linewidth=1.2, label="area of interest")
    axes.legend(loc="lower left", labelcolor="white", facecolor="#333333")
    axes.set(
        title=cloud.map_title("Probability of invasive pines"),
        xlim=kilometres[:2],
        ylim=kilometres[2:],
        xlabel="km east (UTM zone 34 South)",
        ylabel="km north",
    )
    figure.savefig(PICTURES / "pine_probability.png", dpi=110)
    plt.close(figure)


def _as_backdrop(visual: np.ndarray) -> np.ndarray:
    """Brighten a picture and take half of its colour away, so that what lies on it stands out."""
    bright = np.minimum(visual * 2.0, 255)
    grey = bright.mean(axis=-1, keepdims=True)
    return (0.45 * bright + 0.55 * grey).astype("uint8")


def _visual_of_chosen_scene(
    bounds: rasterio.coords.BoundingBox, crs: rasterio.crs.CRS, shape: tuple[int, int]
) -> np.ndarray:
    """Read the true colour of the chosen scene, in the map's projection and size."""
    cloud = open_cloud()
    choice = json.loads(find_or_make("chosen_scene.json").read_text())
    search = pystac_client.Client.open(cloud.stac_url).search(
        collections=[choice["collection"]], ids=[choice["id"]]
    )
    href = next(search.items_as_dicts())["assets"]["visual"]["href"]
    with rasterio.open(href) as source, WarpedVRT(source, crs=crs) as visual:
        pixels = visual.read(
            window=from_bounds(*bounds, visual.transform), out_shape=(3, *shape), boundless=False
        )
    return np.moveaxis(pixels, 0, -1)


if __name__ == "__main__":
    serial_and_parallel()
    predict_a_chunk()
    words_of_stac()
    inside_a_cog()
    three_pixel_sizes()
    final_map()
