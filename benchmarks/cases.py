"""One way of doing the heavy step, timed in a process of its own.

``python benchmarks/cases.py CASE SETUP.json`` prints one line of JSON: seconds and CPU seconds
(of this process and its children) for the step alone, and how many pixels were predicted.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import odc.stac
import psutil
import pystac_client
import rasterio
import rioxarray  # noqa: F401
import stackstac
import xarray as xr
from distributed import Client, LocalCluster, wait
from rasterio.windows import Window
from xgboost import XGBClassifier

from helpers.export import write_cog
from helpers.predict import predict_over_chunks

COLLECTION, SCENE = "sentinel-2-l2a", "S2A_34HCH_20180915_0_L2A"
BANDS = [
    "coastal", "blue", "green", "red", "rededge1", "rededge2",
    "rededge3", "nir", "nir08", "nir09", "swir16", "swir22",
]  # fmt: skip
CHUNK = 1024
ROUNDS = 100  # of 10 classes: 1000 trees
CORNER = 1285  # pixels along a side: 1.65 million, what the published lesson had to crop to


@dataclass(frozen=True)
class Setup:
    """What every case of one scene works on.

    Attributes
    ----------
    kit
        Folder of the offline kit.
    stac_url
        Its STAC API.
    model, points
        Files of the trained model, and of the pixels and classes it was trained on.
    source
        ``"server"`` reads COGs by range request, ``"memory"`` has the pixels at hand.
    corner
        Whether to crop the scene to the published lesson's corner.
    """

    kit: Path
    stac_url: str
    model: Path
    points: Path
    source: str
    corner: bool

    def cube(self) -> xr.DataArray:
        """Bands as uint16 DN on the 10 m grid, dimensions (band, y, x)."""
        cube = self._lazy_cube()
        if self.corner:
            cube = cube.isel(x=slice(0, CORNER), y=slice(0, CORNER))
        if self.source == "memory":
            cube = cube.compute().chunk(band=-1, y=CHUNK, x=CHUNK)
        return cube

    def _lazy_cube(self) -> xr.DataArray:
        catalogue = pystac_client.Client.open(self.stac_url)
        search = catalogue.search(collections=[COLLECTION], ids=[SCENE])
        cube = stackstac.stack(
            list(search.items_as_dicts()),
            assets=BANDS,
            epsg=32734,
            resolution=10,
            dtype="uint16",
            fill_value=np.uint16(0),
            rescale=False,
            xy_coords="center",
            chunksize=(1, -1, CHUNK, CHUNK),
        )
        cube = cube.isel(time=0, drop=True).reset_coords(drop=True).assign_coords(band=BANDS)
        return cube.rio.write_crs(32734).rio.write_nodata(0)

    def area(self) -> gpd.GeoDataFrame:
        """Return the area of interest."""
        file = self.kit / "area_of_interest.gpkg"
        return gpd.read_file(file, layer="area_of_interest").to_crs(32734)

    def trained(self) -> XGBClassifier:
        """Return the trained model."""
        model = XGBClassifier()
        model.load_model(self.model)
        return model

    def training_points(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the pixels and classes that the model was trained on."""
        with np.load(self.points) as points:
            return points["pixels"], points["classes"]


@dataclass
class Stopwatch:
    """Wall and CPU seconds of a step, this process's children included."""

    seconds: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time what happens inside."""
        wall, cpu = time.perf_counter(), _cpu_seconds()
        yield
        self.seconds, self.cpu = time.perf_counter() - wall, _cpu_seconds() - cpu


def _cpu_seconds() -> float:
    me = psutil.Process()
    times = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def bare_model(setup: Setup, watch: Stopwatch) -> int:
    """predict_proba on one contiguous array of the same pixels, all cores."""
    cube = setup.cube().compute()
    inside = cube.rio.clip(setup.area().geometry, drop=False) != 0
    valid = inside.values.all(axis=0)
    pixels = np.ascontiguousarray(cube.values[:, valid].T, dtype=np.float32)
    del cube, inside
    model = setup.trained()
    with watch.running():
        model.predict_proba(pixels)
    return len(pixels)


def published(setup: Setup, watch: Stopwatch) -> int:
    """stack, apply_ufunc, unstack, clip, compute: the way of the published lesson."""
    cube, area, model = setup.cube(), setup.area(), setup.trained()
    with watch.running():
        stacked = cube.chunk(band=-1).stack(pixel=("y", "x")).transpose("pixel", "band")
        probability = xr.apply_ufunc(
            model.predict_proba,
            stacked,
            input_core_dims=[["band"]],
            output_core_dims=[["class"]],
            dask="parallelized",
            output_dtypes=[np.float32],
            dask_gufunc_kwargs={"output_sizes": {"class": model.n_classes_}},
        )
        unstacked = probability.unstack("pixel").transpose("class", "y", "x")
        result = _clipped(unstacked, area).compute()
    return _count(result)


def plain_map_blocks(setup: Setup, watch: Stopwatch) -> int:
    """map_blocks over chunks that hold all bands, then clip and compute."""
    cube, area, model = setup.cube(), setup.area(), setup.trained()
    classes = model.n_classes_

    def predict(block: np.ndarray) -> np.ndarray:
        pixels = block.reshape(len(block), -1).T.astype(np.float32)
        return model.predict_proba(pixels).T.reshape(classes, *block.shape[1:])

    with watch.running():
        data = cube.chunk(band=-1).data
        data = data.map_blocks(predict, dtype=np.float32, chunks=((classes,), *data.chunks[1:]))
        coords = {"x": cube.x, "y": cube.y}
        probability = xr.DataArray(data, dims=("class", "y", "x"), coords=coords)
        result = _clipped(probability, area).compute()
    return _count(result)


def sklearn_raster(setup: Setup, watch: Stopwatch) -> int:
    """sklearn-raster's wrapper, which must be fitted itself, then clip and compute."""
    from sklearn_raster import wrap

    cube, area = setup.cube(), setup.area()
    wrapped = wrap(XGBClassifier(**setup.trained().get_xgb_params(), n_estimators=ROUNDS))
    wrapped.fit(*setup.training_points())
    with watch.running():
        probability = wrapped.predict_proba(cube.chunk(band=-1), nodata_input=0)
        probability = probability.rename({probability.dims[0]: "class"})
        result = _clipped(probability, area).compute()
    return _count(result)


def dea_tools(setup: Setup, watch: Stopwatch) -> int:
    """dea-tools' predict_xr, which wants a Dask client, for the likeliest class only."""
    from dea_tools.classification import predict_xr

    cube, area, model = setup.cube(), setup.area(), setup.trained()
    with Client(processes=False, dashboard_address="127.0.0.1:0"), watch.running():
        predicted = predict_xr(model, cube.to_dataset("band"), proba=True)
        probability = predicted.to_dataarray("class")
        result = _clipped(probability, area).compute()
    return _count(result)


def _clipped(probability: xr.DataArray, area: gpd.GeoDataFrame) -> xr.DataArray:
    georeferenced = probability.rio.write_crs(32734).rio.write_nodata(np.nan)
    return georeferenced.rio.clip(area.geometry)


def _count(result: xr.DataArray) -> int:
    return int(result.isel({"class": 0}).notnull().sum())


def _in_memory(setup: Setup, watch: Stopwatch, engine: str) -> int:
    cube, area, model = setup.cube(), setup.area(), setup.trained()
    with watch.running():
        result = predict_over_chunks(model, cube, area, engine=engine).compute()
    return _count(result)


def ours(setup: Setup, watch: Stopwatch) -> int:
    """predict_over_chunks, computed into memory."""
    return _in_memory(setup, watch, "same")


def ours_in_blocks(setup: Setup, watch: Stopwatch) -> int:
    """predict_over_chunks, kept in memory block by block, not joined to one array."""
    cube, area, model = setup.cube(), setup.area(), setup.trained()
    with watch.running():
        result = predict_over_chunks(model, cube, area).persist()
    return _count(result)


def ours_fast(setup: Setup, watch: Stopwatch) -> int:
    """predict_over_chunks with engine="fast", computed into memory."""
    return _in_memory(setup, watch, "fast")


def _to_cog(setup: Setup, watch: Stopwatch, engine: str) -> int:
    cube, area, model = setup.cube(), setup.area(), setup.trained()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.tif"
        with watch.running():
            result = predict_over_chunks(model, cube, area, dtype="uint8", engine=engine)
            write_cog(result, path, progress=False)
        return _predicted_pixels(path)


def _predicted_pixels(path: Path) -> int:
    """Count the pixels that are not nodata, strip by strip."""
    with rasterio.open(path) as file:
        strips = (
            Window(0, row, file.width, min(512, file.height - row))
            for row in range(0, file.height, 512)
        )
        return sum(int((file.read(1, window=strip) != 255).sum()) for strip in strips)


def ours_to_cog(setup: Setup, watch: Stopwatch) -> int:
    """predict_over_chunks as percent, streamed to a COG of all classes."""
    return _to_cog(setup, watch, "same")


def ours_fast_to_cog(setup: Setup, watch: Stopwatch) -> int:
    """Do the same with engine="fast"."""
    return _to_cog(setup, watch, "fast")


def odc_fast_to_cog(setup: Setup, watch: Stopwatch) -> int:
    """Do the same, read by odc-stac."""
    catalogue = pystac_client.Client.open(setup.stac_url)
    scenes = catalogue.search(collections=[COLLECTION], ids=[SCENE]).item_collection()
    area, model = setup.area(), setup.trained()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.tif"
        with watch.running():
            chunks = {"x": CHUNK, "y": CHUNK}
            bands = odc.stac.load(
                scenes, bands=BANDS, crs="EPSG:32734", resolution=10, chunks=chunks
            )
            cube = bands.isel(time=0, drop=True).to_dataarray("band").chunk(band=-1)
            cube = cube.drop_attrs().rio.write_crs(32734).rio.write_nodata(0)
            result = predict_over_chunks(model, cube, area, dtype="uint8", engine="fast")
            write_cog(result, path, progress=False)
        return _predicted_pixels(path)


@contextmanager
def _processes(workers: int) -> Iterator[None]:
    """Start a cluster of worker processes with one thread each."""
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            security=True,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.run(_import_helpers)
        yield


def _on_processes(setup: Setup, watch: Stopwatch, workers: int) -> int:
    cube, area, model = setup.cube(), setup.area(), setup.trained()
    with _processes(workers):
        with watch.running():
            result = predict_over_chunks(model, cube, area, dtype="uint8").persist()
            wait(result)
        return int((result.isel({"class": 0}) != 255).sum())


def _to_cog_on_processes(setup: Setup, watch: Stopwatch, workers: int) -> int:
    with _processes(workers):
        return _to_cog(setup, watch, "same")


def _import_helpers() -> None:
    """Let a worker import what it needs before the step is timed."""
    import helpers.predict  # noqa: F401


def one_process(setup: Setup, watch: Stopwatch) -> int:
    """Predicted by a cluster of one worker process with one thread, which keeps the result."""
    return _on_processes(setup, watch, 1)


def two_processes(setup: Setup, watch: Stopwatch) -> int:
    """Predicted by a cluster of two worker processes with one thread each."""
    return _on_processes(setup, watch, 2)


def one_process_to_cog(setup: Setup, watch: Stopwatch) -> int:
    """Predicted by a cluster of one worker process, streamed to a COG by this one."""
    return _to_cog_on_processes(setup, watch, 1)


def two_processes_to_cog(setup: Setup, watch: Stopwatch) -> int:
    """Predicted by a cluster of two worker processes, streamed to a COG by this one."""
    return _to_cog_on_processes(setup, watch, 2)


CASES: dict[str, Callable[[Setup, Stopwatch], int]] = {
    case.__name__: case
    for case in (
        bare_model,
        published,
        plain_map_blocks,
        sklearn_raster,
        dea_tools,
        ours,
        ours_in_blocks,
        ours_fast,
        ours_to_cog,
        ours_fast_to_cog,
        odc_fast_to_cog,
        one_process,
        two_processes,
        one_process_to_cog,
        two_processes_to_cog,
    )
}


def main() -> None:
    """Run the case named on the command line and print what it took."""
    name, setup_file = sys.argv[1:]
    values = json.loads(Path(setup_file).read_text(encoding="utf-8"))
    setup = Setup(**values | {name: Path(values[name]) for name in ("kit", "model", "points")})
    watch = Stopwatch()
    pixels = CASES[name](setup, watch)
    print(json.dumps({"seconds": watch.seconds, "cpu": watch.cpu, "pixels": pixels}))


if __name__ == "__main__":
    main()
